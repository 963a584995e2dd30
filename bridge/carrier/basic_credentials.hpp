#pragma once

#include <string>

namespace bridge::carrier {

// The value of an Authorization header: "Basic " and user:password in base64 (RFC 7617).
std::string basic_credentials(const std::string& user, const std::string& password);

}  // namespace bridge::carrier
