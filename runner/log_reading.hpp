#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "campaigns/events.hpp"
#include "campaigns/state.hpp"
#include "eventstore/log_reader.hpp"
#include "runner/environment.hpp"

// What the commands that read a log share.
namespace runner {

// What the names of a log's key files end in, after the log's own name.
const std::vector<std::string>& key_endings();

// A place in a log as people name one: a position, or a moment.
struct LogPlace {
  std::optional<eventstore::Position> position{};
  std::optional<std::int64_t> moment_ms{};
};

// Throws CLI::ValidationError, naming the option, for what is neither. Nothing for an empty text.
std::optional<LogPlace> parse_place(const std::string& option, const std::string& text);

// Whether an event lies at or before the place; all do where none is named.
bool is_until(const std::optional<LogPlace>& until, const eventstore::RecordedEvent& event);

// A log that is trusted no further than it proves: what it holds is checked against its chain as it
// is read, and its end against its witness when it is opened.
class CheckedLog {
 public:
  // Throws as LogReader does; LogLost, LogDamaged or LogUnwitnessed if the end is not what the
  // witness saw.
  explicit CheckedLog(const std::filesystem::path& log);

  // As LogReader::read, the personal parts as they stand. Throws LogDamaged with its position at
  // the first event that is not what was written; those before it have been visited.
  void read(eventstore::Position from,
            const std::function<bool(const eventstore::RecordedEvent&)>& visit);

  // As LogReader::load. What is on the page is not proven yet.
  void load(eventstore::Position from, eventstore::EventPage& page);
  // Proves what `load` has put on a page, on any thread. Throws as `read` does, and leaves on the
  // page what stands before the first event that is not what was written.
  static void prove(eventstore::EventPage& page);

  eventstore::Head head() { return reader_.head(); }

  // Opens what is sealed of the events of this log: `personal` points into `plain`, or `forgotten`
  // is set. The keys are looked for when the first sealed event comes, the master key beside the
  // log and in the environment, so a log without one needs none. Throws as KeyStore and
  // find_master_key do.
  using Opener = std::function<void(eventstore::RecordedEvent& event, std::string& plain)>;
  Opener opener(const Environment& environment) const;

  // The first event that was recorded at that moment or later; one after the last if there is none.
  eventstore::Position first_since(std::int64_t moment_ms);

 private:
  std::filesystem::path file_;
  eventstore::LogReader reader_;
  // Of the first event.
  eventstore::Hash identity_{};
  bool find_before(eventstore::Position from);

  // The last event that was loaded.
  eventstore::Position seen_ = 0;
  eventstore::Hash hash_{};
  eventstore::EventPage page_{};
};

// Whose log it is, as its first event says; nothing for a log without events.
std::optional<campaigns::LogCreated> identity_of(CheckedLog& log);

// What a log is folded for: everything; or an export alone, which needs a third less of memory
// (State::keep_results_alone).
enum class FoldFor : std::uint8_t { everything, results };

// What a log says up to a place.
struct FoldedLog {
  campaigns::State state{};
  eventstore::Head head{};  // the last event that counts
};

// Reads the log to its end, so that its whole chain is checked, and folds it up to there; `seen` is
// called for each fact with the state before it. Complains of a place outside of the log. Throws as
// CheckedLog, its opener and Folder do.
FoldedLog fold_log(
    CheckedLog& log, const Environment& environment, const std::optional<LogPlace>& until = {},
    const std::function<void(const campaigns::Fact&, const campaigns::State&)>& seen = {},
    FoldFor purpose = FoldFor::everything);
// All of the log at this path.
FoldedLog fold_log(const std::filesystem::path& log, const Environment& environment,
                   FoldFor purpose = FoldFor::everything);

// The campaign that was named, or the only one; says why there is none.
std::optional<campaigns::CampaignIndex> chosen_campaign(const campaigns::State& state,
                                                        const std::string& id);

// {"position":…,"hash":…,"recorded_at":…,"log":{…},"program":…} and a line end: what somebody keeps
// elsewhere to hold the log against later.
std::string head_json(const eventstore::Head& head,
                      const std::optional<campaigns::LogCreated>& identity);

// Runs a command on a log. Damage is something that was asked about: exit code 1, the sentence
// told.
int reading(const std::function<int()>& command);

}  // namespace runner
