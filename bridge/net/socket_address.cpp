#include "bridge/net/socket_address.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <unistd.h>
#include <uv.h>

#include <cerrno>
#include <cstring>

namespace bridge::net {

int to_sockaddr(const Endpoint& endpoint, sockaddr_storage& address) {
  sockaddr_in ip4{};
  if (uv_ip4_addr(endpoint.address.c_str(), endpoint.port, &ip4) == 0) {
    std::memcpy(&address, &ip4, sizeof ip4);
    return 0;
  }
  sockaddr_in6 ip6{};
  const int status = uv_ip6_addr(endpoint.address.c_str(), endpoint.port, &ip6);
  if (status == 0) std::memcpy(&address, &ip6, sizeof ip6);
  return status;
}

UnixAddress::UnixAddress(const std::string& path) {
  address_.sun_family = AF_UNIX;
  std::string name = path;
  if (name.size() >= sizeof address_.sun_path) {
    const auto slash = path.rfind('/');
    const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    folder_ = ::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder_ < 0) {
      error_ = -errno;
      return;
    }
    name = "/proc/self/fd/" + std::to_string(folder_) + '/' +
           path.substr(slash == std::string::npos ? 0 : slash + 1);
  }
  if (name.size() >= sizeof address_.sun_path) {
    error_ = -ENAMETOOLONG;
    return;
  }
  std::memcpy(address_.sun_path, name.data(), name.size());
}

UnixAddress::~UnixAddress() {
  if (folder_ >= 0) ::close(folder_);
}

std::uint16_t port_of(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET) {
    sockaddr_in ip4{};
    std::memcpy(&ip4, &address, sizeof ip4);
    return ntohs(ip4.sin_port);
  }
  if (address.ss_family == AF_INET6) {
    sockaddr_in6 ip6{};
    std::memcpy(&ip6, &address, sizeof ip6);
    return ntohs(ip6.sin6_port);
  }
  return 0;
}

bool is_literal_address(const std::string& text) {
  sockaddr_storage ignored{};
  return to_sockaddr(Endpoint{.address = text}, ignored) == 0;
}

}  // namespace bridge::net
