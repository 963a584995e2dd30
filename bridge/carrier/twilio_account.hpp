#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "bridge/carrier/twilio.hpp"
#include "bridge/net/clock.hpp"
#include "bridge/net/loop.hpp"

namespace bridge::carrier {

// What Twilio says of an account before anybody is called: questions only, nothing is changed.
class TwilioAccount {
 public:
  // `ok` false: it could not be asked, or did not answer the question; `why` without a secret.
  struct Answer {
    bool ok = false;
    int http_status = 0;  // 0: no answer at all
    int code = 0;         // the carrier's own
    std::string why{};
    std::optional<net::Instant> date{};  // by the carrier's clock
  };
  struct Standing : Answer {
    std::string status{};  // "active", "suspended", "closed"
    std::string type{};    // "Full", "Trial"
  };
  enum class Number : unsigned char { not_ours, owned, verified };
  struct Holding : Answer {
    Number number = Number::not_ours;
  };
  struct Permission : Answer {
    bool allowed = false;  // ordinary numbers of the country may be called
  };

  // As of the account's Twilio; `loop` and what the options point at outlive it. Throws
  // std::invalid_argument as Twilio does.
  TwilioAccount(net::Loop& loop, const Twilio::Options& options);
  ~TwilioAccount();

  // Whether the credentials may ask about calls, which every key may that places some.
  void credentials(std::function<void(Answer)> done);
  // Refused (401, 403) to API keys that are not Main keys.
  void standing(std::function<void(Standing)> done);
  // Whether calls may show this number: one of the account's own, or one that was verified.
  void holding(const std::string& number, std::function<void(Holding)> done);
  // Whether the account may call the country ("IT"). Twilio has a host of its own for this; where
  // the base URL leads to somebody else's, that is asked, and may know nothing of it (404). Of
  // Twilio's edges and regions `knows_countries` is false.
  bool knows_countries() const;
  void permission(const std::string& country, std::function<void(Permission)> done);

 private:
  struct Block;
  std::unique_ptr<Block> block_;
};

}  // namespace bridge::carrier
