// Reading a campaign file. Printing one is in campaign_print.cpp; the words both use are in
// campaign_words. Longer than other files because each member of the format has its few lines here.
#include "campaigns/campaign_file.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "campaigns/campaign_words.hpp"
#include "campaigns/holidays.hpp"
#include "campaigns/json_text.hpp"
#include "campaigns/option_order.hpp"
#include "campaigns/phone_number.hpp"
#include "campaigns/skip_logic.hpp"
#include "campaigns/speech.hpp"
#include "campaigns/spoken_yes_no.hpp"
#include "campaigns/templates.hpp"
#include "campaigns/variants.hpp"
#include "campaigns/words.hpp"

namespace campaigns {

namespace {

// Keeps the order of members, which for inline contacts is the order of their columns.
using Json = nlohmann::ordered_json;

constexpr std::size_t file_bytes_max = std::size_t{64} << 20U;
constexpr std::size_t problems_max = 200;
constexpr std::size_t said_characters_max = 3000;  // the carrier speaks 4096 at most
constexpr std::size_t instructions_characters_max = 8000;
constexpr std::size_t agent_columns_max = 50;
constexpr std::size_t transfer_numbers_max = 10;  // of one Dial (protocols.md 4.6)
constexpr std::size_t word_bytes_max = 100;
constexpr std::size_t words_max = 50;
constexpr std::size_t questions_max = 100;
constexpr std::size_t options_max = 20;
constexpr std::size_t windows_max = 100;
constexpr std::size_t caller_ids_max = 100;
constexpr std::size_t conditions_max = 50;
constexpr std::size_t result_columns_max = 200;
constexpr std::size_t sql_bytes_max = 20'000;
constexpr std::size_t quotas_max = 50;
constexpr std::size_t suppression_lists_max = 20;
constexpr std::int64_t quota_completes_max = 10'000'000;
constexpr std::size_t variants_max = 10;
constexpr std::size_t variant_values_max = 20;
constexpr std::size_t variant_characters_max = 500;  // each person keeps their own
constexpr std::int64_t answer_number_max = 999'999'999;

using Words = std::map<std::string, std::vector<std::string>>;

std::string did_you_mean(std::string_view given, const std::vector<std::string>& known) {
  const std::string near = nearest_name(given, known);
  return near.empty() ? std::string{} : "; did you mean " + in_quotes(near) + "?";
}

std::string listed(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

bool is_number_column(const ContactSource& source, const std::string& column) {
  return column == source.number_column || std::ranges::find(source.other_number_columns, column) !=
                                               source.other_number_columns.end();
}

std::size_t characters_in(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

// Letters of ASCII lower: enough to see that two words are the same.
std::string lower(std::string_view text) {
  std::string out;
  for (const char c : text) {
    out += c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  }
  return out;
}

// What a person says besides an answer, where the file names no words for it.
struct CommonReply {
  Reply which = Reply::refused;
  std::vector<std::string> italian{};
  std::vector<std::string> english{};
};

const std::vector<CommonReply>& common_replies() {
  static const std::vector<CommonReply> all{
      {Reply::refused,
       {"preferisco non rispondere", "preferirei non rispondere", "non voglio rispondere",
        "non intendo rispondere", "non rispondo"},
       {"rather not say", "rather not answer", "prefer not to say", "prefer not to answer",
        "don't want to answer", "do not want to answer"}},
      {Reply::dont_know,
       {"non lo so", "non so", "non saprei", "non ricordo", "non mi ricordo", "non ne ho idea"},
       {"don't know", "do not know", "no idea", "not sure", "can't remember", "don't remember"}},
      {Reply::repeat,
       {"può ripetere", "ripeta", "ripeti", "ripetere", "non ho sentito", "come ha detto"},
       {"repeat", "say that again", "say it again", "pardon", "did not hear", "didn't hear"}},
      {Reply::back,
       {"torni indietro", "torna indietro", "tornare indietro", "domanda precedente"},
       {"go back", "previous question"}},
      {Reply::person,
       {"operatore", "operatrice", "parlare con una persona", "parlare con qualcuno"},
       {"operator", "speak to a person", "talk to a person", "speak to somebody", "a real person"}},
      {Reply::stop,
       {"basta così", "voglio smettere", "vorrei smettere", "mi fermo qui", "chiudiamo qui"},
       {"stop here", "want to stop", "stop the survey", "that is enough", "that's enough"}},
  };
  return all;
}

// Programs of before wrote these down where a yes_no question had no options of its own: the first
// is all that is written down now, the others count without being named, or count no more.
const std::map<std::string_view, YesNoWords>& yes_no_written_before() {
  static const std::map<std::string_view, YesNoWords> all{
      {"it", {{"sì", "si", "certo", "va bene", "d'accordo", "esatto"}, {"no", "assolutamente no"}}},
      {"en", {{"yes", "yeah", "sure", "of course", "correct"}, {"no", "nope", "not at all"}}},
      {"de", {{"ja", "jawohl", "gerne", "natürlich", "genau"}, {"nein", "leider nicht"}}},
      {"fr", {{"oui", "d'accord", "bien sûr", "exactement"}, {"non", "pas du tout"}}},
      {"es", {{"sí", "si", "claro", "de acuerdo", "vale"}, {"no", "para nada"}}},
  };
  return all;
}

// A definition that such a program wrote down is what its file says to this one.
void forget_words_written_before(Question& question) {
  if (question.type != QuestionType::yes_no) return;
  for (Option& option : question.options) {
    for (auto& [language, words] : option.words) {
      const auto before = yes_no_written_before().find(primary_language(language));
      if (before == yes_no_written_before().end()) continue;
      const auto& [yes, no] = before->second;
      const bool untouched =
          (option.code == "yes" && words == yes) || (option.code == "no" && words == no);
      if (untouched) words.resize(1);
    }
  }
}

// Reads the members of a campaign file into a Campaign and gathers all that is wrong.
class CampaignReader {
 public:
  void read(const Json& file);

  CampaignFile file{};
  Problems problems{};
  ReadFrom reads = ReadFrom::file;

 private:
  // One object of the file: says at once which of its members nobody knows, and hands out the rest.
  class Members {
   public:
    Members(CampaignReader& reader, const Json& value, std::string where, const std::string& kind)
        : where_(std::move(where)), known_(campaign_members().at(kind)) {
      if (!value.is_object()) {
        reader.wrong_type(where_, value, "an object");
        return;
      }
      object_ = &value;
      for (const auto& member : value.items()) {
        if (std::find(known_.begin(), known_.end(), member.key()) != known_.end()) continue;
        if (kind == "question" && (member.key() == "for_each" || member.key() == "loop")) {
          reader.problem(json_pointer(where_, member.key()),
                         "a question is asked once, not for each entry of a list: how many columns "
                         "the results have is known before the first call",
                         R"(write a question for each entry, with "ask_if" on its column)");
          continue;
        }
        reader.problem(json_pointer(where_, member.key()),
                       "unknown member" + did_you_mean(member.key(), known_),
                       "known here: " + listed(known_));
      }
    }

    bool is_object() const { return object_ != nullptr; }
    const std::string& where() const { return where_; }
    std::string at(std::string_view name) const { return json_pointer(where_, name); }
    const Json* find(const std::string& name) const {
      assert(std::find(known_.begin(), known_.end(), name) != known_.end());
      if (object_ == nullptr) return nullptr;
      const auto found = object_->find(name);
      return found == object_->end() ? nullptr : &*found;
    }

   private:
    std::string where_;
    const std::vector<std::string>& known_;
    const Json* object_ = nullptr;
  };

  void problem(std::string where, std::string what, std::string cure = {}) {
    if (problems.size() > problems_max) return;
    if (problems.size() == problems_max) {
      problems.push_back({"", "there are more problems than these", "correct these first"});
      return;
    }
    problems.push_back({std::move(where), std::move(what), std::move(cure)});
  }

  void wrong_type(const std::string& where, const Json& value, const std::string& wanted) {
    problem(where.empty() ? "(the whole file)" : where,
            "must be " + wanted + ", is " + type_of(value));
  }

  static std::string type_of(const Json& value) {
    if (value.is_null()) return "null";
    if (value.is_object()) return "an object";
    if (value.is_array()) return "an array";
    if (value.is_string()) return "a string";
    if (value.is_boolean()) return "true or false";
    return value.is_number_integer() ? "an integer" : "a number with a fraction";
  }

  void missing(const Members& members, std::string_view name) {
    if (members.is_object()) problem(members.at(name), "is missing");
  }

  // Simple values. Each leaves `into` alone when the member is not there or not right.
  void read_number_columns(const Members& names, ContactSource& source);
  void read_moment_columns(const Members& names, const std::string& name,
                           std::vector<std::string>& into);
  void read_string(const Members& members, const std::string& name, std::string& into,
                   std::size_t bytes_max = 200);
  template <typename T>
  void read_integer(const Members& members, const std::string& name, T& into, std::int64_t least,
                    std::int64_t most);
  void read_bool(const Members& members, const std::string& name, bool& into);
  void read_duration(const Members& members, const std::string& name, Seconds& into, Seconds least,
                     Seconds most);
  template <typename T>
  void read_decimal(const Members& members, const std::string& name, T& into, unsigned places,
                    std::int64_t least, std::int64_t most);
  template <typename T, std::size_t n>
  void read_word(const Members& members, const std::string& name,
                 const std::array<Word<T>, n>& words, T& into);
  void read_key(const Members& members, char& into, bool star = false);
  const Json* find_array(const Members& members, const std::string& name, std::size_t items_max);

  void read_text(const Members& members, const std::string& name, Text& into,
                 std::size_t characters_max = said_characters_max);
  void check_said(const std::string& where, const std::string& text, std::size_t characters_max);
  void read_numbers(const Members& members, const std::string& name, std::size_t numbers_max,
                    std::vector<std::string>& into, bool called = false);
  void read_words(const Members& members, const std::string& name, Words& into);
  void read_word_list(const std::string& where, const Json& list, std::vector<std::string>& into);
  bool check_language(const std::string& where, const std::string& tag);
  void check_zone(const std::string& where, const std::string& zone);

  void read_head(const Members& root);
  void read_contacts(const Members& root);
  void read_query(const Json& value, const std::string& where);
  void read_said(const Members& root);
  void read_questions(const Members& root);
  void read_question(const Json& value, const std::string& where);
  static std::int64_t options_given(const Members& members);
  void read_dates(const Members& members, Question& question);
  void read_shuffle(const Members& members, Question& question);
  void check_offer(const Members& members, const Question& question);
  void read_options(const Members& members, Question& question);
  void read_code(const Members& members, std::string& into);
  void check_code(const std::string& where, const std::string& code);
  void read_option(const Json& value, const std::string& where, const Question& question,
                   Option& option);
  void default_yes_no(Question& question);
  void check_options(const Question& question, const std::string& where);
  void read_by(const Members& members, Question& question);
  void read_condition(const Json& value, const std::string& where, Condition& into);
  void read_parts(const Members& members, const std::string& name, Condition& into);
  void read_question_test(const Members& members, Condition& into);
  void read_status_test(const Members& members, const Question* asked, Condition& into);
  void read_column_test(const Members& members, Condition& into);
  void read_bounds(const Members& members, Condition& into);
  void read_values(const Members& members, std::vector<std::string>& into);
  void check_values(const Members& members, const Question& question, const Condition& condition);
  void read_opt_out(const Members& root);
  void read_replies(const Members& root);
  void read_reply(const Json& value, const std::string& where, Reply which);
  void default_reply(Reply which, const std::string& where);
  void read_allowed(const Members& members, Question& question);
  void check_replies();
  void check_reply(Reply which, const std::string& where);
  void check_opt_out();
  bool same_in_speech(std::string_view one, std::string_view other) const;
  Words answers_in(const Question& question, const Words& languages) const;
  void read_agent(const Members& root);
  void check_agent(const Members& members);
  void read_machine(const Members& root);
  void read_recording(const Members& root);
  void read_hours(const Members& root);
  bool read_preset(const Members& members);
  void read_holidays(const Members& members);
  void check_eves(const Members& members);
  void read_window(const Json& value, const std::string& where);
  void check_windows_overlap(const std::string& where);
  void read_pacing(const Members& root);
  void read_retries(const Members& root);
  void read_budget(const Members& root);
  void read_model_prices(const Members& budget);
  void read_countries(const Members& root);
  void read_suppression_lists(const Members& root);
  void read_consent(const Members& root);
  void read_suppression_list(const Json& value, const std::string& where);
  void read_quotas(const Members& root);
  void read_quota(const Json& value, const std::string& where);
  void read_variants(const Members& root);
  void read_variant(const Json& value, const std::string& where);
  void read_variant_value(const Json& value, const std::string& where, Variant& variant);
  void check_variant(const Variant& variant, const Members& members);
  void read_results(const Members& root);
  void read_result_column(const Json& value, const std::string& where);
  void not_for_this_kind(const Members& root, const std::string& name, const std::string& why);

  Campaign& campaign() { return file.campaign; }
};

// ---- simple values

void CampaignReader::read_string(const Members& members, const std::string& name, std::string& into,
                                 std::size_t bytes_max) {
  const Json* value = members.find(name);
  if (value == nullptr) return;
  if (!value->is_string()) return wrong_type(members.at(name), *value, "a string");
  const auto& text = value->get_ref<const std::string&>();
  if (text.size() > bytes_max) {
    return problem(members.at(name), "is longer than " + std::to_string(bytes_max) + " bytes");
  }
  into = text;
}

template <typename T>
void CampaignReader::read_integer(const Members& members, const std::string& name, T& into,
                                  std::int64_t least, std::int64_t most) {
  const Json* value = members.find(name);
  if (value == nullptr) return;
  if (!value->is_number_integer()) return wrong_type(members.at(name), *value, "an integer");
  const auto number = value->get<std::int64_t>();
  if (number < least || number > most) {
    return problem(members.at(name), "must be between " + std::to_string(least) + " and " +
                                         std::to_string(most) + ", is " + std::to_string(number));
  }
  into = static_cast<T>(number);
}

void CampaignReader::read_bool(const Members& members, const std::string& name, bool& into) {
  const Json* value = members.find(name);
  if (value == nullptr) return;
  if (!value->is_boolean()) return wrong_type(members.at(name), *value, "true or false");
  into = value->get<bool>();
}

void CampaignReader::read_duration(const Members& members, const std::string& name, Seconds& into,
                                   Seconds least, Seconds most) {
  const Json* value = members.find(name);
  if (value == nullptr) return;
  const auto duration =
      value->is_string() ? parse_duration(value->get_ref<const std::string&>()) : std::nullopt;
  if (!duration) {
    return problem(members.at(name), "must be a duration", R"(write "90s", "15m", "2h" or "1d")");
  }
  if (*duration < least || *duration > most) {
    return problem(members.at(name), "must be between " + duration_text(least) + " and " +
                                         duration_text(most) + ", is " + duration_text(*duration));
  }
  into = *duration;
}

template <typename T>
void CampaignReader::read_decimal(const Members& members, const std::string& name, T& into,
                                  unsigned places, std::int64_t least, std::int64_t most) {
  const Json* value = members.find(name);
  if (value == nullptr) return;
  std::optional<std::int64_t> number;
  if (value->is_string()) {
    number = parse_decimal(value->get_ref<const std::string&>(), places);
  } else if (value->is_number()) {
    const double scaled = value->get<double>() * std::pow(10.0, places);
    const double whole = std::round(scaled);
    if (whole >= 0 && whole < 9e15 && std::abs(scaled - whole) <= 1e-6 * std::max(1.0, whole)) {
      number = static_cast<std::int64_t>(whole);
    }
  } else {
    return wrong_type(members.at(name), *value, R"(a number, or a string such as "0.5")");
  }
  if (!number) {
    return problem(
        members.at(name),
        "must be a number of at most " + std::to_string(places) + " decimals, not negative",
        R"(write "0.5", with a point)");
  }
  if (*number < least || *number > most) {
    return problem(members.at(name), "must be between " + decimal_text(least, places) + " and " +
                                         decimal_text(most, places) + ", is " +
                                         decimal_text(*number, places));
  }
  into = static_cast<T>(*number);
}

template <typename T, std::size_t n>
void CampaignReader::read_word(const Members& members, const std::string& name,
                               const std::array<Word<T>, n>& words, T& into) {
  const Json* value = members.find(name);
  if (value == nullptr) return;
  if (!value->is_string()) return wrong_type(members.at(name), *value, "a string");
  const auto& given = value->get_ref<const std::string&>();
  std::vector<std::string> known;
  for (const auto& [word, meaning] : words) {
    if (word == given) {
      into = meaning;
      return;
    }
    known.emplace_back(word);
  }
  problem(members.at(name), in_quotes(given) + " is not known here" + did_you_mean(given, known),
          "one of: " + listed(known));
}

void CampaignReader::read_key(const Members& members, char& into, bool star) {
  const Json* value = members.find("key");
  if (value == nullptr) return;
  if (value->is_string()) {
    const auto& key = value->get_ref<const std::string&>();
    if (key.size() == 1 && ((key[0] >= '0' && key[0] <= '9') || (star && key[0] == '*'))) {
      into = key[0];
      return;
    }
  } else if (value->is_number_integer()) {
    const auto key = value->get<std::int64_t>();
    if (key >= 0 && key <= 9) {
      into = static_cast<char>('0' + key);
      return;
    }
  }
  problem(members.at("key"),
          star ? "must be one key from 0 to 9, or *" : "must be one key from 0 to 9",
          R"(write "1")");
}

const Json* CampaignReader::find_array(const Members& members, const std::string& name,
                                       std::size_t items_max) {
  const Json* value = members.find(name);
  if (value == nullptr) return nullptr;
  if (!value->is_array()) {
    wrong_type(members.at(name), *value, "an array");
    return nullptr;
  }
  if (value->size() > items_max) {
    problem(members.at(name), "has more than " + std::to_string(items_max) + " entries");
    return nullptr;
  }
  return value;
}

// `called`: they are called themselves, so it is told of those that people have none of.
void CampaignReader::read_numbers(const Members& members, const std::string& name,
                                  std::size_t numbers_max, std::vector<std::string>& into,
                                  bool called) {
  const Json* list = find_array(members, name, numbers_max);
  if (list == nullptr) return;
  for (std::size_t i = 0; i < list->size(); ++i) {
    const std::string where = json_pointer(members.at(name), i);
    if (!(*list)[i].is_string() || !is_e164((*list)[i].get_ref<const std::string&>())) {
      problem(where, "is not a number in E.164 form", R"(write it like "+390220527877")");
      continue;
    }
    const auto number = (*list)[i].get<std::string>();
    // The fold asks nobody what numbers there are.
    if (called && reads == ReadFrom::file) {
      if (const auto read = parse_phone_number(number, {}); !read.ok()) {
        file.barred.push_back({where, read.error().text, "name another number"});
      }
    }
    if (std::find(into.begin(), into.end(), number) != into.end()) {
      problem(where, "this number is given twice");
    }
    into.push_back(number);
  }
}

// ---- texts and words by language

bool CampaignReader::check_language(const std::string& where, const std::string& tag) {
  if (is_language_tag(tag)) return true;
  problem(where, in_quotes(tag) + " is not a language tag", R"(write it like "it-IT" or "en-GB")");
  return false;
}

void CampaignReader::check_said(const std::string& where, const std::string& text,
                                std::size_t characters_max) {
  if (const std::size_t length = characters_in(text); length > characters_max) {
    problem(where,
            "is " + std::to_string(length) + " characters long; " + std::to_string(characters_max) +
                (characters_max == said_characters_max ? " can be said at once" : " are allowed"));
  }
  if (const std::string fault = template_fault(text); !fault.empty()) {
    problem(where, fault, "a place for a column looks like {{Nome}}");
  }
  const bool control = std::any_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' && c != '\0';
  });
  if (control) problem(where, "contains a control character");
}

void CampaignReader::read_text(const Members& members, const std::string& name, Text& into,
                               std::size_t characters_max) {
  const Json* value = members.find(name);
  if (value == nullptr) return;
  const std::string where = members.at(name);
  if (value->is_string()) {
    const auto& text = value->get_ref<const std::string&>();
    check_said(where, text, characters_max);
    if (!text.empty()) into.by_language = {{campaign().language, text}};
    return;
  }
  if (!value->is_object()) {
    return wrong_type(where, *value, "a string, or an object with a string for each language");
  }
  for (const auto& [tag, text] : value->items()) {
    const std::string place = json_pointer(where, tag);
    if (!check_language(place, tag)) continue;
    if (!text.is_string()) {
      wrong_type(place, text, "a string");
      continue;
    }
    const auto& said = text.get_ref<const std::string&>();
    if (said.empty()) problem(place, "is empty", "write the text, or leave the language out");
    check_said(place, said, characters_max);
    into.by_language[tag] = said;
  }
  if (into.by_language.count(campaign().language) == 0) {
    problem(where, "has no text in the campaign's language " + in_quotes(campaign().language) +
                       ", which everybody hears whose own is not there");
  }
}

void CampaignReader::read_word_list(const std::string& where, const Json& list,
                                    std::vector<std::string>& into) {
  if (!list.is_array()) return wrong_type(where, list, "an array of words");
  if (list.size() > words_max) {
    return problem(where, "has more than " + std::to_string(words_max) + " entries");
  }
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string place = json_pointer(where, i);
    if (!list[i].is_string()) {
      wrong_type(place, list[i], "a string");
      continue;
    }
    const auto& word = list[i].get_ref<const std::string&>();
    if (word.empty() || word.size() > word_bytes_max) {
      problem(place, "must have between 1 and " + std::to_string(word_bytes_max) + " bytes");
    } else {
      into.push_back(word);
    }
  }
}

void CampaignReader::read_words(const Members& members, const std::string& name, Words& into) {
  const Json* value = members.find(name);
  if (value == nullptr) return;
  const std::string where = members.at(name);
  into.clear();
  if (value->is_array()) {
    std::vector<std::string> words;
    read_word_list(where, *value, words);
    if (!words.empty()) into[campaign().language] = std::move(words);
    return;
  }
  if (!value->is_object()) {
    return wrong_type(where, *value,
                      "an array of words, or an object with such an array for each language");
  }
  for (const auto& [tag, list] : value->items()) {
    const std::string place = json_pointer(where, tag);
    if (!check_language(place, tag)) continue;
    std::vector<std::string> words;
    read_word_list(place, list, words);
    if (!words.empty()) into[tag] = std::move(words);
  }
}

// ---- the file, part by part

void CampaignReader::read(const Json& json) {
  const Members root(*this, json, "", "campaign");
  if (!root.is_object()) return;
  read_head(root);
  read_contacts(root);
  read_said(root);
  read_opt_out(root);
  read_questions(root);
  read_replies(root);
  check_opt_out();
  read_agent(root);
  read_machine(root);
  read_recording(root);
  read_hours(root);
  read_pacing(root);
  read_retries(root);
  read_budget(root);
  read_countries(root);
  read_suppression_lists(root);
  read_consent(root);
  read_variants(root);
  read_quotas(root);
  read_results(root);
}

void CampaignReader::read_head(const Members& root) {
  Campaign& c = campaign();
  std::string schema;
  read_string(root, "$schema", schema, 1000);
  if (root.find("id") == nullptr) missing(root, "id");
  read_string(root, "id", c.id);
  const auto good_in_id = [](char ch) {
    return (ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9') || ch == '-';
  };
  if (root.find("id") != nullptr && root.find("id")->is_string() &&
      (c.id.empty() || c.id.size() > 63 || c.id.front() == '-' ||
       !std::all_of(c.id.begin(), c.id.end(), good_in_id))) {
    problem(root.at("id"), "must be 1 to 63 of a-z, 0-9 and -, beginning with a letter or a digit",
            R"(write it like "richiamo-visite-2026")");
  }
  c.title = c.id;
  read_string(root, "title", c.title);
  if (root.find("kind") == nullptr) missing(root, "kind");
  read_word(root, "kind", kind_words, c.kind);
  read_word(root, "mode", mode_words, c.mode);
  std::string language = c.language;
  read_string(root, "language", language);
  if (check_language(root.at("language"), language)) c.language = language;

  if (const Json* voices = root.find("voices")) {
    if (!voices->is_object()) {
      wrong_type(root.at("voices"), *voices, "an object with a voice for each language");
    } else {
      for (const auto& [tag, voice] : voices->items()) {
        const std::string where = json_pointer(root.at("voices"), tag);
        if (!check_language(where, tag)) continue;
        if (!voice.is_string() || voice.get_ref<const std::string&>().empty()) {
          problem(where, "must be the name of a voice", R"(write it like "Polly.Bianca-Neural")");
        } else {
          c.voices[tag] = voice.get<std::string>();
        }
      }
    }
  }
  read_numbers(root, "caller_ids", caller_ids_max, c.caller_ids);
  c.in_doubt = c.kind == Kind::survey ? InDoubt::hold : InDoubt::redial;
  read_word(root, "in_doubt", in_doubt_words, c.in_doubt);
  read_word(root, "eligibility", eligibility_words, c.known_eligible);
  read_duration(root, "ring_time", c.ring_time, Seconds{5}, Seconds{600});
  read_duration(root, "call_time", c.call_time, Seconds{10}, Seconds{4 * 3600});
  if (root.find("retention") != nullptr) {
    constexpr Seconds day{86400};
    c.retention = day;
    read_duration(root, "retention", *c.retention, day, 3650 * day);
  }
}

void CampaignReader::check_zone(const std::string& where, const std::string& zone) {
  // Whether the zone exists only the zone rules know, which are asked when the list is opened.
  const bool good = std::all_of(zone.begin(), zone.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' ||
           c == '_' || c == '-' || c == '+';
  });
  if (!good) problem(where, "is not the name of a zone", R"(write it like "Europe/Rome")");
}

void CampaignReader::read_contacts(const Members& root) {
  const Json* value = root.find("contacts");
  if (value == nullptr) {
    return problem("/contacts", "is missing", R"(name a CSV file: {"file": "contacts.csv"})");
  }
  ContactSource& source = campaign().contacts;
  if (value->is_array()) {  // short for {"list": […]}
    file.inline_contacts = value->dump();
    return;
  }
  const Members members(*this, *value, "/contacts", "contacts");
  if (!members.is_object()) return;
  const Json* path = members.find("file");
  const Json* list = find_array(members, "list", std::size_t{1} << 32U);
  const Json* query = members.find("query");
  if (path != nullptr && !path->is_null()) {
    read_string(members, "file", source.file, 4000);
    if (path->is_string() && source.file.empty()) problem(members.at("file"), "is empty");
    if (list != nullptr) problem(members.at("list"), "there is a file already", "give one of them");
    if (query != nullptr) {
      problem(members.at("query"), "there is a file already", "give one of them");
    }
  } else if (list != nullptr) {
    file.inline_contacts = list->dump();
    if (query != nullptr) {
      problem(members.at("query"), "there is a list already", "give one of them");
    }
  } else if (query != nullptr) {
    read_query(*query, members.at("query"));
  } else if (path == nullptr && members.find("list") == nullptr) {
    problem("/contacts", "names no contacts",
            R"(give "file" (CSV, JSON or JSON Lines), "query" or "list"; "file": null where the )"
            "list is given with --contacts");
  }
  read_word(members, "format", list_format_words, source.format);
  if (source.format != ListFormat::automatic && source.format != ListFormat::json &&
      !file.inline_contacts.empty()) {
    problem(members.at("format"), "the list in the campaign file is JSON", "leave it out");
  }
  if (source.format != ListFormat::automatic && !source.query.database.empty()) {
    problem(members.at("format"), "the rows of a query have no format", "leave it out");
  }
  constexpr std::array<Word<std::string_view>, 5> delimiters{
      {{"auto", "auto"}, {",", ","}, {";", ";"}, {"tab", "tab"}, {"\t", "tab"}}};
  std::string_view word = "auto";
  read_word(members, "encoding", encoding_words, word);
  source.encoding = word;
  word = "auto";
  read_word(members, "delimiter", delimiters, word);
  source.delimiter = word;
  read_word(members, "bad_rows", bad_rows_words, source.bad_rows);
  read_string(members, "region", source.region);
  if (!source.region.empty() && !is_phone_region(source.region)) {
    problem(members.at("region"), "is not a country known to have phone numbers",
            R"(write two capital letters, like "IT")");
  }
  read_string(members, "zone", source.zone);
  check_zone(members.at("zone"), source.zone);
  if (const Json* columns = members.find("columns")) {
    const Members names(*this, *columns, members.at("columns"), "columns");
    read_number_columns(names, source);
    read_string(names, "id", source.id_column);
    if (is_number_column(source, source.id_column)) {
      problem(names.at("id"), "the number does not pass into the results",
              "name another column, or leave \"id\" out: people are counted then");
    }
    read_string(names, "language", source.language_column);
    read_string(names, "zone", source.zone_column);
    read_string(names, "priority", source.priority_column);
    read_string(names, "consent_source", source.consent_source_column);
    read_string(names, "consent_date", source.consent_date_column);
    read_moment_columns(names, "not_before", source.not_before_columns);
    read_moment_columns(names, "not_after", source.not_after_columns);
  }
}

// "Telefono", or ["Cellulare", "Casa"] where people can be reached at several.
void CampaignReader::read_number_columns(const Members& names, ContactSource& source) {
  const Json* value = names.find("number");
  if (value == nullptr || !value->is_array()) {
    read_string(names, "number", source.number_column);
    if (source.number_column.empty()) problem(names.at("number"), "is empty");
    return;
  }
  std::vector<std::string> columns;
  for (const Json& one : *value) {
    const auto where = json_pointer(names.at("number"), columns.size());
    if (!one.is_string() || one.get_ref<const std::string&>().empty()) {
      return problem(where, "names no column", R"(write ["Cellulare", "Casa"])");
    }
    if (std::ranges::find(columns, one.get_ref<const std::string&>()) != columns.end()) {
      return problem(where, "this column is named twice", "leave it out");
    }
    columns.push_back(one.get<std::string>());
  }
  if (columns.empty() || columns.size() > numbers_of_person_max) {
    return problem(names.at("number"), "names " + std::to_string(columns.size()) + " columns",
                   "name 1 to " + std::to_string(numbers_of_person_max));
  }
  source.number_column = columns.front();
  source.other_number_columns.assign(columns.begin() + 1, columns.end());
}

// "Termine", or ["Data", "Ora"] where the time of day has a column of its own.
void CampaignReader::read_moment_columns(const Members& names, const std::string& name,
                                         std::vector<std::string>& into) {
  const Json* value = names.find(name);
  if (value == nullptr) return;
  const auto is_name = [](const Json& one) {
    return one.is_string() && !one.get_ref<const std::string&>().empty();
  };
  if (value->is_string()) {
    if (is_name(*value)) into = {value->get<std::string>()};
    return;
  }
  if (!value->is_array() || value->size() > 2 ||
      !std::all_of(value->begin(), value->end(), is_name)) {
    return problem(names.at(name), "names neither a column nor two of them",
                   R"(write "Termine", or ["Data", "Ora"] for a day and a time of day)");
  }
  into = value->get<std::vector<std::string>>();
}

// Whether the database answers it, only whoever may open it can say.
void CampaignReader::read_query(const Json& value, const std::string& where) {
  const Members members(*this, value, where, "query");
  if (!members.is_object()) return;
  ContactQuery& query = campaign().contacts.query;
  if (members.find("database") == nullptr) return missing(members, "database");
  if (members.find("sql") == nullptr) return missing(members, "sql");
  read_string(members, "database", query.database, 4000);
  read_string(members, "sql", query.sql, sql_bytes_max);
  if (query.database.empty()) problem(members.at("database"), "names no database");
  if (query.sql.empty()) problem(members.at("sql"), "asks nothing", "write one SELECT");
}

void CampaignReader::read_suppression_lists(const Members& root) {
  const Json* list = find_array(root, "suppression_lists", suppression_lists_max);
  for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
    read_suppression_list((*list)[i], json_pointer(root.at("suppression_lists"), i));
  }
}

// {"source": "rpo", "max_age": "15d"}.
void CampaignReader::read_suppression_list(const Json& value, const std::string& where) {
  const Members members(*this, value, where, "suppression_list");
  if (!members.is_object()) return;
  RequiredList list;
  for (const char* name : {"source", "max_age"}) {
    if (members.find(name) == nullptr) missing(members, name);
  }
  read_string(members, "source", list.source);
  if (members.find("source") != nullptr && !is_result_name(list.source)) {
    problem(members.at("source"), "must be 1 to 64 of a-z, 0-9 and _, beginning with a letter");
  }
  if (std::ranges::any_of(campaign().suppression_lists,
                          [&](const RequiredList& other) { return other.source == list.source; })) {
    problem(members.at("source"), "is required twice");
  }
  read_duration(members, "max_age", list.max_age, std::chrono::minutes{1}, std::chrono::days{366});
  campaign().suppression_lists.push_back(std::move(list));
}

// {"basis": "consent", "source": "modulo web", "date": "2025-11-01", "required": true}.
void CampaignReader::read_consent(const Members& root) {
  const Json* value = root.find("consent");
  if (value == nullptr) return;
  const Members members(*this, *value, root.at("consent"), "consent");
  if (!members.is_object()) return;
  Consent& consent = campaign().consent;
  read_string(members, "basis", consent.basis);
  if (!consent.basis.empty() && !is_result_name(consent.basis)) {
    problem(members.at("basis"), "must be 1 to 64 of a-z, 0-9 and _, beginning with a letter",
            R"(write it like "consent" or "contract")");
  }
  read_string(members, "source", consent.source);
  read_string(members, "date", consent.date);
  if (!consent.date.empty() && !days_of_date(consent.date)) {
    problem(members.at("date"), "is not a date", R"(write it like "2025-11-01")");
  }
  read_bool(members, "required", consent.required);
  const auto& contacts = campaign().contacts;
  if (!consent.required) return;
  if (consent.source.empty() && contacts.consent_source_column.empty()) {
    problem(members.at("required"), "nobody could be called: nothing says where consent comes from",
            "name contacts.columns.consent_source, or one \"source\" for everybody");
  }
  if (consent.date.empty() && contacts.consent_date_column.empty()) {
    problem(members.at("required"),
            "nobody could be called: nothing says since when consent is there",
            "name contacts.columns.consent_date, or one \"date\" for everybody");
  }
}

void CampaignReader::read_quotas(const Members& root) {
  if (campaign().kind != Kind::survey) return;
  read_text(root, "quota_full", campaign().quota_full);
  const Json* list = find_array(root, "quotas", quotas_max);
  for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
    read_quota((*list)[i], json_pointer(root.at("quotas"), i));
  }
  if (reads == ReadFrom::file && !campaign().quota_full.empty() && campaign().quotas.empty()) {
    problem(root.at("quota_full"), "would never be said: there are no \"quotas\"");
  }
}

// {"name": "women", "if": {"question": "gender", "is": ["f"]}, "completes": 50}.
void CampaignReader::read_quota(const Json& value, const std::string& where) {
  const Members members(*this, value, where, "quota");
  if (!members.is_object()) return;
  Quota quota;
  if (members.find("name") == nullptr) missing(members, "name");
  read_string(members, "name", quota.name);
  if (members.find("name") != nullptr && !is_result_name(quota.name)) {
    problem(members.at("name"), "must be 1 to 64 of a-z, 0-9 and _, beginning with a letter");
  }
  if (std::ranges::any_of(campaign().quotas,
                          [&](const Quota& other) { return other.name == quota.name; })) {
    problem(members.at("name"), "another quota has this name already");
  }
  if (members.find("completes") == nullptr) missing(members, "completes");
  read_integer(members, "completes", quota.completes, 1, quota_completes_max);
  if (const Json* condition = members.find("if")) {
    read_condition(*condition, members.at("if"), quota.who);
    if (reads == ReadFrom::file && problems.empty() && !can_hold(quota.who, campaign())) {
      problem(members.at("if"), "can never hold: nobody would belong to the quota");
    }
  }
  campaign().quotas.push_back(std::move(quota));
}

void CampaignReader::read_variants(const Members& root) {
  const Json* list = find_array(root, "variants", variants_max);
  if (list == nullptr) return;
  for (std::size_t i = 0; i < list->size(); ++i) {
    read_variant((*list)[i], json_pointer(root.at("variants"), i));
  }
}

// {"column": "intro", "values": ["short", {"code": "long", "say": …, "share": 2}]}.
void CampaignReader::read_variant(const Json& value, const std::string& where) {
  const Members members(*this, value, where, "variant");
  if (!members.is_object()) return;
  if (members.find("column") == nullptr) return missing(members, "column");
  if (members.find("values") == nullptr) return missing(members, "values");
  Variant variant;
  read_string(members, "column", variant.column);
  if (!is_result_name(variant.column)) {
    problem(members.at("column"), "must be 1 to 64 of a-z, 0-9 and _, beginning with a letter",
            "it is a column of the results");
  }
  variant.seed = campaign().id + '/' + variant.column;
  read_string(members, "seed", variant.seed, 128);
  const Json* values = find_array(members, "values", variant_values_max);
  if (values == nullptr) return;
  for (std::size_t i = 0; i < values->size(); ++i) {
    read_variant_value((*values)[i], json_pointer(members.at("values"), i), variant);
  }
  if (values->size() < 2) {
    return problem(members.at("values"), "has fewer than two values: there is nothing to compare");
  }
  check_variant(variant, members);
  campaign().variants.push_back(std::move(variant));
}

void CampaignReader::read_variant_value(const Json& value, const std::string& where,
                                        Variant& variant) {
  VariantValue one;
  if (value.is_string()) {
    one.code = value.get<std::string>();
    check_code(where, one.code);
  } else {
    const Members members(*this, value, where, "variant_value");
    if (!members.is_object()) return;
    if (members.find("code") == nullptr) return missing(members, "code");
    read_code(members, one.code);
    read_text(members, "say", one.say, variant_characters_max);
    read_integer(members, "share", one.share, 1, 1000);
    for (const auto& [language, words] : one.say.by_language) {
      if (names_in_template(words).empty()) continue;
      problem(members.at("say"), "has a place for a column: it is itself what a column holds",
              "write the place into the text that says this one");
      break;
    }
  }
  if (std::any_of(variant.values.begin(), variant.values.end(),
                  [&](const VariantValue& other) { return other.code == one.code; })) {
    problem(where, "the value " + in_quotes(one.code) + " is there twice");
  }
  variant.values.push_back(std::move(one));
}

void CampaignReader::check_variant(const Variant& variant, const Members& members) {
  for (std::size_t i = 0; i < variant.values.size(); ++i) {
    if (variant.values[i].say.empty() != variant.values.front().say.empty()) {
      problem(json_pointer(members.at("values"), i),
              "some values of the variant have words, and some have none",
              R"(give each of them "say", or none)");
      break;
    }
  }
  const auto gained = columns_of(variant);
  for (const Variant& other : campaign().variants) {
    const auto taken = columns_of(other);
    if (std::find_first_of(gained.begin(), gained.end(), taken.begin(), taken.end()) !=
        gained.end()) {
      problem(members.at("column"),
              "another variant has this column, for its values or their words",
              "name one of them otherwise");
    }
  }
}

void CampaignReader::read_results(const Members& root) {
  if (const Json* value = root.find("results")) {
    const Members members(*this, *value, "/results", "results");
    if (const Json* columns = find_array(members, "columns", result_columns_max)) {
      for (std::size_t i = 0; i < columns->size(); ++i) {
        read_result_column((*columns)[i], json_pointer(members.at("columns"), i));
      }
    }
  }
  // Who had which value or order is what the results are read for.
  auto& all = campaign().result_columns;
  const auto add = [&](const std::string& column, const std::string& where) {
    for (const ResultColumn& one : all) {
      if (one.column == column) return;
      if (one.name != column) continue;
      return problem(where, "a column of the results is called " + in_quotes(column) + " already",
                     R"(give that one another "name" in "results")");
    }
    if (all.size() == result_columns_max) {
      return problem(where, "the results would have more than " +
                                std::to_string(result_columns_max) + " columns of the list");
    }
    all.push_back({column, column, false});
  };
  for (std::size_t i = 0; i < campaign().variants.size(); ++i) {
    add(campaign().variants[i].column, json_pointer("/variants", i) + "/column");
  }
  for (std::size_t i = 0; i < campaign().questions.size(); ++i) {
    const Question& question = campaign().questions[i];
    if (question.shuffle) add(order_column_of(question), json_pointer("/questions", i) + "/id");
  }
}

// "Sede", or {"column": "Sede", "name": "sede", "personal": false}.
void CampaignReader::read_result_column(const Json& value, const std::string& where) {
  ResultColumn one;
  auto named_at = where;
  if (value.is_string()) {
    one.column = value.get<std::string>();
  } else {
    const Members members(*this, value, where, "result_column");
    if (!members.is_object()) return;
    if (members.find("column") == nullptr) return missing(members, "column");
    read_string(members, "column", one.column);
    read_string(members, "name", one.name);
    read_bool(members, "personal", one.personal);
    if (members.find("name") != nullptr) named_at = members.at("name");
    if (members.find("name") != nullptr && !is_result_name(one.name)) {
      return problem(named_at, "must be 1 to 64 of a-z, 0-9 and _, beginning with a letter",
                     R"(write it like "sede")");
    }
  }
  if (one.column.empty()) return problem(where, "names no column");
  // The numbers have a file of their own, which is handed to few.
  if (is_number_column(campaign().contacts, one.column)) {
    return problem(where, "the number does not pass into the results",
                   "export it by itself, with --numbers");
  }
  if (one.name.empty()) one.name = result_name_for(one.column);
  if (one.name.empty()) {
    return problem(where, "no name of letters and digits can be made of " + in_quotes(one.column),
                   R"(say what it is called: {"column": …, "name": "sede"})");
  }
  auto& all = campaign().result_columns;
  if (std::any_of(all.begin(), all.end(), [&](const auto& o) { return o.name == one.name; })) {
    return problem(named_at, "another column is called " + in_quotes(one.name) + " in the results",
                   R"(give one of them another "name")");
  }
  all.push_back(std::move(one));
}

void CampaignReader::not_for_this_kind(const Members& root, const std::string& name,
                                       const std::string& why) {
  if (root.find(name) == nullptr) return;
  problem(
      root.at(name),
      "does not belong to a campaign of kind " + in_quotes(word_for(kind_words, campaign().kind)),
      why);
}

void CampaignReader::read_said(const Members& root) {
  Campaign& c = campaign();
  read_text(root, "goodbye", c.goodbye);
  if (c.kind == Kind::survey) {
    not_for_this_kind(root, "message", R"(a survey begins with "greeting")");
    read_text(root, "greeting", c.greeting);
    read_text(root, "resumed", c.resumed);
    read_text(root, "screened_out", c.screened_out);
    if (const Json* partial = root.find("partial")) {
      const Members members(*this, *partial, "/partial", "partial");
      read_integer(members, "answers", c.partial_answers, 0, 100);
    }
    return;
  }
  for (const char* name :
       {"resumed", "questions", "partial", "screened_out", "quotas", "quota_full"}) {
    not_for_this_kind(root, name, R"(only a survey asks; set "kind": "survey")");
  }
  not_for_this_kind(root, "greeting", R"(what is said is the "message")");
  read_text(root, "message", c.greeting);
  if (root.find("message") == nullptr) {
    problem("/message", "is missing", "say what people are to hear");
  } else if (c.greeting.empty() && root.find("message")->is_string()) {
    problem("/message", "is empty", "say what people are to hear");
  }
}

// ---- questions

void CampaignReader::read_questions(const Members& root) {
  if (campaign().kind != Kind::survey) {
    if (const Json* confirm = root.find("confirm")) read_question(*confirm, root.at("confirm"));
    return;
  }
  not_for_this_kind(root, "confirm", R"(a survey has "questions")");
  const Json* list = find_array(root, "questions", questions_max);
  if (root.find("questions") == nullptr) {
    problem("/questions", "is missing", "a survey asks at least one question");
  }
  if (list == nullptr) return;
  if (list->empty()) problem("/questions", "is empty", "a survey asks at least one question");
  for (std::size_t i = 0; i < list->size(); ++i) {
    read_question((*list)[i], json_pointer("/questions", i));
  }
}

void CampaignReader::read_question(const Json& value, const std::string& where) {
  const Members members(*this, value, where, "question");
  Question question;
  const auto good_in_id = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  // What a message asks for is a yes unless the file says otherwise.
  const bool confirms = campaign().kind != Kind::survey;
  if (confirms) question.id = "confirmed";
  if (confirms) question.type = QuestionType::yes_no;
  if (members.find("id") == nullptr && !confirms) missing(members, "id");
  read_string(members, "id", question.id);
  if (members.find("id") != nullptr && members.find("id")->is_string() &&
      (question.id.empty() || question.id.size() > 32 || question.id[0] < 'a' ||
       question.id[0] > 'z' || !std::all_of(question.id.begin(), question.id.end(), good_in_id))) {
    problem(members.at("id"), "must be 1 to 32 of a-z, 0-9 and _, beginning with a letter",
            "it becomes a column of the results");
  }
  for (const Question& earlier : campaign().questions) {
    if (!question.id.empty() && earlier.id == question.id) {
      problem(members.at("id"), "another question has this id already");
    }
  }
  if (members.find("type") == nullptr && !confirms) missing(members, "type");
  read_word(members, "type", question_type_words, question.type);
  if (members.find("ask") == nullptr) missing(members, "ask");
  read_text(members, "ask", question.ask);
  if (members.find("ask") != nullptr && members.find("ask")->is_string() && question.ask.empty()) {
    problem(members.at("ask"), "is empty");
  }

  const bool chosen =
      question.type == QuestionType::choice || question.type == QuestionType::yes_no;
  const bool counted =
      question.type == QuestionType::rating || question.type == QuestionType::number;
  if (question.type == QuestionType::number) {
    question.least = 0;
    question.most = answer_number_max;
  }
  read_shuffle(members, question);
  read_bool(members, "several", question.several);
  if (question.several && question.type != QuestionType::choice) {
    problem(members.at("several"), "only a choice has several answers");
    question.several = false;
  }
  if (counted) {
    const std::int64_t most = question.type == QuestionType::rating ? 10 : answer_number_max;
    read_integer(members, "least", question.least, 0, most);
    read_integer(members, "most", question.most, 0, most);
    if (question.least >= question.most) {
      problem(members.at("most"), "must be larger than \"least\"");
    }
  } else if (question.several) {
    question.most = std::max<std::int64_t>(options_given(members), 2);
    read_integer(members, "least", question.least, 1, question.most);
    read_integer(members, "most", question.most, question.least, question.most);
  } else {
    for (const char* name : {"least", "most"}) {
      if (members.find(name) != nullptr) {
        problem(members.at(name),
                "only questions of type rating and number have bounds, and a "
                "choice of several");
      }
    }
  }
  read_dates(members, question);
  read_bool(members, "required", question.required);
  read_allowed(members, question);
  read_by(members, question);
  read_integer(members, "silence_max", question.silence_max, 0, 10);
  read_integer(members, "invalid_max", question.invalid_max, 0, 10);
  read_text(members, "on_silence", question.on_silence);
  read_text(members, "on_invalid", question.on_invalid);
  read_duration(members, "timeout", question.timeout, Seconds{1}, Seconds{60});
  if (chosen) {
    read_options(members, question);
    check_options(question, members.at("options"));
    check_offer(members, question);
  } else if (members.find("options") != nullptr) {
    problem(members.at("options"), "only questions of type choice and yes_no have options");
  }
  if (const Json* condition = members.find("ask_if")) {
    read_condition(*condition, members.at("ask_if"), question.ask_if);
    // What is wrong already would only be told twice.
    if (reads == ReadFrom::file && problems.empty() && !can_hold(question.ask_if, campaign())) {
      problem(members.at("ask_if"), "can never hold: nobody would be asked this question",
              why_never(question.ask_if, campaign()));
    }
  } else if (reads == ReadFrom::file && problems.empty() && !can_hold({}, campaign())) {
    problem(where, "is never asked", why_never({}, campaign()));
  }
  campaign().questions.push_back(std::move(question));
  if (const Json* condition = members.find("screen_out_if")) {
    // By the answer to this question and to those before it.
    Condition screens;
    read_condition(*condition, members.at("screen_out_if"), screens);
    if (reads == ReadFrom::file && problems.empty() && !can_hold(screens, campaign())) {
      problem(members.at("screen_out_if"), "can never hold: it would screen nobody out");
    }
    campaign().questions.back().screen_out_if = std::move(screens);
  }
}

// How many options there are to choose from; they are read when the bounds are known.
std::int64_t CampaignReader::options_given(const Members& members) {
  const Json* options = members.find("options");
  return options != nullptr && options->is_array() ? static_cast<std::int64_t>(options->size()) : 0;
}

// The range of a date.
void CampaignReader::read_dates(const Members& members, Question& question) {
  const bool date = question.type == QuestionType::date;
  if (date) {
    question.least = *days_of_date("1900-01-01");
    question.most = *days_of_date("2099-12-31");
  }
  for (const auto& [name, into] :
       {std::pair{"earliest", &question.least}, std::pair{"latest", &question.most}}) {
    if (members.find(name) == nullptr) continue;
    if (!date) {
      problem(members.at(name), "only questions of type date have it");
      continue;
    }
    std::string text;
    read_string(members, name, text);
    if (const auto days = days_of_date(text)) {
      *into = *days;
    } else {
      problem(members.at(name), "is not a date of the calendar", R"(write it like "2026-12-25")");
    }
  }
  if (date && question.least > question.most) {
    problem(members.at("latest"), "is before \"earliest\"");
  }
}

void CampaignReader::read_by(const Members& members, Question& question) {
  const bool open = question.type == QuestionType::open;
  if (open) question.by_key = false;
  const Json* by = find_array(members, "by", 2);
  if (by == nullptr) return;
  question.by_key = false;
  question.by_speech = false;
  for (std::size_t i = 0; i < by->size(); ++i) {
    const std::string where = json_pointer(members.at("by"), i);
    if ((*by)[i] == "key") {
      if (open) problem(where, "an open answer is spoken; it cannot be given by key");
      question.by_key = !open;
    } else if ((*by)[i] == "speech") {
      question.by_speech = true;
    } else {
      problem(where, R"(must be "key" or "speech")");
    }
  }
  if (by->empty()) problem(members.at("by"), "is empty", R"(name "key", "speech" or both)");
}

void CampaignReader::read_shuffle(const Members& members, Question& question) {
  read_bool(members, "shuffle", question.shuffle);
  read_text(members, "offer", question.offer);
  if (question.shuffle && question.type != QuestionType::choice) {
    problem(members.at("shuffle"), "only the options of a choice are shuffled");
    question.shuffle = false;
  }
  if (!question.shuffle && members.find("offer") != nullptr) {
    problem(members.at("offer"), "is said for a question that is shuffled only",
            R"(set "shuffle": true, or write the options into "ask")");
  }
}

// When the question, its options and its ways are known.
void CampaignReader::check_offer(const Members& members, const Question& question) {
  if (!question.shuffle) return;
  const auto fixed = std::count_if(question.options.begin(), question.options.end(),
                                   [](const Option& option) { return option.fixed; });
  if (static_cast<std::size_t>(fixed) + 2 > question.options.size()) {
    problem(members.at("shuffle"), "fewer than two options are free to change their places");
  }
  for (const auto& [language, ask] : question.ask.by_language) {
    const auto offer = offer_of(question, {}, language, campaign().language);
    if (characters_in(ask) + characters_in(offer) > said_characters_max) {
      problem(members.at("ask"), "is with its options too long to be said at once");
    }
    if (!question.offer.in(language, campaign().language).empty() ||
        !offer_phrase(language, question.by_key).empty()) {
      continue;
    }
    problem(members.at("offer"), "is missing: we have no words to offer an option in " + language,
            R"(write them, with {{label}} and {{key}})");
  }
  for (const auto& [language, words] : question.offer.by_language) {
    const auto places = names_in_template(words);
    for (const std::string& name : places) {
      if (name == "label" || (name == "key" && question.by_key)) continue;
      problem(members.at("offer"), "has a place {{" + name + "}}",
              question.by_key ? "an offer has {{label}} and {{key}}"
                              : "an offer by speech alone has {{label}}");
    }
    if (std::find(places.begin(), places.end(), "label") == places.end()) {
      problem(members.at("offer"), "does not say the option", "write {{label}} where it is said");
    }
  }
}

void CampaignReader::read_options(const Members& members, Question& question) {
  const Json* list = find_array(members, "options", options_max);
  if (list == nullptr) {
    if (members.find("options") != nullptr) return;
    if (question.type == QuestionType::yes_no) {
      default_yes_no(question);
    } else {
      missing(members, "options");
    }
    return;
  }
  for (std::size_t i = 0; i < list->size(); ++i) {
    Option option;
    read_option((*list)[i], json_pointer(members.at("options"), i), question, option);
    question.options.push_back(std::move(option));
  }
  forget_words_written_before(question);
  if (question.type == QuestionType::yes_no ? list->size() != 2 : list->size() < 2) {
    problem(members.at("options"), question.type == QuestionType::yes_no
                                       ? "a yes_no question has two options, or none in the file"
                                       : "a choice has at least two options");
  }
}

void CampaignReader::read_code(const Members& members, std::string& into) {
  const Json* value = members.find("code");
  if (value == nullptr) return;
  read_string(members, "code", into, 32);
  if (value->is_string()) check_code(members.at("code"), into);
}

void CampaignReader::check_code(const std::string& where, const std::string& code) {
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  };
  if (!code.empty() && code.size() <= 32 && std::all_of(code.begin(), code.end(), good)) return;
  problem(where, "must be 1 to 32 letters (without accents), digits, _ and -",
          "it is what the results contain");
}

void CampaignReader::read_option(const Json& value, const std::string& where,
                                 const Question& question, Option& option) {
  const Members members(*this, value, where, "option");
  if (members.find("code") == nullptr) missing(members, "code");
  read_code(members, option.code);
  read_key(members, option.key);
  if (question.by_key && members.is_object() && members.find("key") == nullptr) {
    problem(members.at("key"), "is missing",
            R"(give each option a key, or set "by": ["speech"] for the question)");
  }
  read_text(members, "label", option.label);
  if (option.label.empty() && !option.code.empty()) {
    option.label.by_language = {{campaign().language, option.code}};
  }
  if (members.find("words") == nullptr) {
    // Who says the label means the option.
    for (const auto& [language, label] : option.label.by_language) {
      option.words[language] = {label};
    }
  }
  read_words(members, "words", option.words);
  read_bool(members, "fixed", option.fixed);
  if (option.fixed && !question.shuffle) {
    problem(members.at("fixed"), "says nothing: the question is not shuffled");
  }
  if (question.by_speech && !question.by_key && option.words.empty() && members.is_object()) {
    problem(members.at("words"), "is empty, and the option has no other way to be chosen");
  }
}

void CampaignReader::default_yes_no(Question& question) {
  Option yes{.code = "yes", .key = '1'};
  Option no{.code = "no", .key = '2'};
  std::set<std::string> languages{campaign().language};
  for (const auto& [language, text] : question.ask.by_language) languages.insert(language);
  for (const std::string& language : languages) {
    const auto& words = common_yes_no(primary_language(language));
    if (words.yes.empty()) continue;
    // The others count without being named (said_yes_no).
    yes.words[language] = {words.yes.front()};
    yes.label.by_language[language] = words.yes.front();
    no.words[language] = {words.no.front()};
    no.label.by_language[language] = words.no.front();
  }
  if (yes.label.by_language.count(campaign().language) == 0) {
    yes.label.by_language[campaign().language] = yes.code;
    no.label.by_language[campaign().language] = no.code;
  }
  if (!question.by_key) {
    yes.key = '\0';
    no.key = '\0';
  }
  question.options = {std::move(yes), std::move(no)};
}

void CampaignReader::check_options(const Question& question, const std::string& where) {
  std::map<std::string, std::size_t> codes;
  std::map<char, std::size_t> keys;
  std::map<std::pair<std::string, std::string>, std::size_t> words;
  for (std::size_t i = 0; i < question.options.size(); ++i) {
    const Option& option = question.options[i];
    const std::string place = json_pointer(where, i);
    const auto taken = [&](std::size_t by) { return "is taken by option " + std::to_string(by); };
    if (!option.code.empty()) {
      const auto [code, fresh] = codes.emplace(option.code, i);
      if (!fresh) problem(json_pointer(place, "code"), taken(code->second));
    }
    if (option.key != '\0') {
      const auto [key, fresh] = keys.emplace(option.key, i);
      if (!fresh) problem(json_pointer(place, "key"), taken(key->second));
    }
    for (const auto& [language, list] : option.words) {
      for (const std::string& word : list) {
        const auto [known, fresh] = words.emplace(std::pair{language, lower(word)}, i);
        if (!fresh && known->second != i) {
          problem(json_pointer(place, "words"),
                  "the word " + in_quotes(word) + ' ' + taken(known->second));
        }
      }
    }
  }
}

// ---- conditions

void CampaignReader::read_condition(const Json& value, const std::string& where, Condition& into) {
  using Op = Condition::Op;
  const Members members(*this, value, where, "condition");
  if (!members.is_object()) return;
  std::vector<std::string> heads;
  for (const char* name : {"question", "column", "all", "any", "not"}) {
    if (members.find(name) != nullptr) heads.emplace_back(name);
  }
  if (heads.size() != 1) {
    return problem(where, heads.empty() ? "tests nothing" : "tests several things at once",
                   R"(give one of "question", "column", "all", "any", "not")");
  }
  const std::string& head = heads.front();
  const std::map<std::string_view, std::string_view> tests{{"is", "question column"},
                                                           {"between", "question column"},
                                                           {"answered", "question"},
                                                           {"status", "question"},
                                                           {"empty", "column"}};
  for (const char* name : {"is", "between", "answered", "status", "empty"}) {
    const bool fits = tests.at(name).find(head) != std::string_view::npos;
    if (!fits && members.find(name) != nullptr) {
      problem(members.at(name), "does not go with " + in_quotes(head));
    }
  }
  if (head == "question") return read_question_test(members, into);
  if (head == "column") return read_column_test(members, into);
  if (head == "not") {
    into.op = Op::negation;
    into.parts.emplace_back();
    return read_condition(*members.find("not"), members.at("not"), into.parts.back());
  }
  into.op = head == "all" ? Op::all : Op::any;
  read_parts(members, head, into);
}

void CampaignReader::read_parts(const Members& members, const std::string& name, Condition& into) {
  const Json* list = find_array(members, name, conditions_max);
  if (list == nullptr) return;
  if (list->empty()) problem(members.at(name), "is empty");
  for (std::size_t i = 0; i < list->size(); ++i) {
    into.parts.emplace_back();
    read_condition((*list)[i], json_pointer(members.at(name), i), into.parts.back());
  }
}

void CampaignReader::read_values(const Members& members, std::vector<std::string>& into) {
  const Json* list = find_array(members, "is", conditions_max);
  if (list == nullptr) return;
  if (list->empty()) problem(members.at("is"), "is empty");
  for (std::size_t i = 0; i < list->size(); ++i) {
    const Json& value = (*list)[i];
    if (value.is_string()) {
      into.push_back(value.get<std::string>());
    } else if (value.is_number_integer()) {
      into.push_back(std::to_string(value.get<std::int64_t>()));
    } else {
      wrong_type(json_pointer(members.at("is"), i), value, "a string or an integer");
    }
  }
}

void CampaignReader::read_column_test(const Members& members, Condition& into) {
  using Op = Condition::Op;
  read_string(members, "column", into.name);
  std::vector<std::string> tests;
  for (const char* name : {"is", "between", "empty"}) {
    if (members.find(name) != nullptr) tests.emplace_back(name);
  }
  if (tests.empty()) return missing(members, "is");
  if (tests.size() > 1) {
    return problem(members.where(), R"(needs one of "is", "between", "empty")");
  }
  if (tests.front() == "is") {
    into.op = Op::column_is;
    return read_values(members, into.values);
  }
  if (tests.front() == "empty") {
    into.op = Op::column_empty;
    if (*members.find("empty") != true) {
      problem(members.at("empty"), "must be true", R"(turn it round with {"not": {…}})");
    }
    return;
  }
  into.op = Op::column_between;
  read_bounds(members, into);
}

// Two integers.
void CampaignReader::read_bounds(const Members& members, Condition& into) {
  const Json& between = *members.find("between");
  if (!between.is_array() || between.size() != 2 || !between[0].is_number_integer() ||
      !between[1].is_number_integer()) {
    return problem(members.at("between"), "must be two integers", "write [1, 3]");
  }
  into.least = between[0].get<std::int64_t>();
  into.most = between[1].get<std::int64_t>();
  if (into.least > into.most) problem(members.at("between"), "the first must not be the larger");
}

void CampaignReader::read_question_test(const Members& members, Condition& into) {
  using Op = Condition::Op;
  read_string(members, "question", into.name);
  const Question* asked = nullptr;
  std::vector<std::string> earlier;
  for (const Question& question : campaign().questions) {
    earlier.push_back(question.id);
    if (question.id == into.name) asked = &question;
  }
  if (asked == nullptr && members.find("question")->is_string()) {
    problem(
        members.at("question"),
        "no earlier question is called " + in_quotes(into.name) + did_you_mean(into.name, earlier),
        "only answers to questions that come before can be tested; in a quota, to any");
  } else if (asked == nullptr) {
    wrong_type(members.at("question"), *members.find("question"), "a string");
  }
  std::vector<std::string> tests;
  for (const char* name : {"is", "between", "answered", "status"}) {
    if (members.find(name) != nullptr) tests.emplace_back(name);
  }
  if (tests.size() != 1) {
    return problem(members.where(), R"(needs one of "is", "between", "answered", "status")");
  }
  if (tests.front() == "status") return read_status_test(members, asked, into);
  if (tests.front() == "is") {
    into.op = Op::question_is;
    read_values(members, into.values);
    if (asked != nullptr) check_values(members, *asked, into);
    return;
  }
  if (tests.front() == "answered") {
    into.op = Op::question_answered;
    if (*members.find("answered") != true) {
      problem(members.at("answered"), "must be true", R"(turn it round with {"not": {…}})");
    }
    return;
  }
  into.op = Op::question_between;
  const Json& between = *members.find("between");
  if (asked != nullptr && asked->type == QuestionType::date) {
    const auto days = [&](std::size_t i) -> std::optional<std::int64_t> {
      if (!between.is_array() || between.size() != 2 || !between[i].is_string()) return {};
      return days_of_date(between[i].get_ref<const std::string&>());
    };
    const auto from = days(0);
    const auto to = days(1);
    if (!from || !to) {
      return problem(members.at("between"), "must be two dates",
                     R"(write ["2026-01-01", "2026-06-30"])");
    }
    into.least = *from;
    into.most = *to;
    into.dates = true;
    if (*from > *to) problem(members.at("between"), "the first must not be the later");
    return;
  }
  read_bounds(members, into);
  if (asked != nullptr && asked->type != QuestionType::rating &&
      asked->type != QuestionType::number) {
    problem(members.at("between"), "only answers to rating, number and date questions have a size");
  }
}

void CampaignReader::read_status_test(const Members& members, const Question* asked,
                                      Condition& into) {
  into.op = Condition::Op::question_status;
  const Json* list = find_array(members, "status", 5);
  if (list == nullptr) return;
  if (list->empty()) problem(members.at("status"), "is empty");
  for (std::size_t i = 0; i < list->size(); ++i) {
    const std::string where = json_pointer(members.at("status"), i);
    std::vector<std::string> known;
    for (const auto status :
         {AnswerStatus::answered, AnswerStatus::refused, AnswerStatus::dont_know,
          AnswerStatus::no_input, AnswerStatus::invalid}) {
      known.emplace_back(name_of(status));
    }
    const auto given = (*list)[i].is_string() ? (*list)[i].get<std::string>() : std::string();
    if (std::ranges::find(known, given) == known.end()) {
      problem(where, in_quotes(given) + " is not known here" + did_you_mean(given, known),
              "one of: " + listed(known));
      continue;
    }
    if (asked != nullptr && ((given == "refused" && !asked->may_refuse) ||
                             (given == "dont_know" && !asked->may_not_know))) {
      problem(where, in_quotes(asked->id) + " does not allow it",
              R"(name it in the "replies" of that question)");
    }
    into.values.push_back(given);
  }
}

void CampaignReader::check_values(const Members& members, const Question& question,
                                  const Condition& condition) {
  std::vector<std::string> codes;
  for (const Option& option : question.options) codes.push_back(option.code);
  for (std::size_t i = 0; i < condition.values.size(); ++i) {
    const std::string& value = condition.values[i];
    const std::string where = json_pointer(members.at("is"), i);
    if (!codes.empty()) {
      if (std::find(codes.begin(), codes.end(), value) == codes.end()) {
        problem(where, "no option of that question has this code" + did_you_mean(value, codes),
                "one of: " + listed(codes));
      }
    } else if (question.type == QuestionType::date) {
      const auto days = days_of_date(value);
      if (!days || *days < question.least || *days > question.most) {
        problem(where, "is not an answer that this question can have");
      }
    } else if (question.type == QuestionType::rating || question.type == QuestionType::number) {
      const auto number = parse_decimal(value, 0);
      if (!number || *number < question.least || *number > question.most ||
          std::to_string(*number) != value) {
        problem(where, "is not an answer that this question can have");
      }
    }
  }
}

// ---- opting out, the agent, machines

void CampaignReader::read_opt_out(const Members& root) {
  const Json* value = root.find("opt_out");
  if (value == nullptr) return;
  const Members members(*this, *value, "/opt_out", "opt_out");
  read_key(members, campaign().opt_out.key);
  read_words(members, "words", campaign().opt_out.words);
  read_text(members, "goodbye", campaign().opt_out.goodbye);
}

// Speech is compared folded: "Si" is "sì". A log was not held to that when it was written.
bool CampaignReader::same_in_speech(std::string_view one, std::string_view other) const {
  if (reads == ReadFrom::log) return lower(one) == lower(other);
  return folded(one) == folded(other);
}

// Whether a question knows the common words for yes and no by itself (said_yes_no).
bool knows_yes_and_no(const Question& question) {
  return question.type == QuestionType::yes_no &&
         std::ranges::any_of(question.options, [](const Option& option) {
           return option.code == "yes" || option.code == "no";
         });
}

// What answers a question in the languages that these words are of.
Words CampaignReader::answers_in(const Question& question, const Words& languages) const {
  Words answers;
  for (const auto& [language, words] : languages) {
    auto& all = answers[language];
    const auto add = [&](const std::vector<std::string>& more) {
      all.insert(all.end(), more.begin(), more.end());
    };
    for (const Option& option : question.options) {
      if (const auto own = option.words.find(language); own != option.words.end()) add(own->second);
    }
    if (reads == ReadFrom::file && knows_yes_and_no(question)) {
      const auto& common = common_yes_no(primary_language(language));
      add(common.yes);
      add(common.no);
    }
  }
  return answers;
}

// The opt-out must mean the same at every question.
void CampaignReader::check_opt_out() {
  const OptOut& opt_out = campaign().opt_out;
  const char key = opt_out.key;
  for (std::size_t i = 0; i < campaign().questions.size(); ++i) {
    const Question& question = campaign().questions[i];
    const std::string where = json_pointer("/questions", i);
    const bool counted =
        question.type == QuestionType::rating || question.type == QuestionType::number;
    if (key != '\0' && question.by_key && counted && key - '0' >= question.least &&
        key - '0' <= question.most) {
      problem(
          where,
          "the key of the opt-out, " + std::string(1, key) + ", is also an answer to this question",
          "choose another key or other bounds");
    }
    for (std::size_t o = 0; o < question.options.size(); ++o) {
      const Option& option = question.options[o];
      const std::string place = json_pointer(where + "/options", o);
      if (key != '\0' && option.key == key) {
        problem(json_pointer(place, "key"), "is the key of the opt-out");
      }
    }
    for (const auto& [language, answers] : answers_in(question, opt_out.words)) {
      for (const std::string& word : opt_out.words.at(language)) {
        if (std::ranges::any_of(answers,
                                [&](const auto& one) { return same_in_speech(one, word); })) {
          problem("/opt_out/words", in_quotes(word) + " also answers " + in_quotes(question.id));
        }
      }
    }
  }
}

// ---- what people say besides an answer

// Which of them settle a question without an answer.
void CampaignReader::read_allowed(const Members& members, Question& question) {
  const Json* list = find_array(members, "replies", 2);
  if (list == nullptr) return;
  for (std::size_t i = 0; i < list->size(); ++i) {
    if ((*list)[i] == "refused") {
      question.may_refuse = true;
    } else if ((*list)[i] == "dont_know") {
      question.may_not_know = true;
    } else {
      problem(json_pointer(members.at("replies"), i), R"(must be "refused" or "dont_know")",
              "the others hold at every question");
    }
  }
}

void CampaignReader::read_replies(const Members& root) {
  const Json* value = root.find("replies");
  if (campaign().questions.empty() && campaign().kind != Kind::survey) {
    return not_for_this_kind(root, "replies",
                             R"(only a survey asks, and a message with "confirm")");
  }
  if (value != nullptr) {
    const Members members(*this, *value, "/replies", "replies");
    for (const auto& [word, which] : reply_words) {
      if (const Json* one = members.find(std::string(word))) {
        read_reply(*one, members.at(word), which);
      }
    }
  }
  // A question that allows one need not say how it is said.
  const auto& questions = campaign().questions;
  const auto wanted = [&](Reply which, bool Question::*allowed) {
    if (campaign().reply(which).known || std::ranges::none_of(questions, allowed)) return;
    campaign().replies[static_cast<std::size_t>(which)].known = true;
    default_reply(which, json_pointer("/replies", word_for(reply_words, which)));
  };
  wanted(Reply::refused, &Question::may_refuse);
  wanted(Reply::dont_know, &Question::may_not_know);
  check_replies();
}

// true, or {"key": "*", "words": […]}.
void CampaignReader::read_reply(const Json& value, const std::string& where, Reply which) {
  ReplySpec& reply = campaign().replies[static_cast<std::size_t>(which)];
  if (value.is_boolean()) {
    reply.known = value.get<bool>();
    if (reply.known) default_reply(which, where);
    return;
  }
  const Members members(*this, value, where, "reply");
  if (!members.is_object()) return;
  reply.known = true;
  read_key(members, reply.key, true);
  read_words(members, "words", reply.words);
  if (members.find("words") == nullptr) default_reply(which, where);
  const bool ends = which == Reply::person || which == Reply::stop;
  if (members.find("goodbye") != nullptr && !ends) {
    problem(members.at("goodbye"), "the talk goes on after it: nothing is said");
  }
  read_text(members, "goodbye", reply.goodbye);
  if (members.find("numbers") != nullptr && which != Reply::person) {
    problem(members.at("numbers"), "only the operator has numbers");
  }
  read_numbers(members, "numbers", transfer_numbers_max, campaign().operators, true);
}

// The words that are common in the languages of the questions, but for those that mean something
// else in this file.
void CampaignReader::default_reply(Reply which, const std::string& where) {
  ReplySpec& reply = campaign().replies[static_cast<std::size_t>(which)];
  const auto found = std::find_if(common_replies().begin(), common_replies().end(),
                                  [&](const CommonReply& common) { return common.which == which; });
  std::set<std::string> languages{campaign().language};
  for (const Question& question : campaign().questions) {
    for (const auto& [language, text] : question.ask.by_language) languages.insert(language);
  }
  for (const std::string& language : languages) {
    const std::string primary = language.substr(0, language.find('-'));
    if (primary != "it" && primary != "en") continue;
    std::set<std::string> taken;
    const auto take = [&](const Words& words) {
      const auto own = words.find(language);
      if (own == words.end()) return;
      for (const std::string& word : own->second) taken.insert(folded(word));
    };
    take(campaign().opt_out.words);
    for (const Question& question : campaign().questions) {
      for (const Option& option : question.options) take(option.words);
    }
    std::vector<std::string> words;
    for (const auto& word : primary == "it" ? found->italian : found->english) {
      if (!taken.contains(folded(word))) words.push_back(word);
    }
    if (!words.empty()) reply.words[language] = std::move(words);
  }
  if (reply.key == '\0' && reply.words.find(campaign().language) == reply.words.end()) {
    problem(where, "nobody could ask for it: no words of ours in " + in_quotes(campaign().language),
            R"(give it "words" or a "key")");
  }
}

void CampaignReader::check_replies() {
  for (const auto& [word, which] : reply_words) {
    const ReplySpec& reply = campaign().reply(which);
    if (!reply.known) continue;
    const std::string where = json_pointer("/replies", word);
    if (reply.key == '\0' && reply.words.empty()) {
      problem(where, "can be neither said nor pressed", R"(give it "words" or a "key")");
    }
    const bool settles = which == Reply::refused || which == Reply::dont_know;
    const auto allows = which == Reply::refused ? &Question::may_refuse : &Question::may_not_know;
    const bool used = std::ranges::any_of(campaign().questions, allows);
    if (settles && !used && !campaign().questions.empty()) {
      problem(where, "no question allows it", R"(name it in the "replies" of those that do)");
    }
    check_reply(which, where);
  }
}

// What it is asked for by must not mean anything else.
void CampaignReader::check_reply(Reply which, const std::string& where) {
  const ReplySpec& reply = campaign().reply(which);
  const std::string key_at = json_pointer(where, "key");
  if (reply.key != '\0' && reply.key == campaign().opt_out.key) {
    problem(key_at, "is the key of the opt-out");
  }
  for (const auto& [word, other] : reply_words) {
    if (other >= which || !campaign().reply(other).known) continue;
    if (reply.key != '\0' && reply.key == campaign().reply(other).key) {
      problem(key_at, "is the key of " + in_quotes(word));
    }
  }
  const auto same_word = [&](const Words& others, const std::string& what) {
    for (const auto& [language, words] : reply.words) {
      const auto theirs = others.find(language);
      if (theirs == others.end()) continue;
      for (const std::string& word : words) {
        if (std::ranges::any_of(theirs->second,
                                [&](const auto& one) { return same_in_speech(one, word); })) {
          problem(json_pointer(where, "words"), in_quotes(word) + " is a word of " + what);
        }
      }
    }
  };
  same_word(campaign().opt_out.words, "the opt-out");
  for (const auto& [word, other] : reply_words) {
    if (other < which && campaign().reply(other).known) {
      same_word(campaign().reply(other).words, in_quotes(word));
    }
  }
  for (const Question& question : campaign().questions) {
    if (which == Reply::refused && !question.may_refuse) continue;
    if (which == Reply::dont_know && !question.may_not_know) continue;
    const bool counted =
        question.type == QuestionType::rating || question.type == QuestionType::number;
    const bool answers = question.by_key && counted && reply.key >= '0' && reply.key <= '9' &&
                         reply.key - '0' >= question.least && reply.key - '0' <= question.most;
    const bool chooses = std::ranges::any_of(question.options, [&](const Option& option) {
      return reply.key != '\0' && option.key == reply.key;
    });
    if (answers || chooses) {
      problem(key_at, "is also an answer to " + in_quotes(question.id),
              R"(choose another key; "*" is never an answer)");
    }
    same_word(answers_in(question, reply.words), "an option of " + in_quotes(question.id));
  }
}

void CampaignReader::read_agent(const Members& root) {
  Campaign& c = campaign();
  const Json* value = root.find("agent");
  if (c.mode == Mode::simple) {
    if (value != nullptr) {
      problem(root.at("agent"), "nobody would hear it in mode \"simple\"",
              R"(set "mode": "agent", or leave it out)");
    }
    return;
  }
  if (value == nullptr) {
    return problem(root.at("agent"), "is missing",
                   "mode agent needs one: at least its \"disclosure\", that an AI talks and why");
  }
  const Members members(*this, *value, "/agent", "agent");
  if (!members.is_object()) return;
  AgentSpec& agent = c.agent;
  read_string(members, "name", agent.name, 100);
  read_text(members, "instructions", agent.instructions, instructions_characters_max);
  read_text(members, "opening", agent.opening);
  read_text(members, "disclosure", agent.disclosure);
  read_text(members, "apology", agent.apology);
  read_string(members, "model", agent.model);
  read_string(members, "voice", agent.voice);
  read_string(members, "transcription", agent.transcription);
  if (const Json* columns = find_array(members, "columns", agent_columns_max)) {
    for (std::size_t i = 0; i < columns->size(); ++i) {
      const std::string where = json_pointer(members.at("columns"), i);
      if (!(*columns)[i].is_string() || (*columns)[i].get_ref<const std::string&>().empty()) {
        problem(where, "is not the name of a column");
        continue;
      }
      agent.columns.push_back((*columns)[i].get<std::string>());
    }
  }
  agent.time_max = std::min(agent.time_max, c.call_time);
  read_duration(members, "time_max", agent.time_max, Seconds{10}, Seconds{3600});
  read_duration(members, "silence_max", agent.silence_max, Seconds{5}, Seconds{300});
  read_integer(members, "turns_max", agent.turns_max, 1, 1000);
  read_word(members, "on_failure", on_failure_words, agent.on_failure);
  read_numbers(members, "transfer", transfer_numbers_max, agent.transfer, true);
  check_agent(members);
}

void CampaignReader::check_agent(const Members& members) {
  const Campaign& c = campaign();
  const AgentSpec& agent = c.agent;
  if (agent.disclosure.empty()) {
    problem(members.at("disclosure"),
            members.find("disclosure") == nullptr ? "is missing" : "is empty",
            "say that an AI is talking and why it calls: people hear it before the agent");
  }
  if (agent.instructions.empty() && c.questions.empty()) {
    problem(members.at("instructions"), "the agent has nothing to ask and nothing to do",
            "give it instructions, or questions");
  }
  if (agent.time_max > c.call_time) {
    problem(members.at("time_max"), "is longer than the whole call may last (\"call_time\")");
  }
  if (agent.silence_max > agent.time_max) {
    problem(members.at("silence_max"), "is longer than \"time_max\"");
  }
  // What a column holds reaches the model as data, never within what it is told to do.
  for (const auto& [language, words] : agent.instructions.by_language) {
    if (names_in_template(words).empty()) continue;
    problem(members.at("instructions"), "must not contain places for columns",
            R"(name the columns in "columns": the agent is given them as data)");
    break;
  }
  // What it is to say it must be allowed to know.
  const auto known = [&](const std::string& where, const Text& text) {
    for (const auto& [language, words] : text.by_language) {
      for (const std::string& name : names_in_template(words)) {
        if (std::find(agent.columns.begin(), agent.columns.end(), name) != agent.columns.end()) {
          continue;
        }
        problem(where, "tells the agent the column " + in_quotes(name) + ", which it may not know",
                R"(add it to "/agent/columns", or take it out of the text)");
        return;
      }
    }
  };
  known(members.at("opening"), agent.opening);
  if (agent.opening.empty()) {
    known(c.kind == Kind::survey ? "/greeting" : "/message", c.greeting);
  }
  known("/resumed", c.resumed);
  for (std::size_t i = 0; i < c.questions.size(); ++i) {
    known(json_pointer("/questions", i) + "/ask", c.questions[i].ask);
  }
  known("/goodbye", c.goodbye);
}

void CampaignReader::read_machine(const Members& root) {
  const Json* value = root.find("answering_machine");
  if (value == nullptr) return;
  AnsweringMachine& machine = campaign().machine;
  const Members members(*this, *value, "/answering_machine", "answering_machine");
  if (!members.is_object()) return;
  read_word(members, "action", machine_words, machine.action);
  read_text(members, "message", machine.message);
  // The carrier's own bounds (protocols.md 1.2).
  MachineDetection& detection = machine.detection;
  read_bool(members, "async", detection.async);
  read_duration(members, "timeout", detection.timeout, Seconds{3}, Seconds{59});
  read_integer(members, "speech_threshold_ms", detection.speech_threshold_ms, 1000, 6000);
  read_integer(members, "speech_end_threshold_ms", detection.speech_end_threshold_ms, 500, 5000);
  read_integer(members, "silence_timeout_ms", detection.silence_timeout_ms, 2000, 10'000);
  if (machine.action == MachineAction::ignore && detection != MachineDetection{}) {
    problem("/answering_machine", "machines are not looked for, so how has no meaning",
            R"(set "action", or leave the rest out)");
  }
  if (machine.action == MachineAction::leave_message) {
    if (machine.message.empty()) {
      problem(members.at("message"), "is missing", "say what is to be left on the machine");
    }
  } else if (members.find("message") != nullptr) {
    problem(members.at("message"), "would never be said",
            R"(set "action": "leave_message", or leave the message out)");
  }
}

void CampaignReader::read_recording(const Members& root) {
  Campaign& c = campaign();
  read_text(root, "screening", c.screening);
  const bool hears = c.mode == Mode::simple &&
                     std::any_of(c.questions.begin(), c.questions.end(),
                                 [](const Question& question) { return question.by_speech; });
  if (!c.screening.empty() && !hears) {
    problem(root.at("screening"), "would never be said: no question listens to what is said",
            "an assistant that screens calls is known by its words; an agent is told what to say "
            "to one in its instructions");
  }
  const Json* value = root.find("recording");
  if (value == nullptr) return;
  const Members members(*this, *value, "/recording", "recording");
  if (!members.is_object()) return;
  Recording& recording = c.recording;
  read_bool(members, "record", recording.record);
  read_word(members, "channels", channels_words, recording.dual);
  read_bool(members, "trim", recording.trim);
  read_bool(members, "announced", recording.announced);
  read_text(members, "announcement", recording.announcement);
  if (!recording.record && recording != Recording{}) {
    problem(members.at("record"), "is not true, so nothing is recorded and the rest has no meaning",
            R"(set "record": true, or leave the rest out)");
  }
  if (recording.record && recording.announced != recording.announcement.empty()) {
    problem(members.at("announcement"),
            recording.announced ? "would be said besides a text that says so already"
                                : "is missing: nobody would know that the call is recorded",
            R"(write what is said first, or "announced": true where your own texts say it)");
  }
}

// ---- when, how fast, how often, for how much

void CampaignReader::read_hours(const Members& root) {
  CallingHours& hours = campaign().hours;
  const std::vector<CallingWindow> standard{
      {parse_days("mon-fri"), std::chrono::hours{9}, std::chrono::hours{20}}};
  const Json* value = root.find("calling_hours");
  if (value == nullptr) {
    hours.windows = standard;
    return;
  }
  const Members members(*this, *value, "/calling_hours", "calling_hours");
  read_string(members, "zone", hours.zone);
  check_zone(members.at("zone"), hours.zone);
  if (const Json* windows = find_array(members, "windows", windows_max)) {
    if (windows->empty()) problem(members.at("windows"), "is empty", "nobody could be called");
    for (std::size_t i = 0; i < windows->size(); ++i) {
      read_window((*windows)[i], json_pointer(members.at("windows"), i));
    }
    check_windows_overlap(members.at("windows"));
  } else if (read_preset(members)) {
    // Its openings, its holidays and how often a number may be called.
  } else if (members.find("windows") == nullptr) {
    hours.windows = standard;
  }
  if (members.find("preset") != nullptr && members.find("windows") != nullptr) {
    problem(members.at("preset"), "gives the openings, and there are some already",
            R"(leave out "preset" or "windows")");
  }
  read_holidays(members);
  if (const Json* dates = find_array(members, "dates_off", CallingHours::dates_off_max)) {
    for (std::size_t i = 0; i < dates->size(); ++i) {
      const Json& date = (*dates)[i];
      const auto parsed =
          date.is_string() ? parse_date(date.get_ref<const std::string&>()) : std::nullopt;
      if (parsed) {
        hours.dates_off.push_back(*parsed);
      } else {
        problem(json_pointer(members.at("dates_off"), i), "is not a date of the calendar",
                R"(write it like "2026-12-25")");
      }
    }
    std::sort(hours.dates_off.begin(), hours.dates_off.end());
    hours.dates_off.erase(std::unique(hours.dates_off.begin(), hours.dates_off.end()),
                          hours.dates_off.end());
  }
  read_string(members, "calendar", hours.calendar);
  check_eves(members);
}

// Whether the file names the rules of a country instead of openings.
bool CampaignReader::read_preset(const Members& members) {
  const Json* value = members.find("preset");
  if (value == nullptr) return false;
  std::vector<std::string> known;
  for (const HoursPreset& preset : hours_presets()) {
    known.emplace_back(preset.name);
    if (*value != known.back()) continue;
    campaign().hours.windows = preset.windows;
    campaign().hours.holidays = preset.holidays;
    // What "retries" says of these itself is read later and holds.
    campaign().retries.cool_off = preset.cool_off;
    campaign().retries.rolling_cap = preset.rolling_cap;
    return true;
  }
  problem(members.at("preset"), "is none of those there are", "known: " + listed(known));
  return true;
}

void CampaignReader::read_holidays(const Members& members) {
  CallingHours& hours = campaign().hours;
  const auto calendars = holiday_calendars();
  const Json* list = find_array(members, "holidays", calendars.size());
  if (list != nullptr) {
    hours.holidays.clear();
    for (std::size_t i = 0; i < list->size(); ++i) {
      const auto* country = (*list)[i].get_ptr<const std::string*>();
      if (country == nullptr ||
          std::find(calendars.begin(), calendars.end(), *country) == calendars.end()) {
        problem(json_pointer(members.at("holidays"), i), "is no country whose holidays are known",
                "known: " + listed(calendars) + R"(; write other days into "dates_off")");
      } else {
        hours.holidays.push_back(*country);
      }
    }
    std::sort(hours.holidays.begin(), hours.holidays.end());
    hours.holidays.erase(std::unique(hours.holidays.begin(), hours.holidays.end()),
                         hours.holidays.end());
  }
}

void CampaignReader::check_eves(const Members& members) {
  const CallingHours& hours = campaign().hours;
  unsigned days = 0;
  for (const CallingWindow& window : hours.windows) days |= window.days;
  if ((days & CallingWindow::eves) != 0 && hours.holidays.empty() && hours.dates_off.empty() &&
      hours.calendar.empty()) {
    problem(members.at("windows"), "has an opening for the eves of holidays, and there are none",
            R"(name the country in "holidays", or give "dates_off" or a "calendar")");
  }
  if (days == CallingWindow::eves) {
    problem(members.at("windows"), "opens on eves alone",
            "an eve's opening holds in place of its weekday's: give that, too");
  }
}

void CampaignReader::read_window(const Json& value, const std::string& where) {
  const Members members(*this, value, where, "window");
  CallingWindow window{parse_days("mon-fri"), {}, {}};
  if (const Json* days = find_array(members, "days", 8)) {
    window.days = 0;
    if (days->empty()) problem(members.at("days"), "is empty");
    for (std::size_t i = 0; i < days->size(); ++i) {
      const std::uint8_t named =
          (*days)[i].is_string() ? parse_days((*days)[i].get_ref<const std::string&>()) : 0;
      if (named == 0) {
        problem(json_pointer(members.at("days"), i), "is not a day or a range of days",
                R"(write "mon", "mon-fri" or "eves")");
      }
      window.days = static_cast<std::uint8_t>(window.days | named);
    }
  }
  bool complete = members.is_object();
  const auto read_time = [&](const char* name, std::chrono::minutes& into) {
    const Json* time = members.find(name);
    const auto parsed = time != nullptr && time->is_string()
                            ? parse_time_of_day(time->get_ref<const std::string&>())
                            : std::nullopt;
    if (parsed) {
      into = *parsed;
    } else {
      if (members.is_object()) {
        problem(members.at(name), time == nullptr ? "is missing" : "is not a time of day",
                R"(write it like "09:00"; a day ends at "24:00")");
      }
      complete = false;
    }
  };
  read_time("from", window.from);
  read_time("to", window.to);
  if (complete && window.to <= window.from) {
    problem(where, "ends before it begins",
            R"(a window over midnight is two: one ending at )"
            R"("24:00" and one beginning at "00:00")");
    complete = false;
  }
  // An incomplete one is kept as an empty one, so that the numbering stays that of the file.
  if (!complete) window.to = window.from;
  campaign().hours.windows.push_back(window);
}

void CampaignReader::check_windows_overlap(const std::string& where) {
  const auto& windows = campaign().hours.windows;
  for (std::size_t i = 0; i < windows.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const bool share_a_day = (windows[i].days & windows[j].days) != 0;
      if (share_a_day && windows[i].from < windows[j].to && windows[j].from < windows[i].to) {
        problem(json_pointer(where, i), "overlaps window " + std::to_string(j));
      }
    }
  }
}

void CampaignReader::read_pacing(const Members& root) {
  const Json* value = root.find("pacing");
  if (value == nullptr) return;
  const Members members(*this, *value, "/pacing", "pacing");
  Pacing& pacing = campaign().pacing;
  read_decimal(members, "calls_per_second", pacing.calls_per_second_thousandths, 3, 1, 1'000'000);
  read_integer(members, "lines", pacing.lines, 1, 10'000);
  if (const Json* ramp = members.find("ramp_up")) {
    const Members rule(*this, *ramp, members.at("ramp_up"), "ramp_up");
    pacing.ramp_up = {std::max(1U, pacing.calls_per_second_thousandths / 10), Seconds{600}};
    read_decimal(rule, "from", pacing.ramp_up.from_thousandths, 3, 1, 1'000'000);
    read_duration(rule, "over", pacing.ramp_up.over, Seconds{1}, Seconds{24 * 3600});
    if (pacing.ramp_up.from_thousandths > pacing.calls_per_second_thousandths) {
      problem(rule.at("from"), "is faster than \"calls_per_second\"");
    }
  }
  if (const Json* stop = members.find("stop_at_failures")) {
    const Members rule(*this, *stop, members.at("stop_at_failures"), "stop_at_failures");
    read_decimal(rule, "share", pacing.stop_at_failures.share_thousandths, 3, 0, 1000);
    read_integer(rule, "of", pacing.stop_at_failures.of, 5, FailureStop::of_max);
  }
}

void CampaignReader::read_retries(const Members& root) {
  constexpr Seconds delay_max{365 * 86400};
  Retries& retries = campaign().retries;
  for (const RetryDefault& retry : retry_defaults()) {
    retries.delay[static_cast<std::size_t>(retry.outcome)] = retry.delay;
  }
  if (campaign().kind != Kind::survey) {
    retries.delay[static_cast<std::size_t>(Outcome::machine_message_left)].reset();
  }
  const Json* value = root.find("retries");
  if (value == nullptr) return;
  const Members members(*this, *value, "/retries", "retries");
  read_integer(members, "attempts_max", retries.attempts_max, 1, 50);
  read_integer(members, "daily_calls_per_number_max", retries.daily_calls_per_number_max, 1, 50);
  read_integer(members, "weekly_calls_per_number_max", retries.weekly_calls_per_number_max, 0, 100);
  if (const Json* edges = find_array(members, "spread", Retries::spread_max)) {
    for (std::size_t i = 0; i < edges->size(); ++i) {
      const auto* text = (*edges)[i].get_ptr<const std::string*>();
      const auto edge = text != nullptr ? parse_time_of_day(*text) : std::nullopt;
      const auto where = json_pointer(members.at("spread"), i);
      if (!edge || edge->count() == 0 || edge->count() == 24 * 60) {
        problem(where, "is no time within a day", R"(write where the day is parted, like "13:00")");
      } else if (!retries.spread.empty() && *edge <= retries.spread.back()) {
        problem(where, "is not after the one before it");
      } else {
        retries.spread.push_back(*edge);
      }
    }
  }
  if (const Json* given = members.find("rolling_cap")) {
    const Members cap(*this, *given, members.at("rolling_cap"), "rolling_cap");
    for (const char* name : {"calls", "within"}) {
      if (cap.is_object() && cap.find(name) == nullptr) missing(cap, name);
    }
    retries.rolling_cap = {1, std::chrono::hours{24}};
    read_integer(cap, "calls", retries.rolling_cap.calls, 1, 100);
    read_duration(cap, "within", retries.rolling_cap.within, Seconds{60}, RollingCap::within_max);
  }
  for (const RetryDefault& retry : retry_defaults()) {
    const std::string name(name_of(retry.outcome));
    const Json* delay = members.find(name);
    if (delay == nullptr) continue;
    auto& into = retries.delay[static_cast<std::size_t>(retry.outcome)];
    if (*delay == "never") {
      into.reset();
      continue;
    }
    Seconds parsed = retry.delay.value_or(Seconds{1});
    read_duration(members, name, parsed, Seconds{1}, delay_max);
    into = parsed;
  }
  read_duration(members, "cool_off", retries.cool_off, Seconds{0}, Seconds{3650LL * 86400});
  if (const Json* unplaced = members.find("unplaced")) {
    const Members rule(*this, *unplaced, members.at("unplaced"), "unplaced");
    read_integer(rule, "max", retries.unplaced_max, 0, 50);
    read_duration(rule, "delay", retries.unplaced_delay, Seconds{1}, delay_max);
  }
}

void CampaignReader::read_countries(const Members& root) {
  constexpr std::size_t countries_max = 300;
  auto& countries = campaign().countries;
  const Json* list = find_array(root, "countries", countries_max);
  if (root.find("countries") == nullptr) {
    if (const auto& region = campaign().contacts.region; !region.empty()) countries = {region};
    return;
  }
  if (list == nullptr) return;
  file.names_countries = !list->empty();
  for (std::size_t i = 0; i < list->size(); ++i) {
    const auto* text = (*list)[i].get_ptr<const std::string*>();
    if (text == nullptr || !is_phone_region(*text)) {
      problem(json_pointer(root.at("countries"), i), "is not a country known to have phone numbers",
              R"(write two capital letters, like "IT")");
    } else if (std::find(countries.begin(), countries.end(), *text) == countries.end()) {
      countries.push_back(*text);
    }
  }
}

void CampaignReader::read_budget(const Members& root) {
  const Json* value = root.find("budget");
  if (value == nullptr) return;
  constexpr std::int64_t millionths_max = 1'000'000'000'000'000;  // 1,000,000,000.00
  const Members members(*this, *value, "/budget", "budget");
  if (!members.is_object()) return;
  Budget& budget = campaign().budget;
  read_decimal(members, "limit", budget.limit_millionths, 6, 0, millionths_max);
  read_decimal(members, "per_minute", budget.per_minute_millionths, 6, 0, millionths_max);
  if (budget.limit_millionths > 0 && members.find("per_minute") == nullptr) {
    problem(members.at("per_minute"), "is missing", "without a price a budget cannot be kept");
  }
  read_decimal(members, "transfer_per_minute", budget.transfer_per_minute_millionths, 6, 0,
               millionths_max);
  if (budget.transfer_per_minute_millionths > 0 && campaign().humans().empty()) {
    problem(members.at("transfer_per_minute"), "is a price for what cannot happen",
            "name a human under /agent/transfer or /replies/operator/numbers, or leave it out");
  }
  read_string(members, "currency", budget.currency);
  if (budget.currency.size() != 3 || !std::all_of(budget.currency.begin(), budget.currency.end(),
                                                  [](char c) { return c >= 'A' && c <= 'Z'; })) {
    problem(members.at("currency"), "is not a currency", R"(write it like "EUR")");
  }
  read_model_prices(members);
}

void CampaignReader::read_model_prices(const Members& budget) {
  constexpr std::int64_t millionths_max = 1'000'000'000'000;  // 1,000,000.00
  const Json* value = budget.find("model");
  if (value == nullptr) return;
  if (campaign().mode == Mode::simple) {
    return problem(budget.at("model"), "no voice model is asked in mode \"simple\"",
                   R"(set "mode": "agent", or leave it out)");
  }
  const Members members(*this, *value, budget.at("model"), "model_prices");
  if (!members.is_object()) return;
  ModelPrices& prices = campaign().budget.model.emplace();
  const auto required = [&](const char* name, std::int64_t& into, std::int64_t least,
                            const char* cure) {
    if (members.find(name) == nullptr) return problem(members.at(name), "is missing", cure);
    read_decimal(members, name, into, 6, least, millionths_max);
  };
  required("per_call_max", prices.per_call_max, 1,
           "it is set aside for each call, whose talk ends when it is used up");
  const char* const free = R"(what costs nothing has the price "0")";
  required("input_audio_per_million", prices.input_audio, 0, free);
  required("output_audio_per_million", prices.output_audio, 0, free);
  required("input_text_per_million", prices.input_text, 0, free);
  required("output_text_per_million", prices.output_text, 0, free);
  if (members.find("cached_per_million") != nullptr) {
    read_decimal(members, "cached_per_million", prices.cached.emplace(), 6, 0, millionths_max);
  }
  read_decimal(members, "per_minute", prices.per_minute, 6, 0, millionths_max);
}

// How many letters one must change, leave out, put in or swap with their neighbour to get from one
// to the other (optimal string alignment).
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = a[i - 1] == b[j - 1] ? 0U : 1U;
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

// "callsPerSecond", "calls-per-second" and "calls per second" are as good as "calls_per_second".
std::string plain(std::string_view name) {
  std::string out;
  for (const char c : lower(name)) {
    if (c != '_' && c != '-' && c != ' ') out += c;
  }
  return out;
}

}  // namespace

std::string nearest_name(std::string_view given, const std::vector<std::string>& known) {
  constexpr std::size_t given_max = 64;
  if (given.empty() || given.size() > given_max) return {};
  const std::string wanted = plain(given);
  const std::size_t far = wanted.size() < 5 ? 1 : wanted.size() < 9 ? 2 : 3;
  std::size_t best = far + 1;
  const std::string* nearest = nullptr;
  for (const std::string& name : known) {
    const std::string candidate = plain(name);
    std::size_t away = distance(wanted, candidate);
    // "attempts" for "attempts_max": the beginning of a name is near, but not nearer than a slip.
    if (wanted.size() >= 3 && candidate.compare(0, wanted.size(), wanted) == 0) {
      away = std::min(away, far);
    }
    if (away < best && away < wanted.size()) {
      best = away;
      nearest = &name;
    }
  }
  return nearest == nullptr ? std::string{} : *nearest;
}

Result<CampaignFile> parse_campaign_file(std::string_view text, ReadFrom from) {
  if (text.size() > file_bytes_max) {
    return Problems{{"", "the campaign file is larger than 64 MiB",
                     "keep the contacts in a CSV file beside it"}};
  }
  Problems problems = json_text_problems(text);
  const auto value = Json::parse(text.begin(), text.end(), nullptr, false);
  // Beyond bad syntax or nesting there is nothing to look at.
  if (value.is_discarded()) return problems;
  const bool too_deep = std::any_of(problems.begin(), problems.end(), [](const Problem& problem) {
    return problem.what.compare(0, 6, "nested") == 0;
  });
  if (too_deep) return problems;
  CampaignReader reader;
  reader.reads = from;
  reader.problems = std::move(problems);
  reader.read(value);
  if (!reader.problems.empty()) return std::move(reader.problems);
  return std::move(reader.file);
}

}  // namespace campaigns
