// What a loss of power can leave of a log. A run of appends, checkpoints and restarts is written
// down call by call; then, for many moments of it, folders are made in which unsynced work is kept,
// gone, torn at sectors or has a wrong bit, and each is opened by the real store.
//
//   CAMPANILE_IMAGES (600), CAMPANILE_SEED (1)
#include <algorithm>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "eventstore/log_reader.hpp"
#include "eventstore/sqlite_event_store.hpp"
#include "tests/eventstore/log_fixture.hpp"
#include "tests/eventstore/watched_disk.hpp"

BOOST_AUTO_TEST_SUITE(crash_images)

namespace {

namespace fs = std::filesystem;

using eventstore::Hash;
using eventstore::Position;
using eventstore::RecordedEvent;
using eventstore::SqliteEventStore;
using log_fixture::event;
using log_fixture::TemporaryFolder;
using watched_disk::CrashImages;
using watched_disk::Recording;
using watched_disk::Step;

std::size_t number_from(const char* name, std::size_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

SqliteEventStore::Options options_for(const fs::path& log, bool create) {
  SqliteEventStore::Options options;
  options.path = log;
  options.create = create;
  if (create) options.first = {event("runner", 1)};
  options.reserve_bytes_max = 4096;
  options.witness_sync_every = std::chrono::milliseconds(2);
  return options;
}

// What was done, and what every event of it looks like: the hash covers all its bytes.
struct Run {
  TemporaryFolder folder{TemporaryFolder::in_memory()};
  std::unique_ptr<Recording> recording{};
  std::vector<Hash> hashes{};
};

// Four openings. Single appends and groups, small events and some of many pages, so that the WAL is
// copied and used anew in between.
std::unique_ptr<Run> run(std::mt19937_64& dice) {
  auto run = std::make_unique<Run>();
  const fs::path log = run->folder / "log.db";
  run->recording = std::make_unique<Recording>(run->folder.path());
  for (int opening = 0; opening < 4; ++opening) {
    auto options = options_for(log, opening == 0);
    // Told as early as anybody could know it. Only while one batch is under way is it known what
    // the writer thread has just made durable.
    std::atomic<Position> in_flight{0};
    std::atomic<std::uint64_t> callbacks{0};
    options.on_durable = [&] {
      if (const Position position = in_flight.exchange(0)) run->recording->told(position);
      ++callbacks;
    };
    SqliteEventStore store(std::move(options));
    run->recording->told(store.durable().position());
    std::uint32_t version = store.version_of("a");
    for (int i = 0; i < 110; ++i) {
      const std::size_t batches = dice() % 8 == 0 ? 1 + dice() % 5 : 1;
      const bool large = dice() % 16 == 0;
      if (batches == 1) in_flight = store.last() + 1;
      for (std::size_t batch = 0; batch < batches; ++batch) {
        ++version;
        store.append({event("a", version, std::string(large ? 60'000 : dice() % 300, 'x'))},
                     version);
      }
      store.wait_until_durable();
      while (callbacks < store.commits()) std::this_thread::yield();
      if (batches > 1) run->recording->told(store.last());
    }
  }
  run->recording->stop();
  eventstore::LogReader(log).read(1, [&](const RecordedEvent& read) {
    run->hashes.push_back(read.hash);
    return true;
  });
  BOOST_REQUIRE(run->hashes.size() == run->recording->all_told().back().position);
  return run;
}

Position told_before(const Run& run, std::size_t steps) {
  Position position = 0;
  for (const auto& told : run.recording->all_told()) {
    if (told.steps <= steps) position = std::max<Position>(position, told.position);
  }
  return position;
}

// What is wrong with the log in this folder; empty when nothing is.
std::string trouble_in(const fs::path& folder, const Run& run, Position told) {
  const fs::path log = folder / "log.db";
  const bool none = !fs::exists(log);
  if (none && told > 0) return "the log is gone";
  Position last = 0;
  std::string changed;
  try {
    // Where there is none yet, it can be made.
    const SqliteEventStore store(options_for(log, none), [&](const RecordedEvent& read) {
      last = read.position;
      if (none) return;
      if (last > run.hashes.size() || read.hash != run.hashes[last - 1]) {
        changed = "event " + std::to_string(last) + " is another one";
      }
    });
  } catch (const eventstore::LogFailed& failure) {
    return failure.what();
  }
  if (last < told) {
    return std::to_string(told) + " events were told, " + std::to_string(last) + " are there";
  }
  return changed;
}

struct Outcome {
  std::size_t images = 0;
  std::size_t bad = 0;
  std::string first{};
};

Outcome survey(const Run& run, std::size_t images, std::mt19937_64& dice,
               bool (*honest)(const Step&) = nullptr) {
  const std::vector<Step>& steps = run.recording->steps();
  std::vector<std::size_t> moments(images);
  for (std::size_t& moment : moments) moment = dice() % (steps.size() + 1);
  // The making of the log is short and has its own dangers.
  for (std::size_t i = 0; i < images / 8; ++i) moments[i] = dice() % 60;
  std::sort(moments.begin(), moments.end());
  CrashImages crash(steps, honest);
  Outcome outcome;
  const TemporaryFolder base(TemporaryFolder::in_memory());
  for (const std::size_t moment : moments) {
    crash.play(moment);
    const fs::path folder = base / "image";
    fs::create_directory(folder);
    constexpr double chances[] = {0, 0.3, 0.7, 1};
    const watched_disk::Loss loss{chances[dice() % 4], chances[dice() % 4],
                                  chances[dice() % 3] / 2};
    crash.write(folder, loss, dice);
    const std::string trouble = trouble_in(folder, run, told_before(run, moment));
    ++outcome.images;
    if (!trouble.empty() && outcome.bad++ == 0) {
      outcome.first = "step " + std::to_string(moment) + ": " + trouble;
    }
    fs::remove_all(folder);
  }
  return outcome;
}

bool syncs_all_but_the_wal(const Step& step) {
  return step.kind != Step::Kind::sync || step.name != "log.db-wal";
}

bool syncs_all_but_the_database(const Step& step) {
  return step.kind != Step::Kind::sync || step.name != "log.db";
}

bool syncs_all_but_folders(const Step& step) {
  return step.kind != Step::Kind::sync_folder;
}

bool syncs_all_but_the_witness(const Step& step) {
  return step.kind != Step::Kind::sync || step.name != "log.db.head";
}

}  // namespace

BOOST_AUTO_TEST_CASE(no_loss_of_power_loses_what_was_told) {
  std::mt19937_64 dice(number_from("CAMPANILE_SEED", 1));
  std::size_t left = number_from("CAMPANILE_IMAGES", 600);
  std::size_t images = 0;
  while (left > 0) {
    const auto recorded = run(dice);
    const Outcome outcome = survey(*recorded, std::min<std::size_t>(left, 1000), dice);
    BOOST_TEST(outcome.bad == 0u, outcome.first);
    images += outcome.images;
    left -= outcome.images;
  }
  BOOST_TEST_MESSAGE(images << " crash images");
}

// The test itself: on a disk that leaves one kind of sync out, it must find what is lost. How the
// writer's thread groups what it commits is another each time, and in few groups a loss can hide,
// so it looks at further runs before it gives up.
BOOST_AUTO_TEST_CASE(a_disk_that_lies_is_found_out) {
  std::mt19937_64 dice(number_from("CAMPANILE_SEED", 1));
  const auto found_out = [&](bool (*syncs)(const Step&)) {
    constexpr int runs_max = 20;
    for (int i = 0; i < runs_max; ++i) {
      if (survey(*run(dice), 60, dice, syncs).bad > 0) return true;
    }
    return false;
  };
  BOOST_TEST(found_out(syncs_all_but_the_wal));
  BOOST_TEST(found_out(syncs_all_but_the_database));
  BOOST_TEST(found_out(syncs_all_but_folders));
  // Both slots may then be spoilt at once, which is refused.
  BOOST_TEST(found_out(syncs_all_but_the_witness));
}

BOOST_AUTO_TEST_SUITE_END()
