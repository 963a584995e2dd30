#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <cstdint>
#include <string>

#include "bridge/net/stream.hpp"

// Endpoints in the form of the system's socket interface. Only for the sources of this folder.
namespace bridge::net {

// 0, or a negative errno for what is no literal address.
int to_sockaddr(const Endpoint& endpoint, sockaddr_storage& address);

// The address of a Unix socket. Its path has room for 107 bytes there: a longer one goes by its
// folder, which this holds open, so the address is good as long as this lives.
class UnixAddress {
 public:
  explicit UnixAddress(const std::string& path);
  ~UnixAddress();
  UnixAddress(const UnixAddress&) = delete;
  UnixAddress& operator=(const UnixAddress&) = delete;

  // 0, or a negative errno: there is no address.
  int error() const { return error_; }
  const sockaddr_un& get() const { return address_; }

 private:
  sockaddr_un address_{};
  int folder_ = -1;
  int error_ = 0;
};

// 0 for a family that has no ports.
std::uint16_t port_of(const sockaddr_storage& address);

}  // namespace bridge::net
