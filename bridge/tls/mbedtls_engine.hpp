#pragma once

#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_ticket.h>
#include <mbedtls/x509_crt.h>

#include <chrono>
#include <memory>
#include <string>

#include "bridge/tls/engine.hpp"
#include "bridge/tls/names.hpp"
#include "bridge/tls/session_cache.hpp"

// TLS by mbedTLS 2.28. Only for the sources of this folder.
namespace bridge::tls {

// mbedTLS's source of random bytes: the system's own, so that no state is shared between threads.
int system_random(void*, unsigned char* into, std::size_t size);

// The keys of session tickets: at most two, renewed by mbedTLS.
struct TicketKeys {
  explicit TicketKeys(std::chrono::seconds ticket_time_max);
  ~TicketKeys();
  TicketKeys(const TicketKeys&) = delete;
  TicketKeys& operator=(const TicketKeys&) = delete;

  mbedtls_ssl_ticket_context context{};
};

// What the engines of a context share and none of them changes. mbedTLS reads it from several
// threads at once; where it writes (blinding of RSA, ticket keys) it locks.
struct Config {
  explicit Config(int endpoint);
  ~Config();
  Config(const Config&) = delete;
  Config& operator=(const Config&) = delete;

  mbedtls_ssl_config ssl{};
  mbedtls_x509_crt certificates{};  // a client's authorities, a server's own chain
  mbedtls_pk_context key{};         // a server's
  std::shared_ptr<TicketKeys> tickets{};
};

std::unique_ptr<Engine> make_client_engine(std::shared_ptr<const Config> config,
                                           std::shared_ptr<SessionCache> sessions,
                                           const std::string& host, std::uint16_t port);
std::unique_ptr<Engine> make_server_engine(std::shared_ptr<const Config> config);

}  // namespace bridge::tls
