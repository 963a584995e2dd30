#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/voice/realtime_messages.hpp"
#include "bridge/voice/voice.hpp"

namespace bridge::voice::realtime {

// One session of the Realtime protocol as our end keeps it (protocols.md 6.2 to 6.7). Knows neither
// sockets nor time.
//
//   greeting ──session.created──► configuring ──session.updated, pcmu both ways──► ready
//                                  │   ▲                                             │
//                                  └───┘ refused: again, with less transcription     │
//   each of them ──an end, a refusal, nonsense──► over (on_failed, once) ◄───────────┘
//
// In `ready` at most one response is asked for or under way. A wish for another waits for
// response.done, and for the answer to every function that was called. It waits for the server as
// well, which answers the person by itself, so that the two do not meet:
//
//   open ──speech_started──► the person's ──speech_stopped──► the server's ──response.created──►
//   open
//                                  ▲                              │  │
//                                  └───────speech_started─────────┘  └──speak, remind: open
//
// A wish for a goodbye ends with the first sound of the response that called for the end, where
// that still comes.
class Session {
 public:
  // Where messages go. `end_text` finishes the one that `begin_text` began; when they leave is the
  // wire's own affair.
  class Wire {
   public:
    virtual ~Wire() = default;
    virtual std::string& begin_text() = 0;
    virtual void end_text() = 0;
  };

  static constexpr std::size_t text_bytes_max = 16 * 1024;         // of one item; the rest is cut
  static constexpr std::int64_t item_audio_bytes_max = 4'800'000;  // ten minutes; more is nonsense
  static constexpr std::size_t items_max = 16;                     // that are remembered
  static constexpr std::size_t open_calls_max = 32;                // of functions, unanswered

  // Wire and listener outlive the session. The reader may be shared.
  Session(const Agent& agent, Listener& listener, Wire& wire, Reader& reader);

  // --- from the model ---
  void received(std::string_view message);  // with `padding` readable bytes behind it
  // The connection has ended, with this close code and what the peer wrote beside it.
  void ended(std::uint16_t close_code, std::string_view reason);
  void fail(Fault fault, std::string_view code);
  void fail(const Failure& failure);

  // --- what Conversation promises ---
  void hear(std::string_view base64);
  void hear_key(char key);
  void speak();
  void interrupted(std::string_view item, std::chrono::milliseconds heard);
  void answer_tool(std::string_view call_id, std::string_view output, bool then_speak);
  void answer_then_goodbye(std::string_view call_id, std::string_view output);
  bool has_more_to_say() const { return wished_ || speak_when_answered_; }
  void remind();
  void say_no_more();
  void tell(std::string_view text);

  bool ready() const { return step_ == Step::ready; }
  bool over() const { return step_ == Step::over; }

 private:
  enum class Step : unsigned char { greeting, configuring, ready, over };
  enum class Turn : unsigned char { open, persons, servers };

  // A function that was called.
  struct OpenCall {
    std::string id{};
    std::string response{};
  };

  // One utterance of the agent's.
  struct Item {
    std::string id{};
    std::string response{};
    std::int64_t bytes = 0;  // of sound that were passed on
    std::string text{};      // gathered from deltas until the whole comes
    bool audio_done = false;
    bool said = false;
  };

  void on(const Ignored&) {}
  void on(const Wrong& wrong);
  void on(const SessionCreated&);
  void on(const SessionUpdated& updated);
  void on(const SpeechStarted& speech);
  void on(const SpeechStopped& speech);
  void on(const Committed& committed);
  void on(const CalleeText& text);
  void on(const CalleeTextFailed& failed);
  void on(const ResponseCreated& created);
  void on(const AudioDelta& delta);
  void on(const AudioDone& done);
  void on(const TextDelta& delta);
  void on(const TextDone& done);
  void on(const FunctionCalled& called);
  void on(const ResponseDone& done);
  void on(const RateLimits& limits);
  void on(const Error& error);

  void configure();
  void on_update_refused(const Error& error);
  bool goes_on(std::string_view type, std::string_view code, bool wanted);
  void on_empty_response();
  void wish_again();
  void note_call(const FunctionCall& call, std::string_view response, bool discarded);
  void say(Item& item, std::string_view text);
  // Asks for a response if one is wished for and nothing stands in the way.
  void ask();
  // What is asked for, or what the server is about to begin, is cancelled when it begins.
  void mark_unwanted();
  void cancel_active();
  Item* find(std::string_view id);
  std::vector<OpenCall>::iterator find_open(std::string_view call_id);
  Item& item_of(std::string_view id, std::string_view response);
  std::string next_event_id(std::string_view prefix);

  Agent agent_;
  Listener& listener_;
  Wire& wire_;
  Reader& reader_;
  Step step_ = Step::greeting;
  std::uint64_t events_sent_ = 0;

  Transcription transcription_ = Transcription::with_language;
  std::string update_id_{};  // of the session.update that waits for its answer

  std::string active_{};            // the response under way
  bool discarded_ = false;          // it was interrupted: nothing of it is heard any more
  bool brought_something_ = false;  // sound, or a function to call
  std::string asked_id_{};          // of our response.create that nothing has come of yet
  bool unwanted_ = false;  // the person interrupted meanwhile: it is cancelled when it begins
  bool wished_ = false;
  bool opened_ = false;      // the opening was said, or begun
  std::string asked_for_{};  // the instructions of the response asked for or under way
  std::string wish_{};       // those of the one wished for
  bool retried_ = false;     // one retry of a response, until one succeeds
  bool no_more_ = false;     // what is under way is the last
  bool speak_when_answered_ = false;
  std::string goodbye_{};  // a response: what it says from now on makes the wish needless
  Turn turn_ = Turn::open;

  std::vector<OpenCall> open_calls_{};
  std::deque<std::string> seen_calls_{};  // the last ones, so that each is told once
  std::deque<Item> items_{};
  std::deque<std::pair<std::string, std::string>> previous_{};  // of the person's items
};

// Why a close code and its reason end a conversation.
Failure failure_of_close(std::uint16_t code, std::string_view reason);
// Why there was no 101: its HTTP status and body, or 0.
Failure failure_of_upgrade(int status, std::string_view body, std::string_view why);

}  // namespace bridge::voice::realtime
