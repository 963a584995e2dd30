#include "bridge/tls/client_context.hpp"

#include <stdexcept>

#include "bridge/tls/mbedtls_engine.hpp"

namespace bridge::tls {

struct ClientContext::Block {
  std::shared_ptr<const Config> config{};
  std::shared_ptr<SessionCache> sessions{};
};

ClientContext::ClientContext(const Options& options) : block_(std::make_unique<Block>()) {
  auto config = std::make_shared<Config>(MBEDTLS_SSL_IS_CLIENT);
  // Single authorities that mbedTLS cannot read are left out; more than none is what it takes.
  if (mbedtls_x509_crt_parse_file(&config->certificates, options.ca_file.c_str()) < 0 ||
      config->certificates.raw.p == nullptr) {
    throw std::runtime_error(options.ca_file +
                             ": no certificate authority could be read from it; install the "
                             "package ca-certificates, or name a file of PEM certificates");
  }
  mbedtls_ssl_conf_ca_chain(&config->ssl, &config->certificates, nullptr);
  block_->config = std::move(config);
  block_->sessions = std::make_shared<SessionCache>(options.sessions_max, options.session_time_max);
}

ClientContext::~ClientContext() = default;

std::unique_ptr<Engine> ClientContext::connect(const std::string& host, std::uint16_t port) {
  return make_client_engine(block_->config, block_->sessions, host, port);
}

}  // namespace bridge::tls
