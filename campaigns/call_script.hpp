#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "campaigns/events.hpp"
#include "campaigns/register.hpp"

// The call script: what each person's call says, and how far the calls under way have got.
namespace campaigns {

// In one call; beyond them, wishes to hear things again are answers that are none.
inline constexpr std::uint8_t returns_max = 20;

enum class AnswerStatus : std::uint8_t { answered, no_input, invalid, refused, dont_know };
std::string_view name_of(AnswerStatus status);
// The person has had their say on a question: it is not asked again.
constexpr bool settles(AnswerStatus status) {
  return status == AnswerStatus::answered || status == AnswerStatus::refused ||
         status == AnswerStatus::dont_know;
}

// The last word on one question, over all attempts of a contact.
struct ScriptAnswer {
  std::uint8_t question = 0;  // index into Campaign::questions
  AnswerStatus status = AnswerStatus::answered;
  std::string value{};
};

// How far a voice agent has got in one call.
//   none ─► served ─► open ─► closed
enum class AgentStage : std::uint8_t { none, served, open, closed };
std::string_view name_of(AgentStage stage);

// The call to one of the humans, within a transfer.
struct TransferLeg {
  std::string sid{};
  std::uint8_t human = 0;  // which of the campaign's list, from 1
  std::string status{};    // TransferProgressed
};
// Of one call: each human that can be listed, twice.
inline constexpr std::size_t transfer_legs_max = 20;

struct AgentProgress {
  AgentStage stage = AgentStage::none;
  std::string stream{};      // the carrier's sid of it
  std::string closed_why{};  // StreamClosed
  std::string fault{};       // AgentFailed
  bool heard = false;        // the person heard the agent
  bool spoke = false;        // the person said something
  std::int64_t lasted_ms = 0;
  std::string end_reason{};     // end_call
  bool goodbye_unsaid = false;  // the person has not heard the goodbye that was to come
  bool quota_full = false;      // the agent was told that enough people like this one have answered
  bool callback_asked = false;
  std::int64_t callback_due_ms = 0;  // when, if the person named a time
  bool transfer = false;             // to a human, and there is one
  std::string transfer_status{};
  std::uint32_t said = 0;            // things said, of both
  std::vector<std::string> tools{};  // tool calls, by the model's ids
  std::string caller_id{};           // of the attempt: what a human's telephone shows
  std::vector<TransferLeg> legs{};

  // A human took over: as the carrier said at the end of it, or, until then, of their own calls.
  bool reached_human() const;
};

// How far one call has got: what was served last.
struct CallPosition {
  std::uint8_t attempt = 0;
  std::uint32_t turn = 0;  // 0: nothing was served yet
  std::string prompt{};
  std::string question{};
  std::string again{};
  std::uint8_t silences = 0;  // on this question, in this call
  std::uint8_t invalids = 0;
  bool opted_out = false;
  AgentProgress agent{};  // mode agent
  bool screened = false;  // an assistant was told who calls
  bool stopped = false;   // the person wanted to stop
  bool replied = false;   // the person pressed or said something that was no answer
  // How often they had something repeated or went back.
  std::uint8_t returns = 0;
  // Questions that they went back to and have not answered anew, by their place.
  std::vector<std::uint8_t> reopened{};
  bool fetched = false;  // it came for what a machine is told instead of the talk
};

class CallScript {
 public:
  std::uint64_t position = 0;
  // Whether somebody is to be called by it. Else calls and answers so far are not kept, and the
  // people alone are (State::keep_results_alone).
  bool for_calls = true;

  // `ref`: the contact that the fact is about, if it is about one.
  void apply(const Fact& fact, const std::optional<ContactRef>& ref, const Register& book);
  void write(const CanonicalSink& sink, const Register& book) const;

  // The value of a column for a person; empty for a column that is not there.
  std::string_view value(ContactRef contact, std::size_t column) const;
  std::string_view value(ContactRef contact, const CampaignEntry& entry,
                         std::string_view column) const;
  const std::string& language(ContactRef contact) const;
  std::uint32_t row(ContactRef contact) const { return at(contact).row; }
  // Nothing while no attempt is open.
  const CallPosition* call(ContactRef contact) const;
  // What the person has answered so far, in the order of the questions; empty once the case is
  // closed.
  const std::vector<ScriptAnswer>& answers(ContactRef contact) const;

 private:
  struct Person {
    std::uint64_t offset = 0;  // into `text`: each value with its length before it
    std::uint32_t row = 0;
    std::uint16_t language = 0;
  };
  struct People {
    std::vector<Person> people{};
    std::string text{};
    std::vector<std::string> languages{};
  };
  void forget(ContactRef contact);
  static void apply_to_agent(const Fact& fact, CallPosition& call);
  const Person& at(ContactRef contact) const {
    return campaigns_[contact.campaign].people[contact.ordinal - 1];
  }
  std::vector<People> campaigns_{};
  std::unordered_map<std::uint64_t, CallPosition> calls_{};
  std::unordered_map<std::uint64_t, std::vector<ScriptAnswer>> answers_{};
};

}  // namespace campaigns
