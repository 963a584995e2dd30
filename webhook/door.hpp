#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "bridge/carrier/twilio_signature.hpp"
#include "bridge/http/form.hpp"
#include "bridge/http/message.hpp"
#include "campaigns/commands.hpp"
#include "campaigns/ids.hpp"
#include "campaigns/state.hpp"
#include "webhook/routes.hpp"

// The inbound door without its sockets: a request becomes a command, a projection becomes an
// answer. Between the two, whoever calls decides and folds; and it holds the answer back until
// everything that it depends on is durable.
namespace webhook {

struct DoorOptions {
  std::vector<std::string> auth_tokens{};  // primary first; any of them may have signed
  std::string account_sid{};               // ours; empty: nobody is let in but to ask if we are up
  std::string public_url{};                // of this run, without a slash at its end
  // What calls that somebody else's code placed are told.
  struct Message {
    std::string text{};
    std::string language{};
    std::string voice{};
  };
  Message message{};
  // And the agent that others of them are connected with (mode=agent): its own words, nobody's
  // columns. None: they are told the message.
  std::shared_ptr<const campaigns::Campaign> agent{};
};

// The attempt that a token of an URL names; nothing: no token of ours.
using ReadToken = std::function<std::optional<campaigns::AttemptId>(std::string_view token)>;
// The token of an attempt: at most token_bytes_max of A-Z a-z 0-9 - . _ ~
using WriteToken = std::function<std::string(const campaigns::AttemptId&)>;
// The token that a media stream of a call that somebody else's code placed has to bring along.
using WriteCallToken = std::function<std::string(std::string_view sid)>;

// What is asked for.
enum class Kind : std::uint8_t {
  call_document,    // what the call is told or asked now
  empty,            // nothing: 204
  outside_message,  // the message for a call that somebody else's code placed
  outside_agent,    // the voice agent for one
  outside_after,    // what comes behind it
  media_stream,     // a WebSocket: whoever asks upgrades the connection
  up,               // whether the program is there
  apology           // a parting word after a failure of ours
};

// A request that was let in.
struct Inbound {
  std::optional<campaigns::Command> command{};
  Kind kind = Kind::empty;
  campaigns::AttemptId attempt{};
  std::string sid{};   // of the call that asks
  std::string from{};  // outside_agent: who calls whom, for the stream; personal
  std::string to{};
  std::string note{};  // for the operator, if not empty; no personal data
  // The carrier's name for this delivery (I-Twilio-Idempotency-Token), the same when it delivers it
  // again; empty: it gave none.
  std::string delivery{};
};

// A request that was not. Nothing changes by it.
struct TurnedAway {
  int status = 404;
  std::string reason{};  // a short code for the log line: "bad_signature"
  std::string allow{};   // 405: the methods of this route
};

class Door {
 public:
  // `state` outlives the door and is read at each request.
  Door(const campaigns::State& state, DoorOptions options, ReadToken read_token,
       WriteToken write_token, WriteCallToken write_call_token);

  // Knows the route first, then the signature, then the fields.
  std::variant<Inbound, TurnedAway> read(const bridge::http::Request& request) const;

  // The answer by the state as it is now: after the command was decided and folded. The same state
  // gives the same bytes.
  bridge::http::Response answer(const Inbound& inbound) const;

  bridge::http::Response turned_away(const TurnedAway& turned_away) const;

  // Who takes the calls of other people's scripts; none: nobody.
  const std::shared_ptr<const campaigns::Campaign>& outside_agent() const { return options_.agent; }

 private:
  bool signature_is_good(const bridge::http::Request& request,
                         const std::optional<campaigns::AttemptId>& attempt,
                         const bridge::http::Fields& fields) const;
  std::string call_document(const Inbound& inbound) const;
  std::string outside_agent(const Inbound& inbound) const;
  bool upgrade_is_signed(const bridge::http::Request& request) const;
  std::string apology(const campaigns::AttemptId& attempt) const;

  const campaigns::State& state_;
  DoorOptions options_;
  ReadToken read_token_;
  WriteToken write_token_;
  WriteCallToken write_call_token_;
  std::vector<bridge::carrier::SigningKey> signing_keys_;  // of the auth tokens
  std::string outside_message_;                            // the whole document
};

// What the door says to whoever asks whether it is up; a page that says it is ours.
inline constexpr std::string_view up_text = "campanile is up\n";

// The URLs of one attempt. `public_url` is the one it was requested with, so that they stay the
// same over a restart under another one. Those of callbacks end with `sent_again`.
struct CallUrls {
  std::string voice{};
  std::string status{};
  std::string answering_machine{};
  std::string recording{};
  std::string fallback{};
  std::string answer{};  // followed by "/<question>/<turn>"
  std::string stream_status{};
  std::string after_stream{};
  std::string after_transfer{};
  std::string transfer_status{};  // followed by "/<number>"
};
CallUrls urls_of(const std::string& public_url, const std::string& token);

}  // namespace webhook
