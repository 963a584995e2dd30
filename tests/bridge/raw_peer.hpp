#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace bridge::testing {

// A client on a bare socket: it reads and writes only when a test says so, and never ends by
// itself.
class RawPeer {
 public:
  explicit RawPeer(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connect(reinterpret_cast<const sockaddr*>(&at), sizeof at);
  }
  explicit RawPeer(const std::string& unix_path)
      : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    BOOST_REQUIRE(unix_path.size() < sizeof at.sun_path);
    std::memcpy(at.sun_path, unix_path.data(), unix_path.size());
    connect(reinterpret_cast<const sockaddr*>(&at), sizeof at);
  }
  ~RawPeer() { ::close(socket_); }
  RawPeer(const RawPeer&) = delete;
  RawPeer& operator=(const RawPeer&) = delete;

  // How much of it the system takes now.
  std::size_t write(std::string_view bytes) {
    const ssize_t count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0 && errno != EAGAIN) broken_ = true;
    return count < 0 ? 0 : static_cast<std::size_t>(count);
  }

  // What has arrived.
  std::string read() {
    std::string got;
    std::array<char, 16 * 1024> part;
    while (!ended_ && !broken_) {
      const ssize_t count = ::recv(socket_, part.data(), part.size(), 0);
      if (count < 0 && errno == EAGAIN) break;
      broken_ = count < 0;
      ended_ = count == 0;
      if (count > 0) got.append(part.data(), static_cast<std::size_t>(count));
    }
    return got;
  }

  bool ended() const { return ended_; }    // the other end has, in order
  bool broken() const { return broken_; }  // the connection was cut

 private:
  void connect(const sockaddr* at, socklen_t size) const {
    BOOST_REQUIRE(socket_ >= 0);
    BOOST_REQUIRE(::connect(socket_, at, size) == 0);
    BOOST_REQUIRE(::fcntl(socket_, F_SETFL, O_NONBLOCK) == 0);
  }

  int socket_;
  bool ended_ = false;
  bool broken_ = false;
};

}  // namespace bridge::testing
