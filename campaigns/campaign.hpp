#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "campaigns/outcome.hpp"
#include "campaigns/time.hpp"

// What the operator wrote, checked and with every default filled in. Values only; `campaign_file`
// reads and prints it.
namespace campaigns {

enum class Kind : std::uint8_t { callback, notification, survey };
enum class Mode : std::uint8_t { simple, agent };
enum class BadRows : std::uint8_t { refuse, skip };
enum class ListFormat : std::uint8_t { automatic, csv, json, jsonl };
enum class InDoubt : std::uint8_t { redial, hold, never };

// A text in several languages, with {{column}} templates. Keys are BCP-47 tags ("it-IT").
struct Text {
  std::map<std::string, std::string> by_language{};

  bool empty() const { return by_language.empty(); }
  // The text in `language`, else in `fallback`, else empty.
  const std::string& in(const std::string& language, const std::string& fallback) const;
  friend bool operator==(const Text&, const Text&) = default;
};

// One choice of a `choice` or `yes_no` question.
struct Option {
  std::string code{};                                       // what is stored and exported
  char key = '\0';                                          // 0-9
  Text label{};                                             // for the codebook
  std::map<std::string, std::vector<std::string>> words{};  // what a person may say, by language
  bool fixed = false;  // of a question that is shuffled: it stays at its place
  friend bool operator==(const Option&, const Option&) = default;
};

// What a person may say or press at a question besides an answer to it.
//   refused, dont_know   settle the question without an answer, where it allows that
//   repeat, back         hear it, or the one before it, once more
//   person, stop         a human, or their call; the end of this talk
enum class Reply : std::uint8_t { refused, dont_know, repeat, back, person, stop };
inline constexpr std::size_t reply_kinds = 6;

struct ReplySpec {
  bool known = false;                                       // the file has it
  char key = '\0';                                          // 0-9 or *; '\0': not by key
  std::map<std::string, std::vector<std::string>> words{};  // by language
  Text goodbye{};  // person without a number to go to, stop: said then
  friend bool operator==(const ReplySpec&, const ReplySpec&) = default;
};

enum class QuestionType : std::uint8_t { choice, yes_no, rating, number, open, date };

// A test on earlier answers and on the contact's columns.
struct Condition {
  enum class Op : std::uint8_t {
    always,
    all,
    any,
    negation,
    question_is,
    question_answered,
    question_between,
    column_is,
    question_status,
    column_between,
    column_empty
  };
  Op op = Op::always;
  std::string name{};                 // question id or column
  std::vector<std::string> values{};  // question_is, question_status, column_is: any of these
  std::int64_t least = 0;             // question_between: both ends belong to it
  std::int64_t most = 0;
  bool dates = false;              // question_between: of a date, in days since 1970
  std::vector<Condition> parts{};  // all, any, negation (one)
  friend bool operator==(const Condition&, const Condition&) = default;
};

struct Question {
  std::string id{};  // [a-z][a-z0-9_]{0,31}; a column name in the results
  QuestionType type = QuestionType::choice;
  Text ask{};
  std::vector<Option> options{};  // choice, yes_no (1 yes, 2 no if the file names none)
  bool several = false;           // choice: of any number of them, from `least` to `most`
  bool shuffle = false;           // choice: offered to each person in an order of their own, in
  Text offer{};                   // these words behind `ask`; empty: ours (option_order.hpp)
  std::int64_t least = 1;         // rating, number: bounds, both allowed; date: days since 1970
  std::int64_t most = 5;
  bool required = true;
  bool may_refuse = false;    // "I would rather not say" settles it
  bool may_not_know = false;  // and so does "I do not know"
  bool by_key = true;         // open: false
  bool by_speech = true;
  std::uint8_t silence_max = 2;  // how often the question is asked again after silence
  std::uint8_t invalid_max = 2;  // and after an answer that is none
  Text on_silence{};             // said before the question is asked again; may be empty
  Text on_invalid{};
  Seconds timeout{6};  // silence before it counts as no input
  Condition ask_if{};
  Condition screen_out_if{};  // once it is settled and this holds, the survey is not for them
  friend bool operator==(const Question&, const Question&) = default;
};

// One opening within a day. `to` is not part of it; to 24:00 is 1440.
struct CallingWindow {
  // The day before a holiday, in place of its weekday, if that has an opening at all.
  static constexpr std::uint8_t eves = 0b1000'0000;
  std::uint8_t days = 0;  // bit 0 Monday … bit 6 Sunday, and eves
  std::chrono::minutes from{0};
  std::chrono::minutes to{0};
  friend bool operator==(const CallingWindow&, const CallingWindow&) = default;
};

struct CallingHours {
  static constexpr std::size_t dates_off_max = 10'000;
  std::string zone{};  // empty: each person's own
  std::vector<CallingWindow> windows{};
  std::vector<std::chrono::year_month_day> dates_off{};  // sorted; those of the calendar too
  std::vector<std::string> holidays{};  // countries whose holidays are dates off too (is_holiday)
  std::string calendar{};  // a file of dates off, relative to the campaign file; empty: none
  friend bool operator==(const CallingHours&, const CallingHours&) = default;
};

// At most so many calls to one number within any time of this length, over all campaigns of the
// log.
struct RollingCap {
  static constexpr Seconds within_max{31 * 86400};
  std::uint8_t calls = 0;  // 0: no such cap
  Seconds within{0};
  friend bool operator==(const RollingCap&, const RollingCap&) = default;
};

struct Retries {
  std::uint8_t attempts_max = 3;  // one cap above all
  std::uint8_t unplaced_max = 3;  // for attempts that never left (design: I4)
  Seconds unplaced_delay{300};
  // Calls to one number on one day, over all campaigns of the log: a day of the clock that the
  // hours go by, and of the person's own.
  std::uint8_t daily_calls_per_number_max = 3;
  std::uint8_t weekly_calls_per_number_max = 0;  // and on any seven days in a row; 0: no such cap
  RollingCap rolling_cap{};
  // After a refusal the number is left alone so long, by every campaign of the log; 0: it is not.
  Seconds cool_off{0};
  // Where the person's local day is parted, rising, after midnight: who was not reached is called
  // again in a part with fewer calls so far. Empty: whenever the delay is over.
  static constexpr std::size_t spread_max = 5;
  std::vector<std::chrono::minutes> spread{};
  // By outcome; an outcome without a delay is not tried again. Counted from the attempt's end.
  std::array<std::optional<Seconds>, outcomes> delay{};
  // Whether the number that was called is not called again after this, as nobody is reached there.
  bool gives_up_number(Outcome outcome) const {
    return (outcome == Outcome::invalid_number || outcome == Outcome::fax_or_data) &&
           !delay[static_cast<std::size_t>(outcome)].has_value();
  }
  friend bool operator==(const Retries&, const Retries&) = default;
};

// After a start and after each pause the campaign dials slowly first, and reaches its full rate
// when this time is over.
struct RampUp {
  std::uint32_t from_thousandths = 0;  // calls per second at the beginning
  Seconds over{0};                     // 0: at full rate from the beginning
  friend bool operator==(const RampUp&, const RampUp&) = default;
};

// So many of the last attempts came to nothing at the carrier: something is wrong, not the people.
struct FailureStop {
  static constexpr std::uint8_t of_max = 60;
  std::uint32_t share_thousandths = 500;  // at least this share; 0: it never stops
  std::uint8_t of = 40;                   // of so many attempts
  friend bool operator==(const FailureStop&, const FailureStop&) = default;
};

struct Pacing {
  std::uint32_t calls_per_second_thousandths = 1000;
  std::uint32_t lines = 1;  // calls at once
  RampUp ramp_up{};
  FailureStop stop_at_failures{};
  friend bool operator==(const Pacing&, const Pacing&) = default;
};

enum class MachineAction : std::uint8_t { ignore, hang_up, leave_message };

// How the carrier tells machines from people (protocols.md 1.2), with its own defaults.
struct MachineDetection {
  // The talk begins at once and is broken off where a machine turns out to listen; else everybody
  // who answers hears nothing for some seconds.
  bool async = false;
  Seconds timeout{30};                           // after that it does not know
  std::uint32_t speech_threshold_ms = 2400;      // who talks longer than this is a machine
  std::uint32_t speech_end_threshold_ms = 1200;  // a silence of this length ends what is said
  std::uint32_t silence_timeout_ms = 5000;       // whoever is silent so long at first is not known
  friend bool operator==(const MachineDetection&, const MachineDetection&) = default;
};

struct AnsweringMachine {
  MachineAction action = MachineAction::ignore;  // ignore: no detection is asked for
  Text message{};
  MachineDetection detection{};
  friend bool operator==(const AnsweringMachine&, const AnsweringMachine&) = default;
};

// Whether the carrier records the talks. What is recorded lies there and nowhere else: of each the
// log keeps its name and length.
struct Recording {
  bool record = false;
  bool dual = false;       // each side in a channel of its own
  bool trim = true;        // silence at both ends is cut off
  bool announced = false;  // the campaign's own texts say that it is recorded
  Text announcement{};     // else said before anything else
  friend bool operator==(const Recording&, const Recording&) = default;
};

// How a person can say "never again": at any question, and to a message without any.
struct OptOut {
  char key = '\0';  // '\0': not by key
  std::map<std::string, std::vector<std::string>> words{};
  Text goodbye{};
  friend bool operator==(const OptOut&, const OptOut&) = default;
};

// What becomes of a call whose voice model fails: an apology and its end, or the rest of it as in
// mode simple.
enum class OnFailure : std::uint8_t { apologise, go_on_simple };

// Mode agent: who talks, what it is told, and what holds whatever it does.
struct AgentSpec {
  std::string name{};   // what it calls itself; may be empty
  Text instructions{};  // the operator's own words to the model: no templates, nobody's data
  Text opening{};       // what it says first; empty: the greeting, or the message
  // Said before it by the carrier's voice, in our words: that an AI talks, and why it calls.
  Text disclosure{};
  Text apology{};                      // said when it fails; empty: one of ours (apology_in)
  std::string model{};                 // empty: of the program's configuration; never in the code
  std::string voice{};                 // of the model; empty: likewise
  std::string transcription{};         // model that writes down what people say; empty: likewise
  std::vector<std::string> columns{};  // of the list, that it may know
  Seconds time_max{300};               // of the talk
  Seconds silence_max{20};             // nobody says anything
  std::uint32_t turns_max = 60;        // of the agent
  OnFailure on_failure = OnFailure::apologise;
  std::vector<std::string> transfer{};  // E.164: who takes over when somebody asks for a human
  friend bool operator==(const AgentSpec&, const AgentSpec&) = default;
};

// A question to an SQLite database of somebody else's, whose rows are the contacts.
struct ContactQuery {
  std::string database{};  // relative to the campaign file; empty: there is no query
  std::string sql{};       // one statement that only reads
  friend bool operator==(const ContactQuery&, const ContactQuery&) = default;
};

inline constexpr std::uint8_t priority_max = 9;
inline constexpr std::size_t numbers_of_person_max = 8;

// Where the contacts come from and how their columns are named.
struct ContactSource {
  std::string file{};  // relative to the campaign file; empty: a query, inline, or given elsewhere
  ContactQuery query{};                       // in place of a file
  ListFormat format = ListFormat::automatic;  // format_of(source) says what that is
  std::string encoding{"auto"};               // auto | utf-8 | windows-1252
  std::string delimiter{"auto"};              // auto | , | ; | tab
  std::string region{};  // ISO country for numbers without a country code, "IT"; or empty
  std::string number_column{"number"};
  // Of people who can be reached at several numbers: the further ones, in the order of trying.
  std::vector<std::string> other_number_columns{};
  std::string id_column{};  // empty: the ordinal is the id
  std::string language_column{};
  std::string zone_column{};
  // Of the times that a person is not to be called before, and not after: none, the column of the
  // moment, or those of the day and the time of day.
  std::vector<std::string> not_before_columns{};
  std::vector<std::string> not_after_columns{};
  std::string priority_column{};  // cells: 1, called first, to priority_max; empty: after them
  std::string consent_source_column{};  // where the person's consent comes from; empty: none
  std::string consent_date_column{};    // and since when; empty: none
  std::string zone{};                   // for everybody whose zone is not known otherwise; or empty
  BadRows bad_rows = BadRows::refuse;
  friend bool operator==(const ContactSource&, const ContactSource&) = default;
};

// A column of the contact list that passes into the results; the others stay out of them.
struct ResultColumn {
  std::string column{};  // of the list
  std::string name{};    // in the results: [a-z][a-z0-9_]{0,63}
  bool personal = true;  // names a person, or tells who they are
  friend bool operator==(const ResultColumn&, const ResultColumn&) = default;
};

// One arm of an A/B test.
struct VariantValue {
  std::string code{};       // what the results have
  Text say{};               // empty: it has no words of its own
  std::uint32_t share = 1;  // of the people, beside the shares of the others
  friend bool operator==(const VariantValue&, const VariantValue&) = default;
};

// A column that chance fills in, one of the values for each person (variants.hpp).
struct Variant {
  std::string column{};
  std::string seed{};  // the file's; else of the campaign's id and the column
  std::vector<VariantValue> values{};

  bool has_words() const { return !values.empty() && !values.front().say.empty(); }
  friend bool operator==(const Variant&, const Variant&) = default;
};

// So many completed surveys of one kind of people are wanted, and no more (quotas.hpp).
struct Quota {
  std::string name{};           // [a-z][a-z0-9_]{0,63}
  Condition who{};              // by answers and columns; always: everybody
  std::uint32_t completes = 1;  // it is full when so many cases have ended as completed
  friend bool operator==(const Quota&, const Quota&) = default;
};

// What the voice model of mode agent costs, in millionths of the budget's currency.
struct ModelPrices {
  // Set aside for each call, whose talk ends when it is used up.
  std::int64_t per_call_max = 0;
  std::int64_t input_audio = 0;  // these: a million tokens
  std::int64_t output_audio = 0;
  std::int64_t input_text = 0;
  std::int64_t output_text = 0;
  std::optional<std::int64_t> cached{};  // of input; nothing: as any other
  // A begun minute of talk: what is charged by the time, like writing down what people say.
  std::int64_t per_minute = 0;
  friend bool operator==(const ModelPrices&, const ModelPrices&) = default;
};

// A campaign calls on the strength of a source's list that is no older than this, and else nobody.
struct RequiredList {
  std::string source{};  // [a-z][a-z0-9_]{0,63}
  Seconds max_age{0};
  friend bool operator==(const RequiredList&, const RequiredList&) = default;
};

// On what ground people are called, for whoever asks later: each intent to call keeps it. What a
// row says of its person (ContactSource::consent_source_column) counts before what is said here of
// everybody.
struct Consent {
  std::string basis{};    // [a-z][a-z0-9_]{0,63}: "consent", "contract"; or empty
  std::string source{};   // where it comes from, in the operator's words; or empty
  std::string date{};     // since when it is there, "2025-11-01"; or empty
  bool required = false;  // nobody is called of whom no source or no date is known, or a later one
  friend bool operator==(const Consent&, const Consent&) = default;
};

struct Budget {
  std::int64_t limit_millionths = 0;  // 0: no budget
  std::int64_t per_minute_millionths = 0;
  std::string currency{"USD"};
  std::optional<ModelPrices> model{};  // mode agent; nothing: it is not counted
  // The call to a human to whom somebody is passed on, beside the person's own; 0: not counted.
  std::int64_t transfer_per_minute_millionths = 0;
  friend bool operator==(const Budget&, const Budget&) = default;
};

struct Campaign {
  std::string id{};  // [a-z0-9][a-z0-9-]{0,62}
  std::string title{};
  Kind kind = Kind::survey;
  Mode mode = Mode::simple;
  std::string language{"it-IT"};                // of everybody without one of their own
  std::map<std::string, std::string> voices{};  // by language; none: the carrier's default
  std::vector<std::string> caller_ids{};        // E.164; empty: TRANSFER_NUMBER_MAIN
  ContactSource contacts{};
  Text greeting{};  // survey: before the first question; notification, callback: the message
  // Survey: said on a further attempt after answers were given, and where it goes on without its
  // agent. Empty: the greeting; without the agent one of ours (excuse_in).
  Text resumed{};
  std::vector<Question> questions{};
  Text goodbye{};
  Text screened_out{};  // said instead to whom the survey is not for; empty: the goodbye
  std::vector<Quota> quotas{};
  Text quota_full{};  // said to whoever belongs to one that is full; empty: the goodbye
  std::uint8_t partial_answers = 0;  // so many answers make a broken-off survey partial; 0: never
  OptOut opt_out{};
  std::array<ReplySpec, reply_kinds> replies{};
  std::vector<std::string> operators{};  // E.164: who takes over when a person is asked for
  AgentSpec agent{};                     // mode agent
  AnsweringMachine machine{};
  // Surveys: who calls and why, for an assistant that screens the person's calls.
  Text screening{};
  Recording recording{};
  CallingHours hours{};
  Pacing pacing{};
  Retries retries{};
  // ISO countries that may be called; empty: any in a rehearsal, none on a real carrier.
  std::vector<std::string> countries{};
  InDoubt in_doubt = InDoubt::hold;
  Seconds ring_time{25};
  Seconds call_time{600};
  Budget budget{};
  // How long after its end a campaign keeps what names or quotes people; nothing: until told.
  std::optional<Seconds> retention{};
  bool known_eligible = true;
  std::vector<ResultColumn> result_columns{};
  std::vector<Variant> variants{};
  std::vector<RequiredList> suppression_lists{};
  Consent consent{};

  const ReplySpec& reply(Reply which) const { return replies[static_cast<std::size_t>(which)]; }
  // Who takes over when somebody asks for a human; nobody: they are called back.
  const std::vector<std::string>& humans() const {
    return agent.transfer.empty() ? operators : agent.transfer;
  }
  friend bool operator==(const Campaign&, const Campaign&) = default;
};

}  // namespace campaigns
