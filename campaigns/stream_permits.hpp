#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "campaigns/call_script.hpp"
#include "campaigns/events.hpp"
#include "campaigns/register.hpp"

namespace campaigns {

// What one call may do with media streams. Its token is bound to the call's sid and is good for the
// first start alone: from then on no further stream of that call opens, whoever brings the token.
struct StreamPermit {
  std::optional<ContactRef> contact{};  // nothing: a call that somebody else's code placed
  std::uint8_t attempt = 0;
  AgentStage stage = AgentStage::none;  // served: one may open
  std::string stream{};                 // the one that opened
  bool failed = false;                  // the agent did
  NumberKey number_key = 0;             // of an outside call
  std::vector<std::string> tools{};     // tool calls of an outside call, by the model's ids
};

// Which media stream may open, and for whom: by the call's sid, of calls of campaigns in mode agent
// while they are under way, and of outside calls that were connected with the agent.
struct StreamPermits {
  std::uint64_t position = 0;
  std::unordered_map<std::string, StreamPermit> permits{};

  // `ref`: the contact that the fact is about, if it is about one.
  void apply(const Fact& fact, const std::optional<ContactRef>& ref, const Register& book);
  void write(const CanonicalSink& sink, const Register& book) const;

  const StreamPermit* find(const std::string& sid) const;

 private:
  void apply_to_outside(const Fact& fact);
  std::unordered_map<std::uint64_t, std::string> sids_{};  // by contact
};

}  // namespace campaigns
