#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "campaigns/campaign_file.hpp"
#include "campaigns/events.hpp"
#include "campaigns/state.hpp"
#include "eventstore/sqlite_event_store.hpp"
#include "runner/fold.hpp"

// A long log for the benches: one campaign of people who are called and answer a survey, some
// twenty events each, sealed under a master key of zeros.
namespace bench {

namespace fs = std::filesystem;
using namespace campaigns;

inline const eventstore::Secret master_key{};

inline constexpr const char* campaign_file = R"({
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

// Makes the log; the events in it.
inline std::uint64_t write_log(const fs::path& log, std::uint64_t people) {
  Writer writer(log);
  writer.campaign(people);
  for (std::uint32_t n = 1; n <= people; ++n) writer.call(n);
  const auto events = writer.events();
  writer.finish();
  return events;
}

}  // namespace bench
