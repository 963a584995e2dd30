#include "campaigns/carrier_errors.hpp"

#include <algorithm>
#include <array>

namespace campaigns {

namespace {

using enum ErrorClass;

constexpr std::string_view our_mistake =
    "the order is not as the carrier wants it, which is a mistake of this program; report it";

constexpr std::array table = {
    CarrierError{10001, stop_campaign,
                 "the account is not active; look at it in the carrier's console"},
    CarrierError{10004, retry_later,
                 "the account has as many calls at once as it may; lower the campaign's lines or "
                 "have the account's limit raised"},
    CarrierError{11200, of_a_call,
                 "our door did not answer a call as it should; look at SERVER_URL, the tunnel or "
                 "proxy before it, and this program's log"},
    CarrierError{11205, of_a_call,
                 "the carrier could not connect to our door; look at SERVER_URL, the tunnel or "
                 "proxy, and the firewall"},
    CarrierError{11206, of_a_call,
                 "what answered the carrier speaks no proper HTTP; look at what stands at "
                 "SERVER_URL"},
    CarrierError{11210, of_a_call,
                 "the carrier could not find the host of SERVER_URL; look at its name"},
    CarrierError{11215, of_a_call,
                 "our door's address redirects too often; set SERVER_URL to where it leads"},
    CarrierError{11220, of_a_call,
                 "TLS with our door failed; look at its certificate and at what it supports"},
    CarrierError{11235, of_a_call,
                 "our door's certificate is not valid for the host of SERVER_URL or has run out; "
                 "renew it"},
    CarrierError{11236, of_a_call,
                 "our door's certificate could not be verified; send the intermediate ones with "
                 "it"},
    CarrierError{11237, of_a_call,
                 "the carrier trusts nobody who vouches for our door's certificate; get one from "
                 "a public authority and send the intermediate ones with it"},
    CarrierError{11750, of_a_call,
                 "our answer to a call was longer than 64 kB; shorten the campaign's texts"},
    CarrierError{12100, of_a_call, our_mistake},
    CarrierError{12200, of_a_call, our_mistake},
    CarrierError{12300, of_a_call,
                 "what answered the carrier was no document; look at what stands at SERVER_URL"},
    CarrierError{13214, of_a_call,
                 "the caller id of a transfer is none of the account; buy or verify it"},
    CarrierError{13223, of_a_call, "the number of a transfer is not written as +, country, number"},
    CarrierError{13224, of_a_call, "the number of a transfer is none, or its network refused it"},
    CarrierError{13225, of_a_call, "the number of a transfer is blocked by the carrier"},
    CarrierError{13227, of_a_call,
                 "the account may not call the country of a transfer; enable it in the console "
                 "under Voice, Geo permissions"},
    CarrierError{20003, stop_campaign,
                 "the carrier does not know who asks; check TWILIO_ACCOUNT_SID and "
                 "TWILIO_AUTH_TOKEN, or the API key, that they are of the region that is asked, "
                 "and that the account is not suspended"},
    CarrierError{20005, stop_campaign,
                 "the account is not active; look at it in the carrier's console"},
    CarrierError{20404, stop_campaign,
                 "the account is not found at this address; check TWILIO_ACCOUNT_SID and "
                 "TWILIO_BASE_URL"},
    CarrierError{20429, retry_later,
                 "the carrier was asked too much at once and did nothing; lower "
                 "--calls-per-second, or see what else uses the account"},
    CarrierError{20500, says_nothing, "the carrier failed; look at its status page if it goes on"},
    CarrierError{20503, says_nothing,
                 "the carrier is not available; look at its status page if it goes on"},
    CarrierError{21201, stop_campaign, our_mistake},
    CarrierError{21202, number_dead, "a premium number, which the account may not call"},
    CarrierError{21203, person_refused,
                 "the account may not call abroad; enable the country in the console under Voice, "
                 "Geo permissions"},
    CarrierError{21205, stop_campaign,
                 "the carrier does not take the address of our door; check that SERVER_URL is a "
                 "public https address without underscores"},
    CarrierError{21206, stop_campaign, our_mistake},
    CarrierError{21208, stop_campaign, our_mistake},
    CarrierError{21209, stop_campaign, our_mistake},
    CarrierError{21210, stop_campaign,
                 "the caller id is not the account's; buy the number or verify it in the console, "
                 "or set caller_ids or TRANSFER_NUMBER_MAIN to one that is"},
    CarrierError{21211, number_dead, "that is no telephone number that can be called"},
    CarrierError{21212, stop_campaign,
                 "the caller id may not call; write it as +, country, number, and use one that "
                 "is allowed to"},
    CarrierError{21213, stop_campaign,
                 "there is no caller id; set caller_ids or TRANSFER_NUMBER_MAIN"},
    CarrierError{21214, number_dead, "the number cannot be reached by the carrier"},
    CarrierError{21215, person_refused,
                 "the account may not call this country or kind of number; enable it in the "
                 "console under Voice, Geo permissions, or take such people off the list"},
    CarrierError{21216, number_dead, "the number is on the carrier's block list"},
    CarrierError{21217, number_dead, "that is no valid telephone number"},
    CarrierError{21218, stop_campaign, our_mistake},
    CarrierError{21219, stop_campaign,
                 "a trial account calls verified numbers only; upgrade the account, or verify the "
                 "number in the console"},
    CarrierError{21220, of_a_call, "the call was over by then"},
    CarrierError{21234, stop_campaign, our_mistake},
    CarrierError{21262, of_a_call, our_mistake},
    CarrierError{22005, retry_later,
                 "the carrier's queue holds a day of calls; something else places calls with this "
                 "account, or --calls-per-second is above what it may"},
    CarrierError{32018, stop_campaign, our_mistake},
    CarrierError{573002, stop_campaign,
                 "a trial account does not call this number; upgrade the account, or verify the "
                 "number in the console"},
    CarrierError{573005, stop_campaign,
                 "a trial account does not call this number; upgrade the account, or verify the "
                 "number in the console"},
};

static_assert(std::ranges::is_sorted(table, {}, &CarrierError::code));

}  // namespace

std::span<const CarrierError> carrier_errors() {
  return table;
}

const CarrierError* carrier_error(std::int64_t code) {
  const auto* const found = std::ranges::lower_bound(table, code, {}, &CarrierError::code);
  return found != table.end() && found->code == code ? found : nullptr;
}

ErrorClass class_of_refusal(std::int64_t http_status, std::int64_t code) {
  if (const auto* error = carrier_error(code)) {
    // What is not said of orders says nothing of this one but that it was not taken.
    const bool of_orders = error->what != says_nothing && error->what != of_a_call;
    return of_orders ? error->what : retry_later;
  }
  // Where nobody takes orders none of them is to blame: it would be the same for the whole list.
  const bool not_let_in = http_status == 401 || http_status == 403;
  const bool nobody_there = http_status == 404 && code == 0;
  return not_let_in || nobody_there ? stop_campaign : retry_later;
}

std::string refusal_text(std::int64_t http_status, std::int64_t code) {
  if (const auto* error = carrier_error(code)) {
    return "code " + std::to_string(code) + ": " + std::string(error->sentence);
  }
  if (code != 0) {
    return "HTTP " + std::to_string(http_status) + ", code " + std::to_string(code) +
           ", which is not known here; see https://www.twilio.com/docs/api/errors/" +
           std::to_string(code);
  }
  if (http_status == 401 || http_status == 403) {
    return "HTTP " + std::to_string(http_status) +
           " without a code: somebody between us and the carrier, or the carrier, does not let us "
           "in; check the credentials and TWILIO_BASE_URL";
  }
  if (http_status == 404) {
    return "HTTP 404 without a code: nobody takes calls at this address; check TWILIO_BASE_URL";
  }
  return "HTTP " + std::to_string(http_status) + " without a code";
}

}  // namespace campaigns
