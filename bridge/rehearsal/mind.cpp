#include "bridge/rehearsal/mind.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <utility>

#include "bridge/rehearsal/dates.hpp"
#include "bridge/rehearsal/words.hpp"

namespace bridge::rehearsal {
namespace {

using nlohmann::json;

constexpr int misunderstood_max = 3;  // then it says goodbye
constexpr std::size_t words_bytes_max = 500;

// What stands in a tag of lines of its own, without the lines' ends.
std::string_view tagged(std::string_view text, std::string_view tag) {
  const std::string begin = "<" + std::string(tag) + ">\n";
  const std::string end = "\n</" + std::string(tag) + ">";
  std::size_t at = text.starts_with(begin) ? 0 : text.find("\n" + begin);
  if (at == std::string_view::npos) return {};
  at += begin.size() + (at == 0 && text.starts_with(begin) ? 0 : 1);
  const std::size_t stop = text.find(end, at);
  return stop == std::string_view::npos ? std::string_view{} : text.substr(at, stop - at);
}

std::string text_of(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool flag_of(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

std::int64_t number_of(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

std::string capped(std::string text) {
  if (text.size() <= words_bytes_max) return text;
  std::size_t end = words_bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80) --end;
  text.resize(end);
  return text;
}

std::string joined(std::string_view before, std::string_view after) {
  std::string out(before);
  if (!out.empty() && !after.empty()) out += ' ';
  out += after;
  return out;
}

// The time that somebody means who names a day, as an ask_callback has it: "2026-03-06T10:00" for
// tomorrow, where `now` is "Thursday 2026-03-05T17:10". Empty: they name none, or nobody knows what
// time it is.
std::string time_meant(std::string_view now, std::string_view plain) {
  if (!says_any(plain, "domani|tomorrow")) return {};
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  const auto at = now.find(' ');
  const std::string date(at == std::string_view::npos ? now : now.substr(at + 1));
  if (std::sscanf(date.c_str(), "%4d-%2u-%2u", &year, &month, &day) != 3) return {};
  const std::chrono::year_month_day today{std::chrono::year{year}, std::chrono::month{month},
                                          std::chrono::day{day}};
  if (!today.ok()) return {};
  const std::chrono::year_month_day next{std::chrono::sys_days{today} + std::chrono::days{1}};
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%s", static_cast<int>(next.year()),
                static_cast<unsigned>(next.month()), static_cast<unsigned>(next.day()),
                says_any(plain, "pomeriggio|afternoon") ? "16:00" : "10:00");
  return text.data();
}

}  // namespace

void Mind::instruct(std::string_view instructions, std::vector<std::string> tools) {
  tools_ = std::move(tools);
  now_ = tagged(instructions, "now");
  opening_ = tagged(instructions, "opening");
  goodbye_ = tagged(instructions, "goodbye");
  questions_.clear();
  const auto survey = json::parse(tagged(instructions, "survey"), nullptr, false);
  if (!survey.is_array()) return;
  for (const json& each : survey) {
    if (!each.is_object()) continue;
    Question question;
    question.id = text_of(each, "id");
    question.ask = text_of(each, "ask");
    question.least = number_of(each, "least");
    question.most = number_of(each, "most");
    question.earliest = text_of(each, "earliest");
    question.latest = text_of(each, "latest");
    question.several = flag_of(each, "several");
    question.conditional = flag_of(each, "conditional");
    question.answered = flag_of(each, "answered");
    const std::string type = text_of(each, "type");
    using Type = Question::Type;
    question.type = type == "choice"   ? Type::choice
                    : type == "yes_no" ? Type::yes_no
                    : type == "rating" ? Type::rating
                    : type == "number" ? Type::number
                    : type == "date"   ? Type::date
                                       : Type::open;
    if (const auto accepts = each.find("accepts"); accepts != each.end() && accepts->is_array()) {
      question.may_refuse = std::ranges::find(*accepts, json("refused")) != accepts->end();
      question.may_not_know = std::ranges::find(*accepts, json("dont_know")) != accepts->end();
    }
    if (const auto options = each.find("options"); options != each.end() && options->is_array()) {
      for (const json& one : *options) {
        if (!one.is_object()) continue;
        Option option{.code = text_of(one, "code"), .label = text_of(one, "label")};
        if (const auto words = one.find("words"); words != one.end() && words->is_array()) {
          for (const json& word : *words) {
            if (word.is_string()) option.words.push_back(word.get<std::string>());
          }
        }
        question.options.push_back(std::move(option));
      }
    }
    questions_.push_back(std::move(question));
  }
}

void Mind::hear_words(std::string words) {
  words_.push_back(std::move(words));
}

void Mind::hear_text(std::string_view text) {
  const auto message = json::parse(text, nullptr, false);
  if (message.is_object() && message.contains("pressed_key")) {
    keys_ += text_of(message, "pressed_key");
  } else {
    words_.emplace_back(text);
  }
}

void Mind::hear_tool(std::string_view name, std::string_view output) {
  outputs_.push_back({.name = std::string(name), .output = std::string(output)});
}

bool Mind::has(std::string_view tool) const {
  return std::ranges::find(tools_, tool) != tools_.end();
}

Mind::Question* Mind::find(std::string_view id) {
  const auto found = std::ranges::find(questions_, id, &Question::id);
  return found == questions_.end() ? nullptr : &*found;
}

MindTurn Mind::speak(std::string_view instructions) {
  const std::vector<std::string> words = std::exchange(words_, {});
  const std::string keys = std::exchange(keys_, {});
  if (!outputs_.empty()) {
    MindTurn turn = answer_outputs();
    // What was said meanwhile answers no question of this turn; but this is heard at any time.
    for (const std::string& each : words) {
      if (!leaving_ && wants_no_calls(plain_words(each))) return answer_words(each, false);
    }
    return turn;
  }
  if (leaving_) {
    // It has said goodbye; whoever goes on talking hears it once more.
    return leave({}, in("Arrivederci.", "Goodbye."), "done");
  }
  if (!opened_) return open(instructions);
  std::string said;
  for (const std::string& each : words) said = joined(said, each);
  if (!said.empty()) return answer_words(said, false);
  if (!keys.empty()) return answer_words(keys, true);
  if (!words.empty()) return repeat(in("Mi scusi, non ho sentito.", "Sorry, I did not hear you."));
  if (std::exchange(cut_, false)) return repeat({});
  return repeat(in("Mi sente?", "Are you still there?"));
}

MindTurn Mind::open(std::string_view instructions) {
  opened_ = true;
  const auto first = std::ranges::find_if(
      questions_, [](const Question& each) { return !each.answered && !each.conditional; });
  current_ = first == questions_.end() ? std::string() : first->id;
  std::string_view words = tagged(instructions, "opening");
  if (words.empty()) words = opening_;
  std::string opening(words);
  if (opening.empty()) opening = in("Buongiorno.", "Hello.");
  waits_for_consent_ = opening.ends_with('?');
  if (waits_for_consent_) return {.say = opening};
  if (current_.empty()) return {.say = opening};
  return ask_current(opening, false);
}

MindTurn Mind::answer_outputs() {
  MindTurn turn;
  for (const Output& each : std::exchange(outputs_, {})) {
    const auto output = json::parse(each.output, nullptr, false);
    const bool good = output.is_object() && flag_of(output, "ok");
    if (each.name == "end_call") return {};
    if (each.name == "opt_out") {
      return leave(in("Va bene, non la chiameremo più.", "All right, we will not call you again."),
                   goodbye_, "refused");
    }
    if (each.name == "ask_callback" && good) {
      // Nobody is promised a call that nobody makes.
      const bool promised = !output.contains("called_back") || flag_of(output, "called_back");
      return leave(promised ? in("Va bene, la richiameremo.", "All right, we will call you back.")
                            : in("Mi dispiace, non possiamo richiamarla.",
                                 "Sorry, we cannot call you back."),
                   goodbye_, "not_now");
    }
    // Some other time, then.
    if (each.name == "ask_callback" && !wish_without_time_.empty()) {
      turn.calls.push_back({.name = each.name, .arguments = std::exchange(wish_without_time_, {})});
      return turn;
    }
    if (each.name == "request_human" && good && flag_of(output, "transfer")) {
      leaving_ = true;
      return {.say = std::string(in("La metto in contatto con un collega. Attenda in linea.",
                                    "I am putting you through. Please hold the line."))};
    }
    if (each.name == "ask_callback" || each.name == "request_human") {
      return ask_current(in("Mi dispiace, ora non è possibile.", "Sorry, that cannot be done now."),
                         false);
    }
    if (each.name != "record_answer") continue;
    if (!good) {
      // The core says which question it is about; where it does not, the same once more.
      const std::string about = output.is_object() ? text_of(output, "question") : std::string();
      if (find(about) != nullptr) current_ = about;
      if (++misunderstood_ > misunderstood_max) {
        return leave(in("Mi dispiace, non riesco a capirla.", "Sorry, I cannot understand you."),
                     goodbye_, "other");
      }
      turn = ask_current(in("Mi scusi, non ho capito.", "Sorry, I did not understand."), true);
      continue;
    }
    misunderstood_ = 0;
    if (Question* question = find(current_)) question->answered = true;
    current_ = text_of(output, "next");
    turn = find(current_) == nullptr ? leave(in("Grazie.", "Thank you."), goodbye_, "done")
                                     : ask_current(in("Grazie.", "Thank you."), false);
  }
  return turn;
}

MindTurn Mind::answer_words(const std::string& words, bool by_key) {
  cut_ = false;
  const std::string plain = plain_words(words);
  const auto call = [&](std::string_view tool, const json& arguments) {
    MindTurn turn;
    turn.calls.push_back({.name = std::string(tool), .arguments = arguments.dump()});
    return turn;
  };
  if (!by_key) {
    if (wants_no_calls(plain) && has("opt_out")) return call("opt_out", {{"words", capped(words)}});
    if (wants_human(plain) && has("request_human")) return call("request_human", json::object());
    if (wants_other_time(plain) && has("ask_callback")) {
      json wish{{"when", capped(words)}, {"words", capped(words)}};
      wish_without_time_.clear();
      if (const auto at = time_meant(now_, plain); !at.empty()) {
        wish_without_time_ = wish.dump();
        wish["at"] = at;
      }
      return call("ask_callback", wish);
    }
    if (const auto reason = reason_to_end(plain); !reason.empty()) {
      return leave(in("Mi scusi per il disturbo.", "Sorry to have disturbed you."), {}, reason);
    }
  }
  if (waits_for_consent_) {
    const YesNo consent =
        by_key ? (words[0] == '1' ? YesNo::yes : YesNo::neither) : yes_or_no(plain);
    if (consent == YesNo::no) {
      return leave(in("Va bene, non la disturbo oltre.", "All right, I will not keep you."),
                   goodbye_, "refused");
    }
    if (consent == YesNo::neither && ++misunderstood_ <= misunderstood_max) {
      return repeat(in("Mi scusi.", "Sorry."));
    }
    waits_for_consent_ = false;
    misunderstood_ = 0;
    return current_.empty() ? leave({}, goodbye_, "done") : ask_current({}, false);
  }
  const Question* question = find(current_);
  if (question == nullptr) return leave({}, goodbye_, "done");
  const auto value = value_of(*question, words, by_key);
  if (const auto status = by_key ? std::string_view() : declined(*question, words);
      !status.empty()) {
    return call(
        "record_answer",
        {{"question", question->id}, {"value", ""}, {"status", status}, {"words", capped(words)}});
  }
  if (!value) {
    if (++misunderstood_ > misunderstood_max) {
      return leave(in("Mi dispiace, non riesco a capirla.", "Sorry, I cannot understand you."),
                   goodbye_, "other");
    }
    return ask_current(in("Mi scusi, non ho capito.", "Sorry, I did not understand."), true);
  }
  return call("record_answer",
              {{"question", question->id}, {"value", *value}, {"words", capped(words)}});
}

std::string_view Mind::declined(const Question& question, const std::string& words) const {
  using Type = Question::Type;
  const std::string plain = plain_words(words);
  const bool counted = question.type == Type::rating || question.type == Type::number;
  if (counted && value_of(question, words, false)) return {};
  // Who says more than that answers an open question.
  constexpr std::size_t short_bytes_max = 40;
  if (question.type == Type::open && plain.size() > short_bytes_max) return {};
  if (question.may_refuse && would_rather_not_say(plain)) return "refused";
  return question.may_not_know && does_not_know(plain) ? "dont_know" : "";
}

std::optional<std::string> Mind::date_of(const Question& question, const std::string& plain) const {
  const auto said = date_in(plain);
  if (!said) return {};
  const auto year_of = [](const std::string& date) {
    int year = 0;
    std::from_chars(date.data(), date.data() + date.size(), year);
    return year;
  };
  const int first = said->year != 0 ? said->year : year_of(question.earliest);
  const int last = said->year != 0 ? said->year : year_of(question.latest);
  // Without its year it has to fit in one only.
  std::optional<std::string> found;
  for (int year = first; year <= last; ++year) {
    char text[32];
    std::snprintf(text, sizeof text, "%04d-%02d-%02d", year, said->month, said->day);
    if (text < question.earliest || text > question.latest) continue;
    if (found) return {};
    found = text;
  }
  return found;
}

std::optional<std::string> Mind::codes_of(const Question& question, const std::string& words,
                                          bool by_key) const {
  const std::string plain = plain_words(words);
  std::string codes;
  for (std::size_t i = 0; i < question.options.size(); ++i) {
    const Option& option = question.options[i];
    std::vector<std::string> names = option.words;
    names.push_back(option.label);
    names.push_back(option.code);
    const bool named = std::ranges::any_of(names, [&](const std::string& name) {
      const std::string wanted = plain_words(name);
      return wanted.size() > 2 && plain.find(wanted) != std::string::npos;
    });
    const bool pressed =
        by_key && i < 9 && words.find(static_cast<char>('1' + i)) != std::string::npos;
    if (named || pressed) codes += (codes.empty() ? "" : " ") + option.code;
  }
  if (codes.empty()) return {};
  return codes;
}

std::optional<std::string> Mind::value_of(const Question& question, const std::string& words,
                                          bool by_key) const {
  using Type = Question::Type;
  const std::string plain = plain_words(words);
  if (question.type == Type::date) return date_of(question, plain);
  if (question.type == Type::choice && question.several) {
    return codes_of(question, words, by_key);
  }
  if (question.type == Type::open) {
    if (by_key) return {};
    return std::string();
  }
  if (question.type == Type::rating || question.type == Type::number) {
    for (const std::int64_t number : numbers_in(plain)) {
      const bool fits = question.type == Type::number && question.least == 0 && question.most == 0
                            ? true
                            : number >= question.least && number <= question.most;
      if (fits) return std::to_string(number);
    }
    return {};
  }
  // The option of which the longest word was said.
  const Option* best = nullptr;
  std::size_t length = 0;
  for (const Option& option : question.options) {
    std::vector<std::string> names = option.words;
    names.push_back(option.label);
    names.push_back(option.code);
    for (const std::string& name : names) {
      const std::string wanted = plain_words(name);
      if (wanted.size() > std::max<std::size_t>(length, 2) &&
          plain.find(wanted) != std::string::npos) {
        best = &option;
        length = wanted.size();
      }
    }
  }
  if (by_key && words.size() == 1 && words[0] >= '1' && words[0] <= '9') {
    const auto place = static_cast<std::size_t>(words[0] - '1');
    if (best == nullptr && place < question.options.size()) best = &question.options[place];
  }
  if (question.type == Type::yes_no) {
    const YesNo said = yes_or_no(plain);
    if (said != YesNo::neither) {
      // Of two options the first is the yes, unless their codes or labels say otherwise.
      for (const Option& option : question.options) {
        if (yes_or_no(plain_words(option.label)) == said ||
            yes_or_no(plain_words(option.code)) == said) {
          return option.code;
        }
      }
      if (question.options.size() == 2) return question.options[said == YesNo::yes ? 0 : 1].code;
      return std::string(said == YesNo::yes ? "yes" : "no");
    }
  }
  if (best == nullptr) return {};
  return best->code;
}

std::string Mind::asked(const Question& question, bool explain) const {
  using Type = Question::Type;
  std::string text = question.ask;
  const std::string plain = plain_words(text);
  if (question.type == Type::choice) {
    const bool named = std::ranges::all_of(question.options, [&](const Option& option) {
      return plain.find(plain_words(option.label)) != std::string::npos;
    });
    if (named && !explain) return text;
    text = joined(text, in("Le risposte possibili sono:", "The possible answers are:"));
    for (std::size_t i = 0; i < question.options.size(); ++i) {
      text += (i == 0 ? " " : ", ") + question.options[i].label;
    }
    text += ".";
    if (!question.several || asks_for_several(plain)) return text;
    return joined(text, in("Può indicarne più di una.", "You may name more than one."));
  }
  if (question.type == Type::date) {
    if (asks_for_date(plain) && !explain) return text;
    return joined(text, std::string(in("Mi dica la data con l'anno, dal ",
                                       "Tell me the date with its year, from ")) +
                            question.earliest.substr(0, 4) + std::string(in(" al ", " to ")) +
                            question.latest.substr(0, 4) + ".");
  }
  if (question.type == Type::rating || (question.type == Type::number && question.most > 0)) {
    const auto numbers = numbers_in(plain);
    const bool named = std::ranges::find(numbers, question.least) != numbers.end() &&
                       std::ranges::find(numbers, question.most) != numbers.end();
    if (named && !explain) return text;
    return joined(text, std::string(in("Mi dica un numero da ", "Tell me a number from ")) +
                            std::to_string(question.least) + std::string(in(" a ", " to ")) +
                            std::to_string(question.most) + ".");
  }
  if (!explain) return text;
  if (question.type == Type::number) {
    return joined(text, in("Mi dica un numero, per favore.", "Tell me a number, please."));
  }
  if (question.type == Type::yes_no) {
    return joined(text, in("Mi risponda sì o no, per favore.", "Please answer yes or no."));
  }
  return text;
}

MindTurn Mind::ask_current(std::string_view before, bool explain) {
  waits_for_consent_ = false;
  const Question* question = find(current_);
  if (question == nullptr) return leave(before, goodbye_, "done");
  return {.say = joined(before, asked(*question, explain))};
}

// Says the last thing once more.
MindTurn Mind::repeat(std::string_view before) {
  if (waits_for_consent_) {
    const std::size_t question =
        opening_.find_last_of(".!", opening_.empty() ? 0 : opening_.size() - 2);
    const std::string_view last = question == std::string::npos
                                      ? std::string_view(opening_)
                                      : std::string_view(opening_).substr(question + 1);
    return {.say = joined(before, last)};
  }
  if (find(current_) != nullptr) return ask_current(before, true);
  return {.say = joined(before, opening_)};
}

MindTurn Mind::leave(std::string_view before, std::string_view goodbye, std::string_view reason) {
  leaving_ = true;
  waits_for_consent_ = false;
  MindTurn turn;
  turn.say = joined(before, goodbye.empty() ? in("Arrivederci.", "Goodbye.") : goodbye);
  if (has("end_call")) {
    turn.calls.push_back({.name = "end_call", .arguments = json{{"reason", reason}}.dump()});
  }
  return turn;
}

}  // namespace bridge::rehearsal
