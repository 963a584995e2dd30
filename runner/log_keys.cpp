#include "runner/log_keys.hpp"

#include "runner/crypto.hpp"

namespace runner {

namespace {

std::string_view text(const eventstore::Secret& key) {
  return {reinterpret_cast<const char*>(key.data()), eventstore::Secret::size};
}

std::string mac_of(std::string_view key, std::string_view attempt) {
  return hex(hmac_sha256(key, "token:" + std::string(attempt))).substr(0, 32);
}

}  // namespace

eventstore::Secret LogKeys::rehearsal_secret(std::uint64_t seed) {
  return eventstore::Secret(sha256("campanile rehearsal " + std::to_string(seed)));
}

campaigns::NumberKey LogKeys::number_key(std::string_view e164) const {
  const auto digest = hmac_sha256(text(key_), "number:" + std::string(e164));
  campaigns::NumberKey key = 0;
  for (std::size_t i = 0; i < 8; ++i) key = key << 8 | digest[i];
  return key;
}

std::string LogKeys::token(const campaigns::AttemptId& attempt) const {
  const auto id = attempt.text();
  return id + '.' + mac_of(text(key_), id);
}

std::string LogKeys::call_token(std::string_view sid) const {
  return hex(hmac_sha256(text(key_), "call:" + std::string(sid))).substr(0, 32);
}

std::optional<campaigns::AttemptId> LogKeys::read_token(std::string_view token) const {
  const auto dot = token.rfind('.');
  if (dot == std::string_view::npos || token.size() - dot - 1 != 32) return {};
  auto attempt = campaigns::AttemptId::parse(token.substr(0, dot));
  if (!attempt) return {};
  const auto wanted = mac_of(text(key_), token.substr(0, dot));
  const auto given = token.substr(dot + 1);
  unsigned difference = 0;
  for (std::size_t i = 0; i < 32; ++i) {
    difference |= static_cast<unsigned>(wanted[i] ^ given[i]);
  }
  if (difference != 0) return {};
  return attempt;
}

}  // namespace runner
