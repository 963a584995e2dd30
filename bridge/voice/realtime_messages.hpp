#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "bridge/voice/voice.hpp"

// The messages of the OpenAI Realtime protocol in its GA shape (protocols.md 6), read and written;
// what they mean is realtime_session's. Knows no connection.
namespace bridge::voice::realtime {

// --- what the model's server tells ---
// Every view lies in the reader and is valid until it reads again.

struct SessionCreated {};
struct SessionUpdated {
  std::string_view input_format{};  // "audio/pcmu" if it went well
  std::string_view output_format{};
};
struct SpeechStarted {
  std::string_view item{};  // that the person's words will be
};
struct SpeechStopped {
  std::string_view item{};
};
struct Committed {
  std::string_view item{};
  std::string_view previous{};
};
struct CalleeText {
  std::string_view item{};
  std::string_view text{};
};
struct CalleeTextFailed {
  std::string_view item{};
  std::string_view code{};
};
struct ResponseCreated {
  std::string_view response{};
};
struct AudioDelta {
  std::string_view response{};
  std::string_view item{};
  std::string_view base64{};  // not looked at
};
struct AudioDone {
  std::string_view response{};
  std::string_view item{};
};
struct TextDelta {  // of what the agent says
  std::string_view response{};
  std::string_view item{};
  std::string_view text{};
};
struct TextDone {
  std::string_view response{};
  std::string_view item{};
  std::string_view text{};
};
// A whole call of a function.
struct FunctionCall {
  std::string_view call_id{};
  std::string_view name{};
  std::string_view arguments{};  // JSON in a string, perhaps broken
};
struct FunctionCalled {
  std::string_view response{};
  FunctionCall call{};
};
enum class Status : unsigned char { completed, cancelled, incomplete, failed, unknown };
struct ResponseDone {
  std::string_view response{};
  Status status = Status::completed;
  std::string_view error_type{};  // failed
  std::string_view error_code{};
  std::string_view reason{};  // incomplete: "max_output_tokens", "content_filter"
  Usage usage{};
  std::vector<FunctionCall> calls{};  // at most calls_max
};
inline constexpr std::size_t calls_max = 16;
struct RateLimit {
  std::int64_t limit = -1;  // -1: not told
  std::int64_t remaining = -1;
};
struct RateLimits {
  RateLimit tokens{};
  RateLimit requests{};
};
struct Error {
  std::string_view type{};
  std::string_view code{};
  std::string_view param{};
  std::string_view event_id{};  // of our message
};
// Something that is not needed here, or that nobody knows yet.
struct Ignored {};
// It was not a message of this protocol.
struct Wrong {
  const char* why = "";
};

using ServerEvent =
    std::variant<Ignored, Wrong, SessionCreated, SessionUpdated, SpeechStarted, SpeechStopped,
                 Committed, CalleeText, CalleeTextFailed, ResponseCreated, AudioDelta, AudioDone,
                 TextDelta, TextDone, FunctionCalled, ResponseDone, RateLimits, Error>;

inline constexpr std::size_t id_bytes_max = 128;  // of items, responses, calls; longer is Wrong
inline constexpr std::size_t padding = 64;

// Reads one message at a time. Its memory grows with the largest message; one for each loop will
// do.
class Reader {
 public:
  Reader();
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  // At least `padding` bytes behind the message may be read.
  ServerEvent read(std::string_view message);

 private:
  struct Block;
  std::unique_ptr<Block> block_;
};

// --- what is told to it ---
// Each appends one message to `out`. Texts are valid UTF-8.

// How much of what the person says is asked to be written down, less at each refusal.
enum class Transcription : unsigned char { with_language, without_language, none };

// The whole configuration; refused as a whole if one field of it is (6.2).
void append_session_update(std::string& out, std::string_view event_id, const Agent& agent,
                           Transcription transcription);
void append_audio(std::string& out, std::string_view base64);
enum class Author : unsigned char { user, system };
void append_text_item(std::string& out, std::string_view event_id, Author author,
                      std::string_view text);
void append_function_output(std::string& out, std::string_view event_id, std::string_view call_id,
                            std::string_view output);
// Without instructions: those of the session. With: these replace them for this response.
void append_response_create(std::string& out, std::string_view event_id,
                            std::string_view instructions);
void append_response_cancel(std::string& out, std::string_view event_id, std::string_view response);
void append_truncate(std::string& out, std::string_view event_id, std::string_view item,
                     std::int64_t audio_end_ms);

// A string of JSON with its quotes.
void append_quoted(std::string& out, std::string_view text);

// --- what an error means (6.7) ---

enum class Reaction : unsigned char {
  ignore,
  wait,      // another response is under way: ask again after it
  retry,     // once
  complain,  // our mistake; the talk goes on
  expired,
  limited,
  refused,
};
Reaction reaction_to(std::string_view type, std::string_view code);

}  // namespace bridge::voice::realtime
