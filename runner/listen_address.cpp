#include "runner/listen_address.hpp"

#include <charconv>
#include <stdexcept>

#include "bridge/net/stream.hpp"
#include "runner/live.hpp"

namespace runner {

std::string bare_address(const std::string& host) {
  if (host == "localhost") return "127.0.0.1";
  if (host.starts_with('[') && host.ends_with(']')) return host.substr(1, host.size() - 2);
  return host;
}

bool is_loopback(std::string_view address) {
  if (address == "::1") return true;
  unsigned parts[4]{};
  const char* at = address.data();
  const char* const end = at + address.size();
  for (std::size_t i = 0; i < 4; ++i) {
    const auto read = std::from_chars(at, end, parts[i]);
    if (read.ec != std::errc{} || parts[i] > 255) return false;
    at = read.ptr;
    if (i < 3 && (at == end || *at++ != '.')) return false;
  }
  return at == end && parts[0] == 127;
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
