#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "campaigns/ids.hpp"
#include "campaigns/one_of.hpp"
#include "campaigns/outcome.hpp"
#include "campaigns/time.hpp"

// Every fact the program knows, one struct each. The name of a type and the meaning of its fields
// are frozen once released: a new meaning is a new name and an upcaster.
//
// `fields` lists what is kept of an event, once for writing and reading both: `v(name, field)` goes
// into the readable payload, `v.personal(name, field)` into the part that names or quotes a person.
// A field with its default value is left out of the JSON. Times are milliseconds since 1970 UTC,
// money millionths, confidence thousandths.
namespace campaigns {

// JSON kept as text, verbatim.
struct RawJson {
  std::string text{};
  friend bool operator==(const RawJson&, const RawJson&) = default;
};

// --- stream "runner"
// ------------------------------------------------------------------------------

// The first event of every log: whose it is. A log refuses another carrier.
struct LogCreated {
  static constexpr std::string_view type = "LogCreated";
  std::string installation{};  // hex, made with the log
  std::string carrier{};       // "rehearsal" | "twilio"
  std::string account{};       // the carrier's account sid
  std::int64_t seed = 0;       // rehearsal
  std::string program{};       // version
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("installation", e.installation), v("carrier", e.carrier), v("account", e.account),
        v("seed", e.seed), v("program", e.program);
  }
};

// 1: whether the carrier is away and whom that kept waiting, since when a late call is known, and
// whether the call of a number that was given up counts.
inline constexpr std::int64_t digest_form = 1;

// A run of the program began. What was requested and not resolved is in doubt from here on.
struct RunnerStarted {
  static constexpr std::string_view type = "RunnerStarted";
  std::int64_t epoch = 0;
  std::string program{};
  std::string public_url{};  // base of every URL given to the carrier in this run
  std::string caller_id{};   // of campaigns that name none
  std::int64_t calls_per_second_thousandths = 1000;  // the account's
  std::string zone_rules{};                          // digest
  // No call is ordered before this moment: the run before may have ordered its last one just now,
  // and later than its slot. 0: none was ordered before.
  std::int64_t dials_from = 0;
  // What the digests of the state cover from here on: the constant above. A log of before, which
  // has 0, keeps its digests.
  std::int64_t digest_form = 0;
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("epoch", e.epoch), v("program", e.program), v("public_url", e.public_url),
        v("caller_id", e.caller_id),
        v("calls_per_second_thousandths", e.calls_per_second_thousandths),
        v("zone_rules", e.zone_rules), v("dials_from", e.dials_from),
        v("digest_form", e.digest_form);
  }
};

struct RunnerStopped {
  static constexpr std::string_view type = "RunnerStopped";
  std::string reason{};
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("reason", e.reason);
  }
};

// --- stream "campaign/<id>"
// -----------------------------------------------------------------------

struct CampaignSubmitted {
  static constexpr std::string_view type = "CampaignSubmitted";
  RawJson definition{};             // canonical, with every default (print_campaign)
  std::string definition_digest{};  // SHA-256 of it, hex
  std::string contacts_digest{};    // of the list's bytes
  std::vector<std::string> columns{};
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("definition", e.definition), v("definition_digest", e.definition_digest),
        v("contacts_digest", e.contacts_digest), v("columns", e.columns);
  }
};

// A row that nobody can be called from. Never the cell.
struct ContactRejected {
  static constexpr std::string_view type = "ContactRejected";
  std::int64_t row = 0;
  std::string column{};
  std::string reason{};
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("row", e.row), v("column", e.column), v("reason", e.reason);
  }
};

// From here on people may be dialled.
struct EnrolmentCompleted {
  static constexpr std::string_view type = "EnrolmentCompleted";
  std::int64_t enrolled = 0;
  std::int64_t rejected = 0;
  std::int64_t renumbered = 0;  // rows of people whom the campaign has under another number
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("enrolled", e.enrolled), v("rejected", e.rejected), v("renumbered", e.renumbered);
  }
};

struct CampaignStarted {
  static constexpr std::string_view type = "CampaignStarted";
  template <typename V, typename Self>
  static void fields(V&, Self&) {}
};
struct CampaignPaused {
  static constexpr std::string_view type = "CampaignPaused";
  std::string reason{};
  std::string by{};  // "operator" | "program": it cannot go on without somebody's help
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("reason", e.reason), v("by", e.by);
  }
};
struct CampaignResumed {
  static constexpr std::string_view type = "CampaignResumed";
  std::string by{};  // "program": what it had paused for is over; empty: an operator
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("by", e.by);
  }
};
// Whoever waits is excluded with it; live calls end by themselves.
struct CampaignCancelled {
  static constexpr std::string_view type = "CampaignCancelled";
  std::string reason{};
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("reason", e.reason);
  }
};
struct CampaignCompleted {
  static constexpr std::string_view type = "CampaignCompleted";
  std::int64_t done = 0;
  std::int64_t exhausted = 0;
  std::int64_t excluded = 0;
  std::int64_t held = 0;
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("done", e.done), v("exhausted", e.exhausted), v("excluded", e.excluded), v("held", e.held);
  }
};
// A completed campaign has somebody to call again, because a person decided so: it runs once more.
struct CampaignReopened {
  static constexpr std::string_view type = "CampaignReopened";
  std::string reason{};
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("reason", e.reason);
  }
};
// A person accepted that the files behind a campaign changed: its definition from here on. The
// contacts stay as they were enrolled; whoever is new in the list comes with EnrolmentReopened.
struct CampaignChanged {
  static constexpr std::string_view type = "CampaignChanged";
  RawJson definition{};
  std::string definition_digest{};
  std::string contacts_digest{};
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("definition", e.definition), v("definition_digest", e.definition_digest),
        v("contacts_digest", e.contacts_digest);
  }
};

// The list of a campaign is read once more, because a person accepted another one: whoever was not
// in it before is enrolled. Nobody is dialled until it is complete.
struct EnrolmentReopened {
  static constexpr std::string_view type = "EnrolmentReopened";
  template <typename V, typename Self>
  static void fields(V&, Self&) {}
};

// More people were put into a campaign, beside those of its first list: the ContactEnrolled before
// it. Whoever was in it already, by number or by the list's id of them, stays as they are, but for
// their time zone (ContactMoved).
struct ContactsAdded {
  static constexpr std::string_view type = "ContactsAdded";
  std::string list_digest{};  // SHA-256 of the list, hex; a long list has several of these
  std::int64_t added = 0;
  std::int64_t known = 0;
  std::int64_t rejected = 0;  // rows of the list that cannot be used
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("list_digest", e.list_digest), v("added", e.added), v("known", e.known),
        v("rejected", e.rejected);
  }
};

// --- stream "contact/<campaign>/<ordinal>"
// ---------------------------------------------------------

struct ContactEnrolled {
  static constexpr std::string_view type = "ContactEnrolled";
  std::int64_t row = 0;
  std::string number_key{};
  std::string language{};
  std::string zone{};
  std::int64_t not_before = 0;        // ms: the row's own limits on when to call; 0: none
  std::int64_t not_after = 0;         // from then on nobody calls
  std::uint8_t priority = 0;          // 1 is called first; 0: after all that have one
  std::string number{};               // E.164
  std::vector<std::string> values{};  // of the campaign's columns, in their order
  // Of whoever has several numbers: those that are tried after the first, and their keys.
  std::vector<std::string> other_keys{};
  std::vector<std::string> others{};
  std::vector<std::string> left_out{};  // "column: reason" of each that cannot be called
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("row", e.row), v("number_key", e.number_key), v("language", e.language), v("zone", e.zone);
    v("not_before", e.not_before), v("not_after", e.not_after), v("priority", e.priority),
        v("other_keys", e.other_keys), v("left_out", e.left_out);
    v.personal("number", e.number), v.personal("values", e.values), v.personal("others", e.others);
  }
};

// A later list has the person in another time zone: from here on they are called by its clock.
struct ContactMoved {
  static constexpr std::string_view type = "ContactMoved";
  std::string zone{};
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("zone", e.zone);
  }
};

// A gate refused this person for good.
struct ContactExcluded {
  static constexpr std::string_view type = "ContactExcluded";
  std::string gate{};      // "suppressed" "held_number" "forgotten" "too_late" "quota_full"
                           // "country" "no_consent"
  std::string evidence{};  // for a person
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("gate", e.gate), v("evidence", e.evidence);
  }
};

// Nothing of this person may be read from here on, what stands before included: their key is
// destroyed as soon as this is durable. Whoever opted out stays so, by number key.
struct ContactForgotten {
  static constexpr std::string_view type = "ContactForgotten";
  std::string by{};  // "operator" | "retention"
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("by", e.by);
  }
};

// The intent to call: durable before a byte leaves. Carries what allowed it. Not how many lines
// were in use: that hangs on the order of events of one instant, and a replay up to here tells it.
struct CallRequested {
  static constexpr std::string_view type = "CallRequested";
  std::uint8_t attempt = 0;
  std::string caller_id{};
  std::int64_t slot = 0;            // not sent before; 5 s later not at all
  std::string public_url{};         // base of this attempt's URLs, and what its signatures cover
  std::int64_t offset_minutes = 0;  // UTC offset now of the clock that the hours go by
  // How far the person's own clock is ahead of that one; 0: it is the same, or shows the same.
  std::int64_t own_clock_ahead_minutes = 0;
  std::string window{};     // the opening that allows it
  std::uint8_t number = 0;  // which of the person's, from 1; 0: they have only one
  // On what ground (Consent): of everybody, and what the person's own row says.
  std::string basis{};
  std::string basis_source{};
  std::string basis_date{};
  std::string disclosure{};  // mode agent: version of the words that say what calls (text_version)
  std::string consent_source{};
  std::string consent_date{};
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("attempt", e.attempt), v("caller_id", e.caller_id), v("slot", e.slot),
        v("public_url", e.public_url), v("offset_minutes", e.offset_minutes),
        v("own_clock_ahead_minutes", e.own_clock_ahead_minutes), v("window", e.window),
        v("number", e.number), v("basis", e.basis), v("basis_source", e.basis_source),
        v("basis_date", e.basis_date), v("disclosure", e.disclosure);
    v.personal("consent_source", e.consent_source), v.personal("consent_date", e.consent_date);
  }
};

// Not a byte of the request left.
struct CallNotSent {
  static constexpr std::string_view type = "CallNotSent";
  std::uint8_t attempt = 0;
  std::string reason{};
  bool unreachable = false;  // there was no connection to the carrier
  // For how long no order has found the carrier; said once of such a time, when it is long enough
  // for somebody to be told.
  std::int64_t away_ms = 0;
  // Its slot was over by then: the program or the carrier was slow, and it is nobody's in the list.
  bool late = false;
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("attempt", e.attempt), v("reason", e.reason), v("unreachable", e.unreachable),
        v("away_ms", e.away_ms), v("late", e.late);
  }
};

// A `request_id` is the carrier's name for our request, which its support asks for.
struct CallAccepted {
  static constexpr std::string_view type = "CallAccepted";
  std::uint8_t attempt = 0;
  std::string sid{};
  std::string request_id{};
  std::int64_t queue_ms = 0;  // how long the carrier thought that it would wait in its queue
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("attempt", e.attempt), v("sid", e.sid), v("request_id", e.request_id),
        v("queue_ms", e.queue_ms);
  }
};

struct CallRefused {
  static constexpr std::string_view type = "CallRefused";
  std::uint8_t attempt = 0;
  std::int64_t http_status = 0;
  std::int64_t code = 0;
  bool retryable = false;
  std::string request_id{};
  std::int64_t retry_after_seconds = 0;  // the carrier's wish; 0: none
  bool queue_full = false;               // dialled slower from here on; before, it was not
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("attempt", e.attempt), v("http_status", e.http_status), v("code", e.code),
        v("retryable", e.retryable), v("request_id", e.request_id),
        v("retry_after_seconds", e.retry_after_seconds), v("queue_full", e.queue_full);
  }
};

// It may have been placed: it is looked up, never repeated. The number stays locked.
struct CallInDoubt {
  static constexpr std::string_view type = "CallInDoubt";
  std::uint8_t attempt = 0;
  std::string reason{};
  std::string request_id{};  // of an answer that said neither yes nor no
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("attempt", e.attempt), v("reason", e.reason), v("request_id", e.request_id);
  }
};

// The carrier's records were asked about an attempt: by its list (in doubt) or its sid (silent).
struct CallLookedUp {
  static constexpr std::string_view type = "CallLookedUp";
  std::uint8_t attempt = 0;
  std::string by{};        // "list" | "sid"
  std::int64_t found = 0;  // list: unknown calls that could be it
  std::string status{};    // sid: what the carrier says
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("attempt", e.attempt), v("by", e.by), v("found", e.found), v("status", e.status);
  }
};

// Its call was found: by a signed callback with its token, or in the carrier's list.
struct CallAdopted {
  static constexpr std::string_view type = "CallAdopted";
  std::uint8_t attempt = 0;
  std::string sid{};
  std::string by{};  // "callback" | "list"
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("attempt", e.attempt), v("sid", e.sid), v("by", e.by);
  }
};

// Proven: the carrier has no such call.
struct CallNotPlaced {
  static constexpr std::string_view type = "CallNotPlaced";
  std::uint8_t attempt = 0;
  std::string proof{};
  bool failure = false;  // counts among those that stop a campaign; before, none did
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("attempt", e.attempt), v("proof", e.proof), v("failure", e.failure);
  }
};

// A person has to decide.
struct CallHeld {
  static constexpr std::string_view type = "CallHeld";
  std::uint8_t attempt = 0;
  std::string reason{};
  bool failure = false;  // as CallNotPlaced's
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("attempt", e.attempt), v("reason", e.reason), v("failure", e.failure);
  }
};

// A person decided on a held call. What follows from it (AttemptClosed, RetryScheduled or
// ContactClosed) stands beside it.
struct CallResolved {
  static constexpr std::string_view type = "CallResolved";
  std::uint8_t attempt = 0;
  Resolution as = Resolution::none;
  std::string by{};  // "operator"
  std::string reason{};
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("attempt", e.attempt), v("as", e.as), v("by", e.by), v("reason", e.reason);
  }
};

// A call turned up for an attempt that had been given up, or a second one for it: it is ended.
struct LateCallDetected {
  static constexpr std::string_view type = "LateCallDetected";
  std::uint8_t attempt = 0;
  std::string sid{};
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("attempt", e.attempt), v("sid", e.sid);
  }
};
struct LateCallEnded {
  static constexpr std::string_view type = "LateCallEnded";
  std::string sid{};
  bool lost = false;  // nobody saw its end: the carrier does not know it any more
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("sid", e.sid), v("lost", e.lost);
  }
};

// A call that the carrier took is to be ended before anybody answers it, and not later. One that
// was answered meanwhile is left alone.
struct CallEndRequested {
  static constexpr std::string_view type = "CallEndRequested";
  std::uint8_t attempt = 0;
  std::string reason{};
  bool ringing = false;  // also when it rings already; else only while the carrier has it wait
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("attempt", e.attempt), v("reason", e.reason), v("ringing", e.ringing);
  }
};

// What the carrier said of a call. In a contact's stream with the attempt's number; in a stream
// "call/<sid>" (attempt 0) of a call that somebody else's code placed.
struct CallInitiated {
  static constexpr std::string_view type = "CallInitiated";
  std::uint8_t attempt = 0;
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("attempt", e.attempt);
  }
};
struct CallRinging {
  static constexpr std::string_view type = "CallRinging";
  std::uint8_t attempt = 0;
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("attempt", e.attempt);
  }
};
struct CallAnswered {
  static constexpr std::string_view type = "CallAnswered";
  std::uint8_t attempt = 0;
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("attempt", e.attempt);
  }
};
struct AnswererDetected {
  static constexpr std::string_view type = "AnswererDetected";
  std::uint8_t attempt = 0;
  std::string answered_by{};  // human machine_start machine_end_beep … fax unknown
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("attempt", e.attempt), v("answered_by", e.answered_by);
  }
};

// An assistant that screens the person's calls has answered, by what it said. It is told who calls
// and why, and the question is asked once more, of whoever comes to the phone.
struct CallScreened {
  static constexpr std::string_view type = "CallScreened";
  std::uint8_t attempt = 0;
  std::int64_t turn = 0;
  std::string words{};
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("attempt", e.attempt), v("turn", e.turn);
    v.personal("words", e.words);
  }
};

// The carrier recorded the call. The sound lies with the carrier; its URL follows from the account
// and this name.
struct CallRecorded {
  static constexpr std::string_view type = "CallRecorded";
  std::uint8_t attempt = 0;
  std::string recording{};  // the carrier's sid of it
  std::int64_t seconds = 0;
  std::int64_t channels = 0;  // 0: not said
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("attempt", e.attempt), v("recording", e.recording), v("seconds", e.seconds),
        v("channels", e.channels);
  }
};

// What the call is told or asked next. Turns are counted per call from 1; the document of a turn is
// a function of the log up to here.
struct PromptServed {
  static constexpr std::string_view type = "PromptServed";
  std::uint8_t attempt = 0;
  std::int64_t turn = 0;
  // "message" "question" "machine" "goodbye" "opted_out" "gave_up" "hang_up", "stopped" and
  // "callback" when somebody asked for that, "screened_out", "quota_full", of a voice agent "agent"
  // "apology" "transfer" "farewell" (the goodbye that it owed)
  std::string prompt{};
  std::string question{};  // id
  // "silence", "invalid" (of a message: a key broke it off), "screening", "repeat", "back": why it
  // is asked again; "failed": for the agent
  std::string again{};
  std::string disclosure{};  // agent: version of the words that say so (text_version)
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("attempt", e.attempt), v("turn", e.turn), v("prompt", e.prompt), v("question", e.question),
        v("again", e.again), v("disclosure", e.disclosure);
  }
};

// The call came for what a machine is told instead of the talk that had begun. Without it nobody
// knows whether the machine was told anything.
struct PromptFetched {
  static constexpr std::string_view type = "PromptFetched";
  std::uint8_t attempt = 0;
  std::int64_t turn = 0;  // PromptServed's
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("attempt", e.attempt), v("turn", e.turn);
  }
};

struct AnswerGiven {
  static constexpr std::string_view type = "AnswerGiven";
  std::uint8_t attempt = 0;
  std::int64_t turn = 0;
  std::string question{};
  std::string source{};                     // "key" | "speech" | "agent": as a model understood it
  std::string value{};                      // a code, a number; empty for open answers
  std::int64_t confidence_thousandths = 0;  // of speech, 0: not given
  std::string words{};                      // what an open answer or speech said
  std::int64_t position = 0;                // agent: of the last thing that had been said
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("attempt", e.attempt), v("turn", e.turn), v("question", e.question), v("source", e.source),
        v("value", e.value), v("confidence_thousandths", e.confidence_thousandths),
        v("position", e.position);
    v.personal("words", e.words);
  }
};
struct AnswerInvalid {
  static constexpr std::string_view type = "AnswerInvalid";
  std::uint8_t attempt = 0;
  std::int64_t turn = 0;
  std::string question{};
  std::string source{};
  std::string words{};
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("attempt", e.attempt), v("turn", e.turn), v("question", e.question), v("source", e.source);
    v.personal("words", e.words);
  }
};
// The person settled a question without an answer to it.
struct AnswerDeclined {
  static constexpr std::string_view type = "AnswerDeclined";
  std::uint8_t attempt = 0;
  std::int64_t turn = 0;
  std::string question{};
  std::string status{};  // "refused" "dont_know"
  std::string source{};  // as AnswerGiven's
  std::int64_t confidence_thousandths = 0;
  std::string words{};
  std::int64_t position = 0;
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("attempt", e.attempt), v("turn", e.turn), v("question", e.question), v("status", e.status),
        v("source", e.source), v("confidence_thousandths", e.confidence_thousandths),
        v("position", e.position);
    v.personal("words", e.words);
  }
};
// At a question the person asked for something else: what follows is in the next PromptServed.
struct PersonAsked {
  static constexpr std::string_view type = "PersonAsked";
  std::uint8_t attempt = 0;
  std::int64_t turn = 0;
  std::string question{};
  std::string what{};    // "repeat" "back" "operator" "stop"
  std::string to{};      // back: the question that is asked again; empty: there was none before
  std::string source{};  // "key" | "speech"
  std::string words{};
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("attempt", e.attempt), v("turn", e.turn), v("question", e.question), v("what", e.what),
        v("to", e.to), v("source", e.source);
    v.personal("words", e.words);
  }
};
struct NoInput {
  static constexpr std::string_view type = "NoInput";
  std::uint8_t attempt = 0;
  std::int64_t turn = 0;
  std::string question{};
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("attempt", e.attempt), v("turn", e.turn), v("question", e.question);
  }
};

// A voice agent's part of a call. In a contact's stream; of a call that somebody else's code placed
// in "call/<sid>" with attempt 0 and without a word of what is said.

// A call that somebody else's code placed is connected with the agent: one media stream of it may
// open.
struct OutsideAgentServed {
  static constexpr std::string_view type = "OutsideAgentServed";
  std::string number_key{};  // whose "never again" it would be
  std::string disclosure{};  // version of the words (text_version)
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("number_key", e.number_key), v("disclosure", e.disclosure);
  }
};

// The call's media stream brought its token along: the model may be asked. No second one opens.
struct StreamOpened {
  static constexpr std::string_view type = "StreamOpened";
  std::uint8_t attempt = 0;
  std::string stream{};  // the carrier's sid of it
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("attempt", e.attempt), v("stream", e.stream);
  }
};

// One for each that was opened.
struct StreamClosed {
  static constexpr std::string_view type = "StreamClosed";
  std::uint8_t attempt = 0;
  std::string stream{};
  std::string why{};  // bridge/media: "goodbye" "hung_up" "silence" …; "stopped": the program did
  std::int64_t lasted_ms = 0;
  std::int64_t first_sound_ms = 0;  // from its start to the agent's first sound; 0: there was none
  std::int64_t turns = 0;           // of the agent
  std::int64_t interruptions = 0;
  std::int64_t input_tokens = 0;  // the rest: as the model counts
  std::int64_t output_tokens = 0;
  std::int64_t input_audio_tokens = 0;
  std::int64_t output_audio_tokens = 0;
  std::int64_t cached_tokens = 0;
  std::int64_t cached_audio_tokens = 0;  // of cached_tokens
  bool uncounted = false;                // the program never heard how the talk went
  bool goodbye_unsaid = false;           // it was closing, and the agent's goodbye never came
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("attempt", e.attempt), v("stream", e.stream), v("why", e.why), v("lasted_ms", e.lasted_ms),
        v("first_sound_ms", e.first_sound_ms), v("turns", e.turns),
        v("interruptions", e.interruptions), v("input_tokens", e.input_tokens),
        v("output_tokens", e.output_tokens), v("input_audio_tokens", e.input_audio_tokens),
        v("output_audio_tokens", e.output_audio_tokens), v("cached_tokens", e.cached_tokens),
        v("cached_audio_tokens", e.cached_audio_tokens), v("uncounted", e.uncounted),
        v("goodbye_unsaid", e.goodbye_unsaid);
  }
};

// The agent could not talk, or stopped: what the campaign says for that is done.
struct AgentFailed {
  static constexpr std::string_view type = "AgentFailed";
  std::uint8_t attempt = 0;
  // bridge/voice: "unreachable" "refused" "limited" "silent" "dropped" "expired" "nonsense";
  // "no_stream": the carrier did not open one; "stopped": the program did; bridge/media:
  // "bad_stream" "too_slow" "refused", "owner_silent": what it asked for was not noted in time
  std::string fault{};
  std::string code{};  // the model's own, or what was wrong with the stream
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("attempt", e.attempt), v("fault", e.fault), v("code", e.code);
  }
};

// What was said. Positions count both sides from 1, in the order of the talk.
struct AgentSaid {
  static constexpr std::string_view type = "AgentSaid";
  std::uint8_t attempt = 0;
  std::int64_t position = 0;
  std::int64_t at_ms = 0;     // since the stream's start
  bool cut = false;           // the person interrupted it
  std::int64_t heard_ms = 0;  // cut: of it
  std::string words{};
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("attempt", e.attempt), v("position", e.position), v("at_ms", e.at_ms), v("cut", e.cut),
        v("heard_ms", e.heard_ms);
    v.personal("words", e.words);
  }
};
struct CalleeSaid {
  static constexpr std::string_view type = "CalleeSaid";
  std::uint8_t attempt = 0;
  std::int64_t position = 0;
  std::int64_t at_ms = 0;
  std::string words{};
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("attempt", e.attempt), v("position", e.position), v("at_ms", e.at_ms);
    v.personal("words", e.words);
  }
};

// The model asked for something. What followed from it stands beside it.
struct ToolCalled {
  static constexpr std::string_view type = "ToolCalled";
  std::uint8_t attempt = 0;
  std::string call{};     // the model's id of it: the same again is a repeat
  std::string name{};     // empty: a tool that there is not
  std::string refused{};  // why it was not done: "bad_json" "unknown_question" …; empty: it was
  std::string reason{};   // end_call: "done" "refused" "wrong_person" "not_now" …
  std::string quota{};  // record_answer: the full one that the answer led to; the agent is told so
  std::int64_t position = 0;  // of the last thing that had been said
  std::string arguments{};    // as they came
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("attempt", e.attempt), v("call", e.call), v("name", e.name), v("refused", e.refused),
        v("reason", e.reason), v("quota", e.quota), v("position", e.position);
    v.personal("arguments", e.arguments);
  }
};

// The person wants to be called at another time.
struct CallbackAsked {
  static constexpr std::string_view type = "CallbackAsked";
  std::uint8_t attempt = 0;
  std::int64_t position = 0;
  std::int64_t due = 0;  // the moment that they named; 0: they named none
  std::string when{};    // as it was said
  std::string words{};
  // By so many minutes their UTC offset at that moment is another than at the call's.
  std::int64_t offset_change = 0;
  bool withdrawn = false;  // a moment that they named before in this call holds no longer
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("attempt", e.attempt), v("position", e.position), v("due", e.due),
        v("offset_change", e.offset_change), v("withdrawn", e.withdrawn);
    v.personal("when", e.when), v.personal("words", e.words);
  }
};

// The person wants to talk to a human. `listed`: there is somebody to go to.
struct TransferRequested {
  static constexpr std::string_view type = "TransferRequested";
  std::uint8_t attempt = 0;
  std::int64_t position = 0;
  bool listed = false;
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("attempt", e.attempt), v("position", e.position), v("listed", e.listed);
  }
};
// And how it went, as the carrier says.
struct TransferEnded {
  static constexpr std::string_view type = "TransferEnded";
  std::uint8_t attempt = 0;
  std::string status{};  // completed answered busy no-answer failed canceled
  std::int64_t seconds = 0;
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("attempt", e.attempt), v("status", e.status), v("seconds", e.seconds);
  }
};

// How far the call to one of the humans has got, as the carrier says. Not of each that is listed
// everything is told, nor in its order.
struct TransferProgressed {
  static constexpr std::string_view type = "TransferProgressed";
  std::uint8_t attempt = 0;
  std::int64_t human = 0;  // which of the campaign's list, from 1
  std::string leg{};       // the carrier's sid of that call
  std::string status{};    // initiated ringing answered completed busy no-answer failed canceled
  std::int64_t seconds = 0;
  std::int64_t sip = 0;  // SipResponseCode, 0: not said
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("attempt", e.attempt), v("human", e.human), v("leg", e.leg), v("status", e.status),
        v("seconds", e.seconds), v("sip", e.sip);
  }
};

// The carrier does not know the call any more. In logs from before it had failed.
inline constexpr std::string_view lost_call = "lost";

struct CallEnded {
  static constexpr std::string_view type = "CallEnded";
  std::uint8_t attempt = 0;
  std::string status{};      // completed busy no-answer failed canceled, or lost_call
  std::int64_t seconds = 0;  // CallDuration
  std::int64_t sip = 0;      // SipResponseCode, 0: not said
  std::string cause{};       // "callback" | "looked_up" | "lost"
  // As CallNotPlaced's, of a call that the carrier completed: it never asked us what to say. What
  // had failed or was lost counts without it.
  bool failure = false;
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("attempt", e.attempt), v("status", e.status), v("seconds", e.seconds), v("sip", e.sip),
        v("cause", e.cause), v("failure", e.failure);
  }
};

struct AttemptClosed {
  static constexpr std::string_view type = "AttemptClosed";
  std::uint8_t attempt = 0;
  Outcome outcome = Outcome::none;
  bool failure = false;  // as CallNotPlaced's; beside a fact that says so itself it is not set
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("attempt", e.attempt), v("outcome", e.outcome), v("failure", e.failure);
  }
};

struct RetryScheduled {
  static constexpr std::string_view type = "RetryScheduled";
  std::int64_t due = 0;
  Outcome after = Outcome::none;
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("due", e.due), v("after", e.after);
  }
};

// Which of a person's numbers is called from here on.
struct NumberChosen {
  static constexpr std::string_view type = "NumberChosen";
  std::uint8_t number = 0;  // from 1, in the order of the list's columns
  std::string why{};        // the outcome of the last attempt, or "suppressed"
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("number", e.number), v("why", e.why);
  }
};

// The person's turn came and a gate that opens again by itself stood before it: not due before that
// instant. It counts as no attempt.
struct CallPostponed {
  static constexpr std::string_view type = "CallPostponed";
  std::string gate{};  // "suppressed" "daily_calls" "weekly_calls" "rolling_calls" "spread"
                       // "lifted"
  std::int64_t due = 0;
  std::string evidence{};  // for a person
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("gate", e.gate), v("due", e.due), v("evidence", e.evidence);
  }
};

struct ContactClosed {
  static constexpr std::string_view type = "ContactClosed";
  Place place = Place::open;
  Outcome disposition = Outcome::none;
  std::string why{};  // there is no further attempt, for a person; empty: the outcomes say it
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("place", e.place), v("disposition", e.disposition), v("why", e.why);
  }
};

// Somebody has completed the survey who belongs to this quota; so many have now.
struct QuotaCounted {
  static constexpr std::string_view type = "QuotaCounted";
  std::uint8_t attempt = 0;
  std::string quota{};
  std::int64_t completes = 0;  // with this one
  std::int64_t of = 0;
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("attempt", e.attempt), v("quota", e.quota), v("completes", e.completes), v("of", e.of);
  }
};

// A quota is full, and of the people up to this ordinal nobody who belongs to it waits for a call
// any more. In the campaign's stream.
struct QuotaSwept {
  static constexpr std::string_view type = "QuotaSwept";
  std::int64_t up_to = 0;
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("up_to", e.up_to);
  }
};

// In all three `millionths` is the carrier's part, without what the call to a human costs that the
// person was passed on to: that is `transfer`.
struct SpendReserved {
  static constexpr std::string_view type = "SpendReserved";
  std::uint8_t attempt = 0;
  std::int64_t millionths = 0;
  std::int64_t model = 0;  // the voice model's part, beside it
  std::int64_t transfer = 0;
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("attempt", e.attempt), v("millionths", e.millionths), v("model", e.model),
        v("transfer", e.transfer);
  }
};
struct SpendSettled {
  static constexpr std::string_view type = "SpendSettled";
  std::uint8_t attempt = 0;
  std::int64_t millionths = 0;
  std::int64_t model = 0;  // likewise
  std::int64_t transfer = 0;
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("attempt", e.attempt), v("millionths", e.millionths), v("model", e.model),
        v("transfer", e.transfer);
  }
};

// The carrier's own price of an attempt that was settled by its duration, or by an earlier price;
// of its transfer also the duration, where that came after the call's end.
struct SpendCorrected {
  static constexpr std::string_view type = "SpendCorrected";
  std::uint8_t attempt = 0;
  std::int64_t millionths = 0;  // in all
  std::int64_t transfer = 0;    // in all
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("attempt", e.attempt), v("millionths", e.millionths), v("transfer", e.transfer);
  }
};

// --- stream "number/<key>"
// --------------------------------------------------------------------------

// "Never again", at once and for all campaigns.
struct OptedOut {
  static constexpr std::string_view type = "OptedOut";
  std::string attempt{};  // where it was said
  std::string by{};       // "key" | "speech" | "agent"
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("attempt", e.attempt), v("by", e.by);
  }
};

// The number is not to be called, in any campaign, for good or until then: an operator wants it, or
// the person refused and is left alone for a while.
struct Suppressed {
  static constexpr std::string_view type = "Suppressed";
  std::string by{};  // "operator" "cool_off"
  std::string reason{};
  std::int64_t until = 0;  // 0: for good
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("by", e.by), v("reason", e.reason), v("until", e.until);
  }
};
// The number may be called again: lifts an operator's suppression and what the person had said.
struct SuppressionLifted {
  static constexpr std::string_view type = "SuppressionLifted";
  std::string by{};  // "operator"
  std::string reason{};
  bool said_only = false;  // what the person said alone; what others say of the number stays
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("by", e.by), v("reason", e.reason), v("said_only", e.said_only);
  }
};

// The newest list of a source has the number: nobody calls it, in any campaign, until a list of
// that source has it no longer.
struct NumberListed {
  static constexpr std::string_view type = "NumberListed";
  std::string source{};
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("source", e.source);
  }
};
// And it has it no longer. What others said of the number holds as before.
struct NumberUnlisted {
  static constexpr std::string_view type = "NumberUnlisted";
  std::string source{};
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("source", e.source);
  }
};

// --- stream "list/<source>"
// --------------------------------------------------------------------------

// A list of numbers that must not be called was read to its end, and what it changes was written
// before: from here on the source says this.
struct SuppressionListLoaded {
  static constexpr std::string_view type = "SuppressionListLoaded";
  std::int64_t as_of = 0;  // when the source said it
  std::int64_t numbers = 0;
  std::string list_digest{};  // SHA-256 of the list, hex
  std::string reason{};
  template <typename V, typename Self>
  static void fields(V& v, Self& e) {
    v("as_of", e.as_of), v("numbers", e.numbers), v("list_digest", e.list_digest),
        v("reason", e.reason);
  }
};

struct EventKinds {
  using List = KindList<
      LogCreated, RunnerStarted, RunnerStopped, CampaignSubmitted, ContactRejected,
      EnrolmentCompleted, CampaignStarted, CampaignPaused, CampaignResumed, CampaignCancelled,
      CampaignCompleted, CampaignReopened, CampaignChanged, ContactEnrolled, ContactExcluded,
      ContactForgotten, CallRequested, CallNotSent, CallAccepted, CallRefused, CallInDoubt,
      CallLookedUp, CallAdopted, CallNotPlaced, CallHeld, CallResolved, LateCallDetected,
      LateCallEnded, CallEndRequested, CallInitiated, CallRinging, CallAnswered, AnswererDetected,
      PromptServed, AnswerGiven, AnswerInvalid, NoInput, CallEnded, AttemptClosed, RetryScheduled,
      CallPostponed, ContactClosed, SpendReserved, SpendSettled, SpendCorrected, OptedOut,
      Suppressed, SuppressionLifted, OutsideAgentServed, StreamOpened, StreamClosed, AgentFailed,
      AgentSaid, CalleeSaid, ToolCalled, CallbackAsked, TransferRequested, TransferEnded,
      CallScreened, CallRecorded, EnrolmentReopened, ContactsAdded, AnswerDeclined, PersonAsked,
      QuotaCounted, QuotaSwept, NumberChosen, NumberListed, NumberUnlisted, SuppressionListLoaded,
      TransferProgressed, PromptFetched, ContactMoved>;
};

using Event = OneOf<EventKinds>;
extern template class OneOf<EventKinds>;  // in events.cpp

// An event with everything around it. `version` and `position` are given when it is folded.
struct Fact {
  Subject subject{};
  std::uint32_t version = 0;
  std::uint64_t position = 0;
  Instant recorded_at{};
  std::optional<Instant> occurred_at{};
  std::uint64_t cause = 0;
  Event event{};

  // Written once, in events.cpp: every file that moves facts would else write the copying of some
  // forty kinds of event anew.
  Fact();
  Fact(const Fact&);
  Fact(Fact&&) noexcept;
  Fact& operator=(const Fact&);
  Fact& operator=(Fact&&) noexcept;
  ~Fact();
};
using Facts = std::vector<Fact>;

std::string_view type_of(const Event& event);

}  // namespace campaigns
