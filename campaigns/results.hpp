#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "campaigns/events.hpp"
#include "campaigns/register.hpp"
#include "campaigns/result_tables.hpp"

// The results: every attempt, every answer, and where each case stands. Exports are read from here.
namespace campaigns {

struct Case {
  Place place = Place::open;
  Outcome disposition = Outcome::none;
  bool forgotten = false;
  std::int64_t closed_at_ms = 0;
};

// On what ground calls were made, as far as it is no single person's: one of these serves many.
struct Evidence {
  std::string basis{};
  std::string source{};
  std::string date{};
  std::string disclosure{};
  friend bool operator==(const Evidence&, const Evidence&) = default;
};

struct Results {
  std::uint64_t position = 0;
  AttemptTable attempts{};
  std::vector<Evidence> evidence{};
  AnswerTable answers{};
  std::vector<std::vector<Case>> cases{};  // by campaign, then ordinal - 1

  // What somebody said, for as long as they are not forgotten.
  std::string_view words_of(const AnswerRow& answer) const {
    const auto& of = cases[answer.contact.campaign][answer.contact.ordinal - 1];
    return of.forgotten ? std::string_view() : answer.words;
  }

  static std::string_view status_name(AnswerRow::Status status);
  // "speech", "key", "agent": how an answer came.
  static std::string_view source_of(const AnswerRow& answer) {
    return answer.by_agent ? "agent" : answer.by_speech ? "speech" : "key";
  }

  // The row of an attempt; nothing: there is no such attempt.
  std::optional<AttemptRow> find(ContactRef contact, std::uint8_t attempt) const;

  // `ref`: the contact that the fact is about, if it is about one.
  void apply(const Fact& fact, const std::optional<ContactRef>& ref, const Register& book);
  void write(const CanonicalSink& sink, const Register& book) const;
  // What must be the same however the carrier's reports came: outcomes, seconds, answers,
  // dispositions; no times.
  void write_outcomes(const CanonicalSink& sink, const Register& book) const;

 private:
  // Of their last attempt, while the case may go on with it.
  std::optional<std::size_t> open(ContactRef contact) const;
  std::optional<std::size_t> index_of(ContactRef contact, std::uint8_t attempt) const;
  void apply_to_attempt(const Fact& fact, ContactRef ref, AttemptRow& row, const Register& book);
  std::unordered_map<std::uint64_t, std::size_t> last_attempt_{};  // by contact
  // Rows by their place in `attempts`, from 1; 0: none. The last one of each contact, as `cases`,
  // and for each row the one before it of the same contact.
  std::vector<std::vector<std::uint32_t>> last_rows_{};
  std::vector<std::uint32_t> rows_before_{};
};

}  // namespace campaigns
