#include "bridge/rehearsal/webhook_sender.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "bridge/rehearsal/dice.hpp"
#include "bridge/rehearsal/twiml.hpp"
#include "bridge/tls/fault.hpp"

namespace bridge::rehearsal {
namespace {

// Below the 15 s after which the program closes a connection that nothing comes over.
constexpr std::chrono::milliseconds idle_time_max{12'000};
constexpr std::size_t connections_max = 16;
constexpr std::size_t targets_max = 64;
constexpr std::size_t waiting_max = 1U << 20U;  // bounded by the calls

constexpr int failed_to_fetch = 11200;
constexpr int failed_to_connect = 11205;
constexpr int bad_host = 11210;
constexpr int failed_to_secure = 11220;
constexpr int certificate_of_another = 11235;
constexpr int certificate_expired = 11236;
constexpr int certificate_not_trusted = 11237;

// Why there was no connection, as the carrier numbers it.
int code_of(std::error_code error) {
  if (error.category() != tls::fault_category()) return failed_to_connect;
  if (error == tls::Fault::wrong_name) return certificate_of_another;
  if (error == tls::Fault::certificate_expired) return certificate_expired;
  const bool untrusted = error == tls::Fault::self_signed || error == tls::Fault::unknown_issuer;
  return untrusted ? certificate_not_trusted : failed_to_secure;
}

// What a carrier may add without notice, and how else it may write the same form. Signed all the
// same: the signature is over names and values, not over their bytes on the wire.
void add_unknown_fields(Fields& fields, Dice& dice) {
  const Fields unknown{{"StirVerstat", "TN-Validation-Passed-A"},
                       {"CallToken", "%7B%22parentCallInfoToken%22%3A%22+%22%7D"},
                       {"NewIn2027", "città, però & più ☎"},
                       {"EmptyNews", ""},
                       {"callsid", "of lower case"},
                       {"Tags", "second"},
                       {"Tags", "first"},
                       {"Tags", "first"}};
  for (const Field& field : unknown) {
    const auto at = static_cast<std::ptrdiff_t>(dice.below(fields.size() + 1));
    fields.insert(fields.begin() + at, field);
  }
}

}  // namespace

struct WebhookSender::Exchange {
  http::Request request{};
  Url url{};
  WebhookOverride rules{};
  int tries = 0;
  net::Instant until{};
  net::Loop::TimerId deadline = 0;
  Done done{};  // empty: over
};

WebhookSender::WebhookSender(net::Loop& loop, net::Links& links, Timetable& timetable,
                             const CarrierOptions& options, Counters& counters)
    : loop_(loop), links_(links), timetable_(timetable), options_(options), counters_(counters) {
  if (!options_.ca_file.empty()) {
    trusted_ = std::make_unique<tls::ClientContext>(
        tls::ClientContext::Options{.ca_file = options_.ca_file});
  }
}

WebhookSender::~WebhookSender() {
  ending_ = true;
  for (const auto& exchange : open_) loop_.cancel(exchange->deadline);
  targets_.clear();  // whoever waits hears of it, and looks at `ending_` first
}

void WebhookSender::send(const Callback& callback, const Fields& fields, const WebhookName& name,
                         Done done) {
  Dice dice(options_.seed, name.sid, name.ordinal, "webhook");
  const bool unknown_fields = dice.per_mille(options_.faults.webhook_unknown_fields);
  const bool odd_encoding = dice.per_mille(options_.faults.webhook_odd_encoding);
  Fields sent = fields;
  if (unknown_fields) add_unknown_fields(sent, dice);
  const std::string form = odd_encoding ? write_form_oddly(sent, dice) : write_form(sent);

  auto exchange = std::make_shared<Exchange>();
  open_.insert(exchange);
  exchange->done = std::move(done);
  exchange->rules = read_override(callback.url);
  exchange->until = loop_.now() + exchange->rules.total_time_max;
  std::string url = callback.url.substr(0, callback.url.find('#'));
  http::Request& request = exchange->request;
  request.method = callback.by_get ? "GET" : "POST";
  if (callback.by_get && !form.empty()) {
    url += url.find('?') == std::string::npos ? '?' : '&';
    url += form;
  }
  request.headers = {{"X-Twilio-Signature",
                      signature(options_.auth_token, url, callback.by_get ? Fields{} : sent)},
                     {"I-Twilio-Idempotency-Token",
                      hex_from(options_.seed, name.sid + " webhook", name.ordinal, 32)},
                     {"User-Agent", "TwilioProxy/1.1"},
                     {"Accept", "*/*"}};
  if (!callback.by_get) {
    request.headers.push_back({"Content-Type", "application/x-www-form-urlencoded; charset=UTF-8"});
    request.body = form;
  }
  const auto to = read_url(url);
  if (!to) {
    // A document may name any URL; this one cannot be asked.
    timetable_.at(loop_.now(), [this, exchange] {
      finish(exchange, {.reply = {.sent = http::Sent::not_sent}, .error = bad_host});
    });
    return;
  }
  exchange->url = *to;
  request.target = to->target;
  exchange->deadline = loop_.call_at(exchange->until, [this, exchange] {
    exchange->deadline = 0;
    finish(exchange, {.reply = {.sent = http::Sent::in_doubt}, .error = failed_to_fetch});
  });
  attempt(exchange);
}

void WebhookSender::attempt(const std::shared_ptr<Exchange>& exchange) {
  if (timetable_.holding()) {
    // A deadline of the wire led here before the program has come along.
    timetable_.at(loop_.now(), [this, exchange] { attempt(exchange); });
    return;
  }
  if (!exchange->done) return;
  if (++exchange->tries > 1) ++counters_.webhooks_retried;
  http::Client* client = client_of(exchange->url, exchange->rules);
  if (client == nullptr) {
    timetable_.at(loop_.now(), [this, exchange] {
      finish(exchange, {.reply = {.sent = http::Sent::not_sent}, .error = failed_to_secure});
    });
    return;
  }
  client->send(exchange->request,
               [this, exchange](const http::Reply& reply) { answered(exchange, reply); });
}

void WebhookSender::answered(const std::shared_ptr<Exchange>& exchange, const http::Reply& reply) {
  if (ending_ || !exchange->done) return;
  const WebhookOverride& rules = exchange->rules;
  const int status = reply.sent == http::Sent::answered ? reply.response.status : 0;
  bool again = false;
  int error = 0;
  if (reply.sent == http::Sent::not_sent) {
    again = rules.on_connect;
    error = code_of(reply.error);
  } else if (reply.sent == http::Sent::in_doubt) {
    again = rules.on_no_answer;
    error = failed_to_fetch;
  } else if (status >= 400) {
    again = status >= 500 ? rules.on_5xx : rules.on_4xx;
    error = failed_to_fetch;
  }
  if (again && exchange->tries <= rules.retries_max && loop_.now() < exchange->until) {
    attempt(exchange);
  } else {
    finish(exchange, {.reply = reply, .error = error});
  }
}

void WebhookSender::finish(const std::shared_ptr<Exchange>& exchange, const Fetched& fetched) {
  if (exchange->deadline != 0) loop_.cancel(std::exchange(exchange->deadline, 0));
  open_.erase(exchange);
  if (const Done done = std::exchange(exchange->done, {})) done(fetched);
}

tls::ClientContext* WebhookSender::trusted() {
  if (!trusted_) {
    try {
      trusted_ = std::make_unique<tls::ClientContext>(tls::ClientContext::Options{});
    } catch (const std::runtime_error&) {
      return nullptr;  // a system without authorities
    }
  }
  return trusted_.get();
}

http::Client* WebhookSender::client_of(const Url& url, const WebhookOverride& rules) {
  const std::string name = (url.secure ? "https://" : "http://") + url.host + ":" +
                           std::to_string(url.port) + " " +
                           std::to_string(rules.connect_time_max.count()) + " " +
                           std::to_string(rules.read_time_max.count());
  if (const auto found = targets_.find(name); found != targets_.end()) {
    return found->second.client.get();
  }
  http::Client::Options client;
  client.host = url.host;
  client.port = url.port;
  if (url.secure) {
    client.tls = trusted();
    if (client.tls == nullptr) return nullptr;
  }
  if (!options_.webhook_address.empty()) client.connect_addresses = {options_.webhook_address};
  client.connect_port = options_.webhook_port;
  client.connections_max = connections_max;
  client.waiting_max = waiting_max;
  client.response_bytes_max = 4 * document_bytes_max;
  client.connect_time_max = rules.connect_time_max;
  client.handshake_time_max = rules.connect_time_max;
  client.response_time_max = rules.read_time_max;
  client.idle_time_max = idle_time_max;
  client.links = &links_;
  Target& target = targets_[name];
  target.port = client.connect_addresses.empty() ? client.port : client.connect_port;
  target.client = std::make_unique<http::Client>(loop_, std::move(client));
  return target.client.get();
}

bool WebhookSender::about_to_write() const {
  return std::ranges::any_of(targets_, [](const auto& each) {
    const http::Client& client = *each.second.client;
    return client.unsent() > 0 && client.unanswered() < connections_max;
  });
}

bool WebhookSender::awaits(std::uint16_t port) const {
  return std::ranges::any_of(targets_, [port](const auto& each) {
    return each.second.port == port && each.second.client->unanswered() > 0;
  });
}

void WebhookSender::tidy() {
  if (targets_.size() <= targets_max) return;
  std::erase_if(targets_, [](const auto& each) {
    return each.second.client->unsent() == 0 && each.second.client->unanswered() == 0;
  });
}

}  // namespace bridge::rehearsal
