#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "campaigns/call_span.hpp"
#include "campaigns/events.hpp"
#include "campaigns/ids.hpp"
#include "campaigns/outcome.hpp"
#include "campaigns/time.hpp"

// Everything somebody may ask of the core, one struct each. What came over a wire was verified and
// parsed before it became a command.
namespace campaigns {

// --- the program itself ---

// The first of a log.
struct CreateLog {
  LogCreated identity{};
};
// The first of each run.
struct StartRunner {
  RunnerStarted run{};
};
struct StopRunner {
  std::string reason{};
};

// --- an operator ---

struct SubmitCampaign {
  std::string campaign{};
  std::string definition{};  // print_campaign's text
  std::string definition_digest{};
  std::string contacts_digest{};
  std::vector<std::string> columns{};
  bool accept_change = false;  // same id, other digests: take the new definition
};
// Some rows of a list, in their order; rows up to the last one known are skipped.
struct EnrolRows {
  struct OtherNumber {
    std::string number{};  // E.164
    NumberKey key = 0;
  };
  struct Row {
    std::uint64_t row = 0;
    std::string reason{};  // not empty: the row is rejected
    std::string column{};
    std::string number{};
    NumberKey key = 0;
    std::vector<OtherNumber> others{};    // of the person, in the order of trying
    std::vector<std::string> left_out{};  // "column: reason" of each that cannot be called
    std::string language{};
    std::string zone{};
    bool zone_said = false;  // by the row; else the country's or the campaign's stands for it
    CallSpan span{};
    std::uint8_t priority = 0;  // 0: none
    std::vector<std::string> values{};
  };
  std::string campaign{};
  std::vector<Row> rows{};
};
struct CompleteEnrolment {
  std::string campaign{};
  // Rows of a list that was read again, of people whom the campaign has under another number by the
  // list's id of them: they stay as they are, and were not among the rows (KnownPeople).
  std::uint64_t renumbered = 0;
};
// People of a campaign whom a later list has in another time zone.
struct MovePeople {
  struct Move {
    std::uint32_t contact = 0;
    std::string zone{};
  };
  std::string campaign{};
  std::vector<Move> moves{};
};
// More people for a campaign that was enrolled: rows of one list, read as those were. Whoever is in
// it already is left as they are, so that the same rows again add nobody.
struct AddContacts {
  std::string campaign{};
  std::string list_digest{};
  std::uint64_t rejected = 0;  // rows of the list that cannot be used
  // The first so many people of the campaign were compared with the rows before (PeopleSearch), and
  // so many rows were found to be known then.
  std::uint32_t compared = 0;
  std::uint64_t known = 0;
  std::vector<EnrolRows::Row> rows{};
};
// Another definition for a campaign that was enrolled (edit.hpp says what it may not change).
struct EditCampaign {
  std::string campaign{};
  std::string definition{};  // print_campaign's text
  std::string definition_digest{};
};
struct PauseCampaign {
  std::string campaign{};
  std::string reason{};
};
struct ResumeCampaign {
  std::string campaign{};
};
struct CancelCampaign {
  std::string campaign{};
  std::string reason{};
};
// Every campaign that is not over.
struct CancelAll {
  std::string reason{};
};

// A person decides on a held call. The same again is nothing new, another decision is refused.
struct ResolveCall {
  AttemptId attempt{};
  Resolution as = Resolution::none;
  std::string reason{};
};

// Nobody calls this number any more, in any campaign, or not before then: also one that stands on
// no list. What is under way to it and not answered is ended.
struct SuppressNumber {
  NumberKey key = 0;
  std::string reason{};
  std::optional<Instant> until{};
};
// It may be called again, whoever said that it must not.
struct UnsuppressNumber {
  NumberKey key = 0;
  std::string reason{};
};

// What a new list of a source changes of the one before: some of the numbers that are on it now,
// and some that are no longer.
struct ListNumbers {
  std::string source{};  // [a-z][a-z0-9_]{0,63}
  std::vector<NumberKey> on{};
  std::vector<NumberKey> off{};
};
// All that it changes was said. Refused where the source has another number of numbers by now, or a
// newer list.
struct LoadSuppressionList {
  std::string source{};
  std::optional<Instant> as_of{};  // when the source said it; nothing: now
  std::uint64_t numbers = 0;
  std::string list_digest{};  // SHA-256, hex
  std::string reason{};
};

// Nothing of whoever has this number may be read any more, in any campaign.
struct ForgetNumber {
  NumberKey key = 0;
};
// The same of everybody whose campaign's time of retention is over, some hundreds at a time.
struct ForgetExpired {};

// --- the carrier's answers to what we asked ---

// How the one POST of an attempt ended.
struct OrderAnswered {
  enum class Kind : std::uint8_t { placed, rejected, in_doubt, not_sent };
  AttemptId attempt{};
  Kind kind = Kind::in_doubt;
  std::string sid{};
  std::int64_t http_status = 0;
  std::int64_t code = 0;
  bool retryable = false;
  std::string why{};
  std::string request_id{};
  std::int64_t queue_ms = 0;
  std::int64_t retry_after_seconds = 0;
  bool unreachable = false;  // not_sent: there was no connection to the carrier
};
// A call as the carrier's records show it.
struct CarrierCall {
  std::string sid{};
  std::string status{};
  std::string direction{};
  std::string parent{};  // sid of the call within which a Dial began it; empty: none did
  std::string answered_by{};
  std::optional<Instant> created{};
  bool dialled = false;  // it has left the carrier's queue
  std::optional<Instant> ended{};
  std::optional<std::int64_t> seconds{};
  std::optional<std::int64_t> cost_millionths{};
  std::string price_unit{};
};
// The carrier's list of calls between the two numbers of an attempt in doubt.
struct CallsListed {
  AttemptId attempt{};
  std::vector<CarrierCall> calls{};
};
// The carrier's record of one silent call; `found` false: it knows no such call.
struct CallFetched {
  AttemptId attempt{};
  bool found = false;
  CarrierCall call{};
};
// What the carrier charges for a call, in its own currency: it says so minutes after the end.
struct CallPriced {
  AttemptId attempt{};
  std::string sid{};
  std::int64_t millionths = 0;  // not negative
  std::string currency{};       // ISO 4217
};
// The same of the call to a human whom the person was passed on to, or of all that were answered.
struct TransferPriced {
  AttemptId attempt{};
  std::string sid{};            // of the person's own call
  std::int64_t millionths = 0;  // not negative
  std::string currency{};       // ISO 4217
};
// The carrier's list shows a call for an attempt that was given up.
struct LateCallFound {
  AttemptId attempt{};
  std::string sid{};
  bool over = false;
};
// A late call was ended.
struct LateCallWasEnded {
  AttemptId attempt{};
  std::string sid{};
};
// The carrier was told to end a late call, and knows none by that sid.
struct LateCallNotKnown {
  AttemptId attempt{};
  std::string sid{};
};

// --- the carrier's webhooks ---

struct StatusReported {
  AttemptId attempt{};
  std::string sid{};
  std::string status{};  // CallStatus
  std::int64_t seconds = 0;
  std::int64_t sip = 0;
  std::string answered_by{};
  std::optional<Instant> occurred_at{};
  bool seconds_missing = false;  // it is completed, and does not say how long it was
};
// The call was answered and asks what to say.
struct VoiceRequested {
  AttemptId attempt{};
  std::string sid{};
  std::string answered_by{};
};
// The answer to one turn; no digits and no speech: silence.
struct SurveyAnswered {
  AttemptId attempt{};
  std::string sid{};
  std::string question{};
  std::uint32_t turn = 0;
  std::string digits{};
  std::string speech{};
  std::int64_t confidence_thousandths = 0;
};
struct MachineDetected {
  AttemptId attempt{};
  std::string sid{};
  std::string answered_by{};
};
// The call's media stream is over and it asks what comes next; without an attempt, one that
// somebody else's code placed.
struct AfterStream {
  std::optional<AttemptId> attempt{};
  std::string sid{};
  bool in_progress = false;  // the person is still there
};
// The call that was passed on to a human comes back.
struct AfterTransfer {
  AttemptId attempt{};
  std::string sid{};
  std::string status{};  // DialCallStatus
  std::int64_t seconds = 0;
};
// The call to one of the humans reports itself.
struct TransferReported {
  AttemptId attempt{};
  std::string sid{};        // of the attempt's own call
  std::string leg{};        // of the call to the human
  std::uint32_t human = 0;  // which of the list, from 1
  std::string status{};     // CallStatus
  std::int64_t seconds = 0;
  std::int64_t sip = 0;
  std::optional<Instant> occurred_at{};
};
// The call's recording is there.
struct RecordingReported {
  AttemptId attempt{};
  std::string sid{};
  std::string recording{};
  std::int64_t seconds = 0;
  std::int64_t channels = 0;
};
// The same two of a call that somebody else's code placed.
struct OutsideStatusReported {
  std::string sid{};
  std::string status{};
  std::int64_t seconds = 0;
  std::int64_t sip = 0;
  std::optional<Instant> occurred_at{};
};
struct OutsideVoiceRequested {
  std::string sid{};
  bool agent = false;  // to be connected with the agent
  NumberKey number_key = 0;
  std::string disclosure{};  // version of the words (text_version)
};

// --- media streams: calls by their sid, whoever placed them ---

// A stream has brought the token of this call along: it was compared before it became a command.
// Refused unless it is the first of a call that was connected with the agent.
struct StreamStarted {
  std::string sid{};
  std::string stream{};
};
struct StreamEnded {
  std::string sid{};
  StreamClosed closed{};  // without the attempt
  std::string fault{};    // how the model failed, if it did
  std::string code{};
};
// Something was said. Of a stream that is not open: nothing.
struct SomethingSaid {
  std::string sid{};
  std::string stream{};
  bool by_agent = false;
  std::int64_t position = 0;
  std::int64_t at_ms = 0;
  bool cut = false;
  std::int64_t heard_ms = 0;
  std::string words{};
};
struct KeyPressed {
  std::string sid{};
  std::string stream{};
  char key = '\0';
};
// The model asks for something. The same `call` again appends nothing.
struct ToolAsked {
  std::string sid{};
  std::string stream{};
  std::string call{};
  std::string name{};
  std::string arguments{};
  std::int64_t position = 0;
  // Of an ask_callback: when the person's clock shows the time that it names
  // (callback_time_named), when from then on the calling hours are open first, and what their clock
  // shows then and now.
  std::optional<Instant> callback_at{};
  std::optional<Instant> callback_opens{};
  std::string opens_on_clock{};
  std::string now_on_clock{};
  // How far their clock is ahead, at the time that it names, of the one that the campaign goes by.
  std::chrono::minutes own_clock_ahead{};
};

struct CommandKinds {
  using List =
      KindList<CreateLog, StartRunner, StopRunner, SubmitCampaign, EnrolRows, CompleteEnrolment,
               MovePeople, AddContacts, EditCampaign, PauseCampaign, ResumeCampaign, CancelCampaign,
               CancelAll, ResolveCall, SuppressNumber, UnsuppressNumber, ListNumbers,
               LoadSuppressionList, ForgetNumber, ForgetExpired, OrderAnswered, CallsListed,
               CallFetched, CallPriced, TransferPriced, LateCallFound, LateCallWasEnded,
               LateCallNotKnown, StatusReported, VoiceRequested, SurveyAnswered, MachineDetected,
               RecordingReported, AfterStream, AfterTransfer, OutsideStatusReported,
               OutsideVoiceRequested, StreamStarted, StreamEnded, SomethingSaid, KeyPressed,
               ToolAsked, TransferReported>;
};

using Command = OneOf<CommandKinds>;
extern template class OneOf<CommandKinds>;  // in commands.cpp

}  // namespace campaigns
