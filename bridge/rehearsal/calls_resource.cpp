#include "bridge/rehearsal/calls_resource.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "bridge/http/writer.hpp"
#include "bridge/rehearsal/account_resource.hpp"

namespace bridge::rehearsal {
namespace {

using std::chrono::seconds;

http::Response json_response(int status, std::string body) {
  http::Response response;
  response.status = status;
  response.headers = {{"Content-Type", "application/json"}};
  response.body = std::move(body);
  return response;
}

http::Response error_response(const ApiError& error) {
  return json_response(error.status, error_json(error));
}

http::Response not_found() {
  return error_response(
      {.status = 404, .code = 20404, .message = "The requested resource was not found"});
}

http::Response too_many() {
  return error_response({.status = 429, .code = 20429, .message = "Too Many Requests"});
}

http::Response broken() {
  return error_response({.status = 500, .code = 20500, .message = "Internal Server Error"});
}

// "AC…/Calls/CA….json" in its parts; empty where the path is none of ours.
struct ApiPath {
  std::string_view account{};
  bool calls = false;      // …/Calls.json
  std::string_view sid{};  // …/Calls/{sid}.json
  std::string_view
      rest{};  // what follows the account, with its slash; empty for the account itself
};

ApiPath read_path(std::string_view path) {
  constexpr std::string_view prefix = "/2010-04-01/Accounts/";
  constexpr std::string_view suffix = ".json";
  ApiPath read;
  if (!path.starts_with(prefix) || !path.ends_with(suffix)) return read;
  path.remove_prefix(prefix.size());
  path.remove_suffix(suffix.size());
  const std::size_t slash = std::min(path.find('/'), path.size());
  read.rest = path.substr(slash);
  const std::string_view rest = read.rest.substr(read.rest.empty() ? 0 : 1);
  constexpr std::string_view one_call = "Calls/";
  if (rest == "Calls") {
    read.calls = true;
  } else if (rest.starts_with(one_call)) {
    read.sid = rest.substr(one_call.size());
  }
  read.account = path.substr(0, slash);
  return read;
}

}  // namespace

void CallsResource::on_request(http::ExchangeId exchange, const http::Request& request) {
  const std::string_view target = request.target;
  const std::string_view path = target.substr(0, target.find('?'));
  const std::string_view query =
      path.size() == target.size() ? std::string_view{} : target.substr(path.size() + 1);
  const ApiPath api = read_path(path);
  auto permission = request.method == "GET" ? permission_json(options_, path) : std::nullopt;
  if (api.account.empty() && !permission) return answer(exchange, {}, not_found());
  // Of the account itself a Standard key is told nothing.
  const Asker asker = asker_of(request);
  const bool withheld = asker == Asker::standard_key && !permission && api.rest.empty();
  if (asker == Asker::stranger || withheld) {
    http::Response refusal =
        error_response({.status = 401, .code = 20003, .message = "Authenticate"});
    refusal.headers.push_back({"WWW-Authenticate", "Basic realm=\"Twilio API\""});
    return answer(exchange, {}, std::move(refusal));
  }
  if (permission) return answer(exchange, {}, json_response(200, *std::move(permission)));
  if (api.account != options_.account_sid) return answer(exchange, {}, not_found());
  const bool posted = request.method == "POST";
  const auto form = read_form(posted ? std::string_view(request.body) : query);
  if (!form) {
    return answer(
        exchange, {},
        error_response({.status = 400, .code = 20001, .message = "Unreadable parameters"}));
  }
  if (request.method == "GET") {
    if (auto json = account_json(options_, api.rest, *form)) {
      return answer(exchange, {}, json_response(200, std::move(*json)));
    }
  }
  if (api.calls && posted) return on_order(exchange, *form);
  if (api.calls && request.method == "GET") {
    // Numbers that were never called are no subject: anybody may ask for any.
    std::string subject(value_of(*form, "To"));
    if (engine_.book().to(subject).empty()) subject.clear();
    auto fault = question_fault(subject);
    return answer(exchange, subject, fault ? *std::move(fault) : list(*form, query));
  }
  if (!api.sid.empty()) {
    Call* call = engine_.book().find(api.sid);
    if (call == nullptr) return answer(exchange, {}, not_found());
    if (request.method == "GET") {
      auto fault = question_fault(call->sid);
      return answer(exchange, call->sid, fault ? *std::move(fault) : fetch(*call));
    }
    if (posted) return answer(exchange, call->sid, update(*call, *form));
    if (request.method == "DELETE") return answer(exchange, call->sid, remove(*call));
  }
  answer(exchange, {},
         error_response({.status = 405, .code = 20004, .message = "Method not allowed"}));
}

CallsResource::Asker CallsResource::asker_of(const http::Request& request) const {
  const std::string_view given = request.header("Authorization");
  if (given == "Basic " + base64(options_.account_sid + ":" + options_.auth_token)) {
    return Asker::account;
  }
  const bool key = given == "Basic " + base64(options_.api_key + ":" + options_.api_secret);
  return key ? Asker::standard_key : Asker::stranger;
}

void CallsResource::answer(http::ExchangeId exchange, const std::string& subject,
                           http::Response response) {
  server_.answer(exchange, stamped(subject, std::move(response)));
}

http::Response CallsResource::stamped(const std::string& subject, http::Response response) {
  response.headers.push_back(
      {"Twilio-Request-Id",
       "RQ" + hex_from(options_.seed, subject + " request", requests_[subject]++, 32)});
  response.headers.push_back({"Twilio-Concurrent-Requests", "1"});
  response.headers.push_back({"Twilio-Request-Duration", "0.012"});
  return response;
}

std::optional<http::Response> CallsResource::question_fault(const std::string& subject) {
  switch (get_fault(options_.faults, options_.seed, subject, questions_[subject]++)) {
    case GetFault::none:
      break;
    case GetFault::refused:
      return too_many();
    case GetFault::failed:
      return broken();
  }
  return {};
}

// ---- orders ----

void CallsResource::on_order(http::ExchangeId exchange, const Fields& form) {
  ++counters_.orders;
  auto read = read_order(form);
  if (const auto* error = std::get_if<ApiError>(&read)) {
    return answer(exchange, {}, error_response(*error));
  }
  Order& order = std::get<Order>(read);
  if (const auto refusal = refusal_of(options_, order)) {
    return answer(exchange, {}, error_response(*refusal));
  }
  if (engine_.is_full()) {
    return answer(exchange, {},
                  error_response({.code = 22005, .message = "The call queue is full"}));
  }
  const std::string to = order.to;
  const std::uint64_t ordinal = engine_.book().count_order(to);
  const PostFault fault = post_fault(options_.faults, options_.seed, to, ordinal);
  if (fault != PostFault::none) ++counters_.orders_faulted;
  if (fault == PostFault::refused || fault == PostFault::refused_later) {
    http::Response refusal = too_many();
    if (fault == PostFault::refused_later) {
      refusal.headers.push_back({"Retry-After", std::to_string(options_.faults.retry_after_s)});
    }
    return answer_order(exchange, fault, stamped(to, std::move(refusal)));
  }
  if (fault == PostFault::failed) return answer_order(exchange, fault, stamped(to, broken()));

  const Call& call = engine_.accept(std::move(order));
  std::string body;
  append_call_json(body, call, options_.account_sid, loop_.now());
  const bool admits = fault != PostFault::failed_accepted;
  answer_order(exchange, fault,
               stamped(to, admits ? json_response(201, std::move(body)) : broken()));
}

void CallsResource::answer_order(http::ExchangeId exchange, PostFault fault,
                                 const http::Response& created) {
  const auto answer_after = [&](std::chrono::milliseconds latency) {
    if (latency.count() == 0) return server_.answer(exchange, created);
    timetable_.at(loop_.now() + latency,
                  [this, exchange, created] { server_.answer(exchange, created); });
  };
  const auto halves = [&] {
    std::string bytes;
    http::write_response(bytes, created, {.date = loop_.now()});
    const auto middle = static_cast<std::ptrdiff_t>(bytes.size() - created.body.size() / 2);
    return std::pair<std::string, std::string>({bytes.begin(), bytes.begin() + middle},
                                               {bytes.begin() + middle, bytes.end()});
  };
  switch (fault) {
    case PostFault::none:
    case PostFault::refused:
    case PostFault::refused_later:
    case PostFault::failed:
    case PostFault::failed_accepted:
      return answer_after(std::chrono::milliseconds(options_.faults.post_latency_ms));
    case PostFault::dropped:
      return server_.drop(exchange);
    case PostFault::reset:
      return server_.reset(exchange);
    case PostFault::unanswered:
      return;
    case PostFault::delayed:
      return answer_after(seconds(options_.faults.post_delay_s));
    case PostFault::truncated:
      server_.answer_in_part(exchange, halves().first);
      return server_.drop(exchange);
    case PostFault::split: {
      auto [first, second] = halves();
      server_.answer_in_part(exchange, first);
      timetable_.at(loop_.now() + seconds(1), [this, exchange, rest = std::move(second)] {
        server_.answer_in_part(exchange, rest);
        server_.drop(exchange);
      });
      return;
    }
  }
}

// ---- calls ----

bool CallsResource::is_listed(const Call& call) const {
  return loop_.now() >= call.accepted_at + seconds(options_.faults.list_lag_s);
}

http::Response CallsResource::fetch(const Call& call) {
  if (!is_listed(call)) return not_found();
  std::string body;
  append_call_json(body, call, options_.account_sid, loop_.now());
  return json_response(200, std::move(body));
}

http::Response CallsResource::list(const Fields& wish, std::string_view query) {
  auto listed = list_calls(engine_.book(), wish, query, options_.account_sid, loop_.now(),
                           loop_.now() - seconds(options_.faults.list_lag_s));
  if (const auto* bad = std::get_if<ApiError>(&listed)) return error_response(*bad);
  return json_response(200, std::get<std::string>(std::move(listed)));
}

http::Response CallsResource::update(Call& call, const Fields& form) {
  const ApiError over{.code = 21220, .message = "Call is not in-progress. Cannot redirect."};
  if (is_over(call.status)) return error_response(over);
  const auto read = read_update(form);
  if (const auto* bad = std::get_if<ApiError>(&read)) return error_response(*bad);
  const Update& update = std::get<Update>(read);
  const bool redirects = !update.document.url.empty() || !update.inline_twiml.empty();
  if (update.end != Update::End::none) {
    // "canceled" does not end a call in progress (protocols.md 1.5).
    engine_.hang_up(call, update.end == Update::End::complete);
  } else if (redirects) {
    if (call.status != Status::in_progress) return error_response(over);
    engine_.redirect(call, update);
  }
  if (update.time_limit && !is_over(call.status)) engine_.limit_time(call, *update.time_limit);
  std::string body;
  append_call_json(body, call, options_.account_sid, loop_.now());
  return json_response(200, std::move(body));
}

http::Response CallsResource::remove(Call& call) {
  if (!is_over(call.status)) {
    return error_response({.code = 20009, .message = "The call has not ended"});
  }
  call.deleted = true;
  return {.status = 204};
}

}  // namespace bridge::rehearsal
