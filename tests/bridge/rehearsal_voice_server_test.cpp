#include "bridge/rehearsal/voice_server.hpp"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include "bridge/rehearsal/clock_link.hpp"
#include "bridge/rehearsal/rehearsal_thread.hpp"
#include "bridge/rehearsal/sound.hpp"
#include "bridge/rehearsal/wire.hpp"
#include "bridge/ws/connection.hpp"
#include "bridge/ws/upgrade.hpp"
#include "tests/bridge/certificates.hpp"
#include "tests/bridge/rehearsal_world.hpp"

BOOST_AUTO_TEST_SUITE(rehearsal_voice_server)

using namespace std::chrono_literals;
using namespace bridge::rehearsal;
using bridge::net::Instant;
using bridge::testing::Folder;
using bridge::testing::noon;
using bridge::testing::OneLoopWorld;
using bridge::testing::only;
using bridge::testing::SteppedLoop;
using bridge::testing::ToyProgram;
using nlohmann::json;

namespace {

const std::string target = "/v1/realtime?model=test-model";

json session_json() {
  return {{"type", "realtime"},
          {"instructions", "<opening>\nBuongiorno. Posso farle una domanda?\n</opening>"},
          {"audio",
           {{"input", {{"format", {{"type", "audio/pcmu"}}}}},
            {"output", {{"format", {{"type", "audio/pcmu"}}}}}}}};
}

// A client of the voice model over a socket.
struct Client {
  std::unique_ptr<bridge::ws::Connecting> connecting{};
  std::unique_ptr<bridge::ws::Connection> connection{};
  std::optional<bridge::ws::Refused> refused{};
  std::optional<bridge::ws::End> end{};
  std::vector<json> events{};
  std::function<void(const json&)> on_event{};

  Client(bridge::net::Loop& loop, bridge::ws::Connecting::Options options) {
    connecting = std::make_unique<bridge::ws::Connecting>(
        loop, std::move(options),
        [this](std::variant<std::unique_ptr<bridge::ws::Connection>, bridge::ws::Refused> got) {
          if (auto* why = std::get_if<bridge::ws::Refused>(&got)) {
            refused = *why;
            return;
          }
          connection = std::move(std::get<0>(got));
          connection->start({.on_text =
                                 [this](std::string_view text) {
                                   events.push_back(json::parse(text));
                                   if (on_event) on_event(events.back());
                                 },
                             .on_binary = {},
                             .on_end = [this](const bridge::ws::End& how) { end = how; },
                             .on_drained = {}});
        });
  }
  static bridge::ws::Connecting::Options to(std::uint16_t port) {
    bridge::ws::Connecting::Options options;
    options.host = "127.0.0.1";
    options.port = port;
    options.target = target;
    options.headers = {{"Authorization", "Bearer any-key"}};
    return options;
  }
  bool has(const std::string& type) const {
    return std::ranges::any_of(events, [&](const json& each) { return each["type"] == type; });
  }
  void send(const json& event) const { BOOST_TEST(connection->send_text(event.dump())); }
};

struct World : OneLoopWorld {
  explicit World(CarrierOptions options = {}) : OneLoopWorld(std::move(options)) {}

  bridge::ws::Refused refusal(const std::function<void(bridge::ws::Connecting::Options&)>& spoil) {
    auto options = Client::to(far->voice_port());
    spoil(options);
    Client client(loop, std::move(options));
    until([&] { return client.refused || client.connection; });
    BOOST_REQUIRE(client.refused.has_value());
    return *client.refused;
  }
  json truth() {
    return json::parse(bridge::testing::ask_as(*this, "", "GET", "/rehearsal/truth.json").body);
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(an_upgrade_needs_a_key_a_model_and_the_right_path) {
  World world;
  const auto without_key = world.refusal([](auto& options) { options.headers.clear(); });
  BOOST_TEST(without_key.status == 401);
  BOOST_TEST((without_key.body.find("invalid_api_key") != std::string::npos));
  BOOST_TEST(world.refusal([](auto& options) { options.headers[0].value = "Basic x"; }).status ==
             401);
  BOOST_TEST(world.refusal([](auto& options) { options.target = "/v1/realtime"; }).status == 400);
  BOOST_TEST(world.refusal([](auto& options) { options.target = "/v1/live?model=x"; }).status ==
             404);
  BOOST_TEST(world.truth()["voice"]["refused"] == 4);
  BOOST_TEST(world.truth()["voice"]["sessions"] == 0);
  // The address is told to whoever asks.
  const json about = json::parse(bridge::testing::ask_as(world, "", "GET", "/rehearsal.json").body);
  BOOST_TEST(about["voice_port"] == world.far->voice_port());
}

BOOST_AUTO_TEST_CASE(a_key_and_a_model_may_be_wrong_at_the_upgrade_or_after_it) {
  for (const bool late : {false, true}) {
    CarrierOptions options;
    options.voice_key = "any-key";
    options.voice_models = {"another", "test-model"};
    if (late) options.faults = parse_faults("voice_refused_late=1000");
    World world(std::move(options));
    const auto code_for = [&](const std::string& key, const std::string& model) {
      auto to = Client::to(world.far->voice_port());
      to.headers[0].value = "Bearer " + key;
      to.target = "/v1/realtime?model=" + model;
      Client client(world.loop, std::move(to));
      world.until([&] { return client.refused || client.end || client.has("session.created"); });
      if (client.has("session.created")) return std::string("let in");
      BOOST_TEST(client.refused.has_value() == !late);
      if (late) {
        BOOST_TEST(client.events.at(0)["type"] == "error");
        BOOST_TEST(client.end->code == bridge::ws::policy_violation);
      }
      const json told = late ? client.events.at(0) : json::parse(client.refused->body);
      return std::to_string(late ? 0 : client.refused->status) + ' ' +
             told["error"]["code"].get<std::string>();
    };
    BOOST_TEST(code_for("any-key", "test-model") == "let in");
    BOOST_TEST(code_for("any-key", "another") == "let in");
    BOOST_TEST(code_for("other-key", "test-model") ==
               (late ? "0" : "401") + std::string(" invalid_api_key"));
    BOOST_TEST(code_for("any-key", "third") ==
               (late ? "0" : "404") + std::string(" model_not_found"));
    BOOST_TEST(world.truth()["voice"]["refused"] == 2);
  }
}

BOOST_AUTO_TEST_CASE(what_is_no_websocket_is_refused) {
  World world;
  bridge::http::Client::Options options;
  options.port = world.far->voice_port();
  bridge::http::Client client(world.loop, options);
  std::optional<bridge::http::Reply> told;
  bridge::http::Request request{.method = "GET", .target = target};
  request.headers = {{"Authorization", "Bearer x"}};
  client.send(request, [&](bridge::http::Reply reply) { told = std::move(reply); });
  world.until([&] { return told.has_value(); });
  BOOST_TEST(told->response.status >= 400);
}

BOOST_AUTO_TEST_CASE(the_beta_is_gone) {
  World world;
  auto options = Client::to(world.far->voice_port());
  options.headers.push_back({"OpenAI-Beta", "realtime=v1"});
  Client client(world.loop, std::move(options));
  world.until([&] { return client.end.has_value(); });
  BOOST_TEST(client.end->code == 4000);
  BOOST_TEST((client.end->reason.find("beta_api_shape_disabled") != std::string::npos));
  BOOST_TEST(client.events.empty());
}

BOOST_AUTO_TEST_CASE(a_session_talks_over_its_socket) {
  World world;
  Client client(world.loop, Client::to(world.far->voice_port()));
  world.until([&] { return client.has("session.created"); });
  BOOST_TEST(client.events[0]["session"]["model"] == "test-model");
  client.send({{"type", "session.update"}, {"session", session_json()}});
  world.until([&] { return client.has("session.updated"); });
  client.send({{"type", "response.create"}});
  for (int i = 0; i < 40 && !client.has("response.done"); ++i) {
    world.advance(250ms);
    world.settle();
  }
  std::string sound;
  for (const json& each : client.events) {
    if (each["type"] == "response.output_audio.delta") {
      sound += read_base64(each["delta"].get<std::string>()).value();
    }
  }
  std::string words;
  Ear().hear(sound, [&](const Ear::Heard& word) {
    if (!word.label) append_heard(words, word);
  });
  BOOST_TEST(words == "Buongiorno. Posso farle una domanda?");
  BOOST_TEST(world.truth()["voice"]["open"] == 1);
  BOOST_TEST(world.truth()["voice"]["responses"] == 1);
  client.connection->close();
  world.until([&] { return client.end.has_value(); });
  world.settle();
  BOOST_TEST(world.truth()["voice"]["open"] == 0);
}

BOOST_AUTO_TEST_CASE(a_session_is_closed_or_broken_by_its_faults) {
  const auto end_of = [](const std::string& faults) {
    CarrierOptions options;
    options.faults = parse_faults(faults);
    World world(std::move(options));
    Client client(world.loop, Client::to(world.far->voice_port()));
    world.until([&] { return client.has("session.created"); });
    client.send({{"type", "session.update"}, {"session", session_json()}});
    for (int i = 0; i < 50 && !client.end; ++i) {
      world.advance(1s);
      world.settle();
    }
    BOOST_REQUIRE(client.end.has_value());
    return client.end->code;
  };
  BOOST_TEST(end_of("voice_closed=1000") == 1011);
  BOOST_TEST(end_of("voice_expired=1000") == 1001);
  BOOST_TEST(end_of("voice_dropped=1000") == bridge::ws::abnormal);
}

BOOST_AUTO_TEST_CASE(a_busy_model_refuses_the_upgrade) {
  CarrierOptions options;
  options.faults = parse_faults("voice_unavailable=1000");
  World world(std::move(options));
  BOOST_TEST(world.refusal([](auto&) {}).status == 503);
  CarrierOptions limited;
  limited.faults = parse_faults("voice_limited=1000");
  World other(std::move(limited));
  BOOST_TEST(other.refusal([](auto&) {}).status == 429);
}

BOOST_AUTO_TEST_CASE(with_a_certificate_it_speaks_tls) {
  const Folder folder;
  const auto authority = bridge::testing::make_authority();
  const auto identity = bridge::testing::make_identity({}, &authority);
  CarrierOptions options;
  options.tls_certificate = folder.write("c.pem", identity.certificate);
  options.tls_key = folder.write("k.pem", identity.key);
  SteppedLoop world;
  {
    const RehearsalCarrier carrier(world.loop, options);
    bridge::tls::ClientContext trusted({.ca_file = folder.write("ca.pem", authority.certificate)});
    auto to = Client::to(carrier.voice_port());
    to.host = "127.0.0.1";
    to.tls = &trusted;
    Client client(world.loop, std::move(to));
    world.until([&] { return client.has("session.created"); });
  }
}

// ---- where time jumps ----

// A bridge as small as can be: passes sound on from the call to the model and back.
BOOST_AUTO_TEST_CASE(a_talk_between_person_and_model_takes_no_time_where_time_jumps) {
  CarrierOptions options;
  options.start = noon;
  options.people = only("human");
  options.tell_acknowledged = true;
  SteppedLoop world;
  {
    RehearsalThread carrier(options);
    ToyProgram program(world.loop, carrier.port(), carrier.account_sid(), carrier.auth_token());
    std::unique_ptr<bridge::ws::Connection> call;
    std::unique_ptr<Client> model;
    std::string stream;
    bool over = false;
    bridge::http::Server::Options listen;
    listen.links = &program.links;
    std::unique_ptr<bridge::http::Server> door;
    const auto to_model = [&](const json& event) {
      if (model && model->connection) BOOST_TEST(model->connection->send_text(event.dump()));
    };
    const auto begin_model = [&] {
      auto to = Client::to(carrier.voice_port());
      to.links = &program.links;
      model = std::make_unique<Client>(world.loop, std::move(to));
      model->on_event = [&](const json& event) {
        const auto& type = event["type"].get_ref<const std::string&>();
        if (type == "session.created") {
          to_model({{"type", "session.update"}, {"session", session_json()}});
          to_model({{"type", "response.create"}});
        } else if (type == "response.output_audio.delta") {
          const json media = {
              {"event", "media"}, {"streamSid", stream}, {"media", {{"payload", event["delta"]}}}};
          BOOST_TEST(call->send_text(media.dump()));
        }
      };
    };
    door = std::make_unique<bridge::http::Server>(
        world.loop, listen, [&](bridge::http::ExchangeId id, const bridge::http::Request& request) {
          const auto accepted = bridge::ws::answer_upgrade(request);
          auto taken = door->take_over(id);
          BOOST_REQUIRE(taken->stream->write(bridge::ws::upgrade_head(accepted)));
          call = std::make_unique<bridge::ws::Connection>(
              world.loop, std::move(taken->stream), bridge::ws::Role::server, bridge::ws::Limits{},
              std::move(taken->early));
          call->start({.on_text =
                           [&](std::string_view text) {
                             const json event = json::parse(text);
                             if (event["event"] == "start") {
                               stream = event["streamSid"].get<std::string>();
                               begin_model();
                             } else if (event["event"] == "media") {
                               to_model({{"type", "input_audio_buffer.append"},
                                         {"audio", event["media"]["payload"]}});
                             } else if (event["event"] == "stop") {
                               model.reset();
                             }
                           },
                       .on_binary = {},
                       .on_end = {},
                       .on_drained = {}});
        });
    program.documents["/talk"] =
        "<Response><Connect><Stream url=\"ws://127.0.0.1:" + std::to_string(door->port()) +
        "/media\"/></Connect></Response>";
    program.on_webhook = [&](const ToyProgram::Webhook& webhook) {
      over = over || bridge::http::field(webhook.fields, "CallStatus") == "completed";
    };
    ClockLink link(world.loop, world.clock, program.links, "127.0.0.1", carrier.clock_port(), {});
    world.loop.before_sleep([&] { link.report(true, {}); });
    program.place(program.order("+390611111111"));
    const auto began = std::chrono::steady_clock::now();
    world.until([&] { return over; });
    BOOST_TEST((std::chrono::steady_clock::now() - began < 30s));
    BOOST_TEST((world.clock.now() > noon + 15s));
    world.loop.before_sleep({});
    // The person heard the opening and answered; the model heard that, and said goodbye.
    const json truth = json::parse(bridge::testing::truth_of(world, carrier.port()));
    const json talk = truth["calls"][0]["streams"][0];
    BOOST_TEST(talk["said"][0]["words"] == "Buongiorno. Posso farle una domanda?");
    BOOST_TEST(talk["said"][1]["by"] == "person");
    BOOST_TEST(talk["turns"].get<int>() >= 1);
    BOOST_TEST(talk["invalid"] == 0);
    BOOST_TEST(truth["voice"]["turns"].get<int>() >= 1);
    BOOST_TEST(truth["voice"]["responses"].get<int>() >= 2);
    BOOST_TEST(truth["voice"]["open"] == 0);
    call.reset();
    model.reset();
  }
}

BOOST_AUTO_TEST_SUITE_END()
