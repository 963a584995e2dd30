// Each line is a message of a voice model's server to one session. What is heard of it is sound and
// bounded text, and it fails at most once.
#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "bridge/voice/audio_text.hpp"
#include "bridge/voice/realtime_session.hpp"

namespace {

using namespace bridge::voice;

struct Ear final : Listener {
  realtime::Session* session = nullptr;
  int failures = 0;
  int calls = 0;

  void heard() const { assert(failures == 0); }
  void on_ready() override {
    heard();
    session->speak();
  }
  void on_audio(std::string_view item, std::string_view base64) override {
    heard();
    assert(is_audio_text(base64) && !item.empty());
    if (base64.size() % 3 == 0) session->interrupted(item, std::chrono::milliseconds(5));
  }
  void on_audio_done(std::string_view) override { heard(); }
  void on_speech_started(std::string_view) override { heard(); }
  void on_speech_stopped(std::string_view) override { heard(); }
  void on_agent_said(std::string_view, std::string_view text) override {
    heard();
    assert(text.size() <= realtime::Session::text_bytes_max);
  }
  void on_callee_said(std::string_view, std::string_view, std::string_view text) override {
    heard();
    assert(text.size() <= realtime::Session::text_bytes_max);
  }
  void on_tool_call(std::string_view id, std::string_view, std::string_view) override {
    heard();
    if (++calls % 2 == 0) session->answer_tool(std::string(id), "{}", calls % 3 == 0);
  }
  void on_response_done(const Usage&) override { heard(); }
  void on_late_usage(const Usage&) override { heard(); }
  void on_trying_again() override { heard(); }
  void on_quota_low(const Quota&) override { heard(); }
  void on_complaint(std::string_view code) override {
    heard();
    assert(code.size() <= 64);
  }
  void on_failed(const Failure&) override {
    heard();
    ++failures;
  }
};

struct Wire final : realtime::Session::Wire {
  std::string text{};
  std::string& begin_text() override {
    text.clear();
    return text;
  }
  void end_text() override { assert(text.front() == '{' && text.back() == '}'); }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static realtime::Reader reader;
  Agent agent;
  agent.transcription_model = "t";
  Ear ear;
  Wire wire;
  realtime::Session session(agent, ear, wire, reader);
  ear.session = &session;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  while (!rest.empty()) {
    const std::string_view message = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), message.size() + 1));
    std::string padded(message);
    padded.append(realtime::padding, '\0');
    session.received(std::string_view(padded).substr(0, message.size()));
  }
  session.ended(1006, {});
  assert(ear.failures == 1);
  return 0;
}
