// Media streams and their voice model below the sockets: they open with the call's token, ask the
// survey by tools, are interrupted, fail and are thrown away with the program that held them.
#include <algorithm>
#include <map>
#include <utility>

#include "runner/streams.hpp"
#include "tests/runner/simulation_world.hpp"

namespace simulation {

namespace media = bridge::media;
using namespace campaigns;
using namespace std::chrono_literals;
using support::SimulatedCall;

namespace {

// The value between two quotes behind `name`.
std::string quoted_after(const std::string& text, const std::string& name, std::size_t from = 0) {
  const auto at = text.find(name, from);
  if (at == std::string::npos) return {};
  const auto begin = text.find('"', at + name.size() - 1) + 1;
  return text.substr(begin, text.find('"', begin) - begin);
}

// The first question of the brief's survey that has no answer.
std::string first_open(const std::string& instructions) {
  auto at = instructions.find("<survey>");
  const auto end = instructions.find("</survey>");
  while (at != std::string::npos && at < end) {
    const auto id = instructions.find("{\"id\":\"", at);
    if (id == std::string::npos || id > end) return {};
    const auto answered = instructions.find("\"answered\":", id);
    if (instructions.compare(answered + 11, 5, "false") == 0) {
      return quoted_after(instructions, "\"id\":\"", id);
    }
    at = answered;
  }
  return {};
}

}  // namespace

class World::Talks final : public runner::Streams {
 public:
  explicit Talks(World& world) : world_(world) {}

  // A program begins: streams of the one before are gone.
  void attach(runner::Runner& runner) {
    events_ = runner.stream_events();
    runner.use_streams(this);
  }
  void crash() {
    for (auto& [id, talk] : talks_) {
      if (!std::exchange(talk.over, true)) ask_action(talk, 1s);
    }
    events_ = {};
  }

  // The document said Connect.
  void connect(SimulatedCall& call, const std::string& twiml) {
    Talk talk;
    talk.call = &call;
    talk.action = quoted_after(twiml, "action=\"");
    talk.token = quoted_after(twiml, "value=\"", twiml.find("name=\"token\""));
    const auto id = ++last_;
    talk.stream_sid = "MZ" + std::to_string(id);
    talks_.emplace(id, talk);
    world_.agenda_.at(world_.clock_.now() + 3s, [this, id] { open(id); });
  }
  // The carrier's side: the call is over.
  void hang_up(const SimulatedCall& call) {
    for (auto& [id, talk] : talks_) {
      if (talk.call != &call || talk.lost) continue;
      if (talk.started && !talk.over) close(id, media::Why::hung_up, {});
    }
  }

  // The carrier is told what comes behind a stream: so that has ended, also where its end of it
  // was never heard of.
  void check_left(const SimulatedCall& call) const {
    for (const auto& [id, talk] : talks_) {
      world_.keep(talk.call != &call || !talk.lost || talk.over, "stream",
                  "a stream went on that the carrier had left");
    }
  }

  // What a talk's model has used is what was settled; where the program never heard of it, all that
  // was set aside.
  void check_money() const {
    for (const auto& [id, talk] : talks_) {
      if (!talk.spending.cost) continue;
      const auto attempt = world_.attempt_of(talk.call->token);
      const ContactRef ref{*world_.durable_.book.find(attempt.campaign), attempt.contact};
      const auto& spend = world_.durable_.spend;
      const auto all = spend.cost_of_attempt(ref, attempt.attempt);
      if (!all) continue;  // it is held
      const auto transfer = spend.transfer_of_attempt(ref, attempt.attempt);
      const auto model = *all - *spend.carrier_cost_of_attempt(ref, attempt.attempt) -
                         (transfer ? transfer->cost : 0);
      const bool counted = model == talk.cost();
      ++(counted ? world_.tally_.counted_talks : world_.tally_.uncounted_talks);
      world_.keep(counted || model == talk.spending.most, "money",
                  attempt.text() + ": " + std::to_string(model) +
                      " is settled for its talk, which cost " + std::to_string(talk.cost()));
    }
  }

  // --- what the runner does ---
  void let_in(media::StreamId stream, bridge::voice::Agent agent, media::Bounds bounds) override {
    auto& talk = talks_.at(stream);
    const auto* permit = world_.durable_.permits.find(talk.call->sid);
    world_.keep(permit && permit->stage == AgentStage::open && permit->stream == talk.stream_sid,
                "I1", "a stream was let in before that was durable");
    world_.keep(let_in_.insert(talk.call->sid).second, "token",
                "two streams of one call were let in");
    ++world_.tally_.talks;
    talk.spending = bounds.spending;
    if (talk.over) return;
    talk.next = first_open(agent.instructions);
    auto dice = world_.dice_about("talk " + talk.call->sid);
    const auto fate = dice.below(100);
    if (fate < 6) return fail(stream, bridge::voice::Fault::unreachable, 1s);
    if (fate < 10) return fail(stream, bridge::voice::Fault::silent, 2s);
    talk.heard = true;
    later(stream, 800ms, [this, stream] {
      say(stream, media::Said::Who::agent, "Buongiorno, sono Arthur.");
      turn(stream);
    });
    if (fate < 20) fail(stream, bridge::voice::Fault::dropped, dice.between(2s, 20s));
    // The carrier has lost the stream, and our end of the socket does not hear of it.
    if (fate >= 86 && fate < 90) {
      later(stream, dice.between(1s, 20s), [this, stream] {
        talks_.at(stream).lost = true;
        ask_action(talks_.at(stream), 0ms);
      });
    }
    if (fate >= 90) {
      later(stream, dice.between(1s, 20s),
            [this, stream] { world_.hang_up(*talks_.at(stream).call, "completed"); });
    }
  }
  void refuse(media::StreamId stream) override {
    auto& talk = talks_.at(stream);
    ++world_.tally_.refused_streams;
    if (std::exchange(talk.over, true)) return;
    media::Closed closed;
    closed.stream = stream;
    closed.why = media::Why::refused;
    world_.agenda_.at(world_.clock_.now(), [this, closed] {
      if (events_.on_closed) events_.on_closed(closed);
    });
    ask_action(talk, 10ms);
  }
  void answer_tool(media::StreamId stream, std::string call_id, std::string output,
                   media::Then then) override {
    auto& talk = talks_.at(stream);
    const auto attempt = world_.attempt_of(talk.call->token);
    const auto index = world_.durable_.book.find(attempt.campaign);
    const auto* call = world_.durable_.script.call({*index, attempt.contact});
    world_.keep(!call || call->attempt != attempt.attempt ||
                    std::ranges::find(call->agent.tools, call_id) != call->agent.tools.end(),
                "I2", "a tool was answered before what it caused was durable");
    if (talk.over) return;
    if (then == media::Then::goodbye || then == media::Then::leave) {
      return later(stream, 2s, [this, stream, then] {
        close(stream, then == media::Then::leave ? media::Why::moved_on : media::Why::goodbye, {});
      });
    }
    talk.next = output.find("\"ok\":true") != std::string::npos
                    ? quoted_after(output, "\"next\":\"")
                    : quoted_after(output, "\"question\":\"");
    later(stream, 500ms, [this, stream] { turn(stream); });
  }
  void end(media::StreamId stream, media::Why why) override {
    if (!talks_.at(stream).over) close(stream, why, {});
  }

 private:
  struct Talk {
    SimulatedCall* call = nullptr;
    std::string action{};
    std::string token{};
    std::string stream_sid{};
    std::string next{};
    std::uint32_t position = 0;
    std::uint32_t tools = 0;
    std::uint32_t turns = 0;
    bool started = false;
    bool heard = false;
    bool over = false;
    bool lost = false;  // nothing more comes of it
    Instant since{};
    media::Spending spending{};
    bridge::voice::Usage usage{};
    milliseconds lasted{};

    std::int64_t cost() const { return spending.cost(usage, lasted); }
  };

  void later(media::StreamId stream, milliseconds after, std::function<void()> happens) {
    world_.agenda_.at(world_.clock_.now() + after, [this, stream, happens = std::move(happens)] {
      const auto& talk = talks_.at(stream);
      if (!talk.over && !talk.lost && !talk.call->over()) happens();
    });
  }

  void open(media::StreamId id) {
    auto& talk = talks_.at(id);
    if (talk.call->over()) return;
    if (!events_.on_started) {  // nobody takes the socket
      talk.over = true;
      return ask_action(talk, 1s);
    }
    talk.started = true;
    talk.since = world_.clock_.now();
    media::Started started{id, talk.stream_sid, talk.call->sid, account(), talk.token};
    // A thief and a forger come first.
    auto dice = world_.dice_about("thief " + talk.call->sid);
    if (dice.chance(200)) {
      const auto thief = ++last_;
      auto stolen = talk;
      stolen.stream_sid = "MZ" + std::to_string(thief);
      stolen.action.clear();
      talks_.emplace(thief, stolen);
      auto with = started;
      with.stream = thief;
      with.token = dice.chance(500) ? std::string(32, '0') : with.token;
      if (with.token == talk.token) with.call_sid = "CA" + std::string(32, 'f');
      events_.on_started(with);
    }
    events_.on_started(started);
    // And a replay afterwards.
    if (!dice.chance(200)) return;
    const auto again = ++last_;
    auto replay = talks_.at(id);
    replay.action.clear();
    talks_.emplace(again, replay);
    later(id, 2s, [this, again, started] {
      auto with = started;
      with.stream = again;
      if (events_.on_started) events_.on_started(with);
    });
  }

  static std::string account();

  void say(media::StreamId stream, media::Said::Who who, std::string text) {
    auto& talk = talks_.at(stream);
    if (!events_.on_said) return;
    media::Said said;
    said.stream = stream;
    said.who = who;
    said.position = ++talk.position;
    said.text = std::move(text);
    said.at = world_.clock_.now() - talk.since;
    talk.turns += who == media::Said::Who::agent ? 1U : 0U;
    events_.on_said(std::move(said));
  }

  void ask_tool(media::StreamId stream, std::string name, std::string arguments) {
    auto& talk = talks_.at(stream);
    if (!events_.on_tool) return;
    media::ToolAsked asked{stream,
                           "call_" + std::to_string(stream) + '_' + std::to_string(++talk.tools),
                           std::move(name), std::move(arguments), talk.position};
    events_.on_tool(asked);
    // Some models ask twice.
    if (world_.dice_about("twice " + asked.call_id).chance(50)) events_.on_tool(asked);
  }

  // All that was said is read again.
  void use(Talk& talk) {
    auto& usage = talk.usage;
    usage.input_tokens += 500 + 100 * std::int64_t{talk.position};
    usage.input_audio_tokens += 100 * std::int64_t{talk.position};
    usage.cached_tokens += 400;
    usage.cached_audio_tokens += talk.position > 4 ? 300 : 0;
    usage.output_tokens += 80;
    usage.output_audio_tokens += 60;
  }

  // The agent asks, the person answers, the model records.
  void turn(media::StreamId stream) {
    auto& talk = talks_.at(stream);
    use(talk);
    talk.lasted = world_.clock_.now() - talk.since;
    if (talk.spending.cost && talk.cost() >= talk.spending.most) {
      return close(stream, media::Why::spend_limit, {});
    }
    if (talk.next.empty() || talk.turns > 30) {
      say(stream, media::Said::Who::agent, "Arrivederci.");
      return ask_tool(stream, "end_call",
                      talk.next.empty() ? R"({"reason":"done"})" : R"({"reason":"other"})");
    }
    say(stream, media::Said::Who::agent, "Domanda?");
    auto dice = world_.dice_about("reply " + talk.stream_sid + std::to_string(talk.turns));
    const auto mood = dice.below(100);
    if (mood < 4) {
      say(stream, media::Said::Who::callee, "non chiamate più");
      return ask_tool(stream, "opt_out", "{}");
    }
    if (mood < 7) {
      if (events_.on_key) events_.on_key(stream, '9');
      return;
    }
    if (mood < 9) return ask_tool(stream, "ask_callback", wish_for_a_call(talk, dice));
    if (mood < 11) return ask_tool(stream, "request_human", "{}");
    if (mood < 13) return ask_tool(stream, "end_call", R"({"reason":"refused"})");
    say(stream, media::Said::Who::callee, "risposta");
    std::string value = talk.next == "colour" ? "red" : talk.next == "sure" ? "yes" : "4";
    if (mood < 20) value = "boh";
    const std::string arguments = mood < 23 ? "{broken"
                                            : R"({"question":")" + talk.next + R"(","value":")" +
                                                  value + R"(","words":"risposta"})";
    later(stream, 700ms,
          [this, stream, arguments] { ask_tool(stream, "record_answer", arguments); });
  }

  // Without a time, or at one on the person's clock: over already, or in the next days, be it in
  // the midst of the night.
  std::string wish_for_a_call(const Talk& talk, support::Dice& dice) const {
    const auto attempt = world_.attempt_of(talk.call->token);
    const auto& campaign =
        world_.durable_.queue.campaigns[*world_.durable_.book.find(attempt.campaign)];
    const auto& zone = campaign.groups[campaign.contact(attempt.contact).group].zone;
    const auto kind = dice.below(5);
    const auto named = world_.clock_.now() + (kind == 1 ? -1h : dice.between(1h, 48h));
    const auto offset = world_.rules_.utc_offset(zone, named);
    const auto at =
        kind == 0 || !offset ? std::string() : rfc3339_utc(named + *offset).substr(0, 16);
    return R"({"at":")" + at + R"(","when":"poi","words":"dopo"})";
  }

  void fail(media::StreamId stream, bridge::voice::Fault fault, milliseconds after) {
    later(stream, after, [this, stream, fault] {
      close(stream, media::Why::model_failed, {fault, "simulated"});
    });
  }

  void close(media::StreamId stream, media::Why why, bridge::voice::Failure failure) {
    auto& talk = talks_.at(stream);
    talk.over = true;
    media::Closed closed;
    closed.stream = stream;
    closed.why = why;
    closed.failure = std::move(failure);
    closed.lasted = talk.lasted = world_.clock_.now() - talk.since;
    closed.usage = talk.usage;
    closed.first_sound = talk.heard ? 500ms : -1ms;
    closed.turns = talk.turns;
    talk.call->talk += closed.lasted;
    // The two come over different ways, in any order.
    auto dice = world_.dice_about("close " + talk.stream_sid);
    world_.agenda_.at(world_.clock_.now() + dice.between(0ms, 100ms), [this, closed] {
      if (events_.on_closed) events_.on_closed(closed);
    });
    if (why != media::Why::hung_up) ask_action(talk, dice.between(0ms, 100ms));
  }

  void ask_action(const Talk& talk, milliseconds after) {
    if (talk.action.empty()) return;
    world_.agenda_.at(world_.clock_.now() + after, [this, call = talk.call, url = talk.action] {
      if (!call->over()) world_.ask_document(*call, url, {});
    });
  }

  World& world_;
  media::Events events_{};
  std::map<media::StreamId, Talk> talks_{};
  std::set<std::string> let_in_{};
  media::StreamId last_ = 0;
};

std::string World::Talks::account() {
  return "AC00000000000000000000000000000001";
}

std::unique_ptr<World::Talks, World::EndTalks> World::make_talks() {
  return std::unique_ptr<Talks, EndTalks>(new Talks(*this));
}
void World::EndTalks::operator()(Talks* talks) const {
  delete talks;
}
void World::attach_talks() {
  talks_->attach(*runner_);
}
void World::crash_talks() {
  talks_->crash();
}
void World::connect(SimulatedCall& call, const std::string& twiml) {
  talks_->connect(call, twiml);
}
void World::check_money_of_talks() {
  talks_->check_money();
}
void World::check_left_talk(const SimulatedCall& call) {
  talks_->check_left(call);
}
void World::hang_up_talk(const SimulatedCall& call) {
  talks_->hang_up(call);
}

}  // namespace simulation
