#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "campaigns/events.hpp"
#include "campaigns/packing.hpp"

// The rows of the results. A log has millions of attempts and answers, so a table keeps them packed
// and hands each out by value.
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
  std::uint32_t evidence = 0;              // from 1, in Results::evidence; 0: there is none
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
    // Of a talk that ended with the program that held it, nobody counted what was heard.
    if (agent_fault == "stopped" && talk_ms == 0) return false;
    return agent && first_sound_ms == 0 && (!agent_fault.empty() || talk_ms >= 2'000);
  }
  friend bool operator==(const AttemptRow&, const AttemptRow&) = default;
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
  // Of a row of a table they hold as long as that does.
  std::string_view value{};
  std::string_view words{};  // read them by Results::words_of
  friend bool operator==(const AnswerRow&, const AnswerRow&) = default;
};

// Goes over the rows of a table, in their order.
template <typename Table>
class RowIterator {
 public:
  using value_type = typename Table::Row;
  using difference_type = std::ptrdiff_t;

  RowIterator() = default;
  RowIterator(const Table& table, std::size_t index) : table_(&table), index_(index) {}
  value_type operator*() const { return (*table_)[index_]; }
  // Whose row it is; costs less than the row.
  ContactRef contact() const { return table_->contact(index_); }
  RowIterator& operator++() {
    ++index_;
    return *this;
  }
  RowIterator operator++(int) {
    auto before = *this;
    ++index_;
    return before;
  }
  friend bool operator==(const RowIterator&, const RowIterator&) = default;

 private:
  const Table* table_ = nullptr;
  std::size_t index_ = 0;
};

// Attempts in the order in which they were requested. One that is under way is kept in full, since
// most events change it.
class AttemptTable {
 public:
  using Row = AttemptRow;

  std::size_t size() const { return places_.size(); }
  bool empty() const { return places_.empty(); }
  AttemptRow operator[](std::size_t index) const;
  ContactRef contact(std::size_t index) const;
  AttemptRow back() const { return (*this)[size() - 1]; }
  auto begin() const { return RowIterator(*this, 0); }
  auto end() const { return RowIterator(*this, size()); }

  // Its index.
  std::size_t append(AttemptRow row);
  // To be changed; holds until it is settled.
  AttemptRow& change(std::size_t index);
  // It is over. The one that was settled last stays as it is, for what its end leads to changes it
  // yet; the one before is packed.
  void settle(std::size_t index);

 private:
  static constexpr auto in_full = static_cast<ByteRuns::Place>(-1);
  static constexpr auto none = static_cast<std::size_t>(-1);
  struct Changing {
    AttemptRow row{};
    ByteRuns::Place packed_before = in_full;
  };
  void pack(std::size_t index);
  AttemptRow unpacked(std::size_t index) const;

  std::vector<ByteRuns::Place> places_{};  // in `packed_`; in_full: it is in `changing_`
  ByteRuns packed_{};
  CommonTexts texts_{};
  std::unordered_map<std::size_t, Changing> changing_{};
  std::size_t settled_last_ = none;
  std::string room_{};
};

// Answers in the order in which they were given. None changes.
class AnswerTable {
 public:
  using Row = AnswerRow;
  class Iterator;

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  AnswerRow operator[](std::size_t index) const;
  Iterator begin() const;
  Iterator end() const;

  void append(const AnswerRow& row);

 private:
  // So many lie behind each place that is kept.
  static constexpr std::size_t rows_at_place = 8;
  // Of the row behind the one at `place`; there must be one.
  ByteRuns::Place behind(ByteRuns::Place place) const;
  AnswerRow unpacked(ByteRuns::Place place) const;
  ContactRef contact(ByteRuns::Place place) const;

  std::vector<ByteRuns::Place> places_{};
  ByteRuns packed_{};  // each row with its length before it
  std::size_t size_ = 0;
  std::string room_{};
};

// From one answer to the next, which costs less than to find each by its index.
class AnswerTable::Iterator {
 public:
  using value_type = AnswerRow;
  using difference_type = std::ptrdiff_t;

  Iterator() = default;
  Iterator(const AnswerTable& table, std::size_t index, ByteRuns::Place place)
      : table_(&table), index_(index), place_(place) {}
  value_type operator*() const { return table_->unpacked(place_); }
  ContactRef contact() const { return table_->contact(place_); }
  Iterator& operator++() {
    if (++index_ < table_->size_) place_ = table_->behind(place_);
    return *this;
  }
  Iterator operator++(int) {
    auto before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(const Iterator& one, const Iterator& other) {
    return one.index_ == other.index_;
  }

 private:
  const AnswerTable* table_ = nullptr;
  std::size_t index_ = 0;
  ByteRuns::Place place_ = 0;  // means nothing at the end
};

inline AnswerTable::Iterator AnswerTable::begin() const {
  return {*this, 0, 0};
}
inline AnswerTable::Iterator AnswerTable::end() const {
  return {*this, size_, 0};
}

}  // namespace campaigns
