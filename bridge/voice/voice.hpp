#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

// The seam of a voice model: what a telephone call needs of one, whoever makes it. A family of
// models implements Conversation; `bridge/media` knows nothing else of it.
namespace bridge::voice {

// Something that the model may ask our side to do.
struct Tool {
  std::string name{};         // [a-z_]{1,64}
  std::string description{};  // at most 1,024 characters
  std::string parameters{};   // a JSON Schema, as text; it has to be JSON
};

// Who the agent is. Everything that comes from a person or a list stands in it as delimited data.
struct Agent {
  std::string model{};  // from configuration, never from the code (protocols.md 6.1)
  std::string voice{};  // empty: the model's own
  std::string instructions{};
  std::string opening{};              // how it begins to speak, as an instruction
  std::string language{};             // BCP-47, "it-IT"
  std::string transcription_model{};  // empty: what the person says is not written down
  std::vector<Tool> tools{};
  std::uint32_t silence_ms = 500;  // of the person, until it is the agent's turn
};

// Why a conversation failed, in terms that decide what is done next.
enum class Fault : unsigned char {
  unreachable,  // no connection, no TLS, no 101
  refused,      // key, model or session was refused; no sense in trying again
  limited,      // rate or quota
  silent,       // it owes an answer and gives none
  dropped,      // the connection broke
  expired,      // the session's time is over
  nonsense,     // what came was not the protocol, or not the audio that was agreed on
};
std::string_view name_of(Fault fault);

struct Failure {
  Fault fault = Fault::dropped;
  std::string code{};       // the model's own, or a close code; no text of a talk, no secret
  std::error_code error{};  // unreachable: of the connection or of TLS, where that was the reason
};

// What a response cost, as the model counts it.
struct Usage {
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
  std::int64_t input_audio_tokens = 0;
  std::int64_t output_audio_tokens = 0;
  std::int64_t cached_tokens = 0;        // of input_tokens
  std::int64_t cached_audio_tokens = 0;  // of those
};

// What a model allows in its time, a minute as a rule, and how much of that is left.
struct Quota {
  std::string_view of{};  // "tokens" or "requests", for good
  std::int64_t most = 0;
  std::int64_t left = 0;
};

// What a model tells. An item is one utterance. All views are valid within the call only. Called
// on the loop's thread, never from inside a function of the conversation. The conversation is not
// destroyed from inside one of these calls: its owner retires it (net::Loop::retire).
class Listener {
 public:
  virtual ~Listener() = default;
  virtual void on_ready() = 0;  // session and audio format are as they were asked for
  // A piece of the agent's speech: base64 of G.711 mu-law, 8 kHz, any size.
  virtual void on_audio(std::string_view item, std::string_view base64) = 0;
  virtual void on_audio_done(std::string_view item) = 0;  // no more of this item comes
  // The person speaks: stop. `item` will be what they say; the model has stopped by itself.
  virtual void on_speech_started(std::string_view item) = 0;
  virtual void on_speech_stopped(std::string_view item) = 0;  // an answer is owed now
  virtual void on_agent_said(std::string_view item, std::string_view text) = 0;
  // May come after the agent's answer to it, or never. `previous` is the item before it.
  virtual void on_callee_said(std::string_view item, std::string_view previous,
                              std::string_view text) = 0;
  virtual void on_tool_call(std::string_view call_id, std::string_view name,
                            std::string_view arguments) = 0;  // JSON, perhaps broken
  // The agent has said and asked all that it wanted to for now. Usage is of this response alone.
  virtual void on_response_done(const Usage& usage) = 0;
  // What a response has cost that another one has followed since: it ends late, and ends no turn.
  virtual void on_late_usage(const Usage& usage) = 0;
  // What was to be said failed, or was nothing, and is asked for once more: an answer is owed, also
  // where some of it was heard. Comes before `on_response_done` of the response that failed.
  virtual void on_trying_again() = 0;
  // The model did not want something of ours that the talk can do without: a mistake of ours that
  // somebody has to see. A code of the model's, no text.
  virtual void on_complaint(std::string_view code) = 0;
  // Less than a tenth is left: soon this talk or another one is refused its answers.
  virtual void on_quota_low(const Quota& quota) = 0;
  virtual void on_failed(const Failure& failure) = 0;  // once; nothing follows
};

// One conversation with a model, from connecting to its end. Destroying it closes the connection in
// order.
class Conversation {
 public:
  virtual ~Conversation() = default;
  // The person's speech, passed on as it came. Before `on_ready` it is thrown away.
  virtual void hear(std::string_view base64) = 0;
  // A key that the person pressed.
  virtual void hear_key(char key) = 0;
  // It is the agent's turn: begins with the opening, or answers to what was told since.
  virtual void speak() = 0;
  // The person interrupted: of this item they heard so much. Where all of a finished item was
  // heard this is not called. Stops what is being said; no item: that alone.
  virtual void interrupted(std::string_view item, std::chrono::milliseconds heard) = 0;
  // The answer to a tool call, JSON; each is answered once. `then_speak`: it goes on talking when
  // every call of its turn was answered, unless the person speaks: whose words are answered then.
  // Where these are just about to be, it goes on behind that.
  virtual void answer_tool(std::string_view call_id, std::string_view output, bool then_speak) = 0;
  // The same where only a goodbye is to follow: it goes on with that as with `then_speak`, unless
  // the response that called says something behind the call, which is the goodbye then.
  virtual void answer_then_goodbye(std::string_view call_id, std::string_view output) = 0;
  // It was asked to go on, and that waits: for the end of what it says, or is about to say by
  // itself, or for the answers to its tools. A sound that comes meanwhile is not what was asked
  // for.
  virtual bool has_more_to_say() const = 0;
  // An answer is owed and nothing of it has come for a while: one that the model was to begin by
  // itself, and that it has not begun, is asked for.
  virtual void remind() = 0;
  // What it is saying is the last: whatever was to be said behind it is not.
  virtual void say_no_more() = 0;
  // Something the agent has to know, as data (the time left, the person's silence).
  virtual void tell(std::string_view text) = 0;
};

// Makes conversations of one family of models. One for each loop; outlives its conversations.
class Model {
 public:
  virtual ~Model() = default;
  // Connects at once. `listener` outlives the conversation.
  virtual std::unique_ptr<Conversation> begin(const Agent& agent, Listener& listener) = 0;
};

}  // namespace bridge::voice
