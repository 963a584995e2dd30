// How fast a log becomes a state again, beside what that must cost on the same file in the same
// run:
//
//   replay_bench [EVENTS [FOLDER]]        default 1,000,000 events
//
//   scan                      every column touched through SQLite's C interface
//   scan, JSON, map           each payload read by simdjson, counted in a hash map by stream
//   scan, JSON, map, SHA-256  and the chain over it
//   scan, events, fold, SHA   each row decoded and folded as the program does, and the chain
//   start                     what a start does: lock, chain, versions, keys opened, fold, witness
//   ready                     the same up to the first look for somebody to call
//
// The log is one campaign of people who are called and answer a survey, twenty events each, sealed.
#include <SQLiteCpp/SQLiteCpp.h>
#include <malloc.h>
#include <simdjson.h>
#include <sqlite3.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "campaigns/campaign_file.hpp"
#include "campaigns/plan.hpp"
#include "eventstore/chain.hpp"
#include "eventstore/event_rows.hpp"
#include "eventstore/key_store.hpp"
#include "eventstore/sealing.hpp"
#include "eventstore/sqlite_event_store.hpp"
#include "runner/fold.hpp"
#include "runner/zone_loader.hpp"

namespace {

namespace fs = std::filesystem;
using namespace campaigns;

const eventstore::Secret master_key{};

double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

constexpr const char* campaign_file = R"({
  "id": "bench", "title": "Bench", "kind": "survey", "language": "it-IT",
  "contacts": {"file": "people.csv", "region": "IT", "columns": {"number": "number", "id": "id"}},
  "greeting": "Buongiorno {{name}}.", "goodbye": "Grazie.",
  "questions": [
    {"id": "q1", "type": "yes_no", "ask": "Va bene?"},
    {"id": "q2", "type": "rating", "ask": "Da uno a cinque?"},
    {"id": "q3", "type": "open", "ask": "Perché?", "by": ["speech"]}],
  "calling_hours": {"windows": [{"days": ["mon-sun"], "from": "00:00", "to": "24:00"}]},
  "pacing": {"calls_per_second": "1000", "lines": 10000}
})";

// Rows as the runner writes them, person after person.
class Writer {
 public:
  explicit Writer(const fs::path& log) {
    eventstore::SqliteEventStore::Options options;
    options.path = log;
    options.create = true;
    options.master_key = master_key;
    options.log_secret = eventstore::Secret{};
    LogCreated identity;
    identity.installation = "bench";
    identity.carrier = "rehearsal";
    options.first.push_back(row(Subject::runner(), 1, identity, {}));
    options.first_recorded_at = now_;
    store_.emplace(std::move(options));
    RunnerStarted run;
    run.epoch = 1;
    run.public_url = "http://runner.rehearsal";
    run.caller_id = "+390200000000";
    run.calls_per_second_thousandths = 1'000'000;
    add(Subject::runner(), 2, run);
  }

  void campaign(std::uint64_t people) {
    const auto read = parse_campaign_file(campaign_file);
    if (!read) {
      for (const auto& problem : read.error()) {
        std::printf("%s: %s\n", problem.where.c_str(), problem.what.c_str());
      }
      std::exit(1);
    }
    const auto subject = Subject::campaign("bench");
    CampaignSubmitted submitted;
    submitted.definition.text = print_campaign(read.value().campaign);
    submitted.definition_digest = "d";
    submitted.contacts_digest = "c";
    submitted.columns = {"id", "number", "name"};
    add(subject, 1, submitted);
    for (std::uint64_t n = 1; n <= people; ++n) {
      ContactEnrolled person;
      person.row = static_cast<std::int64_t>(n + 1);
      person.number_key = number_key_text(n * 0x9E3779B97F4A7C15u);
      person.language = "it-IT";
      person.zone = "Europe/Rome";
      person.number = "+39333" + std::to_string(1'000'000 + n);
      person.values = {"id-" + std::to_string(n), person.number, "Anna Rossi"};
      add(Subject::contact("bench", static_cast<std::uint32_t>(n)), 1, person);
    }
    add(subject, 2, EnrolmentCompleted{static_cast<std::int64_t>(people), 0});
    add(subject, 3, CampaignStarted{});
  }

  void call(std::uint32_t n) {
    const auto subject = Subject::contact("bench", n);
    std::uint32_t version = 1;
    const auto say = [&](Event event) { add(subject, ++version, std::move(event)); };
    CallRequested requested;
    requested.attempt = 1;
    requested.caller_id = "+390200000000";
    requested.slot = now_;
    requested.public_url = "http://runner.rehearsal";
    requested.offset_minutes = 60;
    requested.window = "00:00-24:00";
    say(requested);
    say(CallAccepted{1, "CA" + number_key_text(n * 0x9E3779B97F4A7C15u) + "0123456789abcdef"});
    say(CallInitiated{1});
    say(CallRinging{1});
    say(CallAnswered{1});
    say(AnswererDetected{1, "human"});
    std::int64_t turn = 0;
    for (const char* question : {"q1", "q2", "q3"}) {
      ++turn;
      say(PromptServed{1, turn, "question", question, ""});
      if (n % 3 == 0) {
        say(NoInput{1, turn, question});
        say(PromptServed{1, ++turn, "question", question, "silence"});
      }
      AnswerGiven given;
      given.attempt = 1;
      given.turn = turn;
      given.question = question;
      given.source = turn > 2 ? "speech" : "key";
      given.value = question == std::string("q3") ? "" : "1";
      if (question == std::string("q3")) given.words = "perché il servizio è stato molto cortese";
      say(given);
    }
    say(PromptServed{1, ++turn, "goodbye", "", ""});
    say(CallEnded{1, "completed", 42, 200, "callback"});
    say(AttemptClosed{1, Outcome::completed});
    say(ContactClosed{Place::done, Outcome::completed});
    now_ += 1;
  }

  std::uint64_t events() const { return events_ + 1; }
  void finish() {
    flush();
    store_->wait_until_durable();
    store_.reset();
  }

 private:
  static eventstore::NewEvent row(const Subject& subject, std::uint32_t version, Event event,
                                  std::optional<std::uint64_t> key) {
    Fact fact;
    fact.subject = subject;
    fact.version = version;
    fact.event = std::move(event);
    static const State nothing;
    auto made = runner::row_of(nothing, fact);
    if (!made.personal.empty()) made.key_id = key;
    return made;
  }
  void add(const Subject& subject, std::uint32_t version, Event event) {
    std::optional<std::uint64_t> key;
    if (subject.kind == Subject::Kind::contact) key = ContactRef{0, subject.ordinal}.packed();
    batch_.push_back(row(subject, version, std::move(event), key));
    ++events_;
    if (batch_.size() == 4000) flush();
  }
  void flush() {
    if (store_->waiting() > 20'000) store_->wait_until_durable();
    if (!batch_.empty()) store_->append(std::exchange(batch_, {}), now_);
  }

  std::optional<eventstore::SqliteEventStore> store_{};
  std::vector<eventstore::NewEvent> batch_{};
  std::uint64_t events_ = 0;
  std::int64_t now_ = 1'767'600'000'000;
};

double bare_scan(const fs::path& log) {
  SQLite::Database database(log.string(), SQLite::OPEN_READONLY);
  sqlite3_stmt* select = nullptr;
  sqlite3_prepare_v2(database.getHandle(), "SELECT * FROM event ORDER BY position", -1, &select,
                     nullptr);
  std::size_t touched = 0;
  const auto seconds = seconds_of([&] {
    while (sqlite3_step(select) == SQLITE_ROW) {
      for (int column = 0; column < 13; ++column) {
        touched += static_cast<std::size_t>(sqlite3_column_bytes(select, column));
        if (sqlite3_column_blob(select, column) == nullptr) ++touched;
      }
    }
    if (touched == 0) std::exit(1);
  });
  sqlite3_finalize(select);
  return seconds;
}

// Each row of the log, in its order, as the store reads it.
void for_each_row(const fs::path& log,
                  const std::function<void(const eventstore::RecordedEvent&)>& visit) {
  SQLite::Database database(log.string(), SQLite::OPEN_READONLY);
  eventstore::EventRows rows(database, "ORDER BY position");
  eventstore::RecordedEvent event;
  while (rows.next()) {
    if (!rows.read(event)) std::exit(1);
    visit(event);
  }
}

struct Counted {
  std::uint32_t events = 0;
  std::uint64_t bytes = 0;
};

double peer(const fs::path& log, bool with_hash) {
  return seconds_of([&] {
    simdjson::dom::parser parser;
    std::unordered_map<std::string, Counted> streams;
    eventstore::Hash before{};
    for_each_row(log, [&](const eventstore::RecordedEvent& event) {
      if (with_hash) before = chain_hash(before, event);
      simdjson::dom::object object;
      if (parser.parse(event.payload.data(), event.payload.size()).get(object)) std::exit(1);
      auto& counted = streams[std::string(event.stream)];
      ++counted.events;
      for (const auto member : object) counted.bytes += member.key.size();
    });
    if (streams.empty()) std::exit(1);
  });
}

double fold_without_the_store(const fs::path& log) {
  return seconds_of([&] {
    eventstore::KeyStore keys(eventstore::KeyStore::path_of(log), master_key,
                              eventstore::KeyStore::Access::read);
    runner::Folder folder;
    State state;
    eventstore::Hash before{};
    std::string plain;
    for_each_row(log, [&](eventstore::RecordedEvent event) {
      before = chain_hash(before, event);
      open_personal(keys, event, plain);
      folder.fold(state, event);
    });
  });
}

double start(const fs::path& log, const ZoneRules& rules, double& ready) {
  return seconds_of([&] {
    State state;
    runner::Folder folder;
    eventstore::SqliteEventStore::Options options;
    options.path = log;
    options.master_key = master_key;
    const auto before = std::chrono::steady_clock::now();
    const eventstore::SqliteEventStore store(
        std::move(options),
        [&](const eventstore::RecordedEvent& event) { folder.fold(state, event); });
    if (next_wakeup(state, rules, instant_from_ms(1'767'700'000'000), {})) std::puts("");
    ready = std::chrono::duration<double>(std::chrono::steady_clock::now() - before).count();
  });
}

}  // namespace

int main(int argc, char** argv) {
  const std::uint64_t wanted = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  const fs::path folder = argc > 2 ? fs::path(argv[2]) : fs::temp_directory_path();
  const fs::path log = folder / "campanile-replay-bench.db";
  const auto remove = [&] {
    for (const char* end : {"", "-wal", "-shm", ".head", ".keys", ".keys-wal", ".keys-shm"}) {
      fs::remove(log.string() + end);
    }
  };
  remove();
  std::uint64_t events = 0;
  const auto writing = seconds_of([&] {
    Writer writer(log);
    const std::uint64_t people = wanted / 20;
    writer.campaign(people);
    for (std::uint32_t n = 1; n <= people; ++n) writer.call(n);
    events = writer.events();
    writer.finish();
  });
  const auto rules = runner::load_zone_rules();
  std::printf("%llu events, %.1f MB, written in %.1f s\n", static_cast<unsigned long long>(events),
              static_cast<double>(fs::file_size(log)) / 1e6, writing);
  double ready = 0;
  double scan = 1e9, map = 1e9, map_hash = 1e9, fold = 1e9, whole = 1e9;
  // The best of three, where one takes no minutes.
  for (int round = 0; round < (events < 2'000'000 ? 3 : 1); ++round) {
    scan = std::min(scan, bare_scan(log));
    map = std::min(map, peer(log, false));
    map_hash = std::min(map_hash, peer(log, true));
    fold = std::min(fold, fold_without_the_store(log));
    malloc_trim(0);
    whole = std::min(whole, start(log, rules, ready));
  }
  const auto line = [&](const char* name, double seconds) {
    std::printf("%-28s %7.2f s  %9.0f events/s  %5.2f of the scan  start is %.2f of it\n", name,
                seconds, static_cast<double>(events) / seconds, scan / seconds, seconds / whole);
  };
  line("scan", scan);
  line("scan, JSON, map", map);
  line("scan, JSON, map, SHA-256", map_hash);
  line("scan, events, fold, SHA-256", fold);
  line("start", whole);
  std::printf("ready to dial after %.2f s\n", ready);
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf("peak memory %ld MB\n", usage.ru_maxrss / 1024);
  remove();
}
