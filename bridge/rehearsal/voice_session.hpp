#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bridge/net/clock.hpp"
#include "bridge/rehearsal/faults.hpp"

namespace bridge::rehearsal {

// One session of the rehearsal's voice model: the Realtime API's events as they come and go
// (protocols.md 6), without a socket. Finds turns in the sound that it gets, hears the words in it,
// thinks (Mind) and speaks, faster than real time. Strict where the real one is. Pure: instants are
// arguments, and chance follows from the seed and from what the session is asked to be.
class VoiceSession {
 public:
  struct Options {
    std::string model{};
    std::uint64_t seed = 1;
    std::uint64_t ordinal = 0;  // of the session; its ids follow from it
    Faults faults{};
    std::chrono::seconds time_max{3600};
  };
  struct Ending {
    std::uint16_t code = 0;  // of the close frame; 0: the connection just breaks
    std::string reason{};
  };
  // What the client said was heard of an item that it cut.
  struct Truncated {
    net::Instant at{};
    std::string item{};
    std::int64_t heard_ms = 0;
    bool refused = false;  // more than there is
  };
  struct Counts {
    std::uint64_t responses = 0;
    std::uint64_t interrupted = 0;  // by the person, while it was being made
    std::uint64_t turns = 0;        // of the person
    std::uint64_t tool_calls = 0;
    std::uint64_t errors = 0;  // told to the client
  };

  // Begins with session.created.
  VoiceSession(Options options, net::Instant now);
  ~VoiceSession();
  VoiceSession(const VoiceSession&) = delete;
  VoiceSession& operator=(const VoiceSession&) = delete;

  // A text message of the client's.
  void receive(std::string_view message, net::Instant now);
  // Does what is due; `next` says when that will be.
  void act(net::Instant now);
  std::optional<net::Instant> next() const;

  // Messages for the client, in their order, since the last call.
  std::vector<std::string> take_messages();
  // It is over, after those messages.
  const std::optional<Ending>& ending() const { return ending_; }
  const std::vector<Truncated>& truncated() const { return truncated_; }
  const Counts& counts() const { return counts_; }

 private:
  struct Block;
  struct Response;

  void plan(net::Instant when, std::function<void(net::Instant)> what);
  void emit(const char* type, nlohmann::json event);
  void refuse(const std::string& code, const std::string& message, const std::string& param);
  void on_update(const nlohmann::json& event, net::Instant now);
  void on_append(const nlohmann::json& event, net::Instant now);
  void on_commit(net::Instant now);
  void on_item(const nlohmann::json& event);
  void on_truncate(const nlohmann::json& event, net::Instant now);
  void on_create(const nlohmann::json& event, net::Instant now);
  void on_cancel(const nlohmann::json& event, net::Instant now);
  void draw_faults(net::Instant now);
  void listen(std::string_view sound, net::Instant now);
  void begin_turn(std::uint64_t at_ms, net::Instant now);
  void commit(net::Instant now, bool answer);
  void write_down(const std::string& item, const std::string& words, std::size_t ms,
                  net::Instant now);
  void begin_response(const std::string& instructions, net::Instant now);
  void begin_output(net::Instant now);
  void send_sound(std::size_t bytes_max);
  void stream(net::Instant now);
  void end_message(const char* status);
  void send_calls();
  void end_response(const char* status, nlohmann::json details, net::Instant now);
  void interrupt(const char* reason, net::Instant now);
  std::string new_id(const char* prefix);
  nlohmann::json usage_of(const Response& response) const;

  Options options_;
  std::unique_ptr<Block> block_;
  std::map<std::pair<net::Instant, std::uint64_t>, std::function<void(net::Instant)>> plans_{};
  std::uint64_t planned_ = 0;
  std::vector<std::string> messages_{};
  std::optional<Ending> ending_{};
  std::vector<Truncated> truncated_{};
  Counts counts_{};
};

}  // namespace bridge::rehearsal
