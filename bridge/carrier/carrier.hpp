#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "bridge/net/clock.hpp"

// The seam to whoever places the calls. Twilio's REST interface implements it; so does the
// simulation's carrier.
namespace bridge::carrier {

using net::Instant;

// One order to place a call. One POST for each, never repeated, and not a byte of it after
// `not_after` or against an objection: that is CallNotSent.
struct CallOrder {
  std::string to{};    // E.164
  std::string from{};  // E.164
  std::string url{};   // absolute; asked for TwiML when the call is answered
  std::string status_url{};
  std::string fallback_url{};               // empty: none
  bool fallback_by_get = false;             // a file somewhere, which takes no POST
  std::string answering_machine_url{};      // for asynchronous detection; empty: none
  std::chrono::seconds ring_time_max{25};   // Timeout, protocols.md 1.2
  std::chrono::seconds call_time_max{600};  // TimeLimit
  enum class MachineDetection : unsigned char { off, enable, message_end };
  MachineDetection machine_detection = MachineDetection::off;
  // How machines are told from people; the carrier's own defaults, protocols.md 1.2.
  struct DetectionLimits {
    std::chrono::seconds timeout{30};
    std::chrono::milliseconds speech{2400};
    std::chrono::milliseconds speech_end{1200};
    std::chrono::milliseconds silence{5000};
  };
  DetectionLimits detection_limits{};
  bool record = false;          // the whole call, both sides
  bool record_dual = false;     // in a channel each
  bool record_trim = true;      // without the silence at its ends
  std::string recording_url{};  // told when the recording is there, or will not be

  // Looked at last thing before the first byte leaves (http::SendBounds).
  std::optional<Instant> not_after{};
  std::function<std::string()> objection{};  // not empty: why not, after all
  std::function<void()> on_sent{};           // it has left; at most once, perhaps within `place`
};

// A `request_id` is the carrier's name for one request, which its support asks for; empty where
// there was no answer or it bore none.

struct CallPlaced {
  std::string sid{};
  std::string request_id{};
  // How long the carrier thinks that the call will wait in its queue; nothing: it did not say.
  std::optional<std::chrono::milliseconds> queue_time{};
};
// The carrier said no. `retryable`: it did not process the order and may be asked again later
// (429/20429); everything else is for the core to judge by its code.
struct CallRejected {
  int http_status = 0;
  int code = 0;  // the carrier's own, 0 where it gave none
  bool retryable = false;
  std::string request_id{};
  std::optional<std::chrono::seconds> retry_after{};  // Retry-After, at most a day
};
// The order may or may not have been carried out. It is looked up, never repeated.
struct CallInDoubt {
  std::string why{};
  std::string request_id{};
};
// Not a byte of the order left.
struct CallNotSent {
  std::string why{};
  bool unreachable = false;  // there was no connection to the carrier
};
using PlaceReply = std::variant<CallPlaced, CallRejected, CallInDoubt, CallNotSent>;

// A call as the carrier's records show it (protocols.md 1.3).
struct CallRecord {
  std::string sid{};
  std::string to{};
  std::string from{};
  std::string status{};     // queued ringing in-progress completed busy failed no-answer canceled
  std::string direction{};  // outbound-api for ours, outbound-dial for a leg of a Dial
  std::string parent{};     // of such a leg, the sid of the call that it belongs to
  std::string answered_by{};
  std::optional<Instant> date_created{};
  std::optional<Instant> start_time{};
  std::optional<Instant> end_time{};
  std::optional<std::chrono::seconds> duration{};
  std::optional<std::chrono::milliseconds> queue_time{};
  // Of a call that is over; the price may come much later than the end.
  std::optional<std::int64_t> cost_millionths{};
  std::string price_unit{};  // "USD"; empty without a price
};

// Answers to questions. `ok` false: the carrier could not be asked, or gave no usable answer.
struct FetchReply {
  bool ok = false;
  bool found = false;  // false with ok: the carrier knows no such call
  CallRecord call{};
  std::string why{};
  std::string request_id{};
};
struct ListReply {
  bool ok = false;
  std::vector<CallRecord> calls{};
  std::string why{};
  std::string request_id{};  // of the page that was asked for last
};
struct CancelReply {
  bool ok = false;       // also when the call had already ended (21220)
  bool unknown = false;  // with not ok: the carrier knows no such call
  std::string why{};
  std::string request_id{};
};
struct RedirectReply {
  bool ok = false;
  bool over = false;  // with not ok: there is no talk any more (21220)
  std::string why{};
  std::string request_id{};
};

// What a live call is told from now on: a document, or where to ask for one.
struct NewDocument {
  std::string twiml{};  // at most new_twiml_characters_max; its URLs are absolute
  std::string url{};    // asked by POST, when there is no `twiml`
};
inline constexpr std::size_t new_twiml_characters_max = 4000;  // protocols.md 1.2, 1.5

// Every function returns at once; `done` is called once, later, on the loop's thread.
class Carrier {
 public:
  virtual ~Carrier() = default;
  virtual void place(const CallOrder& order, std::function<void(PlaceReply)> done) = 0;
  // An order will come within seconds: its connection may be made by then. Tells the carrier
  // nothing.
  virtual void expect_order() {}
  virtual void fetch(const std::string& sid, std::function<void(FetchReply)> done) = 0;
  // All calls between these two numbers that the carrier's list shows, every page of it.
  virtual void list(const std::string& to, const std::string& from,
                    std::function<void(ListReply)> done) = 0;
  // The calls from this number that began on this day, by UTC, and those created on it that wait in
  // the carrier's queue: every page of both lists. For an audit; a call that was canceled before it
  // began may be in neither.
  virtual void list_day(const std::string& from, std::chrono::sys_days day,
                        std::function<void(ListReply)> done) = 0;
  // Breaks off what a live call is being told and goes on with this. An open media stream ends.
  virtual void redirect(const std::string& sid, const NewDocument& document,
                        std::function<void(RedirectReply)> done) = 0;
  // Takes back a call that nobody has answered, while it waits or rings; one that somebody has is
  // left alone. The reply is the call's record after that: whether it was in time.
  virtual void take_back(const std::string& sid, std::function<void(FetchReply)> done) = 0;
  // Ends a call wherever it stands: canceled if it has not been answered, completed otherwise.
  virtual void end(const std::string& sid, std::function<void(CancelReply)> done) = 0;
};

}  // namespace bridge::carrier
