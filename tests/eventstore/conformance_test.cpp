// What every store must do, run on the one on disk and on the simulated one.
#include <boost/test/unit_test.hpp>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "eventstore/chain.hpp"
#include "eventstore/sqlite_event_store.hpp"
#include "tests/eventstore/log_fixture.hpp"
#include "tests/support/simulated_event_store.hpp"

BOOST_AUTO_TEST_SUITE(conformance)

namespace {

using eventstore::EventStore;
using eventstore::Hash;
using eventstore::NewEvent;
using eventstore::Position;
using eventstore::RecordedEvent;
using log_fixture::event;
using log_fixture::full_event;

// A log on disk that a test can settle (wait until all is durable) and open again.
class OnDisk {
 public:
  explicit OnDisk(std::optional<eventstore::Secret> master_key = {})
      : master_key_(std::move(master_key)) {
    open(true);
  }
  EventStore& store() { return *store_; }
  void settle() { store_->wait_until_durable(); }
  void reopen() { open(false); }

 private:
  void open(bool create) {
    store_.reset();
    eventstore::SqliteEventStore::Options options;
    options.path = folder_ / "log.db";
    options.create = create;
    options.master_key = master_key_;
    store_ = std::make_unique<eventstore::SqliteEventStore>(std::move(options));
  }

  log_fixture::TemporaryFolder folder_{};
  std::optional<eventstore::Secret> master_key_;
  std::unique_ptr<eventstore::SqliteEventStore> store_{};
};

// The same, sealed.
class Sealed : public OnDisk {
 public:
  Sealed() : OnDisk(eventstore::Secret{}) {}
};

class Simulated {
 public:
  EventStore& store() { return *store_; }
  void settle() { store_->commit_all(); }
  void reopen() {
    settle();
    store_ =
        std::make_unique<support::SimulatedEventStore>(store_->events(), store_->destroyed_keys());
  }

 private:
  std::unique_ptr<support::SimulatedEventStore> store_ =
      std::make_unique<support::SimulatedEventStore>();
};

using Stores = std::tuple<OnDisk, Simulated>;
using StoresThatForget = std::tuple<Sealed, Simulated>;

std::vector<std::string> payloads_from(const EventStore& store, Position from) {
  std::vector<std::string> payloads;
  store.read(from, [&](const RecordedEvent& read) {
    payloads.emplace_back(read.payload);
    return true;
  });
  return payloads;
}

// What the hash of the last event is once these events are in a log.
template <typename Log>
Hash head_after_the_same_story() {
  Log log;
  log.store().append({event("runner", 1), full_event("contact/a/1", 1)}, 1000);
  log.store().append({event("runner", 2)}, 1000);
  log.settle();
  log.reopen();
  log.store().append({full_event("contact/a/1", 2)}, 2000);
  log.settle();
  Hash head{};
  log.store().read(1, [&](const RecordedEvent& read) {
    head = read.hash;
    return true;
  });
  return head;
}

}  // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(an_empty_log_has_nothing_and_epoch_one, Log, Stores) {
  Log log;
  BOOST_TEST(log.store().last() == 0u);
  BOOST_TEST(log.store().durable().position() == 0u);
  BOOST_TEST(log.store().waiting() == 0u);
  BOOST_TEST(log.store().epoch() == 1u);
  BOOST_TEST(!log.store().disk_full());
  BOOST_TEST(log.store().version_of("runner") == 0u);
  BOOST_TEST(payloads_from(log.store(), 1).empty());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(positions_are_given_at_once_and_without_gaps, Log, Stores) {
  Log log;
  BOOST_TEST(log.store().append({event("a", 1), event("b", 1)}, 5) == 2u);
  BOOST_TEST(log.store().append({event("a", 2)}, 5) == 3u);
  BOOST_TEST(log.store().append({}, 5) == 3u);
  BOOST_TEST(log.store().last() == 3u);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_is_settled_is_durable_and_nothing_waits, Log, Stores) {
  Log log;
  log.store().append({event("a", 1), event("b", 1)}, 5);
  log.settle();
  BOOST_TEST(log.store().durable().position() == 2u);
  BOOST_TEST(log.store().durable().covers(2));
  BOOST_TEST(!log.store().durable().covers(3));
  BOOST_TEST(log.store().waiting() == 0u);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(every_column_comes_back_as_it_was_given, Log, Stores) {
  Log log;
  NewEvent given = full_event("contact/survey/12", 1);
  given.cause = 1;
  log.store().append({event("runner", 1), given}, 1700000000123);
  log.settle();
  for (int round = 0; round < 2; ++round) {
    std::size_t seen = 0;
    Hash before{};
    log.store().read(1, [&](const RecordedEvent& read) {
      ++seen;
      BOOST_TEST(read.position == seen);
      BOOST_TEST(read.recorded_at == 1700000000123);
      BOOST_TEST(read.epoch == 1u);
      BOOST_TEST(eventstore::to_hex(read.hash) ==
                 eventstore::to_hex(eventstore::chain_hash(before, read)));
      before = read.hash;
      if (seen == 1) {
        BOOST_TEST(!read.occurred_at.has_value());
        BOOST_TEST(!read.key_id.has_value());
        BOOST_TEST(read.cause == 0u);
        BOOST_TEST(read.personal.empty());
        return true;
      }
      BOOST_TEST(read.stream == given.stream);
      BOOST_TEST(read.version == 1u);
      BOOST_TEST(read.type == given.type);
      BOOST_TEST(read.schema == 3u);
      BOOST_TEST(read.occurred_at.value() == -1);
      BOOST_TEST(read.cause == 1u);
      BOOST_TEST(read.key_id.value() == 77u);
      BOOST_TEST((read.personal == given.personal));
      BOOST_TEST(read.payload == given.payload);
      return true;
    });
    BOOST_TEST(seen == 2u);
    log.reopen();
  }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(reading_begins_where_asked_and_ends_when_told, Log, Stores) {
  Log log;
  for (std::uint32_t i = 1; i <= 5; ++i) log.store().append({event("a", i, std::to_string(i))}, 5);
  log.settle();
  const std::vector<std::string> from_three = {"3", "4", "5"};
  BOOST_TEST(payloads_from(log.store(), 3) == from_three, boost::test_tools::per_element());
  BOOST_TEST(payloads_from(log.store(), 0).size() == 5u);
  BOOST_TEST(payloads_from(log.store(), 6).empty());
  std::vector<std::string> seen;
  log.store().read(2, [&](const RecordedEvent& read) {
    seen.emplace_back(read.payload);
    return seen.size() < 2;
  });
  const std::vector<std::string> two = {"2", "3"};
  BOOST_TEST(seen == two, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_wrong_version_is_refused_and_changes_nothing, Log, Stores) {
  Log log;
  log.store().append({event("a", 1)}, 5);
  BOOST_CHECK_THROW(log.store().append({event("a", 1)}, 5), eventstore::VersionConflict);
  BOOST_CHECK_THROW(log.store().append({event("b", 1), event("a", 3)}, 5),
                    eventstore::VersionConflict);
  BOOST_TEST(log.store().last() == 1u);
  BOOST_TEST(log.store().version_of("b") == 0u);
  BOOST_TEST(log.store().append({event("b", 1), event("a", 2)}, 5) == 3u);
  log.settle();
  BOOST_TEST(payloads_from(log.store(), 1).size() == 3u);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(versions_count_what_waits_and_what_was_read_at_the_start, Log,
                              Stores) {
  Log log;
  log.store().append({event("a", 1), event("a", 2)}, 5);
  BOOST_TEST(log.store().version_of("a") == 2u);
  log.reopen();
  BOOST_TEST(log.store().version_of("a") == 2u);
  BOOST_CHECK_THROW(log.store().append({event("a", 2)}, 5), eventstore::VersionConflict);
  log.store().append({event("a", 3)}, 5);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(the_epoch_grows_with_each_run_that_wrote, Log, Stores) {
  Log log;
  log.store().append({event("a", 1)}, 5);
  log.reopen();
  BOOST_TEST(log.store().epoch() == 2u);
  log.store().append({event("a", 2)}, 5);
  log.reopen();
  BOOST_TEST(log.store().epoch() == 3u);
  std::vector<std::uint32_t> epochs;
  log.store().read(1, [&](const RecordedEvent& read) {
    epochs.push_back(read.epoch);
    return true;
  });
  const std::vector<std::uint32_t> expected = {1, 2};
  BOOST_TEST(epochs == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(who_is_forgotten_is_gone_and_the_others_are_not, Log,
                              StoresThatForget) {
  const auto person = [](std::uint64_t id, std::uint32_t version) {
    NewEvent about = event("contact/a/" + std::to_string(id), version);
    about.key_id = id;
    about.personal = "person " + std::to_string(id);
    return about;
  };
  const auto shown = [](const EventStore& store) {
    std::vector<std::string> texts;
    store.read(1, [&](const RecordedEvent& read) {
      texts.push_back(read.forgotten ? "forgotten" : std::string(read.personal));
      BOOST_TEST((!read.forgotten || read.personal.empty()));
      return true;
    });
    return texts;
  };
  Log log;
  log.store().append({person(1, 1), person(2, 1), event("runner", 1)}, 5);
  log.settle();
  const std::vector<std::string> before = {"person 1", "person 2", ""};
  BOOST_TEST(shown(log.store()) == before, boost::test_tools::per_element());
  BOOST_TEST(!log.store().destroying_keys());
  log.store().append({person(1, 2)}, 6);
  log.store().destroy_keys({1});
  BOOST_TEST(log.store().destroying_keys());
  log.settle();
  log.reopen();
  BOOST_TEST(!log.store().destroying_keys());
  log.store().append({person(1, 3)}, 7);
  log.settle();
  const std::vector<std::string> after = {"forgotten", "person 2", "", "forgotten", "forgotten"};
  for (int round = 0; round < 2; ++round) {
    BOOST_TEST(shown(log.store()) == after, boost::test_tools::per_element());
    log.reopen();
  }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_is_read_sealed_is_what_the_chain_covers, Log, StoresThatForget) {
  NewEvent about = event("contact/a/1", 1);
  about.key_id = 1;
  about.personal = "person 1";
  Log log;
  log.store().append({about, event("runner", 1, "last")}, 5);
  log.settle();
  for (int round = 0; round < 2; ++round) {
    Hash before{};
    std::vector<Position> seen;
    log.store().read_sealed(1, [&](const RecordedEvent& read) {
      BOOST_TEST(!read.forgotten);
      BOOST_TEST(read.personal.empty() == (read.position == 2));
      BOOST_TEST(eventstore::to_hex(read.hash) ==
                 eventstore::to_hex(eventstore::chain_hash(before, read)));
      before = read.hash;
      seen.push_back(read.position);
      return true;
    });
    BOOST_TEST(seen == (std::vector<Position>{1, 2}), boost::test_tools::per_element());
    std::vector<std::string> behind;
    log.store().read_sealed(2, [&](const RecordedEvent& read) {
      behind.emplace_back(read.payload);
      return true;
    });
    BOOST_TEST(behind == std::vector<std::string>{"last"}, boost::test_tools::per_element());
    // Whoever is forgotten is no other than before.
    log.store().destroy_keys({1});
    log.settle();
    log.reopen();
  }
}

BOOST_AUTO_TEST_CASE(both_stores_write_the_same_chain) {
  const std::string on_disk = eventstore::to_hex(head_after_the_same_story<OnDisk>());
  BOOST_TEST(on_disk == eventstore::to_hex(head_after_the_same_story<Simulated>()));
  BOOST_TEST(on_disk != eventstore::to_hex(Hash{}));
}

BOOST_AUTO_TEST_SUITE_END()
