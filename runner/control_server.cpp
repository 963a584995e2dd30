#include "runner/control_server.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "campaigns/json_writer.hpp"
#include "runner/control_orders.hpp"
#include "runner/live.hpp"
#include "runner/status.hpp"

namespace runner {

namespace http = bridge::http;

namespace {

http::Limits control_limits(bool real_time, std::size_t connections_max) {
  http::Limits limits;
  limits.connections_max = connections_max;
  if (real_time) return limits;
  limits.head_time_max = std::chrono::milliseconds{0};
  limits.body_time_max = std::chrono::milliseconds{0};
  limits.idle_time_max = std::chrono::milliseconds{0};
  return limits;
}

// Whoever may open the socket may do as they like with the program: it waits for them.
http::Server::Options socket_options(const std::filesystem::path& socket) {
  http::Server::Options options;
  options.unix_path = socket.string();
  options.limits = control_limits(false, 32);
  return options;
}

http::Server::Options tcp_options(const ControlTcp& tcp, bool real_time) {
  http::Server::Options options;
  options.address = tcp.address;
  options.port = tcp.port;
  options.limits = control_limits(real_time, 16);
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

ControlServer::ControlServer(bridge::net::Loop& loop, Options options, Live& live)
    : live_(live),
      options_(std::move(options)),
      socket_(loop, socket_options(options_.socket),
              [this](http::ExchangeId id, const http::Request& request) {
                take({&socket_, id}, request);
              }) {
  if (!options_.tcp) return;
  tcp_ = std::make_unique<http::Server>(loop, tcp_options(*options_.tcp, options_.real_time),
                                        [this](http::ExchangeId id, const http::Request& request) {
                                          take_over_tcp({tcp_.get(), id}, request);
                                        });
}

ControlServer::~ControlServer() {
  std::error_code ignored;
  std::filesystem::remove(options_.socket, ignored);
}

void ControlServer::send(Asked asked, int status, std::string body, std::string_view type) {
  http::Response response;
  response.status = status;
  response.headers.push_back({"Content-Type", std::string(type)});
  response.headers.push_back({"Cache-Control", "no-store"});
  if (status == 401) response.headers.push_back({"WWW-Authenticate", "Bearer"});
  response.body = std::move(body);
  asked.server->answer(asked.id, response);
}

void ControlServer::refuse(Asked asked, int status, const std::string& where,
                           const std::string& what) {
  send(asked, status, problems_json({{where, what, ""}}));
}

void ControlServer::answer_status(Asked asked) {
  const auto tell = [this](std::uint64_t durable) {
    return status_json(live_.state(), live_.now(),
                       LogStanding{live_.runner().disk_full(), durable});
  };
  // Made now, since the state runs ahead of the disk again when this much is durable.
  live_.runner().tell(
      [this, asked, tell, text = tell(live_.state().position)](bool durable) mutable {
        send(asked, 200, durable ? std::move(text) : tell(live_.runner().durable_position()));
      });
}

void ControlServer::take_over_tcp(Asked asked, const http::Request& request) {
  std::string_view parameter;
  bool path_known = false;
  const auto* route = find_control_route(request.method, request.target, parameter, path_known);
  // What there is here, too, only those are told who may have it.
  if (!(route && route->open) && !shows_token(request, options_.tcp->token)) {
    return refuse(asked, 401, "", "the token is missing, or another one");
  }
  take(asked, request);
}

void ControlServer::take(Asked asked, const http::Request& request) {
  std::string_view parameter;
  bool path_known = false;
  const auto* route = find_control_route(request.method, request.target, parameter, path_known);
  if (route) return answer(asked, *route, request, parameter);
  if (path_known) return refuse(asked, 405, request.target, "not with this method");
  refuse(asked, 404, request.target, "no such command");
}

void ControlServer::answer(Asked asked, const ControlRoute& route, const http::Request& request,
                           std::string_view) {
  if (route.method == "POST") {
    const auto body =
        nlohmann::json::parse(request.body.empty() ? "{}" : request.body, nullptr, false);
    if (!body.is_object()) return refuse(asked, 400, request.target, "the body is no JSON object");
    for (const auto& [name, value] : body.items()) {
      if (std::find(route.members.begin(), route.members.end(), name) == route.members.end()) {
        return refuse(asked, 400, '/' + name, "no such member here");
      }
    }
  }
  switch (route.question) {
    case ControlQuestion::healthy:
      return send(asked, 200, "{\"alive\":true}");
    case ControlQuestion::ready: {
      const auto reasons = live_.reasons_not_ready();
      return send(asked, reasons.empty() ? 200 : 503, ready_json(reasons));
    }
    case ControlQuestion::metrics:
      return send(asked, 200, live_.metrics_text(), "text/plain; version=0.0.4; charset=utf-8");
    case ControlQuestion::status:
      return answer_status(asked);
    case ControlQuestion::submit:
      return submit(asked, request.body);
    case ControlQuestion::order:
      return order(asked, request);
  }
}

void ControlServer::submit(Asked asked, const std::string& text_of_body) {
  const auto body = nlohmann::json::parse(text_of_body.empty() ? "{}" : text_of_body);
  const auto text = [&](const char* name) {
    const auto found = body.find(name);
    return found != body.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  const auto flag = [&](const char* name) {
    const auto found = body.find(name);
    return found != body.end() && found->is_boolean() && found->get<bool>();
  };
  const std::filesystem::path file = text("file");
  if (!file.is_absolute()) return refuse(asked, 400, "/file", "\"file\" is no absolute path");
  SubmissionOverrides overrides{flag("skip_bad_rows"), text("encoding"), {}};
  if (body.contains("countries")) {
    const auto& countries = body["countries"];
    overrides.countries.emplace();
    const bool texts = countries.is_array() &&
                       std::all_of(countries.begin(), countries.end(),
                                   [](const auto& country) { return country.is_string(); });
    if (!texts) return refuse(asked, 400, "/countries", "\"countries\" is no list of countries");
    for (const auto& country : countries) {
      overrides.countries->push_back(country.template get<std::string>());
    }
  }
  live_.check_and_submit(file, std::move(overrides), flag("accept_change"),
                         [this, asked](const campaigns::Problems& problems) {
                           if (problems.empty()) return answer_status(asked);
                           send(asked, 409, problems_json(problems));
                         });
}

void ControlServer::order(Asked asked, const http::Request& request) {
  auto order = read_control_order(request.target, request.body);
  if (!order) return refuse(asked, 404, request.target, "no such command");
  if (!*order) return refuse(asked, 400, request.target, order->error().text);
  const bool steers = request.target.starts_with("/campaigns/");
  live_.runner().note_command(
      std::move(*order).value(),
      [this, asked, steers](const std::optional<campaigns::Refusal>& refusal) {
        if (refusal) return refuse(asked, 409, "", refusal->text);
        if (steers) return answer_status(asked);
        send(asked, 200, "{}");
      });
}

}  // namespace runner
