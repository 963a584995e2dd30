#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "bridge/http/message.hpp"

namespace bridge::http {

// Bytes in, whole HTTP/1.x messages out. Does no I/O and knows no time. Stricter than llhttp, which
// it is built on (reliability.md H1): what two programs could read in two ways is refused. The
// result does not depend on how the bytes were cut into pieces.
//
//   idle ──► head ──► body ──► complete ──take_…──► idle
//     └───────┴────────┴─────► refused (for good)
class Parser {
 public:
  enum class Mode : unsigned char { request, response };

  // One byte over: refused with the status in the comment.
  struct Options {
    Mode mode = Mode::request;
    std::size_t first_line_bytes_max = 4096;   // without its CRLF; 414
    std::size_t header_bytes_max = 16 * 1024;  // all header lines and the empty one; 431
    std::size_t headers_max = 64;              // 431
    std::size_t body_bytes_max = 64 * 1024;    // 413
    // Not empty: asked by each request's headers instead of `body_bytes_max`.
    std::function<std::size_t(const Request&)> body_bytes_max_of{};
    // A response of 101 is a message, the last one; else nobody asked for it and it is refused.
    bool switching = false;
  };

  enum class State : unsigned char { idle, head, body, complete, refused };

  explicit Parser(const Options& options);
  ~Parser();
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  // Reads on, to the end of one message at most; returns how many bytes were used. Neither after
  // `complete`, before the message was taken, nor after `refused`.
  std::size_t feed(std::string_view bytes);
  // The other side has ended: completes a response whose length is the connection's end; anything
  // else that was begun is refused.
  void finish();

  State state() const;
  // What a refused request is to be answered with; for a response only a number that is not 0.
  int refusal() const;

  // Of the message that is complete or, for the last two, whose head is.
  bool keep_alive() const;
  bool is_head() const;  // the method is HEAD; known of a refused one, too
  bool expects_continue() const;
  bool version_1_0() const;

  // Hands over the complete message and begins the next one.
  Request take_request();
  Response take_response();

  // The next response answers a HEAD request: it has no body whatever its head says.
  void expect_no_body(bool yes);

 private:
  struct Block;
  std::unique_ptr<Block> block_;
};

}  // namespace bridge::http
