#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "campaigns/campaign.hpp"

// The words and the forms of numbers in a campaign file: what the reader and the printer share, so
// that what one prints the other reads.
namespace campaigns {

template <typename T>
using Word = std::pair<std::string_view, T>;

inline constexpr std::array<Word<Kind>, 3> kind_words{
    {{"callback", Kind::callback}, {"notification", Kind::notification}, {"survey", Kind::survey}}};
inline constexpr std::array<Word<Mode>, 2> mode_words{
    {{"simple", Mode::simple}, {"agent", Mode::agent}}};
inline constexpr std::array<Word<BadRows>, 2> bad_rows_words{
    {{"refuse", BadRows::refuse}, {"skip", BadRows::skip}}};
inline constexpr std::array<Word<ListFormat>, 4> list_format_words{{{"auto", ListFormat::automatic},
                                                                    {"csv", ListFormat::csv},
                                                                    {"json", ListFormat::json},
                                                                    {"jsonl", ListFormat::jsonl}}};
inline constexpr std::array<Word<std::string_view>, 3> encoding_words{
    {{"auto", "auto"}, {"utf-8", "utf-8"}, {"windows-1252", "windows-1252"}}};
inline constexpr std::array<Word<InDoubt>, 3> in_doubt_words{
    {{"redial", InDoubt::redial}, {"hold", InDoubt::hold}, {"never", InDoubt::never}}};
inline constexpr std::array<Word<MachineAction>, 3> machine_words{
    {{"ignore", MachineAction::ignore},
     {"hang_up", MachineAction::hang_up},
     {"leave_message", MachineAction::leave_message}}};
inline constexpr std::array<Word<OnFailure>, 2> on_failure_words{
    {{"apologise", OnFailure::apologise}, {"go_on_simple", OnFailure::go_on_simple}}};
inline constexpr std::array<Word<bool>, 2> channels_words{{{"mono", false}, {"dual", true}}};
inline constexpr std::array<Word<QuestionType>, 6> question_type_words{
    {{"choice", QuestionType::choice},
     {"yes_no", QuestionType::yes_no},
     {"rating", QuestionType::rating},
     {"number", QuestionType::number},
     {"open", QuestionType::open},
     {"date", QuestionType::date}}};
inline constexpr std::array<Word<Reply>, reply_kinds> reply_words{{{"refused", Reply::refused},
                                                                   {"dont_know", Reply::dont_know},
                                                                   {"repeat", Reply::repeat},
                                                                   {"back", Reply::back},
                                                                   {"operator", Reply::person},
                                                                   {"stop", Reply::stop}}};
inline constexpr std::array<Word<bool>, 2> eligibility_words{{{"known", true}, {"unknown", false}}};

template <typename T, std::size_t n>
std::string_view word_for(const std::array<Word<T>, n>& words, T value) {
  for (const auto& [word, meaning] : words) {
    if (meaning == value) return word;
  }
  return {};
}

// Outcomes after which a person may be called again, with the delay unless the file says another.
// (A message left on a machine is the end for every kind but a survey.)
struct RetryDefault {
  Outcome outcome = Outcome::none;
  std::optional<Seconds> delay{};
};
const std::vector<RetryDefault>& retry_defaults();

// The members of each object of a campaign file, by the name that the schema gives the object in
// its $defs ("campaign" is the file itself).
const std::map<std::string, std::vector<std::string>>& campaign_members();

// "90s", "15m", "1h30m", "1d". Prints the largest unit that goes without a rest.
std::optional<Seconds> parse_duration(std::string_view text);
std::string duration_text(Seconds duration);

// "0.5" with `places` decimals is 500 for three places. Nothing for anything but digits with at
// most so many decimals, or beyond 2^53.
std::optional<std::int64_t> parse_decimal(std::string_view text, unsigned places);
std::string decimal_text(std::int64_t value, unsigned places);

// "09:00"; 24:00 is allowed.
std::optional<std::chrono::minutes> parse_time_of_day(std::string_view text);
std::string time_of_day_text(std::chrono::minutes time);

// "mon", or "mon-fri" (also across Sunday): bit 0 Monday. 0 if it is neither.
std::uint8_t parse_days(std::string_view text);
std::vector<std::string> days_texts(std::uint8_t days);

// "2026-12-25".
std::optional<std::chrono::year_month_day> parse_date(std::string_view text);
std::string date_text(std::chrono::year_month_day date);
// The days since 1970 of an answer to a date question, and back.
std::optional<std::int64_t> days_of_date(std::string_view text);
std::string date_of_days(std::int64_t days);

// The codes of an answer to a choice of several, which are kept with a blank between them.
std::vector<std::string> codes_in(std::string_view value);

// What a column of a list is called in the results if the file does not say: lower-case ASCII,
// accents of European letters left out, `_` for everything else: "Città di nascita" is
// "citta_di_nascita". Empty where nothing is left of it, or it would not begin with a letter.
std::string result_name_for(std::string_view column);
bool is_result_name(std::string_view name);

// Whether `tag` looks like a BCP-47 tag as voices are named by: "it", "it-IT", "zh-Hant-TW".
bool is_language_tag(std::string_view tag);

}  // namespace campaigns
