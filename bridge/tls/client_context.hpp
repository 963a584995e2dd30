#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "bridge/tls/engine.hpp"

namespace bridge::tls {

// What our ends of outgoing connections share: whom to trust, and the sessions of earlier
// connections. TLS 1.2, ECDHE with AES-GCM or ChaCha20-Poly1305, no renegotiation, no compression;
// certificates of RSA from 2048 bits or P-256, P-384, signed with SHA-256 or better. Validity is
// judged by the system's clock, also in a rehearsal. Revocation is not looked up.
class ClientContext {
 public:
  struct Options {
    // PEM, Debian's bundle of authorities by default. Read once.
    std::string ca_file = "/etc/ssl/certs/ca-certificates.crt";
    std::size_t sessions_max = 64;  // one for each host and port; the oldest makes room
    std::chrono::seconds session_time_max{3600};
  };

  // Throws std::runtime_error, with the file and what to do, where there is no authority to trust.
  explicit ClientContext(const Options& options);
  ~ClientContext();
  ClientContext(const ClientContext&) = delete;
  ClientContext& operator=(const ClientContext&) = delete;

  // The only way to a client's end. `host` is the name (sent as SNI) or the literal address that
  // the certificate must be for, in its subjectAltName; a host that is neither gives an engine that
  // has failed. Resumes the last session with this host and port where the server agrees. The
  // engine may outlive the context.
  std::unique_ptr<Engine> connect(const std::string& host, std::uint16_t port);

 private:
  struct Block;
  std::unique_ptr<Block> block_;
};

}  // namespace bridge::tls
