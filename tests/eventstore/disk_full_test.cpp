// On a file system of its own that is really full. Where this process may not mount one, the test
// says so and is skipped.
#include <sys/mount.h>

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "eventstore/log_reader.hpp"
#include "eventstore/sqlite_event_store.hpp"
#include "tests/eventstore/log_fixture.hpp"

namespace {

// Two MiB that go away with the test.
class SmallDisk {
 public:
  SmallDisk()
      : mounted_(mount("tmpfs", folder_.path().c_str(), "tmpfs", 0, "size=2m,mode=0700") == 0) {}
  ~SmallDisk() {
    if (mounted_) umount2(folder_.path().c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  bool mounted() const { return mounted_; }
  std::filesystem::path log() const { return folder_ / "log.db"; }

  // Leaves no byte free, until make_space.
  void fill() {
    std::ofstream file(folder_ / "filler", std::ios::binary);
    const std::string page(4096, 'x');
    while (file.write(page.data(), static_cast<std::streamsize>(page.size())).flush()) continue;
  }
  // Gives a few bytes back.
  void leave(std::uintmax_t bytes) {
    std::filesystem::resize_file(folder_ / "filler",
                                 std::filesystem::file_size(folder_ / "filler") - bytes);
  }
  void make_space() { std::filesystem::remove(folder_ / "filler"); }

 private:
  log_fixture::TemporaryFolder folder_{};
  bool mounted_;
};

boost::test_tools::assertion_result small_disks(boost::unit_test::test_unit_id) {
  if (SmallDisk().mounted()) return true;
  boost::test_tools::assertion_result no(false);
  no.message() << "this process may not mount a file system";
  return no;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(disk_full, *boost::unit_test::precondition(small_disks))

namespace {

namespace fs = std::filesystem;

using eventstore::SqliteEventStore;
using log_fixture::event;

// Lets a test wait for what the writer thread tells.
class Bell {
 public:
  void ring() {
    const std::lock_guard guard(mutex_);
    ++rung_;
    changed_.notify_all();
  }
  template <typename Condition>
  void wait_until(Condition condition) {
    std::unique_lock held(mutex_);
    changed_.wait(held, condition);
  }

 private:
  std::mutex mutex_{};
  std::condition_variable changed_{};
  int rung_ = 0;
};

std::unique_ptr<SqliteEventStore> open(
    const fs::path& log, bool create, Bell& bell, std::optional<eventstore::Secret> master_key = {},
    const std::function<void(const eventstore::RecordedEvent&)>& replay = {}) {
  SqliteEventStore::Options options;
  options.path = log;
  options.create = create;
  options.on_durable = [&bell] { bell.ring(); };
  options.master_key = std::move(master_key);
  return std::make_unique<SqliteEventStore>(std::move(options), replay);
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_batch_waits_for_space_and_nothing_is_lost) {
  Bell bell;
  SmallDisk disk;
  // Four of them are more than the reserve has.
  const std::string payload(100'000, 'x');
  auto store = open(disk.log(), true, bell);
  store->append({event("a", 1)}, 1);
  store->wait_until_durable();
  disk.fill();
  for (std::uint32_t version = 2; version <= 5; ++version) {
    store->append({event("a", version, payload)}, version);
  }
  bell.wait_until([&] { return store->disk_full(); });
  bell.wait_until([&] { return store->has_no_space(); });
  BOOST_TEST(store->waiting() > 0u);
  const eventstore::Position durable_when_full = store->durable().position();
  BOOST_TEST(store->append({event("a", 6)}, 6) == 6u);
  disk.make_space();
  store->wait_until_durable();
  BOOST_TEST(durable_when_full < 5u);
  BOOST_TEST(store->durable().position() == 6u);
  BOOST_TEST(!store->has_no_space());
  bell.wait_until([&] { return !store->disk_full(); });
  store.reset();
  store = open(disk.log(), false, bell);
  BOOST_TEST(store->last() == 6u);
}

BOOST_AUTO_TEST_CASE(a_store_on_a_full_disk_can_be_ended_and_keeps_what_was_durable) {
  Bell bell;
  SmallDisk disk;
  auto store = open(disk.log(), true, bell);
  store->append({event("a", 1)}, 1);
  store->wait_until_durable();
  disk.fill();
  store->append({event("a", 2, std::string(600'000, 'x'))}, 2);
  bell.wait_until([&] { return store->disk_full(); });
  store.reset();
  disk.make_space();
  store = open(disk.log(), false, bell);
  BOOST_TEST(store->last() == 1u);
  store->append({event("a", 2)}, 2);
  store->wait_until_durable();
  BOOST_TEST(eventstore::LogReader(disk.log()).verify([](const eventstore::Problem&) {}));
}

// Calls that are under way come to their end in the space of the reserve, and dialling, which asks
// disk_full(), does not begin and stop with every page that comes free.
BOOST_AUTO_TEST_CASE(the_reserve_lets_live_work_end_and_the_disk_stays_full_until_it_is_back) {
  Bell bell;
  SmallDisk disk;
  auto store = open(disk.log(), true, bell);
  const fs::path reserve = disk.log().string() + ".reserve";
  BOOST_TEST(fs::file_size(reserve) > 100'000u);
  disk.fill();
  store->append({event("a", 1, std::string(20'000, 'x'))}, 1);
  bell.wait_until([&] { return store->disk_full(); });
  BOOST_TEST(!fs::exists(reserve));
  store->wait_until_durable();
  store->append({event("a", 2)}, 1);
  store->wait_until_durable();
  BOOST_TEST(store->disk_full());
  BOOST_TEST(!store->has_no_space());
  // Somebody else takes what it gave up.
  disk.fill();
  store->append({event("a", 3, std::string(20'000, 'x'))}, 1);
  bell.wait_until([&] { return store->has_no_space(); });
  disk.make_space();
  bell.wait_until([&] { return !store->disk_full(); });
  BOOST_TEST(!store->has_no_space());
  BOOST_TEST(fs::exists(reserve));
  store.reset();
  BOOST_TEST(!fs::exists(reserve));
}

BOOST_AUTO_TEST_CASE(a_disk_that_has_no_room_for_a_reserve_is_full) {
  Bell bell;
  SmallDisk disk;
  open(disk.log(), true, bell);
  disk.fill();
  // SQLite itself needs some to open it.
  BOOST_CHECK_EXCEPTION(open(disk.log(), false, bell), eventstore::LogFailed, [](const auto& e) {
    return std::string(e.what()).find("the disk is full") != std::string::npos;
  });
  disk.leave(60'000);
  auto store = open(disk.log(), false, bell);
  BOOST_TEST(store->disk_full());
  disk.make_space();
  bell.wait_until([&] { return !store->disk_full(); });
}

BOOST_AUTO_TEST_CASE(a_log_is_not_made_halfway_on_a_full_disk) {
  Bell bell;
  SmallDisk disk;
  disk.fill();
  BOOST_CHECK_THROW(open(disk.log(), true, bell), eventstore::LogFailed);
  BOOST_TEST(!fs::exists(disk.log()));
  BOOST_TEST(!fs::exists(disk.log().string() + ".head"));
  disk.make_space();
  open(disk.log(), true, bell);
}

// More keys than fit: the full disk is met by the key file first.
BOOST_AUTO_TEST_CASE(new_keys_wait_for_space_and_seal_nothing_twice) {
  Bell bell;
  SmallDisk disk;
  const eventstore::Secret master;
  auto store = open(disk.log(), true, bell, master);
  disk.fill();
  const auto about = [](std::uint64_t person) {
    eventstore::NewEvent made = event("contact/a/" + std::to_string(person), 1);
    made.key_id = person;
    made.personal = "person " + std::to_string(person);
    return made;
  };
  for (std::uint64_t person = 1; person <= 3000; ++person) store->append({about(person)}, 1);
  store->destroy_keys({3});
  bell.wait_until([&] { return store->disk_full(); });
  BOOST_TEST(store->destroying_keys());
  disk.make_space();
  store->wait_until_durable();
  bell.wait_until([&] { return !store->destroying_keys(); });
  store.reset();
  std::uint64_t seen = 0;
  std::uint64_t forgotten = 0;
  store = open(disk.log(), false, bell, master, [&](const eventstore::RecordedEvent& read) {
    ++seen;
    forgotten += read.forgotten;
    BOOST_REQUIRE((read.forgotten || read.personal == "person " + std::to_string(seen)));
  });
  BOOST_TEST(seen == 3000u);
  BOOST_TEST(forgotten == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
