#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "campaigns/events.hpp"
#include "campaigns/state.hpp"

namespace runner {

// What an operator wants to be told of at once, and what the owner of a list wants to hear of its
// people.
enum class AlertKind : std::uint8_t {
  campaign_finished,
  campaign_stopped,     // the program paused it, for a reason that has no name of its own below
  failure_rate,         // the same: too many of its last calls came to nothing
  carrier_refuses,      // the same: every call is refused
  carrier_unreachable,  // no order has found it for a while; they are tried again
  budget_spent,         // the program paused it
  budget_near,          // four fifths of it are spent or reserved
  call_held,            // a person has to decide
  late_call,            // a call turned up that must not be
  disk_full,            // the log has no space
  list_too_old,         // the program paused it: a suppression list that it requires must be newer
  door_shut,            // SERVER_URL does not lead to our door: nobody is called until it does
  outcome,              // a person's case is closed; to the owner of the list alone
};
inline constexpr std::array<std::string_view, 13> alert_kind_names{"campaign_finished",
                                                                   "campaign_stopped",
                                                                   "failure_rate",
                                                                   "carrier_refuses",
                                                                   "carrier_unreachable",
                                                                   "budget_spent",
                                                                   "budget_near",
                                                                   "call_held",
                                                                   "late_call",
                                                                   "disk_full",
                                                                   "list_too_old",
                                                                   "door_shut",
                                                                   "outcome"};
std::string_view name_of(AlertKind kind);

// "call_held,disk_full"; empty: all of them but outcome, which is asked for by a URL of its own.
// Throws std::invalid_argument for a word that is none.
std::set<AlertKind> read_alert_kinds(const std::string& text);

// Where an alert stands among all of them: by the event that it follows from and, where several
// follow from one, by which of those it is, from 1.
struct AlertPlace {
  std::uint64_t position = 0;
  std::uint32_t part = 0;
  static constexpr std::uint32_t last_part = UINT32_MAX;
  // clang-tidy 14 takes the order's own 0 for a null pointer.
  friend auto operator<=>(const AlertPlace&,
                          const AlertPlace&) = default;  // NOLINT(modernize-use-nullptr)
};

struct Alert {
  // The same whenever it is told again, after a restart too, and never that of another.
  std::string id{};
  AlertKind kind = AlertKind::campaign_finished;
  std::uint64_t position = 0;  // of the event that it follows from: not told before that is on disk
  std::string body{};          // a JSON object; of an outcome it may hold the list's own id
  std::uint32_t part = 1;

  AlertPlace place() const { return {position, part}; }
};

// What follows from each fact, for two kinds of hearers. To be shown every fact of the log from the
// first, so that what is told once is told once. Holds no number, no name and no word of a talk.
class AlertRules {
 public:
  // Takes an alert; false: more that follow from the same fact are not wanted.
  using Tell = std::function<bool(const Alert&)>;

  // After `fact` was folded into `state`, at once or at any time later: what follows from it, in
  // order, and of several those behind part `after`. A cancelled campaign has one for each of its
  // people.
  void see(const campaigns::State& state, const campaigns::Fact& fact, const Tell& tell,
           std::uint32_t after = 0);

 private:
  std::set<campaigns::CampaignIndex> near_{};  // whose budget was told to be near its end
};

// Of what is no event.
Alert disk_full_alert(const campaigns::State& state, campaigns::Instant at);
Alert door_shut_alert(const campaigns::State& state, campaigns::Instant at, const std::string& why);

}  // namespace runner
