// The runner's part in media streams: notes of them become commands, and what was decided lets them
// in, answers their model and ends them, once it is durable.
#include <algorithm>
#include <utility>

#include "campaigns/agent.hpp"
#include "campaigns/calling_hours.hpp"
#include "campaigns/spend.hpp"
#include "runner/runner.hpp"

namespace runner {

namespace media = bridge::media;

namespace {

constexpr std::chrono::minutes quota_told_again{1};

bool same(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) difference |= static_cast<unsigned>(a[i] ^ b[i]);
  return difference == 0;
}

media::Then then_of(campaigns::AfterTool after) {
  switch (after) {
    case campaigns::AfterTool::speak:
      return media::Then::speak;
    case campaigns::AfterTool::goodbye:
      return media::Then::goodbye;
    case campaigns::AfterTool::leave:
      return media::Then::leave;
  }
  return media::Then::speak;
}

campaigns::StreamEnded stream_ended(const media::Closed& closed, std::string sid,
                                    std::string stream) {
  campaigns::StreamEnded ended;
  ended.sid = std::move(sid);
  ended.closed.stream = std::move(stream);
  ended.closed.why = media::name_of(closed.why);
  ended.closed.lasted_ms = closed.lasted.count();
  // Nothing is told by 0, and sound that came at once took a moment all the same.
  ended.closed.first_sound_ms =
      closed.first_sound.count() < 0 ? 0 : std::max<std::int64_t>(1, closed.first_sound.count());
  ended.closed.turns = closed.turns;
  ended.closed.interruptions = closed.interruptions;
  ended.closed.input_tokens = closed.usage.input_tokens;
  ended.closed.output_tokens = closed.usage.output_tokens;
  ended.closed.input_audio_tokens = closed.usage.input_audio_tokens;
  ended.closed.output_audio_tokens = closed.usage.output_audio_tokens;
  ended.closed.cached_tokens = closed.usage.cached_tokens;
  ended.closed.cached_audio_tokens = closed.usage.cached_audio_tokens;
  ended.closed.goodbye_unsaid = closed.goodbye_unsaid;
  if (closed.why == media::Why::model_failed) {
    ended.fault = bridge::voice::name_of(closed.failure.fault);
    ended.code = closed.failure.code;
  } else if (closed.why == media::Why::bad_stream || closed.why == media::Why::too_slow ||
             closed.why == media::Why::refused || closed.why == media::Why::owner_silent) {
    // One that is refused on purpose has no talk: this one was let in too late.
    ended.fault = media::name_of(closed.why);
    ended.code = closed.failure.code;
  }
  return ended;
}

// What a talk may cost: no more than was set aside for it when it was dialled.
media::Spending spending_of(const campaigns::ModelPrices& prices, std::int64_t set_aside) {
  media::Spending spending;
  spending.most = set_aside == 0 ? prices.per_call_max : std::min(set_aside, prices.per_call_max);
  spending.cost = [prices](const bridge::voice::Usage& used, std::chrono::milliseconds lasted) {
    return campaigns::talk_cost(
        prices,
        {used.input_tokens, used.output_tokens, used.input_audio_tokens, used.output_audio_tokens,
         used.cached_tokens, used.cached_audio_tokens},
        lasted);
  };
  return spending;
}

// Whether a call is over by what its status callback says.
bool tells_the_end(const campaigns::Command& command) {
  const auto is_end = [](const std::string& status) {
    return status == "completed" || status == "failed" || status == "busy" ||
           status == "no-answer" || status == "canceled";
  };
  if (const auto* status = get_if<campaigns::StatusReported>(&command)) {
    return is_end(status->status);
  }
  const auto* status = get_if<campaigns::OutsideStatusReported>(&command);
  return status != nullptr && is_end(status->status);
}

}  // namespace

media::Events Runner::stream_events() {
  media::Events events;
  events.on_started = [this](media::Started started) {
    inbox_.push_back(StreamNote{std::move(started)});
  };
  events.on_said = [this](media::Said said) { inbox_.push_back(StreamNote{std::move(said)}); };
  events.on_tool = [this](media::ToolAsked asked) {
    inbox_.push_back(StreamNote{std::move(asked)});
  };
  events.on_key = [this](media::StreamId stream, char key) {
    inbox_.push_back(StreamNote{KeyOfStream{stream, key}});
  };
  events.on_closed = [this](media::Closed closed) {
    inbox_.push_back(StreamNote{std::move(closed)});
  };
  return events;
}

void Runner::take(StreamNote note) {
  std::visit([&](auto& told) { take_from_stream(std::move(told)); }, note.told);
}

void Runner::take_from_stream(const media::Started& started) {
  // The token is an HMAC over the call's sid: of another call, or made up, it is not the same.
  const bool ours = started.account_sid == options_.account_sid && !started.call_sid.empty() &&
                    same(started.token, keys_.call_token(started.call_sid));
  if (!ours) {
    notice("a media stream was refused: it brought no token of its call's");
    return streams_->refuse(started.stream);
  }
  // The run before may have named who talks with callers of somebody else's, and this one nobody.
  // Its call asks what comes next, and hears that.
  if (const auto* waiting = state_.permits.find(started.call_sid);
      waiting != nullptr && !waiting->contact && !outside_agent_) {
    notice("a media stream was refused: no agent is named any more that would talk");
    return streams_->refuse(started.stream);
  }
  const auto refusal =
      decide_and_fold(campaigns::StreamStarted{started.call_sid, started.stream_sid});
  if (refusal) {
    notice("a media stream was refused: " + refusal->code);
    return streams_->refuse(started.stream);
  }
  talks_[started.stream] = {started.call_sid, started.stream_sid};
  stream_of_call_[started.call_sid] = started.stream;
  const auto& permit = *state_.permits.find(started.call_sid);
  const auto brief = permit.contact
                         ? campaigns::agent_brief(state_.book, state_.script, *permit.contact,
                                                  clock_words_for(*permit.contact, moment().now))
                         : campaigns::outside_brief(*outside_agent_);
  bridge::voice::Agent agent;
  agent.model = brief.model.empty() ? options_.voice.model : brief.model;
  agent.voice = brief.voice.empty() ? options_.voice.voice : brief.voice;
  agent.transcription_model =
      brief.transcription.empty() ? options_.voice.transcription : brief.transcription;
  agent.instructions = brief.instructions;
  agent.opening = brief.opening;
  agent.language = brief.language;
  for (const auto& tool : brief.tools) {
    agent.tools.push_back({tool.name, tool.description, tool.parameters});
  }
  media::Bounds bounds;
  bounds.time_max = brief.time_max;
  bounds.silence_max = brief.silence_max;
  bounds.turns_max = brief.turns_max;
  bounds.opening_max = options_.voice.opening_max;
  bounds.answer_max = options_.voice.answer_max;
  if (brief.prices) {
    const auto set_aside = permit.contact ? state_.spend.reservations.find(permit.contact->packed())
                                          : state_.spend.reservations.end();
    const bool none = set_aside == state_.spend.reservations.end();
    bounds.spending = spending_of(*brief.prices, none ? 0 : set_aside->second.model);
  }
  gate_.hold(state_.position, [this, stream = started.stream, agent = std::move(agent),
                               bounds](const eventstore::Durable&) mutable {
    const auto talk = talks_.find(stream);
    if (talk == talks_.end()) return;
    // Its call may have ended meanwhile, by an event that reached the disk together with this one.
    const auto* now = state_.permits.find(talk->second.sid);
    const bool open = now != nullptr && now->stage == campaigns::AgentStage::open &&
                      now->stream == talk->second.stream_sid;
    if (!open) return streams_->end(stream, media::Why::hung_up);
    streams_->let_in(stream, std::move(agent), bounds);
  });
}

void Runner::take_from_stream(media::Said said) {
  const auto talk = talks_.find(said.stream);
  if (talk == talks_.end()) return;
  campaigns::SomethingSaid command;
  command.sid = talk->second.sid;
  command.stream = talk->second.stream_sid;
  command.by_agent = said.who == media::Said::Who::agent;
  command.position = said.position;
  command.at_ms = said.at.count();
  command.cut = said.cut;
  command.heard_ms = said.heard.count();
  command.words = std::move(said.text);
  static_cast<void>(decide_and_fold(command));
}

void Runner::take_from_stream(KeyOfStream key) {
  const auto talk = talks_.find(key.stream);
  if (talk == talks_.end()) return;
  static_cast<void>(
      decide_and_fold(campaigns::KeyPressed{talk->second.sid, talk->second.stream_sid, key.key}));
}

std::string Runner::clock_words_for(campaigns::ContactRef contact, campaigns::Instant at) const {
  const auto offset = rules_.utc_offset(zone_of(contact), at);
  return offset ? campaigns::clock_words(at + *offset) : std::string();
}

void Runner::name_callback(campaigns::ToolAsked& command, campaigns::ContactRef contact,
                           campaigns::Instant local) const {
  const auto& zone = zone_of(contact);
  command.callback_at = rules_.when_clock_shows(zone, local);
  if (!command.callback_at) return;
  const auto opening = campaigns::opening_at(state_.book.at(contact.campaign).definition->hours,
                                             zone, rules_, *command.callback_at);
  command.own_clock_ahead = opening.own_utc_offset - opening.utc_offset;
  command.callback_opens = opening.open ? command.callback_at : opening.changes_at;
  if (command.callback_opens) {
    command.opens_on_clock = clock_words_for(contact, *command.callback_opens);
  }
}

void Runner::take_from_stream(media::ToolAsked asked) {
  const auto talk = talks_.find(asked.stream);
  if (talk == talks_.end()) return;
  const auto* permit = state_.permits.find(talk->second.sid);
  if (permit == nullptr) return;
  const auto contact = permit->contact;
  campaigns::ToolAsked command;
  command.sid = talk->second.sid;
  command.stream = talk->second.stream_sid;
  command.call = asked.call_id;
  command.name = std::move(asked.name);
  command.arguments = std::move(asked.arguments);
  command.position = asked.position;
  // Judged by the state that the decision is made in, answered by the one that it leads to.
  campaigns::CallbackBounds bounds;
  if (contact) {
    if (const auto local = campaigns::callback_time_named(command.name, command.arguments)) {
      name_callback(command, *contact, *local);
    }
    if (command.name == "ask_callback") {
      command.now_on_clock = clock_words_for(*contact, moment().now);
    }
    bounds = campaigns::callback_bounds(state_, *contact, command, moment().now);
  }
  const auto verdict = contact ? campaigns::judge_tool(state_.book, state_.script, *contact,
                                                       command.name, command.arguments, bounds)
                               : campaigns::judge_outside_tool(command.name, command.arguments);
  if (decide_and_fold(command)) return;
  auto answer = contact ? campaigns::tool_answer(state_.book, state_.script, *contact, verdict)
                        : campaigns::outside_tool_answer(verdict);
  gate_.hold(state_.position, [this, stream = asked.stream, call = std::move(asked.call_id),
                               answer = std::move(answer)](const eventstore::Durable&) mutable {
    if (talks_.count(stream) == 0) return;
    streams_->answer_tool(stream, std::move(call), std::move(answer.output), then_of(answer.then));
  });
}

void Runner::take_from_stream(const media::Closed& closed) {
  const auto talk = talks_.find(closed.stream);
  if (talk == talks_.end()) return;
  const auto sid = talk->second.sid;
  auto ended = stream_ended(closed, sid, talk->second.stream_sid);
  if (!ended.fault.empty()) {
    notice("the voice agent failed: " + ended.fault +
           (ended.code.empty() ? std::string() : " (" + ended.code + ')'));
  }
  if (closed.goodbye_unsaid && closed.why == media::Why::goodbye) {
    notice("the voice agent did not say goodbye" +
           (closed.failure.code.empty() ? std::string() : " (" + closed.failure.code + ')'));
  }
  if (closed.complaints > 0) {
    notice("the voice model complained of what it was sent: " + closed.complaint +
           (closed.complaints == 1 ? std::string()
                                   : ", the first of " + std::to_string(closed.complaints)));
  }
  // All talks share it, and each of them sees it.
  if (closed.quota_low && (!quota_told_at_ || now_ - *quota_told_at_ >= quota_told_again)) {
    quota_told_at_ = now_;
    notice("the voice model's quota is nearly used up: " + std::to_string(closed.quota_low->left) +
           " of " + std::to_string(closed.quota_low->most) + ' ' +
           std::string(closed.quota_low->of) + " are left; have fewer calls at once, or raise it");
  }
  // One that fails in time says nothing for less than that.
  if (closed.first_sound.count() < 0 &&
      (!ended.fault.empty() || closed.lasted >= std::chrono::seconds{2})) {
    notice("a caller heard nothing of the agent");
  }
  talks_.erase(talk);
  stream_of_call_.erase(sid);
  static_cast<void>(decide_and_fold(ended));
  // What waited to hear how the stream ended goes on.
  for (auto waiting = waiting_for_stream_.begin(); waiting != waiting_for_stream_.end();) {
    if (waiting->sid != sid) {
      ++waiting;
      continue;
    }
    auto note = std::move(waiting->note);
    waiting = waiting_for_stream_.erase(waiting);
    take(std::move(note));
  }
}

bool Runner::waits_for_stream(const webhook::Inbound& inbound, RequestNote& note) {
  if (!inbound.command) return false;
  const bool ended = tells_the_end(*inbound.command);
  if (!ended && !holds_alternative<campaigns::AfterStream>(*inbound.command)) return false;
  const auto stream = stream_of_call_.find(inbound.sid);
  if (stream == stream_of_call_.end()) return false;
  // A call that is over, or that asks what comes behind its stream, has no more use for it, and
  // what its end means hangs on how the talk went. A socket whose other end is gone says nothing of
  // it.
  streams_->end(stream->second, media::Why::hung_up);
  waiting_for_stream_.push_back(
      {inbound.sid, now_ + options_.stream_end_time_max, std::move(note)});
  return true;
}

void Runner::give_up_waiting_for_streams() {
  while (!waiting_for_stream_.empty() && waiting_for_stream_.front().until <= now_) {
    auto first = std::move(waiting_for_stream_.front());
    waiting_for_stream_.pop_front();
    stream_of_call_.erase(first.sid);
    take(std::move(first.note));
  }
}

// A stream whose call has ended, or is told something else from here on, is closed.
void Runner::end_stream_of(const std::string& sid, media::Why why) {
  const auto found = stream_of_call_.find(sid);
  if (found == stream_of_call_.end()) return;
  gate_.hold(state_.position, [this, stream = found->second, why](const eventstore::Durable&) {
    if (talks_.count(stream) != 0) streams_->end(stream, why);
  });
}

void Runner::follow_stream(const campaigns::Fact& fact) {
  if (stream_of_call_.empty()) return;
  const auto* served = get_if<campaigns::PromptServed>(&fact.event);
  const bool ended = holds_alternative<campaigns::CallEnded>(fact.event);
  if (!ended && (served == nullptr || served->prompt != "opted_out")) return;
  if (fact.subject.kind == campaigns::Subject::Kind::call) {
    return end_stream_of(fact.subject.name, media::Why::hung_up);
  }
  const auto contact = state_.book.contact_of(fact.subject);
  const auto* open = contact ? state_.queue.open_attempt(*contact) : nullptr;
  if (open == nullptr) return;
  end_stream_of(open->sid, ended ? media::Why::hung_up : media::Why::moved_on);
}

}  // namespace runner
