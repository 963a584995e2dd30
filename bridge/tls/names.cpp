#include "bridge/tls/names.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

namespace bridge::tls {
namespace {

constexpr std::size_t name_bytes_max = 253;
constexpr std::size_t label_bytes_max = 63;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = lower(c);
  return result;
}

bool is_label(std::string_view label) {
  return !label.empty() && label.size() <= label_bytes_max && label.front() != '-' &&
         label.back() != '-' && std::all_of(label.begin(), label.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
         });
}

bool is_name(std::string_view name) {
  if (name.empty() || name.size() > name_bytes_max) return false;
  std::string_view last;
  while (true) {
    const auto dot = name.find('.');
    last = name.substr(0, dot);
    if (!is_label(last)) return false;
    if (dot == std::string_view::npos) break;
    name.remove_prefix(dot + 1);
  }
  // A last label of digits is an address that was mistyped.
  return !std::all_of(last.begin(), last.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool name_matches(const std::string& pattern, const std::string& host) {
  const std::string wanted = lower(pattern);
  if (!wanted.starts_with("*.")) return wanted == host;
  const std::string_view behind = std::string_view(wanted).substr(1);  // ".example.com"
  if (!is_name(behind.substr(1)) || behind.find('.', 1) == std::string_view::npos) return false;
  const auto dot = host.find('.');
  return dot != std::string::npos && std::string_view(host).substr(dot) == behind;
}

}  // namespace

std::optional<Host> read_host(std::string_view text) {
  const std::string copy(text);
  std::array<char, 16> bytes{};
  if (copy.find('\0') != std::string::npos) return {};
  if (::inet_pton(AF_INET, copy.c_str(), bytes.data()) == 1) {
    return Host{.name = {}, .address = std::string(bytes.data(), 4)};
  }
  if (::inet_pton(AF_INET6, copy.c_str(), bytes.data()) == 1) {
    return Host{.name = {}, .address = std::string(bytes.data(), 16)};
  }
  std::string name = lower(text);
  if (name.ends_with('.')) name.pop_back();
  if (!is_name(name)) return {};
  return Host{.name = std::move(name), .address = {}};
}

bool is_for(const Names& names, const Host& host) {
  if (!host.address.empty()) {
    return std::find(names.addresses.begin(), names.addresses.end(), host.address) !=
           names.addresses.end();
  }
  return !host.name.empty() &&
         std::any_of(names.dns.begin(), names.dns.end(),
                     [&](const std::string& each) { return name_matches(each, host.name); });
}

}  // namespace bridge::tls
