#include "bridge/carrier/twilio.hpp"

#include <mbedtls/base64.h>
#include <simdjson.h>

#include <cassert>
#include <charconv>
#include <stdexcept>
#include <utility>

#include "bridge/carrier/rfc2822.hpp"
#include "bridge/http/client.hpp"
#include "bridge/http/form.hpp"

namespace bridge::carrier {
namespace {

using simdjson::dom::element;

constexpr int code_call_is_over = 21220;
constexpr int code_not_found = 20404;

struct Base {
  std::string host{};
  std::uint16_t port = 80;
  bool secured = false;
};

Base read_base_url(std::string_view url) {
  constexpr const char* shape =
      "the carrier's base URL must look like https://host or http://host:port";
  constexpr std::string_view plain = "http://";
  constexpr std::string_view secured = "https://";
  Base base;
  base.secured = url.starts_with(secured);
  if (!base.secured && !url.starts_with(plain)) throw std::invalid_argument(shape);
  url.remove_prefix(base.secured ? secured.size() : plain.size());
  if (base.secured) base.port = 443;
  if (url.ends_with('/')) url.remove_suffix(1);
  const std::size_t colon = url.rfind(':');
  const bool has_port =
      colon != std::string_view::npos && url.find(']', colon) == std::string_view::npos;
  if (has_port) {
    const std::string_view digits = url.substr(colon + 1);
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), base.port);
    if (error != std::errc{} || end != digits.data() + digits.size() || base.port == 0) {
      throw std::invalid_argument(shape);
    }
    url = url.substr(0, colon);
  }
  if (url.starts_with('[') && url.ends_with(']')) url = url.substr(1, url.size() - 2);
  if (url.empty() || url.find_first_of("/?#@ ") != std::string_view::npos) {
    throw std::invalid_argument(shape);
  }
  base.host = url;
  return base;
}

std::string basic_credentials(const std::string& user, const std::string& password) {
  const std::string plain = user + ":" + password;
  std::string text((plain.size() + 2) / 3 * 4 + 1, '\0');
  std::size_t written = 0;
  const int code =
      mbedtls_base64_encode(reinterpret_cast<unsigned char*>(text.data()), text.size(), &written,
                            reinterpret_cast<const unsigned char*>(plain.data()), plain.size());
  assert(code == 0);
  static_cast<void>(code);
  text.resize(written);
  return "Basic " + text;
}

// Two letters and 32 hex digits: what may stand in a path without escaping.
bool is_sid(std::string_view text, std::string_view prefix) {
  if (text.size() != 34 || !text.starts_with(prefix)) return false;
  return text.find_first_not_of("0123456789abcdef", 2) == std::string_view::npos;
}

// A string member; empty where it is missing, null or something else.
std::string text_of(const element& object, const char* name) {
  std::string_view text;
  if (object[name].get(text) != simdjson::SUCCESS) return {};
  return std::string(text);
}

std::optional<CallRecord> record_of(const element& object) {
  CallRecord call;
  call.sid = text_of(object, "sid");
  call.status = text_of(object, "status");
  if (!is_sid(call.sid, "CA") || call.status.empty()) return {};
  call.to = text_of(object, "to");
  call.from = text_of(object, "from");
  call.direction = text_of(object, "direction");
  call.answered_by = text_of(object, "answered_by");
  call.date_created = parse_rfc2822(text_of(object, "date_created"));
  call.start_time = parse_rfc2822(text_of(object, "start_time"));
  call.end_time = parse_rfc2822(text_of(object, "end_time"));
  const std::string duration = text_of(object, "duration");
  long long count = 0;
  const auto [end, error] =
      std::from_chars(duration.data(), duration.data() + duration.size(), count);
  if (!duration.empty() && error == std::errc{} && end == duration.data() + duration.size() &&
      count >= 0) {
    call.duration = std::chrono::seconds(count);
  }
  return call;
}

// The carrier's own error code; 0 where the body has none.
int code_of(const std::string& body) {
  simdjson::dom::parser parser;
  element root;
  std::int64_t code = 0;
  if (parser.parse(body).get(root) != simdjson::SUCCESS) return 0;
  if (root["code"].get(code) != simdjson::SUCCESS || code < 0 || code > 999'999) return 0;
  return static_cast<int>(code);
}

bool is_over(std::string_view status) {
  return status == "completed" || status == "busy" || status == "failed" || status == "no-answer" ||
         status == "canceled";
}

std::string status_line(int status, int code) {
  std::string text = "the carrier answered " + std::to_string(status);
  if (code != 0) text += ", code " + std::to_string(code);
  return text;
}

// What a reply to an order tells (reliability.md 2.2, 4). Everything that is not plainly a yes or a
// no is a doubt.
PlaceReply classified(const http::Reply& reply) {
  if (reply.sent == http::Sent::not_sent) return CallNotSent{reply.why};
  if (reply.sent == http::Sent::in_doubt) return CallInDoubt{reply.why};
  const int status = reply.response.status;
  if (status == 201) {
    simdjson::dom::parser parser;
    element root;
    if (parser.parse(reply.response.body).get(root) == simdjson::SUCCESS) {
      std::string sid = text_of(root, "sid");
      if (is_sid(sid, "CA")) return CallPlaced{std::move(sid)};
    }
    return CallInDoubt{"the carrier answered 201 without the sid of a call"};
  }
  // 408 speaks of a request that came slowly, not of one that was judged.
  if (status >= 400 && status < 500 && status != 408) {
    return CallRejected{
        .http_status = status, .code = code_of(reply.response.body), .retryable = status == 429};
  }
  return CallInDoubt{status_line(status, code_of(reply.response.body))};
}

}  // namespace

struct Twilio::Block {
  net::Loop* loop = nullptr;
  Options options{};
  std::string path{};  // /2010-04-01/Accounts/AC…
  std::string authorization{};
  http::Client client;

  Block(net::Loop& of, Options with, http::Client::Options client_options)
      : loop(&of), options(std::move(with)), client(of, std::move(client_options)) {}

  http::Request request(std::string method, std::string target, std::string body = {}) const {
    http::Request made{.method = std::move(method), .target = std::move(target)};
    made.headers = {{"Authorization", authorization},
                    {"Accept", "application/json"},
                    {"User-Agent", "campanile"}};
    if (made.method == "POST") {
      made.headers.push_back({"Content-Type", "application/x-www-form-urlencoded"});
    }
    made.body = std::move(body);
    return made;
  }

  std::string call_target(const std::string& sid) const { return path + "/Calls/" + sid + ".json"; }

  // The pages of one list, gathered one after the other.
  struct Listing {
    ListReply reply{};
    std::size_t pages = 0;
    std::function<void(ListReply)> done{};

    void fail(std::string why) {
      reply = {.ok = false, .why = std::move(why)};
      done(std::move(reply));
    }
  };

  void next_page(const std::shared_ptr<Listing>& listing, std::string target) {
    client.send(request("GET", std::move(target)),
                [this, listing](http::Reply reply) { on_page(listing, reply); });
  }

  void on_page(const std::shared_ptr<Listing>& listing, const http::Reply& reply) {
    // Also the way out when the client is being destroyed: nothing is sent from here then.
    if (reply.sent != http::Sent::answered) return listing->fail(reply.why);
    if (reply.response.status != 200) {
      return listing->fail(status_line(reply.response.status, code_of(reply.response.body)));
    }
    simdjson::dom::parser parser;
    element root;
    simdjson::dom::array calls;
    if (parser.parse(reply.response.body).get(root) != simdjson::SUCCESS ||
        root["calls"].get(calls) != simdjson::SUCCESS) {
      return listing->fail("the carrier's list could not be read");
    }
    for (const element call : calls) {
      auto record = record_of(call);
      if (!record) return listing->fail("the carrier's list holds a call that could not be read");
      listing->reply.calls.push_back(std::move(*record));
    }
    std::string next = text_of(root, "next_page_uri");
    if (next.empty()) {
      listing->reply.ok = true;
      return listing->done(std::move(listing->reply));
    }
    // Another host would be sent our password.
    if (!next.starts_with('/') || next.starts_with("//")) {
      return listing->fail("the carrier's list goes on at a place that is not the carrier");
    }
    if (++listing->pages == options.list_pages_max) {
      return listing->fail("the carrier's list has more than " +
                           std::to_string(options.list_pages_max) + " pages");
    }
    next_page(listing, std::move(next));
  }

  // Ends a call in two steps: as canceled while it is not answered, as completed after that. One
  // step would not do: "completed" counts as a talk, "canceled" leaves a talk alone.
  void end_as(const std::string& sid, const std::string& status,
              std::function<void(CancelReply)> done) {
    const bool first = status == "canceled";
    client.send(request("POST", call_target(sid), http::encode_form({{"Status", status}})),
                [this, sid, first, done = std::move(done)](const http::Reply& reply) mutable {
                  if (reply.sent != http::Sent::answered) return done({.why = reply.why});
                  const int code = code_of(reply.response.body);
                  bool over = false;
                  if (reply.response.status == 200) {
                    simdjson::dom::parser parser;
                    element root;
                    over = !first ||
                           (parser.parse(reply.response.body).get(root) == simdjson::SUCCESS &&
                            is_over(text_of(root, "status")));
                  } else if (reply.response.status == 400 && code == code_call_is_over) {
                    over = !first;
                  } else {
                    return done({.why = status_line(reply.response.status, code)});
                  }
                  if (over) return done({.ok = true});
                  end_as(sid, "completed", std::move(done));
                });
  }
};

Twilio::Twilio(net::Loop& loop, Options options) {
  const Base base = read_base_url(options.base_url);
  if (!is_sid(options.account_sid, "AC")) {
    throw std::invalid_argument(
        "the account's sid must be AC and 32 lower-case hex digits (TWILIO_ACCOUNT_SID)");
  }
  http::Client::Options client;
  client.host = base.host;
  client.port = base.port;
  if (base.secured) {
    if (options.tls == nullptr) {
      throw std::invalid_argument("the carrier's base URL is https, and nobody says whom to trust");
    }
    client.tls = options.tls;
  }
  client.connections_max = options.connections_max;
  client.waiting_max = options.waiting_max;
  client.response_time_max = options.answer_time_max;
  client.links = options.links;
  const std::string user = options.user.empty() ? options.account_sid : options.user;
  block_ = std::make_unique<Block>(loop, std::move(options), std::move(client));
  block_->path = "/2010-04-01/Accounts/" + block_->options.account_sid;
  block_->authorization = basic_credentials(user, block_->options.password);
}

Twilio::~Twilio() = default;

void Twilio::place(const CallOrder& order, std::function<void(PlaceReply)> done) {
  http::Fields form{{"To", order.to},
                    {"From", order.from},
                    {"Url", order.url},
                    {"Method", "POST"},
                    {"StatusCallback", order.status_url},
                    {"StatusCallbackMethod", "POST"},
                    {"StatusCallbackEvent", "initiated"},
                    {"StatusCallbackEvent", "ringing"},
                    {"StatusCallbackEvent", "answered"},
                    {"StatusCallbackEvent", "completed"},
                    {"Timeout", std::to_string(order.ring_time_max.count())},
                    {"TimeLimit", std::to_string(order.call_time_max.count())}};
  if (!order.fallback_url.empty()) {
    form.push_back({"FallbackUrl", order.fallback_url});
    form.push_back({"FallbackMethod", "POST"});
  }
  if (order.machine_detection != CallOrder::MachineDetection::off) {
    const bool to_the_end = order.machine_detection == CallOrder::MachineDetection::message_end;
    form.push_back({"MachineDetection", to_the_end ? "DetectMessageEnd" : "Enable"});
    if (!order.answering_machine_url.empty()) {
      form.push_back({"AsyncAmd", "true"});
      form.push_back({"AsyncAmdStatusCallback", order.answering_machine_url});
      form.push_back({"AsyncAmdStatusCallbackMethod", "POST"});
    }
  }
  block_->client.send(
      block_->request("POST", block_->path + "/Calls.json", http::encode_form(form)),
      [done = std::move(done)](const http::Reply& reply) { done(classified(reply)); },
      {.not_after = order.not_after, .objection = order.objection, .on_sent = order.on_sent});
}

void Twilio::expect_order() {
  block_->client.warm_up();
}

void Twilio::fetch(const std::string& sid, std::function<void(FetchReply)> done) {
  if (!is_sid(sid, "CA")) {
    block_->loop->post([done = std::move(done)] { done({.why = "that is no sid of a call"}); });
    return;
  }
  block_->client.send(block_->request("GET", block_->call_target(sid)),
                      [done = std::move(done)](const http::Reply& reply) {
                        if (reply.sent != http::Sent::answered) return done({.why = reply.why});
                        const int code = code_of(reply.response.body);
                        // A 404 without the code may come from anybody between us and the carrier.
                        if (reply.response.status == 404 && code == code_not_found)
                          return done({.ok = true});
                        if (reply.response.status != 200) {
                          return done({.why = status_line(reply.response.status, code)});
                        }
                        simdjson::dom::parser parser;
                        element root;
                        if (parser.parse(reply.response.body).get(root) == simdjson::SUCCESS) {
                          if (auto record = record_of(root)) {
                            return done({.ok = true, .found = true, .call = std::move(*record)});
                          }
                        }
                        done({.why = "the carrier's record of the call could not be read"});
                      });
}

void Twilio::list(const std::string& to, const std::string& from,
                  std::function<void(ListReply)> done) {
  auto listing = std::make_shared<Block::Listing>();
  listing->done = std::move(done);
  block_->next_page(listing, block_->path + "/Calls.json?To=" + http::percent_encode(to) +
                                 "&From=" + http::percent_encode(from) + "&PageSize=1000");
}

void Twilio::end(const std::string& sid, std::function<void(CancelReply)> done) {
  if (!is_sid(sid, "CA")) {
    block_->loop->post([done = std::move(done)] { done({.why = "that is no sid of a call"}); });
    return;
  }
  block_->end_as(sid, "canceled", std::move(done));
}

}  // namespace bridge::carrier
