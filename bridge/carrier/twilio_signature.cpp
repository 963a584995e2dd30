#include "bridge/carrier/twilio_signature.hpp"

#include <mbedtls/sha1.h>
#include <mbedtls/sha256.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace bridge::carrier {
namespace {

// A field as it is signed: views into the form, and the first letters of its name as a number of
// the same order, which tells most names apart.
struct SignedField {
  std::uint64_t begin = 0;
  std::string_view name{};
  std::string_view value{};
};

std::uint64_t first_letters(std::string_view name) {
  std::uint64_t begin = 0;
  for (std::size_t i = 0; i < sizeof begin; ++i) {
    begin = begin << 8U | (i < name.size() ? static_cast<unsigned char>(name[i]) : 0U);
  }
  return begin;
}

using Digest = std::array<unsigned char, 20>;
constexpr std::size_t signature_bytes = 28;  // 20 bytes in base64, with its '='
using Base64 = std::array<char, signature_bytes>;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// One SHA-1 run. mbedTLS fails only on hardware that we do not use.
class Sha1 {
 public:
  Sha1() {
    mbedtls_sha1_init(&context_);
    check(mbedtls_sha1_starts_ret(&context_));
  }
  ~Sha1() { mbedtls_sha1_free(&context_); }
  Sha1(const Sha1& other) {
    mbedtls_sha1_init(&context_);
    mbedtls_sha1_clone(&context_, &other.context_);
  }
  Sha1& operator=(const Sha1&) = delete;

  void add(std::string_view text) {
    check(mbedtls_sha1_update_ret(&context_, bytes_of(text), text.size()));
  }
  void add(std::span<const unsigned char> bytes) {
    check(mbedtls_sha1_update_ret(&context_, bytes.data(), bytes.size()));
  }
  Digest digest() {
    Digest out{};
    check(mbedtls_sha1_finish_ret(&context_, out.data()));
    return out;
  }

 private:
  static void check(int code) {
    assert(code == 0);
    static_cast<void>(code);
  }
  mbedtls_sha1_context context_{};
};

// HMAC-SHA1 (RFC 2104) fed piece by piece. Copied before the first piece, one that knows its key
// does for many messages.
class Hmac {
 public:
  explicit Hmac(std::string_view key) {
    std::array<unsigned char, 64> block{};
    if (key.size() > block.size()) {
      Sha1 shortened;
      shortened.add(key);
      std::ranges::copy(shortened.digest(), block.begin());
    } else {
      std::copy_n(bytes_of(key), key.size(), block.begin());
    }
    std::array<unsigned char, 64> inner_pad{};
    std::array<unsigned char, 64> outer_pad{};
    for (std::size_t i = 0; i < block.size(); ++i) {
      inner_pad[i] = static_cast<unsigned char>(block[i] ^ 0x36U);
      outer_pad[i] = static_cast<unsigned char>(block[i] ^ 0x5cU);
    }
    inner_.add(std::span<const unsigned char>(inner_pad));
    outer_.add(std::span<const unsigned char>(outer_pad));
  }
  void add(std::string_view text) { inner_.add(text); }
  Digest digest() {
    outer_.add(std::span<const unsigned char>(inner_.digest()));
    return outer_.digest();
  }

 private:
  Sha1 inner_{};
  Sha1 outer_{};
};

Base64 base64(const Digest& digest) {
  constexpr std::string_view letters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  Base64 out{};
  std::size_t at = 0;
  for (std::size_t i = 0; i < digest.size(); i += 3) {
    const bool last = i + 2 >= digest.size();  // 20 bytes end on a group of two
    const std::uint32_t group = (std::uint32_t{digest[i]} << 16U) |
                                (std::uint32_t{digest[i + 1]} << 8U) |
                                (last ? 0U : std::uint32_t{digest[i + 2]});
    out[at++] = letters[(group >> 18U) & 63U];
    out[at++] = letters[(group >> 12U) & 63U];
    out[at++] = letters[(group >> 6U) & 63U];
    out[at++] = last ? '=' : letters[group & 63U];
  }
  return out;
}

// The fields as they are signed: names and values, and nothing between them. Sorted by name alone
// would leave the values of one name in the order of the form; they are signed sorted and once each
// (protocols.md 3.1, 2).
std::string signed_text(const http::Fields& fields) {
  std::vector<SignedField> sorted;
  sorted.reserve(fields.size());
  std::size_t size = 0;
  for (const http::Field& field : fields) {
    sorted.push_back({first_letters(field.name), field.name, field.value});
    size += field.name.size() + field.value.size();
  }
  std::ranges::sort(sorted, [](const SignedField& a, const SignedField& b) {
    if (a.begin != b.begin) return a.begin < b.begin;
    const int names = a.name.compare(b.name);
    return names != 0 ? names < 0 : a.value < b.value;
  });
  std::string text;
  text.reserve(size);
  const SignedField* before = nullptr;
  for (const SignedField& field : sorted) {
    const bool again =
        before != nullptr && before->name == field.name && before->value == field.value;
    if (!again) text.append(field.name).append(field.value);
    before = &field;
  }
  return text;
}

Base64 signature_of(Hmac hmac, std::string_view url, std::string_view fields) {
  hmac.add(url);
  hmac.add(fields);
  return base64(hmac.digest());
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference |= static_cast<unsigned>(a[i] ^ b[i]);
  }
  return difference == 0;
}

std::string_view without_fragment(std::string_view url) {
  return url.substr(0, url.find('#'));
}

// A URL cut where its variants differ.
struct UrlParts {
  std::string_view scheme{};
  std::string_view userinfo{};  // with its '@'
  std::string_view host{};
  std::string_view port{};  // with its ':'
  std::string_view path{};
  std::string_view query{};  // with its '?'
};

UrlParts cut(std::string_view url) {
  UrlParts parts;
  const std::size_t scheme_end = url.find("://");
  if (scheme_end == std::string_view::npos) {
    parts.path = url;
    return parts;
  }
  parts.scheme = url.substr(0, scheme_end);
  std::string_view rest = url.substr(scheme_end + 3);
  const std::size_t authority_end = std::min(rest.find_first_of("/?"), rest.size());
  std::string_view authority = rest.substr(0, authority_end);
  rest.remove_prefix(authority_end);
  const std::size_t at = authority.rfind('@');
  if (at != std::string_view::npos) {
    parts.userinfo = authority.substr(0, at + 1);
    authority.remove_prefix(at + 1);
  }
  const std::size_t colon = authority.rfind(':');
  const bool in_brackets =
      colon != std::string_view::npos && authority.find(']', colon) != std::string_view::npos;
  if (colon != std::string_view::npos && !in_brackets) parts.port = authority.substr(colon);
  parts.host = authority.substr(0, authority.size() - parts.port.size());
  const std::size_t question = std::min(rest.find('?'), rest.size());
  parts.path = rest.substr(0, question);
  parts.query = rest.substr(question);
  return parts;
}

// The query with every byte escaped that a form encoder escapes; what is escaped already stays.
std::string encoded_anew(std::string_view query) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  constexpr std::string_view kept = "-_.~*+%&=";
  std::string out;
  for (std::size_t i = 0; i < query.size(); ++i) {
    const char c = query[i];
    const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    if (plain || kept.find(c) != std::string_view::npos || i == 0) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += hex[byte >> 4U];
      out += hex[byte & 15U];
    }
  }
  return out;
}

// Every form of the URL but the given one, most likely first. A dozen at most.
std::vector<std::string> other_forms(std::string_view url) {
  const UrlParts parts = cut(url);
  if (parts.scheme.empty()) return {};
  const bool socket = parts.scheme == "wss" || parts.scheme == "ws";
  const bool secure = parts.scheme == "https" || parts.scheme == "wss";

  std::vector<std::string_view> schemes{parts.scheme};
  if (socket) schemes.push_back(secure ? "https" : "http");
  std::vector<std::string_view> userinfos{parts.userinfo};
  if (!parts.userinfo.empty()) userinfos.emplace_back();
  std::vector<std::string_view> ports{parts.port, secure ? ":443" : ":80"};
  if (!parts.port.empty()) ports.emplace_back();
  std::vector<std::string> tails{std::string(parts.path) + std::string(parts.query)};
  if (const std::string query = encoded_anew(parts.query); query != parts.query) {
    tails.push_back(std::string(parts.path) + query);
  }
  if (socket && !parts.path.ends_with('/')) {
    tails.push_back(std::string(parts.path) + '/' + std::string(parts.query));
  }

  std::vector<std::string> forms;
  for (const std::string& tail : tails) {
    for (const std::string_view scheme : schemes) {
      for (const std::string_view userinfo : userinfos) {
        for (const std::string_view port : ports) {
          std::string form(scheme);
          form.append("://").append(userinfo).append(parts.host).append(port).append(tail);
          if (form != url) forms.push_back(std::move(form));
        }
      }
    }
  }
  return forms;
}

}  // namespace

std::string sign(std::string_view token, std::string_view url, const http::Fields& fields) {
  const Base64 signature = signature_of(Hmac(token), without_fragment(url), signed_text(fields));
  return {signature.data(), signature.size()};
}

struct SigningKey::Block {
  Hmac hmac;
};

SigningKey::SigningKey(std::string_view token)
    : block_(token.empty() ? nullptr : std::make_shared<const Block>(Block{Hmac(token)})) {}

bool verify(std::span<const SigningKey> keys, std::string_view url, const http::Fields& fields,
            std::string_view signature) {
  if (signature.size() != signature_bytes) return false;
  url = without_fragment(url);
  const std::string text = signed_text(fields);
  const auto signed_as = [&](std::string_view form) {
    return std::ranges::any_of(keys, [&](const SigningKey& key) {
      if (key.block_ == nullptr) return false;
      const Base64 expected = signature_of(key.block_->hmac, form, text);
      return equal_in_constant_time({expected.data(), expected.size()}, signature);
    });
  };
  return signed_as(url) || std::ranges::any_of(other_forms(url), signed_as);
}

bool verify(std::span<const std::string> tokens, std::string_view url, const http::Fields& fields,
            std::string_view signature) {
  const std::vector<SigningKey> keys(tokens.begin(), tokens.end());
  return verify(std::span(keys), url, fields, signature);
}

bool verify_body(std::span<const std::string> tokens, std::string_view url, std::string_view body,
                 std::string_view signature) {
  constexpr std::string_view name = "bodySHA256=";
  const std::string_view query = cut(without_fragment(url)).query;
  std::size_t at = query.find(name);
  while (at != std::string_view::npos && query[at - 1] != '?' && query[at - 1] != '&') {
    at = query.find(name, at + 1);
  }
  if (at == std::string_view::npos) return false;
  std::string_view claimed = query.substr(at + name.size());
  claimed = claimed.substr(0, claimed.find('&'));

  std::array<unsigned char, 32> digest{};
  if (mbedtls_sha256_ret(bytes_of(body), body.size(), digest.data(), 0) != 0) return false;
  constexpr std::string_view hex = "0123456789abcdef";
  std::string actual;
  for (const unsigned char byte : digest) {
    actual += hex[byte >> 4U];
    actual += hex[byte & 15U];
  }
  return equal_in_constant_time(actual, claimed) && verify(tokens, url, {}, signature);
}

}  // namespace bridge::carrier
