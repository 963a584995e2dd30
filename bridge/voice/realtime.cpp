#include "bridge/voice/realtime.hpp"

#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "bridge/http/form.hpp"
#include "bridge/tls/handshake_gate.hpp"
#include "bridge/voice/realtime_session.hpp"
#include "bridge/ws/upgrade.hpp"

namespace bridge::voice {
namespace {

constexpr std::size_t message_bytes_max = 1 << 20;   // session.updated repeats all instructions
constexpr std::size_t queued_bytes_max = 256 << 10;  // half a minute of sound; it would be stale
// Who finds the turns in what the person says is the model: on a line that is dead nobody notices
// that they have spoken and wait.
constexpr std::chrono::milliseconds ping_after{5'000};
constexpr std::chrono::milliseconds pong_time_max{5'000};

template <class T>
struct Buried final : net::Retired {
  explicit Buried(std::unique_ptr<T> what) : dead(std::move(what)) {}
  std::unique_ptr<T> dead;
};

ws::Connecting::Options connecting_options(const RealtimeModel::Options& options,
                                           tls::HandshakeGate* gate, const Agent& agent) {
  ws::Connecting::Options out;
  out.host = options.host;
  out.port = options.port;
  out.target = options.path + "?model=" + http::percent_encode(agent.model);
  out.headers = {{"Authorization", "Bearer " + options.api_key}};
  out.tls = options.tls.get();
  out.gate = options.tls ? gate : nullptr;
  out.links = options.links;
  out.connect_time_max = options.connect_time_max;
  out.handshake_time_max = options.handshake_time_max;
  out.answer_time_max = options.answer_time_max;
  out.limits.message_bytes_max = message_bytes_max;
  out.limits.queued_bytes_max = queued_bytes_max;
  out.limits.ping_after = ping_after;
  out.limits.pong_time_max = pong_time_max;
  return out;
}

}  // namespace

struct RealtimeModel::Block : std::enable_shared_from_this<RealtimeModel::Block> {
  class Talk;

  // One connection. It may outlive its conversation by the time that closing takes.
  struct Leg {
    std::unique_ptr<ws::Connecting> connecting{};
    std::unique_ptr<ws::Connection> connection{};
    Talk* talk = nullptr;
    bool unflushed = false;
  };

  net::Loop& loop;
  Options options;
  tls::HandshakeGate gate;
  realtime::Reader reader{};
  std::uint64_t legs_made = 0;
  std::unordered_map<std::uint64_t, Leg> legs{};
  std::vector<std::uint64_t> unflushed{};
  std::vector<std::uint64_t> flushing{};  // scratch
  net::TurnEnd turn_end;

  Block(net::Loop& its_loop, Options its_options)
      : loop(its_loop),
        options(std::move(its_options)),
        gate({.at_once_max = options.handshakes_at_once_max}),
        turn_end(its_loop, [this] { flush(); }) {}

  // It may be on the stack.
  void remove(std::uint64_t id) {
    const auto leg = legs.find(id);
    if (leg == legs.end()) return;
    if (leg->second.connecting) {
      loop.retire(std::make_unique<Buried<ws::Connecting>>(std::move(leg->second.connecting)));
    }
    if (leg->second.connection) {
      loop.retire(std::make_unique<Buried<ws::Connection>>(std::move(leg->second.connection)));
    }
    legs.erase(leg);
  }

  void open(std::uint64_t id, const Agent& agent);
  void on_connected(std::uint64_t id, std::unique_ptr<ws::Connection> connection);
  void on_ended(std::uint64_t id, const ws::End& end);
  void leave(std::uint64_t id);
  void flush_soon(std::uint64_t id, Leg& leg);
  void flush();
};

// The conversation: a session on a connection.
class RealtimeModel::Block::Talk final : public Conversation, realtime::Session::Wire {
 public:
  Talk(std::shared_ptr<Block> model, std::uint64_t id, const Agent& agent, Listener& listener)
      : model_(std::move(model)), id_(id), session_(agent, listener, *this, model_->reader) {}
  ~Talk() override { model_->leave(id_); }

  void hear(std::string_view base64) override { session_.hear(base64); }
  void hear_key(char key) override { session_.hear_key(key); }
  void speak() override { session_.speak(); }
  void interrupted(std::string_view item, std::chrono::milliseconds heard) override {
    session_.interrupted(item, heard);
  }
  void answer_tool(std::string_view call_id, std::string_view output, bool then_speak) override {
    session_.answer_tool(call_id, output, then_speak);
  }
  void answer_then_goodbye(std::string_view call_id, std::string_view output) override {
    session_.answer_then_goodbye(call_id, output);
  }
  bool has_more_to_say() const override { return session_.has_more_to_say(); }
  void remind() override { session_.remind(); }
  void say_no_more() override { session_.say_no_more(); }
  void tell(std::string_view text) override { session_.tell(text); }

  realtime::Session& session() { return session_; }

 private:
  // The session writes only while there is a connection: before that it has not been greeted, and
  // after its end it is over. What is written in the turn of an end goes nowhere.
  std::string& begin_text() override {
    const auto leg = model_->legs.find(id_);
    writing_ = leg != model_->legs.end() && leg->second.connection != nullptr;
    if (writing_) return leg->second.connection->begin_text();
    nowhere_.clear();
    return nowhere_;
  }
  void end_text() override {
    if (!writing_) return;
    Leg& leg = model_->legs.at(id_);
    leg.connection->end_text();
    model_->flush_soon(id_, leg);
  }

  std::shared_ptr<Block> model_;
  std::uint64_t id_;
  bool writing_ = false;
  std::string nowhere_{};
  realtime::Session session_;
};

void RealtimeModel::Block::open(std::uint64_t id, const Agent& agent) {
  legs.at(id).connecting = std::make_unique<ws::Connecting>(
      loop, connecting_options(options, &gate, agent),
      [this, id](std::variant<std::unique_ptr<ws::Connection>, ws::Refused> outcome) {
        if (!legs.contains(id)) return;
        if (auto* const connection = std::get_if<std::unique_ptr<ws::Connection>>(&outcome)) {
          on_connected(id, std::move(*connection));
          return;
        }
        const auto& refused = std::get<ws::Refused>(outcome);
        Failure failure = realtime::failure_of_upgrade(refused.status, refused.body, refused.why);
        failure.error = refused.error;
        Talk* const talk = legs.at(id).talk;
        remove(id);
        if (talk != nullptr) talk->session().fail(failure);
      });
}

void RealtimeModel::Block::on_connected(std::uint64_t id,
                                        std::unique_ptr<ws::Connection> connection) {
  Leg& leg = legs.at(id);
  loop.retire(std::make_unique<Buried<ws::Connecting>>(std::move(leg.connecting)));
  leg.connection = std::move(connection);
  leg.connection->start({
      .on_text =
          [this, id](std::string_view message) {
            const auto found = legs.find(id);
            if (found == legs.end() || found->second.talk == nullptr) return;
            found->second.talk->session().received(message);
          },
      .on_end = [this, id](const ws::End& end) { on_ended(id, end); },
  });
}

void RealtimeModel::Block::on_ended(std::uint64_t id, const ws::End& end) {
  const auto leg = legs.find(id);
  if (leg == legs.end()) return;
  Talk* const talk = leg->second.talk;
  remove(id);
  if (talk == nullptr) return;
  if (end.by_peer || !ws::is_fault(end.code)) return talk->session().ended(end.code, end.reason);
  // Our end closed it for what came, or for what did not: no word of the model's about us.
  talk->session().fail(end.error ? Fault::dropped : Fault::nonsense,
                       "close_" + std::to_string(end.code));
}

// The conversation is gone: its connection is closed in order, and goes when that is done.
void RealtimeModel::Block::leave(std::uint64_t id) {
  const auto found = legs.find(id);
  if (found == legs.end()) return;
  Leg& leg = found->second;
  leg.talk = nullptr;
  if (!leg.connection) {
    remove(id);
  } else if (leg.connection->open()) {
    static_cast<void>(leg.connection->flush());
    leg.connection->close(ws::normal);
  }
}

// What is written in one turn of the loop leaves together.
void RealtimeModel::Block::flush_soon(std::uint64_t id, Leg& leg) {
  if (std::exchange(leg.unflushed, true)) return;
  unflushed.push_back(id);
  turn_end.ask();
}

void RealtimeModel::Block::flush() {
  const auto alive = shared_from_this();
  flushing.swap(unflushed);
  for (const std::uint64_t id : flushing) {
    const auto found = legs.find(id);
    if (found == legs.end()) continue;
    Leg& leg = found->second;
    leg.unflushed = false;
    if (leg.connection->flush() || !leg.connection->open()) continue;
    Talk* const talk = leg.talk;
    leg.connection->drop();
    remove(id);
    if (talk != nullptr) talk->session().fail(Fault::dropped, "too_slow");
  }
  flushing.clear();
}

RealtimeModel::RealtimeModel(net::Loop& loop, Options options)
    : block_(std::make_shared<Block>(loop, std::move(options))) {}

RealtimeModel::~RealtimeModel() {
  block_->legs.clear();
}

std::unique_ptr<Conversation> RealtimeModel::begin(const Agent& agent, Listener& listener) {
  const std::uint64_t id = ++block_->legs_made;
  auto talk = std::make_unique<Block::Talk>(block_, id, agent, listener);
  block_->legs[id].talk = talk.get();
  block_->open(id, agent);
  return talk;
}

std::size_t RealtimeModel::connections() const {
  return block_->legs.size();
}

}  // namespace bridge::voice
