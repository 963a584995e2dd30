#include "bridge/rehearsal/account_resource.hpp"

#include <algorithm>

namespace bridge::rehearsal {

namespace {

using Account = CarrierOptions::Account;

bool is_in(const std::vector<std::string>& numbers, std::string_view number) {
  return std::ranges::find(numbers, number) != numbers.end();
}

// Where no numbers are named, every one may call, so every one is the account's.
bool is_owned(const CarrierOptions& options, std::string_view number) {
  if (number.empty() || number.find_first_not_of("+0123456789") != std::string_view::npos)
    return false;
  return options.owned_numbers.empty() || is_in(options.owned_numbers, number);
}

std::string number_list(const char* name, const std::string& number) {
  std::string json = std::string("{\"") + name + "\":[";
  if (!number.empty()) {
    json += "{\"sid\":\"PN00000000000000000000000000000000\",\"phone_number\":\"" + number +
            "\",\"capabilities\":{\"voice\":true,\"sms\":false,\"mms\":false}}";
  }
  return json + "],\"next_page_uri\":null,\"page\":0,\"page_size\":50}";
}

}  // namespace

std::optional<std::string> account_json(const CarrierOptions& options, std::string_view path,
                                        const Fields& wish) {
  if (path.empty()) {
    const char* status = options.account == Account::suspended ? "suspended"
                         : options.account == Account::closed  ? "closed"
                                                               : "active";
    const char* type = options.account == Account::trial ? "Trial" : "Full";
    return "{\"sid\":\"" + options.account_sid + R"(","friendly_name":"rehearsal","status":")" +
           status + R"(","type":")" + type + "\"}";
  }
  if (path == "/IncomingPhoneNumbers") {
    const std::string number(value_of(wish, "PhoneNumber"));
    return number_list("incoming_phone_numbers", is_owned(options, number) ? number : "");
  }
  if (path == "/OutgoingCallerIds") {
    const std::string number(value_of(wish, "PhoneNumber"));
    return number_list("outgoing_caller_ids",
                       is_in(options.verified_numbers, number) ? number : "");
  }
  if (path == "/Balance") return R"({"balance":"100.0000","currency":"USD"})";
  return {};
}

std::optional<std::string> permission_json(const CarrierOptions& options, std::string_view path) {
  constexpr std::string_view prefix = "/v1/DialingPermissions/Countries/";
  if (!path.starts_with(prefix)) return {};
  const auto iso = path.substr(prefix.size());
  if (iso.size() != 2 || iso[0] < 'A' || iso[0] > 'Z' || iso[1] < 'A' || iso[1] > 'Z') return {};
  const bool allowed = options.countries.empty() ||
                       std::ranges::find(options.countries, iso, &CarrierOptions::Country::iso) !=
                           options.countries.end();
  return R"({"iso_code":")" + std::string(iso) + R"(","low_risk_numbers_enabled":)" +
         (allowed ? "true" : "false") +
         R"(,"high_risk_special_numbers_enabled":false,"high_risk_tollfraud_numbers_enabled":false})";
}

std::optional<ApiError> refusal_of(const CarrierOptions& options, const Order& order) {
  if (options.account == Account::suspended || options.account == Account::closed) {
    return ApiError{.status = 403, .code = 20005, .message = "Account is not active"};
  }
  if (!options.owned_numbers.empty() && !is_in(options.owned_numbers, order.from) &&
      !is_in(options.verified_numbers, order.from)) {
    return ApiError{.code = 21210,
                    .message = "The source phone number provided, " + order.from +
                               ", is not yet verified for your account."};
  }
  if (options.account == Account::trial && !is_in(options.verified_numbers, order.to)) {
    return ApiError{.code = 21219,
                    .message = "The number " + order.to +
                               " is unverified. Trial accounts may only make calls to verified "
                               "numbers."};
  }
  const bool allowed =
      options.countries.empty() || std::ranges::any_of(options.countries, [&](const auto& country) {
        return order.to.starts_with('+' + country.calling_code);
      });
  if (!allowed) {
    return ApiError{.code = 21215,
                    .message = "Account not authorized to call " + order.to +
                               ". Perhaps you need to enable some international permissions"};
  }
  return {};
}

}  // namespace bridge::rehearsal
