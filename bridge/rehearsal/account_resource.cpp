#include "bridge/rehearsal/account_resource.hpp"

#include <algorithm>

namespace bridge::rehearsal {

namespace {

// Where no numbers are named, every one may call, so every one is the account's.
bool is_owned(const CarrierOptions& options, std::string_view number) {
  if (number.empty() || number.find_first_not_of("+0123456789") != std::string_view::npos)
    return false;
  const auto& owned = options.owned_numbers;
  return owned.empty() || std::ranges::find(owned, number) != owned.end();
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
    return "{\"sid\":\"" + options.account_sid +
           "\",\"friendly_name\":\"rehearsal\",\"status\":\"active\",\"type\":\"Full\"}";
  }
  if (path == "/IncomingPhoneNumbers") {
    const std::string number(value_of(wish, "PhoneNumber"));
    return number_list("incoming_phone_numbers", is_owned(options, number) ? number : "");
  }
  if (path == "/OutgoingCallerIds") return number_list("outgoing_caller_ids", "");
  if (path == "/Balance") return R"({"balance":"100.0000","currency":"USD"})";
  return {};
}

}  // namespace bridge::rehearsal
