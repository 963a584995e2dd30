#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "bridge/media/switchboard.hpp"
#include "bridge/rehearsal/clock_link.hpp"
#include "bridge/rehearsal/rehearsal_thread.hpp"
#include "bridge/voice/realtime.hpp"
#include "bridge/ws/upgrade.hpp"
#include "tests/bridge/rehearsal_world.hpp"

BOOST_AUTO_TEST_SUITE(rehearsal_agent)

// The program's switchboard between the rehearsal's two ends: people on the line on one side, the
// voice model on the other, in time that jumps.

using namespace std::chrono_literals;
using namespace bridge::rehearsal;
using bridge::media::Switchboard;
using bridge::testing::noon;
using bridge::testing::only;
using bridge::testing::SteppedLoop;
using bridge::testing::ToyProgram;
using nlohmann::json;

namespace {

const std::vector<std::string> questions{"q1", "q2", "q3"};

bridge::voice::Agent the_agent() {
  bridge::voice::Agent agent;
  agent.model = "test-model";
  agent.voice = "cedar";
  agent.language = "it-IT";
  agent.transcription_model = "gpt-transcribe";
  agent.instructions =
      "<person>\n{}\n</person>\n<survey>\n"
      R"([{"id":"q1","type":"rating","ask":"Da uno a cinque, quanto è soddisfatto?","required":true,)"
      R"("least":1,"most":5,"answered":false},)"
      R"({"id":"q2","type":"yes_no","ask":"Il tecnico è arrivato puntuale all'appuntamento?",)"
      R"("required":true,"options":[{"code":"1","label":"Sì"},{"code":"2","label":"No"}],)"
      R"("answered":false},)"
      R"({"id":"q3","type":"open","ask":"C'è qualcosa che potremmo fare meglio?","required":false,)"
      R"("answered":false}])"
      "\n</survey>\n<opening>\nBuongiorno, sono Arthur, l'assistente automatico della ditta che ha "
      "riparato la sua caldaia. Posso farle tre domande?\n</opening>\n<goodbye>\nLa ringrazio, "
      "arrivederci.\n</goodbye>";
  agent.opening =
      "Di' prima questo:\n<opening>\nBuongiorno, sono Arthur, l'assistente automatico "
      "della ditta che ha riparato la sua caldaia. Posso farle tre domande?\n</opening>";
  for (const char* name : {"record_answer", "end_call", "opt_out", "ask_callback"}) {
    agent.tools.push_back(
        {.name = name, .description = name, .parameters = R"({"type":"object","properties":{}})"});
  }
  return agent;
}

// The program's side of talks: a door that takes media streams, a switchboard between them and the
// rehearsal's voice model, and who says yes to all that the agent asks for.
struct Exchange {
  ToyProgram& program;
  std::map<std::string, std::vector<std::string>> answers{};  // values, by call
  std::map<std::string, bridge::media::Closed> ends{};        // of its stream, by call
  int over = 0;                                               // calls
  std::map<bridge::media::StreamId, std::string> sids{};
  std::unique_ptr<Switchboard> board{};
  std::unique_ptr<bridge::http::Server> door{};

  Exchange(bridge::net::Loop& loop, ToyProgram& of, std::uint16_t voice_port) : program(of) {
    program.on_webhook = [&](const ToyProgram::Webhook& webhook) {
      over += bridge::http::field(webhook.fields, "CallStatus") == "completed" ? 1 : 0;
    };
    bridge::media::Events events;
    events.on_started = [&](bridge::media::Started started) {
      sids[started.stream] = started.call_sid;
      board->let_in(started.stream, the_agent(), {});
    };
    events.on_tool = [&](const bridge::media::ToolAsked& asked) { answer(asked); };
    events.on_closed = [&](bridge::media::Closed closed) {
      ends[sids[closed.stream]] = std::move(closed);
    };
    Switchboard::Options with;
    with.links = &program.links;
    with.model = [this, voice_port](bridge::net::Loop& on, bridge::net::Links* links) {
      bridge::voice::RealtimeModel::Options to;
      to.host = "127.0.0.1";
      to.port = voice_port;
      to.api_key = "any";
      to.links = links;
      return std::make_unique<bridge::voice::RealtimeModel>(on, std::move(to));
    };
    board = std::make_unique<Switchboard>(loop, std::move(with), std::move(events));

    bridge::http::Server::Options listen;
    listen.links = &program.links;
    door = std::make_unique<bridge::http::Server>(
        loop, listen, [&](bridge::http::ExchangeId id, const bridge::http::Request& request) {
          const auto accepted = bridge::ws::answer_upgrade(request);
          auto taken = door->take_over(id);
          BOOST_REQUIRE(taken->stream->write(bridge::ws::upgrade_head(accepted)));
          board->take(std::move(taken->stream), std::move(taken->early));
        });
    program.documents["/talk"] =
        "<Response><Connect action=\"/after\"><Stream url=\"ws://127.0.0.1:" +
        std::to_string(door->port()) +
        "/media\"><Parameter name=\"token\" value=\"x\"/></Stream>"
        "</Connect></Response>";
    program.documents["/after"] = "<Response><Say>Mi scusi.</Say><Hangup/></Response>";
  }

  void place(int calls) {
    for (int i = 0; i < calls; ++i) {
      program.place(program.order("+39061000" + std::to_string(1000 + i)));
    }
  }

  std::string why(const std::string& call) const {
    return std::string(bridge::media::name_of(ends.at(call).why));
  }
  std::uint32_t complaints() const {
    std::uint32_t sum = 0;
    for (const auto& [call, end] : ends) sum += end.complaints;
    return sum;
  }

 private:
  void answer(const bridge::media::ToolAsked& asked) {
    using bridge::media::Then;
    const json arguments = json::parse(asked.arguments, nullptr, false);
    if (arguments.is_discarded()) {
      return board->answer_tool(asked.stream, asked.call_id, R"({"ok":false,"error":"no JSON"})",
                                Then::speak);
    }
    if (asked.name == "end_call") {
      return board->answer_tool(asked.stream, asked.call_id, R"({"ok":true})", Then::goodbye);
    }
    if (asked.name != "record_answer") {
      return board->answer_tool(asked.stream, asked.call_id, R"({"ok":true})", Then::speak);
    }
    auto& given = answers[sids[asked.stream]];
    given.push_back(arguments["question"].get<std::string>() + "=" +
                    arguments["value"].get<std::string>() + "/" +
                    arguments["words"].get<std::string>());
    const auto place = std::ranges::find(questions, arguments["question"].get<std::string>());
    BOOST_REQUIRE(place != questions.end());
    const json next = place + 1 == questions.end() ? json(nullptr) : json(*(place + 1));
    board->answer_tool(asked.stream, asked.call_id, json{{"ok", true}, {"next", next}}.dump(),
                       Then::speak);
  }
};

CarrierOptions carrier_options(People people, const std::string& faults) {
  CarrierOptions options;
  options.start = noon;
  options.seed = 5;
  options.people = std::move(people);
  options.faults = parse_faults(faults);
  options.tell_acknowledged = true;
  return options;
}

// So many calls at once, to their end, in time that jumps.
struct Talks {
  json truth{};
  std::map<std::string, std::vector<std::string>> answers{};  // values, by call
  std::map<std::string, std::string> whys{};                  // how its stream ended
  std::uint32_t complaints = 0;
  bridge::net::Instant ended{};

  Talks(int calls, People people, const std::string& faults = {}) {
    SteppedLoop world;
    world.patience = 300s;
    RehearsalThread carrier(carrier_options(std::move(people), faults));
    ToyProgram program(world.loop, carrier.port(), carrier.account_sid(), carrier.auth_token());
    Exchange exchange(world.loop, program, carrier.voice_port());
    ClockLink link(world.loop, world.clock, program.links, "127.0.0.1", carrier.clock_port(), {});
    world.loop.before_sleep(
        [&] { link.report(exchange.board->quiet() && !exchange.door->writing(), {}); });
    exchange.place(calls);
    world.until([&] { return exchange.over == calls; });
    ended = world.clock.now();
    // A person's last words are listened to for a moment behind their call.
    bool listened = false;
    world.loop.call_after(2s, [&] { listened = true; });
    world.until([&] { return listened; });
    world.loop.before_sleep({});
    truth = json::parse(bridge::testing::truth_of(world, carrier.port()));
    answers = exchange.answers;
    for (const auto& [call, end] : exchange.ends) whys[call] = exchange.why(call);
    complaints = exchange.complaints();
  }

  // Every word of every call, in order: what a run comes to.
  std::string words() const {
    std::string all;
    for (const json& call : truth["calls"]) {
      all += call["to"].get<std::string>();
      for (const json& stream : call["streams"]) {
        for (const json& line : stream["said"]) {
          all += "\n" + std::to_string(line["at_ms"].get<std::int64_t>()) + " " +
                 line["by"].get<std::string>() + ": " + line["words"].get<std::string>();
        }
      }
      all += "\n";
    }
    return all;
  }
};

// The same in time that runs, from one thing that happens to the next: frames are of 20 ms, and a
// message is on its way for as long as the faults say, to a millisecond.
struct RunningTalks {
  json truth{};
  std::map<std::string, bridge::media::Closed> ends{};  // by call
  // When it is told what comes behind the stream: an apology's first word.
  std::map<std::string, bridge::net::Instant> apologies{};

  RunningTalks(int calls, People people, const std::string& faults) {
    bridge::testing::OneLoopWorld world(carrier_options(std::move(people), faults));
    world.patience = 300s;
    Exchange exchange(world.loop, *world.program, world.far->voice_port());
    exchange.place(calls);
    world.settle();
    while (exchange.over < calls) {
      const auto next = world.loop.next_timer();
      BOOST_REQUIRE(next.has_value());
      BOOST_REQUIRE(*next < noon + 1h);
      world.clock.advance_to(std::max(*next, world.clock.now()));
      world.loop.run_due_timers();
      world.settle();
    }
    truth = json::parse(bridge::testing::truth_of(world, world.far->port()));
    ends = exchange.ends;
    for (const ToyProgram::Webhook* webhook : world.program->at_path("/after")) {
      apologies[std::string(bridge::http::field(webhook->fields, "CallSid"))] = webhook->at;
    }
  }
};

struct Cuts {
  int count = 0;
  int worst = 0;  // ms between what the model was told and what was heard
};
Cuts cuts_of(const json& truth) {
  Cuts cuts;
  for (const json& call : truth["calls"]) {
    for (const json& cut : call["streams"][0]["cuts"]) {
      ++cuts.count;
      BOOST_REQUIRE(!cut["told_ms"].is_null());
      cuts.worst =
          std::max(cuts.worst, std::abs(cut["told_ms"].get<int>() - cut["heard_ms"].get<int>()));
    }
  }
  return cuts;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_survey_is_asked_by_voice_and_answered_by_voice) {
  const Talks talks(6, only("human"));
  BOOST_TEST(talks.answers.size() == 6);
  for (const auto& [call, given] : talks.answers) {
    BOOST_TEST_CONTEXT(call) {
      BOOST_TEST(given.size() == 3);
      BOOST_TEST(talks.whys.at(call) == "goodbye");
    }
  }
  BOOST_TEST((talks.ended < noon + 5min));
  BOOST_TEST(talks.truth["voice"]["errors"] == 0);
  BOOST_TEST(talks.truth["voice"]["open"] == 0);
  BOOST_TEST(talks.complaints == 0);
  for (const json& call : talks.truth["calls"]) {
    const json& stream = call["streams"][0];
    BOOST_TEST(stream["invalid"] == 0);
    BOOST_TEST(stream["error_code"] == 0);
    BOOST_TEST(stream["said"].back()["words"].get<std::string>().ends_with("arrivederci."));
  }
}

BOOST_AUTO_TEST_CASE(what_the_model_is_told_of_an_interruption_is_what_the_person_heard) {
  const Talks talks(12, only("human", "barge_in=1000"));
  const Cuts cuts = cuts_of(talks.truth);
  BOOST_TEST(cuts.worst <= 60);
  BOOST_TEST(cuts.count >= 24);
  BOOST_TEST(talks.truth["voice"]["truncated_too_far"] == 0);
  BOOST_TEST(talks.truth["voice"]["errors"] == 0);
}

BOOST_AUTO_TEST_CASE(what_the_model_is_told_of_an_interruption_hangs_on_no_way) {
  for (const int way : {0, 25, 75, 150}) {
    for (const int jitter : {0, 30}) {
      BOOST_TEST_CONTEXT(way << " ms each way, and up to " << jitter) {
        const std::string slow =
            "stream_way_ms=" + std::to_string(way) + ",stream_jitter_ms=" + std::to_string(jitter);
        const json truth = RunningTalks(3, only("human", "barge_in=1000"), slow).truth;
        const Cuts cuts = cuts_of(truth);
        BOOST_TEST_MESSAGE(way << "+" << jitter << " ms: " << cuts.count << " cuts, told at most "
                               << cuts.worst << " ms beside what was heard");
        BOOST_TEST(cuts.worst <= 60);
        BOOST_TEST(cuts.count >= 6);
        BOOST_TEST(truth["voice"]["truncated_too_far"] == 0);
        BOOST_TEST(truth["voice"]["errors"] == 0);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(the_same_seed_gives_the_same_talks) {
  const People people = only("human", "barge_in=300,wrong_key=200,silence=100,opt_out=100");
  const std::string faults = "stream_gaps=200,voice_bad_arguments=100,voice_transcript_late=200";
  const Talks first(5, people, faults);
  const Talks second(5, people, faults);
  BOOST_TEST(first.words() == second.words());
  BOOST_CHECK(first.answers == second.answers);
  BOOST_CHECK((first.ended == second.ended));
}

// Silence is what the person hears of nobody: since the stream's beginning, the agent's last sound,
// or when it can know that it is its turn, half a second behind the person's last word. Its end is
// that the carrier is given the apology to say.
BOOST_AUTO_TEST_CASE(an_apology_is_on_its_way_within_two_seconds_of_silence) {
  for (const std::string fault :
       {"voice_unavailable", "voice_limited", "voice_update_refused", "voice_keeps_pcm",
        "voice_slow", "voice_deaf", "voice_hard_of_hearing", "voice_silent", "voice_stalled",
        "voice_failed", "voice_nonsense", "voice_dropped", "voice_closed", "voice_expired"}) {
    BOOST_TEST_CONTEXT(fault) {
      // Of the responses and utterances of a talk, one in five.
      const bool drawn_often = fault == "voice_silent" || fault == "voice_stalled" ||
                               fault == "voice_failed" || fault == "voice_nonsense";
      const RunningTalks talks(4, only("human"), fault + (drawn_often ? "=200" : "=1000"));
      int failed = 0;
      std::int64_t longest = 0;
      for (const json& call : talks.truth["calls"]) {
        const auto sid = call["sid"].get<std::string>();
        if (talks.ends.at(sid).why != bridge::media::Why::model_failed) continue;
        ++failed;
        const json& stream = call["streams"][0];
        const std::int64_t began = stream["began_at_ms"];
        std::int64_t quiet_since = began + stream["pressed_at_ms"].get<std::int64_t>();
        if (const auto spoke = stream["spoke_until_ms"].get<std::int64_t>(); spoke > 0) {
          quiet_since = std::max(quiet_since, began + spoke + 500);
        }
        if (!stream["last_sound_at_ms"].is_null()) {
          quiet_since = std::max(quiet_since, stream["last_sound_at_ms"].get<std::int64_t>());
        }
        BOOST_REQUIRE(talks.apologies.contains(sid));
        const auto heard = talks.apologies.at(sid).time_since_epoch().count() - quiet_since;
        longest = std::max(longest, heard);
      }
      BOOST_TEST_MESSAGE(fault << ": " << failed << " failed, an apology after " << longest
                               << " ms at most");
      BOOST_TEST(failed > 0);
      BOOST_TEST(longest <= 2'000);
    }
  }
}

BOOST_AUTO_TEST_CASE(every_talk_ends_whatever_fails) {
  for (const std::string fault : {"voice_unavailable",
                                  "voice_limited",
                                  "voice_update_refused",
                                  "voice_keeps_pcm",
                                  "voice_slow",
                                  "voice_deaf",
                                  "voice_hard_of_hearing",
                                  "voice_silent",
                                  "voice_failed",
                                  "voice_dropped",
                                  "voice_closed",
                                  "voice_expired",
                                  "voice_nonsense",
                                  "voice_bad_arguments",
                                  "voice_stalled",
                                  "voice_transcript_late",
                                  "voice_transcript_failed",
                                  "stream_refused",
                                  "stream_odd_chunks",
                                  "stream_gaps",
                                  "stream_doubled",
                                  "stream_unknown",
                                  "stream_no_stop",
                                  "stream_broken"}) {
    BOOST_TEST_CONTEXT(fault) {
      const Talks talks(1, only("human"), std::string(fault) + "=1000");
      BOOST_TEST(talks.truth["voice"]["open"] == 0);
      for (const json& call : talks.truth["calls"]) {
        BOOST_TEST(call["status"] == "completed");
        BOOST_TEST(!call["streams"][0]["ended_at_ms"].is_null());
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
