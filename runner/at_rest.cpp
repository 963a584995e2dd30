#include "runner/at_rest.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "campaigns/decide.hpp"
#include "campaigns/state.hpp"
#include "eventstore/log_errors.hpp"
#include "eventstore/sqlite_event_store.hpp"
#include "runner/control_client.hpp"
#include "runner/control_orders.hpp"
#include "runner/fold.hpp"
#include "runner/master_key.hpp"
#include "runner/output.hpp"

namespace runner {

namespace {

// After so long a wait it is said what is waited for.
constexpr std::chrono::seconds silent_wait_max{3};
// A full disk is given so long: what the log holds in reserve may be enough.
constexpr std::chrono::seconds full_disk_wait_max{5};

}  // namespace

campaigns::Result<std::size_t, campaigns::Refusal> carry_out_at_rest(
    const std::filesystem::path& log, const Environment& environment,
    const campaigns::Command& command) {
  using Made = campaigns::Result<std::vector<campaigns::Command>, campaigns::Refusal>;
  return carry_out_at_rest(log, environment,
                           [&](const campaigns::State&, const LogKeys&) {
                             return Made(std::vector<campaigns::Command>{command});
                           },
                           {});
}

campaigns::Result<std::size_t, campaigns::Refusal> carry_out_at_rest(
    const std::filesystem::path& log, const Environment& environment,
    const std::function<campaigns::Result<std::vector<campaigns::Command>, campaigns::Refusal>(
        const campaigns::State& state, const LogKeys& keys)>& make,
    const std::function<void(const campaigns::State& state, campaigns::Instant now)>& after) {
  campaigns::State state;
  Folder folder;
  std::vector<std::uint64_t> keys;
  std::int64_t last_ms = 0;
  eventstore::SqliteEventStore::Options options;
  options.path = log;
  options.refuse_copies = true;
  options.master_key = find_master_key(log, environment);
  std::mutex mutex;
  std::condition_variable changed;
  options.on_durable = [&] {
    const std::lock_guard guard(mutex);
    changed.notify_all();
  };
  eventstore::SqliteEventStore store(options, [&](const eventstore::RecordedEvent& recorded) {
    const auto fact = folder.fact(recorded);
    if (const auto key = key_to_destroy(state, fact)) keys.push_back(*key);
    last_ms = recorded.recorded_at;
    campaigns::evolve(state, fact);
  });
  // The time of a rehearsal's log is its own.
  auto now = campaigns::instant_from_ms(last_ms);
  if (state.book.identity.carrier != "rehearsal") {
    now = std::max(now,
                   std::chrono::floor<campaigns::Milliseconds>(std::chrono::system_clock::now()));
  }
  std::size_t written = 0;
  const auto made = make(state, LogKeys(*store.log_secret()));
  if (!made) return made.error();
  // Each until it has nothing more to say.
  for (auto command = made.value().begin(); command != made.value().end();) {
    auto decided = campaigns::decide(state, *command, {now, 0});
    if (!decided) return decided.error();
    auto facts = std::move(decided).value();
    if (facts.empty()) {
      ++command;
      continue;
    }
    std::vector<eventstore::NewEvent> batch;
    for (auto& fact : facts) {
      campaigns::stamp(state, fact, {now, 0});
      batch.push_back(row_of(state, fact));
      if (const auto key = key_to_destroy(state, fact)) keys.push_back(*key);
      campaigns::evolve(state, fact);
    }
    written += facts.size();
    store.append(std::move(batch), campaigns::to_ms(now));
  }
  if (!keys.empty()) store.destroy_keys(std::move(keys));
  std::unique_lock held(mutex);
  const auto durable = [&] { return store.durable().covers(store.last()); };
  while (!changed.wait_for(held, full_disk_wait_max, durable)) {
    if (!store.disk_full()) continue;
    throw eventstore::LogFailed(log.string() +
                                ": the disk is full: what was ordered is not noted, or only in "
                                "part. Make space and give the command again");
  }
  const auto destroyed = [&] {
    static_cast<void>(store.durable());  // throws if the log has failed
    return !store.destroying_keys();
  };
  if (!changed.wait_for(held, silent_wait_max, destroyed)) {
    complain(
        "nobody can use the keys any more, but their bytes are still in the key file: another "
        "program reads it, or the disk is full. Waiting until they are gone");
    changed.wait(held, destroyed);
  }
  if (after) after(state, now);
  return written;
}

namespace {

// What the running program answers at once if it answers at all.
constexpr std::chrono::seconds status_time_max{10};

}  // namespace

bool answers_on(const std::filesystem::path& log) {
  bridge::http::Request question;
  question.method = "GET";
  question.target = "/status";
  return ask_running(log, question, status_time_max).ok();
}

std::optional<int> have_carried_out(const std::filesystem::path& log,
                                    const Environment& environment,
                                    const campaigns::Command& command, int refused) {
  // An order that is not answered may yet be carried out, so a program that hangs is given none:
  // the log's lock, which it holds, refuses below.
  std::optional<bridge::http::Response> answer;
  const bool answers = answers_on(log);
  if (answers) {
    auto [target, body] = control_order(command);
    bridge::http::Request order;
    order.method = "POST";
    order.target = std::move(target);
    order.body = std::move(body);
    if (auto asked = ask_running(log, order)) answer = std::move(asked).value();
  }
  if (!answer) {
    try {
      const auto done = carry_out_at_rest(log, environment, command);
      if (done) return {};
      complain(done.error().text);
      return refused;
    } catch (const eventstore::LogLocked&) {
      if (!answers) throw;
      complain(text_of(Silence::unanswered, log));
    }
    return exit_not_well;
  }
  if (answer->status == 200) return {};
  const auto told = nlohmann::json::parse(answer->body, nullptr, false);
  complain(told.is_object() && told.contains("problems") && !told["problems"].empty()
               ? told["problems"][0].value("what", "refused")
               : "the running program refused");
  return refused;
}

}  // namespace runner
