#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "bridge/tls/engine.hpp"

namespace bridge::tls {

// What our ends of incoming connections share: certificate, key, and the keys of session tickets.
// Protocol and ciphers as in ClientContext. Asks no client for a certificate.
class ServerContext {
 public:
  struct Options {
    std::string certificate_file{};  // PEM: our certificate, then the intermediate ones
    std::string key_file{};          // PEM, without a password, not readable by everybody
    // A ticket is good for as long; its key is renewed as often, kept once more, then forgotten.
    std::chrono::seconds ticket_time_max{3600};
  };

  // Throws std::runtime_error with the file and what to do.
  explicit ServerContext(const Options& options);
  ~ServerContext();
  ServerContext(const ServerContext&) = delete;
  ServerContext& operator=(const ServerContext&) = delete;

  // Reads both files again, for connections to come. Throws as the constructor does, and then the
  // old certificate goes on being shown.
  void reload();
  // The same, if one of the files is another one than was read last. True: it was.
  bool reload_if_changed();

  // The end of the certificate's validity.
  std::chrono::sys_seconds valid_until() const;

  // The engine may outlive the context.
  std::unique_ptr<Engine> accept();

 private:
  struct Block;
  std::unique_ptr<Block> block_;
};

}  // namespace bridge::tls
