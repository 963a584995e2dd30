#include "bridge/rehearsal/rehearsal_carrier.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
#include <cmath>
#include <future>
#include <map>
#include <stdexcept>
#include <thread>
#include <unordered_map>
#include <utility>

#include "bridge/http/client.hpp"
#include "bridge/http/server.hpp"
#include "bridge/rehearsal/call.hpp"
#include "bridge/rehearsal/clock_host.hpp"
#include "bridge/rehearsal/clock_lines.hpp"

// One file because it is one machine: a call's life, from the order to its last callback.
//
//   queued ─► initiated ─┬─► ringing ─┬─► in_progress ─► completed
//      │          │      │            ├─► no_answer
//      │          │      └─► failed   ├─► busy
//      └──────────┴───────────────────┴─► canceled (by the program)
namespace bridge::rehearsal {
namespace {

using net::Instant;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr milliseconds grid{250};
constexpr seconds detection_time{4};     // protocols.md 2.5
constexpr seconds apology_time{3};       // "an application error has occurred"
constexpr seconds webhook_time_max{15};  // protocols.md 2.3
// Below the 15 s after which the program closes a connection that nothing comes over.
constexpr std::chrono::milliseconds webhook_idle_time_max{12'000};
constexpr std::size_t webhook_connections_max = 16;
constexpr std::size_t targets_max = 64;
constexpr std::size_t documents_max = 1'000;  // of one call: a redirect onto itself ends here
constexpr std::size_t page_size_max = 1'000;

constexpr int failed_to_connect = 11205;
constexpr int failed_to_fetch = 11200;
constexpr int no_content_type = 12300;
constexpr int application_loop = 12400;

struct Counters {
  std::uint64_t orders = 0;
  std::uint64_t orders_faulted = 0;  // answered otherwise than with an honest yes or no
  std::uint64_t callbacks_due = 0;
  std::uint64_t callbacks_lost = 0;     // by a fault
  std::uint64_t callbacks_delayed = 0;  // by a fault
  std::uint64_t callbacks_doubled = 0;  // copies beyond the first
  std::uint64_t callbacks_delivered = 0;
  std::uint64_t callbacks_undelivered = 0;  // nobody there, or no answer
  std::uint64_t callbacks_refused = 0;      // answered with something else than 2xx
  std::uint64_t documents_asked = 0;
  std::uint64_t documents_failed = 0;
};

Instant on_grid(Instant at) {
  const milliseconds past = at.time_since_epoch() % grid;
  return past.count() == 0 ? at : at - past + grid;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

http::Response json_response(int status, std::string body) {
  http::Response response;
  response.status = status;
  response.headers = {{"Content-Type", "application/json"}};
  response.body = std::move(body);
  return response;
}

bool is_success(const http::Reply& reply) {
  return reply.sent == http::Sent::answered && reply.response.status >= 200 &&
         reply.response.status <= 299;
}

http::Response error_response(const ApiError& error) {
  return json_response(error.status, error_json(error));
}

const ApiError not_found{
    .status = 404, .code = 20404, .message = "The requested resource was not found"};

// "AC…/Calls/CA….json" in its parts; empty where the path is none of ours.
struct ApiPath {
  std::string_view account{};
  bool calls = false;      // …/Calls.json
  std::string_view sid{};  // …/Calls/{sid}.json
};

ApiPath read_path(std::string_view path) {
  constexpr std::string_view prefix = "/2010-04-01/Accounts/";
  constexpr std::string_view suffix = ".json";
  ApiPath read;
  if (!path.starts_with(prefix) || !path.ends_with(suffix)) return read;
  path.remove_prefix(prefix.size());
  path.remove_suffix(suffix.size());
  const std::size_t slash = path.find('/');
  if (slash == std::string_view::npos) return read;
  const std::string_view rest = path.substr(slash + 1);
  constexpr std::string_view one_call = "Calls/";
  if (rest == "Calls") {
    read.calls = true;
  } else if (rest.starts_with(one_call)) {
    read.sid = rest.substr(one_call.size());
  }
  read.account = path.substr(0, slash);
  return read;
}

void check_options(CarrierOptions& options) {
  if (!std::isfinite(options.speed) || options.speed < 0) {
    throw std::invalid_argument("a rehearsal's speed must be 0 (time jumps) or a positive number");
  }
  if (!std::isfinite(options.calls_per_second) || options.calls_per_second < 0) {
    throw std::invalid_argument("a rehearsal's calls per second must not be negative");
  }
  if (options.account_sid.empty()) {
    options.account_sid = "AC" + hex_from(options.seed, "account", 0, 32);
  }
  if (options.auth_token.empty()) options.auth_token = hex_from(options.seed, "token", 0, 32);
}

}  // namespace

struct RehearsalCarrier::Block {
  net::Loop& loop;
  Options options;
  net::Links links{};
  std::unique_ptr<http::Server> server{};
  std::unique_ptr<ClockHost> clock_host{};
  std::map<std::string, std::unique_ptr<http::Client>> targets{};  // by host:port
  // What will be done, in order of time, then of planning. Not the loop's timers: where time jumps,
  // acts wait for the program to be there (clock_host.hpp).
  std::map<ActId, std::function<void()>> acts{};
  std::uint64_t acts_planned = 0;
  net::Loop::TimerId wakeup = 0;  // where time runs by itself: for the first act
  std::optional<Instant> wakeup_at{};
  bool ending = false;

  std::vector<std::unique_ptr<Call>> calls{};
  std::unordered_map<std::string, std::size_t> by_sid{};
  struct Number {
    std::uint64_t orders = 0;  // also those that were refused
    std::vector<std::size_t> calls{};
  };
  std::unordered_map<std::string, Number> numbers{};
  Instant next_slot{};  // of the queue
  std::uint64_t webhooks = 0;
  Counters counters{};

  Block(net::Loop& on, Options given) : loop(on), options(std::move(given)) {
    check_options(options);
    http::Server::Options listen;
    listen.address = options.address;
    listen.port = options.port;
    listen.links = &links;
    // Time that runs fast is no reason to make all connections anew.
    listen.limits.idle_time_max = minutes(10);
    if (dynamic_cast<const net::SteppedClock*>(&loop.clock()) != nullptr) {
      // Nor is time that jumps; and whoever asks for the truth lives in real time, where a deadline
      // that jumps would come before the request.
      listen.limits.head_time_max = milliseconds{0};
      listen.limits.body_time_max = milliseconds{0};
      listen.limits.idle_time_max = milliseconds{0};
    }
    server = std::make_unique<http::Server>(
        loop, std::move(listen),
        [this](http::ExchangeId id, http::Request request) { on_request(id, request); });
  }

  ~Block() {
    ending = true;
    loop.before_sleep({});
    loop.cancel(wakeup);
    targets.clear();  // whoever waits hears of it, and looks at `ending` first
  }

  // ---- time ----

  ActId at(Instant when, std::function<void()> f) {
    const ActId id{on_grid(when), ++acts_planned};
    acts.emplace(id, std::move(f));
    if (!clock_host) wake_for_first_act();
    return id;
  }

  void cancel(ActId& id) { acts.erase(std::exchange(id, {})); }

  void wake_for_first_act() {
    if (acts.empty() || (wakeup_at && *wakeup_at <= acts.begin()->first.first)) return;
    loop.cancel(wakeup);
    wakeup_at = acts.begin()->first.first;
    wakeup = loop.call_at(*wakeup_at, [this] {
      wakeup_at.reset();
      run_due_acts();
      wake_for_first_act();
    });
  }

  // Also those that are planned meanwhile. They come to an end: what goes on for ever goes over the
  // wire.
  void run_due_acts() {
    while (!acts.empty() && acts.begin()->first.first <= loop.now()) {
      const auto due = acts.extract(acts.begin());
      due.mapped()();
    }
  }

  void before_sleep() {
    tidy_targets();
    if (!clock_host) {
      static_cast<void>(links.take_changes());  // nobody reads them; they must not pile up
      return;
    }
    if (!clock_host->is_holding()) run_due_acts();
    clock_host->before_sleep(is_quiet(),
                             acts.empty() ? std::optional<Instant>() : acts.begin()->first.first);
  }

  // A request waits for the wire although there is room: it is about to be written.
  bool is_quiet() const {
    return !server->writing() && std::ranges::none_of(targets, [](const auto& target) {
      return target.second->unsent() > 0 && target.second->unanswered() < webhook_connections_max;
    });
  }

  bool awaits(std::uint16_t port) const {
    const std::string ending_in = ":" + std::to_string(port);
    return std::ranges::any_of(targets, [&](const auto& target) {
      return target.first.ends_with(ending_in) && target.second->unanswered() > 0;
    });
  }

  // Programs come and go, each with a port of its own: those that nobody waits for make room. Not
  // done while one of them is telling something.
  void tidy_targets() {
    if (targets.size() <= targets_max) return;
    std::erase_if(targets, [](const auto& each) {
      return each.second->unsent() == 0 && each.second->unanswered() == 0;
    });
  }

  // ---- the REST resource ----

  void on_request(http::ExchangeId id, const http::Request& request) {
    const std::string_view target = request.target;
    const std::string_view path = target.substr(0, target.find('?'));
    const std::string_view query =
        path.size() == target.size() ? std::string_view{} : target.substr(path.size() + 1);
    if (path == "/rehearsal.json" && request.method == "GET") {
      return server->answer(id, json_response(200, about_json()));
    }
    if (path == "/rehearsal/truth.json" && request.method == "GET") {
      return server->answer(id, json_response(200, truth_json()));
    }
    const ApiPath api = read_path(path);
    if (api.account.empty()) return server->answer(id, error_response(not_found));
    if (!authorized(request)) {
      http::Response refusal =
          error_response({.status = 401, .code = 20003, .message = "Authenticate"});
      refusal.headers.push_back({"WWW-Authenticate", "Basic realm=\"Twilio API\""});
      return server->answer(id, refusal);
    }
    if (api.account != options.account_sid) return server->answer(id, error_response(not_found));
    const auto form = read_form(request.method == "GET" ? query : std::string_view(request.body));
    if (!form) {
      return server->answer(
          id, error_response({.status = 400, .code = 20001, .message = "Unreadable parameters"}));
    }
    if (api.calls && request.method == "POST") return on_order(id, *form);
    if (api.calls && request.method == "GET") return server->answer(id, list(*form, query));
    if (!api.sid.empty() && request.method == "GET") return server->answer(id, fetch(api.sid));
    if (!api.sid.empty() && request.method == "POST") {
      return server->answer(id, update(api.sid, *form));
    }
    server->answer(id, error_response({.status = 405, .code = 20004, .message = "Not allowed"}));
  }

  bool authorized(const http::Request& request) const {
    return request.header("Authorization") ==
           "Basic " + base64(options.account_sid + ":" + options.auth_token);
  }

  std::string about_json() const {
    std::string out = "{\"clock_port\":" + std::to_string(clock_host ? clock_host->port() : 0);
    out += ",\"account_sid\":";
    append_json_string(out, options.account_sid);
    out += ",\"auth_token\":";
    append_json_string(out, options.auth_token);
    // A string: JSON's numbers end at 2^53.
    out += ",\"seed\":\"" + std::to_string(options.seed) + "\"";
    out += ",\"now_ms\":" + std::to_string(milliseconds_of(loop.now()));
    out += std::string(",\"time\":\"") + (clock_host ? "jumps" : "speed") + "\"";
    std::array<char, 32> speed{};
    const auto [end, error] =
        std::to_chars(speed.data(), speed.data() + speed.size(), options.speed);
    assert(error == std::errc{});
    static_cast<void>(error);
    out += ",\"speed\":" + std::string(speed.data(), end) + "}";
    return out;
  }

  std::string truth_json() const {
    const auto instant = [](const std::optional<Instant>& when) {
      return when ? std::to_string(milliseconds_of(*when)) : std::string("null");
    };
    std::string out = "{\"calls\":[";
    for (const auto& call : calls) {
      if (out.back() == '}') out += ',';
      out += "\n{\"sid\":\"" + call->sid + "\",\"to\":\"" + call->order.to + "\",\"from\":\"" +
             call->order.from + "\",\"url\":";
      append_json_string(out, call->order.document.url);
      out += ",\"ordinal\":" + std::to_string(call->ordinal);
      out += ",\"accepted_at_ms\":" + instant(call->accepted_at);
      out += ",\"ringing_at_ms\":" + instant(call->ringing_at);
      out += ",\"answered_at_ms\":" + instant(call->answered_at);
      out += ",\"ended_at_ms\":" + instant(call->ended_at);
      out += ",\"status\":\"" + std::string(callback_name(call->status)) + "\"";
      out += ",\"duration_s\":" + std::to_string(call->talk_time().count());
      if (options.tell_acknowledged) append_acknowledged(out, *call);
      out += '}';
    }
    out += "\n],\"counters\":{";
    const std::array<std::pair<std::string_view, std::uint64_t>, 11> all{{
        {"orders", counters.orders},
        {"orders_faulted", counters.orders_faulted},
        {"callbacks_due", counters.callbacks_due},
        {"callbacks_lost", counters.callbacks_lost},
        {"callbacks_delayed", counters.callbacks_delayed},
        {"callbacks_doubled", counters.callbacks_doubled},
        {"callbacks_delivered", counters.callbacks_delivered},
        {"callbacks_undelivered", counters.callbacks_undelivered},
        {"callbacks_refused", counters.callbacks_refused},
        {"documents_asked", counters.documents_asked},
        {"documents_failed", counters.documents_failed},
    }};
    for (const auto& [name, count] : all) {
      out.append("\n\"").append(name).append("\":").append(std::to_string(count)).append(",");
    }
    out.back() = '}';
    out += "}\n";
    return out;
  }

  static void append_acknowledged(std::string& out, const Call& call) {
    out += ",\"acknowledged\":[";
    for (const auto& each : call.acknowledged) {
      if (out.back() == '}') out += ',';
      out += "{\"at_ms\":" + std::to_string(milliseconds_of(each.at)) + ",\"what\":";
      append_json_string(out, each.what);
      out += ",\"said\":";
      append_json_string(out, each.said);
      out += '}';
    }
    out += ']';
  }

  void note_acknowledged(Call& call, std::string_view what, const Fields& fields) {
    if (!options.tell_acknowledged) return;
    std::string said(value_of(fields, "Digits"));
    said += value_of(fields, "SpeechResult");
    call.acknowledged.push_back({loop.now(), std::string(what), std::move(said)});
  }

  void on_order(http::ExchangeId exchange, const Fields& form) {
    ++counters.orders;
    auto read = read_order(form);
    if (const auto* error = std::get_if<ApiError>(&read)) {
      return server->answer(exchange, error_response(*error));
    }
    Order& order = std::get<Order>(read);
    if (!options.owned_numbers.empty() &&
        std::ranges::find(options.owned_numbers, order.from) == options.owned_numbers.end()) {
      return server->answer(
          exchange,
          error_response({.code = 21210, .message = "'From' is not a number of this account"}));
    }
    if (calls.size() >= options.calls_max) {
      return server->answer(exchange,
                            error_response({.code = 22005, .message = "The call queue is full"}));
    }
    const std::uint64_t ordinal = numbers[order.to].orders++;
    const PostFault fault = post_fault(options.faults, options.seed, order.to, ordinal);
    if (fault != PostFault::none) ++counters.orders_faulted;
    if (fault == PostFault::refused) {
      return server->answer(
          exchange, error_response({.status = 429, .code = 20429, .message = "Too many requests"}));
    }
    const ApiError broken{.status = 500, .code = 20500, .message = "Internal server error"};
    if (fault == PostFault::failed) return server->answer(exchange, error_response(broken));

    const Call& call = accept(std::move(order));
    if (fault == PostFault::failed_accepted) {
      return server->answer(exchange, error_response(broken));
    }
    if (fault == PostFault::dropped) return server->drop(exchange);
    if (fault == PostFault::unanswered) return;
    std::string body;
    append_call_json(body, call, options.account_sid);
    if (fault == PostFault::delayed) {
      at(loop.now() + seconds(options.faults.post_delay_s),
         [this, exchange, body = std::move(body)] {
           server->answer(exchange, json_response(201, body));
         });
      return;
    }
    server->answer(exchange, json_response(201, std::move(body)));
  }

  Call& accept(Order order) {
    const std::size_t index = calls.size();
    Number& number = numbers[order.to];
    auto made = std::make_unique<Call>();
    Call& call = *made;
    call.ordinal = number.calls.size();
    call.sid = "CA" + hex_from(options.seed, order.to, call.ordinal, 32);
    call.order = std::move(order);
    call.accepted_at = call.updated_at = loop.now();
    number.calls.push_back(index);
    by_sid.emplace(call.sid, index);
    calls.push_back(std::move(made));

    // At the next whole second, so that calls share their instants.
    Instant slot = Instant(std::chrono::floor<seconds>(loop.now())) + seconds(1);
    if (options.calls_per_second > 0) {
      slot = std::max(slot, next_slot);
      next_slot = slot + milliseconds(std::llround(1000 / options.calls_per_second));
    }
    slot = on_grid(slot);
    call.queue_time = slot - loop.now();
    call.next_act = at(slot, [this, index] { on_dialled(*calls[index]); });
    return call;
  }

  Call* find_call(std::string_view sid) {
    const auto found = by_sid.find(std::string(sid));
    return found == by_sid.end() ? nullptr : calls[found->second].get();
  }

  bool is_listed(const Call& call) const {
    return loop.now() >= call.accepted_at + seconds(options.faults.list_lag_s);
  }

  http::Response fetch(std::string_view sid) {
    const Call* call = find_call(sid);
    if (call == nullptr || !is_listed(*call)) return error_response(not_found);
    std::string body;
    append_call_json(body, *call, options.account_sid);
    return json_response(200, std::move(body));
  }

  http::Response list(const Fields& wish, std::string_view query) {
    std::size_t page_size = 50;
    if (const auto text = find(wish, "PageSize")) {
      const auto [end, error] =
          std::from_chars(text->data(), text->data() + text->size(), page_size);
      if (error != std::errc{} || end != text->data() + text->size() || page_size == 0 ||
          page_size > page_size_max) {
        return error_response({.code = 20007, .message = "Page size is not valid"});
      }
    }
    const std::string_view to = value_of(wish, "To");
    const std::string_view from = value_of(wish, "From");
    const std::string_view status = value_of(wish, "Status");
    std::vector<const Call*> chosen;  // the newest first
    const auto choose = [&](const Call& call) {
      if (!is_listed(call)) return;
      if (!from.empty() && call.order.from != from) return;
      if (!status.empty() && resource_name(call.status) != status) return;
      chosen.push_back(&call);
    };
    if (to.empty()) {
      for (auto call = calls.rbegin(); call != calls.rend(); ++call) choose(**call);
    } else if (const auto number = numbers.find(std::string(to)); number != numbers.end()) {
      const auto& indexes = number->second.calls;
      for (auto index = indexes.rbegin(); index != indexes.rend(); ++index) choose(*calls[*index]);
    }

    // A page begins after the call that its token names: "PA" and the sid.
    std::size_t first = 0;
    const std::string_view token = value_of(wish, "PageToken");
    if (!token.empty()) {
      const auto last =
          std::ranges::find_if(chosen, [&](const Call* call) { return token == "PA" + call->sid; });
      if (last == chosen.end()) {
        return error_response({.code = 20006, .message = "The page token is not valid"});
      }
      first = static_cast<std::size_t>(last - chosen.begin()) + 1;
    }
    std::size_t page = 0;
    const std::string_view page_text = value_of(wish, "Page");
    std::from_chars(page_text.data(), page_text.data() + page_text.size(), page);
    const std::size_t end = std::min(first + page_size, chosen.size());

    std::string body = "{\"calls\":[";
    for (std::size_t i = first; i < end; ++i) {
      if (i > first) body += ',';
      append_call_json(body, *chosen[i], options.account_sid);
    }
    body += "],\"page\":" + std::to_string(page) + ",\"page_size\":" + std::to_string(page_size) +
            ",\"start\":" + std::to_string(first) +
            ",\"end\":" + std::to_string(end == first ? first : end - 1);
    const auto uri = [&](std::size_t number, std::string_view after) {
      Fields parameters;
      for (const Field& field : wish) {
        if (field.name == "Page" || field.name == "PageToken" || field.name == "PageSize") continue;
        parameters.push_back(field);
      }
      parameters.push_back({"PageSize", std::to_string(page_size)});
      parameters.push_back({"Page", std::to_string(number)});
      if (!after.empty()) parameters.push_back({"PageToken", "PA" + std::string(after)});
      return "/2010-04-01/Accounts/" + options.account_sid + "/Calls.json?" +
             write_form(parameters);
    };
    body += ",\"uri\":";
    append_json_string(
        body, "/2010-04-01/Accounts/" + options.account_sid + "/Calls.json?" + std::string(query));
    body += ",\"first_page_uri\":";
    append_json_string(body, uri(0, {}));
    body += ",\"next_page_uri\":";
    if (end < chosen.size()) {
      append_json_string(body, uri(page + 1, chosen[end - 1]->sid));
    } else {
      body += "null";
    }
    body += ",\"previous_page_uri\":null}";
    return json_response(200, std::move(body));
  }

  http::Response update(std::string_view sid, const Fields& form) {
    Call* call = find_call(sid);
    if (call == nullptr) return error_response(not_found);
    const ApiError over{.code = 21220, .message = "Call is not in-progress. Cannot redirect."};
    if (is_over(call->status)) return error_response(over);
    const std::string_view status = value_of(form, "Status");
    const std::string url(value_of(form, "Url"));
    const std::string twiml(value_of(form, "Twiml"));
    if (status == "canceled" || status == "completed") {
      // "canceled" does not end a call in progress (protocols.md 1.5).
      if (call->status != Status::in_progress) {
        end(*call, Status::canceled, 487);
      } else if (status == "completed") {
        end(*call, Status::completed, 200);
      }
    } else if (!status.empty()) {
      return error_response({.code = 20001, .message = "Status is not valid"});
    } else if (!url.empty() || !twiml.empty()) {
      if (call->status != Status::in_progress) return error_response(over);
      if (!url.empty() && !twiml.empty()) {
        return error_response({.code = 20001, .message = "Url and Twiml exclude each other"});
      }
      if (!url.empty() && !read_url(url)) {
        return error_response({.code = 21205, .message = "Url is not a valid URL"});
      }
      cancel(call->next_act);
      call->updated_at = loop.now();
      if (!url.empty()) {
        ask(*call, url, value_of(form, "Method") == "GET", {}, call->order.fallback);
      } else {
        ++call->documents;  // an answer under way is for a talk that is over
        perform(*call, twiml, {});
      }
    }
    std::string body;
    append_call_json(body, *call, options.account_sid);
    return json_response(200, std::move(body));
  }

  // ---- a call's life ----

  void on_dialled(Call& call) {
    call.next_act = {};
    call.status = Status::initiated;
    call.initiated_at = call.updated_at = loop.now();
    call.talk = std::make_unique<Talk>(options.people, options.seed, call.order.to, call.ordinal);
    if (call.order.on_initiated) tell_status(call);
    const Person& person = call.talk->person();
    call.next_act = at(loop.now() + person.rings_after, [this, &call] { on_reached(call); });
  }

  void on_reached(Call& call) {
    call.next_act = {};
    const Person& person = call.talk->person();
    if (person.answerer == Answerer::failed) return end(call, Status::failed, 404);
    if (person.answerer == Answerer::busy) return end(call, Status::busy, 486);
    call.status = Status::ringing;
    call.ringing_at = call.updated_at = loop.now();
    if (call.order.on_ringing) tell_status(call);
    const bool answers =
        person.answerer != Answerer::no_answer && person.answers_after < call.order.ring_time;
    if (answers) {
      call.next_act = at(loop.now() + person.answers_after, [this, &call] { on_answered(call); });
    } else {
      call.next_act = at(loop.now() + call.order.ring_time, [this, &call] {
        call.next_act = {};
        end(call, Status::no_answer, 487);
      });
    }
  }

  void on_answered(Call& call) {
    call.next_act = {};
    call.status = Status::in_progress;
    call.answered_at = call.updated_at = loop.now();
    call.time_limit = at(loop.now() + call.order.time_limit, [this, &call] {
      call.time_limit = {};
      end(call, Status::completed, 200);
    });
    if (call.order.on_answered) tell_status(call);
    const bool detects = call.order.detection != Order::Detection::off;
    if (!detects) return begin_talk(call);

    const Person& person = call.talk->person();
    const bool to_the_end = call.order.detection == Order::Detection::message_end;
    const bool hears_beep = to_the_end && person.answerer == Answerer::machine;
    const seconds time = hears_beep ? std::max(person.greeting, detection_time) : detection_time;
    call.detection = at(loop.now() + time, [this, &call] {
      call.detection = {};
      on_detected(call);
    });
    if (call.order.detection_async) {
      begin_talk(call);
    } else if (person.hangs_up_at_once) {
      call.next_act = at(loop.now() + seconds(1), [this, &call] {
        call.next_act = {};
        end(call, Status::completed, 200);
      });
    } else {
      call.talk->wait(time);
    }
  }

  void on_detected(Call& call) {
    const bool to_the_end = call.order.detection == Order::Detection::message_end;
    switch (call.talk->person().answerer) {
      case Answerer::machine:
        call.answered_by = to_the_end ? "machine_end_beep" : "machine_start";
        break;
      case Answerer::fax:
        call.answered_by = "fax";
        break;
      case Answerer::human:
      case Answerer::no_answer:
      case Answerer::busy:
      case Answerer::failed:
        call.answered_by = "human";
        break;
    }
    if (!call.order.detection_async) return begin_talk(call);
    if (call.order.detected.url.empty()) return;
    const milliseconds took = loop.now() - *call.answered_at;
    Fields fields{{"CallSid", call.sid},
                  {"AccountSid", options.account_sid},
                  {"AnsweredBy", std::string(call.answered_by)},
                  {"MachineDetectionDuration", std::to_string(took.count())}};
    post_callback(call, call.order.detected, std::move(fields));
  }

  void begin_talk(Call& call) {
    if (!call.order.inline_twiml.empty()) {
      ++call.documents;
      return perform(call, call.order.inline_twiml, {});
    }
    Fields fields;
    if (!call.answered_by.empty()) fields.push_back({"AnsweredBy", std::string(call.answered_by)});
    ask(call, call.order.document.url, call.order.document.by_get, fields, call.order.fallback);
  }

  // Asks the program for the next document. Where that fails, `fallback` is asked, once.
  void ask(Call& call, const std::string& url, bool by_get, const Fields& extra,
           const Callback& fallback) {
    const std::uint64_t request = ++call.documents;
    if (request > documents_max) return apologise(call, url, application_loop, {});
    ++counters.documents_asked;
    Fields fields = base_fields(call);
    fields.insert(fields.end(), extra.begin(), extra.end());
    send({.url = url, .by_get = by_get}, fields,
         [this, &call, request, url, extra, fallback](const http::Reply& reply) {
           if (ending) return;
           if (is_success(reply)) note_acknowledged(call, url, extra);
           if (call.documents != request || is_over(call.status)) return;
           on_document(call, url, reply, fallback);
         });
  }

  void on_document(Call& call, const std::string& url, const http::Reply& reply,
                   const Callback& fallback) {
    if (reply.sent == http::Sent::not_sent) {
      return apologise(call, url, failed_to_connect, fallback);
    }
    const http::Response& response = reply.response;
    if (reply.sent != http::Sent::answered || response.status < 200 || response.status > 299) {
      return apologise(call, url, failed_to_fetch, fallback);
    }
    std::string type = lower(response.header("Content-Type"));
    type = type.substr(0, type.find(';'));
    if (type != "text/xml" && type != "application/xml" && type != "text/html") {
      return apologise(call, url, no_content_type, fallback);
    }
    perform(call, response.body, url, fallback);
  }

  void perform(Call& call, std::string_view twiml, const std::string& url,
               const Callback& fallback = {}) {
    const auto read = read_twiml(twiml);
    if (const auto* bad = std::get_if<BadTwiml>(&read)) {
      return apologise(call, url, bad->code, fallback);
    }
    Act act = call.talk->perform(std::get<Document>(read), url);
    call.next_act = at(loop.now() + act.after, [this, &call, act = std::move(act)] {
      call.next_act = {};
      if (act.kind == Act::Kind::request) {
        ask(call, act.url, act.by_get, act.fields, call.order.fallback);
      } else {
        end(call, Status::completed, 200);
      }
    });
  }

  // The program failed: its fallback is asked, else the person hears an apology and the call ends
  // (protocols.md 2.4).
  void apologise(Call& call, const std::string& url, int code, const Callback& fallback) {
    ++counters.documents_failed;
    if (!fallback.url.empty()) {
      return ask(call, fallback.url, fallback.by_get,
                 {{"ErrorCode", std::to_string(code)}, {"ErrorUrl", url}}, {});
    }
    call.next_act = at(loop.now() + apology_time, [this, &call] {
      call.next_act = {};
      end(call, Status::completed, 200);
    });
  }

  void end(Call& call, Status status, int sip_code) {
    const bool was_queued = call.status == Status::queued;
    cancel(call.next_act);
    cancel(call.time_limit);
    cancel(call.detection);
    call.status = status;
    call.ended_at = call.updated_at = loop.now();
    call.talk.reset();
    ++call.documents;  // nobody waits for a document any more
    // A call that never left the queue fires no callback at all (protocols.md 1.4).
    if (call.order.on_completed && !was_queued) tell_status(call, sip_code);
  }

  // ---- webhooks ----

  Fields base_fields(const Call& call) const {
    Fields fields;
    fields.reserve(28);
    fields = {{"CallSid", call.sid},
              {"AccountSid", options.account_sid},
              {"From", call.order.from},
              {"To", call.order.to},
              {"Caller", call.order.from},
              {"Called", call.order.to},
              {"CallStatus", std::string(callback_name(call.status))},
              {"Direction", "outbound-api"},
              {"ApiVersion", "2010-04-01"},
              {"ToCity", ""},
              {"ToState", ""},
              {"ToZip", ""},
              {"ToCountry", ""},
              {"FromCity", ""},
              {"FromCountry", ""}};
    return fields;
  }

  void tell_status(Call& call, int sip_code = 0) {
    const std::uint64_t sequence = call.callbacks++;
    if (call.order.status.url.empty()) return;
    Fields fields = base_fields(call);
    fields.push_back({"Timestamp", rfc2822(loop.now())});
    fields.push_back({"CallbackSource", "call-progress-events"});
    fields.push_back({"SequenceNumber", std::to_string(sequence)});
    if (is_over(call.status)) {
      const seconds talked = call.talk_time();
      fields.push_back({"CallDuration", std::to_string(talked.count())});
      fields.push_back({"Duration", std::to_string((talked.count() + 59) / 60)});
      fields.push_back({"SipResponseCode", std::to_string(sip_code)});
      if (!call.answered_by.empty()) {
        fields.push_back({"AnsweredBy", std::string(call.answered_by)});
      }
    }
    ++counters.callbacks_due;
    const CallbackFault fault = callback_fault(options.faults, options.seed, call.sid, sequence);
    if (fault.lost) {
      ++counters.callbacks_lost;
      return;
    }
    if (fault.late.count() > 0) ++counters.callbacks_delayed;
    counters.callbacks_doubled += static_cast<std::uint64_t>(fault.copies - 1);
    for (int copy = 0; copy < fault.copies; ++copy) {
      const seconds delay = fault.late + seconds(2 * copy);
      if (delay.count() == 0) {
        post_callback(call, call.order.status, fields);
      } else {
        at(loop.now() + delay,
           [this, &call, fields] { post_callback(call, call.order.status, fields); });
      }
    }
  }

  void post_callback(Call& call, const Callback& callback, const Fields& fields) {
    std::string status(value_of(fields, "CallStatus"));
    if (status.empty()) status = value_of(fields, "AnsweredBy");
    send(callback, fields, [this, &call, status = std::move(status)](const http::Reply& reply) {
      if (ending) return;
      if (reply.sent != http::Sent::answered) {
        ++counters.callbacks_undelivered;
      } else if (!is_success(reply)) {
        ++counters.callbacks_refused;
      } else {
        ++counters.callbacks_delivered;
        note_acknowledged(call, status, {});
      }
    });
  }

  // One webhook, signed. A connection that could not be made is tried once more (protocols.md 2.3);
  // anything else is the program's to bear.
  void send(const Callback& callback, const Fields& fields,
            std::function<void(const http::Reply&)> done) {
    if (clock_host && clock_host->is_holding()) {
      // A deadline of the wire led here before the program has come along.
      at(loop.now(),
         [this, callback, fields, done = std::move(done)] { send(callback, fields, done); });
      return;
    }
    std::string url = callback.url.substr(0, callback.url.find('#'));
    http::Request request{.method = callback.by_get ? "GET" : "POST"};
    if (callback.by_get) {
      url += url.find('?') == std::string::npos ? '?' : '&';
      url += write_form(fields);
    }
    const auto to = read_url(url);
    if (!to) {
      // A TwiML document may name any URL; this one cannot be reached from a rehearsal.
      at(loop.now(), [done = std::move(done)] { done({.sent = http::Sent::not_sent}); });
      return;
    }
    request.target = to->target;
    request.headers = {
        {"X-Twilio-Signature",
         signature(options.auth_token, url, callback.by_get ? Fields{} : fields)},
        {"I-Twilio-Idempotency-Token", hex_from(options.seed, "webhook", ++webhooks, 32)},
        {"User-Agent", "TwilioProxy/1.1"},
        {"Accept", "*/*"}};
    if (!callback.by_get) {
      request.headers.push_back(
          {"Content-Type", "application/x-www-form-urlencoded; charset=UTF-8"});
      request.body = write_form(fields);
    }
    http::Client& client = target(to->host, to->port);
    auto retry = std::make_shared<http::Request>(request);
    client.send(std::move(request), [this, host = to->host, port = to->port, retry,
                                     done = std::move(done)](const http::Reply& reply) {
      if (ending || reply.sent != http::Sent::not_sent) return done(reply);
      target(host, port).send(std::move(*retry), [done](const http::Reply& second) {
        done(second);
      });
    });
  }

  http::Client& target(const std::string& host, std::uint16_t port) {
    const std::string name = host + ":" + std::to_string(port);
    if (const auto found = targets.find(name); found != targets.end()) return *found->second;
    http::Client::Options client;
    client.host = host;
    client.port = port;
    client.connections_max = webhook_connections_max;
    client.waiting_max = 1U << 20U;  // bounded by the calls
    client.response_bytes_max = document_bytes_max + 1;
    client.response_time_max = webhook_time_max;
    client.idle_time_max = webhook_idle_time_max;
    client.links = &links;
    return *targets.emplace(name, std::make_unique<http::Client>(loop, std::move(client)))
                .first->second;
  }
};

RehearsalCarrier::RehearsalCarrier(net::Loop& loop, net::SteppedClock& clock, Options options)
    : block_(std::make_unique<Block>(loop, std::move(options))) {
  assert(&loop.clock() == &clock);
  Block* block = block_.get();
  ClockHost::Options host;
  host.address = block->options.address;
  host.carrier_port = block->server->port();
  host.awaits = [block](std::uint16_t port) { return block->awaits(port); };
  block->clock_host = std::make_unique<ClockHost>(loop, clock, block->links, std::move(host));
  loop.before_sleep([block] { block->before_sleep(); });
}

RehearsalCarrier::RehearsalCarrier(net::Loop& loop, Options options)
    : block_(std::make_unique<Block>(loop, std::move(options))) {
  Block* block = block_.get();
  loop.before_sleep([block] { block->before_sleep(); });
}

RehearsalCarrier::~RehearsalCarrier() = default;

std::uint16_t RehearsalCarrier::port() const {
  return block_->server->port();
}

std::uint16_t RehearsalCarrier::clock_port() const {
  return block_->clock_host ? block_->clock_host->port() : std::uint16_t{0};
}

const std::string& RehearsalCarrier::account_sid() const {
  return block_->options.account_sid;
}

const std::string& RehearsalCarrier::auth_token() const {
  return block_->options.auth_token;
}

struct RehearsalThread::Block {
  struct Facts {
    net::Loop* loop = nullptr;  // lives until the thread ends
    std::uint16_t port = 0;
    std::uint16_t clock_port = 0;
    std::string account_sid{};
    std::string auth_token{};
  };
  Facts facts{};
  std::thread thread{};

  static void run(const CarrierOptions& options, std::promise<Facts>& ready) {
    const auto serve = [&ready](net::Loop& loop, const RehearsalCarrier& carrier) {
      ready.set_value({.loop = &loop,
                       .port = carrier.port(),
                       .clock_port = carrier.clock_port(),
                       .account_sid = carrier.account_sid(),
                       .auth_token = carrier.auth_token()});
      loop.run();
    };
    try {
      if (options.speed > 0) {
        net::ScaledClock clock(options.start, options.speed);
        net::Loop loop(clock);
        const RehearsalCarrier carrier(loop, options);
        serve(loop, carrier);
      } else {
        net::SteppedClock clock(options.start);
        net::Loop loop(clock);
        const RehearsalCarrier carrier(loop, clock, options);
        serve(loop, carrier);
      }
    } catch (...) {
      // To the constructor's caller, who is the only one that waits.
      ready.set_exception(std::current_exception());
    }
  }
};

RehearsalThread::RehearsalThread(RehearsalCarrier::Options options)
    : block_(std::make_unique<Block>()) {
  auto ready = std::make_shared<std::promise<Block::Facts>>();
  auto facts = ready->get_future();
  block_->thread =
      std::thread([options = std::move(options), ready] { Block::run(options, *ready); });
  try {
    block_->facts = facts.get();
  } catch (...) {
    block_->thread.join();
    throw;
  }
}

RehearsalThread::~RehearsalThread() {
  net::Loop* loop = block_->facts.loop;
  loop->post([loop] { loop->stop(); });
  block_->thread.join();
}

std::uint16_t RehearsalThread::port() const {
  return block_->facts.port;
}
std::uint16_t RehearsalThread::clock_port() const {
  return block_->facts.clock_port;
}
const std::string& RehearsalThread::account_sid() const {
  return block_->facts.account_sid;
}
const std::string& RehearsalThread::auth_token() const {
  return block_->facts.auth_token;
}

}  // namespace bridge::rehearsal
