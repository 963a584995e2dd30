#include "bridge/carrier/basic_credentials.hpp"

#include <mbedtls/base64.h>

#include <cassert>

namespace bridge::carrier {

std::string basic_credentials(const std::string& user, const std::string& password) {
  const std::string plain = user + ":" + password;
  std::string text((plain.size() + 2) / 3 * 4 + 1, '\0');
  std::size_t written = 0;
  const int code =
      mbedtls_base64_encode(reinterpret_cast<unsigned char*>(text.data()), text.size(), &written,
                            reinterpret_cast<const unsigned char*>(plain.data()), plain.size());
  assert(code == 0);
  static_cast<void>(code);
  text.resize(written);
  return "Basic " + text;
}

}  // namespace bridge::carrier
