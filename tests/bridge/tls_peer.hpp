#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bridge/certificates.hpp"

// The other end of a TLS connection, by mbedTLS without any of our choices: it speaks whatever it
// is told to, and goes on after what ours would never do.
namespace bridge::testing {

class TlsPeer {
 public:
  struct Options {
    bool client = false;
    std::string chain{};         // PEM, of a server
    std::string key{};           // PEM, of a server
    int version_min = 3;         // 1: TLS 1.0 … 3: TLS 1.2
    int version_max = 3;         //
    std::vector<int> suites{};   // empty: all that mbedTLS has
    bool server_name = true;     // a client sends "localhost"
    bool renegotiation = false;  // it would
  };

  explicit TlsPeer(const Options& options);
  ~TlsPeer();
  TlsPeer(const TlsPeer&) = delete;
  TlsPeer& operator=(const TlsPeer&) = delete;

  // Takes bytes of the other side and goes on with the handshake.
  void feed(std::string_view bytes);
  std::string take_output();
  bool open() const;
  // What was received in plaintext.
  std::string take_plaintext();
  void write(std::string_view plaintext);
  void close();
  void renegotiate();

 private:
  struct Block;
  std::unique_ptr<Block> block_;
};

}  // namespace bridge::testing
