#include "bridge/media/call.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include "bridge/voice/audio_text.hpp"

namespace bridge::media {
namespace {

using std::chrono::duration_cast;

constexpr std::string_view bye_mark = "bye";
// One message of filled silence; longer holes are several.
constexpr milliseconds silence_piece_max{1'000};
constexpr net::Instant never = net::Instant::max();
// Behind the agent's words their echo comes back from the person's telephone.
constexpr milliseconds echo_max{500};

// At most so many bytes, and no half character.
std::string_view cut_text(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  std::size_t length = bytes_max;
  while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xC0U) == 0x80) --length;
  return text.substr(0, length);
}

void add(voice::Usage& sum, const voice::Usage& usage) {
  sum.input_tokens += usage.input_tokens;
  sum.output_tokens += usage.output_tokens;
  sum.input_audio_tokens += usage.input_audio_tokens;
  sum.output_audio_tokens += usage.output_audio_tokens;
  sum.cached_tokens += usage.cached_tokens;
  sum.cached_audio_tokens += usage.cached_audio_tokens;
}

// What a model reads before the first word, at no less than three letters a token.
std::int64_t briefing_tokens(const voice::Agent& agent) {
  std::size_t letters = agent.instructions.size() + agent.opening.size();
  for (const voice::Tool& tool : agent.tools) {
    letters += tool.name.size() + tool.description.size() + tool.parameters.size();
  }
  return static_cast<std::int64_t>(letters / 3);
}

}  // namespace

std::string_view name_of(Why why) {
  switch (why) {
    case Why::hung_up:
      return "hung_up";
    case Why::goodbye:
      return "goodbye";
    case Why::moved_on:
      return "moved_on";
    case Why::refused:
      return "refused";
    case Why::time_limit:
      return "time_limit";
    case Why::silence:
      return "silence";
    case Why::too_many_turns:
      return "too_many_turns";
    case Why::spend_limit:
      return "spend_limit";
    case Why::model_failed:
      return "model_failed";
    case Why::bad_stream:
      return "bad_stream";
    case Why::too_slow:
      return "too_slow";
    case Why::owner_silent:
      return "owner_silent";
    case Why::stopped:
      return "stopped";
  }
  return "hung_up";
}

Call::Call(Line& line, StreamId stream, Options options)
    : line_(line),
      stream_(stream),
      options_(options),
      due_(line.now() + options.start_time_max),
      armed_(never) {
  closed_.stream = stream;
  arm();
}

Call::~Call() = default;

// --- from the carrier ---

void Call::received(const twilio::Message& message) {
  if (over() || step_ == Step::listening) return;
  ++messages_;
  // Looked at seldom: it costs a look at the clock.
  if (messages_ % 1024 == 0 && step_ != Step::waiting) {
    const auto seconds = duration_cast<std::chrono::seconds>(line_.now() - started_).count();
    if (messages_ > (seconds + 10) * options_.messages_per_second_max) {
      finish_bad_stream("too many messages");
      return;
    }
  }
  std::visit(
      [this](const auto& m) {
        if constexpr (requires { m.stream_sid; }) {
          // A message of another stream on the same socket is nobody's protocol.
          if (step_ != Step::waiting && !m.stream_sid.empty() && m.stream_sid != stream_sid_) {
            return finish_bad_stream("a message of another stream");
          }
        }
        on(m);
      },
      message);
}

void Call::carrier_ended(std::uint16_t fault) {
  if (over() || step_ == Step::listening) return;
  if (fault == 0) return leave(Why::hung_up);
  finish_bad_stream("close_" + std::to_string(fault));
}

void Call::carrier_is_slow() {
  if (!over() && step_ != Step::listening) finish(Why::too_slow);
}

void Call::on(const twilio::Wrong& wrong) {
  finish_bad_stream(wrong.why);
}

void Call::on(const twilio::Start& start) {
  if (step_ != Step::waiting) return;  // the same one again does no harm
  step_ = Step::asking;
  stream_sid_ = start.stream_sid;
  mu_law_ = start.mu_law;
  started_ = line_.now();
  due_ = started_ + let_in_max;
  line_.tell(Started{.stream = stream_,
                     .stream_sid = stream_sid_,
                     .call_sid = std::string(start.call_sid),
                     .account_sid = std::string(start.account_sid),
                     .token = std::string(start.token)});
  arm();
}

void Call::on(const twilio::Media& media) {
  if (step_ == Step::waiting) return;
  const net::Instant now = line_.now();
  const auto frame =
      inbound_.frame(media.chunk, media.timestamp, voice::audio_bytes(media.base64), now);
  if (frame.again) return;
  if (inbound_.received() > now - started_ + options_.hurry_max) {
    finish_bad_stream("sound before its time");
    return;
  }
  // A goodbye is not interrupted: nobody listens any more.
  if ((step_ != Step::talking && !hears_out_) || media.base64.empty()) return;
  if (frame.silence.count() > 0) hear_silence(frame.silence);
  conversation_->hear(media.base64);
  const milliseconds length(static_cast<std::int64_t>(voice::audio_bytes(media.base64)) /
                            voice::audio_bytes_per_ms);
  if (line_noise_.hear(media.base64, length)) unnoticed_ = milliseconds{0};
  if (!person_speaks_) return note_unnoticed(length);
  if (line_noise_.quiet()) {
    note_quiet(length);
  } else {
    quiet_ = milliseconds{0};
    done_since_.reset();
  }
}

// A model whose connection lives may no longer listen.
void Call::note_quiet(milliseconds length) {
  if (!person_speaks_ || done_since_) return;
  quiet_ += length;
  if (quiet_ < turn_silence_) return;
  done_since_ = line_.now();
  arm();
}

// Nor may one that has never begun to. What is heard while the agent speaks may be its echo.
void Call::note_unnoticed(milliseconds length) {
  const bool agents_turn = owed_ || responding_ || !tools_open_.empty() || keys_at_ ||
                           line_.now() < playback_.ends_at() + echo_max;
  if (agents_turn) {
    unnoticed_ = quiet_ = milliseconds{0};
    unnoticed_since_.reset();
  } else if (line_noise_.speech()) {
    unnoticed_ += length;
    quiet_ = milliseconds{0};
    unnoticed_since_.reset();
  } else if (line_noise_.quiet() && unnoticed_.count() > 0) {
    quiet_ += length;
    if (quiet_ < turn_silence_) return;
    if (unnoticed_ >= unnoticed_least) {
      if (!unnoticed_since_) unnoticed_since_ = line_.now();
      arm();
    } else {
      unnoticed_ = milliseconds{0};
    }
  }
}

// The person has spoken and is done, and the model has told nothing of it. False: it is deaf.
bool Call::speak_unasked() {
  unnoticed_ = quiet_ = milliseconds{0};
  unnoticed_since_.reset();
  if (unnoticed_turns_++ == unnoticed_turns_max) return false;
  conversation_->tell(R"({"notice":"the person spoke and was not heard"})");
  last_words_ = line_.now();
  owe();
  conversation_->speak();
  return true;
}

void Call::hear_silence(milliseconds length) {
  while (length.count() > 0) {
    const milliseconds piece = std::min(length, silence_piece_max);
    silence_.clear();
    voice::append_silence(silence_, piece);
    conversation_->hear(silence_);
    note_quiet(piece);
    length -= piece;
  }
}

void Call::on(const twilio::Key& key) {
  if (step_ == Step::waiting || step_ == Step::asking) return;
  line_.tell_key(key.digit);
  // Whoever is heard out is so with what they press: the farewell behind their words answers both.
  if (hears_out_) conversation_->hear_key(key.digit);
  if (step_ != Step::talking) return;
  // A key is an answer: it interrupts as a word does, and the last of several is answered.
  interrupt();
  conversation_->interrupted({}, milliseconds{0});
  conversation_->hear_key(key.digit);
  owed_ = false;
  unnoticed_turns_ = 0;
  last_words_ = line_.now();
  told_silence_ = false;
  // Whoever speaks, too, is answered for both behind their words, and by the model itself.
  if (!person_speaks_) keys_at_ = last_words_ + key_pause;
  arm();
}

void Call::on(const twilio::Mark& mark) {
  if (step_ == Step::waiting) return;
  if (mark.name == bye_mark) {
    if (step_ == Step::closing && bye_sent_) leave(leaving_);
    return;
  }
  if (!playback_.marked(mark.name, line_.now())) return;
  for (const Heard& heard : playback_.take_whole()) note_heard(heard);
}

void Call::on(const twilio::Stop&) {
  leave(Why::hung_up);
}

// What the person said last is still written down: it may be that nobody is to call them again.
bool Call::words_are_outstanding() const {
  if (!writes_down_) return false;
  if (person_speaks_) return true;
  if (line_.now() - last_words_ > words_late_max) return false;
  const auto last = std::find_if(utterances_.rbegin(), utterances_.rend(),
                                 [](const Utterance& u) { return u.who == Said::Who::callee; });
  return last != utterances_.rend() && last->position != 0 && last->text.empty();
}

// And what was heard last is still answered, with a wish perhaps that is to be noted.
bool Call::answer_is_outstanding() const {
  return responding_ || owed_;
}

// To the end, by way of `listening` if there is something to listen for.
void Call::leave(Why why) {
  if (step_ == Step::listening) return;
  if (!words_are_outstanding()) return finish(why);
  const net::Instant now = line_.now();
  step_ = Step::listening;
  left_at_ = now;
  left_for_ = why;
  due_ = now + last_words_max;
  for (const Heard& heard : playback_.not_whole(now)) note_heard(heard);
  if (why != Why::hung_up && !playback_.drained()) clear_carrier();
  playback_.clear(now);
  line_.close();
  // What is being answered goes on unheard, for what it asks for, unless there is no money for it.
  if (why == Why::spend_limit) conversation_->interrupted({}, milliseconds{0});
  // Ends what they were saying, as a pause would have.
  hear_silence(silence_piece_max);
  arm();
}

// --- from the owner ---

void Call::let_in(const voice::Agent& agent, const Bounds& bounds) {
  if (step_ != Step::asking) return;
  // Whoever it is, they would hear noise; known only now, so that it is told of their call.
  if (!mu_law_) {
    finish_bad_stream("not_mulaw_8000");
    return;
  }
  step_ = Step::connecting;
  bounds_ = bounds;
  writes_down_ = !agent.transcription_model.empty();
  turn_silence_ = milliseconds{agent.silence_ms};
  last_response_.input_tokens = briefing_tokens(agent);
  response_ended_ = line_.now();
  owe();
  conversation_ = line_.converse(agent, *this);
  arm();
}

void Call::refuse() {
  if (step_ == Step::asking) finish(Why::refused);
}

void Call::answer_tool(std::string_view call_id, std::string_view output, Then then) {
  if (step_ != Step::talking && step_ != Step::closing) return;
  const std::uint32_t asked_in = close_tool(call_id);
  // The answer to a key is one with that to every tool.
  if (keys_at_) keys_at_ = std::max(*keys_at_, line_.now());
  switch (then) {
    case Then::speak:
    case Then::listen: {
      const bool speak = then == Then::speak && step_ == Step::talking && !keys_at_;
      if (farewell_owed_) {
        conversation_->answer_then_goodbye(call_id, output);
      } else {
        conversation_->answer_tool(call_id, output, speak);
      }
      if (!(speak || farewell_owed_) || !tools_open_.empty() || person_speaks_) break;
      // What is still being said is of the turn before.
      if (responding_) {
        owed_ = true;
        owed_since_ = line_.now();
      } else {
        owe();
      }
      break;
    }
    case Then::goodbye:
    case Then::leave: {
      // Where it has said goodbye already, in the same breath, it says it once; and where its money
      // is used up, what it has said was that.
      const bool was_said = step_ == Step::closing && !farewell_owed_;
      const bool in_the_breath = said_something_ && asked_in == turn_;
      const bool still_to_say = !in_the_breath && !was_said;
      if (still_to_say) {
        conversation_->answer_then_goodbye(call_id, output);
      } else {
        conversation_->answer_tool(call_id, output, false);
        conversation_->say_no_more();
      }
      leave_when_heard(then == Then::goodbye ? Why::goodbye : Why::moved_on, still_to_say);
      break;
    }
  }
  arm();
}

// The turn in which it was asked for.
std::uint32_t Call::close_tool(std::string_view call_id) {
  const auto open = std::find_if(tools_open_.begin(), tools_open_.end(),
                                 [&](const OpenTool& tool) { return tool.call_id == call_id; });
  if (open == tools_open_.end()) return turn_;
  const std::uint32_t turn = open->turn;
  tools_open_.erase(open);
  return turn;
}

void Call::end(Why why) {
  if (over()) return;
  if (why == Why::hung_up) return leave(why);
  finish(why);
}

// --- from the model ---

void Call::on_ready() {
  if (step_ != Step::connecting) return;
  step_ = Step::talking;
  last_words_ = line_.now();
  conversation_->speak();
  arm();
}

void Call::on_audio(std::string_view item, std::string_view base64) {
  if (step_ == Step::listening) return pass_over(base64);
  if (step_ != Step::talking && step_ != Step::closing) return;
  const net::Instant now = line_.now();
  const Utterance* const known = find(Said::Who::agent, item);
  if (known != nullptr && known->ended) return;  // it was interrupted
  if (playback_.ahead() > ahead_max) {
    finish(Why::model_failed, {.fault = voice::Fault::nonsense, .code = "too_much_audio"});
    return;
  }
  responding_ = true;
  owed_ = false;
  said_something_ = true;
  hears_out_ = false;
  // What was begun before it was to say goodbye is none, and the goodbye follows.
  if (farewell_owed_) farewell_owed_ = conversation_->has_more_to_say();
  sound_since_ += voice::audio_bytes(base64);
  if (is_spent_up(now)) {
    leave(step_ == Step::closing ? leaving_ : Why::spend_limit);
    return;
  }
  if (known == nullptr) {
    // A farewell is heard to its end.
    if (step_ == Step::talking && closed_.turns == bounds_.turns_max) {
      leave(Why::too_many_turns);
      return;
    }
    ++closed_.turns;
    begin_utterance(Said::Who::agent, item).at =
        duration_cast<milliseconds>(std::max(now, playback_.ends_at()) - started_);
  }
  if (closed_.first_sound.count() < 0) {
    closed_.first_sound = duration_cast<milliseconds>(now - started_);
  }
  twilio::append_media(line_.begin_text(), stream_sid_, base64);
  line_.end_text();
  const std::string_view mark = playback_.sent(item, voice::audio_bytes(base64), now);
  twilio::append_mark(line_.begin_text(), stream_sid_, mark);
  line_.end_text();
  if (known == nullptr) arm();
}

// Sound that nobody hears any more, and that is paid all the same.
void Call::pass_over(std::string_view base64) {
  responding_ = true;
  sound_since_ += voice::audio_bytes(base64);
  if (is_spent_up(line_.now())) finish(left_for_);
}

void Call::on_audio_done(std::string_view item) {
  if (step_ != Step::talking && step_ != Step::closing) return;
  playback_.finished(item);
  for (const Heard& heard : playback_.take_whole()) note_heard(heard);
}

void Call::on_speech_started(std::string_view item) {
  if (step_ != Step::talking && step_ != Step::closing) return;
  const net::Instant now = line_.now();
  person_speaks_ = true;
  spoke_since_ = now;
  unnoticed_ = quiet_ = milliseconds{0};
  unnoticed_since_.reset();
  unnoticed_turns_ = 0;
  done_since_.reset();
  if (step_ == Step::talking) {
    owed_ = false;
    keys_at_.reset();
    interrupt();
  }
  // What was passed on before the goodbye is written down, too.
  if (!item.empty() && find(Said::Who::callee, item) == nullptr) {
    begin_utterance(Said::Who::callee, item).at = duration_cast<milliseconds>(now - started_);
  }
  arm();
}

void Call::on_speech_stopped(std::string_view) {
  const bool spoke = std::exchange(person_speaks_, false);
  if (step_ != Step::talking && step_ != Step::closing && step_ != Step::listening) return;
  const net::Instant now = line_.now();
  // What is heard of while they speak are their keys. The last one may have passed this on its way
  // to the model, which began to answer without it.
  const bool passed = spoke && last_words_ > spoke_since_ && now - last_words_ < key_passes_max;
  if (passed && step_ == Step::talking) keys_at_ = last_words_ + key_pause;
  last_words_ = now;
  if (step_ == Step::closing) {
    // The model answers it by itself.
    if (farewell_owed_) {
      farewell_s_turn();
      owe();
      arm();
    }
    return;
  }
  told_silence_ = false;
  owe();
  arm();
}

void Call::interrupt() {
  const net::Instant now = line_.now();
  begin_turn();  // what it said was no goodbye
  const auto not_whole = playback_.not_whole(now);
  const bool waits = !playback_.drained();
  if (not_whole.empty()) return;
  const bool was_cut = std::any_of(not_whole.begin(), not_whole.end(),
                                   [](const Heard& heard) { return !heard.whole; });
  if (waits) clear_carrier();
  playback_.clear(now);
  if (was_cut) ++closed_.interruptions;
  for (const Heard& heard : not_whole) {
    if (!heard.whole) conversation_->interrupted(heard.item, heard.heard);
    note_heard(heard);
  }
}

void Call::clear_carrier() {
  twilio::append_clear(line_.begin_text(), stream_sid_);
  line_.end_text();
}

void Call::on_agent_said(std::string_view item, std::string_view text) {
  // What it wanted to say and of which no sound was sent was not said.
  Utterance* const utterance = find(Said::Who::agent, item);
  if (utterance == nullptr || over()) return;
  utterance->text = cut_text(text, said_bytes_max);
  tell_if_known(*utterance);
}

void Call::on_callee_said(std::string_view item, std::string_view, std::string_view text) {
  if (over() || text.empty()) return;
  Utterance* known = find(Said::Who::callee, item);
  if (known == nullptr) {
    known = &begin_utterance(Said::Who::callee, item);
    known->at = duration_cast<milliseconds>(line_.now() - started_);
  }
  known->text = cut_text(text, said_bytes_max);
  tell_if_known(*known);
  finish_listening();
}

// Once nothing more is to come of what they said.
void Call::finish_listening() {
  if (step_ != Step::listening || words_are_outstanding() || answer_is_outstanding()) return;
  finish(left_for_);
}

void Call::on_tool_call(std::string_view call_id, std::string_view name,
                        std::string_view arguments) {
  if (step_ != Step::talking && step_ != Step::closing && step_ != Step::listening) return;
  responding_ = true;
  owed_ = false;  // our answer comes first, also before a farewell
  if (tools_open_.empty()) tools_open_since_ = line_.now();
  tools_open_.push_back({.call_id = std::string(call_id), .turn = turn_});
  line_.tell(ToolAsked{.stream = stream_,
                       .call_id = std::string(call_id),
                       .name = std::string(name),
                       .arguments = std::string(cut_text(arguments, tool_arguments_bytes_max)),
                       .position = positions_});
  arm();
}

void Call::on_response_done(const voice::Usage& usage) {
  if (over()) return;
  const net::Instant now = line_.now();
  const bool responded = std::exchange(responding_, false);
  const auto before = bounds_.spending.cost ? cost(closed_.usage, now) : 0;
  const bool told = usage.input_tokens != 0 || !bounds_.spending.cost;
  const auto of_response = told ? usage : response_so_far(now);
  add(closed_.usage, of_response);
  last_response_ = of_response;
  response_ended_ = now;
  sound_since_ = 0;
  // The end of what they broke off by speaking says nothing of the answer to that.
  if (step_ == Step::listening && !person_speaks_) owed_ = false;
  // What it was asked for meanwhile begins now, at the earliest.
  const bool waited = tools_open_.empty() && conversation_->has_more_to_say();
  if (waited && (responded || !owed_)) {
    owe();
    arm();
  }
  if (step_ == Step::closing) try_to_leave();
  finish_listening();
  if (step_ == Step::talking && bounds_.spending.cost) mind_spending(before, now);
}

void Call::on_late_usage(const voice::Usage& usage) {
  add(closed_.usage, usage);
}

void Call::on_trying_again() {
  if (step_ != Step::talking && (step_ != Step::closing || bye_sent_)) return;
  // A goodbye that broke off is said from its beginning.
  farewell_owed_ = step_ == Step::closing;
  if (!owed_) owe();
  arm();
}

void Call::on_complaint(std::string_view code) {
  if (closed_.complaints++ == 0) closed_.complaint = code;
}

void Call::on_quota_low(const voice::Quota& quota) {
  closed_.quota_low = quota;
}

void Call::on_failed(const voice::Failure& failure) {
  if (over()) return;
  if (step_ == Step::listening) return finish(left_for_);
  // It had nothing more to say but what the carrier has already.
  if (step_ == Step::closing && !farewell_owed_) {
    writes_down_ = responding_ = false;
    try_to_leave();
    return;
  }
  finish(step_ == Step::closing ? leaving_ : Why::model_failed, failure);
}

// --- what follows ---

void Call::begin_turn() {
  ++turn_;
  said_something_ = false;
}

void Call::owe() {
  owed_ = true;
  owed_since_ = line_.now();
  reminded_ = false;
  begin_turn();
}

// What the response under way has used nobody tells before its end, and of one that is broken off
// perhaps never. It reads the whole talk again, where the person's sound is a token in 100 ms and
// the agent's one in 50 ms (protocols.md 6.7); what was cached for the last one is so no less.
voice::Usage Call::response_so_far(net::Instant now) const {
  constexpr std::int64_t bytes_a_token = 400;
  const auto heard = std::max<std::int64_t>((now - response_ended_) / milliseconds{100}, 0);
  voice::Usage usage = last_response_;
  usage.input_tokens += last_response_.output_tokens + heard;
  usage.input_audio_tokens += last_response_.output_audio_tokens + heard;
  usage.output_audio_tokens = static_cast<std::int64_t>(sound_since_) / bytes_a_token;
  usage.output_tokens = usage.output_audio_tokens;
  return usage;
}

voice::Usage Call::used(net::Instant now) const {
  voice::Usage usage = closed_.usage;
  const bool talks = step_ == Step::talking || step_ == Step::closing || step_ == Step::listening;
  if (talks && (responding_ || owed_)) add(usage, response_so_far(now));
  return usage;
}

std::int64_t Call::cost(const voice::Usage& usage, net::Instant now) const {
  return bounds_.spending.cost(usage, duration_cast<milliseconds>(now - started_));
}

bool Call::is_spent_up(net::Instant now) const {
  return bounds_.spending.cost && cost(used(now), now) >= bounds_.spending.most;
}

// At the end of a response, when `before` had been spent without it. Where another one like it has
// no room, the talk ends with what the agent has just said; before, it is told.
void Call::mind_spending(std::int64_t before, net::Instant now) {
  const auto spent = cost(closed_.usage, now);
  const auto response = spent - before;
  const auto left = bounds_.spending.most - spent;
  if (left < response) {
    conversation_->say_no_more();
    leave_when_heard(Why::spend_limit, false);
    arm();
  } else if (!told_spending_ && left <= 3 * response) {
    told_spending_ = true;
    conversation_->tell(R"({"notice":"the call ends soon","answers_left":2})");
  }
}

void Call::leave_when_heard(Why why, bool owed) {
  farewell_owed_ = owed;
  if (step_ != Step::closing) {
    step_ = Step::closing;
    leaving_ = why;
    due_ = line_.now();
    keys_at_.reset();
    hears_out_ = owed && person_speaks_;
    if (owed && !hears_out_) farewell_s_turn();
  }
  // Behind every tool it is asked for anew, and at the earliest.
  if (owed && !hears_out_ && tools_open_.empty()) owe();
  try_to_leave();
}

void Call::farewell_s_turn() {
  hears_out_ = false;
  due_ = line_.now();
  // What the person says is passed on no longer: this ends it, so that it is the agent's turn.
  hear_silence(silence_piece_max);
}

// They speak, and what they say is passed on.
bool Call::hears_person() const {
  return hears_out_ || (step_ == Step::talking && person_speaks_);
}

// The carrier returns this mark when it has played what was sent before it, which is all there will
// be.
void Call::try_to_leave() {
  if (bye_sent_ || responding_ || farewell_owed_) return;
  bye_sent_ = true;
  twilio::append_mark(line_.begin_text(), stream_sid_, bye_mark);
  line_.end_text();
}

void Call::finish(Why why, const voice::Failure& failure) {
  const net::Instant now = line_.now();
  if (bounds_.spending.cost) closed_.usage = used(left_at_.value_or(now));
  const Step was = std::exchange(step_, Step::over);
  armed_ = never;
  if (conversation_) line_.bury(std::move(conversation_));
  if (was == Step::waiting) {
    line_.close();
    return;
  }
  for (Heard& heard : playback_.not_whole(now)) {
    // A goodbye whose last mark came back was heard whole.
    note_heard(heard);
  }
  for (Utterance& utterance : utterances_) {
    utterance.ended = true;
    if (utterance.position != 0 && !utterance.text.empty()) tell_if_known(utterance);
  }
  utterances_.clear();
  if (why != Why::hung_up && was != Step::listening && !playback_.drained()) clear_carrier();
  closed_.why = why;
  closed_.failure = failure;
  closed_.goodbye_unsaid = farewell_owed_ && leaving_ == Why::goodbye;
  closed_.lasted = duration_cast<milliseconds>(left_at_.value_or(now) - started_);
  line_.tell(Closed{closed_});
  line_.close();
}

void Call::finish_bad_stream(std::string what) {
  finish(Why::bad_stream, {.fault = voice::Fault::nonsense, .code = std::move(what)});
}

// --- what was said ---

Call::Utterance& Call::begin_utterance(Said::Who who, std::string_view item) {
  // What was told is kept until its place is needed, so that late sound of it is known.
  if (utterances_.size() == utterances_max) {
    Utterance& oldest = utterances_.front();
    oldest.ended = true;
    tell_if_known(oldest);
    utterances_.pop_front();
  }
  utterances_.push_back({.who = who, .item = std::string(item), .position = ++positions_});
  return utterances_.back();
}

Call::Utterance* Call::find(Said::Who who, std::string_view item) {
  const auto found =
      std::find_if(utterances_.rbegin(), utterances_.rend(),
                   [&](const Utterance& u) { return u.who == who && u.item == item; });
  return found == utterances_.rend() ? nullptr : &*found;
}

void Call::tell_if_known(Utterance& utterance) {
  const bool of_agent = utterance.who == Said::Who::agent;
  if (utterance.position == 0 || utterance.text.empty() || (of_agent && !utterance.ended)) return;
  line_.tell(Said{.stream = stream_,
                  .who = utterance.who,
                  .position = std::exchange(utterance.position, 0U),
                  .text = std::move(utterance.text),
                  .at = utterance.at,
                  .cut = utterance.cut,
                  .heard = utterance.heard});
}

void Call::note_heard(const Heard& heard) {
  Utterance* const utterance = find(Said::Who::agent, heard.item);
  if (utterance == nullptr || utterance->ended) return;
  utterance->ended = true;
  utterance->cut = !heard.whole;
  utterance->heard = heard.heard;
  tell_if_known(*utterance);
}

// --- time ---

void Call::woken() {
  const net::Instant now = line_.now();
  const bool late = now - std::exchange(armed_, never) > late_max;
  if (over()) return;
  // The answer that somebody seems to owe may lie unread behind this.
  if (late && !std::exchange(woken_late_, true)) {
    armed_ = now + reading_time;
    line_.wake_at(armed_);
    return;
  }
  woken_late_ = false;
  while (!over() && act_on_time(now)) {
  }
  if (!over()) arm();
}

void Call::arm() {
  if (over()) return;
  const auto next = next_deadline();
  if (!next || *next >= armed_) return;
  armed_ = *next;
  line_.wake_at(armed_);
}

// While the talk is ending: for its goodbye, or for the end of what it says.
bool Call::waits_for_model() const {
  if (step_ != Step::closing) return true;
  return !bye_sent_ && (owed_ || tools_open_.empty());
}

std::optional<net::Instant> Call::answer_due() const {
  if (!waits_for_model() || hears_person()) return {};
  const milliseconds most =
      closed_.first_sound.count() < 0 ? bounds_.opening_max : bounds_.answer_max;
  if (owed_) return std::max(owed_since_, playback_.ends_at()) + most;
  // It has stopped in the middle of a word, or of its last ones.
  if (playback_.open()) return playback_.ends_at() + most;
  if (step_ == Step::closing) return std::max(due_, playback_.ends_at()) + most;
  return {};
}

// Halfway there, so that a model which is to answer by itself and does not still has the time to.
std::optional<net::Instant> Call::reminder_due() const {
  const bool wanted = step_ == Step::talking || (step_ == Step::closing && farewell_owed_);
  if (!owed_ || reminded_ || !wanted || hears_person()) return {};
  return owed_since_ + bounds_.answer_max / 2;
}

// The same of our own answers, which wait for the disk.
std::optional<net::Instant> Call::tool_answer_due() const {
  if (tools_open_.empty() || person_speaks_) return {};
  if (step_ == Step::closing && !farewell_owed_) return {};
  return std::max(tools_open_since_, quiet_since()) + tool_answer_max;
}

// Not while its words are still being heard: a talk runs far ahead of the person.
net::Instant Call::goodbye_due() const {
  return std::max(due_, playback_.ends_at()) + bounds_.goodbye_max;
}

net::Instant Call::quiet_since() const {
  return std::max(last_words_, playback_.ends_at());
}

net::Instant Call::notice_of_end_at() const {
  return started_ + bounds_.time_max -
         std::min<milliseconds>(bounds_.time_max / 4, std::chrono::seconds{30});
}

net::Instant Call::notice_of_silence_at() const {
  return quiet_since() + duration_cast<milliseconds>(bounds_.silence_max) / 2;
}

std::optional<net::Instant> Call::next_deadline() const {
  std::optional<net::Instant> next;
  const auto at = [&](net::Instant instant) {
    if (!next || instant < *next) next = instant;
  };
  switch (step_) {
    case Step::waiting:
    case Step::asking:
    case Step::listening:
      at(due_);
      break;
    case Step::connecting:
    case Step::talking:
    case Step::closing:
      at(started_ + bounds_.time_max);
      if (step_ == Step::closing && !hears_out_) at(goodbye_due());
      if (const auto due = answer_due()) at(*due);
      if (const auto due = reminder_due()) at(*due);
      if (hears_person()) {
        at(spoke_since_ + utterance_max);
        if (done_since_) at(*done_since_ + bounds_.answer_max);
        if (const auto pause = inbound_.pause_at()) at(*pause);
      }
      if (const auto due = tool_answer_due()) at(*due);
      if (step_ != Step::talking) break;
      if (!told_end_) at(notice_of_end_at());
      if (keys_at_ && tools_open_.empty()) at(*keys_at_);
      if (!person_speaks_) {
        if (unnoticed_since_) at(*unnoticed_since_ + reading_time);
        at(quiet_since() + bounds_.silence_max);
        if (!told_silence_) at(notice_of_silence_at());
      }
      break;
    case Step::over:
      break;
  }
  return next;
}

// While the person speaks: ends it where the model finds no end of it.
bool Call::act_on_speech(net::Instant now) {
  if (now >= spoke_since_ + utterance_max ||
      (done_since_ && now >= *done_since_ + bounds_.answer_max)) {
    finish(step_ == Step::closing ? leaving_ : Why::model_failed,
           {.fault = voice::Fault::silent, .code = "no_end_of_speech"});
    return true;
  }
  const milliseconds fill = inbound_.fill_pause(now);
  if (fill.count() == 0) return false;
  hear_silence(fill);
  return true;
}

// Does one thing that is due. False: nothing is.
bool Call::act_on_time(net::Instant now) {
  switch (step_) {
    case Step::waiting:
      if (now < due_) return false;
      finish(Why::bad_stream);
      return true;
    case Step::asking:
      if (now < due_) return false;
      finish(Why::refused);
      return true;
    case Step::listening:
      if (now < due_) return false;
      finish(left_for_);
      return true;
    case Step::connecting:
    case Step::talking:
    case Step::closing:
      break;
    case Step::over:
      return false;
  }
  if (now >= started_ + bounds_.time_max) {
    leave(step_ == Step::closing ? leaving_ : Why::time_limit);
    return true;
  }
  if (step_ == Step::closing && !hears_out_ && now >= goodbye_due()) {
    leave(leaving_);
    return true;
  }
  const auto due = answer_due();
  if (due && now >= *due) {
    if (step_ == Step::closing && !farewell_owed_) {
      leave(leaving_);
    } else {
      finish(step_ == Step::closing ? leaving_ : Why::model_failed,
             {.fault = voice::Fault::silent, .code = "no_answer"});
    }
    return true;
  }
  if (const auto reminder = reminder_due(); reminder && now >= *reminder) {
    reminded_ = true;
    conversation_->remind();
    return true;
  }
  if (hears_person() && act_on_speech(now)) return true;
  if (const auto ours = tool_answer_due(); ours && now >= *ours) {
    finish(step_ == Step::closing ? leaving_ : Why::owner_silent);
    return true;
  }
  if (step_ != Step::talking) return false;
  if (keys_at_ && tools_open_.empty() && now >= *keys_at_) {
    keys_at_.reset();
    owe();
    conversation_->speak();
    return true;
  }
  if (!told_end_ && now >= notice_of_end_at()) {
    told_end_ = true;
    const auto left = duration_cast<std::chrono::seconds>(started_ + bounds_.time_max - now);
    conversation_->tell(R"({"notice":"the call ends soon","seconds_left":)" +
                        std::to_string(left.count()) + "}");
    return true;
  }
  if (person_speaks_) return false;
  if (unnoticed_since_ && now >= *unnoticed_since_ + reading_time) {
    if (!speak_unasked()) {
      finish(Why::model_failed, {.fault = voice::Fault::silent, .code = "hears_nothing"});
    }
    return true;
  }
  if (now >= quiet_since() + bounds_.silence_max) {
    finish(Why::silence);
    return true;
  }
  if (!told_silence_ && now >= notice_of_silence_at()) {
    told_silence_ = true;
    const auto quiet = duration_cast<std::chrono::seconds>(now - quiet_since());
    conversation_->tell(R"({"notice":"the person is silent","seconds":)" +
                        std::to_string(quiet.count()) + "}");
    if (!owed_ && tools_open_.empty()) {
      owe();
      conversation_->speak();
    }
    return true;
  }
  return false;
}

}  // namespace bridge::media
