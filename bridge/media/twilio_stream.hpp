#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

// The messages of Twilio Media Streams (protocols.md 5), read and written. Knows no connection and
// no order of messages.
namespace bridge::media::twilio {

// --- what the carrier tells ---
// Every view lies in the message or the reader and is valid until the reader reads again. The
// `stream_sid` of a message is the one it says it belongs to; empty: it does not say.

struct Connected {};
struct Start {
  std::string_view stream_sid{};   // MZ and 32 hexadecimal digits
  std::string_view call_sid{};     // CA…
  std::string_view account_sid{};  // AC…
  std::string_view token{};        // the Parameter of that name; empty: there is none
  bool mu_law = true;  // its sound is what both ends speak: mu-law, 8000 Hz, one channel
};
struct Media {
  std::string_view stream_sid{};
  std::int64_t chunk = 0;      // counts from 1; 0: not told
  std::int64_t timestamp = 0;  // ms since the stream's start; -1: not told
  std::string_view base64{};   // audio text, checked
};
struct Key {
  std::string_view stream_sid{};
  char digit = '0';  // 0-9, *, #, A-D
};
struct Mark {
  std::string_view stream_sid{};
  std::string_view name{};
};
struct Stop {
  std::string_view stream_sid{};
};
// Nobody knows it, or it is of the other track: no reason to end a call.
struct Ignored {};
struct Wrong {
  const char* why = "";  // for the operator; nothing of the message
};
using Message = std::variant<Ignored, Wrong, Connected, Start, Media, Key, Mark, Stop>;

inline constexpr std::size_t padding = 64;

// Reads one message at a time. Numbers may be texts or numbers. One for each loop will do.
class Reader {
 public:
  Reader();
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  // At least `padding` bytes behind the message may be read.
  Message read(std::string_view message);

 private:
  struct Block;
  std::unique_ptr<Block> block_;
};

// --- what is told to it ---
// Each appends one message with exactly these fields: one more is warning 31951 and silence. The
// sid is one that a Start brought; a mark's name has no character that JSON would escape.

void append_media(std::string& out, std::string_view stream_sid, std::string_view base64);
void append_mark(std::string& out, std::string_view stream_sid, std::string_view name);
void append_clear(std::string& out, std::string_view stream_sid);

}  // namespace bridge::media::twilio
