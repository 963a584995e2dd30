#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "bridge/carrier/carrier.hpp"
#include "bridge/http/client.hpp"
#include "bridge/net/links.hpp"
#include "bridge/net/loop.hpp"
#include "bridge/tls/client_context.hpp"

namespace bridge::carrier {

// How many connections carry that many orders a second, in thousandths, where each is answered
// within two seconds: no fewer than 8, and no more than 64, since a carrier may allow no more than
// 100 requests at a time.
std::size_t connections_for(std::int64_t rate);

// Twilio's Calls resource (protocols.md 1). Sends each request once and says what is known of it
// afterwards; paces nothing and repeats nothing. Nothing that it says holds a number of a person.
class Twilio final : public Carrier {
 public:
  struct Options {
    // "https://api.twilio.com", or where TWILIO_BASE_URL points. http is for rehearsals.
    std::string base_url{};
    std::string edge{};    // TWILIO_EDGE, "dublin"; for hosts of twilio.com (regional_host)
    std::string region{};  // TWILIO_REGION, "ie1"; keys and tokens are per region
    tls::ClientContext* tls = nullptr;  // for https; outlives the carrier
    std::string account_sid{};
    std::string user{};      // empty: the account's sid; else an API key's sid
    std::string password{};  // the auth token or the API key's secret
    // The REST interface limits requests at a time (20429); protocols.md 8, 2. Orders, which are
    // all that changes a call, have connections of their own: a long list holds up none. An order
    // keeps its connection until it is answered: see connections_for.
    std::size_t connections_max = 8;
    std::size_t question_connections_max = 4;
    std::size_t waiting_max = 4096;
    std::size_t list_pages_max = 20;  // of 1,000 calls each, between two numbers
    std::size_t day_pages_max = 500;  // the same, of a day
    // Below what the carrier may take, an answer would be given up that was on its way
    // (reliability.md 2.1).
    std::chrono::milliseconds answer_time_max{30'000};
    net::Links* links = nullptr;
    // Told of every request that was answered, or was not, and when it was made; it must not keep
    // them. Empty: nobody is.
    std::function<void(net::Instant, const http::Request&, const http::Reply&)> on_exchange{};
  };

  // `loop` and `options.links` outlive it. Throws std::invalid_argument for a base URL, an account
  // or a region that cannot be used.
  Twilio(net::Loop& loop, Options options);
  // Callers that still wait hear CallNotSent, CallInDoubt or "not ok" before it returns.
  ~Twilio() override;

  void place(const CallOrder& order, std::function<void(PlaceReply)> done) override;
  void expect_order() override;
  void fetch(const std::string& sid, std::function<void(FetchReply)> done) override;
  void list(const std::string& to, const std::string& from,
            std::function<void(ListReply)> done) override;
  void list_day(const std::string& from, std::chrono::sys_days day,
                std::function<void(ListReply)> done) override;
  void redirect(const std::string& sid, const NewDocument& document,
                std::function<void(RedirectReply)> done) override;
  void take_back(const std::string& sid, std::function<void(FetchReply)> done) override;
  void end(const std::string& sid, std::function<void(CancelReply)> done) override;

 private:
  struct Block;
  std::unique_ptr<Block> block_;
};

}  // namespace bridge::carrier
