#include "runner/doctor.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <deque>
#include <filesystem>
#include <optional>
#include <string_view>
#include <utility>

#include "bridge/carrier/base_url.hpp"
#include "bridge/carrier/twilio_account.hpp"
#include "bridge/carrier/twilio_signature.hpp"
#include "bridge/http/client.hpp"
#include "bridge/http/form.hpp"
#include "bridge/tls/client_context.hpp"
#include "bridge/tls/fault.hpp"
#include "bridge/tls/server_context.hpp"
#include "bridge/voice/realtime.hpp"
#include "bridge/ws/upgrade.hpp"
#include "campaigns/json_writer.hpp"
#include "campaigns/phone_number.hpp"
#include "campaigns/state.hpp"
#include "runner/certificate_end.hpp"
#include "runner/crypto.hpp"
#include "runner/descriptors.hpp"
#include "runner/door_watch.hpp"
#include "runner/listen_address.hpp"
#include "runner/output.hpp"
#include "runner/outward_url.hpp"
#include "webhook/door.hpp"

namespace runner {

namespace http = bridge::http;
using bridge::carrier::TwilioAccount;
using Verdict = Finding::Verdict;

namespace {

// Addresses that a tunnel lends for a while.
constexpr std::array<std::string_view, 8> tunnels = {
    ".ngrok-free.app",    ".ngrok-free.dev", ".ngrok.app", ".ngrok.io",
    ".trycloudflare.com", ".loca.lt",        ".lhr.life",  ".serveo.net"};

constexpr const char* certificate_cure = "see --tls-cert and --tls-key: PEM files that go together";

constexpr std::uintmax_t disk_bytes_wanted = 256u << 20;

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::well:
      return "ok";
    case Verdict::warning:
      return "warning";
    case Verdict::unproven:
      return "unproven";
    case Verdict::bad_input:
      return "bad";
    case Verdict::broken:
      return "broken";
  }
  return "";
}

std::string ending(const std::string& number) {
  return "the number that ends in " + number.substr(number.size() < 4 ? 0 : number.size() - 4);
}

// Where the carrier reaches us: what a client connects to, and what stands before each path.
struct PublicUrl {
  std::string text{};  // without a slash at its end
  bridge::carrier::BaseUrl base{};
  std::string path{};
};

std::optional<PublicUrl> read_public_url(std::string text) {
  if (text.find("://") == std::string::npos) text = "https://" + text;
  while (text.ends_with('/')) text.pop_back();
  const auto path = text.find('/', text.find("://") + 3);
  if (!bridge::carrier::can_be_requested(text)) return {};
  try {
    PublicUrl url{text, bridge::carrier::read_base_url(text.substr(0, path)), {}};
    if (path != std::string::npos) url.path = text.substr(path);
    return url;
  } catch (const std::invalid_argument&) {
    return {};
  }
}

// Whether TLS failed by what somebody showed or asked for; not by somebody who was silent or gone.
bool is_of_certificate(std::error_code error) {
  using bridge::tls::Fault;
  return error.category() == bridge::tls::fault_category() && error != Fault::timed_out &&
         error != Fault::ended_early && error != Fault::truncated && error != Fault::too_many &&
         error != Fault::out_of_memory;
}

void look_at_server_url(const LiveOptions& options, Findings& findings) {
  const auto add = [&](Verdict verdict, std::string what, std::string cure) {
    findings.push_back({verdict, "SERVER_URL", std::move(what), std::move(cure)});
  };
  if (options.server_url.empty()) {
    return add(Verdict::bad_input, "is not set: the carrier must know where to reach us",
               "put the public address of this machine or of its tunnel into .env");
  }
  const auto url = read_public_url(options.server_url);
  if (!url) {
    return add(Verdict::bad_input, "is no address",
               "write it as https://host or as a bare host, without blanks, # and letters beyond "
               "ASCII");
  }
  const bool far_end_secured = options.twilio_base_url.starts_with("https://");
  if (!url->base.secured && far_end_secured) {
    return add(Verdict::bad_input, "says http: what is answered and said would go in clear",
               "use https: a tunnel has it, or give the door a certificate with --tls-cert");
  }
  if (url->base.host.find('_') != std::string::npos) {
    return add(Verdict::bad_input, "has a host with an underscore, which the carrier refuses",
               "use another name");
  }
  const bool lent = std::ranges::any_of(
      tunnels, [&](std::string_view tunnel) { return url->base.host.ends_with(tunnel); });
  if (lent) {
    return add(Verdict::warning, "is a tunnel's: it is gone when the tunnel ends, calls included",
               "good for trying; for a long list use an address that stays");
  }
  add(Verdict::well, "has the shape of an address", "");
}

void look_at_caller_id(const LiveOptions& options, Findings& findings) {
  const auto add = [&](Verdict verdict, std::string what, std::string cure) {
    findings.push_back({verdict, "caller id", std::move(what), std::move(cure)});
  };
  if (options.caller_id.empty()) {
    return add(Verdict::warning, "TRANSFER_NUMBER_MAIN is not set",
               "set it, or name caller_ids in each campaign");
  }
  if (!campaigns::is_e164(options.caller_id)) {
    return add(Verdict::bad_input, "TRANSFER_NUMBER_MAIN is no number in international form",
               "write it as +39…, without blanks");
  }
  if (options.caller_id.starts_with("+39")) {
    add(Verdict::warning,
        "is Italian: since August 2025 calls that come from abroad with an Italian landline as "
        "caller id are blocked in Italy, since November 2025 with a mobile number too",
        "ask the carrier how its calls with this number enter Italy");
  }
}

void look_at_machine(const LiveOptions& options, Findings& findings) {
  std::error_code error;
  const auto folder = options.log.empty() ? std::filesystem::current_path()
                                          : std::filesystem::absolute(options.log).parent_path();
  const auto space = std::filesystem::space(folder, error);
  if (error) {
    findings.push_back({Verdict::broken, "disk",
                        "the log's folder cannot be looked at: " + error.message(), "check --log"});
  } else if (space.available < disk_bytes_wanted) {
    findings.push_back({Verdict::warning, "disk",
                        "has " + std::to_string(space.available >> 20) + " MiB left for the log",
                        "a call takes a few kilobytes; on a full disk nobody is called"});
  } else {
    findings.push_back(
        {Verdict::well, "disk", std::to_string(space.available >> 20) + " MiB are free", ""});
  }
  const DescriptorShares wanted{http::Limits{}.connections_max, options.streams_max,
                                1 + media_loops(options)};
  const auto limit = descriptor_limit();
  if (limit < descriptors_for(wanted)) {
    const auto shares = fitting(wanted, limit);
    findings.push_back(
        {Verdict::warning, "open files",
         "are limited to " + std::to_string(limit) + ": the door takes " +
             std::to_string(shares.connections_max) + " connections and " +
             std::to_string(shares.streams_max) + " media streams at once, instead of " +
             std::to_string(wanted.connections_max) + " and " + std::to_string(wanted.streams_max),
         "raise the hard limit to " + std::to_string(descriptors_for(wanted)) +
             ": LimitNOFILE= in a unit of systemd, ulimit -Hn in a shell"});
  }
}

}  // namespace

Findings look_at_settings(const LiveOptions& options) {
  Findings findings;
  look_at_server_url(options, findings);
  look_at_caller_id(options, findings);
  look_at_machine(options, findings);
  return findings;
}

std::set<std::string> countries_of(const campaigns::Campaign& campaign) {
  std::set<std::string> countries(campaign.countries.begin(), campaign.countries.end());
  if (countries.empty() && !campaign.contacts.region.empty()) {
    countries.insert(campaign.contacts.region);
  }
  return countries;
}

struct AccountInquiry::Block {
  bool api_key = false;  // that the calls will be placed with; few keys may ask for everything
  std::deque<std::string> caller_ids{};
  std::deque<std::string> countries{};
  std::function<void(Findings)> done{};
  Findings findings{};
  // These go first: what is under way hears of it.
  TwilioAccount account;
  std::optional<TwilioAccount> by_token{};  // the same, asked with the token beside the API key
  TwilioAccount* asked = &account;          // for what is the account's

  Block(bridge::net::Loop& loop, const bridge::carrier::Twilio::Options& options)
      : account(loop, options) {}

  void add(Verdict verdict, std::string subject, std::string what, std::string cure = {}) {
    findings.push_back({verdict, std::move(subject), std::move(what), std::move(cure)});
  }

  // What an answer tells that is none: `refused` for a no to us, else whether anybody answered.
  void add_failure(const std::string& subject, const TwilioAccount::Answer& answer) {
    if (answer.http_status == 401 || answer.http_status == 403) {
      return add(Verdict::bad_input, subject, "the carrier refuses our credentials: " + answer.why,
                 "check TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN, or TWILIO_API_KEY and "
                 "TWILIO_API_SECRET; a key of another region is refused, too");
    }
    if (answer.http_status == 0) {
      return add(Verdict::broken, subject, "the carrier cannot be asked: " + answer.why,
                 "check this machine's way out, and TWILIO_BASE_URL if it is set");
    }
    add(Verdict::unproven, subject, "could not be asked for: the carrier " + answer.why,
        "ask again later; if it stays so, the first call will tell");
  }

  // Whether this is a no to an API key that may place calls all the same: of the account itself the
  // carrier tells Main keys only, and of the rest a Restricted one what it is for.
  bool withheld(const TwilioAccount::Answer& answer) const {
    return api_key && (answer.http_status == 401 || answer.http_status == 403);
  }

  void begin() {
    if (!api_key) return look_at_account(account);
    account.credentials([this](const TwilioAccount::Answer& answer) {
      if (!answer.ok) {
        add_failure("credentials", answer);
        if (answer.http_status != 404) return end();
        return next_caller_id();
      }
      look_at_clock(answer);
      add(Verdict::well, "credentials", "the carrier knows the API key");
      look_at_account(by_token ? *by_token : account);
    });
  }

  void look_at_account(TwilioAccount& from) {
    from.standing([this, &from](const TwilioAccount::Standing& standing) {
      look_at_standing(from, standing);
    });
  }

  void look_at_standing(TwilioAccount& from, const TwilioAccount::Standing& standing) {
    const bool with_token = &from != &account;
    if (withheld(standing)) {
      add(Verdict::unproven, "account",
          "that it is active is not proven: the carrier " + standing.why,
          with_token ? "" : "the console tells; only a Main key may ask");
      if (with_token) {
        add(Verdict::warning, "auth token", "the carrier refuses it: " + standing.why,
            "check TWILIO_AUTH_TOKEN: webhooks that are signed with another one are turned away");
      } else {
        leave_token_unproven();
      }
      return next_caller_id();
    }
    if (!standing.ok) {
      add_failure(api_key ? "account" : "credentials", standing);
      const bool in_vain = standing.http_status != 404 && !api_key;
      if (in_vain || standing.http_status == 0) return end();
      return next_caller_id();
    }
    if (!api_key) look_at_clock(standing);
    if (standing.status != "active") {
      add(Verdict::bad_input, "account", "is " + standing.status,
          "see the console: an account that is not active places no call");
      return end();
    }
    if (standing.type == "Trial") {
      add(Verdict::warning, "account",
          "is a trial: it calls verified numbers only, and says so in every call",
          "upgrade it before the list");
    } else {
      add(Verdict::well, "account", "is active");
    }
    if (with_token) {
      add(Verdict::well, "auth token", "is the account's");
      asked = &from;
    } else if (api_key) {
      leave_token_unproven();
    }
    next_caller_id();
  }

  void leave_token_unproven() {
    add(Verdict::unproven, "auth token",
        "the carrier was asked with an API key; that it signs with this token is seen at the first "
        "call");
  }

  void look_at_clock(const TwilioAccount::Answer& answer) {
    if (!answer.date) return add(Verdict::unproven, "clock", "the carrier does not tell its time");
    const auto now = std::chrono::system_clock::now();
    const auto apart = std::chrono::duration_cast<std::chrono::seconds>(now - *answer.date);
    if (std::chrono::abs(apart) <= std::chrono::seconds{5}) {
      return add(Verdict::well, "clock", "agrees with the carrier's");
    }
    add(Verdict::warning, "clock",
        "differs from the carrier's by " + std::to_string(apart.count()) +
            " s: hours, rates and lost calls are judged by it",
        "let this machine ask a time server");
  }

  void next_caller_id() {
    if (caller_ids.empty()) return next_country();
    const auto number = std::move(caller_ids.front());
    caller_ids.pop_front();
    asked->holding(number, [this, number](const TwilioAccount::Holding& holding) {
      if (withheld(holding)) {
        add(Verdict::unproven, "caller id",
            ending(number) + " could not be asked for with this API key: the carrier " +
                holding.why,
            "see Phone Numbers in the console");
      } else if (!holding.ok) {
        add_failure("caller id", holding);
      } else if (holding.number == TwilioAccount::Number::not_ours) {
        add(Verdict::bad_input, "caller id",
            ending(number) + " is neither a number of the account nor verified there",
            "buy it or verify it in the console (Phone Numbers), or name another one");
      } else {
        add(Verdict::well, "caller id",
            ending(number) + (holding.number == TwilioAccount::Number::owned
                                  ? " is a number of the account"
                                  : " is verified"));
      }
      next_caller_id();
    });
  }

  void next_country() {
    if (countries.empty()) return end();
    if (!account.knows_countries()) {
      add(Verdict::unproven, "countries", "are not asked for at an edge or region of Twilio's",
          "see Voice, Settings, Geo permissions in the console");
      return end();
    }
    const auto country = std::move(countries.front());
    countries.pop_front();
    asked->permission(country, [this, country](const TwilioAccount::Permission& permission) {
      if (!permission.ok) {
        add(Verdict::unproven, "countries", country + ": the carrier " + permission.why,
            "see Voice, Settings, Geo permissions in the console");
      } else if (permission.allowed) {
        add(Verdict::well, "countries", country + " may be called");
      } else {
        add(Verdict::bad_input, "countries", country + " may not be called by this account",
            "allow it in the console: Voice, Settings, Geo permissions");
      }
      next_country();
    });
  }

  void end() { done(std::move(findings)); }
};

AccountInquiry::AccountInquiry(bridge::net::Loop& loop, const LiveOptions& options,
                               bridge::tls::ClientContext* trust,
                               std::vector<std::string> caller_ids,
                               std::vector<std::string> countries,
                               std::function<void(Findings)> done) {
  auto carrier = carrier_options(options);
  carrier.tls = trust;
  carrier.answer_time_max = std::chrono::seconds{10};
  block_ = std::make_unique<Block>(loop, carrier);
  block_->api_key = !options.api_key.empty();
  // The key is what the carrier is to see: the token, which signs webhooks, goes to nobody besides.
  const bool seen_by_others = goes_in_clear(bridge::carrier::read_base_url(carrier.base_url));
  if (block_->api_key && !options.auth_tokens.empty() && !seen_by_others) {
    carrier.user.clear();
    carrier.password = options.auth_tokens.front();
    block_->by_token.emplace(loop, carrier);
  }
  block_->caller_ids = {caller_ids.begin(), caller_ids.end()};
  block_->countries = {countries.begin(), countries.end()};
  block_->done = std::move(done);
  block_->begin();
}

AccountInquiry::~AccountInquiry() {
  block_->done = [](const Findings&) {};
}

const Findings& AccountInquiry::found() const {
  return block_->findings;
}

struct DoorInquiry::Block {
  bridge::net::Loop& loop;
  LiveOptions options{};
  bridge::tls::ClientContext* trust = nullptr;
  Live* program = nullptr;
  std::function<void(Findings)> done{};
  Findings findings{};
  campaigns::State nobody{};
  std::optional<PublicUrl> url{};
  std::unique_ptr<webhook::Door> door{};
  std::unique_ptr<bridge::tls::ServerContext> certificate{};
  std::unique_ptr<http::Server> server{};
  std::unique_ptr<http::Client> client{};
  // At our own door: of those that ask whether it is up, and of our webhooks.
  std::uint64_t seen = 0;
  std::uint64_t webhooks_seen = 0;
  // What no request but ours has: a call that never was, and a word beside the stream.
  std::string sid = "CA" + hex(sha256(random_key())).substr(0, 32);
  std::string word = hex(sha256(random_key()));
  bool leaving = false;
  std::unique_ptr<bridge::net::ByteStream> socket{};
  std::unique_ptr<bridge::ws::Connecting> connecting{};

  Block(bridge::net::Loop& its_loop, const LiveOptions& its_options,
        bridge::tls::ClientContext* its_trust, Live* its_program)
      : loop(its_loop), options(its_options), trust(its_trust), program(its_program) {}

  void add(Verdict verdict, std::string subject, std::string what, std::string cure = {}) {
    findings.push_back({verdict, std::move(subject), std::move(what), std::move(cure)});
  }

  std::string listen() const { return options.listen.empty() ? "0.0.0.0:8080" : options.listen; }

  // The answer to our own requests and to who asks whether it is up; nothing for what is the
  // carrier's.
  std::optional<http::Response> answer(const http::Request& request) {
    const bool post = request.method == "POST";
    if (post) {
      const auto fields = http::decode_form(request.body);
      if (!fields || http::field(*fields, "CallSid") != sid) return {};
    }
    const auto read = door->read(request);
    const auto* inbound = std::get_if<webhook::Inbound>(&read);
    if (!post && (inbound == nullptr || inbound->kind != webhook::Kind::up)) return {};
    ++(post ? webhooks_seen : seen);
    return inbound != nullptr ? door->answer(*inbound)
                              : door->turned_away(std::get<webhook::TurnedAway>(read));
  }

  void take(http::ExchangeId id, const http::Request& request) {
    if (const auto response = answer(request)) return server->answer(id, *response);
    const auto read = door->read(request);
    const auto* inbound = std::get_if<webhook::Inbound>(&read);
    if (request.header("X-Campanile-Visit") == word && inbound != nullptr &&
        inbound->kind == webhook::Kind::media_stream) {
      return upgrade(id, request);
    }
    server->answer(id, {.status = 503, .headers = {{"Retry-After", "1"}}, .body = {}});
  }

  // The door of the program, or one of our own. False: it cannot be with this certificate.
  bool open_door() {
    webhook::DoorOptions facts;
    facts.auth_tokens = options.auth_tokens;
    facts.account_sid = options.account_sid;
    facts.public_url = url->text;
    door = std::make_unique<webhook::Door>(
        nobody, facts, [](std::string_view) { return std::optional<campaigns::AttemptId>{}; },
        [](const campaigns::AttemptId&) { return std::string{}; },
        [](std::string_view) { return std::string{}; });
    if (program != nullptr) {
      program->let_visit([this](const http::Request& request) { return answer(request); });
      return true;
    }
    http::Server::Options server_options;
    std::tie(server_options.address, server_options.port) = read_listen(listen(), "--listen");
    if (!options.tls_certificate.empty()) {
      try {
        certificate = std::make_unique<bridge::tls::ServerContext>(
            bridge::tls::ServerContext::Options{options.tls_certificate, options.tls_key});
      } catch (const std::exception& error) {
        add(Verdict::bad_input, "certificate", error.what(), certificate_cure);
        return false;
      }
      if (auto end = certificate_end_text(certificate->valid_until(), loop.now()); !end.empty()) {
        add(Verdict::warning, "certificate", std::move(end), certificate_end_cure);
      }
      server_options.tls = certificate.get();
    }
    try {
      server = std::make_unique<http::Server>(
          loop, server_options,
          [this](http::ExchangeId id, const http::Request& request) { take(id, request); });
      add(Verdict::well, "door", "opened on " + listen());
    } catch (const std::system_error& error) {
      add(Verdict::unproven, "door", cannot_listen(listen(), "--listen", error.code()),
          "whatever answers at SERVER_URL is asked instead");
    }
    return true;
  }

  // As the program does it, but that nobody listens afterwards.
  void upgrade(http::ExchangeId id, const http::Request& request) {
    const auto response = bridge::ws::answer_upgrade(request);
    if (response.status != 101) return server->answer(id, response);
    auto taken = server->take_over(id);
    if (taken && taken->stream->write(bridge::ws::upgrade_head(response))) {
      socket = std::move(taken->stream);
    }
  }

  void begin() {
    url = read_public_url(options.server_url);
    if (!url) return end();  // told with the settings
    if (!open_door()) return end();
    http::Client::Options to;
    to.host = url->base.host;
    to.port = url->base.port;
    to.tls = url->base.secured ? trust : nullptr;
    to.response_time_max = std::chrono::seconds{10};
    client = std::make_unique<http::Client>(loop, to);
    http::Request visit{.method = "GET", .target = url->path + '/'};
    visit.headers = {{"Cache-Control", "no-cache"}};
    send(visit, [this](const http::Reply& reply) { heard_up(reply); });
  }

  // A client that goes tells whoever waits: nobody does any more then.
  void send(const http::Request& request, std::function<void(const http::Reply&)> heard) {
    client->send(request, [this, heard = std::move(heard)](const http::Reply& reply) {
      if (!leaving) heard(reply);
    });
  }

  bool door_is_ours() const { return server != nullptr || program != nullptr; }

  void heard_up(const http::Reply& reply) {
    if (is_of_certificate(reply.error)) {
      add(Verdict::broken, "certificate", "SERVER_URL is not secured: " + reply.why,
          "give the door or the proxy one for this name, in date, from an authority that everybody "
          "trusts, with its intermediate certificates; or, should the name lead elsewhere from "
          "this machine alone, put its address into /etc/hosts");
      return end();
    }
    if (reply.sent != http::Sent::answered) {
      add(Verdict::broken, "way in", "SERVER_URL does not answer: " + reply.why,
          "is the tunnel up, and does it lead to " + listen() + '?');
      return end();
    }
    const bool ours = says_up(reply.response) && (!door_is_ours() || seen > 0);
    // A program that runs would write down a call that never was.
    if (!door_is_ours()) {
      if (!ours) return find_elsewhere(reply.response.status);
      find_way_in(0);
      return ask_forged();
    }
    // Where a proxy passes what the carrier asks for, and has another site for everybody else, the
    // first visit says nothing.
    ask(true, [this, ours, status = reply.response.status](const http::Reply& answer) {
      if (!ours && webhooks_seen == 0) return find_elsewhere(status);
      find_way_in(ours ? 0 : status);
      judge_signature(answer);
      ask_forged();
    });
  }

  void find_elsewhere(int status) {
    add(Verdict::broken, "way in",
        "something else answers at SERVER_URL, with " + std::to_string(status) +
            (door_is_ours() && seen == 0 ? ", and nothing came to our door" : ""),
        "let the tunnel or proxy lead to " + listen() +
            "; some tunnels show a page of their own first");
    findings.back().proven = true;
    end();
  }

  // `other_status`: what somebody else answers who asks for no webhook; 0: nobody else does.
  void find_way_in(int other_status) {
    if (other_status == 0) {
      add(Verdict::well, "way in", "SERVER_URL leads to the door");
    } else {
      add(Verdict::warning, "way in",
          "webhooks come to the door, and something else answers a GET of SERVER_URL, with " +
              std::to_string(other_status),
          "calls work; whoever watches the door from outside sees that other site");
    }
    if (url->base.secured && !options.ca_file.empty()) {
      add(Verdict::warning, "certificate",
          "was held against --ca-file; Twilio trusts public authorities only", "");
    } else if (url->base.secured) {
      add(Verdict::well, "certificate", "is good for this name");
    }
  }

  void judge_signature(const http::Reply& answer) {
    const bool answered = answer.sent == http::Sent::answered;
    if (answered && answer.response.status / 100 == 2) {
      return add(Verdict::well, "signatures", "a signed webhook comes through as it was sent");
    }
    add(Verdict::broken, "signatures",
        "a signed webhook is refused: " +
            (answered ? std::to_string(answer.response.status) : answer.why),
        "something on the way changes requests: let the proxy pass path, query and body "
        "untouched");
    findings.back().proven = answered;
  }

  void ask_forged() {
    ask(false, [this](const http::Reply& answer) {
      if (answer.sent == http::Sent::answered && answer.response.status == 403) {
        add(Verdict::well, "forgeries", "a webhook with a wrong signature is refused");
      } else if (answer.sent == http::Sent::answered) {
        add(Verdict::broken, "forgeries",
            "a webhook with a wrong signature is answered " +
                std::to_string(answer.response.status),
            "something on the way answers in our place");
      } else {
        add(Verdict::broken, "forgeries", "no answer: " + answer.why, "");
      }
      ask_stream();
    });
  }

  // A media stream as the carrier opens one: a WebSocket, signed, to the same host.
  void ask_stream() {
    bridge::ws::Connecting::Options to;
    to.host = url->base.host;
    to.port = url->base.port;
    to.tls = url->base.secured ? trust : nullptr;
    to.target = url->path + "/media-stream";
    const auto signed_url =
        "ws" + url->text.substr(std::string_view("http").size()) + "/media-stream";
    const std::string token = options.auth_tokens.empty() ? "wrong" : options.auth_tokens.front();
    to.headers = {{"X-Twilio-Signature", bridge::carrier::sign(token, signed_url, {})},
                  {"X-Campanile-Visit", word}};
    using Opened = std::variant<std::unique_ptr<bridge::ws::Connection>, bridge::ws::Refused>;
    connecting = std::make_unique<bridge::ws::Connecting>(loop, to, [this](Opened opened) {
      const auto* refused = std::get_if<bridge::ws::Refused>(&opened);
      if (refused == nullptr) {
        add(Verdict::well, "media streams", "a signed WebSocket reaches the door");
      } else {
        add(Verdict::warning, "media streams",
            "a signed WebSocket does not reach the door: " +
                (refused->status != 0 ? "answered " + std::to_string(refused->status)
                                      : refused->why),
            "campaigns in mode agent need it: let the tunnel or proxy pass WebSockets");
      }
      ask_fallback();
    });
  }

  // A status callback of a call that never was.
  void ask(bool rightly_signed, std::function<void(const http::Reply&)> heard) {
    const http::Fields fields{{"CallSid", sid},
                              {"AccountSid", options.account_sid},
                              {"CallStatus", "initiated"},
                              {"SequenceNumber", "0"}};
    const std::string token =
        rightly_signed && !options.auth_tokens.empty() ? options.auth_tokens.front() : "wrong";
    http::Request request{.method = "POST", .target = url->path + "/call-status"};
    request.headers = {
        {"Content-Type", "application/x-www-form-urlencoded"},
        {"X-Twilio-Signature", bridge::carrier::sign(token, url->text + "/call-status", fields)}};
    request.body = http::encode_form(fields);
    send(request, std::move(heard));
  }

  void ask_fallback() {
    const auto page = options.environment.get("FALLBACK_URL");
    if (page.empty()) {
      add(Verdict::warning, "FALLBACK_URL",
          "is not set: when our door is shut people hear the carrier's own error, in English",
          "put the page that `campanile fallback-page` prints on another host, and name it");
      return end();
    }
    const auto fallback = read_public_url(page);
    if (!fallback) {
      add(Verdict::bad_input, "FALLBACK_URL", "is no address", "write it as https://host/path");
      return end();
    }
    http::Client::Options to;
    to.host = fallback->base.host;
    to.port = fallback->base.port;
    to.tls = fallback->base.secured ? trust : nullptr;
    to.response_time_max = std::chrono::seconds{10};
    client = std::make_unique<http::Client>(loop, to);
    send({.method = "GET", .target = fallback->path.empty() ? "/" : fallback->path},
         [this](const http::Reply& reply) {
           const bool page_there = reply.sent == http::Sent::answered &&
                                   reply.response.status == 200 &&
                                   reply.response.body.find("<Response") != std::string::npos;
           if (page_there) {
             add(Verdict::well, "FALLBACK_URL", "holds a page for the carrier");
           } else {
             add(Verdict::warning, "FALLBACK_URL",
                 reply.sent == http::Sent::answered
                     ? "answers " + std::to_string(reply.response.status) + " and no TwiML"
                     : "does not answer: " + reply.why,
                 "put the page that `campanile fallback-page` prints there");
           }
           end();
         });
  }

  void end() { done(std::move(findings)); }
};

DoorInquiry::DoorInquiry(bridge::net::Loop& loop, const LiveOptions& options,
                         bridge::tls::ClientContext* trust, Live* program,
                         std::function<void(Findings)> done)
    : block_(std::make_unique<Block>(loop, options, trust, program)) {
  block_->done = std::move(done);
  block_->begin();
}

DoorInquiry::~DoorInquiry() {
  block_->leaving = true;
  if (block_->program != nullptr) block_->program->let_visit({});
}

namespace {

// Hears whether a session is as it was asked for, and nothing else.
class FirstYes final : public bridge::voice::Listener {
 public:
  explicit FirstYes(bridge::net::Loop& loop) : loop_(loop) {}
  bool ready = false;
  std::string complaint{};
  std::optional<bridge::voice::Failure> failure{};

  void on_ready() override {
    ready = true;
    loop_.stop();
  }
  void on_failed(const bridge::voice::Failure& failed) override {
    failure = failed;
    loop_.stop();
  }
  void on_audio(std::string_view, std::string_view) override {}
  void on_audio_done(std::string_view) override {}
  void on_speech_started(std::string_view) override {}
  void on_speech_stopped(std::string_view) override {}
  void on_agent_said(std::string_view, std::string_view) override {}
  void on_callee_said(std::string_view, std::string_view, std::string_view) override {}
  void on_tool_call(std::string_view, std::string_view, std::string_view) override {}
  void on_response_done(const bridge::voice::Usage&) override {}
  void on_late_usage(const bridge::voice::Usage&) override {}
  void on_trying_again() override {}
  void on_complaint(std::string_view code) override { complaint = code; }
  void on_quota_low(const bridge::voice::Quota&) override {}

 private:
  bridge::net::Loop& loop_;
};

Finding of_voice_model(Verdict verdict, std::string what, std::string cure = {}) {
  return {verdict, "voice model", std::move(what), std::move(cure)};
}

// No sense in trying again before a setting is mended. Codes come from HTTP answers, from errors of
// the session and from close frames, which put their type before them.
Finding finding_of_refusal(const std::string& code, const std::string& model) {
  const auto is = [&](std::string_view name) {
    return code == name || (code.ends_with(name) && code[code.size() - name.size() - 1] == '.');
  };
  if (is("invalid_api_key") || is("http_401")) {
    return of_voice_model(Verdict::bad_input, "refuses the key: " + code,
                          "put a valid one into .env as OPENAI_API_KEY; one that was revoked, or "
                          "is of another service than OPENAI_BASE_URL, is refused, too");
  }
  if (is("invalid_organization") || is("http_403")) {
    return of_voice_model(Verdict::bad_input, "does not let this key talk: " + code,
                          "let its project use realtime models, or put another key into .env as "
                          "OPENAI_API_KEY");
  }
  if (is("model_not_found")) {
    return of_voice_model(Verdict::bad_input,
                          "there is no model " + model + " for this key: " + code,
                          "name another one in OPENAI_REALTIME_MODEL, or as \"model\" in the "
                          "campaign's agent; models are shut down from time to time");
  }
  if (is("http_404") || is("unknown_url")) {
    return of_voice_model(Verdict::bad_input,
                          "there is no realtime service at this address: " + code,
                          "look at OPENAI_BASE_URL, which ends in /v1 as a rule");
  }
  return of_voice_model(
      Verdict::bad_input, "takes the key, and refuses the session: " + code,
      "look at OPENAI_REALTIME_VOICE and OPENAI_REALTIME_MODEL, or at \"voice\" and "
      "\"model\" in the campaign's agent");
}

Finding finding_of(const bridge::voice::Failure& failure, const std::string& model) {
  using bridge::voice::Fault;
  const std::string& code = failure.code;
  switch (failure.fault) {
    case Fault::refused:
      return finding_of_refusal(code, model);
    case Fault::limited:
      if (code.ends_with("insufficient_quota")) {
        return of_voice_model(Verdict::bad_input, "the key's account has no credit left: " + code,
                              "add credit, or raise the account's monthly limit");
      }
      return of_voice_model(Verdict::broken,
                            "has had too many questions from this account: " + code,
                            "try again in a minute; if it stays so, have the limit raised");
    case Fault::unreachable:
      if (is_of_certificate(failure.error)) {
        return of_voice_model(Verdict::broken, "is not believed to be who it says: " + code,
                              "look at this machine's clock and authorities (--ca-file), and at "
                              "OPENAI_BASE_URL if it is set");
      }
      if (failure.error) {
        return of_voice_model(Verdict::broken, "cannot be reached: " + code,
                              "check this machine's way out, and OPENAI_BASE_URL if it is set");
      }
      return of_voice_model(Verdict::broken, "does not open a session: " + code,
                            "look at OPENAI_BASE_URL; if it is right, try again later");
    case Fault::nonsense:
      if (code == "audio_format") {
        return of_voice_model(Verdict::bad_input, "does not speak the telephone's sound: " + code,
                              "name another model in OPENAI_REALTIME_MODEL, or as \"model\" in "
                              "the campaign's agent");
      }
      return of_voice_model(Verdict::broken, "answers with something else: " + code,
                            "does OPENAI_BASE_URL lead to a realtime service?");
    case Fault::silent:
    case Fault::dropped:
    case Fault::expired:
      break;
  }
  return of_voice_model(Verdict::broken, "breaks off before the first word: " + code,
                        "try again; if it stays so, ask whoever runs the model");
}

}  // namespace

Findings ask_voice_model(const LiveOptions& options, const campaigns::AgentSpec& brief) {
  const auto either = [](const std::string& own, const std::string& configured) {
    return own.empty() ? configured : own;
  };
  bridge::voice::Agent agent;
  agent.model = either(brief.model, options.voice.model);
  agent.voice = either(brief.voice, options.voice.voice);
  agent.transcription_model = either(brief.transcription, options.voice.transcription);
  if (options.openai_api_key.empty()) {
    return {of_voice_model(Verdict::bad_input, "OPENAI_API_KEY is not set: no agent can talk",
                           "put the key into .env")};
  }
  if (std::ranges::any_of(options.openai_api_key, [](char c) { return c <= ' ' || c == '\x7f'; })) {
    return {of_voice_model(Verdict::bad_input, "OPENAI_API_KEY holds a character that no key has",
                           "put it into .env as it was given, on one line")};
  }
  if (agent.model.empty()) {
    return {of_voice_model(Verdict::bad_input, "no model is named",
                           "set OPENAI_REALTIME_MODEL, or name one in the campaign's agent")};
  }
  bridge::net::SystemClock clock;
  bridge::net::Loop loop(clock);
  const auto address = read_voice_address(options.openai_base_url);
  bridge::voice::RealtimeModel::Options to;
  to.host = address.host;
  to.port = address.port;
  to.path = address.path;
  to.api_key = options.openai_api_key;
  if (address.secured) {
    bridge::tls::ClientContext::Options authorities;
    if (!options.ca_file.empty()) authorities.ca_file = options.ca_file;
    to.tls = std::make_shared<bridge::tls::ClientContext>(authorities);
  }
  FirstYes heard(loop);
  bridge::voice::RealtimeModel realtime(loop, to);
  auto talk = realtime.begin(agent, heard);
  loop.call_after(std::chrono::seconds{20}, [&loop] { loop.stop(); });
  loop.run();
  talk.reset();
  if (heard.failure) return {finding_of(*heard.failure, agent.model)};
  if (!heard.ready) {
    return {of_voice_model(Verdict::broken, "does not answer within 20 s",
                           "look at OPENAI_BASE_URL; if it is right, try again later")};
  }
  if (!heard.complaint.empty()) {
    return {of_voice_model(Verdict::warning,
                           "takes the key and the model, but not all that is wanted for writing "
                           "down what people say: " +
                               heard.complaint,
                           "look at OPENAI_TRANSCRIPTION_MODEL, or at \"transcription\" in the "
                           "campaign's agent")};
  }
  return {of_voice_model(Verdict::well,
                         "takes the key and the model, and speaks the telephone's sound")};
}

namespace {

bridge::tls::ClientContext::Options authorities_of(const LiveOptions& options) {
  bridge::tls::ClientContext::Options authorities;
  if (!options.ca_file.empty()) authorities.ca_file = options.ca_file;
  return authorities;
}

// Both inquiries, one after the other.
class Round {
 public:
  // All but the lists outlive it. `done` is called once.
  Round(bridge::net::Loop& loop, const LiveOptions& options, std::vector<std::string> caller_ids,
        std::vector<std::string> countries, Live* program, std::function<void()> done)
      : trust_(authorities_of(options)), done_(std::move(done)) {
    account_ = std::make_unique<AccountInquiry>(
        loop, options, &trust_, std::move(caller_ids), std::move(countries),
        [this, &loop, &options, program](Findings found) {
          asked_.of_account = std::move(found);
          door_ = std::make_unique<DoorInquiry>(loop, options, &trust_, program,
                                                [this](Findings of_door) {
                                                  asked_.of_door = std::move(of_door);
                                                  done_();
                                                });
        });
  }
  const AskedAround& asked() const { return asked_; }

 private:
  bridge::tls::ClientContext trust_;
  std::function<void()> done_;
  AskedAround asked_{};
  std::unique_ptr<AccountInquiry> account_{};
  std::unique_ptr<DoorInquiry> door_{};
};

void tell_finding(const Finding& finding, const std::string& before = {}) {
  complain(before + finding.subject + ": " + finding.what +
           (finding.cure.empty() ? "" : " (" + finding.cure + ')'));
}

// Tells what forbids to go on; its exit code.
int tell_findings(const Findings& findings) {
  for (const auto& finding : findings) {
    if (finding.verdict == Verdict::bad_input || finding.verdict == Verdict::broken) {
      tell_finding(finding);
    }
  }
  return exit_code_of(findings);
}

// The same of what was asked, where some of it is only a warning.
int tell_asked(const AskedAround& asked, bool may_wait) {
  Findings findings;
  const auto take = [&](Finding finding, bool only_warn) {
    if (only_warn && finding.verdict == Verdict::broken) {
      finding.verdict = Verdict::warning;
      tell_finding(finding, "warning: ");
    }
    findings.push_back(std::move(finding));
  };
  for (const auto& finding : asked.of_account) take(finding, may_wait);
  // A way in that looks shut from here may be open from outside; a certificate is the same, and so
  // is who answers there, which whoever waits for it may mend meanwhile. A door that does not open
  // now does not open for the program either.
  for (auto finding : asked.of_door) {
    const bool shut = finding.subject == "door" && finding.verdict == Verdict::unproven;
    if (shut) finding = {Verdict::broken, "door", std::move(finding.what), {}};
    const bool holds_outside = finding.subject == "certificate" || (finding.proven && !may_wait);
    const bool only_warn = !shut && !holds_outside;
    take(std::move(finding), only_warn);
  }
  return tell_findings(findings);
}

}  // namespace

AskedAround ask_around(const LiveOptions& options, std::vector<std::string> caller_ids,
                       std::vector<std::string> countries) {
  bridge::net::SystemClock clock;
  bridge::net::Loop loop(clock);
  const Round round(loop, options, std::move(caller_ids), std::move(countries), nullptr,
                    [&loop] { loop.stop(); });
  loop.run();
  return round.asked();
}

std::chrono::seconds asking_time_max(std::size_t caller_ids) {
  // Whoever submitted them waits for two minutes (control_client.hpp), the check of a list
  // included.
  constexpr std::chrono::seconds longest{110};
  return std::min(longest, std::chrono::seconds{20 + 2 * static_cast<std::int64_t>(caller_ids)});
}

Objections reasons_not_to_show(const LiveOptions& options, std::vector<std::string> caller_ids,
                               const std::atomic<bool>& give_up) {
  constexpr std::chrono::milliseconds look_every{250};  // whether to give up
  Objections objections;
  if (options.carrier.kind != CarrierChoice::Kind::twilio) return objections;
  Findings found;
  bool whole = false;
  try {
    bridge::net::SystemClock clock;
    bridge::net::Loop loop(clock);
    bridge::tls::ClientContext trust(authorities_of(options));
    const auto time = asking_time_max(caller_ids.size());
    const AccountInquiry inquiry(loop, options, &trust, std::move(caller_ids), {},
                                 [&](Findings told) {
                                   found = std::move(told);
                                   whole = true;
                                   loop.stop();
                                 });
    loop.call_after(time, [&loop] { loop.stop(); });
    std::function<void()> look = [&] {
      if (give_up) return loop.stop();
      loop.call_after(look_every, [&look] { look(); });
    };
    look();
    loop.run();
    if (!whole) found = inquiry.found();
  } catch (const std::exception& error) {
    found.push_back(
        {Verdict::broken, "carrier", std::string("cannot be asked: ") + error.what(), ""});
    whole = true;
  }
  for (const auto& finding : found) {
    const auto what = finding.subject + ": " + finding.what;
    if (finding.verdict == Verdict::bad_input) {
      objections.problems.push_back({"", what, finding.cure});
    } else if (finding.verdict == Verdict::broken) {
      objections.warnings.push_back(what);
    }
  }
  if (!whole && give_up) {
    objections.problems.push_back(
        {"", "the program stops before the carrier has answered", "do it again when it runs"});
  } else if (!whole) {
    objections.warnings.push_back("the carrier takes too long to answer");
  }
  return objections;
}

int look_at_settings_before_calling(const LiveOptions& options) {
  if (options.carrier.kind != CarrierChoice::Kind::twilio) return exit_done;
  return tell_findings(look_at_settings(options));
}

int look_before_calling(const LiveOptions& options, std::vector<std::string> caller_ids,
                        bool may_wait, Live* program) {
  if (options.carrier.kind != CarrierChoice::Kind::twilio) return exit_done;
  if (program == nullptr) {
    return tell_asked(ask_around(options, std::move(caller_ids), {}), may_wait);
  }
  if (!options.tls_certificate.empty()) {
    try {
      const bridge::tls::ServerContext certificate({options.tls_certificate, options.tls_key});
    } catch (const std::runtime_error& error) {
      return tell_findings({{Verdict::bad_input, "certificate", error.what(), certificate_cure}});
    }
  }
  int code = exit_done;
  std::unique_ptr<Round> round;
  program->answer_while([&](bridge::net::Loop& loop, std::function<void(bool)> end) {
    round = std::make_unique<Round>(loop, options, std::move(caller_ids),
                                    std::vector<std::string>{}, program, [&, end = std::move(end)] {
                                      code = tell_asked(round->asked(), may_wait);
                                      end(code == exit_done);
                                    });
  });
  return code;
}

std::string text_of(const Findings& findings) {
  std::string text;
  for (const auto& finding : findings) {
    auto verdict = std::string(name_of(finding.verdict));
    verdict.resize(10, ' ');
    text += verdict + finding.subject + ": " + finding.what + '\n';
    if (!finding.cure.empty()) text += "          → " + finding.cure + '\n';
  }
  return text;
}

std::string json_of(const Findings& findings) {
  std::string text = "[";
  for (std::size_t i = 0; i < findings.size(); ++i) {
    if (i != 0) text += ',';
    campaigns::JsonObject object(text);
    object.member("verdict", name_of(findings[i].verdict))
        .member("subject", findings[i].subject)
        .member("what", findings[i].what)
        .member("cure", findings[i].cure);
    object.close();
  }
  return text + "]\n";
}

int exit_code_of(const Findings& findings) {
  const auto any = [&](Verdict verdict) {
    return std::ranges::any_of(findings,
                               [&](const Finding& finding) { return finding.verdict == verdict; });
  };
  if (any(Verdict::bad_input)) return exit_bad_input;
  return any(Verdict::broken) ? exit_cannot_go_on : exit_done;
}

}  // namespace runner
