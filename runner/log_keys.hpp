#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "campaigns/ids.hpp"
#include "eventstore/secret.hpp"

namespace runner {

// What follows from the secret that was made with a log: the tokens in our URLs, and the keys under
// which numbers are known across campaigns. Only the runner has it.
class LogKeys {
 public:
  explicit LogKeys(const eventstore::Secret& secret) : key_(secret) {}
  // The secret of a rehearsal's log: the same seed gives the same tokens and keys.
  static eventstore::Secret rehearsal_secret(std::uint64_t seed);

  campaigns::NumberKey number_key(std::string_view e164) const;
  // "survey.12.1.<32 hex digits>": the attempt's id and 128 bits of an HMAC over it.
  std::string token(const campaigns::AttemptId& attempt) const;
  // 32 hex digits that bind a media stream to a call that somebody else's code placed.
  std::string call_token(std::string_view sid) const;
  // Nothing for a token that this log did not make. Takes the same time for every wrong one.
  std::optional<campaigns::AttemptId> read_token(std::string_view token) const;

 private:
  eventstore::Secret key_;
};

}  // namespace runner
