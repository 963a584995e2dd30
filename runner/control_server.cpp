#include "runner/control_server.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>

#include "bridge/http/form.hpp"
#include "campaigns/campaign_words.hpp"
#include "campaigns/json_text.hpp"
#include "campaigns/json_writer.hpp"
#include "campaigns/words.hpp"
#include "runner/control_orders.hpp"
#include "runner/listen_address.hpp"
#include "runner/live.hpp"
#include "runner/status.hpp"

namespace runner {

namespace http = bridge::http;

namespace {

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

http::Response response_of(int status, std::string body,
                           std::string_view type = "application/json") {
  http::Response response;
  response.status = status;
  response.headers.push_back({"Content-Type", std::string(type)});
  response.headers.push_back({"Cache-Control", "no-store"});
  if (status == 401) response.headers.push_back({"WWW-Authenticate", "Bearer"});
  response.body = std::move(body);
  return response;
}

http::Response refusal_of(int status, const std::string& where, const std::string& what) {
  return response_of(status, problems_json({{where, what, ""}}));
}

// What the HTTP server refuses by itself, in the words of whatever else is refused.
http::Response unread_refusal_of(int status) {
  if (status != 413) return refusal_of(status, "", std::string(http::reason_phrase(status)));
  const auto few = std::to_string(http::Limits{}.body_bytes_max >> 10U);
  const auto most = std::to_string(control_order_bytes_max >> 20U);
  return response_of(413, problems_json({{"",
                                          "a body holds at most " + most + " MiB, and " + few +
                                              " KiB where the token is wanted and not shown",
                                          "name a file instead"}}));
}

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
  options.limits.body_bytes_max = control_order_bytes_max;
  options.refusal_of = unread_refusal_of;
  return options;
}

http::Server::Options tcp_options(const ControlTcp& tcp, bool real_time) {
  http::Server::Options options;
  options.address = tcp.address;
  options.port = tcp.port;
  options.limits = control_limits(real_time, 16);
  options.refusal_of = unread_refusal_of;
  // Lists and campaigns are large; whoever shows no token has none to send.
  options.body_bytes_max_of = [token = tcp.token,
                               others = options.limits.body_bytes_max](const auto& request) {
    return shows_token(request, token) ? control_order_bytes_max : others;
  };
  return options;
}

// What the value is instead of what its member has to be; empty: it is well.
std::string objection_to(const ControlMember& member, const nlohmann::json& value) {
  switch (member.kind) {
    case ControlMember::Kind::text:
      return value.is_string() ? "" : "no text";
    case ControlMember::Kind::flag:
      return value.is_boolean() ? "" : "neither true nor false";
    case ControlMember::Kind::list:
      return value.is_array() ? "" : "no list";
    case ControlMember::Kind::number:
      return value.is_number_unsigned() ? "" : "no number";
    case ControlMember::Kind::encoding:
      for (const auto& [word, meaning] : campaigns::encoding_words) {
        if (value == word) return {};
      }
      return "no encoding that lists are read in: auto, utf-8, windows-1252";
  }
  return {};
}

// Nothing is asked for by a query. What somebody means by one is not passed over, as no member of a
// body is that is not known; one that says nothing is well.
std::optional<std::string> objection_to_query(std::string_view query) {
  const auto fields = http::decode_form(query);
  if (!fields) return "the query cannot be read";
  if (fields->empty()) return {};
  return "no such parameter here: " + campaigns::in_quotes(fields->front().name);
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
  try {
    tcp_ =
        std::make_unique<http::Server>(loop, tcp_options(*options_.tcp, options_.real_time),
                                       [this](http::ExchangeId id, const http::Request& request) {
                                         take_over_tcp({tcp_.get(), id}, request);
                                       });
  } catch (const std::system_error& error) {
    throw std::runtime_error(
        "the control interface " +
        cannot_listen(written_address(options_.tcp->address, options_.tcp->port), "--control",
                      error.code()));
  }
}

ControlServer::~ControlServer() {
  std::error_code ignored;
  std::filesystem::remove(options_.socket, ignored);
}

void ControlServer::send(Asked asked, int status, std::string body, std::string_view type) {
  asked.server->answer(asked.id, response_of(status, std::move(body), type));
}

void ControlServer::refuse(Asked asked, int status, const std::string& where,
                           const std::string& what) {
  asked.server->answer(asked.id, refusal_of(status, where, what));
}

void ControlServer::answer_status(Asked asked, const std::string& taken) {
  const auto tell = [this, taken](std::uint64_t durable) {
    const auto& runner = live_.runner();
    return status_json(live_.state(), live_.now(),
                       LiveStanding{runner.disk_full(), runner.door_shut(), durable, taken});
  };
  // Made now, since the state runs ahead of the disk again when this much is durable.
  live_.runner().tell(
      [this, asked, tell, text = tell(live_.state().position)](bool durable) mutable {
        send(asked, 200, durable ? std::move(text) : tell(live_.runner().durable_position()));
      });
}

void ControlServer::take_over_tcp(Asked asked, const http::Request& request) {
  const auto* route = find_control_route(request.method, request.target).route;
  // What there is here, too, only those are told who may have it.
  if (!(route && route->open) && !shows_token(request, options_.tcp->token)) {
    return refuse(asked, 401, "", "the token is missing, or another one");
  }
  take(asked, request);
}

void ControlServer::take(Asked asked, const http::Request& request) {
  const auto way = find_control_route(request.method, request.target);
  const std::string path(way.path);
  if (way.route) {
    if (auto objection = objection_to_query(way.query)) {
      return refuse(asked, 400, path, *objection);
    }
    return answer(asked, way, request.body);
  }
  if (way.allow.empty()) return refuse(asked, 404, path, "no such command");
  auto response = refusal_of(405, path, "not with this method");
  response.headers.push_back({"Allow", way.allow});
  asked.server->answer(asked.id, response);
}

void ControlServer::answer(Asked asked, const ControlWay& way, const std::string& text) {
  const auto& route = *way.route;
  const std::string path(way.path);
  if (route.method == "POST") {
    // Of a member that is there twice one would be done and the other lost without a word; and what
    // lies too deep in itself would be written out again level by level, on a stack that has an
    // end.
    const std::string_view given = text.empty() ? std::string_view("{}") : text;
    if (const auto problems = campaigns::json_text_problems(given, campaigns::JsonReaders::ours);
        !problems.empty()) {
      return send(asked, 400, problems_json(problems));
    }
    const auto body = nlohmann::json::parse(given);
    if (!body.is_object()) return refuse(asked, 400, path, "the body is no JSON object");
    for (const auto& [name, value] : body.items()) {
      const auto member =
          std::ranges::find(route.members, std::string_view(name), &ControlMember::name);
      if (member == route.members.end()) {
        return refuse(asked, 400, '/' + name, "no such member here");
      }
      if (const auto other = objection_to(*member, value); !other.empty()) {
        return refuse(asked, 400, '/' + name, campaigns::in_quotes(name).append(" is ") + other);
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
      return submit(asked, text);
    case ControlQuestion::add:
      return add(asked, std::string(way.parameter), text);
    case ControlQuestion::edit:
      return edit(asked, std::string(way.parameter), text);
    case ControlQuestion::order:
      return order(asked, path, text);
  }
}

namespace {

// A body that is known to be an object, and its members to be of their kinds.
struct ControlBody {
  nlohmann::json json{};
  explicit ControlBody(const std::string& body)
      : json(nlohmann::json::parse(body.empty() ? "{}" : body)) {}
  std::string text(const char* name) const {
    const auto found = json.find(name);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
  }
  bool flag(const char* name) const {
    const auto found = json.find(name);
    return found != json.end() && found->is_boolean() && found->get<bool>();
  }
};

}  // namespace

void ControlServer::add(Asked asked, const std::string& campaign, const std::string& text) {
  const ControlBody body(text);
  AdditionOrder order;
  order.skip_bad_rows = body.flag("skip_bad_rows");
  order.encoding = body.text("encoding");
  const auto contacts = body.json.find("contacts");
  const auto list = body.json.find("list");
  if (contacts != body.json.end()) {
    if (!contacts->is_array() || body.json.contains("file") || list != body.json.end()) {
      return refuse(asked, 400, "/contacts", "\"contacts\" is no list, or stands beside another");
    }
    order.format = campaigns::ListFormat::json;
    order.bytes = contacts->dump();
  } else if (list != body.json.end()) {
    if (!list->is_string() || body.json.contains("file")) {
      return refuse(asked, 400, "/list", "\"list\" is no text, or stands beside a file");
    }
    order.bytes = list->get<std::string>();
  } else {
    const std::filesystem::path file = body.text("file");
    if (!file.is_absolute()) return refuse(asked, 400, "/file", "\"file\" is no absolute path");
    order.name = file.string();
  }
  live_.add_contacts(campaign, std::move(order),
                     [this, asked](const campaigns::Result<AdditionReport>& outcome) {
                       if (!outcome) return send(asked, 409, problems_json(outcome.error()));
                       send(asked, 200, addition_json(outcome.value()));
                     });
}

void ControlServer::edit(Asked asked, const std::string& campaign, const std::string& text) {
  const ControlBody body(text);
  const std::filesystem::path file = body.text("file");
  if (!file.is_absolute()) return refuse(asked, 400, "/file", "\"file\" is no absolute path");
  live_.edit(campaign, file, body.flag("accept_change"),
             [this, asked](const campaigns::Result<std::string>& outcome) {
               if (!outcome) return send(asked, 409, problems_json(outcome.error()));
               send(asked, 200, outcome.value());
             });
}

void ControlServer::submit(Asked asked, const std::string& text) {
  const ControlBody given(text);
  const auto& body = given.json;
  const std::filesystem::path file = given.text("file");
  if (!file.is_absolute()) return refuse(asked, 400, "/file", "\"file\" is no absolute path");
  SubmissionOverrides overrides{given.flag("skip_bad_rows"), given.text("encoding"), {}, {}};
  overrides.list.file = given.text("contacts_file");
  if (body.contains("contacts_file") && !overrides.list.file.is_absolute()) {
    return refuse(asked, 400, "/contacts_file", "\"contacts_file\" is no absolute path");
  }
  if (body.contains("list")) {
    if (!body["list"].is_string() || !overrides.list.file.empty()) {
      return refuse(asked, 400, "/list", "\"list\" is no text, or stands beside a file");
    }
    overrides.list.text = given.text("list");
  }
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
  live_.check_and_submit(file, std::move(overrides), given.flag("accept_change"),
                         [this, asked](const campaigns::Result<campaigns::Preflight>& outcome) {
                           if (!outcome) return send(asked, 409, problems_json(outcome.error()));
                           answer_status(asked, taken_json(outcome.value()));
                         });
}

void ControlServer::order(Asked asked, const std::string& path, const std::string& text) {
  const auto named = by_number_key(
      {path, text}, [this](const std::string& number) { return live_.number_key(number); });
  if (!named) return refuse(asked, 400, path, named.error().text);
  auto order = read_control_order(named->target, named->body);
  if (!order) return refuse(asked, 404, path, "no such command");
  if (!*order) return refuse(asked, 400, path, order->error().text);
  // Nor does what is still on its way into the log begin after that.
  const auto& command = order->value();
  if (holds_alternative<campaigns::CancelAll>(command)) live_.drop_lists({});
  if (const auto* cancel = get_if<campaigns::CancelCampaign>(&command)) {
    live_.drop_lists(cancel->campaign);
  }
  const bool steers = path.starts_with("/campaigns/");
  live_.runner().note_command(
      std::move(*order).value(),
      [this, asked, steers](const std::optional<campaigns::Refusal>& refusal) {
        if (refusal) return refuse(asked, 409, "", refusal->text);
        if (steers) return answer_status(asked);
        send(asked, 200, "{}");
      });
}

}  // namespace runner
