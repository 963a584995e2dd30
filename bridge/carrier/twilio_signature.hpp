#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "bridge/http/form.hpp"

// The check that a webhook comes from the carrier (protocols.md 3). Pure: bytes in, verdict out.
namespace bridge::carrier {

// The signature of a request: base64 of HMAC-SHA1 over the URL (without its fragment) and the
// fields decoded and sorted by name, equal values of one name once. For a GET, an upgrade to
// WebSocket and a JSON body there are no fields.
std::string sign(std::string_view token, std::string_view url, const http::Fields& fields);

// An auth token made ready to check many signatures with. Whoever copies it shares it.
class SigningKey {
 public:
  explicit SigningKey(std::string_view token);

 private:
  friend bool verify(std::span<const SigningKey> keys, std::string_view url,
                     const http::Fields& fields, std::string_view signature);
  struct Block;
  std::shared_ptr<const Block> block_;  // none: nobody set the token, and everybody could sign
};

// Whether one of the tokens signed this request. `url` is the public one, built from configuration
// and never from the request's Host. The forms that senders are known to sign are all tried: with
// the standard port, without a port, without userinfo, with the query encoded anew, and for ws and
// wss also the http scheme and a slash at the end. Compares in constant time.
bool verify(std::span<const SigningKey> keys, std::string_view url, const http::Fields& fields,
            std::string_view signature);
bool verify(std::span<const std::string> tokens, std::string_view url, const http::Fields& fields,
            std::string_view signature);

// The same for a request whose body is not a form: the URL's bodySHA256 must be the body's digest.
bool verify_body(std::span<const std::string> tokens, std::string_view url, std::string_view body,
                 std::string_view signature);

}  // namespace bridge::carrier
