#include "bridge/carrier/twilio.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
#include <cstdio>
#include <iterator>
#include <stdexcept>
#include <unordered_set>
#include <utility>

#include "bridge/carrier/base_url.hpp"
#include "bridge/carrier/basic_credentials.hpp"
#include "bridge/carrier/call_json.hpp"
#include "bridge/carrier/rfc2822.hpp"
#include "bridge/http/client.hpp"
#include "bridge/http/form.hpp"

namespace bridge::carrier {
namespace {

constexpr int code_call_is_over = 21220;
constexpr int code_not_found = 20404;
constexpr std::chrono::seconds retry_after_max{86'400};

bool is_over(std::string_view status) {
  return status == "completed" || status == "busy" || status == "failed" || status == "no-answer" ||
         status == "canceled";
}

std::string status_line(int status, int code) {
  std::string text = "the carrier answered " + std::to_string(status);
  if (code != 0) text += ", code " + std::to_string(code);
  return text;
}

// Anybody between us and the carrier may write a header: what is no id of the carrier's is none.
std::string request_id_of(const http::Response& response) {
  const std::string_view id = response.header("Twilio-Request-Id");
  return is_sid(id, "RQ") ? std::string(id) : std::string{};
}

// Retry-After is a number of seconds or a date (RFC 9110, section 10.2.3).
std::optional<std::chrono::seconds> retry_after_of(const http::Response& response,
                                                   net::Instant now) {
  const std::string_view text = response.header("Retry-After");
  long long count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  std::chrono::seconds after{count};
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) {
    const auto date = parse_rfc2822(text);
    if (!date) return {};
    after = std::chrono::ceil<std::chrono::seconds>(*date - now);
  }
  return std::clamp(after, std::chrono::seconds{0}, retry_after_max);
}

// What a reply to an order tells (reliability.md 2.2, 4). Everything that is not plainly a yes or a
// no is a doubt.
PlaceReply classified(const http::Reply& reply, net::Instant now) {
  if (reply.sent == http::Sent::not_sent) {
    return CallNotSent{reply.why, static_cast<bool>(reply.error)};
  }
  if (reply.sent == http::Sent::in_doubt) return CallInDoubt{.why = reply.why};
  const http::Response& response = reply.response;
  const int status = response.status;
  std::string request_id = request_id_of(response);
  if (status == 201) {
    if (const auto call = read_created_call(response.body)) {
      return CallPlaced{
          .sid = call->sid, .request_id = std::move(request_id), .queue_time = call->queue_time};
    }
    return CallInDoubt{.why = "the carrier answered 201 without the sid of a call",
                       .request_id = std::move(request_id)};
  }
  // 408 speaks of a request that came slowly, not of one that was judged.
  if (status >= 400 && status < 500 && status != 408) {
    return CallRejected{.http_status = status,
                        .code = read_error_code(response.body),
                        .retryable = status == 429,
                        .request_id = std::move(request_id),
                        .retry_after = retry_after_of(response, now)};
  }
  return CallInDoubt{.why = status_line(status, read_error_code(response.body)),
                     .request_id = std::move(request_id)};
}

// A 404 without the code may come from anybody between us and the carrier.
bool is_not_found(int status, int code) {
  return status == 404 && code == code_not_found;
}

// What a reply that shows one call tells of it.
FetchReply record_in(const http::Reply& reply) {
  if (reply.sent != http::Sent::answered) return {.why = reply.why};
  const http::Response& response = reply.response;
  FetchReply told{.request_id = request_id_of(response)};
  const int code = read_error_code(response.body);
  if (is_not_found(response.status, code)) {
    told.ok = true;
  } else if (response.status != 200) {
    told.why = status_line(response.status, code);
  } else if (auto record = read_call(response.body)) {
    told.ok = told.found = true;
    told.call = std::move(*record);
  } else {
    told.why = "the carrier's record of the call could not be read";
  }
  return told;
}

}  // namespace

std::size_t connections_for(std::int64_t rate) {
  constexpr std::int64_t answer_time_s = 2;
  const auto wanted = (rate * answer_time_s + 999) / 1000;
  return static_cast<std::size_t>(std::clamp<std::int64_t>(wanted, 8, 64));
}

struct Twilio::Block {
  net::Loop* loop = nullptr;
  Options options{};
  std::string path{};  // /2010-04-01/Accounts/AC…
  std::string authorization{};
  http::Client orders;
  http::Client questions;

  Block(net::Loop& of, Options with, const http::Client::Options& for_orders,
        const http::Client::Options& for_questions)
      : loop(&of), options(std::move(with)), orders(of, for_orders), questions(of, for_questions) {}

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

  void send(http::Client& client, const http::Request& made, std::function<void(http::Reply)> done,
            http::SendBounds bounds = {}) {
    if (!options.on_exchange) return client.send(made, std::move(done), std::move(bounds));
    client.send(
        made,
        [this, made, began = loop->now(), done = std::move(done)](http::Reply reply) {
          options.on_exchange(began, made, reply);
          done(std::move(reply));
        },
        std::move(bounds));
  }

  std::string call_target(const std::string& sid) const { return path + "/Calls/" + sid + ".json"; }

  // The pages of one list, gathered one after the other.
  struct Listing {
    ListReply reply{};
    std::size_t pages = 0;
    std::size_t pages_max = 0;
    std::function<void(ListReply)> done{};

    void fail(std::string why) {
      reply = {.ok = false, .calls = {}, .why = std::move(why), .request_id = reply.request_id};
      done(std::move(reply));
    }
  };

  void list(std::string target, std::size_t pages_max, std::function<void(ListReply)> done) {
    auto listing = std::make_shared<Listing>();
    listing->pages_max = pages_max;
    listing->done = std::move(done);
    next_page(listing, std::move(target));
  }

  void next_page(const std::shared_ptr<Listing>& listing, std::string target) {
    send(questions, request("GET", std::move(target)),
         [this, listing](const http::Reply& reply) { on_page(listing, reply); });
  }

  void on_page(const std::shared_ptr<Listing>& listing, const http::Reply& reply) {
    // Also the way out when the client is being destroyed: nothing is sent from here then.
    if (reply.sent != http::Sent::answered) return listing->fail(reply.why);
    const http::Response& response = reply.response;
    listing->reply.request_id = request_id_of(response);
    if (response.status != 200) {
      return listing->fail(status_line(response.status, read_error_code(response.body)));
    }
    auto page = read_call_page(response.body);
    if (!page) return listing->fail("the carrier's list could not be read");
    auto& calls = listing->reply.calls;
    calls.insert(calls.end(), std::make_move_iterator(page->calls.begin()),
                 std::make_move_iterator(page->calls.end()));
    if (page->next.empty()) {
      listing->reply.ok = true;
      return listing->done(std::move(listing->reply));
    }
    // Another host would be sent our password.
    if (!page->next.starts_with('/') || page->next.starts_with("//")) {
      return listing->fail("the carrier's list goes on at a place that is not the carrier");
    }
    if (!can_be_requested(page->next)) {
      return listing->fail("the carrier's list goes on at an address that cannot be asked for");
    }
    if (++listing->pages == listing->pages_max) {
      return listing->fail("the carrier's list has more than " +
                           std::to_string(listing->pages_max) + " pages");
    }
    next_page(listing, std::move(page->next));
  }

  // Ends a call in two steps: as canceled while it is not answered, as completed after that. One
  // step would not do: "completed" counts as a talk, "canceled" leaves a talk alone.
  void end_as(const std::string& sid, const std::string& status,
              std::function<void(CancelReply)> done) {
    const bool first = status == "canceled";
    send(orders, request("POST", call_target(sid), http::encode_form({{"Status", status}})),
         [this, sid, first, done = std::move(done)](const http::Reply& reply) mutable {
           if (reply.sent != http::Sent::answered) return done({.why = reply.why});
           const http::Response& response = reply.response;
           std::string id = request_id_of(response);
           const int code = read_error_code(response.body);
           bool over = false;
           if (response.status == 200) {
             const auto call = read_call(response.body);
             over = !first || (call && is_over(call->status));
           } else if (response.status == 400 && code == code_call_is_over) {
             over = !first;
           } else {
             return done({.unknown = is_not_found(response.status, code),
                          .why = status_line(response.status, code),
                          .request_id = std::move(id)});
           }
           if (over) return done({.ok = true, .request_id = std::move(id)});
           end_as(sid, "completed", std::move(done));
         });
  }
};

Twilio::Twilio(net::Loop& loop, Options options) {
  BaseUrl base = read_base_url(options.base_url);
  base.host = regional_host(base.host, options.edge, options.region);
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
  http::Client::Options for_questions = client;
  for_questions.connections_max = options.question_connections_max;
  const std::string user = options.user.empty() ? options.account_sid : options.user;
  block_ = std::make_unique<Block>(loop, std::move(options), client, for_questions);
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
    form.push_back({"FallbackMethod", order.fallback_by_get ? "GET" : "POST"});
  }
  if (order.machine_detection != CallOrder::MachineDetection::off) {
    const bool to_the_end = order.machine_detection == CallOrder::MachineDetection::message_end;
    form.push_back({"MachineDetection", to_the_end ? "DetectMessageEnd" : "Enable"});
    // Only what differs from the carrier's own defaults, which may come to differ from ours.
    const CallOrder::DetectionLimits standard;
    const CallOrder::DetectionLimits& limits = order.detection_limits;
    const auto limit = [&](const char* name, auto wanted, auto usual) {
      if (wanted != usual) form.push_back({name, std::to_string(wanted.count())});
    };
    limit("MachineDetectionTimeout", limits.timeout, standard.timeout);
    limit("MachineDetectionSpeechThreshold", limits.speech, standard.speech);
    limit("MachineDetectionSpeechEndThreshold", limits.speech_end, standard.speech_end);
    limit("MachineDetectionSilenceTimeout", limits.silence, standard.silence);
    if (!order.answering_machine_url.empty()) {
      form.push_back({"AsyncAmd", "true"});
      form.push_back({"AsyncAmdStatusCallback", order.answering_machine_url});
      form.push_back({"AsyncAmdStatusCallbackMethod", "POST"});
    }
  }
  if (order.record) {
    form.push_back({"Record", "true"});
    if (order.record_dual) form.push_back({"RecordingChannels", "dual"});
    if (!order.record_trim) form.push_back({"Trim", "do-not-trim"});
    form.push_back({"RecordingStatusCallback", order.recording_url});
    form.push_back({"RecordingStatusCallbackMethod", "POST"});
    // One value: here the list is separated by blanks (protocols.md 1.2).
    form.push_back({"RecordingStatusCallbackEvent", "completed absent"});
  }
  block_->send(
      block_->orders,
      block_->request("POST", block_->path + "/Calls.json", http::encode_form(form)),
      [loop = block_->loop, done = std::move(done)](const http::Reply& reply) {
        done(classified(reply, loop->now()));
      },
      {.not_after = order.not_after, .objection = order.objection, .on_sent = order.on_sent});
}

void Twilio::expect_order() {
  block_->orders.warm_up();
}

void Twilio::fetch(const std::string& sid, std::function<void(FetchReply)> done) {
  if (!is_sid(sid, "CA")) {
    block_->loop->post([done = std::move(done)] { done({.why = "that is no sid of a call"}); });
    return;
  }
  block_->send(block_->questions, block_->request("GET", block_->call_target(sid)),
               [done = std::move(done)](const http::Reply& reply) { done(record_in(reply)); });
}

void Twilio::list(const std::string& to, const std::string& from,
                  std::function<void(ListReply)> done) {
  block_->list(block_->path + "/Calls.json?To=" + http::percent_encode(to) +
                   "&From=" + http::percent_encode(from) + "&PageSize=1000",
               block_->options.list_pages_max, std::move(done));
}

// Two lists: a call that waits in the carrier's queue has not begun, and a filter by the day of its
// beginning leaves it out (protocols.md 1.3, 1.6).
void Twilio::list_day(const std::string& from, std::chrono::sys_days day,
                      std::function<void(ListReply)> done) {
  const std::string target = block_->path + "/Calls.json?From=" + http::percent_encode(from);
  const std::chrono::year_month_day date{day};
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02u", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  Block* block = block_.get();
  block->list(
      target + "&StartTime=" + text.data() + "&PageSize=1000", block->options.day_pages_max,
      [block, target, day, done = std::move(done)](ListReply begun) mutable {
        if (!begun.ok) return done(std::move(begun));
        block->list(
            target + "&Status=queued&PageSize=1000", block->options.day_pages_max,
            [day, done = std::move(done), begun = std::move(begun)](ListReply queued) mutable {
              if (!queued.ok) return done(std::move(queued));
              std::unordered_set<std::string> known;
              for (const CallRecord& call : begun.calls) known.insert(call.sid);
              for (CallRecord& call : queued.calls) {
                const bool of_the_day = call.date_created && std::chrono::floor<std::chrono::days>(
                                                                 *call.date_created) == day;
                if (of_the_day && known.insert(call.sid).second) {
                  begun.calls.push_back(std::move(call));
                }
              }
              begun.request_id = std::move(queued.request_id);
              done(std::move(begun));
            });
      });
}

void Twilio::redirect(const std::string& sid, const NewDocument& document,
                      std::function<void(RedirectReply)> done) {
  const auto refuse = [&](const char* why) {
    block_->loop->post([done = std::move(done), why] { done({.why = why}); });
  };
  if (!is_sid(sid, "CA")) return refuse("that is no sid of a call");
  if (document.twiml.empty() == document.url.empty()) {
    return refuse("a call goes on with a document or with the URL of one");
  }
  // Counted in bytes: the carrier's way of counting is not known, and bytes are never fewer.
  if (document.twiml.size() > new_twiml_characters_max) {
    return refuse("the document is too long to be sent: name a URL where it is");
  }
  http::Fields form;
  if (!document.twiml.empty()) {
    form.push_back({"Twiml", document.twiml});
  } else {
    form.push_back({"Url", document.url});
    form.push_back({"Method", "POST"});
  }
  block_->send(
      block_->orders, block_->request("POST", block_->call_target(sid), http::encode_form(form)),
      [done = std::move(done)](const http::Reply& reply) {
        if (reply.sent != http::Sent::answered) return done({.why = reply.why});
        const http::Response& response = reply.response;
        RedirectReply told{.ok = response.status == 200, .request_id = request_id_of(response)};
        if (!told.ok) {
          const int code = read_error_code(response.body);
          told.over = response.status == 400 && code == code_call_is_over;
          told.why = status_line(response.status, code);
        }
        done(std::move(told));
      });
}

void Twilio::take_back(const std::string& sid, std::function<void(FetchReply)> done) {
  if (!is_sid(sid, "CA")) {
    block_->loop->post([done = std::move(done)] { done({.why = "that is no sid of a call"}); });
    return;
  }
  block_->send(block_->orders,
               block_->request("POST", block_->call_target(sid),
                               http::encode_form({{"Status", "canceled"}})),
               [this, sid, done = std::move(done)](const http::Reply& reply) mutable {
                 const bool too_late = reply.sent == http::Sent::answered &&
                                       reply.response.status == 400 &&
                                       read_error_code(reply.response.body) == code_call_is_over;
                 // It is over, or somebody talks: its record tells which.
                 if (too_late) return fetch(sid, std::move(done));
                 done(record_in(reply));
               });
}

void Twilio::end(const std::string& sid, std::function<void(CancelReply)> done) {
  if (!is_sid(sid, "CA")) {
    block_->loop->post([done = std::move(done)] { done({.why = "that is no sid of a call"}); });
    return;
  }
  block_->end_as(sid, "canceled", std::move(done));
}

}  // namespace bridge::carrier
