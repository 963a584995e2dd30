#include "bridge/tls/server_context.hpp"

#include <sys/stat.h>

#include <array>
#include <cstdint>
#include <new>
#include <stdexcept>

#include "bridge/tls/mbedtls_engine.hpp"

namespace bridge::tls {
namespace {

// What tells one state of a file from another.
using FileMark = std::array<std::uint64_t, 4>;

FileMark mark_of(const std::string& path) {
  struct stat file {};
  if (::stat(path.c_str(), &file) != 0) return {};
  return {file.st_ino, static_cast<std::uint64_t>(file.st_size),
          static_cast<std::uint64_t>(file.st_mtim.tv_sec),
          static_cast<std::uint64_t>(file.st_mtim.tv_nsec)};
}

bool everybody_may_read(const std::string& path) {
  struct stat file {};
  return ::stat(path.c_str(), &file) == 0 && (file.st_mode & S_IROTH) != 0;
}

// P-521 is left out because few clients have it.
bool is_strong(const mbedtls_pk_context& key) {
  if (mbedtls_pk_can_do(&key, MBEDTLS_PK_RSA) != 0) return mbedtls_pk_get_bitlen(&key) >= 2048;
  if (mbedtls_pk_get_type(&key) != MBEDTLS_PK_ECKEY) return false;
  const auto* pair = static_cast<const mbedtls_ecp_keypair*>(key.pk_ctx);
  const mbedtls_ecp_group_id group = pair->grp.id;
  return group == MBEDTLS_ECP_DP_SECP256R1 || group == MBEDTLS_ECP_DP_SECP384R1;
}

// 23:59:59 of a day that is no day is of no use here: the library has checked the fields.
std::chrono::sys_seconds instant_of(const mbedtls_x509_time& time) {
  using namespace std::chrono;
  return sys_days{year{time.year} / month{static_cast<unsigned>(time.mon)} /
                  day{static_cast<unsigned>(time.day)}} +
         hours{time.hour} + minutes{time.min} + seconds{time.sec};
}

}  // namespace

struct ServerContext::Block {
  Options options{};
  std::shared_ptr<TicketKeys> tickets{};
  std::shared_ptr<const Config> config{};
  FileMark certificate_mark{};
  FileMark key_mark{};

  [[noreturn]] static void refuse(const std::string& file, const std::string& why) {
    throw std::runtime_error(file + ": " + why);
  }

  void read() {
    const std::string& certificate_file = options.certificate_file;
    const std::string& key_file = options.key_file;
    const FileMark new_certificate_mark = mark_of(certificate_file);
    const FileMark new_key_mark = mark_of(key_file);

    auto made = std::make_shared<Config>(MBEDTLS_SSL_IS_SERVER);
    if (mbedtls_x509_crt_parse_file(&made->certificates, certificate_file.c_str()) != 0) {
      refuse(certificate_file,
             "no certificate chain in PEM could be read from it (our certificate first, then the "
             "intermediate ones)");
    }
    if (everybody_may_read(key_file)) {
      refuse(key_file, "everybody on this machine may read the private key; chmod o-r it");
    }
    if (mbedtls_pk_parse_keyfile(&made->key, key_file.c_str(), nullptr) != 0) {
      refuse(key_file, "no private key in PEM without a password could be read from it");
    }
    if (!is_strong(made->key)) {
      refuse(key_file,
             "the key is too weak or of a kind not used here; make one of RSA with at "
             "least 2048 bits, of P-256 or of P-384");
    }
    if (mbedtls_pk_check_pair(&made->certificates.pk, &made->key) != 0) {
      refuse(key_file, "it is not the key of the certificate in " + certificate_file);
    }
    [[maybe_unused]] const int error =
        mbedtls_ssl_conf_own_cert(&made->ssl, &made->certificates, &made->key);
    if (error != 0) throw std::bad_alloc();
    made->tickets = tickets;
    mbedtls_ssl_conf_session_tickets_cb(&made->ssl, mbedtls_ssl_ticket_write,
                                        mbedtls_ssl_ticket_parse, &tickets->context);
    config = std::move(made);
    certificate_mark = new_certificate_mark;
    key_mark = new_key_mark;
  }
};

ServerContext::ServerContext(const Options& options) : block_(std::make_unique<Block>()) {
  block_->options = options;
  block_->tickets = std::make_shared<TicketKeys>(options.ticket_time_max);
  block_->read();
}

ServerContext::~ServerContext() = default;

void ServerContext::reload() {
  block_->read();
}

bool ServerContext::reload_if_changed() {
  if (mark_of(block_->options.certificate_file) == block_->certificate_mark &&
      mark_of(block_->options.key_file) == block_->key_mark) {
    return false;
  }
  block_->read();
  return true;
}

std::chrono::sys_seconds ServerContext::valid_until() const {
  return instant_of(block_->config->certificates.valid_to);
}

std::unique_ptr<Engine> ServerContext::accept() {
  return make_server_engine(block_->config);
}

}  // namespace bridge::tls
