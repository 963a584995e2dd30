// Calls on real sockets: the carrier's end and the model's server are doubles on loopback, the
// switchboard between them works on the owner's loop and on threads of its own.
#include "bridge/media/switchboard.hpp"

#include <boost/test/unit_test.hpp>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "bridge/net/listener.hpp"
#include "bridge/net/stream.hpp"
#include "bridge/voice/realtime.hpp"
#include "bridge/ws/connection.hpp"
#include "tests/bridge/media_doubles.hpp"
#include "tests/bridge/model_server.hpp"
#include "tests/bridge/not_printed.hpp"

BOOST_AUTO_TEST_SUITE(switchboard)

using namespace bridge::testing;
using namespace std::chrono_literals;
namespace media = bridge::media;
namespace net = bridge::net;
namespace voice = bridge::voice;
namespace ws = bridge::ws;
using media::StreamId;
using media::Why;

namespace {

// The carrier's end of one stream.
struct Carrier {
  std::unique_ptr<ws::Connection> connection{};
  std::unique_ptr<net::Stream> raw{};
  Texts received{};
  bool open = false;
  bool ended = false;
  ws::End end{};

  bool tell(std::string_view text) { return connection->send_text(text); }
  std::size_t count(std::string_view event) const {
    std::size_t n = 0;
    for (const std::string& m : received) {
      if (m.starts_with(R"({"event":")" + std::string(event) + "\"")) ++n;
    }
    return n;
  }
};

struct World {
  net::SystemClock clock{};
  net::SteppedClock stepped{noon};
  net::Loop loop;
  ModelServer model;
  Texts told{};
  std::vector<media::Started> started{};
  std::vector<media::Said> said{};
  std::vector<media::ToolAsked> tools{};
  std::vector<media::Closed> closed{};
  std::string keys{};
  media::Bounds bounds{};
  bool lets_in = true;
  std::unique_ptr<media::Switchboard> board{};
  std::unique_ptr<net::Listener> listener{};
  std::vector<std::unique_ptr<Carrier>> carriers{};

  explicit World(std::size_t threads, bool steps = false, media::Switchboard::Options options = {})
      : loop(steps ? static_cast<net::Clock&>(stepped) : clock), model(loop) {
    options.threads = threads;
    // In real time no limit that a case is not about may be met by a busy machine under valgrind.
    if (!steps) {
      options.start_time_max = 60s;
      bounds = {.silence_max = 300s, .goodbye_max = 60s, .opening_max = 60s, .answer_max = 60s};
    }
    options.model = [port = model.port()](net::Loop& its_loop, net::Links* links) {
      return std::make_unique<voice::RealtimeModel>(
          its_loop, voice::RealtimeModel::Options{.host = "127.0.0.1",
                                                  .port = port,
                                                  .api_key = "sk-test",
                                                  .links = links,
                                                  .connect_time_max = 60s,
                                                  .answer_time_max = 60s});
    };
    board = std::make_unique<media::Switchboard>(loop, std::move(options), events());
    listener = std::make_unique<net::Listener>(
        loop, net::Endpoint{.address = "127.0.0.1"}, 0, net::Stream::Options{},
        [this](std::unique_ptr<net::Stream> stream) { board->take(std::move(stream), {}); });
  }

  media::Events events() {
    return {
        .on_started =
            [this](media::Started s) {
              told.emplace_back("started");
              if (lets_in) board->let_in(s.stream, arthur(), bounds);
              started.push_back(std::move(s));
            },
        .on_said = [this](media::Said s) { said.push_back(std::move(s)); },
        .on_tool = [this](media::ToolAsked t) { tools.push_back(std::move(t)); },
        .on_key = [this](StreamId, char key) { keys += key; },
        .on_closed =
            [this](media::Closed c) {
              told.emplace_back("closed");
              closed.push_back(std::move(c));
            },
    };
  }

  // In real time: the threads have their own.
  void until(const std::function<bool()>& done, std::chrono::seconds patience = 120s) {
    const auto began = std::chrono::steady_clock::now();
    while (!done()) {
      if (std::chrono::steady_clock::now() - began > patience) {
        BOOST_FAIL("waited in vain");
      }
      loop.turn();
    }
  }

  Carrier& connect() {
    Carrier& carrier = *carriers.emplace_back(std::make_unique<Carrier>());
    // Its end comes after this has returned.
    carrier.raw =
        net::Stream::connect(loop, {.address = "127.0.0.1", .port = listener->port()}, {},
                             {.on_open = [&carrier] { carrier.open = true; },
                              .on_end = [&carrier](std::error_code) { carrier.ended = true; }});
    until([&] { return carrier.open || carrier.ended; });
    BOOST_REQUIRE(carrier.open);
    return carrier;
  }
  // A stream that is open, with a carrier that returns every mark at once.
  Carrier& speaks(Carrier& carrier) {
    carrier.connection = std::make_unique<ws::Connection>(
        loop, std::move(carrier.raw), ws::Role::client, ws::Limits{.queued_bytes_max = 16 << 20});
    carrier.connection->start({
        .on_text =
            [&carrier](std::string_view text) {
              carrier.received.emplace_back(text);
              if (text.starts_with(R"({"event":"mark")")) {
                static_cast<void>(carrier.tell(mark_message(between(text, R"("name":")", "\""))));
              }
            },
        .on_end =
            [&carrier](const ws::End& end) {
              carrier.ended = true;
              carrier.end = end;
            },
    });
    return carrier;
  }
  Carrier& started_stream() {
    Carrier& carrier = speaks(connect());
    BOOST_TEST(carrier.tell(R"({"event":"connected","protocol":"Call","version":"1.0.0"})"));
    BOOST_TEST(carrier.tell(start_message()));
    return carrier;
  }
  ModelServer::Session& session(std::size_t number = 0) {
    until([&] { return model.sessions.size() > number; });
    return *model.sessions[number];
  }
  void all_is_gone() {
    until([&] { return board->streams() == 0 && board->quiet(); });
    until([&] {
      for (const auto& s : model.sessions) {
        if (!s->ended) return false;
      }
      return true;
    });
  }
  // A model that says one thing of a given sound when it is asked for.
  void answers(std::string sound_of_it) {
    model.on_message = [sound_of_it](ModelServer::Session& s, std::string_view text) {
      if (!text.starts_with(R"({"type":"response.create")")) return;
      static_cast<void>(s.tell(ModelServer::created("r1")));
      static_cast<void>(s.tell(ModelServer::delta("r1", "i1", sound_of_it)));
      static_cast<void>(
          s.tell(R"({"type":"response.output_audio.done","response_id":"r1","item_id":"i1"})"));
      static_cast<void>(s.tell(
          R"({"type":"response.output_audio_transcript.done","response_id":"r1","item_id":"i1",)"
          R"("transcript":"Buongiorno"})"));
      static_cast<void>(s.tell(ModelServer::done("r1")));
    };
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_call_from_its_start_to_its_goodbye) {
  for (const std::size_t threads : {0U, 2U}) {
    World w(threads);
    w.answers(sound(40ms));
    Carrier& carrier = w.started_stream();
    w.until([&] { return carrier.count("mark") == 1 && w.said.size() == 1; });
    ModelServer::Session& session = w.session();
    BOOST_TEST(session.target == "/v1/realtime?model=model-1");
    BOOST_TEST(session.authorization == "Bearer sk-test");
    BOOST_TEST(carrier.received[0].find(sound(40ms)) != std::string::npos);
    BOOST_TEST(w.said[0].text == "Buongiorno");
    BOOST_TEST(!w.said[0].cut);

    BOOST_TEST(carrier.tell(media_message(1, 0, "//7+fn5+/v8=")));
    w.until([&] { return session.count("input_audio_buffer.append") == 1; });
    BOOST_TEST(session.received.back() ==
               R"({"type":"input_audio_buffer.append","audio":"//7+fn5+/v8="})");
    BOOST_TEST(carrier.tell(R"({"event":"dtmf","dtmf":{"digit":"5"}})"));
    w.until([&] { return w.keys == "5"; });

    BOOST_TEST(session.tell(ModelServer::created("r2")));
    BOOST_TEST(session.tell(ModelServer::delta("r2", "i2", sound(40ms))));
    BOOST_TEST(session.tell(
        R"({"type":"response.output_item.done","response_id":"r2","item":{"type":"function_call",)"
        R"("status":"completed","call_id":"c1","name":"end_call","arguments":"{}"}})"));
    w.until([&] { return w.tools.size() == 1; });
    w.board->answer_tool(w.tools[0].stream, "c1", R"({"ok":true})", media::Then::goodbye);
    w.until([&] { return session.count("conversation.item.create") == 2; });
    BOOST_TEST(session.tell(ModelServer::done("r2")));
    w.until([&] { return w.closed.size() == 1 && carrier.ended; });
    BOOST_TEST(w.closed[0].why == Why::goodbye);
    BOOST_TEST(w.closed[0].turns == 2);
    BOOST_TEST(w.closed[0].usage.input_tokens == 10);
    BOOST_TEST(w.closed[0].first_sound.count() >= 0);
    BOOST_TEST(carrier.end.code == ws::normal);
    w.all_is_gone();
    BOOST_TEST(session.end.code == ws::normal);
    BOOST_TEST(session.end.by_peer);
  }
}

BOOST_AUTO_TEST_CASE(whoever_is_refused_reaches_no_model) {
  for (const std::size_t threads : {0U, 1U}) {
    World w(threads);
    w.lets_in = false;
    Carrier& carrier = w.started_stream();
    w.until([&] { return w.started.size() == 1; });
    w.board->refuse(w.started[0].stream);
    w.board->let_in(w.started[0].stream, arthur(), {});  // too late
    w.until([&] { return carrier.ended && w.closed.size() == 1; });
    BOOST_TEST(w.closed[0].why == Why::refused);
    w.all_is_gone();
    BOOST_TEST(w.model.sessions.empty());
  }
}

BOOST_AUTO_TEST_CASE(each_way_in_which_a_model_fails_closes_the_stream_and_says_which) {
  struct Row {
    const char* what;
    std::function<void(World&)> prepare;
    voice::Fault fault;
    const char* code;
  };
  const std::vector<Row> rows{
      {"401",
       [](World& w) {
         w.model.status = 401;
         w.model.body = R"({"error":{"code":"invalid_api_key"}})";
       },
       voice::Fault::refused, "invalid_api_key"},
      {"429", [](World& w) { w.model.status = 429; }, voice::Fault::limited, "http_429"},
      {"keeps PCM",
       [](World& w) {
         w.model.agrees = false;
         w.model.on_message = [](ModelServer::Session& s, std::string_view) {
           static_cast<void>(s.tell(ModelServer::updated("audio/pcm")));
         };
       },
       voice::Fault::nonsense, "audio_format"},
      {"4000",
       [](World& w) {
         w.model.on_message = [](ModelServer::Session& s, std::string_view) {
           s.connection->close(4000, "beta_api_shape_disabled");
         };
       },
       voice::Fault::refused, "beta_api_shape_disabled"},
      {"breaks off",
       [](World& w) {
         w.model.on_message = [](ModelServer::Session& s, std::string_view) {
           s.connection->drop();
           s.ended = true;
         };
       },
       voice::Fault::dropped, "close_1006"},
      {"says nothing of the protocol",
       [](World& w) {
         w.model.on_message = [](ModelServer::Session& s, std::string_view) {
           static_cast<void>(s.tell("[]"));
         };
       },
       voice::Fault::nonsense, "no JSON object"},
      {"sends too much at once",
       [](World& w) {
         w.model.on_message = [](ModelServer::Session& s, std::string_view) {
           static_cast<void>(s.tell(std::string(2 << 20, ' ')));
         };
       },
       voice::Fault::nonsense, "close_1009"},
      {"never greets", [](World& w) { w.model.greets = false; }, voice::Fault::silent, "no_answer"},
  };
  for (const Row& row : rows) {
    World w(1);
    if (row.fault == voice::Fault::silent) w.bounds.opening_max = 300ms;
    row.prepare(w);
    Carrier& carrier = w.started_stream();
    w.until([&] { return carrier.ended && w.closed.size() == 1; });
    BOOST_TEST_CONTEXT(row.what) {
      BOOST_TEST(w.closed[0].why == Why::model_failed);
      BOOST_TEST(w.closed[0].failure.fault == row.fault);
      BOOST_TEST(w.closed[0].failure.code == row.code);
      BOOST_TEST(w.closed[0].first_sound.count() == -1);
      BOOST_TEST(carrier.end.code == ws::normal);
    }
    w.all_is_gone();
  }
}

BOOST_AUTO_TEST_CASE(a_model_that_cannot_be_reached_closes_the_stream) {
  World w(1);
  media::Switchboard::Options options;
  options.threads = 1;
  options.model = [](net::Loop& loop, net::Links*) {
    return std::make_unique<voice::RealtimeModel>(
        loop, voice::RealtimeModel::Options{.host = "127.0.0.1", .port = 1});
  };
  w.board = std::make_unique<media::Switchboard>(w.loop, std::move(options), w.events());
  Carrier& carrier = w.started_stream();
  w.until([&] { return carrier.ended && w.closed.size() == 1; });
  BOOST_TEST(w.closed[0].failure.fault == voice::Fault::unreachable);
}

// They come over two sockets, of which either may be read first.
BOOST_AUTO_TEST_CASE(what_the_model_has_written_by_the_end_of_the_call_is_taken_before_it) {
  for (const bool in_order : {true, false}) {
    for (const bool carrier_first : {true, false}) {
      World w(0, true);
      w.answers(sound(40ms));
      Carrier& carrier = w.started_stream();
      w.until([&] { return w.said.size() == 1 && w.board->quiet(); });
      for (int i = 0; i < 20; ++i) w.loop.turn();
      ModelServer::Session& session = w.session();
      const auto model_writes = [&] {
        BOOST_TEST(session.tell(
            R"({"type":"conversation.item.input_audio_transcription.completed","item_id":"u1",)"
            R"("transcript":"Mai piu'"})"));
        BOOST_TEST(
            session.tell(R"({"type":"response.output_item.done","response_id":"r2","item":{"type":)"
                         R"("function_call","status":"completed","call_id":"c1","name":"opt_out",)"
                         R"("arguments":"{}"}})"));
      };
      if (!carrier_first) model_writes();
      if (in_order) {
        BOOST_TEST(carrier.tell(R"({"event":"stop"})"));
      } else {
        carrier.connection->drop();
      }
      if (carrier_first) model_writes();
      w.until([&] { return w.closed.size() == 1; });
      BOOST_TEST(w.closed[0].why == Why::hung_up);
      BOOST_TEST(w.said.size() == 2);
      BOOST_TEST(w.tools.size() == 1);
    }
  }
}

BOOST_AUTO_TEST_CASE(what_the_model_has_written_before_it_closes_is_taken_before_that) {
  World w(0, true);
  w.answers(sound(40ms));
  w.started_stream();
  w.until([&] { return w.said.size() == 1 && w.board->quiet(); });
  ModelServer::Session& session = w.session();
  BOOST_TEST(session.tell(
      R"({"type":"conversation.item.input_audio_transcription.completed","item_id":"u1",)"
      R"("transcript":"Mai piu'"})"));
  BOOST_TEST(session.tell(
      R"({"type":"response.output_item.done","response_id":"r2","item":{"type":"function_call",)"
      R"("status":"completed","call_id":"c1","name":"opt_out","arguments":"{}"}})"));
  session.connection->close(1008, "Sorry, no.");
  w.until([&] { return w.closed.size() == 1; });
  BOOST_TEST(w.closed[0].why == Why::model_failed);
  BOOST_TEST(w.closed[0].failure.fault == voice::Fault::refused);
  BOOST_TEST(w.closed[0].failure.code == "policy_violation");
  BOOST_TEST(w.said.size() == 2);
  BOOST_TEST(w.tools.size() == 1);
}

// The person talks on, and nobody finds the end of it: the model's line is half open.
BOOST_AUTO_TEST_CASE(a_model_whose_line_is_dead_is_left_while_the_person_talks_on) {
  World w(0, true);
  w.bounds.silence_max = 300s;
  w.answers(sound(200ms));
  Carrier& carrier = w.started_stream();
  w.until([&] { return carrier.count("mark") == 1 && w.board->quiet(); });
  for (int i = 0; i < 20; ++i) w.loop.turn();
  w.session().connection->pause_reading();
  const auto passes = [&](std::chrono::milliseconds time) {
    for (auto left = time; left.count() > 0 && w.closed.empty(); left -= 100ms) {
      w.stepped.advance_to(w.stepped.now() + 100ms);
      const auto at = (w.stepped.now() - noon).count();
      static_cast<void>(carrier.tell(media_message(at / 100, at, sound(100ms))));
      for (int i = 0; i < 5; ++i) w.loop.turn();
    }
  };
  // Five seconds are nothing yet.
  passes(5s);
  w.session().connection->resume_reading();
  passes(4s);
  BOOST_TEST(w.closed.empty());
  w.session().connection->pause_reading();
  const auto began = w.stepped.now();
  passes(60s);
  BOOST_REQUIRE(w.closed.size() == 1);
  BOOST_TEST(w.closed[0].failure.fault == voice::Fault::dropped);
  BOOST_TEST((w.stepped.now() - began <= 10s));
  w.session().connection->resume_reading();
}

BOOST_AUTO_TEST_CASE(bad_carriers_are_closed_and_nothing_else_is_disturbed) {
  World w(1);
  w.answers(sound(40ms));
  Carrier& good = w.started_stream();
  w.until([&] { return good.count("media") == 1; });
  const auto bad = [&](const std::function<void(Carrier&)>& does) {
    const std::size_t before = w.closed.size();
    Carrier& carrier = w.started_stream();
    w.until([&] { return carrier.count("media") == 1; });
    does(carrier);
    w.until([&] { return w.closed.size() == before + 1; });
    return w.closed.back().why;
  };
  BOOST_TEST(bad([](Carrier& c) { BOOST_TEST(c.tell("{")); }) == Why::bad_stream);
  BOOST_TEST(bad([](Carrier& c) { BOOST_TEST(c.tell(media_message(1, 0, "A"))); }) ==
             Why::bad_stream);
  BOOST_TEST(bad([](Carrier& c) { BOOST_TEST(c.tell(std::string(100'000, ' '))); }) ==
             Why::bad_stream);
  BOOST_TEST(bad([](Carrier& c) { BOOST_TEST(c.tell("\xff")); }) == Why::bad_stream);
  BOOST_TEST(bad([](Carrier& c) {
               for (int i = 0; i < 100; ++i) {
                 if (!c.tell(media_message(i + 1, i * 1000, sound(1s)))) break;
               }
             }) == Why::bad_stream);
  BOOST_TEST(bad([](Carrier& c) { c.connection->drop(); }) == Why::hung_up);
  BOOST_TEST(bad([](Carrier& c) { c.connection->close(); }) == Why::hung_up);
  BOOST_TEST(bad([](Carrier& c) { BOOST_TEST(c.tell(R"({"event":"stop"})")); }) == Why::hung_up);
  // Bytes that are no frame, and half a connection.
  Carrier& noise = w.connect();
  BOOST_TEST(noise.raw->write("GET / HTTP/1.1\r\n\r\n"));
  Carrier& half = w.connect();
  half.raw->finish();
  w.until([&] { return w.board->streams() == 1; });
  BOOST_TEST(good.tell(media_message(1, 0, sound(20ms))));
  w.until([&] { return w.session(0).count("input_audio_buffer.append") == 1; });
  BOOST_TEST(!good.ended);
  BOOST_TEST(good.tell(R"({"event":"stop"})"));
  w.all_is_gone();
  BOOST_TEST(w.started.size() == w.closed.size());
}

BOOST_AUTO_TEST_CASE(a_stream_that_does_not_start_is_closed_in_its_time_and_the_room_is_bounded) {
  World w(0, true, {.streams_max = 2});
  Carrier& first = w.speaks(w.connect());
  w.speaks(w.connect());
  w.until([&] { return w.board->streams() == 2; });
  BOOST_TEST(!w.board->has_room());
  Carrier& third = w.speaks(w.connect());
  w.until([&] { return third.ended; });
  BOOST_TEST(w.board->streams() == 2);
  w.stepped.advance_to(noon + 4999ms);
  w.loop.run_due_timers();
  w.loop.turn();
  BOOST_TEST(!first.ended);
  w.stepped.advance_to(noon + 5s);
  w.loop.run_due_timers();
  w.until([&] { return first.ended && w.board->streams() == 0; });
  BOOST_TEST(w.told.empty());
}

BOOST_AUTO_TEST_CASE(a_clock_that_jumps_waits_for_what_is_on_its_way) {
  World w(0, true);
  w.answers(sound(250ms));
  Carrier& carrier = w.started_stream();
  w.until([&] { return carrier.count("mark") == 1; });
  w.until([&] { return w.board->quiet(); });
  w.board->end(w.started[0].stream, Why::stopped);
  BOOST_TEST(!w.board->quiet());
  w.until([&] { return w.closed.size() == 1 && w.board->quiet(); });
  BOOST_TEST(w.closed[0].why == Why::stopped);
  // Every wait of a call is the loop's: nobody has it wait in vain.
  w.until([&] { return w.board->streams() == 0; });
}

BOOST_AUTO_TEST_CASE(a_hundred_calls_on_two_threads_and_an_end_in_the_middle_of_them) {
  World w(2);
  w.answers(sound(20ms));
  std::vector<Carrier*> carriers;
  for (int i = 0; i < 100; ++i) carriers.push_back(&w.started_stream());
  w.until([&] {
    return std::all_of(carriers.begin(), carriers.end(),
                       [](Carrier* c) { return c->count("media") == 1; });
  });
  for (int round = 0; round < 20; ++round) {
    for (Carrier* carrier : carriers) {
      BOOST_TEST(carrier->tell(media_message(round + 1, round * 20, sound(20ms))));
    }
    w.loop.turn();
  }
  w.until([&] {
    return std::all_of(w.model.sessions.begin(), w.model.sessions.end(),
                       [](const auto& s) { return s->count("input_audio_buffer.append") == 20; });
  });
  for (std::size_t i = 0; i < 25; ++i) BOOST_TEST(carriers[i]->tell(R"({"event":"stop"})"));
  w.until([&] { return w.closed.size() == 25; });
  std::size_t ended = 0;
  for (const media::Started& stream : w.started) {
    const bool over = std::any_of(w.closed.begin(), w.closed.end(), [&](const media::Closed& c) {
      return c.stream == stream.stream;
    });
    if (over || ended == 25) continue;
    w.board->end(stream.stream, Why::stopped);
    ++ended;
  }
  w.until([&] { return w.closed.size() == 50; });
  w.board.reset();  // the other fifty in the middle of everything
  w.until([&] {
    return std::all_of(carriers.begin(), carriers.end(), [](Carrier* c) { return c->ended; });
  });
  BOOST_TEST(w.closed.size() == 50);
}

BOOST_AUTO_TEST_SUITE_END()
