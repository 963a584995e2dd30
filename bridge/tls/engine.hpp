#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

namespace bridge::tls {

// One end of one TLS connection, without a socket: ciphertext in, ciphertext out, and between the
// two the plaintext. What a library has to offer to be ours; made only by ClientContext, which
// always names the host to check, and by ServerContext. Used by one thread at a time, and `advance`
// may run on another one than the rest.
//
//   handshaking ─► open ─► ended (the peer said that it is done)
//        └──────────┴────► failed (`fault` says why; the alert for the peer is in the output)
class Engine {
 public:
  enum class State : unsigned char { handshaking, open, ended, failed };

  virtual ~Engine() = default;
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  virtual State state() const = 0;
  virtual std::error_code fault() const = 0;

  // Takes ciphertext of the peer; only keeps it.
  virtual void feed(std::string_view ciphertext) = 0;
  // The ciphertext for the peer that has gathered; valid until another function is called.
  virtual std::string_view output() const = 0;
  // It was taken care of. Its memory is kept for what follows.
  virtual void clear_output() = 0;

  // Whether `advance` would get on: a whole record waits, or the first word is ours.
  virtual bool can_advance() const = 0;
  // Goes on with the handshake as far as the bytes reach. Takes milliseconds where keys are
  // computed and certificates checked.
  virtual void advance() = 0;

  // When open, also when the peer has ended after it: plaintext of the peer; 0: none for now.
  virtual std::size_t read(std::span<char> into) = 0;
  // When open or ended.
  virtual void write(std::string_view plaintext) = 0;
  // Says that nothing more will be written (close_notify). No effect a second time, or where there
  // is nobody to tell.
  virtual void close() = 0;

  // Of an open connection. A resumed one did without certificates and key exchange.
  virtual bool resumed() const = 0;
  // Version and cipher suite, for people.
  virtual std::string agreed() const = 0;

  // A client's session, in the library's own form, for a later connection to the same place. Empty
  // where the server offers none. It is as secret as the connection itself.
  virtual std::string session() const = 0;

 protected:
  Engine() = default;
};

}  // namespace bridge::tls
