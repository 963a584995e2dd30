#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "campaigns/call_script.hpp"
#include "campaigns/campaign.hpp"
#include "campaigns/ids.hpp"
#include "campaigns/register.hpp"
#include "campaigns/time.hpp"

// What a voice agent is told, and what it may ask for. Columns and what people say reach a model as
// delimited, capped data, never as instructions; and what a model asks for is checked like a form
// of a stranger's.
namespace campaigns {

// A column's value, beyond which the agent is not told it.
inline constexpr std::size_t agent_value_bytes_max = 300;
// What a person said, as the model passes it on.
inline constexpr std::size_t agent_words_bytes_max = 2'000;
// Of one call: what is asked for beyond them is refused, and the call ends.
inline constexpr std::uint32_t agent_tools_max = 200;
// Things said in one call that are kept.
inline constexpr std::uint32_t agent_said_max = 2'000;
inline constexpr std::size_t agent_said_bytes_max = 4'000;

struct AgentTool {
  std::string name{};
  std::string description{};
  std::string parameters{};  // JSON Schema
};

// All that a model is given for one conversation.
struct AgentBrief {
  std::string model{};  // empty: of the configuration; voice and transcription likewise
  std::string voice{};
  std::string transcription{};
  std::string language{};
  std::string instructions{};
  std::string opening{};  // the instruction for its first words
  std::vector<AgentTool> tools{};
  Seconds time_max{};
  Seconds silence_max{};
  std::uint32_t turns_max = 0;
  std::optional<ModelPrices> prices{};  // and what the talk may cost; nothing: that is not counted
};

// Whom an agent talks to.
struct AgentPerson {
  std::string language{};
  std::function<std::string_view(std::string_view column)> value{};
  std::vector<ScriptAnswer> answers{};
  // Whether a question is asked of this person, by its place; none: all of them are.
  std::function<bool(std::size_t question)> asked{};
  std::string now{};  // the day and the time on their clock; empty: the agent is not told
};
AgentBrief agent_brief(const Campaign& campaign, const AgentPerson& person);
// Of an attempt's call, by the projections; `now` as in AgentPerson.
AgentBrief agent_brief(const Register& book, const CallScript& script, ContactRef contact,
                       std::string now = {});
// The day and the time on a clock as an agent is told them: "Thursday 2026-03-05T17:10". `local`
// counts as if it were UTC.
std::string clock_words(Instant local);
// Of a call that somebody else's code placed: nobody is known, nothing is asked or kept.
AgentBrief outside_brief(const Campaign& agent);

// The version of a text: it changes with every letter of it. 16 hexadecimal digits.
std::string text_version(std::string_view text);

// --- what the model asks for ---

// A tool call, looked at. `refused` is a code for the log, `error` tells the model what to do
// instead; both are empty where the call is good.
struct ToolVerdict {
  std::string name{};  // of the tool; empty: there is none
  std::string refused{};
  std::string error{};
  std::optional<std::uint8_t> question{};        // record_answer, where there is such a question
  AnswerStatus status = AnswerStatus::answered;  // refused, dont_know: without a value
  std::string value{};                           // as it is kept: a code, a number, empty for open
  std::string words{};
  std::string when{};                    // ask_callback: as it was said
  std::optional<Instant> callback_at{};  // ask_callback: the moment that the person named
  bool called_again = true;              // ask_callback: whether anybody calls them at all
  std::string reason{};                  // end_call
};
// When a person may be called at a time that they name.
struct CallbackBounds {
  Instant now{};
  std::optional<Instant> last{};   // they are not called from then on
  std::optional<Instant> named{};  // when their clock shows the time that they named
  // When from then on the calling hours are open first; nothing: never, as far as is known.
  std::optional<Instant> opens{};
  std::string opens_on_clock{};  // what their clock shows then
  std::string now_on_clock{};    // and now; empty: it is not told
  bool calls_left = true;        // whether anybody calls them after this call
  bool called_enough = false;    // by the time that they named, as often as the caps allow
};
// Nobody is called back later than that.
inline constexpr std::chrono::days callback_ahead_max{60};
// The local time that an ask_callback names, counted as if it were UTC: "2026-03-05T17:30", with
// seconds or without. Nothing for another tool, and where it names none that can be read.
std::optional<Instant> callback_time_named(std::string_view tool, std::string_view arguments);

// By the projections as they are before it is carried out.
ToolVerdict judge_tool(const Register& book, const CallScript& script, ContactRef contact,
                       std::string_view name, std::string_view arguments,
                       const CallbackBounds& bounds = {});
ToolVerdict judge_outside_tool(std::string_view name, std::string_view arguments);

// What the model is told of it, by the projections as they are afterwards, and what happens then.
enum class AfterTool : std::uint8_t { speak, goodbye, leave };
struct ToolAnswer {
  std::string output{};  // JSON
  AfterTool then = AfterTool::speak;
};
ToolAnswer tool_answer(const Register& book, const CallScript& script, ContactRef contact,
                       const ToolVerdict& verdict);
ToolAnswer outside_tool_answer(const ToolVerdict& verdict);

}  // namespace campaigns
