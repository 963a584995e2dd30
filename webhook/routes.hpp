#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

// The paths of the public door (design.md section 7). Tokens, questions and turns consist of
// characters that no URL escapes, so a path is read as it stands: there is one spelling of each.
namespace webhook {

struct Route {
  enum class Kind : std::uint8_t {
    up,
    voice,
    status,
    answer,
    answering_machine,
    recording,
    stream_status,
    after_stream,
    after_transfer,
    transfer_status,
    media_stream,  // a WebSocket's upgrade
    fallback,
    outside_voice,  // the last two are of calls that somebody else's code placed
    outside_status
  };
  Kind kind = Kind::up;
  // A view into the path; empty for up, media_stream and the outside ones.
  std::string_view token{};
  std::string_view question{};  // answer
  std::uint32_t turn = 0;       // answer; from 1
  std::uint32_t human = 0;      // transfer_status: whose telephone, in the campaign's list; from 1
};

// What the URL of a callback ends with that only tells something and waits for no document: asks
// the carrier to send it again, three times within its 15 s, where our door cannot be reached, says
// nothing or fails. Left to itself it tries a second time, and only where it got no connection
// (connection overrides, protocols.md 2.3). The fragment is no part of the URL that is signed, and
// never reaches our door.
inline constexpr std::string_view sent_again = "#rc=3&rt=4000&rp=ct,rt,5xx";

// Nothing: no path of ours.
std::optional<Route> route_of(std::string_view path);

inline constexpr std::size_t token_bytes_max = 256;
inline constexpr std::size_t question_bytes_max = 64;

}  // namespace webhook
