#include "bridge/rehearsal/clock_host.hpp"

#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "bridge/net/listener.hpp"
#include "bridge/net/stream.hpp"
#include "bridge/rehearsal/clock_lines.hpp"

namespace bridge::rehearsal {
namespace {

// Ids of closed connections are kept while the program may still have their end to see. It tells
// within a turn; more of them means that nobody reads what we remember.
constexpr std::size_t closed_max = 4096;

// A stream that is out of use, kept to the end of the turn: it may be in its own callback.
struct DeadProgramLink final : net::Retired {
  explicit DeadProgramLink(std::unique_ptr<net::Stream> dead) : stream(std::move(dead)) {}
  std::unique_ptr<net::Stream> stream;
};

std::uint16_t listening_port(std::uint32_t id) {
  return static_cast<std::uint16_t>(id & 0xffffU);
}

}  // namespace

struct ClockHost::Block {
  net::Loop& loop;
  net::SteppedClock& clock;
  net::Links& links;
  Options options;
  std::unique_ptr<net::Listener> listener{};

  std::unique_ptr<net::Stream> program{};
  ClockLines lines{};
  bool greeted = false;
  bool quiet = false;  // the program's last word, for the present instant
  std::optional<net::Instant> program_next{};
  // The program was told the time and has not said that it is there. Outlives a program that dies:
  // what is due waits for the next one.
  bool holding = false;
  std::unordered_map<std::uint32_t, net::LinkCount> theirs{};
  // Ended at one side; the other has yet to see it.
  std::unordered_set<std::uint32_t> closed_by_us{};  // those that we had made
  std::unordered_set<std::uint32_t> closed_by_them{};
  std::string out{};

  Block(net::Loop& on, net::SteppedClock& time, net::Links& counts, Options with)
      : loop(on), clock(time), links(counts), options(std::move(with)) {
    listener = std::make_unique<net::Listener>(
        loop, net::Endpoint{.address = options.address, .port = options.port}, 0600,
        net::Stream::Options{}, [this](std::unique_ptr<net::Stream> stream) {
          if (program) return;  // one clock has one program
          take(std::move(stream));
        });
  }

  void take(std::unique_ptr<net::Stream> stream) {
    program = std::move(stream);
    lines = {};
    greeted = quiet = false;
    program_next.reset();
    theirs.clear();
    closed_by_us.clear();
    closed_by_them.clear();
    program->start({.on_open = {},
                    .on_data = [this](std::string_view bytes) { received(bytes); },
                    .on_end = [this](std::error_code) { lose(); },
                    .on_drained = {}});
  }

  void lose() {
    if (!program) return;
    program->close();
    loop.retire(std::make_unique<DeadProgramLink>(std::move(program)));
    quiet = false;
  }

  void received(std::string_view bytes) {
    bool understood = true;
    const bool whole = lines.feed(
        bytes, [&](std::string_view line) { understood = understood && program && read(line); });
    if (!whole || !understood) lose();
  }

  bool read(std::string_view line) {
    const std::string_view word = next_word(line);
    if (!greeted) {
      greeted = word == "hello" && line == "campanile";
      if (greeted) tell_time();
      return greeted;
    }
    if (word == "at") {
      const auto now = next_number<std::int64_t>(line);
      if (!now) return false;
      // A program that resumes a log may be ahead of a carrier that has just started.
      if (instant_of(*now) > clock.now()) {
        clock.advance_to(instant_of(*now));
        loop.run_due_timers();
      }
      holding = false;
      return true;
    }
    if (word == "link") {
      const auto id = next_number<std::uint32_t>(line);
      const auto sent = next_number<std::uint64_t>(line);
      const auto consumed = next_number<std::uint64_t>(line);
      if (!id || !sent || !consumed) return false;
      theirs[*id] = {.id = *id, .sent = *sent, .consumed = *consumed};
      closed_by_them.erase(*id);
      quiet = false;
      return true;
    }
    if (word == "gone") {
      const auto id = next_number<std::uint32_t>(line);
      if (!id) return false;
      if (theirs.erase(*id) > 0 && links.open().contains(*id)) closed_by_them.insert(*id);
      closed_by_us.erase(*id);
      quiet = false;
      return true;
    }
    if (word == "busy") {
      quiet = false;
      return true;
    }
    if (word == "quiet") {
      const auto now = next_number<std::int64_t>(line);
      if (!now) return false;
      program_next.reset();
      if (line != "-") {
        const auto next = next_number<std::int64_t>(line);
        if (!next) return false;
        program_next = instant_of(*next);
      }
      quiet = instant_of(*now) == clock.now();
      return true;
    }
    return false;
  }

  void tell_time() {
    holding = true;
    out = "time ";
    append_number(out, milliseconds_of(clock.now()));
    out += '\n';
    if (!program->write(out)) lose();
  }

  // The program made this connection, and not we.
  bool is_theirs(std::uint32_t id) const {
    const std::uint16_t port = listening_port(id);
    return port == options.carrier_port || port == options.voice_port;
  }

  void note_closed() {
    for (const std::uint32_t id : links.take_changes().gone) {
      closed_by_them.erase(id);
      if (!is_theirs(id) && !links.open().contains(id)) {
        if (closed_by_us.size() == closed_max) closed_by_us.clear();
        closed_by_us.insert(id);
      }
    }
  }

  // Whether nothing is under way between the two: each byte that one end sent was consumed by the
  // other, and each end of a connection was seen by both. The program's counts are those of its
  // last report, when it was quiet; since then it can only have acted on bytes from us, and those
  // would be missing in its counts.
  bool links_agree() const {
    if (links.connecting() != 0) return false;
    for (const auto& [id, ours] : links.open()) {
      const auto found = theirs.find(id);
      if (found != theirs.end()) {
        if (ours.sent != found->second.consumed || found->second.sent != ours.consumed)
          return false;
        continue;
      }
      if (closed_by_them.contains(id)) return false;
      // Accepted by us and unknown to the program: a foreign client. Made by us: the program has
      // not seen it yet, or it leads to somebody else; then only an answer is worth waiting for.
      if (!is_theirs(id) && options.awaits(listening_port(id))) return false;
    }
    for (const auto& [id, their] : theirs) {
      if (links.open().contains(id)) continue;
      // On its way to us, or closed by us and not yet seen. Others are the program's own clients.
      if (is_theirs(id) || closed_by_us.contains(id)) return false;
    }
    return true;
  }

  void before_sleep(bool carrier_is_quiet, std::optional<net::Instant> next) {
    note_closed();
    if (!program || !quiet || !carrier_is_quiet || holding) return;
    for (const auto& other : {loop.next_timer(), program_next}) {
      if (other && (!next || *other < *next)) next = other;
    }
    if (!next || *next <= clock.now() || !links_agree()) return;
    quiet = false;
    clock.advance_to(*next);
    tell_time();
    loop.run_due_timers();
  }
};

ClockHost::ClockHost(net::Loop& loop, net::SteppedClock& clock, net::Links& links, Options options)
    : block_(std::make_unique<Block>(loop, clock, links, std::move(options))) {}

ClockHost::~ClockHost() = default;

std::uint16_t ClockHost::port() const {
  return block_->listener->port();
}

bool ClockHost::is_holding() const {
  return block_->holding;
}

void ClockHost::before_sleep(bool carrier_is_quiet, std::optional<net::Instant> next_act) {
  block_->before_sleep(carrier_is_quiet, next_act);
}

}  // namespace bridge::rehearsal
