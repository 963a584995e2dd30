#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

// What the Realtime API takes in a session and in a response (protocols.md 6.2, 6.3): all of it or
// nothing. Pure.
namespace bridge::rehearsal {

// Why something was refused, as an error event says it.
struct Refusal {
  std::string code{};
  std::string message{};
  std::string param{};
};

// A session as it is created.
nlohmann::json new_session(std::string_view id, std::string_view model, std::int64_t expires_at);
// Holds `update` (the member `session` of session.update) against the rules and puts it into
// `session`, or changes nothing and says why. `voice_is_fixed`: sound has already been made.
std::optional<Refusal> update_session(nlohmann::json& session, const nlohmann::json& update,
                                      bool voice_is_fixed);
// The member `response` of response.create.
std::optional<Refusal> check_response(const nlohmann::json& response);
// A client's event as a whole: its type is known and it has the members of that type, no others.
std::optional<Refusal> check_event(const nlohmann::json& event);

}  // namespace bridge::rehearsal
