#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "bridge/net/links.hpp"
#include "bridge/net/loop.hpp"
#include "bridge/rehearsal/call_book.hpp"
#include "bridge/rehearsal/call_stream.hpp"
#include "bridge/rehearsal/carrier_options.hpp"
#include "bridge/rehearsal/counters.hpp"
#include "bridge/rehearsal/timetable.hpp"
#include "bridge/rehearsal/webhook_sender.hpp"

namespace bridge::rehearsal {

// The life of every call, from the order to its last callback:
//
//   queued ─► initiated ─┬─► ringing ─┬─► in_progress ─► completed
//      │          │      │            ├─► no_answer
//      │          │      └─► failed   ├─► busy
//      └──────────┴───────────────────┴─► canceled (by the program)
//
// Queues and rings, asks for documents and performs them with seeded people, opens media streams,
// posts callbacks.
class CallEngine {
 public:
  // All of them outlive the engine; `options` has its credentials filled in.
  CallEngine(net::Loop& loop, net::Links& links, Timetable& timetable, WebhookSender& webhooks,
             const CarrierOptions& options, Counters& counters)
      : loop_(loop),
        links_(links),
        timetable_(timetable),
        webhooks_(webhooks),
        options_(options),
        counters_(counters) {}

  CallBook& book() { return book_; }
  const CallBook& book() const { return book_; }

  // No room for another call: too many, or more than the queue lets out in a day (22005).
  bool is_full() const;
  // Takes an order into the queue.
  Call& accept(Order order);
  // Ends a call that is not over: one in progress only with `also_in_progress`.
  void hang_up(Call& call, bool also_in_progress);
  // A call in progress goes on with another document.
  void redirect(Call& call, const Update& update);
  void limit_time(Call& call, std::chrono::seconds time);

  // Of media streams: an answer from this port is waited for; bytes are not yet with the system.
  bool awaits(std::uint16_t port) const;
  bool writing() const;

 private:
  // A document to be asked for.
  struct Question {
    std::string url{};
    bool by_get = false;
    Fields extra{};  // besides what every request carries
    Callback fallback{};
    int redirects = 0;
  };

  void on_dialled(Call& call);
  void on_reached(Call& call);
  void on_answered(Call& call);
  void begin_detection(Call& call);
  void on_detected(Call& call, std::string_view answered_by);
  void begin_talk(Call& call);
  void end_soon(Call& call, std::chrono::seconds after);
  void end(Call& call, Status status, int sip_code);

  void ask(Call& call, const Question& question);
  void on_document(Call& call, const Question& question, const Fetched& fetched);
  void perform(Call& call, std::string_view twiml, const std::string& url,
               const Callback& fallback);
  void perform(Call& call, const Document& document, const std::string& url);
  void follow(Call& call, Act act);
  void open_stream(Call& call, std::size_t verb);
  void on_stream_ended(Call& call, std::uint64_t stream, CallStream::End how, std::size_t verb);
  void leave_stream(Call& call);
  void forget_stream(std::uint64_t stream);
  void tell_stream(Call& call, const StreamTruth& truth, const Verb& verb, std::string_view event);
  void plan_leg(Call& call, Leg& leg);
  void tell_leg(Call& call, const Leg& leg, std::string_view status, std::uint64_t sequence);
  void post_legs(Call& call);
  Fields named(Call& call, const Act& act);
  void apologise(Call& call, const std::string& url, int code, const Callback& fallback);

  Fields base_fields(const Call& call) const;
  void tell_status(Call& call, int sip_code = 0);
  void post_status(Call& call, const Fields& fields);
  void tell_recording(Call& call, std::string_view status);
  void send(Call& call, const Callback& to, const Fields& fields, WebhookSender::Done done);
  void note_acknowledged(Call& call, std::string_view what, const Fields& fields);

  net::Loop& loop_;
  net::Links& links_;
  Timetable& timetable_;
  WebhookSender& webhooks_;
  const CarrierOptions& options_;
  Counters& counters_;
  CallBook book_{};
  net::Instant next_slot_{};  // of the queue
  // Also those of calls that are over, until all has left.
  std::unordered_map<std::uint64_t, std::unique_ptr<CallStream>> streams_{};
  std::uint64_t streams_opened_ = 0;
};

}  // namespace bridge::rehearsal
