#include "campaigns/recoding.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "campaigns/campaign_file.hpp"
#include "campaigns/json_text.hpp"

namespace campaigns {

namespace {

using Json = nlohmann::ordered_json;

class RecodingReader {
 public:
  void read(const Json& root);

  Recoding recoding{};
  Problems problems{};

 private:
  void problem(std::string where, std::string what, std::string cure = {}) {
    problems.push_back({std::move(where), std::move(what), std::move(cure)});
  }
  std::optional<Outcome> outcome(const std::string& where, const std::string& name);
  void read_outcomes(const Json& value);
  void read_codes(const Json& value);
};

std::string quoted(const std::string& text) {
  return '"' + text + '"';
}

std::optional<Outcome> RecodingReader::outcome(const std::string& where, const std::string& name) {
  if (const auto found = outcome_named(name); found && *found != Outcome::none) return found;
  std::vector<std::string> known;
  for (std::size_t i = 1; i < outcomes; ++i) known.emplace_back(name_of(static_cast<Outcome>(i)));
  const auto near = nearest_name(name, known);
  problem(where, "there is no outcome " + quoted(name) +
                     (near.empty() ? "" : "; did you mean " + quoted(near) + "?"));
  return {};
}

void RecodingReader::read_outcomes(const Json& value) {
  if (!value.is_object()) return problem("/outcomes", "must be an object of outcomes");
  for (const auto& [name, as] : value.items()) {
    const auto where = json_pointer("/outcomes", name);
    const auto from = outcome(where, name);
    if (!as.is_string()) {
      problem(where, "must be the name of an outcome");
      continue;
    }
    const auto to = outcome(where, as.get<std::string>());
    if (from && to) recoding.counts_as[static_cast<std::size_t>(*from)] = *to;
  }
}

void RecodingReader::read_codes(const Json& value) {
  if (!value.is_object()) return problem("/aapor", "must be an object of codes by outcome");
  for (const auto& [name, code] : value.items()) {
    const auto where = json_pointer("/aapor", name);
    const auto from = outcome(where, name);
    const auto text = code.is_string() ? code.get<std::string>() : std::string();
    const bool good =
        text.size() >= 3 && text.size() <= 6 && text[0] >= '1' && text[0] <= '4' &&
        text[1] == '.' &&
        std::all_of(text.begin() + 2, text.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!good) {
      problem(where, "is no AAPOR code", R"(write it as a string like "2.11")");
    } else if (from) {
      recoding.aapor[static_cast<std::size_t>(*from)] = text;
    }
  }
}

void RecodingReader::read(const Json& root) {
  if (!root.is_object()) return problem("(the whole file)", "must be an object");
  static const std::vector<std::string> members = {"title",     "eligibility", "partial",
                                                   "last_word", "outcomes",    "aapor"};
  for (const auto& [name, value] : root.items()) {
    const auto where = json_pointer("", name);
    if (name == "title") {
      if (!value.is_string() || value.get_ref<const std::string&>().size() > 200) {
        problem(where, "must be a text of at most 200 bytes");
      } else {
        recoding.title = value.get<std::string>();
      }
    } else if (name == "eligibility") {
      if (value != "known" && value != "unknown") {
        problem(where, R"(must be "known" or "unknown")");
      } else {
        recoding.known_eligible = value == "known";
      }
    } else if (name == "partial") {
      const auto answers = value.is_object() && value.size() == 1 && value.contains("answers")
                               ? value["answers"]
                               : Json();
      if (!answers.is_number_integer() || answers < 0 || answers > 100) {
        problem(where, "must say how many answers make a partial one", R"(write {"answers": 3})");
      } else {
        recoding.partial_answers = answers.get<std::uint8_t>();
      }
    } else if (name == "last_word") {
      if (value != "highest" && value != "last") {
        problem(where, R"(must be "highest" or "last")");
      } else if (value == "last") {
        recoding.last_word = Recoding::LastWord::last;
      }
    } else if (name == "outcomes") {
      read_outcomes(value);
    } else if (name == "aapor") {
      read_codes(value);
    } else {
      const auto near = nearest_name(name, members);
      problem(where,
              "unknown member" +
                  (near.empty() ? std::string() : "; did you mean " + quoted(near) + "?"),
              "known here: title, eligibility, partial, last_word, outcomes, aapor");
    }
  }
}

}  // namespace

Result<Recoding, Problems> parse_recoding(std::string_view json) {
  if (json.size() > Recoding::bytes_max) {
    return Problems{{"", "the recoding is larger than 64 KiB", "it is a page of rules"}};
  }
  if (auto problems = json_text_problems(json); !problems.empty()) return problems;
  const auto root = Json::parse(json);
  RecodingReader reader;
  reader.read(root);
  if (!reader.problems.empty()) return std::move(reader.problems);
  return std::move(reader.recoding);
}

Outcome recoded(const Recoding& recoding, Outcome outcome, std::size_t answered) {
  if (recoding.partial_answers && (outcome == Outcome::partial || outcome == Outcome::broken_off)) {
    const auto needed = *recoding.partial_answers;
    outcome = needed > 0 && answered >= needed ? Outcome::partial : Outcome::broken_off;
  }
  return recoding.counts_as[static_cast<std::size_t>(outcome)].value_or(outcome);
}

std::string_view aapor_code(const Recoding& recoding, Outcome outcome, bool known_eligible) {
  const auto& own = recoding.aapor[static_cast<std::size_t>(outcome)];
  if (!own.empty()) return own;
  return aapor_code(outcome, recoding.known_eligible.value_or(known_eligible));
}

}  // namespace campaigns
