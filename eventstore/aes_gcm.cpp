#include "eventstore/aes_gcm.hpp"

#include <mbedtls/gcm.h>

#include <cassert>

namespace eventstore {

namespace {

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

struct AesGcm::Block {
  // So many nonces are drawn at once: the call into the system costs as much as the cipher.
  static constexpr std::size_t nonces_drawn = 64;

  Block() { mbedtls_gcm_init(&gcm); }
  ~Block() { mbedtls_gcm_free(&gcm); }
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  mbedtls_gcm_context gcm;
};

AesGcm::AesGcm() : block_(std::make_unique<Block>()) {}
AesGcm::~AesGcm() = default;
AesGcm::AesGcm(AesGcm&&) noexcept = default;
AesGcm& AesGcm::operator=(AesGcm&&) noexcept = default;

void AesGcm::set_key(const Secret& key) {
  [[maybe_unused]] const int failed =
      mbedtls_gcm_setkey(&block_->gcm, MBEDTLS_CIPHER_ID_AES, key.data(), 8 * Secret::size);
  assert(failed == 0);
}

void AesGcm::seal(std::string_view associated, std::string_view plain, std::string& to) {
  // Of this thread, for all keys: no byte of it is used twice.
  struct Nonces {
    std::array<unsigned char, Block::nonces_drawn * nonce_bytes> bytes{};
    std::size_t used = Block::nonces_drawn * nonce_bytes;
  };
  thread_local Nonces nonces;
  if (nonces.used == nonces.bytes.size()) {
    fill_with_random(nonces.bytes.data(), nonces.bytes.size());
    nonces.used = 0;
  }
  const unsigned char* nonce = nonces.bytes.data() + nonces.used;
  nonces.used += nonce_bytes;
  const std::size_t begin = to.size();
  to.append(reinterpret_cast<const char*>(nonce), nonce_bytes);
  to.resize(begin + plain.size() + overhead);
  auto* out = reinterpret_cast<unsigned char*>(to.data() + begin + nonce_bytes);
  [[maybe_unused]] const int failed = mbedtls_gcm_crypt_and_tag(
      &block_->gcm, MBEDTLS_GCM_ENCRYPT, plain.size(), nonce, nonce_bytes, bytes_of(associated),
      associated.size(), bytes_of(plain), out, tag_bytes, out + plain.size());
  assert(failed == 0);
}

bool AesGcm::open(std::string_view associated, std::string_view sealed, std::string& to) {
  if (sealed.size() < overhead) return false;
  const std::size_t size = sealed.size() - overhead;
  const unsigned char* in = bytes_of(sealed) + nonce_bytes;
  const std::size_t begin = to.size();
  to.resize(begin + size);
  const int failed = mbedtls_gcm_auth_decrypt(
      &block_->gcm, size, bytes_of(sealed), nonce_bytes, bytes_of(associated), associated.size(),
      in + size, tag_bytes, in, reinterpret_cast<unsigned char*>(to.data() + begin));
  if (failed != 0) to.resize(begin);
  return failed == 0;
}

}  // namespace eventstore
