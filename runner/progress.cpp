#include "runner/progress.hpp"

#include "campaigns/json_writer.hpp"
#include "runner/output.hpp"

namespace runner {

using campaigns::Stage;

namespace {

struct Totals {
  std::uint64_t contacts = 0;
  std::uint64_t closed = 0;
  std::uint64_t attempts = 0;
  std::uint32_t lines_in_use = 0;
  std::uint32_t lines = 0;
  std::uint64_t completed = 0;
};

Totals totals_of(const campaigns::State& state) {
  Totals totals;
  for (std::size_t i = 0; i < state.queue.campaigns.size(); ++i) {
    const auto& campaign = state.queue.campaigns[i];
    totals.contacts += campaign.contacts.size();
    totals.closed += campaign.contacts.size() - campaign.open();
    totals.lines_in_use += campaign.lines_in_use;
    totals.lines += state.book.campaigns[i].definition->pacing.lines;
    totals.completed +=
        campaign.by_outcome[static_cast<std::size_t>(campaigns::Outcome::completed)];
  }
  totals.attempts = state.results.attempts.size();
  return totals;
}

std::string time_left(std::chrono::milliseconds passed, std::uint64_t done, std::uint64_t left) {
  if (done == 0) return "?";
  const auto seconds =
      passed.count() / 1000 * static_cast<std::int64_t>(left) / static_cast<std::int64_t>(done);
  if (seconds >= 36 * 3600) return std::to_string(seconds / 86400) + " d";
  if (seconds >= 2 * 3600) return std::to_string(seconds / 3600) + " h";
  return std::to_string(seconds / 60) + " min";
}

}  // namespace

std::optional<std::string> Progress::look(const campaigns::State& state, campaigns::Instant now) {
  const auto real = std::chrono::steady_clock::now();
  if (!began_) {
    began_ = now;
    closed_at_begin_ = totals_of(state).closed;
  }
  using namespace std::chrono_literals;
  if (real - last_ <
      (terminal_ ? std::chrono::milliseconds{250} : std::chrono::milliseconds{5000})) {
    return {};
  }
  last_ = real;
  const auto totals = totals_of(state);
  if (!terminal_) {
    std::string text;
    campaigns::JsonObject object(text);
    object.member("event", "progress")
        .member("now", campaigns::rfc3339_utc(now))
        .member("contacts", static_cast<std::int64_t>(totals.contacts))
        .member("closed", static_cast<std::int64_t>(totals.closed))
        .member("completed", static_cast<std::int64_t>(totals.completed))
        .member("attempts", static_cast<std::int64_t>(totals.attempts))
        .member("lines_in_use", totals.lines_in_use)
        .member("position", static_cast<std::int64_t>(state.position));
    object.close();
    return text + '\n';
  }
  constexpr std::uint64_t width = 24;
  const auto filled = totals.contacts == 0 ? 0 : totals.closed * width / totals.contacts;
  std::string bar;
  for (std::uint64_t i = 0; i < width; ++i) bar += i < filled ? '#' : '.';
  const auto passed = now - *began_;
  const auto done = totals.closed - closed_at_begin_;
  const auto per_minute =
      passed.count() > 0 ? static_cast<std::int64_t>(done) * 60'000 / passed.count() : 0;
  return "\r\033[K[" + bar + "] " + std::to_string(totals.closed) + '/' +
         std::to_string(totals.contacts) + ' ' + campaigns::rfc3339_utc(now).substr(0, 16) + ' ' +
         std::to_string(totals.lines_in_use) + '/' + std::to_string(totals.lines) + " lines, " +
         std::to_string(per_minute) + "/min, " + std::to_string(totals.completed) + " completed, " +
         time_left(passed, done, totals.contacts - totals.closed) + " left";
}

void Progress::draw(const std::string& text) {
  print(text);
  drawn_ = terminal_;
}

void Progress::end() {
  if (drawn_) print("\n");
  drawn_ = false;
}

void Progress::say(const std::string& text) {
  end();
  if (terminal_) {
    print(text + '\n');
    return;
  }
  std::string line;
  campaigns::JsonObject object(line);
  object.member("event", "notice").member("text", text);
  object.close();
  print(line + '\n');
}

}  // namespace runner
