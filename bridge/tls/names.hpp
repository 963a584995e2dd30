#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Whether a certificate is for a host: RFC 6125 with the strict choices of browsers. Only
// subjectAltName counts, never the common name; an asterisk stands for one whole label, the first,
// with at least two labels behind it; an address matches its own bytes only.
namespace bridge::tls {

// What a certificate says it is for.
struct Names {
  std::vector<std::string> dns{};        // as written, perhaps with an asterisk
  std::vector<std::string> addresses{};  // 4 or 16 bytes each
};

// The host to look for.
struct Host {
  std::string name{};     // lower case, without a dot at the end; empty for an address
  std::string address{};  // 4 or 16 bytes; empty for a name
};

// Nothing for what is neither a DNS name nor a literal address (an IPv6 one without brackets).
std::optional<Host> read_host(std::string_view text);

bool is_for(const Names& names, const Host& host);

}  // namespace bridge::tls
