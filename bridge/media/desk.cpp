#include "bridge/media/desk.hpp"

#include <optional>
#include <utility>
#include <variant>

#include "bridge/ws/connection.hpp"

namespace bridge::media {
namespace {

// The carrier's messages are far smaller; whoever sends such is not the carrier.
constexpr std::size_t message_bytes_max = 64 * 1024;
constexpr std::size_t queued_bytes_max = 1 << 20;  // a minute and a half of sound

template <class T>
struct Buried final : net::Retired {
  explicit Buried(std::unique_ptr<T> what) : dead(std::move(what)) {}
  std::unique_ptr<T> dead;
};

}  // namespace

// The carrier's end of one stream, and its call.
class Desk::Leg final : public Line {
 public:
  Leg(Desk& desk, StreamId id, std::unique_ptr<net::ByteStream> stream, std::string early)
      : desk_(desk),
        id_(id),
        connection_(
            std::make_unique<ws::Connection>(desk.loop_, std::move(stream), ws::Role::server,
                                             ws::Limits{.message_bytes_max = message_bytes_max,
                                                        .queued_bytes_max = queued_bytes_max},
                                             std::move(early))),
        call_(*this, id, desk.options_) {}
  ~Leg() override = default;

  void start() {
    connection_->start({
        .on_text =
            [this](std::string_view text) {
              const twilio::Message message = desk_.reader_.read(text);
              const auto* const stop = std::get_if<twilio::Stop>(&message);
              if (stop == nullptr) return call_.received(message);
              stopped_ = std::string(stop->stream_sid);
              desk_.end_soon(*this);
            },
        .on_end =
            [this](const ws::End& end) {
              ended_for_ = !end.by_peer && ws::is_fault(end.code) ? end.code : std::uint16_t{0};
              desk_.end_soon(*this);
            },
    });
  }

  // The carrier's end of it, when whatever has come by now was read: what the model has written
  // down and asked for until then is noted.
  void end() {
    if (stopped_) {
      const std::string sid = *std::exchange(stopped_, {});
      call_.received(twilio::Stop{.stream_sid = sid});
    }
    if (!ended_for_) return;
    call_.carrier_ended(*ended_for_);
    if (call_.over()) return desk_.remove(id_);
    // The call listens to its model a moment longer.
    desk_.loop_.retire(std::make_unique<Buried<ws::Connection>>(std::move(connection_)));
  }
  // It is taken out of use, and may still be on the stack.
  void leave() { desk_.loop_.cancel(timer_); }

  // Writes what was gathered. False: it does not go, and the leg is to be removed.
  bool flush() {
    unflushed_ = false;
    if (!connection_ || connection_->flush() || !connection_->open()) return true;
    call_.carrier_is_slow();
    connection_->drop();
    return false;
  }

  Call& call() { return call_; }
  StreamId id() const { return id_; }
  bool mark_unflushed() { return std::exchange(unflushed_, true); }

 private:
  net::Instant now() const override { return desk_.loop_.steady_now(); }

  void wake_at(net::Instant at) override {
    desk_.loop_.cancel(timer_);
    timer_ = desk_.loop_.call_after(at - now(), [this] {
      timer_ = 0;
      call_.woken();
    });
  }

  std::string& begin_text() override { return connection_->begin_text(); }
  void end_text() override {
    connection_->end_text();
    desk_.flush_soon(*this);
  }
  void close() override {
    if (!connection_) return;
    static_cast<void>(connection_->flush());
    connection_->close(ws::normal);
  }

  std::unique_ptr<voice::Conversation> converse(const voice::Agent& agent,
                                                voice::Listener& listener) override {
    return desk_.model_->begin(agent, listener);
  }
  void bury(std::unique_ptr<voice::Conversation> conversation) override {
    desk_.loop_.retire(std::make_unique<Buried<voice::Conversation>>(std::move(conversation)));
  }

  void tell(Started started) override { desk_.events_.started(std::move(started)); }
  void tell(Said said) override { desk_.events_.said(std::move(said)); }
  void tell(ToolAsked asked) override { desk_.events_.tool(std::move(asked)); }
  void tell_key(char key) override { desk_.events_.key(id_, key); }
  void tell(Closed closed) override {
    desk_.events_.closed(std::move(closed));
    if (!connection_) desk_.remove(id_);
  }

  Desk& desk_;
  const StreamId id_;
  std::unique_ptr<ws::Connection> connection_;  // null: it has ended, and the call has not
  net::Loop::TimerId timer_ = 0;
  bool unflushed_ = false;
  std::optional<std::string> stopped_{};  // `stop` came: of that stream
  // The connection has ended, and for which fault; 0: for none.
  std::optional<std::uint16_t> ended_for_{};
  Call call_;
};

Desk::Desk(net::Loop& loop, Call::Options options, std::unique_ptr<voice::Model> model,
           Events events)
    : loop_(loop),
      options_(options),
      events_(std::move(events)),
      model_(std::move(model)),
      turn_end_(loop, [this] { end_turn(); }) {}

Desk::~Desk() {
  for (auto& [id, leg] : legs_) leg->leave();
  legs_.clear();
}

Desk::Leg* Desk::find(StreamId id) {
  const auto leg = legs_.find(id);
  return leg == legs_.end() ? nullptr : leg->second.get();
}

void Desk::take(StreamId id, std::unique_ptr<net::ByteStream> stream, std::string early) {
  if (stream == nullptr || stream->closed()) {
    events_.gone(id);
    return;
  }
  auto& leg = legs_[id];
  leg = std::make_unique<Leg>(*this, id, std::move(stream), std::move(early));
  leg->start();
}

void Desk::let_in(StreamId id, const voice::Agent& agent, const Bounds& bounds) {
  if (Leg* const leg = find(id)) leg->call().let_in(agent, bounds);
}

void Desk::refuse(StreamId id) {
  if (Leg* const leg = find(id)) leg->call().refuse();
}

void Desk::answer_tool(StreamId id, const std::string& call_id, const std::string& output,
                       Then then) {
  if (Leg* const leg = find(id)) leg->call().answer_tool(call_id, output, then);
}

void Desk::end(StreamId id, Why why) {
  if (Leg* const leg = find(id)) leg->call().end(why);
}

void Desk::remove(StreamId id) {
  const auto leg = legs_.find(id);
  if (leg == legs_.end()) return;
  leg->second->leave();
  loop_.retire(std::make_unique<Buried<Leg>>(std::move(leg->second)));
  legs_.erase(leg);
  events_.gone(id);
}

// What is written in one turn of the loop leaves together: sound and its mark in one write.
void Desk::flush_soon(Leg& leg) {
  if (leg.mark_unflushed()) return;
  unflushed_.push_back(leg.id());
  turn_end_.ask();
}

void Desk::end_soon(Leg& leg) {
  ending_.push_back(leg.id());
  turn_end_.ask();
}

void Desk::end_turn() {
  for (const StreamId id : std::exchange(ending_, {})) {
    if (Leg* const leg = find(id)) leg->end();
  }
  flush();
}

void Desk::flush() {
  flushing_.swap(unflushed_);
  for (const StreamId id : flushing_) {
    Leg* const leg = find(id);
    if (leg != nullptr && !leg->flush()) remove(id);
  }
  flushing_.clear();
}

}  // namespace bridge::media
