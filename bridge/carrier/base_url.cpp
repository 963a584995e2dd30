#include "bridge/carrier/base_url.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>
#include <utility>
#include <vector>

namespace bridge::carrier {
namespace {

constexpr std::string_view twilio_domain = ".twilio.com";

// The edge that stands in a region.
constexpr std::array<std::pair<std::string_view, std::string_view>, 9> edges{{{"au1", "sydney"},
                                                                              {"br1", "sao-paulo"},
                                                                              {"de1", "frankfurt"},
                                                                              {"ie1", "dublin"},
                                                                              {"jp1", "tokyo"},
                                                                              {"jp2", "osaka"},
                                                                              {"sg1", "singapore"},
                                                                              {"us1", "ashburn"},
                                                                              {"us2", "umatilla"}}};

bool is_label(std::string_view text) {
  return text.size() <= 63 &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos;
}

}  // namespace

bool can_be_requested(std::string_view url) {
  return std::ranges::all_of(url, [](char c) { return c > ' ' && c < '\x7f' && c != '#'; });
}

BaseUrl read_base_url(std::string_view url) {
  constexpr const char* shape =
      "the carrier's base URL must look like https://host or http://host:port";
  constexpr std::string_view plain = "http://";
  constexpr std::string_view secured = "https://";
  BaseUrl base;
  base.secured = url.starts_with(secured);
  if (!base.secured && !url.starts_with(plain)) throw std::invalid_argument(shape);
  if (!can_be_requested(url)) throw std::invalid_argument(shape);
  url.remove_prefix(base.secured ? secured.size() : plain.size());
  if (base.secured) base.port = 443;
  if (url.ends_with('/')) url.remove_suffix(1);
  const std::size_t colon = url.rfind(':');
  const bool has_port =
      colon != std::string_view::npos && url.find(']', colon) == std::string_view::npos;
  if (has_port) {
    const std::string_view digits = url.substr(colon + 1);
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), base.port);
    if (error != std::errc{} || end != digits.data() + digits.size() || base.port == 0) {
      throw std::invalid_argument(shape);
    }
    url = url.substr(0, colon);
  }
  if (url.starts_with('[') && url.ends_with(']')) url = url.substr(1, url.size() - 2);
  if (url.empty() || url.find_first_of("/?@") != std::string_view::npos) {
    throw std::invalid_argument(shape);
  }
  base.host = url;
  return base;
}

std::string regional_host(const std::string& host, const std::string& edge,
                          const std::string& region) {
  if ((edge.empty() && region.empty()) || !host.ends_with(twilio_domain)) return host;
  if (!is_label(edge) || !is_label(region)) {
    throw std::invalid_argument(
        "TWILIO_EDGE and TWILIO_REGION are names such as dublin and ie1, in lower-case letters");
  }
  // product[.edge][.region].twilio.com
  std::vector<std::string> parts{""};
  for (const char c : host.substr(0, host.size() - twilio_domain.size())) {
    if (c == '.') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  auto in_region = region.empty() && parts.size() > 1 ? parts.back() : region;
  if (in_region.empty()) in_region = "us1";
  auto at_edge = edge.empty() && parts.size() > 2 ? parts[1] : edge;
  if (at_edge.empty()) {
    const auto* const known =
        std::ranges::find(edges, in_region, &std::pair<std::string_view, std::string_view>::first);
    if (known == edges.end()) {
      throw std::invalid_argument(
          "TWILIO_REGION is set and TWILIO_EDGE is not: hosts with a region and no edge are not "
          "served any more; set both");
    }
    at_edge = known->second;
  }
  return parts.front() + "." + at_edge + "." + in_region + std::string(twilio_domain);
}

}  // namespace bridge::carrier
