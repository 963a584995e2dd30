#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "bridge/net/loop.hpp"
#include "bridge/tls/client_context.hpp"
#include "runner/alerts.hpp"

namespace runner {

// Brings alerts to one URL, in order, one at a time, each until it was answered 2xx: a POST of its
// JSON, signed, so that whoever hears it knows whose it is:
//   Campanile-Id:        the alert's id, the same when it comes again
//   Campanile-Signature: t=<seconds since 1970>,v1=<hex of HMAC-SHA256(secret, "<t>.<body>")>
// At least once: how far it came stands in a file beside the log, and a start goes on from there.
// What is no event and may be too late soon, a full disk, is told before all others, and soon.
// Never waited for by a call: it has a connection of its own, and what it waits for is a timer.
class Courier {
 public:
  // Gives `take` what follows from the log behind a place, in order, up to some event: as much as
  // one turn can bear. It begins with the event at that place, of which there may be more.
  struct Reach {
    std::optional<std::uint64_t> position{};  // of that event; nothing: it is not on disk yet
    bool whole = false;                       // it is the last one that there is by now
  };
  using ReadAgain = std::function<Reach(AlertPlace after, const AlertRules::Tell& take)>;
  struct Options {
    std::string url{};
    std::string setting{};                      // its name, for whoever set it: "ALERTS_URL"
    std::string secret{};                       // at least secret_bytes_min
    bridge::tls::ClientContext* tls = nullptr;  // for https; outlives the courier
    std::filesystem::path cursor{};             // the file that says how far it came
    std::string installation{};                 // of the log: of another one it says nothing
    std::set<AlertKind> kinds{};
    // Beyond, alerts are left out and read from the log again when there is room; by the next start
    // where nobody does that.
    std::size_t queue_max = 10'000;
    ReadAgain read_again{};
    std::chrono::milliseconds retry_first{1'000};  // doubled each time
    std::chrono::milliseconds retry_max{300'000};
    // One that was not taken for so long is given up, so that the others are heard.
    std::chrono::hours patience_max{24};
  };
  static constexpr std::size_t secret_bytes_min = 16;

  // `log_end`: position of the log's last event; without a cursor of this log it begins there, so
  // that nobody is told a log's whole past. `loop` outlives it. Throws std::invalid_argument for a
  // URL or a secret that is none, quoting neither, and std::system_error for the file.
  Courier(bridge::net::Loop& loop, const Options& options, std::uint64_t log_end,
          std::function<void(std::string)> notice);
  ~Courier();
  Courier(const Courier&) = delete;
  Courier& operator=(const Courier&) = delete;

  // One of another kind, or one that was brought before this run, is left out. False: so are all
  // that follow from the same event.
  bool take(Alert alert);
  // Everything up to this position is on disk: sends what may be told now.
  void pump(std::uint64_t durable);
  // Called each time when nothing is left that may be told.
  void on_idle(std::function<void()> f);
  bool idle() const;

  std::string_view to() const;  // the last part of its cursor's name: "alerts"
  std::size_t waiting() const;
  std::uint64_t brought() const;
  std::uint64_t failures() const;  // tries that came to nothing
  std::uint64_t given_up() const;

 private:
  struct Block;
  std::unique_ptr<Block> block_;
};

}  // namespace runner
