#include "runner/crypto.hpp"

#include <mbedtls/md.h>
#include <mbedtls/sha256.h>
#include <sys/random.h>

#include <cassert>
#include <stdexcept>

namespace runner {

namespace {

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

Sha256 sha256(std::string_view bytes) {
  Sha256 digest;
  [[maybe_unused]] const int failed =
      mbedtls_sha256_ret(bytes_of(bytes), bytes.size(), digest.data(), 0);
  assert(failed == 0);
  return digest;
}

Sha256 hmac_sha256(std::string_view key, std::string_view bytes) {
  Sha256 digest;
  [[maybe_unused]] const int failed =
      mbedtls_md_hmac(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), bytes_of(key), key.size(),
                      bytes_of(bytes), bytes.size(), digest.data());
  assert(failed == 0);
  return digest;
}

bool same_secret(std::string_view a, std::string_view b) {
  // Of equal length, whatever the two were.
  const auto one = sha256(a);
  const auto other = sha256(b);
  unsigned differ = a.size() == b.size() ? 0U : 1U;
  for (std::size_t i = 0; i < one.size(); ++i) differ |= static_cast<unsigned>(one[i] ^ other[i]);
  return differ == 0;
}

std::string hex(const std::uint8_t* bytes, std::size_t count) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(count * 2);
  for (std::size_t i = 0; i < count; ++i) {
    text += digits[bytes[i] >> 4];
    text += digits[bytes[i] & 15];
  }
  return text;
}

std::string hex(const Sha256& digest) {
  return hex(digest.data(), digest.size());
}

Sha256Stream::Sha256Stream() : context_(new mbedtls_sha256_context) {
  auto* context = static_cast<mbedtls_sha256_context*>(context_);
  mbedtls_sha256_init(context);
  mbedtls_sha256_starts_ret(context, 0);
}

Sha256Stream::~Sha256Stream() {
  auto* context = static_cast<mbedtls_sha256_context*>(context_);
  mbedtls_sha256_free(context);
  delete context;
}

void Sha256Stream::add(std::string_view bytes) {
  mbedtls_sha256_update_ret(static_cast<mbedtls_sha256_context*>(context_), bytes_of(bytes),
                            bytes.size());
}

Sha256 Sha256Stream::finish() {
  Sha256 digest;
  mbedtls_sha256_finish_ret(static_cast<mbedtls_sha256_context*>(context_), digest.data());
  return digest;
}

std::string random_key() {
  std::string key(32, '\0');
  std::size_t have = 0;
  while (have < key.size()) {
    const auto got = getrandom(key.data() + have, key.size() - have, 0);
    if (got <= 0) throw std::runtime_error("the system gives no random bytes");
    have += static_cast<std::size_t>(got);
  }
  return key;
}

}  // namespace runner
