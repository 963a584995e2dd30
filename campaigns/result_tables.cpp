#include "campaigns/result_tables.hpp"

#include <concepts>
#include <type_traits>
#include <utility>

namespace campaigns {

namespace {

// A row is packed as a mask of its members that are not as they are in an empty row, and these. The
// most frequent ones come first, so that their mask is short. That each member is named here is
// what makes it be packed: with one more in the row, this does not compile.
template <typename Row, typename Visitor>
void each_member_of_attempt(Row& row, Visitor& visit) {
  auto& [contact, attempt, outcome, number, initiated, taken_back, resolved, ended_at_question,
         evidence, requested_at, offset_minutes, own_clock_ahead_minutes, accepted_at, ringing_at,
         answered_at, ended_at, seconds, sip, code, status, answered_by, sid, recording,
         recorded_seconds, caller_id, retry_due_ms, callback_due_ms, callback_offset_change, agent,
         stream_why, agent_fault, talk_ms, first_sound_ms, agent_turns, interruptions, tokens] =
      row;
  visit(contact);
  visit(attempt);
  visit(requested_at);
  visit(offset_minutes);
  visit(caller_id);
  visit(evidence);
  visit(outcome);
  visit.since(to_ms(requested_at), accepted_at);
  visit.sid(sid);
  visit(initiated);
  visit.since(to_ms(requested_at), ringing_at);
  visit.since(to_ms(requested_at), ended_at);
  visit(status);
  visit(sip);
  visit.since(to_ms(requested_at), answered_at);
  visit(answered_by);
  visit(seconds);
  visit.since(to_ms(requested_at), retry_due_ms);
  visit(ended_at_question);
  visit(agent);
  visit(stream_why);
  visit(talk_ms);
  visit(first_sound_ms);
  visit(agent_turns);
  visit(tokens);
  visit(interruptions);
  visit(number);
  visit(own_clock_ahead_minutes);
  visit.sid(recording);
  visit(recorded_seconds);
  visit.since(to_ms(requested_at), callback_due_ms);
  visit(callback_offset_change);
  visit(agent_fault);
  visit(taken_back);
  visit(resolved);
  visit(code);
}

template <typename Row, typename Visitor>
void each_member_of_answer(Row& row, Visitor& visit) {
  auto& [contact, attempt, question, status, by_speech, by_agent, position, turn, at,
         confidence_thousandths, value, words] = row;
  visit(contact);
  visit(attempt);
  visit(question);
  visit(turn);
  visit(at);
  visit(value);
  visit(status);
  visit(words);
  visit(by_speech);
  visit(confidence_thousandths);
  visit(by_agent);
  visit(position);
}

template <typename T>
concept Number = std::integral<T> || std::is_enum_v<T>;

class Packer {
 public:
  // Writes to `members`, which is to be empty.
  Packer(std::string& members, CommonTexts* texts) : members_(members), texts_(texts) {}

  std::uint64_t mask() const { return mask_; }

  template <typename T>
  void operator()(const T& value) {
    if (differs(value)) write(value);
  }
  // Milliseconds or an instant; mostly soon after another.
  template <typename T>
  void since(std::int64_t base_ms, const T& value) {
    if (differs(value)) write_since(base_ms, value);
  }
  void sid(const std::string& value) {
    if (differs(value)) append_sid(members_, value);
  }

 private:
  template <typename T>
  bool differs(const T& value) {
    const bool is = value != T{};
    if (is) mask_ |= bit_;
    bit_ <<= 1;
    return is;
  }
  void write(bool) {}  // that it differs says it
  template <Number T>
  void write(T value) {
    append_varint(members_, zigzag(static_cast<std::int64_t>(value)));
  }
  void write(ContactRef value) {
    append_varint(members_, value.campaign);
    append_varint(members_, value.ordinal);
  }
  void write(Instant value) { write(to_ms(value)); }
  void write(const std::string& value) { texts_->append(members_, value); }
  void write(std::string_view value) {
    append_varint(members_, value.size());
    members_ += value;
  }
  // Of whatever a log says, the difference wraps around and back.
  void write_since(std::int64_t base_ms, std::int64_t ms) {
    write(static_cast<std::int64_t>(static_cast<std::uint64_t>(ms) -
                                    static_cast<std::uint64_t>(base_ms)));
  }
  void write_since(std::int64_t base_ms, Instant at) { write_since(base_ms, to_ms(at)); }

  std::string& members_;
  CommonTexts* texts_;
  std::uint64_t mask_ = 0;
  std::uint64_t bit_ = 1;
};

// Into an empty row.
class Unpacker {
 public:
  Unpacker(const char* at, const CommonTexts* texts)
      : at_(at), texts_(texts), mask_(take_varint(at_)) {}

  template <typename T>
  void operator()(T& value) {
    if (differs()) read(value);
  }
  template <typename T>
  void since(std::int64_t base_ms, T& value) {
    if (differs()) read_since(base_ms, value);
  }
  void sid(std::string& value) {
    if (differs()) value = take_sid(at_);
  }
  // The first member of either row.
  ContactRef contact() {
    ContactRef contact;
    (*this)(contact);
    return contact;
  }

 private:
  bool differs() {
    const bool is = (mask_ & 1) != 0;
    mask_ >>= 1;
    return is;
  }
  static void read(bool& value) { value = true; }
  template <Number T>
  void read(T& value) {
    value = static_cast<T>(unzigzag(take_varint(at_)));
  }
  void read(ContactRef& value) {
    value.campaign = static_cast<CampaignIndex>(take_varint(at_));
    value.ordinal = static_cast<std::uint32_t>(take_varint(at_));
  }
  void read(Instant& value) { value = instant_from_ms(unzigzag(take_varint(at_))); }
  void read(std::string& value) { value = texts_->take(at_); }
  void read(std::string_view& value) {
    const auto size = take_varint(at_);
    value = {at_, size};
    at_ += size;
  }
  void read_since(std::int64_t base_ms, std::int64_t& ms) {
    read(ms);
    ms = static_cast<std::int64_t>(static_cast<std::uint64_t>(ms) +
                                   static_cast<std::uint64_t>(base_ms));
  }
  void read_since(std::int64_t base_ms, Instant& at) {
    std::int64_t ms = 0;
    read_since(base_ms, ms);
    at = instant_from_ms(ms);
  }

  const char* at_;
  const CommonTexts* texts_;
  std::uint64_t mask_;
};

}  // namespace

AttemptRow AttemptTable::operator[](std::size_t index) const {
  return places_[index] == in_full ? changing_.at(index).row : unpacked(index);
}

ContactRef AttemptTable::contact(std::size_t index) const {
  if (places_[index] == in_full) return changing_.at(index).row.contact;
  return Unpacker(packed_.at(places_[index]), &texts_).contact();
}

std::size_t AttemptTable::append(AttemptRow row) {
  const auto index = places_.size();
  places_.push_back(in_full);
  changing_.emplace(index, Changing{std::move(row)});
  return index;
}

AttemptRow& AttemptTable::change(std::size_t index) {
  if (places_[index] == in_full) return changing_.at(index).row;
  auto& now = changing_.emplace(index, Changing{unpacked(index), places_[index]}).first->second;
  places_[index] = in_full;
  return now.row;
}

void AttemptTable::settle(std::size_t index) {
  const auto before = std::exchange(settled_last_, index);
  if (before != none && before != index && places_[before] == in_full) pack(before);
}

void AttemptTable::pack(std::size_t index) {
  const auto changed = changing_.find(index);
  const auto& [row, before] = changed->second;
  room_.clear();
  Packer packer(room_, &texts_);
  each_member_of_attempt(row, packer);
  std::string mask;
  append_varint(mask, packer.mask());
  room_.insert(0, mask);
  // Most of what comes so late changes nothing.
  const bool same = before != in_full && packed_.holds(before, room_);
  places_[index] = same ? before : packed_.append(room_);
  changing_.erase(changed);
}

AttemptRow AttemptTable::unpacked(std::size_t index) const {
  AttemptRow row;
  Unpacker unpacker(packed_.at(places_[index]), &texts_);
  each_member_of_attempt(row, unpacker);
  return row;
}

AnswerRow AnswerTable::operator[](std::size_t index) const {
  auto place = places_[index / rows_at_place];
  for (auto skipped = index % rows_at_place; skipped > 0; --skipped) place = behind(place);
  return unpacked(place);
}

ByteRuns::Place AnswerTable::behind(ByteRuns::Place place) const {
  const auto* const start = packed_.at(place);
  const auto* row = start;
  const auto length = take_varint(row);
  return packed_.behind(place, length + static_cast<std::size_t>(row - start));
}

AnswerRow AnswerTable::unpacked(ByteRuns::Place place) const {
  const auto* at = packed_.at(place);
  take_varint(at);  // its length
  AnswerRow row;
  Unpacker unpacker(at, nullptr);
  each_member_of_answer(row, unpacker);
  return row;
}

ContactRef AnswerTable::contact(ByteRuns::Place place) const {
  const auto* at = packed_.at(place);
  take_varint(at);  // its length
  return Unpacker(at, nullptr).contact();
}

void AnswerTable::append(const AnswerRow& row) {
  room_.clear();
  Packer packer(room_, nullptr);
  each_member_of_answer(row, packer);
  std::string head;
  std::string mask;
  append_varint(mask, packer.mask());
  append_varint(head, mask.size() + room_.size());
  room_.insert(0, head + mask);
  const auto place = packed_.append(room_);
  if (size_++ % rows_at_place == 0) places_.push_back(place);
}

}  // namespace campaigns
