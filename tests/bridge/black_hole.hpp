#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <string>
#include <vector>

namespace bridge::testing {

// An address of this machine that answers nobody who wants to connect, as one does behind a
// firewall that throws away: it listens, and the one place that it has is taken.
class BlackHole {
 public:
  BlackHole(const std::string& address, std::uint16_t port) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    BOOST_REQUIRE(::inet_pton(AF_INET, address.c_str(), &at.sin_addr) == 1);
    const auto* where = reinterpret_cast<const sockaddr*>(&at);
    const int listening = open_socket();
    BOOST_REQUIRE(::bind(listening, where, sizeof at) == 0);
    BOOST_REQUIRE(::listen(listening, 0) == 0);
    for (int i = 0; i < 3; ++i) (void)::connect(open_socket(), where, sizeof at);
  }
  ~BlackHole() {
    for (const int each : sockets_) ::close(each);
  }
  BlackHole(const BlackHole&) = delete;
  BlackHole& operator=(const BlackHole&) = delete;

 private:
  int open_socket() {
    const int made = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    BOOST_REQUIRE(made >= 0);
    sockets_.push_back(made);
    return made;
  }

  std::vector<int> sockets_{};
};

}  // namespace bridge::testing
