#include "runner/control_server.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "campaigns/json_writer.hpp"
#include "runner/control_orders.hpp"
#include "runner/live.hpp"
#include "runner/status.hpp"

namespace runner {

namespace http = bridge::http;

namespace {

http::Server::Options socket_options(const std::filesystem::path& socket) {
  http::Server::Options options;
  options.unix_path = socket.string();
  options.limits.connections_max = 32;
  // Its clients live in real time. Where time jumps, a deadline would be due at once, and would
  // draw the rehearsal's time along.
  options.limits.head_time_max = std::chrono::milliseconds{0};
  options.limits.body_time_max = std::chrono::milliseconds{0};
  options.limits.idle_time_max = std::chrono::milliseconds{0};
  return options;
}

std::string problems_json(const campaigns::Problems& problems) {
  std::string text = "{\"problems\":[";
  for (std::size_t i = 0; i < problems.size(); ++i) {
    if (i) text += ',';
    campaigns::JsonObject object(text);
    object.member("where", problems[i].where)
        .member("what", problems[i].what)
        .member("cure", problems[i].cure);
    object.close();
  }
  text += "]}";
  return text;
}

}  // namespace

ControlServer::ControlServer(bridge::net::Loop& loop, const std::filesystem::path& socket,
                             Live& live)
    : live_(live),
      socket_(socket),
      server_(loop, socket_options(socket),
              [this](http::ExchangeId id, http::Request request) { take(id, request); }) {}

ControlServer::~ControlServer() {
  std::error_code ignored;
  std::filesystem::remove(socket_, ignored);
}

void ControlServer::answer(http::ExchangeId id, int status, std::string body) {
  http::Response response;
  response.status = status;
  response.headers.push_back({"Content-Type", "application/json"});
  response.body = std::move(body);
  server_.answer(id, response);
}

void ControlServer::answer_status(http::ExchangeId id) {
  const auto tell = [this](std::uint64_t durable) {
    return status_json(live_.state(), live_.now(),
                       LogStanding{live_.runner().disk_full(), durable});
  };
  // Made now, since the state runs ahead of the disk again when this much is durable.
  live_.runner().tell([this, id, tell, text = tell(live_.state().position)](bool durable) mutable {
    answer(id, 200, durable ? std::move(text) : tell(live_.runner().durable_position()));
  });
}

void ControlServer::take(http::ExchangeId id, const http::Request& request) {
  const auto refuse = [&](int status, const std::string& what) {
    answer(id, status, problems_json({{request.target, what, ""}}));
  };
  if (request.method == "GET" && request.target == "/status") return answer_status(id);
  const auto body =
      nlohmann::json::parse(request.body.empty() ? "{}" : request.body, nullptr, false);
  if (!body.is_object()) return refuse(400, "the body is no JSON object");
  const auto text = [&](const char* name) {
    const auto found = body.find(name);
    return found != body.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  const auto flag = [&](const char* name) {
    const auto found = body.find(name);
    return found != body.end() && found->is_boolean() && found->get<bool>();
  };
  if (request.method != "POST") return refuse(404, "no such command");
  if (request.target == "/campaigns") {
    const std::filesystem::path file = text("file");
    if (!file.is_absolute()) return refuse(400, "\"file\" is no absolute path");
    SubmissionOverrides overrides{flag("skip_bad_rows"), text("encoding"), {}};
    if (body.contains("countries")) {
      if (!body["countries"].is_array()) return refuse(400, "\"countries\" is no list");
      overrides.countries.emplace();
      for (const auto& country : body["countries"]) {
        if (!country.is_string()) return refuse(400, "\"countries\" is no list of countries");
        overrides.countries->push_back(country.get<std::string>());
      }
    }
    live_.check_and_submit(file, std::move(overrides), flag("accept_change"),
                           [this, id](const campaigns::Problems& problems) {
                             if (problems.empty()) return answer_status(id);
                             answer(id, 409, problems_json(problems));
                           });
    return;
  }
  auto order = read_control_order(request.target, request.body);
  if (!order) return refuse(404, "no such command");
  if (!*order) return refuse(400, order->error().text);
  const bool steers = request.target.rfind("/campaigns/", 0) == 0;
  live_.runner().note_command(std::move(*order).value(),
                              [this, id, steers](const std::optional<campaigns::Refusal>& refusal) {
                                if (refusal)
                                  return answer(id, 409, problems_json({{"", refusal->text, ""}}));
                                if (steers) return answer_status(id);
                                answer(id, 200, "{}");
                              });
}

}  // namespace runner
