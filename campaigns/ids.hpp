#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// Who is who. Nobody draws an id: a contact is its ordinal in the list, an attempt is (campaign,
// contact, ordinal).
namespace campaigns {

// A campaign by its place in the state; the first one submitted is 0.
using CampaignIndex = std::uint16_t;

// A contact within the state. Ordinals start at 1.
struct ContactRef {
  CampaignIndex campaign = 0;
  std::uint32_t ordinal = 0;

  std::uint64_t packed() const { return (std::uint64_t{campaign} << 32) | ordinal; }
  static ContactRef unpack(std::uint64_t packed) {
    return {static_cast<CampaignIndex>(packed >> 32), static_cast<std::uint32_t>(packed)};
  }
  // clang-tidy 14 takes the order's own 0 for a null pointer.
  friend auto operator<=>(const ContactRef&,
                          const ContactRef&) = default;  // NOLINT(modernize-use-nullptr)
};

// An attempt as the world outside knows it; its text is "survey.12.1".
struct AttemptId {
  std::string campaign{};
  std::uint32_t contact = 0;
  std::uint8_t attempt = 0;  // 1 for the first; counts every request, placed or not

  std::string text() const;
  static std::optional<AttemptId> parse(std::string_view text);
  friend bool operator==(const AttemptId&, const AttemptId&) = default;
};

// A phone number across campaigns: the first 64 bits of an HMAC under the log's key. The core never
// makes one; it comes with the contact.
using NumberKey = std::uint64_t;
std::string number_key_text(NumberKey key);  // 16 hex digits
std::optional<NumberKey> parse_number_key(std::string_view text);

// What an event is about; its text is the event's stream.
struct Subject {
  enum class Kind : std::uint8_t { runner, campaign, contact, number, call, list };
  Kind kind = Kind::runner;
  std::string name{};         // campaign's id, number key's text, CallSid, source of lists
  std::uint32_t ordinal = 0;  // contact

  static Subject runner() { return {}; }
  static Subject campaign(std::string id) { return {Kind::campaign, std::move(id), 0}; }
  static Subject contact(std::string campaign, std::uint32_t ordinal) {
    return {Kind::contact, std::move(campaign), ordinal};
  }
  static Subject number(NumberKey key) { return {Kind::number, number_key_text(key), 0}; }
  static Subject call(std::string sid) { return {Kind::call, std::move(sid), 0}; }
  static Subject list(std::string source) { return {Kind::list, std::move(source), 0}; }

  std::string stream() const;
  static std::optional<Subject> parse(std::string_view stream);
  friend bool operator==(const Subject&, const Subject&) = default;
};

// A campaign's id: lower-case letters, digits and '-', at most 63, not beginning with '-'.
bool valid_campaign_id(std::string_view id);

}  // namespace campaigns
