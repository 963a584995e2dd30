#include "tests/bridge/tls_peer.hpp"

#include <mbedtls/oid.h>
#include <mbedtls/pem.h>
#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "tests/bridge/mbed.hpp"

namespace bridge::testing {
namespace {

// Everything that mbedTLS can check is let through.
const mbedtls_x509_crt_profile lax{0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 512};

// Reads what it shall show without being critical of it.
void read_chain(mbedtls_x509_crt& chain, const std::string& pem) {
  std::size_t at = 0;
  while (pem.find("-----BEGIN", at) != std::string::npos) {
    mbedtls_pem_context block;
    mbedtls_pem_init(&block);
    std::size_t used = 0;
    must(mbedtls_pem_read_buffer(&block, "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----",
                                 reinterpret_cast<const unsigned char*>(pem.c_str() + at), nullptr,
                                 0, &used));
    const auto allow = [](void*, const mbedtls_x509_crt*, const mbedtls_x509_buf*, int,
                          const unsigned char*, const unsigned char*) { return 0; };
    must(
        mbedtls_x509_crt_parse_der_with_ext_cb(&chain, block.buf, block.buflen, 1, allow, nullptr));
    mbedtls_pem_free(&block);
    at += used;
  }
}

}  // namespace

struct TlsPeer::Block {
  mbedtls_ssl_config config{};
  mbedtls_ssl_context ssl{};
  mbedtls_x509_crt chain{};
  mbedtls_pk_context key{};
  std::vector<int> suites{};
  std::string input{};
  std::string output{};
  std::string plaintext{};
  bool failed = false;

  static int on_send(void* self, const unsigned char* bytes, std::size_t size) noexcept {
    static_cast<Block*>(self)->output.append(reinterpret_cast<const char*>(bytes), size);
    return static_cast<int>(size);
  }
  static int on_receive(void* self, unsigned char* into, std::size_t size) noexcept {
    std::string& input = static_cast<Block*>(self)->input;
    if (input.empty()) return MBEDTLS_ERR_SSL_WANT_READ;
    const std::size_t take = std::min(size, input.size());
    std::memcpy(into, input.data(), take);
    input.erase(0, take);
    return static_cast<int>(take);
  }
};

TlsPeer::TlsPeer(const Options& options) : block_(std::make_unique<Block>()) {
  Block& b = *block_;
  mbedtls_ssl_config_init(&b.config);
  mbedtls_ssl_init(&b.ssl);
  mbedtls_x509_crt_init(&b.chain);
  mbedtls_pk_init(&b.key);
  must(mbedtls_ssl_config_defaults(&b.config,
                                   options.client ? MBEDTLS_SSL_IS_CLIENT : MBEDTLS_SSL_IS_SERVER,
                                   MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT));
  mbedtls_ssl_conf_rng(&b.config, random_bytes, nullptr);
  mbedtls_ssl_conf_authmode(&b.config, MBEDTLS_SSL_VERIFY_NONE);
  mbedtls_ssl_conf_cert_profile(&b.config, &lax);
  mbedtls_ssl_conf_min_version(&b.config, MBEDTLS_SSL_MAJOR_VERSION_3, options.version_min);
  mbedtls_ssl_conf_max_version(&b.config, MBEDTLS_SSL_MAJOR_VERSION_3, options.version_max);
  mbedtls_ssl_conf_renegotiation(&b.config, options.renegotiation
                                                ? MBEDTLS_SSL_RENEGOTIATION_ENABLED
                                                : MBEDTLS_SSL_RENEGOTIATION_DISABLED);
  b.suites = options.suites;
  if (!b.suites.empty()) {
    b.suites.push_back(0);
    mbedtls_ssl_conf_ciphersuites(&b.config, b.suites.data());
  }
  if (!options.client) {
    read_chain(b.chain, options.chain);
    // It does not look at what its own certificate is for.
    b.chain.ext_types &= ~(MBEDTLS_X509_EXT_KEY_USAGE | MBEDTLS_X509_EXT_EXTENDED_KEY_USAGE);
    must(mbedtls_pk_parse_key(&b.key, reinterpret_cast<const unsigned char*>(options.key.c_str()),
                              options.key.size() + 1, nullptr, 0));
    must(mbedtls_ssl_conf_own_cert(&b.config, &b.chain, &b.key));
  }
  must(mbedtls_ssl_setup(&b.ssl, &b.config));
  if (options.client && options.server_name) must(mbedtls_ssl_set_hostname(&b.ssl, "localhost"));
  mbedtls_ssl_set_bio(&b.ssl, &b, Block::on_send, Block::on_receive, nullptr);
}

TlsPeer::~TlsPeer() {
  mbedtls_ssl_free(&block_->ssl);
  mbedtls_ssl_config_free(&block_->config);
  mbedtls_x509_crt_free(&block_->chain);
  mbedtls_pk_free(&block_->key);
}

void TlsPeer::feed(std::string_view bytes) {
  Block& b = *block_;
  b.input.append(bytes);
  if (b.failed) return;
  if (!open()) {
    const int status = mbedtls_ssl_handshake(&b.ssl);
    if (status != 0) {
      b.failed = status != MBEDTLS_ERR_SSL_WANT_READ;
      return;
    }
  }
  std::array<unsigned char, 4096> part{};
  int got = 0;
  while ((got = mbedtls_ssl_read(&b.ssl, part.data(), part.size())) > 0) {
    b.plaintext.append(reinterpret_cast<const char*>(part.data()), static_cast<std::size_t>(got));
  }
}

std::string TlsPeer::take_output() {
  return std::exchange(block_->output, {});
}

bool TlsPeer::open() const {
  return block_->ssl.state == MBEDTLS_SSL_HANDSHAKE_OVER;
}

std::string TlsPeer::take_plaintext() {
  return std::exchange(block_->plaintext, {});
}

void TlsPeer::write(std::string_view plaintext) {
  must(mbedtls_ssl_write(&block_->ssl, reinterpret_cast<const unsigned char*>(plaintext.data()),
                         plaintext.size()));
}

void TlsPeer::close() {
  mbedtls_ssl_close_notify(&block_->ssl);
}

void TlsPeer::renegotiate() {
  mbedtls_ssl_renegotiate(&block_->ssl);
}

}  // namespace bridge::testing
