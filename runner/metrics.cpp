#include "runner/metrics.hpp"

#include <algorithm>

#include "campaigns/carrier_errors.hpp"
#include "campaigns/json_writer.hpp"
#include "campaigns/plan.hpp"
#include "runner/door_watch.hpp"
#include "runner/version.hpp"

namespace runner {

using campaigns::Instant;
using campaigns::Outcome;
using campaigns::Phase;
using campaigns::Stage;
using campaigns::State;

namespace {

// What is counted by a value that comes from elsewhere never has more lines than that.
void count(Metrics::Counts& counts, std::string_view value) {
  const auto found = counts.find(value);
  if (found != counts.end()) {
    ++found->second;
  } else if (counts.size() < Metrics::label_values_max) {
    counts.emplace(value, 1);
  } else {
    ++counts["other"];
  }
}

}  // namespace

void Metrics::appended(std::uint64_t position) {
  if (timed_.size() < timed_max) timed_.emplace_back(position, std::chrono::steady_clock::now());
}

void Metrics::durable(std::uint64_t position) {
  if (timed_.empty() || timed_.front().first > position) return;
  const auto now = std::chrono::steady_clock::now();
  while (!timed_.empty() && timed_.front().first <= position) {
    commit_took(std::chrono::duration_cast<std::chrono::microseconds>(now - timed_.front().second));
    timed_.pop_front();
  }
}

void Metrics::commit_took(std::chrono::microseconds time) {
  const auto bound =
      std::lower_bound(commit_bounds_us.begin(), commit_bounds_us.end(), time.count());
  ++commits_[static_cast<std::size_t>(bound - commit_bounds_us.begin())];
  commit_sum_us_ += time.count();
}

std::array<std::uint64_t, Metrics::commit_bounds_us.size() + 1> Metrics::commits() const {
  auto up_to = commits_;
  for (std::size_t i = 1; i < up_to.size(); ++i) up_to[i] += up_to[i - 1];
  return up_to;
}

void Metrics::fact(const campaigns::Fact& fact) {
  if (const auto* closed = get_if<campaigns::StreamClosed>(&fact.event)) {
    count(stream_ends_, closed->why);
  } else if (const auto* failed = get_if<campaigns::AgentFailed>(&fact.event)) {
    count(agent_failures_, failed->fault);
  } else if (const auto* refused = get_if<campaigns::CallRefused>(&fact.event)) {
    count(refusals_, std::to_string(refused->http_status));
  } else if (holds_alternative<campaigns::CallInDoubt>(fact.event)) {
    ++orders_in_doubt_;
  } else if (holds_alternative<campaigns::OptedOut>(fact.event)) {
    ++opt_outs_;
  } else if (holds_alternative<campaigns::LateCallDetected>(fact.event)) {
    ++late_calls_;
  } else if (holds_alternative<campaigns::StreamOpened>(fact.event)) {
    ++streams_opened_;
  } else if (holds_alternative<campaigns::RunnerStarted>(fact.event)) {
    began_ = fact.recorded_at;
  }
}

void Metrics::order_sent() {
  ++orders_sent_;
  const auto now = std::chrono::steady_clock::now();
  sent_.push_back(now);
  while (sent_.front() + std::chrono::minutes{1} <= now) sent_.pop_front();
}

std::uint64_t Metrics::orders_last_minute() const {
  const auto since = std::chrono::steady_clock::now() - std::chrono::minutes{1};
  const auto first = std::upper_bound(sent_.begin(), sent_.end(), since);
  return static_cast<std::uint64_t>(sent_.end() - first);
}

void Metrics::answered(int status) {
  count(answers_, std::to_string(status));
}

void Metrics::handshake(bool secured) {
  ++(secured ? handshakes_done_ : handshakes_failed_);
}

// --- readiness ---

std::vector<NotReady> reasons_not_ready(const State& state, const Vitals& vitals,
                                        std::optional<Instant> began) {
  std::vector<NotReady> reasons;
  if (!vitals.started) {
    reasons.push_back({"starting",
                       "the run's first event is not on disk yet, or the carrier and the way in "
                       "are still being looked at"});
  }
  // What the run before left in doubt is asked about first; until then its numbers are locked.
  std::size_t unasked = 0;
  for (const auto& [packed, open] : state.queue.attempts) {
    if (began && open.phase == Phase::in_doubt && open.lookups == 0 && open.requested_at < *began) {
      ++unasked;
    }
  }
  if (unasked != 0) {
    reasons.push_back({"recovering", "the carrier has not been asked yet about " +
                                         std::to_string(unasked) +
                                         " calls that the run before left in doubt"});
  }
  if (vitals.disk_full) {
    reasons.push_back({"disk_full", "the log has no space: nobody is called until there is some"});
  }
  if (!vitals.door_shut.empty()) {
    reasons.push_back({"door_shut", door_shut_text(vitals.door_shut)});
  }
  const auto refuses = [](const campaigns::CampaignEntry& entry) {
    return entry.status == campaigns::CampaignStatus::paused && entry.paused_by_program &&
           entry.status_reason.starts_with(campaigns::carrier_refuses_all);
  };
  if (const auto paused =
          std::find_if(state.book.campaigns.rbegin(), state.book.campaigns.rend(), refuses);
      paused != state.book.campaigns.rend()) {
    reasons.push_back({"carrier_refuses", paused->status_reason});
  }
  if (vitals.behind > std::chrono::seconds{1}) {
    reasons.push_back({"clock", "the clock is " + std::to_string(vitals.behind.count() / 1000) +
                                    " s behind the log's last event: set it, or wait"});
  }
  if (vitals.stopping) {
    reasons.push_back({"stopping", "no new calls: those under way end first"});
  }
  return reasons;
}

std::string ready_json(const std::vector<NotReady>& reasons) {
  std::string text;
  campaigns::JsonObject object(text);
  object.flag("ready", reasons.empty());
  auto& list = object.open("reasons");
  list += '[';
  for (std::size_t i = 0; i < reasons.size(); ++i) {
    if (i != 0) list += ',';
    campaigns::JsonObject reason(list);
    reason.member("code", reasons[i].code).member("what", reasons[i].what);
    reason.close();
  }
  list += ']';
  object.close();
  return text;
}

// --- Prometheus ---

namespace {

struct MetricLabel {
  std::string_view name{};
  std::string_view value{};
};

// One family after another; the lines of a family stand together, as the format wants.
class MetricsPage {
 public:
  MetricsPage& family(std::string_view name, std::string_view type, std::string_view help) {
    name_ = "campanile_";
    name_ += name;
    text_ += "# HELP " + name_ + ' ';
    text_ += help;
    text_ += "\n# TYPE " + name_ + ' ';
    text_ += type;
    text_ += '\n';
    return *this;
  }
  MetricsPage& line(const std::vector<MetricLabel>& labels, std::string_view value,
                    std::string_view suffix = {}) {
    text_ += name_;
    text_ += suffix;
    if (!labels.empty()) {
      char before = '{';
      for (const auto& label : labels) {
        text_ += before;
        text_ += label.name;
        text_ += "=\"";
        for (const char c : label.value) {
          if (c == '\\' || c == '"') text_ += '\\';
          if (c == '\n') {
            text_ += "\\n";
          } else {
            text_ += c;
          }
        }
        text_ += '"';
        before = ',';
      }
      text_ += '}';
    }
    text_ += ' ';
    text_ += value;
    text_ += '\n';
    return *this;
  }
  template <typename Number>
  MetricsPage& line(const std::vector<MetricLabel>& labels, Number value,
                    std::string_view suffix = {}) requires std::is_arithmetic_v<Number> {
    return line(labels, std::to_string(value), suffix);
  }
  MetricsPage& counts(std::string_view label, const Metrics::Counts& counts) {
    for (const auto& [value, number] : counts) line({{label, value}}, number);
    return *this;
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_{};
  std::string name_{};
};

// A number of millionths, or of so many places, without a floating point.
std::string decimal(std::int64_t value, std::int64_t unit) {
  const bool negative = value < 0;
  if (negative) value = -value;
  std::string places = std::to_string(unit + value % unit).substr(1);
  return (negative ? "-" : "") + std::to_string(value / unit) + '.' + places;
}

constexpr Stage metric_stages[] = {Stage::fresh,     Stage::retry,    Stage::calling, Stage::done,
                                   Stage::exhausted, Stage::excluded, Stage::held};
constexpr campaigns::CampaignStatus metric_statuses[] = {
    campaigns::CampaignStatus::enrolling, campaigns::CampaignStatus::running,
    campaigns::CampaignStatus::paused, campaigns::CampaignStatus::cancelled,
    campaigns::CampaignStatus::completed};
constexpr Phase metric_phases[] = {Phase::requested, Phase::accepted, Phase::in_doubt, Phase::held};

// What one campaign, or all earlier ones, add up to.
struct CampaignSum {
  std::string name{};
  std::array<std::uint64_t, std::size(metric_stages)> stages{};
  std::array<std::uint64_t, campaigns::outcomes> by_outcome{};
  std::uint64_t lines_in_use = 0;
};

std::vector<CampaignSum> sums_of(const State& state) {
  const auto all = state.queue.campaigns.size();
  const auto own = all > campaigns_shown_max ? all - campaigns_shown_max : 0;
  std::vector<CampaignSum> sums;
  for (std::size_t i = 0; i < all; ++i) {
    if (i == 0 || i >= own) sums.emplace_back();
    auto& sum = sums.back();
    if (i >= own) sum.name = state.book.campaigns[i].definition->id;
    const auto& queue = state.queue.campaigns[i];
    for (std::size_t s = 0; s < std::size(metric_stages); ++s) {
      sum.stages[s] += queue.count(metric_stages[s]);
    }
    for (std::size_t o = 1; o < campaigns::outcomes; ++o) sum.by_outcome[o] += queue.by_outcome[o];
    sum.lines_in_use += queue.lines_in_use;
  }
  return sums;
}

void write_campaigns(MetricsPage& page, const State& state) {
  std::array<std::uint64_t, std::size(metric_statuses)> by_status{};
  for (const auto& entry : state.book.campaigns) {
    for (std::size_t i = 0; i < by_status.size(); ++i) {
      by_status[i] += entry.status == metric_statuses[i] ? 1U : 0U;
    }
  }
  page.family("campaigns", "gauge", "Campaigns of the log.");
  for (std::size_t i = 0; i < by_status.size(); ++i) {
    page.line({{"status", campaigns::name_of(metric_statuses[i])}}, by_status[i]);
  }
  const auto sums = sums_of(state);
  page.family("contacts", "gauge", "People of a campaign by where they stand.");
  for (const auto& sum : sums) {
    for (std::size_t s = 0; s < std::size(metric_stages); ++s) {
      page.line({{"campaign", sum.name}, {"stage", campaigns::name_of(metric_stages[s])}},
                sum.stages[s]);
    }
  }
  page.family("attempts_total", "counter", "Attempts that are over, by their outcome.");
  for (const auto& sum : sums) {
    for (std::size_t o = 1; o < campaigns::outcomes; ++o) {
      page.line({{"campaign", sum.name}, {"outcome", name_of(static_cast<Outcome>(o))}},
                sum.by_outcome[o]);
    }
  }
  page.family("lines_in_use", "gauge", "Calls of a campaign that are under way.");
  for (const auto& sum : sums) page.line({{"campaign", sum.name}}, sum.lines_in_use);

  const auto& entries = state.book.campaigns;
  const auto first =
      entries.size() > campaigns_shown_max ? entries.size() - campaigns_shown_max : std::size_t{0};
  page.family("lines_allowed", "gauge", "Calls that a campaign may have under way.");
  for (std::size_t i = first; i < entries.size(); ++i) {
    page.line({{"campaign", entries[i].definition->id}}, entries[i].definition->pacing.lines);
  }
  const auto money = [&](std::string_view name, std::string_view help, const auto& amount) {
    page.family(name, "gauge", help);
    for (std::size_t i = first; i < entries.size(); ++i) {
      const auto& definition = *entries[i].definition;
      if (definition.budget.limit_millionths == 0) continue;
      page.line({{"campaign", definition.id}, {"currency", definition.budget.currency}},
                decimal(amount(i), 1'000'000));
    }
  };
  money("spend_settled",
        "What a campaign with a budget has spent, the voice model's share included.",
        [&](std::size_t i) { return state.spend.campaigns[i].settled; });
  money("spend_settled_model", "Of that, what the voice model has cost.",
        [&](std::size_t i) { return state.spend.campaigns[i].model; });
  money("spend_reserved", "What its calls under way may cost.",
        [&](std::size_t i) { return state.spend.campaigns[i].reserved; });
  money("spend_allowed", "Its budget.",
        [&](std::size_t i) { return entries[i].definition->budget.limit_millionths; });
  page.family("suppression_lists_good_until_seconds", "gauge",
              "When the first of the lists that a campaign requires stops counting, in seconds "
              "since 1970 UTC; 0: one was never loaded.");
  for (std::size_t i = first; i < entries.size(); ++i) {
    const auto& definition = *entries[i].definition;
    if (definition.suppression_lists.empty() || entries[i].ended_at) continue;
    const auto until = lists_good_until(state.suppression, definition);
    page.line({{"campaign", definition.id}}, decimal(until ? campaigns::to_ms(*until) : 0, 1000));
  }
}

void write_calls(MetricsPage& page, const State& state, const Metrics& metrics,
                 const Vitals& vitals, Instant now) {
  std::array<std::uint64_t, std::size(metric_phases)> by_phase{};
  for (const auto& [packed, open] : state.queue.attempts) {
    ++by_phase[static_cast<std::size_t>(open.phase)];
  }
  page.family("calls", "gauge", "Attempts without an end; held ones wait for a person.");
  for (const auto phase : metric_phases) {
    page.line({{"phase", campaigns::name_of(phase)}}, by_phase[static_cast<std::size_t>(phase)]);
  }
  page.family("late_calls", "gauge", "Calls that must not be and have not ended yet.")
      .line({}, state.queue.late_calls.size());
  page.family("late_calls_total", "counter", "Calls that turned up after they were given up.")
      .line({}, metrics.late_calls());
  page.family("orders_sent_total", "counter", "Dial orders that left for the carrier.")
      .line({}, metrics.orders_sent());
  page.family("orders_waiting", "gauge", "Dial orders on disk that wait for their turn.")
      .line({}, vitals.waiting_orders);
  page.family("order_rate_used", "gauge", "Dial orders a second, over the last minute.")
      .line({}, decimal(static_cast<std::int64_t>(metrics.orders_last_minute() * 1000 / 60), 1000));
  const auto rate = state.book.runner.calls_per_second_thousandths;
  page.family("order_rate_allowed", "gauge",
              "Dial orders a second that the account may send now, slowed down by the carrier.")
      .line({}, decimal(rate >> state.queue.slowdown.level(now), 1000));
  page.family("order_refusals_total", "counter", "Dial orders that the carrier refused.")
      .counts("status", metrics.refusals());
  page.family("orders_in_doubt_total", "counter", "Dial orders that nobody could tell the fate of.")
      .line({}, metrics.orders_in_doubt());
  page.family("opt_outs_total", "counter", "People who asked not to be called again.")
      .line({}, metrics.opt_outs());
  page.family("webhook_answers_total", "counter", "Requests of the public door by their answer.")
      .counts("status", metrics.answers());
  page.family("tls_handshakes_total", "counter", "Connections to the public door over TLS.")
      .line({{"result", "done"}}, metrics.handshakes_done())
      .line({{"result", "failed"}}, metrics.handshakes_failed());
  if (vitals.certificate_until) {
    page.family("certificate_good_until_seconds", "gauge",
                "When the public door's certificate ends, in seconds since 1970 UTC.")
        .line({}, vitals.certificate_until->time_since_epoch().count());
  }
  page.family("streams_open", "gauge", "Media streams that were let in and are not over.")
      .line({}, vitals.streams_open);
  page.family("streams_opened_total", "counter", "Media streams that were let in.")
      .line({}, metrics.streams_opened());
  page.family("streams_closed_total", "counter", "Media streams by why they ended.")
      .counts("why", metrics.stream_ends());
  page.family("agent_failures_total", "counter", "Talks in which the voice agent failed.")
      .counts("fault", metrics.agent_failures());
}

void write_told(MetricsPage& page, const Vitals& vitals) {
  if (vitals.told.empty()) return;
  page.family("alerts_waiting", "gauge", "Alerts that nobody has taken yet.");
  for (const auto& told : vitals.told) page.line({{"to", told.to}}, told.waiting);
  page.family("alerts_brought_total", "counter", "Alerts that were answered 2xx.");
  for (const auto& told : vitals.told) page.line({{"to", told.to}}, told.brought);
  page.family("alerts_failed_total", "counter", "Tries that came to nothing.");
  for (const auto& told : vitals.told) page.line({{"to", told.to}}, told.failures);
  page.family("alerts_given_up_total", "counter", "Alerts that nobody took for a day.");
  for (const auto& told : vitals.told) page.line({{"to", told.to}}, told.given_up);
}

void write_log(MetricsPage& page, const State& state, const Metrics& metrics,
               const Vitals& vitals) {
  page.family("log_position", "gauge", "Last event that was handed to the log.")
      .line({}, state.position);
  page.family("log_durable_position", "gauge", "Last event on disk.").line({}, vitals.durable);
  page.family("log_waiting_events", "gauge", "Events that wait for the disk.")
      .line({}, vitals.waiting_events);
  page.family("log_disk_full", "gauge", "1 while the log waits for space.")
      .line({}, vitals.disk_full ? 1 : 0);
  if (vitals.disk_free_bytes) {
    page.family("disk_free_bytes", "gauge", "Space on the log's disk.")
        .line({}, *vitals.disk_free_bytes);
  }
  page.family("commit_seconds", "histogram", "From a batch's hand-over to the log to its sync.");
  const auto commits = metrics.commits();
  for (std::size_t i = 0; i < Metrics::commit_bounds_us.size(); ++i) {
    page.line({{"le", decimal(Metrics::commit_bounds_us[i], 1'000'000)}}, commits[i], "_bucket");
  }
  page.line({{"le", "+Inf"}}, commits.back(), "_bucket");
  page.line({}, decimal(metrics.commit_sum_us(), 1'000'000), "_sum");
  page.line({}, commits.back(), "_count");
  page.family("notes_waiting", "gauge", "Requests, commands and answers that wait to be looked at.")
      .line({}, vitals.waiting_notes);
  page.family("effects_waiting", "gauge", "Answers and orders that wait for the disk.")
      .line({}, vitals.waiting_effects);
}

}  // namespace

std::string metrics_text(const State& state, const Metrics& metrics, const Vitals& vitals,
                         Instant now) {
  MetricsPage page;
  page.family("build_info", "gauge", "The program that runs, and which carrier it has.")
      .line({{"version", version}, {"carrier", state.book.identity.carrier}}, 1);
  const auto reasons = reasons_not_ready(state, vitals, metrics.began());
  page.family("ready", "gauge", "1 when calls may be begun.").line({}, reasons.empty() ? 1 : 0);
  page.family("not_ready", "gauge", "1 for each reason that holds.");
  for (const auto code : not_ready_codes) {
    const bool holds = std::any_of(reasons.begin(), reasons.end(),
                                   [&](const NotReady& reason) { return reason.code == code; });
    page.line({{"reason", code}}, holds ? 1 : 0);
  }
  page.family("clock_seconds", "gauge", "The program's clock, in seconds since 1970 UTC.")
      .line({}, decimal(campaigns::to_ms(now), 1000));
  write_log(page, state, metrics, vitals);
  write_calls(page, state, metrics, vitals, now);
  write_told(page, vitals);
  write_campaigns(page, state);
  return page.take();
}

}  // namespace runner
