#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace bridge::rehearsal {

// The messages of Media Streams as the carrier writes and reads them (protocols.md 5). Pure.

// What one stream's messages have in common. Counts from 1.
class StreamWriter {
 public:
  StreamWriter(std::string stream_sid, std::string account_sid, std::string call_sid)
      : stream_sid_(std::move(stream_sid)),
        account_sid_(std::move(account_sid)),
        call_sid_(std::move(call_sid)) {}

  static std::string connected();
  std::string start(const std::vector<std::pair<std::string, std::string>>& parameters);
  // `with_news`: as a carrier may add members without notice.
  std::string media(std::string_view sound, std::uint64_t at_ms, bool with_news);
  std::string dtmf(char key);
  std::string mark(std::string_view name);
  std::string stop();
  // A message that nobody has heard of.
  std::string news();

 private:
  std::string begin(std::string_view event);

  std::string stream_sid_;
  std::string account_sid_;
  std::string call_sid_;
  std::uint64_t sequence_ = 0;
  std::uint64_t chunk_ = 0;
};

struct PlayThis {
  std::string sound{};
};
struct MarkThis {
  std::string name{};
};
struct ClearAll {};
// 31951: not exactly the members of such a message, or not of this stream.
struct InvalidMessage {
  std::string why{};
};
using FromProgram = std::variant<PlayThis, MarkThis, ClearAll, InvalidMessage>;
FromProgram read_from_program(std::string_view message, std::string_view stream_sid);

}  // namespace bridge::rehearsal
