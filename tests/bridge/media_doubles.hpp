#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/media/call.hpp"
#include "bridge/media/twilio_stream.hpp"
#include "bridge/net/clock.hpp"
#include "bridge/voice/audio_text.hpp"
#include "bridge/voice/realtime_session.hpp"
#include "bridge/voice/voice.hpp"
#include "tests/bridge/loopback.hpp"

// Doubles for the machines of the voice agent: what stands beside them notes what it was told.
namespace bridge::testing {

using std::chrono::milliseconds;
using Texts = std::vector<std::string>;

// A message with the bytes behind it that a reader may look at.
class Padded {
 public:
  explicit Padded(std::string_view text) : bytes_(text), size_(text.size()) {
    bytes_.append(64, '\0');
  }
  std::string_view view() const { return std::string_view(bytes_).substr(0, size_); }

 private:
  std::string bytes_;
  std::size_t size_;
};

// So much sound, as base64 of one letter: groups of four are three bytes.
inline std::string sound(milliseconds length, char letter = 'A') {
  const std::int64_t bytes = length.count() * 8;
  std::string text(static_cast<std::size_t>(bytes / 3 * 4), letter);
  if (bytes % 3 == 1) text += std::string(1, letter) + "A==";
  if (bytes % 3 == 2) text += std::string(2, letter) + "A=";
  return text;
}

inline voice::Agent arthur() {
  voice::Agent agent;
  agent.model = "model-1";
  agent.voice = "marin";
  agent.instructions = "Sei Arthur.";
  agent.opening = "Saluta.";
  agent.language = "it-IT";
  agent.transcription_model = "gpt-transcribe";
  agent.tools = {
      {.name = "end_call", .description = "Ends it.", .parameters = R"({"type":"object"})"}};
  return agent;
}

struct NotedMessages final : voice::realtime::Session::Wire {
  Texts messages{};
  std::string& begin_text() override { return messages.emplace_back(); }
  void end_text() override {}
  // Those of one type since the last call of `forget`.
  std::size_t count(std::string_view type) const {
    return static_cast<std::size_t>(
        std::count_if(messages.begin(), messages.end(), [&](const std::string& m) {
          return m.starts_with(R"({"type":")" + std::string(type) + "\"");
        }));
  }
};

// A conversation that only notes what it is asked for.
class NotedConversation final : public voice::Conversation {
 public:
  NotedConversation(Texts& notes, const bool& more_to_say)
      : notes_(notes), more_to_say_(more_to_say) {}
  ~NotedConversation() override { notes_.emplace_back("gone"); }
  void hear(std::string_view base64) override {
    notes_.push_back("hear " + std::to_string(voice::audio_bytes(base64) / 8));
  }
  void hear_key(char key) override { notes_.push_back(std::string("key ") + key); }
  void speak() override { notes_.emplace_back("speak"); }
  void interrupted(std::string_view item, milliseconds heard) override {
    notes_.push_back("interrupted " + std::string(item) + " " + std::to_string(heard.count()));
  }
  void answer_tool(std::string_view id, std::string_view output, bool then_speak) override {
    notes_.push_back("answer " + std::string(id) + " " + std::string(output) +
                     (then_speak ? " speak" : ""));
  }
  void answer_then_goodbye(std::string_view id, std::string_view output) override {
    answer_tool(id, output, true);
  }
  bool has_more_to_say() const override { return more_to_say_; }
  void remind() override {}  // it has nothing to begin by itself
  void say_no_more() override { notes_.emplace_back("no more"); }
  void tell(std::string_view text) override { notes_.push_back("tell " + std::string(text)); }

 private:
  Texts& notes_;
  const bool& more_to_say_;
};

// A conversation made of the real session, whose messages go nowhere.
class SessionConversation final : public voice::Conversation {
 public:
  SessionConversation(const voice::Agent& agent, voice::Listener& listener, NotedMessages& wire,
                      voice::realtime::Reader& reader)
      : session(agent, listener, wire, reader) {}
  void hear(std::string_view base64) override { session.hear(base64); }
  void hear_key(char key) override { session.hear_key(key); }
  void speak() override { session.speak(); }
  void interrupted(std::string_view item, milliseconds heard) override {
    session.interrupted(item, heard);
  }
  void answer_tool(std::string_view id, std::string_view output, bool then_speak) override {
    session.answer_tool(id, output, then_speak);
  }
  void answer_then_goodbye(std::string_view id, std::string_view output) override {
    session.answer_then_goodbye(id, output);
  }
  bool has_more_to_say() const override { return session.has_more_to_say(); }
  void remind() override { session.remind(); }
  void say_no_more() override { session.say_no_more(); }
  void tell(std::string_view text) override { session.tell(text); }
  void receive(std::string_view message) { session.received(Padded(message).view()); }

  voice::realtime::Session session;
};

// The line of a call that notes everything; time is what the test says.
class NotedLine final : public media::Line {
 public:
  net::Instant clock = noon;
  Texts carrier{};  // messages to it, and "close"
  Texts model{};    // what a NotedConversation was asked for
  bool more_to_say = false;
  Texts told{};  // one word for each event, for order
  std::vector<media::Started> started{};
  std::vector<media::Said> said{};
  std::vector<media::ToolAsked> tools{};
  std::string keys{};
  std::vector<media::Closed> closed{};
  std::optional<net::Instant> wake{};
  voice::Listener* listener = nullptr;
  // Not null: conversations are of the real session.
  NotedMessages* session_wire = nullptr;
  SessionConversation* session = nullptr;
  voice::realtime::Reader reader{};

  net::Instant now() const override { return clock; }
  void wake_at(net::Instant at) override { wake = at; }
  std::string& begin_text() override { return carrier.emplace_back(); }
  void end_text() override {}
  void close() override { carrier.emplace_back("close"); }
  std::unique_ptr<voice::Conversation> converse(const voice::Agent& agent,
                                                voice::Listener& its_listener) override {
    listener = &its_listener;
    if (session_wire == nullptr) return std::make_unique<NotedConversation>(model, more_to_say);
    auto made = std::make_unique<SessionConversation>(agent, its_listener, *session_wire, reader);
    session = made.get();
    return made;
  }
  void bury(std::unique_ptr<voice::Conversation> conversation) override {
    buried_.push_back(std::move(conversation));
    model.emplace_back("buried");
  }
  void tell(media::Started s) override {
    told.emplace_back("started");
    started.push_back(std::move(s));
  }
  void tell(media::Said s) override {
    told.emplace_back("said");
    said.push_back(std::move(s));
  }
  void tell(media::ToolAsked t) override {
    told.emplace_back("tool");
    tools.push_back(std::move(t));
  }
  void tell_key(char key) override { keys += key; }
  void tell(media::Closed c) override {
    told.emplace_back("closed");
    closed.push_back(std::move(c));
  }

  // Moves time on, and wakes the call whenever it asked for it.
  void advance(media::Call& call, milliseconds by) {
    const net::Instant to = clock + by;
    while (wake && *wake <= to) {
      clock = std::max(clock, *wake);
      wake.reset();
      call.woken();
    }
    clock = to;
  }

 private:
  std::vector<std::unique_ptr<voice::Conversation>> buried_{};
};

inline constexpr std::string_view stream_sid = "MZ0123456789abcdef0123456789abcdef";
inline constexpr std::string_view call_sid = "CA0123456789abcdef0123456789abcdef";
inline constexpr std::string_view account_sid = "AC0123456789abcdef0123456789abcdef";

inline std::string start_message(std::string_view token = "one-time",
                                 std::string_view sid = stream_sid) {
  return R"({"event":"start","sequenceNumber":"1","streamSid":")" + std::string(sid) +
         R"(","start":{"streamSid":")" + std::string(sid) + R"(","accountSid":")" +
         std::string(account_sid) + R"(","callSid":")" + std::string(call_sid) +
         R"(","tracks":["inbound"],"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,)"
         R"("channels":1},"customParameters":{"token":")" +
         std::string(token) + "\"}}}";
}

inline std::string media_message(std::int64_t chunk, std::int64_t timestamp,
                                 std::string_view payload) {
  return R"({"event":"media","sequenceNumber":"9","streamSid":")" + std::string(stream_sid) +
         R"(","media":{"track":"inbound","chunk":")" + std::to_string(chunk) +
         R"(","timestamp":")" + std::to_string(timestamp) + R"(","payload":")" +
         std::string(payload) + "\"}}";
}

inline std::string mark_message(std::string_view name) {
  return R"({"event":"mark","sequenceNumber":"9","streamSid":")" + std::string(stream_sid) +
         R"(","mark":{"name":")" + std::string(name) + "\"}}";
}

// What lies between two texts; empty where they do not stand there.
inline std::string between(std::string_view text, std::string_view before, std::string_view after) {
  const auto begin = text.find(before);
  if (begin == std::string_view::npos) return {};
  const auto from = begin + before.size();
  const auto end = text.find(after, from);
  return end == std::string_view::npos ? std::string{} : std::string(text.substr(from, end - from));
}

}  // namespace bridge::testing
