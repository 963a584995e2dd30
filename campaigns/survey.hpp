#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "campaigns/call_script.hpp"
#include "campaigns/campaign.hpp"
#include "campaigns/ids.hpp"
#include "campaigns/register.hpp"

// What a call says next, and what an answer means.
namespace campaigns {

struct Say {
  std::string text{};
  std::string language{};
  std::string voice{};  // empty: the carrier's default
  friend bool operator==(const Say&, const Say&) = default;
};
struct Pause {
  std::uint32_t seconds = 1;
  friend bool operator==(const Pause&, const Pause&) = default;
};
struct Hangup {
  friend bool operator==(const Hangup&, const Hangup&) = default;
};
// A question: says its prompts and waits for an answer to this turn.
struct Ask {
  std::vector<Say> prompts{};
  bool by_key = true;
  bool by_speech = true;
  std::uint32_t digits = 1;  // how many keys end it at once; 0: any number, ended by '#'
  std::uint32_t timeout_seconds = 6;
  std::string language{};
  std::vector<std::string> hints{};
  std::string question{};
  std::uint32_t turn = 0;
  bool tells_silence = true;  // false: where nothing comes, the next verb follows unasked
  friend bool operator==(const Ask&, const Ask&) = default;
};
// The call's sound to a media stream of ours until that is closed; what comes next is asked for
// afterwards.
struct Connect {
  friend bool operator==(const Connect&, const Connect&) = default;
};
// All of these numbers ring, the first to answer has the call; afterwards what comes next is asked
// for.
struct Transfer {
  std::vector<std::string> numbers{};
  std::string caller_id{};
  friend bool operator==(const Transfer&, const Transfer&) = default;
};
using Verb = std::variant<Say, Pause, Hangup, Ask, Connect, Transfer>;
// What the carrier is told to do, without a word of its markup.
using CallDocument = std::vector<Verb>;

// What a survey comes to next.
//   question     the first one that applies and has no last word yet
//   screened_out, quota_full   nothing is asked any more, and what was answered says why
//   over         nothing is left to ask
struct NextStep {
  enum class Kind : std::uint8_t { question, screened_out, quota_full, over };
  Kind kind = Kind::over;
  std::optional<std::uint8_t> question{};  // quota_full: the one that would be asked
  std::size_t quota = 0;                   // quota_full: into Campaign::quotas
};
// `answers` as in CallScript; a question of `reopened` is asked although it has a last word.
NextStep next_step(const Campaign& campaign, const std::vector<ScriptAnswer>& answers,
                   const CampaignEntry& entry, const CallScript& script, ContactRef contact,
                   const std::vector<std::uint8_t>& reopened = {});
// Its question, where it is one.
std::optional<std::uint8_t> next_question(const Campaign& campaign,
                                          const std::vector<ScriptAnswer>& answers,
                                          const CampaignEntry& entry, const CallScript& script,
                                          ContactRef contact);
// Whether somebody has answered a question or would rather not, in any call.
bool has_settled_any(const std::vector<ScriptAnswer>& answers);
// Without the questions from one on that were left in silence: these stand from an earlier call,
// and whoever was not there then is asked in this one.
std::vector<ScriptAnswer> without_silence(std::vector<ScriptAnswer> answers, std::size_t from);
// What stands of a person's answers when a call begins: of one that was silence alone, nothing.
std::vector<ScriptAnswer> answers_before_call(const CallScript& script, ContactRef contact);
// Whether an answer showed that the survey is not for this person.
bool is_screened_out(const Campaign& campaign, const std::vector<ScriptAnswer>& answers,
                     const CampaignEntry& entry, const CallScript& script, ContactRef contact);
// The one to go back to from a question: the last before it that was put to the person.
std::optional<std::uint8_t> question_before(std::uint8_t question, const Campaign& campaign,
                                            const std::vector<ScriptAnswer>& answers,
                                            const CampaignEntry& entry, const CallScript& script,
                                            ContactRef contact);

// Whether a question applies to this person, given what was answered.
bool applies(const Condition& condition, const Campaign& campaign,
             const std::vector<ScriptAnswer>& answers, const CampaignEntry& entry,
             const CallScript& script, ContactRef contact);

// What somebody keyed or said, read as an answer to a question; `today` on their clock, where it is
// known.
struct Understood {
  enum class Kind : std::uint8_t { silence, given, invalid, opt_out, reply };
  Kind kind = Kind::silence;
  std::string value{};
  std::string source{};  // "key" | "speech"
  std::string words{};   // what was said
  Reply reply{};
};
Understood understand(const Campaign& campaign, const Question& question,
                      const std::string& language, std::string_view digits, std::string_view speech,
                      const std::optional<std::chrono::sys_days>& today = {});

// Whether what a person said contains the campaign's words for "never again".
bool says_never_again(const Campaign& campaign, const std::string& language,
                      std::string_view speech);

// Whether somebody's words are those of an assistant that screens calls: it asks who calls and why
// before it rings anybody. Known by the phrases that such assistants use; another one is taken for
// a person whose answer is none.
bool is_screening(std::string_view speech);
// How long such an assistant is given to fetch the person, before the question is asked again.
inline constexpr std::uint32_t screening_pause_seconds = 8;

// In the place of a question's id where a message without questions listens for the opt-out.
inline constexpr std::string_view opt_out_question = "opt_out";
// So long after the message, in seconds.
inline constexpr std::uint32_t opt_out_listening_seconds = 4;
// A key that means nothing breaks a message off, and it is said again: so often while keys are
// listened to, and then once more without.
inline constexpr std::uint8_t message_breaks_max = 2;

// The document of a call's current turn: a function of the projections alone. Nothing was served
// yet, or no such call: hang up.
CallDocument current_document(const Register& book, const CallScript& script, ContactRef contact);

// The document of a call that somebody else's code placed: say the message, then hang up.
CallDocument message_document(const std::string& message, const std::string& language,
                              const std::string& voice);

// Connects a call with the campaign's agent: that an AI talks, a word while it is called, the
// stream, and an apology for where none can be opened. Without a person for calls that somebody
// else's code placed.
CallDocument agent_document(const Campaign& campaign, const std::string& language,
                            const std::string& disclosure);
// An apology for an agent that failed, then the end.
CallDocument agent_apology(const Campaign& campaign, const std::string& language,
                           const std::string& apology);

// One template of the campaign with a person's values in it.
std::string personal_text(const Text& text, const Campaign& campaign, const CampaignEntry& entry,
                          const CallScript& script, ContactRef contact);

// How long a text takes to say, at 15 characters a second, rounded up.
std::uint32_t speaking_seconds(std::string_view text);

}  // namespace campaigns
