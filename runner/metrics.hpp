#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "campaigns/events.hpp"
#include "campaigns/state.hpp"

namespace runner {

// What the program counts beside its log, for whoever watches it: how long the disk takes, what
// the carrier's webhooks were answered, how often TLS came to nothing. It begins with the process;
// what the log knows is read from the state when somebody asks (metrics_text). Holds nobody's
// number, name or words. Used from the loop's thread; real time comes from a steady clock, because
// a rehearsal's stands still while the disk works.
class Metrics {
 public:
  // Values of one label; further ones are counted together as "other".
  static constexpr std::size_t label_values_max = 64;
  // Batches that wait for the disk and are timed.
  static constexpr std::size_t timed_max = 1024;
  // Upper bounds of the buckets of commit times, in microseconds; one more holds the rest.
  static constexpr std::array<std::int64_t, 13> commit_bounds_us{
      500,     1'000,   2'500,   5'000,     10'000,    25'000,    50'000,
      100'000, 250'000, 500'000, 1'000'000, 2'500'000, 10'000'000};

  // A batch whose last event has this position was handed to the log, and the log says that
  // everything up to this one is on disk.
  void appended(std::uint64_t position);
  void durable(std::uint64_t position);
  void fact(const campaigns::Fact& fact);
  // The first byte of a dial order has left.
  void order_sent();
  // A request of the public door was answered.
  void answered(int status);
  void handshake(bool secured);

  // How long a commit took; public so that a test need not wait.
  void commit_took(std::chrono::microseconds time);

  using Counts = std::map<std::string, std::uint64_t, std::less<>>;
  const Counts& answers() const { return answers_; }
  const Counts& stream_ends() const { return stream_ends_; }
  const Counts& agent_failures() const { return agent_failures_; }
  const Counts& refusals() const { return refusals_; }
  std::uint64_t orders_sent() const { return orders_sent_; }
  // In the last whole minute.
  std::uint64_t orders_last_minute() const;
  std::uint64_t orders_in_doubt() const { return orders_in_doubt_; }
  std::uint64_t opt_outs() const { return opt_outs_; }
  std::uint64_t late_calls() const { return late_calls_; }
  std::uint64_t handshakes_done() const { return handshakes_done_; }
  std::uint64_t handshakes_failed() const { return handshakes_failed_; }
  std::uint64_t streams_opened() const { return streams_opened_; }
  // Commits up to each bound, all of them last.
  std::array<std::uint64_t, commit_bounds_us.size() + 1> commits() const;
  std::int64_t commit_sum_us() const { return commit_sum_us_; }
  // When this run began, by its own clock; nothing before its first event.
  std::optional<campaigns::Instant> began() const { return began_; }

 private:
  using Steady = std::chrono::steady_clock::time_point;
  std::deque<std::pair<std::uint64_t, Steady>> timed_{};
  std::deque<Steady> sent_{};  // of the last minute
  Counts answers_{};
  Counts stream_ends_{};
  Counts agent_failures_{};
  Counts refusals_{};
  std::array<std::uint64_t, commit_bounds_us.size() + 1> commits_{};
  std::int64_t commit_sum_us_ = 0;
  std::uint64_t orders_sent_ = 0;
  std::uint64_t orders_in_doubt_ = 0;
  std::uint64_t opt_outs_ = 0;
  std::uint64_t late_calls_ = 0;
  std::uint64_t handshakes_done_ = 0;
  std::uint64_t handshakes_failed_ = 0;
  std::uint64_t streams_opened_ = 0;
  std::optional<campaigns::Instant> began_{};
};

// Why no call would be begun just now, or would be begun too late; for machines and for people.
struct NotReady {
  std::string_view code{};  // one of not_ready_codes
  std::string what{};
};
// All there are, so that each has a line in the metrics whether it holds or not.
inline constexpr std::array<std::string_view, 7> not_ready_codes{
    "starting", "recovering", "disk_full", "door_shut", "carrier_refuses", "clock", "stopping"};

// What the program that runs knows and its state does not.
struct Vitals {
  bool started = false;  // this run's first event is on disk, and calls may be begun
  bool disk_full = false;
  std::string door_shut{};              // why; empty: it is not known to be
  bool stopping = false;                // no new dials, a signal came
  std::chrono::milliseconds behind{0};  // the clock, behind the log's last event
  std::uint64_t durable = 0;            // position of the last event on disk
  std::size_t waiting_events = 0;       // for the disk
  std::size_t waiting_notes = 0;        // requests, commands and answers to be looked at
  std::size_t waiting_effects = 0;      // answers and orders that wait for the disk
  std::size_t waiting_orders = 0;       // durable, and waiting for their turn
  std::size_t streams_open = 0;         // media streams that were let in
  // One for each URL that is told something.
  struct Told {
    std::string_view to{};  // "alerts" "outcomes"
    std::size_t waiting = 0;
    std::uint64_t brought = 0;
    std::uint64_t failures = 0;
    std::uint64_t given_up = 0;
  };
  std::vector<Told> told{};
  std::optional<std::uint64_t> disk_free_bytes{};
  std::optional<std::chrono::sys_seconds> certificate_until{};  // the public door's; nothing: none
};

// Nothing: it is ready.
std::vector<NotReady> reasons_not_ready(const campaigns::State& state, const Vitals& vitals,
                                        std::optional<campaigns::Instant> began);
std::string ready_json(const std::vector<NotReady>& reasons);

// Prometheus' text format 0.0.4. At most campaigns_shown_max campaigns have lines of their own, the
// last ones; the earlier are summed up under an empty name.
inline constexpr std::size_t campaigns_shown_max = 100;
std::string metrics_text(const campaigns::State& state, const Metrics& metrics,
                         const Vitals& vitals, campaigns::Instant now);

}  // namespace runner
