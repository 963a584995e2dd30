#include "runner/listen_address.hpp"

#include <stdexcept>

#include "bridge/net/stream.hpp"
#include "runner/live.hpp"

namespace runner {

std::string bare_address(const std::string& host) {
  if (host == "localhost") return "127.0.0.1";
  if (host.starts_with('[') && host.ends_with(']')) return host.substr(1, host.size() - 2);
  return host;
}

std::string written_address(const std::string& address, std::uint16_t port) {
  const bool ip6 = address.find(':') != std::string::npos;
  return (ip6 ? '[' + address + ']' : address) + ':' + std::to_string(port);
}

std::pair<std::string, std::uint16_t> read_listen(const std::string& text,
                                                  const std::string& setting) {
  auto [host, port] = split_address(text);
  auto address = bare_address(host);
  if (!bridge::net::is_literal_address(address)) {
    throw std::invalid_argument(setting + ' ' + text +
                                ": wants an address of this machine and a port, as "
                                "127.0.0.1:8080, 0.0.0.0:8080 (every IPv4 address) or [::]:8080");
  }
  return {std::move(address), port};
}

std::string cannot_listen(const std::string& text, const std::string& setting,
                          std::error_code error) {
  std::string cure = "name another address with " + setting;
  if (error == std::errc::address_in_use) {
    cure =
        "another program listens there, perhaps a campanile that still runs: stop it, or " + cure;
  } else if (error == std::errc::address_not_available) {
    cure = "this machine has no such address: " + cure;
  } else if (error == std::errc::permission_denied) {
    cure = "the system keeps ports below 1024 for itself: " + cure;
  }
  return "cannot listen on " + text + ": " + error.message() + " (" + cure + ')';
}

}  // namespace runner
