#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "bridge/net/clock.hpp"
#include "bridge/net/loop.hpp"
#include "campaigns/campaign.hpp"
#include "runner/live.hpp"

namespace runner {

// What was looked at before anybody is called, and what to do about it.
struct Finding {
  enum class Verdict : std::uint8_t {
    well,
    warning,    // calls work, and something will go wrong
    unproven,   // could not be looked at from here
    bad_input,  // no call can be placed or answered, until a setting is mended
    broken      // the same, and it is not a setting: somebody does not answer
  };
  Verdict verdict = Verdict::well;
  std::string subject{};  // "caller id"
  std::string what{};     // no secret, no number of a person
  std::string cure{};     // what to do; empty: nothing
  bool proven = false;    // of the way in: it is the same for whoever comes from outside
};
using Findings = std::vector<Finding>;

// The settings that need no question: shape of the sid, the caller id and SERVER_URL, tunnels, disk
// and files. `lines`: how many calls at once are wanted.
Findings look_at_settings(const LiveOptions& options);

// Where a campaign's people may be: the countries that it names, else that of its list.
std::set<std::string> countries_of(const campaigns::Campaign& campaign);

// Asks the carrier whether it knows us, whether the caller ids are ours and how its clock stands.
// Only questions. `loop` outlives the inquiry, `done` is called once.
class AccountInquiry {
 public:
  AccountInquiry(bridge::net::Loop& loop, const LiveOptions& options,
                 bridge::tls::ClientContext* trust, std::vector<std::string> caller_ids,
                 std::vector<std::string> countries, std::function<void(Findings)> done);
  ~AccountInquiry();

  // So far, until `done` is called.
  const Findings& found() const;

 private:
  struct Block;
  std::unique_ptr<Block> block_;
};

// Comes to the public door the way the carrier does: by SERVER_URL, with signatures. The door is
// that of `program`, on whose loop this is, and which outlives it. Null: it is opened here, and
// everybody else is told to come again (503), since nobody here could write down what they bring.
class DoorInquiry {
 public:
  DoorInquiry(bridge::net::Loop& loop, const LiveOptions& options,
              bridge::tls::ClientContext* trust, Live* program, std::function<void(Findings)> done);
  ~DoorInquiry();

 private:
  struct Block;
  std::unique_ptr<Block> block_;
};

// Begins a talk with the voice model that an agent would have, up to its first yes, and ends it:
// key, model, voice and the way there. What `brief` leaves empty the configuration says.
Findings ask_voice_model(const LiveOptions& options, const campaigns::AgentSpec& brief);

struct AskedAround {
  Findings of_account{};
  Findings of_door{};
};
// Both inquiries one after the other, on a loop of their own. Takes seconds.
AskedAround ask_around(const LiveOptions& options, std::vector<std::string> caller_ids,
                       std::vector<std::string> countries);

// Before the first call on a real carrier, the settings, before a log is opened; then account,
// caller ids, and the door's certificate as the carrier meets it. Each tells what is bad or broken
// on standard error; 0, or the exit code of a command that must not go on. `program`: has a log
// with a past, and answers what calls of that past ask meanwhile; it is stopped where it must not
// go on. Null: there is no log yet, and our own door must not be open. Of a way in that looks shut
// from here it only warns; so it does of one that is proven to lead elsewhere, and of a carrier
// that does not answer, where the program is to go on by itself (`may_wait`).
int look_at_settings_before_calling(const LiveOptions& options);
int look_before_calling(const LiveOptions& options, std::vector<std::string> caller_ids,
                        bool may_wait, Live* program);

// What stands against calls that show some caller ids.
struct Objections {
  campaigns::Problems problems{};       // no call would be placed
  std::vector<std::string> warnings{};  // why it could not be found out: calls wait for a carrier
                                        // that is away, and so may whoever is to be called
};
// Whether the carrier knows us and these caller ids, on a loop of its own, for any thread. Takes
// seconds, `asking_time_max` at most, and ends soon after `give_up` is true.
Objections reasons_not_to_show(const LiveOptions& options, std::vector<std::string> caller_ids,
                               const std::atomic<bool>& give_up);
std::chrono::seconds asking_time_max(std::size_t caller_ids);

// A line for each finding, its cure below.
std::string text_of(const Findings& findings);
std::string json_of(const Findings& findings);

// 0, or what the worst finding ends a command with: 2 for bad input, 3 for what is broken.
int exit_code_of(const Findings& findings);

}  // namespace runner
