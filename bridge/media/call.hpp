#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/media/line_noise.hpp"
#include "bridge/media/playback.hpp"
#include "bridge/media/switchboard.hpp"
#include "bridge/media/twilio_stream.hpp"
#include "bridge/net/clock.hpp"
#include "bridge/voice/voice.hpp"

namespace bridge::media {

// What a call acts on: the carrier's end of its sound, a model, its owner, and time. None of these
// functions calls the call.
class Line {
 public:
  virtual ~Line() = default;
  virtual net::Instant now() const = 0;
  // Calls `Call::woken` at this time; a time that was asked for before counts no more.
  virtual void wake_at(net::Instant at) = 0;

  virtual std::string& begin_text() = 0;  // one message to the carrier
  virtual void end_text() = 0;
  // Ends the carrier's end in order, behind what was written. Nothing is written afterwards.
  virtual void close() = 0;

  virtual std::unique_ptr<voice::Conversation> converse(const voice::Agent& agent,
                                                        voice::Listener& listener) = 0;
  // Destroys it when nothing of it is on the stack any more.
  virtual void bury(std::unique_ptr<voice::Conversation> conversation) = 0;

  virtual void tell(Started started) = 0;
  virtual void tell(Said said) = 0;
  virtual void tell(ToolAsked asked) = 0;
  virtual void tell_key(char key) = 0;
  virtual void tell(Closed closed) = 0;
};

// One call: the carrier's stream on one side, a conversation with a voice model on the other.
//
//   waiting ──start──► asking ──let_in──► connecting ──on_ready──► talking ──goodbye, leave──┐
//      │                 │                    │                       │                      ▼
//      │                 │refuse              │        limits,        │                   closing
//      │                 │                    │   the model's failure │        its last words│were
//      ▼                 ▼                    ▼                       ▼             heard, or│time
//    over ◄──────────────┴────────────────────┴───────────────────────┴──────────────────────┘
//
// Where the person said something that is not written down yet, a hang-up, a goodbye that was heard
// and a limit of the campaign's lead from talking and closing to over by `listening`, a moment in
// which these words may still come, and what the model asks for because of them.
//
// `stop`, the end of the socket, what is not the protocol, `end` and time_max lead from every step
// to over. Both sides end together there: the conversation is buried, what the carrier has not
// played is cleared unless it was a goodbye, Closed is told, the carrier's end is closed.
//
// While talking the person may interrupt at any time, also between two responses, while sound waits
// at the carrier: it is cleared, and the model is told how much was heard of each item. A goodbye
// that they break into before the owner lets it end the call is none. Then, closing begins with
// hearing them out, and what comes behind their words is the goodbye:
//
//   talking ──goodbye, leave, while they speak──► closing, hears out ──on_speech_stopped──► closing
//
// In closing, the goodbye is the first sound behind which the conversation has nothing more to say:
// an answer to them that had begun before is followed by it, and a tool that is called before it
// has a time of its own.
class Call final : public voice::Listener {
 public:
  static constexpr milliseconds let_in_max{10'000};  // from `start` to the owner's answer
  static constexpr milliseconds key_pause{1'000};    // behind the last key, until it is answered
  // A key before the end of what the person says, until it may be on its way when that is told.
  static constexpr milliseconds key_passes_max{250};
  static constexpr milliseconds late_max{500};     // of a wake-up; beyond, the machine stood still
  static constexpr milliseconds reading_time{50};  // for what came meanwhile, before it is judged
  static constexpr milliseconds ahead_max{300'000};  // of sound at the carrier, whose buffer holds
                                                     // ten minutes (5.3); beyond: nonsense
  static constexpr milliseconds last_words_max{1'800};  // from leaving until they are given up
  static constexpr milliseconds words_late_max{5'000};  // behind the person's words, until written
  // Of silence, until the owner answers what the model asked for: its log may be slow or its disk
  // full, and behind this the carrier's request for what comes next has to wait for them as well.
  static constexpr milliseconds tool_answer_max{6'000};
  // Of the person; beyond, its end is lost, also where the line is never quiet.
  static constexpr milliseconds utterance_max{60'000};
  // Of speech that the model takes no notice of, until it is asked to answer all the same, and how
  // often in a row before it counts as deaf.
  static constexpr milliseconds unnoticed_least{300};
  static constexpr int unnoticed_turns_max = 2;
  static constexpr std::size_t utterances_max = 32;  // whose text or end is not known yet

  struct Options {
    milliseconds start_time_max{5'000};          // until `start`
    milliseconds hurry_max{60'000};              // of sound from the carrier before its time
    std::int64_t messages_per_second_max = 500;  // from the carrier, on average
  };

  // The line outlives the call.
  Call(Line& line, StreamId stream, Options options);
  ~Call() override;

  // --- from the carrier ---
  void received(const twilio::Message& message);
  // Its socket has ended; `fault`: the close code that what it sent was answered with.
  void carrier_ended(std::uint16_t fault = 0);
  // It does not take what is sent.
  void carrier_is_slow();

  // --- from the owner ---
  void let_in(const voice::Agent& agent, const Bounds& bounds);
  void refuse();
  void answer_tool(std::string_view call_id, std::string_view output, Then then);
  void end(Why why);

  void woken();
  bool over() const { return step_ == Step::over; }

  // --- from the model ---
  void on_ready() override;
  void on_audio(std::string_view item, std::string_view base64) override;
  void on_audio_done(std::string_view item) override;
  void on_speech_started(std::string_view item) override;
  void on_speech_stopped(std::string_view item) override;
  void on_agent_said(std::string_view item, std::string_view text) override;
  void on_callee_said(std::string_view item, std::string_view previous,
                      std::string_view text) override;
  void on_tool_call(std::string_view call_id, std::string_view name,
                    std::string_view arguments) override;
  void on_response_done(const voice::Usage& usage) override;
  void on_late_usage(const voice::Usage& usage) override;
  void on_trying_again() override;
  void on_complaint(std::string_view code) override;
  void on_quota_low(const voice::Quota& quota) override;
  void on_failed(const voice::Failure& failure) override;

 private:
  enum class Step : unsigned char {
    waiting,
    asking,
    connecting,
    talking,
    listening,
    closing,
    over
  };

  // Something that the agent says or the person said, until it is told.
  struct Utterance {
    Said::Who who = Said::Who::agent;
    std::string item{};
    std::uint32_t position = 0;
    milliseconds at{};
    std::string text{};
    bool ended = false;  // of the agent: it is known how much was heard
    bool cut = false;
    milliseconds heard{};
  };

  // What the model asked for, until it is answered.
  struct OpenTool {
    std::string call_id{};
    std::uint32_t turn = 0;
  };

  void on(const twilio::Ignored&) {}
  void on(const twilio::Wrong& wrong);
  void on(const twilio::Connected&) {}
  void on(const twilio::Start& start);
  void on(const twilio::Media& media);
  void on(const twilio::Key& key);
  void on(const twilio::Mark& mark);
  void on(const twilio::Stop&);

  bool words_are_outstanding() const;
  bool answer_is_outstanding() const;
  std::uint32_t close_tool(std::string_view call_id);
  void leave(Why why);
  void finish_listening();
  void pass_over(std::string_view base64);
  void hear_silence(milliseconds length);
  void note_quiet(milliseconds length);
  void note_unnoticed(milliseconds length);
  bool speak_unasked();
  void interrupt();
  void clear_carrier();
  void begin_turn();
  void owe();
  void leave_when_heard(Why why, bool owed);
  void farewell_s_turn();
  bool hears_person() const;
  voice::Usage response_so_far(net::Instant now) const;
  voice::Usage used(net::Instant now) const;
  std::int64_t cost(const voice::Usage& usage, net::Instant now) const;
  bool is_spent_up(net::Instant now) const;
  void mind_spending(std::int64_t before, net::Instant now);
  void try_to_leave();
  void finish(Why why, const voice::Failure& failure = {});
  void finish_bad_stream(std::string what);

  Utterance& begin_utterance(Said::Who who, std::string_view item);
  Utterance* find(Said::Who who, std::string_view item);
  void tell_if_known(Utterance& utterance);
  void note_heard(const Heard& heard);

  // Whatever has a time: looks what is due, and is woken for what is next.
  bool act_on_time(net::Instant now);
  bool act_on_speech(net::Instant now);
  void arm();
  std::optional<net::Instant> next_deadline() const;
  bool waits_for_model() const;
  std::optional<net::Instant> answer_due() const;
  std::optional<net::Instant> reminder_due() const;
  std::optional<net::Instant> tool_answer_due() const;
  net::Instant goodbye_due() const;
  net::Instant quiet_since() const;
  net::Instant notice_of_end_at() const;
  net::Instant notice_of_silence_at() const;

  Line& line_;
  const StreamId stream_;
  const Options options_;
  Step step_ = Step::waiting;
  net::Instant due_{};    // of the step: start, let_in; closing: when it began
  net::Instant armed_{};  // no deadline lies before it
  bool woken_late_ = false;
  Bounds bounds_{};

  std::string stream_sid_{};
  bool mu_law_ = true;  // the carrier's sound
  net::Instant started_{};
  std::int64_t messages_ = 0;
  Inbound inbound_{};
  Playback playback_{};
  std::string silence_{};  // scratch

  std::unique_ptr<voice::Conversation> conversation_{};
  bool writes_down_ = false;  // the model: what the person says
  bool person_speaks_ = false;
  net::Instant spoke_since_{};
  // While they speak, as the model says: how long it has heard nothing but quiet, and since when it
  // should have said that they are done.
  milliseconds quiet_{};
  std::optional<net::Instant> done_since_{};
  milliseconds turn_silence_{};  // that ends what they say
  LineNoise line_noise_{};
  // While they speak and the model does not say so: how long, when that was over, and how often.
  milliseconds unnoticed_{};
  std::optional<net::Instant> unnoticed_since_{};
  int unnoticed_turns_ = 0;
  bool owed_ = false;  // it is the agent's turn and nothing of it has come
  net::Instant owed_since_{};
  bool reminded_ = false;
  std::uint32_t turn_ = 0;       // of the agent's; a new one where it is owed or broken into
  bool said_something_ = false;  // in this one
  bool responding_ = false;      // something of a response came, and not its end
  std::vector<OpenTool> tools_open_{};
  net::Instant tools_open_since_{};
  net::Instant last_words_{};              // of the person, or a key
  std::optional<net::Instant> keys_at_{};  // are answered then, and behind the tools
  std::optional<net::Instant> left_at_{};  // listening: when it began, and why
  Why left_for_ = Why::hung_up;
  bool told_silence_ = false;
  bool told_end_ = false;
  bool told_spending_ = false;

  voice::Usage last_response_{};   // at first: what is read before anybody has spoken
  net::Instant response_ended_{};  // of that one
  std::size_t sound_since_ = 0;    // of the agent, in bytes

  Why leaving_ = Why::goodbye;
  bool farewell_owed_ = false;
  bool hears_out_ = false;  // the person who speaks, before the farewell
  bool bye_sent_ = false;

  std::deque<Utterance> utterances_{};
  std::uint32_t positions_ = 0;
  Closed closed_{};
};

}  // namespace bridge::media
