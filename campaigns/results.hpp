#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "campaigns/events.hpp"
#include "campaigns/register.hpp"

// The results: every attempt, every answer, and where each case stands. Exports are read from here.
namespace campaigns {

struct AttemptRow {
  ContactRef contact{};
  std::uint8_t attempt = 0;
  Outcome outcome = Outcome::none;
  std::uint8_t number = 0;  // which of the person's (CallRequested)
  bool initiated = false;
  bool taken_back = false;                 // it was to be ended while the carrier had it wait
  Resolution resolved = Resolution::none;  // by a person, after it was held
  std::uint8_t ended_at_question = 0;      // from 1: the question that was open last; 0: none was
  Instant requested_at{};
  std::int64_t offset_minutes = 0;           // as of its CallRequested
  std::int64_t own_clock_ahead_minutes = 0;  // likewise
  Instant accepted_at{};                     // the epoch: not
  Instant ringing_at{};
  Instant answered_at{};
  Instant ended_at{};
  std::int64_t seconds = 0;
  std::int64_t sip = 0;
  std::int64_t code = 0;  // of a refusal
  std::string status{};   // the carrier's last word
  std::string answered_by{};
  std::string sid{};
  std::string recording{};  // the carrier's sid of it; empty: there is none
  std::int64_t recorded_seconds = 0;
  std::string caller_id{};
  std::int64_t retry_due_ms = 0;     // 0: no retry followed
  std::int64_t callback_due_ms = 0;  // when the person asked to be called; 0: they named no time
  std::int64_t callback_offset_change = 0;  // CallbackAsked
  // Of a voice agent.
  bool agent = false;               // the call was to be connected with it
  std::string stream_why{};         // why its stream was closed; empty: none opened
  std::string agent_fault{};        // how it failed
  std::int64_t talk_ms = 0;         // how long the stream lasted
  std::int64_t first_sound_ms = 0;  // 0: the person never heard the agent
  std::int64_t agent_turns = 0;
  std::int64_t interruptions = 0;
  std::int64_t tokens = 0;  // of the model, in and out

  // UTC offset of the person's own clock when they were called.
  std::int64_t own_offset_minutes() const { return offset_minutes + own_clock_ahead_minutes; }
  // It did not leave the carrier's queue (OpenAttempt::withdrawn): nobody was called with it.
  bool withdrawn() const {
    return taken_back && !initiated && ringing_at == Instant{} && answered_at == Instant{};
  }
  // Somebody was there, the agent was due, and not a sound of it came. Not those who hung up
  // before it was its turn to speak.
  bool heard_nothing() const {
    return agent && first_sound_ms == 0 && (!agent_fault.empty() || talk_ms >= 2'000);
  }
};

struct AnswerRow {
  ContactRef contact{};
  std::uint8_t attempt = 0;
  std::uint8_t question = 0;
  enum class Status : std::uint8_t { answered, no_input, invalid, refused, dont_know };
  Status status = Status::answered;
  bool by_speech = false;
  bool by_agent = false;       // as a model understood it
  std::uint32_t position = 0;  // of what had been said by then
  std::uint32_t turn = 0;
  Instant at{};
  std::int64_t confidence_thousandths = 0;
  std::string value{};
  std::string words{};  // read them by words_of
};

struct Case {
  Place place = Place::open;
  Outcome disposition = Outcome::none;
  std::int64_t closed_at_ms = 0;
  bool forgotten = false;
};

struct Results {
  std::uint64_t position = 0;
  std::vector<AttemptRow> attempts{};
  std::vector<AnswerRow> answers{};
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

  // The row of an attempt; none: there is no such attempt.
  const AttemptRow* find(ContactRef contact, std::uint8_t attempt) const;

  void apply(const Fact& fact, const Register& book);
  void write(const CanonicalSink& sink, const Register& book) const;
  // What must be the same however the carrier's reports came: outcomes, seconds, answers,
  // dispositions; no times.
  void write_outcomes(const CanonicalSink& sink, const Register& book) const;

 private:
  AttemptRow* open(ContactRef contact);
  std::unordered_map<std::uint64_t, std::size_t> last_attempt_{};  // by contact
  // Rows by their place in `attempts`, from 1; 0: none. The last one of each contact, as `cases`,
  // and for each row the one before it of the same contact.
  std::vector<std::vector<std::uint32_t>> last_rows_{};
  std::vector<std::uint32_t> rows_before_{};
};

}  // namespace campaigns
