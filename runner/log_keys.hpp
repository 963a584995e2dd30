#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "campaigns/ids.hpp"

namespace runner {

// The secret that belongs to one log: it makes the tokens in our URLs and the keys under which
// numbers are known across campaigns. Kept in a file beside the log, mode 0600; only the runner has
// it.
class LogKeys {
 public:
  // Of a rehearsal: a function of the seed, so that the same seed gives the same log.
  static LogKeys for_rehearsal(std::uint64_t seed);
  static LogKeys make();
  // Reads or writes `<log>.key`. Throws std::runtime_error with what to do.
  static LogKeys load(const std::filesystem::path& log);
  void save(const std::filesystem::path& log) const;
  static std::filesystem::path file_of(const std::filesystem::path& log);

  campaigns::NumberKey number_key(std::string_view e164) const;
  // "survey.12.1.<32 hex digits>": the attempt's id and 128 bits of an HMAC over it.
  std::string token(const campaigns::AttemptId& attempt) const;
  // Nothing for a token that this log did not make. Takes the same time for every wrong one.
  std::optional<campaigns::AttemptId> read_token(std::string_view token) const;

 private:
  explicit LogKeys(std::string key) : key_(std::move(key)) {}
  std::string key_;
};

}  // namespace runner
