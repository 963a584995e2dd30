// What the carrier's socket says reaches the reader before anybody is known. Each line is a message
// to a call that was let in; what is read as sound is sound, and a call ends once.
#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "bridge/media/call.hpp"
#include "bridge/media/twilio_stream.hpp"
#include "bridge/voice/audio_text.hpp"

namespace {

using namespace bridge;

class Deaf final : public voice::Conversation {
 public:
  void hear(std::string_view base64) override { assert(voice::is_audio_text(base64)); }
  void hear_key(char) override {}
  void speak() override {}
  void interrupted(std::string_view, std::chrono::milliseconds heard) override {
    assert(heard.count() >= 0);
  }
  void answer_tool(std::string_view, std::string_view, bool) override {}
  void answer_then_goodbye(std::string_view, std::string_view) override {}
  bool has_more_to_say() const override { return false; }
  void remind() override {}
  void say_no_more() override {}
  void tell(std::string_view) override {}
};

class Line final : public media::Line {
 public:
  int starts = 0;
  int ends = 0;
  bool let_in = false;
  std::string text{};
  net::Instant clock{std::chrono::hours{12}};

  net::Instant now() const override { return clock; }
  void wake_at(net::Instant) override {}
  std::string& begin_text() override {
    text.clear();
    return text;
  }
  void end_text() override { assert(text.front() == '{' && text.back() == '}'); }
  void close() override {}
  std::unique_ptr<voice::Conversation> converse(const voice::Agent&, voice::Listener&) override {
    return std::make_unique<Deaf>();
  }
  void bury(std::unique_ptr<voice::Conversation>) override {}
  void tell(media::Started) override {
    ++starts;
    let_in = true;
  }
  void tell(media::Said) override {}
  void tell(media::ToolAsked) override {}
  void tell_key(char) override {}
  void tell(media::Closed) override { ++ends; }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static media::twilio::Reader reader;
  Line line;
  media::Call call(line, 1, {});
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  while (!rest.empty()) {
    const std::string_view message = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), message.size() + 1));
    std::string padded(message);
    padded.append(media::twilio::padding, '\0');
    const auto read = reader.read(std::string_view(padded).substr(0, message.size()));
    if (const auto* const sound = std::get_if<media::twilio::Media>(&read)) {
      assert(voice::is_audio_text(sound->base64));
      assert(sound->chunk >= 0 && sound->timestamp >= -1);
    }
    call.received(read);
    if (std::exchange(line.let_in, false)) {
      call.let_in({}, {});
      call.on_ready();
      call.on_audio("i", "f39/f39/");
    }
    line.clock += std::chrono::milliseconds(20);
    call.woken();
  }
  call.end(media::Why::stopped);
  assert(line.ends == line.starts && line.starts <= 1);
  return 0;
}
