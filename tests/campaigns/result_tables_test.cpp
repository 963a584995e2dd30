#include "campaigns/result_tables.hpp"

#include <boost/test/unit_test.hpp>
#include <limits>
#include <random>

BOOST_AUTO_TEST_SUITE(result_tables)

using namespace campaigns;

namespace {

constexpr auto least = std::numeric_limits<std::int64_t>::min();
constexpr auto most = std::numeric_limits<std::int64_t>::max();

// No member as in an empty row, and no two alike.
AttemptRow full_row() {
  AttemptRow row;
  row.contact = {7, 4'000'000'000};
  row.attempt = 201;
  row.outcome = Outcome::screened;
  row.number = 3;
  row.initiated = true;
  row.taken_back = true;
  row.resolved = Resolution::redial;
  row.ended_at_question = 255;
  row.requested_at = instant_from_ms(1'772'438'400'123);
  row.offset_minutes = -570;
  row.evidence = 70'000;
  row.own_clock_ahead_minutes = -45;
  row.accepted_at = instant_from_ms(1'772'438'400'456);
  row.ringing_at = instant_from_ms(1'772'438'402'000);
  row.answered_at = instant_from_ms(1'772'438'399'000);  // by a clock that goes after ours
  row.ended_at = instant_from_ms(1'972'438'402'001);
  row.seconds = 3'600;
  row.sip = 603;
  row.code = 21'211;
  row.status = "completed";
  row.answered_by = "machine_end_beep";
  row.sid = "CA0123456789abcdef0123456789abcdef";
  row.recording = "RE00112233445566778899aabbccddeeff";
  row.recorded_seconds = 12;
  row.caller_id = "+390200000000";
  row.retry_due_ms = 1'772'445'600'000;
  row.callback_due_ms = 1'772'532'000'000;
  row.callback_offset_change = -60;
  row.agent = true;
  row.stream_why = "hung_up";
  row.agent_fault = "silent";
  row.talk_ms = 61'000;
  row.first_sound_ms = 750;
  row.agent_turns = 9;
  row.interruptions = 2;
  row.tokens = 12'345;
  return row;
}

AnswerRow full_answer() {
  AnswerRow row;
  row.contact = {7, 4'000'000'000};
  row.attempt = 2;
  row.question = 254;
  row.status = AnswerRow::Status::dont_know;
  row.by_speech = true;
  row.by_agent = true;
  row.position = 4'100'000'000;
  row.turn = 4'200'000'000;
  row.at = instant_from_ms(1'772'438'400'123);
  row.confidence_thousandths = 871;
  row.value = "3";
  row.words = "direi tre";
  return row;
}

// As a table has it once others have been settled behind it.
AttemptRow kept(const AttemptRow& row) {
  AttemptTable table;
  table.settle(table.append(row));
  table.settle(table.append({}));
  return table[0];
}

AnswerRow kept(const AnswerRow& row, AnswerTable& table) {
  table.append(row);
  return table[table.size() - 1];
}

}  // namespace

BOOST_AUTO_TEST_CASE(an_attempt_is_read_as_it_was_written) {
  BOOST_CHECK(kept(AttemptRow{}) == AttemptRow{});
  BOOST_CHECK(kept(full_row()) == full_row());
}

BOOST_AUTO_TEST_CASE(whatever_a_log_says_of_an_attempt_is_kept) {
  for (const auto extreme : {least, most, std::int64_t{-1}}) {
    auto row = full_row();
    row.requested_at = instant_from_ms(extreme);
    row.ended_at = instant_from_ms(most);
    row.ringing_at = instant_from_ms(least);
    row.retry_due_ms = least;
    row.offset_minutes = row.seconds = row.sip = row.code = row.tokens = extreme;
    BOOST_CHECK(kept(row) == row);
  }
  // Sids that are none of Twilio's, and longer texts than are kept once.
  const auto zeros = std::string(1, '\0') + "CA";
  for (const auto& text :
       {std::string("CA1.1"), std::string("CA0123456789ABCDEF0123456789ABCDEF"),
        std::string("CA0123456789abcdef0123456789abcdef0"), zeros, std::string(70'000, 'x')}) {
    auto row = full_row();
    row.sid = row.status = row.agent_fault = text;
    BOOST_CHECK(kept(row) == row);
  }
}

BOOST_AUTO_TEST_CASE(more_different_texts_than_are_kept_once_are_kept_all_the_same) {
  AttemptTable table;
  const auto text = [](std::size_t n) { return "fault " + std::to_string(n); };
  const auto texts = CommonTexts::texts_max + 10;
  for (std::size_t n = 0; n < texts; ++n) {
    AttemptRow row;
    row.agent_fault = text(n);
    table.settle(table.append(row));
  }
  for (std::size_t n = 0; n < texts; ++n) BOOST_TEST(table[n].agent_fault == text(n));
}

BOOST_AUTO_TEST_CASE(an_attempt_changes_until_it_is_over_and_after) {
  AttemptTable table;
  table.append(full_row());
  table.change(0).seconds = 1;
  BOOST_TEST(table[0].seconds == 1);
  table.settle(0);
  // At once: a retry follows on the end.
  table.change(0).retry_due_ms = 5;
  table.settle(0);
  BOOST_TEST(table[0].retry_due_ms == 5);
  table.settle(table.append({}));
  // Long after: the carrier has a recording.
  table.change(0).recording = "RE1";
  table.change(0).recorded_seconds = 3;
  table.settle(0);
  table.settle(1);
  auto expected = full_row();
  expected.seconds = 1;
  expected.retry_due_ms = 5;
  expected.recording = "RE1";
  expected.recorded_seconds = 3;
  BOOST_CHECK(table[0] == expected);
  BOOST_CHECK(table[1] == AttemptRow{});
}

BOOST_AUTO_TEST_CASE(a_copy_of_a_table_goes_its_own_way) {
  AttemptTable table;
  table.settle(table.append(full_row()));
  table.settle(table.append({}));
  auto copy = table;
  copy.change(0).seconds = 1;
  copy.settle(0);
  copy.settle(1);
  BOOST_TEST(copy[0].seconds == 1);
  BOOST_TEST(table[0].seconds == 3'600);
}

BOOST_AUTO_TEST_CASE(an_answer_is_read_as_it_was_written) {
  AnswerTable table;
  BOOST_CHECK(kept(AnswerRow{}, table) == AnswerRow{});
  BOOST_CHECK(kept(full_answer(), table) == full_answer());
  auto silent = full_answer();
  silent.value = silent.words = {};
  BOOST_CHECK(kept(silent, table) == silent);
}

// Places are kept of few of them, and chunks end between any two.
BOOST_AUTO_TEST_CASE(answers_are_found_among_very_many) {
  std::mt19937 random(20'260'302);
  std::vector<std::string> words;
  AnswerTable table;
  const auto answer = [&](std::size_t n) {
    AnswerRow row;
    row.contact = {0, static_cast<std::uint32_t>(n + 1)};
    row.at = instant_from_ms(static_cast<std::int64_t>(n));
    row.words = words[n];
    return row;
  };
  for (std::size_t n = 0; n < 3'000; ++n) {
    const auto longest = n % 500 == 77 ? 200'000U : 300U;
    words.emplace_back(random() % longest, static_cast<char>('a' + n % 26));
    table.append(answer(n));
  }
  std::size_t wrong = 0;
  for (std::size_t n = words.size(); n > 0; --n) wrong += table[n - 1] != answer(n - 1);
  BOOST_TEST(wrong == 0U);
  std::size_t n = 0;
  for (const auto& row : table) wrong += row != answer(n++);
  BOOST_TEST(n == words.size());
  BOOST_TEST(wrong == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
