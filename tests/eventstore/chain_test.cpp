#include "eventstore/chain.hpp"

#include <boost/test/unit_test.hpp>
#include <functional>
#include <set>
#include <vector>

BOOST_AUTO_TEST_SUITE(chain)

namespace {

using eventstore::chain_hash;
using eventstore::Hash;
using eventstore::RecordedEvent;
using eventstore::to_hex;

RecordedEvent answer() {
  RecordedEvent event;
  event.position = 2;
  event.stream = "contact/survey/12";
  event.version = 5;
  event.type = "AnswerGiven";
  event.schema = 1;
  event.recorded_at = 1700000000123;
  event.occurred_at = 1699999999000;
  event.epoch = 3;
  event.cause = 1;
  event.key_id = 12;
  event.personal = std::string_view("\x00\xff", 2);
  event.payload = R"({"question":"q1","value":"2"})";
  return event;
}

RecordedEvent smallest() {
  RecordedEvent event;
  event.position = 1;
  event.stream = "runner";
  event.version = 1;
  event.type = "LogCreated";
  event.recorded_at = 0;
  event.epoch = 1;
  event.payload = "{}";
  return event;
}

}  // namespace

// Computed by a program of its own from the words in chain.hpp. These never change: every log
// that exists depends on them.
BOOST_AUTO_TEST_CASE(hashes_are_what_they_always_were) {
  const Hash first = chain_hash(Hash{}, smallest());
  BOOST_TEST(to_hex(first) == "3d71a8ace3a0b534b6266f145e7cd857e404dcbcc7d72efb01e183787555ae6f");
  BOOST_TEST(to_hex(chain_hash(first, answer())) ==
             "1619b475b66f0b9749fa7b4d628254749b9b36e6fe853b77b346d3bf67683a1d");
}

BOOST_AUTO_TEST_CASE(every_column_and_the_hash_before_count) {
  const std::vector<std::function<void(RecordedEvent&)>> changes = {
      [](RecordedEvent&) {},
      [](RecordedEvent& e) { e.position = 3; },
      [](RecordedEvent& e) { e.stream = "contact/survey/13"; },
      [](RecordedEvent& e) { e.version = 6; },
      [](RecordedEvent& e) { e.type = "AnswerInvalid"; },
      [](RecordedEvent& e) { e.schema = 2; },
      [](RecordedEvent& e) { e.recorded_at += 1; },
      [](RecordedEvent& e) { *e.occurred_at += 1; },
      [](RecordedEvent& e) { e.occurred_at.reset(); },
      [](RecordedEvent& e) { e.epoch = 4; },
      [](RecordedEvent& e) { e.cause = 0; },
      [](RecordedEvent& e) { e.key_id = 13; },
      [](RecordedEvent& e) { e.key_id.reset(); },
      [](RecordedEvent& e) { e.personal = "\xff"; },
      [](RecordedEvent& e) { e.personal = {}; },
      [](RecordedEvent& e) { e.payload = R"({"question":"q1","value":"3"})"; },
  };
  std::set<Hash> seen;
  for (const auto& change : changes) {
    RecordedEvent event = answer();
    change(event);
    seen.insert(chain_hash(Hash{}, event));
  }
  Hash other_before{};
  other_before[31] = 1;
  seen.insert(chain_hash(other_before, answer()));
  BOOST_TEST(seen.size() == changes.size() + 1);
}

BOOST_AUTO_TEST_CASE(bytes_that_move_from_one_column_to_the_next_count) {
  RecordedEvent one = answer();
  one.personal = "ab";
  one.payload = "c";
  RecordedEvent other = answer();
  other.personal = "a";
  other.payload = "bc";
  BOOST_TEST(to_hex(chain_hash(Hash{}, one)) != to_hex(chain_hash(Hash{}, other)));
}

BOOST_AUTO_TEST_CASE(the_own_hash_of_an_event_does_not_count) {
  RecordedEvent event = answer();
  const Hash hash = chain_hash(Hash{}, event);
  event.hash = hash;
  BOOST_TEST(to_hex(chain_hash(Hash{}, event)) == to_hex(hash));
}

BOOST_AUTO_TEST_CASE(long_columns_are_hashed_to_their_end) {
  std::string text(5000, 'x');
  RecordedEvent event = answer();
  event.payload = text;
  const Hash whole = chain_hash(Hash{}, event);
  text.back() = 'y';
  BOOST_TEST(to_hex(chain_hash(Hash{}, event)) != to_hex(whole));
}

BOOST_AUTO_TEST_SUITE_END()
