#include "bridge/carrier/twilio_account.hpp"

#include <simdjson.h>

#include <stdexcept>
#include <utility>

#include "bridge/carrier/base_url.hpp"
#include "bridge/carrier/basic_credentials.hpp"
#include "bridge/carrier/call_json.hpp"
#include "bridge/carrier/rfc2822.hpp"
#include "bridge/http/client.hpp"
#include "bridge/http/form.hpp"

namespace bridge::carrier {

namespace {

using simdjson::dom::element;

constexpr std::string_view twilio_host = "api.twilio.com";

// Where it is asked which countries may be called.
std::string voice_host_for(const std::string& host) {
  return host == twilio_host ? "voice.twilio.com" : host;
}

http::Client::Options client_options(const Twilio::Options& options, const std::string& host,
                                     const BaseUrl& base) {
  http::Client::Options client;
  client.host = host;
  client.port = base.port;
  if (base.secured && options.tls == nullptr) {
    throw std::invalid_argument("the carrier's base URL is https, and nobody says whom to trust");
  }
  client.tls = base.secured ? options.tls : nullptr;
  client.connections_max = 1;
  client.response_time_max = options.answer_time_max;
  return client;
}

void note(TwilioAccount::Answer& answer, const http::Reply& reply) {
  if (reply.sent != http::Sent::answered) {
    answer.why = reply.why;
    return;
  }
  answer.http_status = reply.response.status;
  answer.date = parse_rfc2822(reply.response.header("Date"));
  answer.ok = answer.http_status == 200;
  if (answer.ok) return;
  answer.code = read_error_code(reply.response.body);
  answer.why = "answered " + std::to_string(answer.http_status);
  if (answer.code != 0) answer.why += ", code " + std::to_string(answer.code);
}

// Reads the body of an answer that is well so far; `read` says whether it found what it wanted.
void read_body(TwilioAccount::Answer& answer, const http::Reply& reply,
               const std::function<bool(const element&)>& read) {
  note(answer, reply);
  if (!answer.ok) return;
  simdjson::dom::parser parser;
  element root;
  if (parser.parse(reply.response.body).get(root) == simdjson::SUCCESS && read(root)) return;
  answer.ok = false;
  answer.why = "the answer could not be read";
}

}  // namespace

struct TwilioAccount::Block {
  BaseUrl base{};
  std::string path{};  // /2010-04-01/Accounts/AC…
  std::string authorization{};
  http::Client api;
  http::Client voice;

  Block(net::Loop& loop, const Twilio::Options& options, BaseUrl at)
      : base(std::move(at)),
        path("/2010-04-01/Accounts/" + options.account_sid),
        authorization(basic_credentials(options.user.empty() ? options.account_sid : options.user,
                                        options.password)),
        api(loop, client_options(options, base.host, base)),
        voice(loop, client_options(options, voice_host_for(base.host), base)) {}

  void ask(http::Client& client, std::string target, std::function<void(const http::Reply&)> done) {
    http::Request request{.method = "GET", .target = std::move(target)};
    request.headers = {{"Authorization", authorization},
                       {"Accept", "application/json"},
                       {"User-Agent", "campanile"}};
    client.send(request, std::move(done));
  }

  // Whether a list has anything in it.
  void look(const char* resource, const char* list, const std::string& number,
            std::function<void(Holding, bool found)> done) {
    ask(api,
        path + '/' + resource + ".json?PhoneNumber=" + http::percent_encode(number) +
            "&PageSize=20",
        [list, done = std::move(done)](const http::Reply& reply) {
          Holding holding;
          bool found = false;
          read_body(holding, reply, [&](const element& root) {
            simdjson::dom::array numbers;
            if (root[list].get(numbers) != simdjson::SUCCESS) return false;
            found = numbers.size() > 0;
            return true;
          });
          done(std::move(holding), found);
        });
  }
};

TwilioAccount::TwilioAccount(net::Loop& loop, const Twilio::Options& options) {
  auto base = read_base_url(options.base_url);
  base.host = regional_host(base.host, options.edge, options.region);
  if (!is_sid(options.account_sid, "AC")) {
    throw std::invalid_argument(
        "the account's sid must be AC and 32 lower-case hex digits (TWILIO_ACCOUNT_SID)");
  }
  block_ = std::make_unique<Block>(loop, options, std::move(base));
}

TwilioAccount::~TwilioAccount() = default;

void TwilioAccount::credentials(std::function<void(Answer)> done) {
  block_->ask(block_->api, block_->path + "/Calls.json?PageSize=1",
              [done = std::move(done)](const http::Reply& reply) {
                Answer answer;
                read_body(answer, reply, [&](const element& root) {
                  simdjson::dom::array calls;
                  return root["calls"].get(calls) == simdjson::SUCCESS;
                });
                done(std::move(answer));
              });
}

void TwilioAccount::standing(std::function<void(Standing)> done) {
  block_->ask(block_->api, block_->path + ".json",
              [done = std::move(done)](const http::Reply& reply) {
                Standing standing;
                read_body(standing, reply, [&](const element& root) {
                  std::string_view status, type;
                  if (root["status"].get(status) != simdjson::SUCCESS) return false;
                  if (root["type"].get(type) == simdjson::SUCCESS) standing.type = type;
                  standing.status = status;
                  return true;
                });
                done(std::move(standing));
              });
}

void TwilioAccount::holding(const std::string& number, std::function<void(Holding)> done) {
  block_->look("IncomingPhoneNumbers", "incoming_phone_numbers", number,
               [this, number, done = std::move(done)](Holding holding, bool found) mutable {
                 if (found) holding.number = Number::owned;
                 if (found || !holding.ok) return done(std::move(holding));
                 block_->look("OutgoingCallerIds", "outgoing_caller_ids", number,
                              [done = std::move(done)](Holding verified, bool there) {
                                if (there) verified.number = Number::verified;
                                done(std::move(verified));
                              });
               });
}

bool TwilioAccount::knows_countries() const {
  const auto& host = block_->base.host;
  return host == twilio_host || !host.ends_with(".twilio.com");
}

void TwilioAccount::permission(const std::string& country, std::function<void(Permission)> done) {
  block_->ask(block_->voice, "/v1/DialingPermissions/Countries/" + http::percent_encode(country),
              [done = std::move(done)](const http::Reply& reply) {
                Permission permission;
                read_body(permission, reply, [&](const element& root) {
                  return root["low_risk_numbers_enabled"].get(permission.allowed) ==
                         simdjson::SUCCESS;
                });
                done(std::move(permission));
              });
}

}  // namespace bridge::carrier
