#include "bridge/tls/mbedtls_engine.hpp"

#include <mbedtls/oid.h>
#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <new>
#include <optional>
#include <utility>
#include <vector>

#include "bridge/tls/fault.hpp"

namespace bridge::tls {
namespace {

// RFC 5246, section 6.2: type, version, length; then at most 2^14 bytes and what a cipher adds.
constexpr std::size_t header_bytes = 5;
constexpr std::size_t record_bytes_max = (1U << 14U) + 2048;
constexpr std::size_t part_bytes_max = 1U << 14U;

// Memory for output that is kept: some records of sound fit.
constexpr std::size_t kept_output_bytes_max = 4 * 1024;

// ChaCha20-Poly1305 first: mbedTLS 2.28 is faster at it than at AES-GCM, also with AES-NI
// (performance.md, section e).
constexpr std::array<int, 7> suites{MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
                                    MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
                                    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
                                    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
                                    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
                                    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
                                    0};
// X25519 first: a third less work than P-256 here.
constexpr std::array<mbedtls_ecp_group_id, 4> groups{MBEDTLS_ECP_DP_CURVE25519,
                                                     MBEDTLS_ECP_DP_SECP256R1,
                                                     MBEDTLS_ECP_DP_SECP384R1, MBEDTLS_ECP_DP_NONE};
constexpr std::array<int, 4> hashes{MBEDTLS_MD_SHA256, MBEDTLS_MD_SHA384, MBEDTLS_MD_SHA512,
                                    MBEDTLS_MD_NONE};

const mbedtls_x509_crt_profile& profile() {
  static const mbedtls_x509_crt_profile certificates{
      MBEDTLS_X509_ID_FLAG(MBEDTLS_MD_SHA256) | MBEDTLS_X509_ID_FLAG(MBEDTLS_MD_SHA384) |
          MBEDTLS_X509_ID_FLAG(MBEDTLS_MD_SHA512),
      0xFFFFFFF,
      MBEDTLS_X509_ID_FLAG(MBEDTLS_ECP_DP_SECP256R1) |
          MBEDTLS_X509_ID_FLAG(MBEDTLS_ECP_DP_SECP384R1) |
          MBEDTLS_X509_ID_FLAG(MBEDTLS_ECP_DP_SECP521R1),
      2048};
  return certificates;
}

std::string bytes_of(const mbedtls_x509_buf& buffer) {
  return {reinterpret_cast<const char*>(buffer.p), buffer.len};
}

// mbedTLS 2.28 compares DNS names only, takes "*.com", and falls back to the common name; so the
// comparison is ours.
Names names_of(const mbedtls_x509_crt& certificate) {
  constexpr int dns_name = MBEDTLS_ASN1_CONTEXT_SPECIFIC | 2;
  constexpr int ip_address = MBEDTLS_ASN1_CONTEXT_SPECIFIC | 7;
  Names names;
  if ((certificate.ext_types & MBEDTLS_X509_EXT_SUBJECT_ALT_NAME) == 0) return names;
  for (const mbedtls_x509_sequence* entry = &certificate.subject_alt_names; entry != nullptr;
       entry = entry->next) {
    if (entry->buf.tag == dns_name) names.dns.push_back(bytes_of(entry->buf));
    if (entry->buf.tag == ip_address) names.addresses.push_back(bytes_of(entry->buf));
  }
  return names;
}

// A server's certificate has to say so: what a name is certified for is otherwise left open.
bool is_for_servers(const mbedtls_x509_crt& certificate) {
  return (certificate.ext_types & MBEDTLS_X509_EXT_EXTENDED_KEY_USAGE) != 0 &&
         mbedtls_x509_crt_check_extended_key_usage(&certificate, MBEDTLS_OID_SERVER_AUTH,
                                                   MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH)) == 0;
}

bool signs_itself(const mbedtls_x509_crt& certificate) {
  return certificate.issuer_raw.len == certificate.subject_raw.len &&
         std::memcmp(certificate.issuer_raw.p, certificate.subject_raw.p,
                     certificate.issuer_raw.len) == 0;
}

class MbedtlsEngine final : public Engine {
 public:
  MbedtlsEngine(std::shared_ptr<const Config> config, bool client)
      : config_(std::move(config)), client_(client) {
    mbedtls_ssl_init(&ssl_);
    if (mbedtls_ssl_setup(&ssl_, &config_->ssl) != 0) throw std::bad_alloc();
    mbedtls_ssl_set_bio(&ssl_, this, on_send, on_receive, nullptr);
  }
  ~MbedtlsEngine() override { mbedtls_ssl_free(&ssl_); }

  // For a client, before the first `advance`.
  void look_for(const std::string& text, std::uint16_t port,
                std::shared_ptr<SessionCache> sessions) {
    const auto host = read_host(text);
    if (!host) {
      state_ = State::failed;
      fault_ = Fault::unusable_host;
      return;
    }
    host_ = *host;
    // An address is never sent as SNI (RFC 6066, section 3). mbedTLS's own check of the name stays
    // on beside ours.
    if (!host_.name.empty() && mbedtls_ssl_set_hostname(&ssl_, host_.name.c_str()) != 0) {
      throw std::bad_alloc();
    }
    mbedtls_ssl_set_verify(&ssl_, on_certificate, this);
    sessions_ = std::move(sessions);
    place_ = text + " " + std::to_string(port);
    resume(sessions_->find(place_));
  }

  State state() const override { return state_; }
  std::error_code fault() const override { return fault_; }

  void feed(std::string_view ciphertext) override {
    if (state_ != State::failed) input_.append(ciphertext);
  }

  std::string_view output() const override { return output_; }

  void clear_output() override {
    if (output_.capacity() > kept_output_bytes_max) {
      output_ = {};
    } else {
      output_.clear();
    }
  }

  bool can_advance() const override {
    return state_ == State::handshaking && ((client_ && !begun_) || record_waits());
  }

  void advance() override {
    begun_ = true;
    while (state_ == State::handshaking) {
      if (ssl_.state == MBEDTLS_SSL_SERVER_KEY_EXCHANGE) resumed_ = false;
      const int error = mbedtls_ssl_handshake_step(&ssl_);
      if (error == MBEDTLS_ERR_SSL_WANT_READ) break;
      if (error != 0) return fail(error);
      if (ssl_.state == MBEDTLS_SSL_HANDSHAKE_OVER) opened();
    }
    trim();
  }

  std::size_t read(std::span<char> into) override {
    if (state_ != State::open) return 0;
    const int got =
        mbedtls_ssl_read(&ssl_, reinterpret_cast<unsigned char*>(into.data()), into.size());
    trim();
    if (got > 0) return static_cast<std::size_t>(got);
    if (got == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY) {
      state_ = State::ended;
    } else if (got != 0 && got != MBEDTLS_ERR_SSL_WANT_READ) {
      fail(got);
    }
    return 0;
  }

  void write(std::string_view plaintext) override {
    if ((state_ != State::open && state_ != State::ended) || close_sent_) return;
    while (!plaintext.empty()) {
      const std::string_view part = plaintext.substr(0, part_bytes_max);
      const int wrote = mbedtls_ssl_write(
          &ssl_, reinterpret_cast<const unsigned char*>(part.data()), part.size());
      if (wrote <= 0) return fail(wrote);  // the output always takes everything
      plaintext.remove_prefix(static_cast<std::size_t>(wrote));
    }
  }

  void close() override {
    if ((state_ != State::open && state_ != State::ended) || close_sent_) return;
    close_sent_ = true;
    mbedtls_ssl_close_notify(&ssl_);
  }

  bool resumed() const override { return resumed_ && ssl_.state == MBEDTLS_SSL_HANDSHAKE_OVER; }

  std::string agreed() const override {
    if (ssl_.state != MBEDTLS_SSL_HANDSHAKE_OVER) return {};
    return std::string(mbedtls_ssl_get_version(&ssl_)) + " " + mbedtls_ssl_get_ciphersuite(&ssl_);
  }

  std::string session() const override {
    std::string saved;
    if (!client_ || state_ == State::handshaking || state_ == State::failed) return saved;
    mbedtls_ssl_session session;
    mbedtls_ssl_session_init(&session);
    if (mbedtls_ssl_get_session(&ssl_, &session) == 0 &&
        (session.id_len > 0 || session.ticket_len > 0)) {
      std::size_t size = 0;
      mbedtls_ssl_session_save(&session, nullptr, 0, &size);
      saved.resize(size);
      if (mbedtls_ssl_session_save(&session, reinterpret_cast<unsigned char*>(saved.data()), size,
                                   &size) != 0) {
        saved.clear();
      }
    }
    mbedtls_ssl_session_free(&session);
    return saved;
  }

 private:
  static MbedtlsEngine& of(void* self) { return *static_cast<MbedtlsEngine*>(self); }
  static int on_send(void* self, const unsigned char* bytes, std::size_t size) noexcept {
    of(self).output_.append(reinterpret_cast<const char*>(bytes), size);
    return static_cast<int>(size);
  }
  static int on_receive(void* self, unsigned char* into, std::size_t size) noexcept {
    return of(self).receive(into, size);
  }
  static int on_certificate(void* self, mbedtls_x509_crt* certificate, int depth,
                            std::uint32_t* flags) noexcept {
    of(self).judge(*certificate, depth, *flags);
    return 0;
  }

  // A session that cannot be read is one of another version of the library.
  void resume(const std::string& saved) {
    if (saved.empty()) return;
    mbedtls_ssl_session session;
    mbedtls_ssl_session_init(&session);
    if (mbedtls_ssl_session_load(&session, reinterpret_cast<const unsigned char*>(saved.data()),
                                 saved.size()) == 0) {
      offered_ = mbedtls_ssl_set_session(&ssl_, &session) == 0;
    }
    mbedtls_ssl_session_free(&session);
  }

  void opened() {
    state_ = State::open;
    if (sessions_ == nullptr) return;
    std::string saved = session();
    if (!saved.empty()) {
      sessions_->keep(place_, std::move(saved));
    } else if (offered_) {
      sessions_->forget(place_);
    }
  }

  // mbedTLS gets whole records only, so that a new one always begins where it asks for a header.
  int receive(unsigned char* into, std::size_t size) {
    if (record_left_ == 0) {
      if (!record_waits()) return MBEDTLS_ERR_SSL_WANT_READ;
      if (const auto wrong = judge_header()) {
        fault_ = *wrong;
        return MBEDTLS_ERR_SSL_INTERNAL_ERROR;  // `fault_` says it better
      }
      record_left_ = header_bytes + length_of_record();
      first_record_ = false;
    }
    const std::size_t take = std::min(size, record_left_);
    std::memcpy(into, input_.data() + input_at_, take);
    input_at_ += take;
    record_left_ -= take;
    return static_cast<int>(take);
  }

  std::string_view waiting() const { return std::string_view(input_).substr(input_at_); }
  std::size_t byte(std::size_t at) const { return static_cast<unsigned char>(waiting()[at]); }
  std::size_t length_of_record() const { return byte(3) << 8U | byte(4); }

  // True also for a header that is refused, which nothing needs to follow.
  bool record_waits() const {
    if (waiting().empty()) return false;
    if (!is_type(byte(0))) return true;
    return waiting().size() >= header_bytes &&
           (judge_header() || waiting().size() >= header_bytes + length_of_record());
  }

  static bool is_type(std::size_t type) {
    return type >= MBEDTLS_SSL_MSG_CHANGE_CIPHER_SPEC && type <= MBEDTLS_SSL_MSG_APPLICATION_DATA;
  }

  std::optional<Fault> judge_header() const {
    const Fault stranger = first_record_ ? Fault::not_tls : Fault::bad_record;
    if (!is_type(byte(0)) || byte(1) != MBEDTLS_SSL_MAJOR_VERSION_3) return stranger;
    if (length_of_record() > record_bytes_max) return stranger;
    // TLS 1.2 has no message of the handshake left after it, but for those that begin another one.
    if (state_ == State::open && byte(0) == MBEDTLS_SSL_MSG_HANDSHAKE) return Fault::renegotiation;
    return {};
  }

  void trim() {
    if (input_at_ == input_.size()) {
      input_.clear();
      input_at_ = 0;
    } else if (input_at_ > part_bytes_max) {
      input_.erase(0, input_at_);
      input_at_ = 0;
    }
  }

  // Called from the authority down to the peer's own certificate.
  void judge(const mbedtls_x509_crt& certificate, int depth, std::uint32_t& flags) {
    if (depth == 0) {
      if (!is_for(names_of(certificate), host_)) flags |= MBEDTLS_X509_BADCERT_CN_MISMATCH;
      if (!is_for_servers(certificate)) flags |= MBEDTLS_X509_BADCERT_EXT_KEY_USAGE;
      self_signed_ = signs_itself(certificate);
      own_problems_ = flags;
    } else {
      chain_problems_ |= flags;
    }
  }

  void fail(int error) {
    if (!fault_) fault_ = fault_of(error);
    state_ = State::failed;
    if (offered_ && ssl_.state != MBEDTLS_SSL_HANDSHAKE_OVER) sessions_->forget(place_);
    // What mbedTLS was never shown it has told nobody of.
    if (fault_ == Fault::renegotiation || fault_ == Fault::bad_record) {
      mbedtls_ssl_send_alert_message(&ssl_, MBEDTLS_SSL_ALERT_LEVEL_FATAL,
                                     MBEDTLS_SSL_ALERT_MSG_UNEXPECTED_MESSAGE);
    }
    input_ = {};
    input_at_ = 0;
  }

  std::error_code fault_of(int error) const {
    switch (error) {
      case MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE:
        return alert(ssl_.in_msg[1]);
      case MBEDTLS_ERR_X509_CERT_VERIFY_FAILED:
      case MBEDTLS_ERR_SSL_BAD_HS_CERTIFICATE:
        return certificate_fault();
      case MBEDTLS_ERR_SSL_BAD_HS_PROTOCOL_VERSION:
        return Fault::old_protocol;
      case MBEDTLS_ERR_SSL_NO_CIPHER_CHOSEN:
      case MBEDTLS_ERR_SSL_NO_USABLE_CIPHERSUITE:
        return Fault::no_common_cipher;
      case MBEDTLS_ERR_SSL_INVALID_MAC:
      case MBEDTLS_ERR_SSL_INVALID_RECORD:
        return Fault::bad_record;
      case MBEDTLS_ERR_SSL_ALLOC_FAILED:
      case MBEDTLS_ERR_X509_ALLOC_FAILED:
        return Fault::out_of_memory;
      default:
        break;
    }
    // An error number holds its module's in these bits, here that of X.509.
    const int high = -error & 0x7F80;
    const bool of_x509 =
        high >= -MBEDTLS_ERR_X509_FEATURE_UNAVAILABLE && high <= -MBEDTLS_ERR_X509_BUFFER_TOO_SMALL;
    return of_x509 ? Fault::bad_certificate : Fault::bad_handshake;
  }

  // The fault that an operator would mend first.
  std::error_code certificate_fault() const {
    // mbedTLS adds what it finds after the callback.
    std::uint32_t own = own_problems_;
    const std::uint32_t result = mbedtls_ssl_get_verify_result(&ssl_);
    if (result != 0xFFFFFFFF) own |= result & ~chain_problems_;
    const std::uint32_t all = own | chain_problems_;
    if ((all & MBEDTLS_X509_BADCERT_MISSING) != 0) return Fault::no_certificate;
    if ((own & MBEDTLS_X509_BADCERT_EXPIRED) != 0) return Fault::certificate_expired;
    if ((own & MBEDTLS_X509_BADCERT_FUTURE) != 0) return Fault::certificate_not_yet_valid;
    if ((own & MBEDTLS_X509_BADCERT_CN_MISMATCH) != 0) return Fault::wrong_name;
    if ((all & MBEDTLS_X509_BADCERT_BAD_MD) != 0) return Fault::weak_signature;
    if ((all & (MBEDTLS_X509_BADCERT_BAD_KEY | MBEDTLS_X509_BADCERT_BAD_PK)) != 0) {
      return Fault::weak_key;
    }
    if ((all & MBEDTLS_X509_BADCERT_NOT_TRUSTED) != 0) {
      return self_signed_ ? Fault::self_signed : Fault::unknown_issuer;
    }
    if ((all & (MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE)) != 0) {
      return Fault::issuer_expired;
    }
    if ((all & (MBEDTLS_X509_BADCERT_KEY_USAGE | MBEDTLS_X509_BADCERT_EXT_KEY_USAGE |
                MBEDTLS_X509_BADCERT_NS_CERT_TYPE)) != 0) {
      return Fault::wrong_usage;
    }
    if ((all & MBEDTLS_X509_BADCERT_REVOKED) != 0) return Fault::revoked;
    return Fault::bad_certificate;
  }

  const std::shared_ptr<const Config> config_;
  const bool client_;
  mbedtls_ssl_context ssl_{};
  State state_ = State::handshaking;
  std::error_code fault_{};

  std::string input_{};
  std::size_t input_at_ = 0;  // up to here it is mbedTLS's
  std::size_t record_left_ = 0;
  bool first_record_ = true;
  std::string output_{};
  bool begun_ = false;
  bool resumed_ = true;
  bool close_sent_ = false;

  // Of a client.
  Host host_{};
  std::shared_ptr<SessionCache> sessions_{};
  std::string place_{};
  bool offered_ = false;  // an old session
  std::uint32_t own_problems_ = 0;
  std::uint32_t chain_problems_ = 0;
  bool self_signed_ = false;
};

}  // namespace

int system_random(void*, unsigned char* into, std::size_t size) {
  while (size > 0) {
    const ssize_t got = ::getrandom(into, size, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return MBEDTLS_ERR_SSL_NO_RNG;
    into += got;
    size -= static_cast<std::size_t>(got);
  }
  return 0;
}

TicketKeys::TicketKeys(std::chrono::seconds ticket_time_max) {
  mbedtls_ssl_ticket_init(&context);
  if (mbedtls_ssl_ticket_setup(&context, system_random, nullptr, MBEDTLS_CIPHER_AES_256_GCM,
                               static_cast<std::uint32_t>(ticket_time_max.count())) != 0) {
    mbedtls_ssl_ticket_free(&context);
    throw std::bad_alloc();
  }
}

TicketKeys::~TicketKeys() {
  mbedtls_ssl_ticket_free(&context);
}

Config::Config(int endpoint) {
  mbedtls_ssl_config_init(&ssl);
  mbedtls_x509_crt_init(&certificates);
  mbedtls_pk_init(&key);
  [[maybe_unused]] const int error = mbedtls_ssl_config_defaults(
      &ssl, endpoint, MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);
  assert(error == 0);  // it allocates Diffie-Hellman parameters for a server only
  mbedtls_ssl_conf_min_version(&ssl, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
  mbedtls_ssl_conf_max_version(&ssl, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
  mbedtls_ssl_conf_ciphersuites(&ssl, suites.data());
  mbedtls_ssl_conf_curves(&ssl, groups.data());
  mbedtls_ssl_conf_sig_hashes(&ssl, hashes.data());
  mbedtls_ssl_conf_cert_profile(&ssl, &profile());
  mbedtls_ssl_conf_rng(&ssl, system_random, nullptr);
  mbedtls_ssl_conf_renegotiation(&ssl, MBEDTLS_SSL_RENEGOTIATION_DISABLED);
  if (endpoint == MBEDTLS_SSL_IS_CLIENT) {
    mbedtls_ssl_conf_authmode(&ssl, MBEDTLS_SSL_VERIFY_REQUIRED);
    // A server that does not know RFC 5746 cannot say that it joins no two handshakes into one.
    mbedtls_ssl_conf_legacy_renegotiation(&ssl, MBEDTLS_SSL_LEGACY_BREAK_HANDSHAKE);
    mbedtls_ssl_conf_session_tickets(&ssl, MBEDTLS_SSL_SESSION_TICKETS_ENABLED);
  } else {
    mbedtls_ssl_conf_authmode(&ssl, MBEDTLS_SSL_VERIFY_NONE);
  }
}

Config::~Config() {
  mbedtls_ssl_config_free(&ssl);
  mbedtls_x509_crt_free(&certificates);
  mbedtls_pk_free(&key);
}

std::unique_ptr<Engine> make_client_engine(std::shared_ptr<const Config> config,
                                           std::shared_ptr<SessionCache> sessions,
                                           const std::string& host, std::uint16_t port) {
  auto engine = std::make_unique<MbedtlsEngine>(std::move(config), true);
  engine->look_for(host, port, std::move(sessions));
  return engine;
}

std::unique_ptr<Engine> make_server_engine(std::shared_ptr<const Config> config) {
  return std::make_unique<MbedtlsEngine>(std::move(config), false);
}

}  // namespace bridge::tls
