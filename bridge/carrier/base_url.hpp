#pragma once

#include <cstdint>
#include <string>
#include <string_view>

// Where the carrier's REST interface is (protocols.md 1.1).
namespace bridge::carrier {

struct BaseUrl {
  std::string host{};
  std::uint16_t port = 80;
  bool secured = false;
};

// Whether each byte of a URL may stand in a request: visible ASCII, and no '#', behind which
// nothing is sent. Others are written %20 and the like, in a host xn--….
bool can_be_requested(std::string_view url);

// Reads "https://host", "http://host:port"; a slash may end it. Throws std::invalid_argument for
// anything else, without quoting it.
BaseUrl read_base_url(std::string_view url);

// The host that serves an edge and a region, as Twilio's own libraries write it:
// "api.twilio.com" with "dublin" and "ie1" is "api.dublin.ie1.twilio.com". An edge alone is of
// region us1; a region alone gets the edge that stands in it, because hosts with a region and no
// edge are not served any more. Both empty, or a host that is not Twilio's: unchanged. Throws
// std::invalid_argument for a region whose edge is not known here and for what is no name.
std::string regional_host(const std::string& host, const std::string& edge,
                          const std::string& region);

}  // namespace bridge::carrier
