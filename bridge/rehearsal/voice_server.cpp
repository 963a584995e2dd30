#include "bridge/rehearsal/voice_server.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "bridge/http/server.hpp"
#include "bridge/rehearsal/dice.hpp"
#include "bridge/rehearsal/wire.hpp"
#include "bridge/ws/connection.hpp"
#include "bridge/ws/upgrade.hpp"

namespace bridge::rehearsal {
namespace {

constexpr std::size_t sessions_max = 10'000;
constexpr std::size_t truths_max = 1'000'000;
constexpr std::uint16_t beta_is_gone = 4000;

// An error's members as they stand in an HTTP answer and in an event.
std::string voice_error_json(std::string_view type, std::string_view code,
                             std::string_view message) {
  std::string text = "{\"message\":";
  append_json_string(text, message);
  text += ",\"type\":";
  append_json_string(text, type);
  text += ",\"param\":null,\"code\":";
  append_json_string(text, code);
  return text + '}';
}

http::Response refusal(int status, std::string_view type, std::string_view code,
                       std::string_view message) {
  http::Response response;
  response.status = status;
  response.headers = {{"Content-Type", "application/json"}};
  response.body = "{\"error\":" + voice_error_json(type, code, message) + '}';
  return response;
}

// What is wrong with a key or a model that somebody gave.
struct Objection {
  int status = 0;
  std::string_view code{};
  std::string_view message{};
};
constexpr std::string_view bad_request = "invalid_request_error";

}  // namespace

struct VoiceServer::Block {
  struct Talk {
    std::uint64_t id = 0;
    VoiceTruth& truth;
    std::unique_ptr<ws::Connection> connection{};
    std::unique_ptr<VoiceSession> session{};  // null: only to be closed
    ActId next_act{};
    bool closing = false;
  };
  struct DeadTalk final : net::Retired {
    explicit DeadTalk(std::unique_ptr<Talk> dead) : talk(std::move(dead)) {}
    std::unique_ptr<Talk> talk;
  };

  net::Loop& loop;
  Timetable& timetable;
  const CarrierOptions& options;
  std::unique_ptr<http::Server> server{};
  std::unordered_map<std::uint64_t, std::unique_ptr<Talk>> talks{};
  std::vector<std::unique_ptr<VoiceTruth>> truths{};
  std::uint64_t asked = 0;
  std::uint64_t refused = 0;

  Block(net::Loop& on, net::Links& links, Timetable& with, const CarrierOptions& given,
        tls::ServerContext* certificate)
      : loop(on), timetable(with), options(given) {
    http::Server::Options listen;
    listen.address = options.address;
    listen.port = options.voice_port;
    listen.links = &links;
    listen.tls = certificate;
    listen.limits.head_time_max = std::chrono::milliseconds{0};
    listen.limits.idle_time_max = std::chrono::milliseconds{0};
    server = std::make_unique<http::Server>(
        loop, std::move(listen),
        [this](http::ExchangeId id, const http::Request& request) { on_request(id, request); });
  }

  ~Block() {
    for (auto& [id, talk] : talks) timetable.cancel(talk->next_act);
  }
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  void refuse(http::ExchangeId id, const http::Response& response) {
    ++refused;
    server->answer(id, response);
  }

  void on_request(http::ExchangeId id, const http::Request& request) {
    const std::string_view target = request.target;
    const std::string_view path = target.substr(0, target.find('?'));
    const auto query =
        path.size() == target.size() ? Fields{} : read_form(target.substr(path.size() + 1));
    if (path != "/v1/realtime" || !query) {
      return refuse(id, refusal(404, "invalid_request_error", "unknown_url",
                                "There is nothing but /v1/realtime here."));
    }
    const std::string_view authorization = request.header("Authorization");
    constexpr std::string_view bearer = "Bearer ";
    if (!authorization.starts_with(bearer) || authorization.size() == bearer.size()) {
      return refuse(id, refusal(401, "invalid_request_error", "invalid_api_key",
                                "No key was given: Authorization: Bearer KEY."));
    }
    const std::string model(value_of(*query, "model"));
    if (model.empty()) {
      return refuse(id, refusal(400, "invalid_request_error", "missing_model",
                                "You must give a model: ?model=NAME."));
    }
    Dice dice(options.seed, "upgrade", asked++, "voice");
    if (dice.per_mille(options.faults.voice_unavailable)) {
      return refuse(id, refusal(503, "server_error", "server_overloaded", "Try again later."));
    }
    if (dice.per_mille(options.faults.voice_limited)) {
      return refuse(id, refusal(429, "requests", "rate_limit_exceeded", "Too many requests."));
    }
    const auto objection = object_to(authorization.substr(bearer.size()), model);
    const bool late = objection && dice.per_mille(options.faults.voice_refused_late);
    if (objection && !late) {
      return refuse(id,
                    refusal(objection->status, bad_request, objection->code, objection->message));
    }
    if (talks.size() == sessions_max || truths.size() == truths_max) {
      return refuse(id, refusal(503, "server_error", "server_overloaded", "Too many sessions."));
    }
    const http::Response accepted = ws::answer_upgrade(request);
    if (accepted.status != 101) return refuse(id, accepted);
    auto taken = server->take_over(id);
    if (!taken) return;  // the client has left
    if (!taken->stream->write(ws::upgrade_head(accepted))) return;
    begin(std::move(*taken), model, !request.header("OpenAI-Beta").empty(), objection);
  }

  std::optional<Objection> object_to(std::string_view key, const std::string& model) const {
    if (!options.voice_key.empty() && key != options.voice_key) {
      return Objection{401, "invalid_api_key", "Incorrect API key provided."};
    }
    if (!options.voice_models.empty() && !std::ranges::count(options.voice_models, model)) {
      return Objection{404, "model_not_found",
                       "The model does not exist, or you have no access to it."};
    }
    return {};
  }

  void begin(http::TakenOver taken, const std::string& model, bool beta,
             const std::optional<Objection>& objection) {
    truths.push_back(std::make_unique<VoiceTruth>());
    const std::uint64_t id = asked;
    auto made = std::make_unique<Talk>(Talk{.id = id, .truth = *truths.back()});
    Talk& talk = *made;
    talk.truth.began = loop.now();
    ws::Limits limits;
    limits.message_bytes_max = std::size_t{24} << 20U;  // 15 MiB of sound, and more
    limits.queued_bytes_max = std::size_t{8} << 20U;
    talk.connection = std::make_unique<ws::Connection>(
        loop, std::move(taken.stream), ws::Role::server, limits, std::move(taken.early));
    talks[id] = std::move(made);
    talk.connection->start(
        {.on_text = [this, &talk](std::string_view text) { received(talk, text); },
         .on_binary = {},
         .on_end = [this, &talk](const ws::End&) { ended(talk); },
         .on_drained = {}});
    if (beta) {
      talk.closing = true;
      return talk.connection->close(beta_is_gone, "invalid_request_error.beta_api_shape_disabled");
    }
    if (objection) {
      talk.closing = true;
      ++refused;
      const bool told = talk.connection->send_text(
          "{\"type\":\"error\",\"event_id\":\"event_refused\",\"error\":" +
          voice_error_json(bad_request, objection->code, objection->message) + '}');
      if (told) return talk.connection->close(ws::policy_violation);
      talk.connection->drop();
      return ended(talk);
    }
    VoiceSession::Options session;
    session.model = model;
    session.seed = options.seed;
    session.ordinal = id;
    session.faults = options.faults;
    session.time_max = options.voice_time_max;
    talk.session = std::make_unique<VoiceSession>(std::move(session), loop.now());
    follow(talk);
  }

  void received(Talk& talk, std::string_view text) {
    if (talk.closing) return;
    talk.session->receive(text, loop.now());
    follow(talk);
  }

  // Sends what the session has to say, and plans what it will do.
  void follow(Talk& talk) {
    ws::Connection& connection = *talk.connection;
    talk.truth.counts = talk.session->counts();
    if (talk.truth.truncated.size() != talk.session->truncated().size()) {
      talk.truth.truncated = talk.session->truncated();
    }
    const auto messages = talk.session->take_messages();
    for (const std::string& message : messages) {
      connection.begin_text() += message;
      connection.end_text();
    }
    const bool taken = messages.empty() || connection.flush();
    timetable.cancel(talk.next_act);
    if (const auto& ending = talk.session->ending(); ending || !taken) {
      talk.closing = true;
      if (taken && ending->code != 0) return connection.close(ending->code, ending->reason);
      connection.drop();
      return ended(talk);
    }
    if (const auto next = talk.session->next()) {
      talk.next_act = timetable.at(std::max(*next, loop.now()), [this, &talk] {
        talk.next_act = {};
        talk.session->act(loop.now());
        follow(talk);
      });
    }
  }

  void ended(Talk& talk) {
    timetable.cancel(talk.next_act);
    talk.truth.ended = loop.now();
    talk.closing = true;
    auto node = talks.extract(talk.id);
    if (!node.empty()) loop.retire(std::make_unique<DeadTalk>(std::move(node.mapped())));
  }
};

VoiceServer::VoiceServer(net::Loop& loop, net::Links& links, Timetable& timetable,
                         const CarrierOptions& options, tls::ServerContext* certificate)
    : block_(std::make_unique<Block>(loop, links, timetable, options, certificate)) {}

VoiceServer::~VoiceServer() = default;

std::uint16_t VoiceServer::port() const {
  return block_->server->port();
}

bool VoiceServer::writing() const {
  return block_->server->writing() || std::ranges::any_of(block_->talks, [](const auto& each) {
           return each.second->connection->queued() > 0;
         });
}

const std::vector<std::unique_ptr<VoiceTruth>>& VoiceServer::truths() const {
  return block_->truths;
}

std::uint64_t VoiceServer::refused() const {
  return block_->refused;
}

}  // namespace bridge::rehearsal
