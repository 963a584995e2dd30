#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "eventstore/event_page.hpp"
#include "eventstore/log_errors.hpp"
#include "eventstore/record.hpp"
#include "eventstore/secret.hpp"
#include "eventstore/witness.hpp"

namespace eventstore {

// Something that `verify` found.
struct Problem {
  // The first event that is concerned; 0 where the file as a whole is.
  Position position = 0;
  // What is wrong, for people.
  std::string sentence{};
};

// Reads a log from beside: while a runner writes it, in this process or another, or when nobody
// does. Never changes the log. It holds no transaction open while a visitor works, so a slow one
// cannot keep the writer's checkpoints waiting; what was appended meanwhile is seen. SQLite may
// leave an empty `-wal` and a `-shm` file beside a log that nobody holds; the next writer clears
// them.
//
// Used from one thread. Throws LogFailed when the file cannot be read any more.
class LogReader {
 public:
  // Throws LogMissing, LogForeign or LogNewer. A damaged log opens, so that it can be looked at,
  // unless SQLite makes nothing of it: then LogDamaged. A sealed log is read as it stands,
  // `personal` sealed: to verify or copy it needs no key.
  explicit LogReader(const std::filesystem::path& log);

  // The same, and `read` opens what is sealed. Throws besides KeysMissing, WrongMasterKey,
  // KeysForeign or KeysDamaged. The keys are looked at again for each page of events, so what is
  // destroyed meanwhile is not shown for longer than that.
  LogReader(const std::filesystem::path& log, const Secret& master_key);
  ~LogReader();
  LogReader(const LogReader&) = delete;
  LogReader& operator=(const LogReader&) = delete;

  // Visits the events from `from` on, in order, until the visitor returns false or none is left.
  // To follow a log, call it again with the position after the last one seen. The chain is not
  // checked here.
  void read(Position from, const std::function<bool(const RecordedEvent&)>& visit);

  // Fills the page with as many events from `from` on as it takes; leaves it empty when there are
  // none. They are as they stand in the log: neither is the chain checked, nor `personal` opened.
  void load(Position from, EventPage& page);

  // The last event now.
  Head head();

  // Checks layout, positions, versions, chain, the witness and SQLite's own structure, and tells
  // the visitor each problem, in the order of the log, at most `problems_max`. True when all is
  // well. After a break the rest is checked against the hash that stands there, so each break is
  // told once. May run while a writer works.
  bool verify(const std::function<void(const Problem&)>& visit);

  // The same of the events `from` to `to` (both included), without SQLite's structure. Versions are
  // held against the first one of each stream that is met, and what the witness saw after `to` is
  // not looked for.
  bool verify(Position from, Position to, const std::function<void(const Problem&)>& visit);

  // The same of the whole log without its witness: whether it is sound as far as it goes.
  bool verify_itself(const std::function<void(const Problem&)>& visit);

  static constexpr std::size_t problems_max = 100;

 private:
  struct Block;
  std::unique_ptr<Block> block_;
};

}  // namespace eventstore
