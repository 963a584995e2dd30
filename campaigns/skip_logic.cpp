#include "campaigns/skip_logic.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <map>
#include <set>
#include <utility>

#include "campaigns/campaign_words.hpp"
#include "campaigns/words.hpp"

namespace campaigns {

namespace {

using Op = Condition::Op;

// What a person may have said to a question, or a column may hold.
struct PossibleAnswer {
  bool asked = true;  // false: no answer of any kind
  AnswerStatus status = AnswerStatus::answered;
  std::string value{};
};

bool is_about_question(Op op) {
  return op == Op::question_is || op == Op::question_answered || op == Op::question_between ||
         op == Op::question_status;
}

bool is_about_column(Op op) {
  return op == Op::column_is || op == Op::column_between || op == Op::column_empty;
}

class SkipLogic {
 public:
  explicit SkipLogic(const Campaign& campaign) : campaign_(campaign) {}

  // `to_the_end`: whoever it holds for has come by every question that screens people out.
  bool can_hold(const Condition& condition, bool to_the_end) {
    gather(condition);
    to_the_end_ = to_the_end;
    for (std::size_t i = 0; to_the_end && i < campaign_.questions.size(); ++i) {
      const auto& question = campaign_.questions[i];
      if (question.screen_out_if.op == Op::always || !questions_.insert(i).second) continue;
      gather(question.ask_if);
      gather(question.screen_out_if);
    }
    for (const auto& name : columns_) column_order_.push_back(name);
    return search(0, condition);
  }

 private:
  // The questions and columns that a condition hangs on, and those that these hang on.
  void gather(const Condition& condition) {
    tests_.push_back(&condition);
    for (const Condition& part : condition.parts) gather(part);
    if (is_about_column(condition.op)) columns_.insert(condition.name);
    if (!is_about_question(condition.op)) return;
    for (std::size_t i = 0; i < campaign_.questions.size(); ++i) {
      if (campaign_.questions[i].id != condition.name || !questions_.insert(i).second) continue;
      gather(campaign_.questions[i].ask_if);
      gather(campaign_.questions[i].screen_out_if);
    }
  }

  // Columns first, then the questions in their order, so that whether one is asked is known when
  // its turn comes.
  bool search(std::size_t at, const Condition& wanted) {
    if (++cases_ > skip_logic_cases_max) return true;
    if (at < column_order_.size()) {
      const auto& name = column_order_[at];
      for (const auto& value : cells(name)) {
        of_column_[name] = value;
        if (search(at + 1, wanted)) return true;
      }
      return false;
    }
    if (at == column_order_.size() + questions_.size()) return holds(wanted);
    const auto index =
        *std::next(questions_.begin(), static_cast<std::ptrdiff_t>(at - column_order_.size()));
    const auto& question = campaign_.questions[index];
    of_question_[question.id] = {.asked = false};
    const bool may_be_asked = holds(question.ask_if);
    const bool screens = question.screen_out_if.op != Op::always;
    if (!(to_the_end_ && screens && may_be_asked) && search(at + 1, wanted)) return true;
    if (!may_be_asked) return false;
    auto possible = answers(question);
    // Of too many to look through, somebody may give one that will do.
    if (cases_ >= skip_logic_cases_max) return true;
    for (auto& one : possible) {
      const bool settled = settles(one.status);
      of_question_[question.id] = std::move(one);
      // Whoever is screened out is asked nothing more and completes nothing.
      if (settled && question.screen_out_if.op != Op::always && holds(question.screen_out_if)) {
        ++cases_;
        continue;
      }
      if (search(at + 1, wanted)) return true;
    }
    return false;
  }

  // Every value that some test tells from the others.
  std::vector<std::string> cells(const std::string& column) const {
    std::set<std::string> values{"", "\n"};  // and one that nobody names
    for (const auto* test : tests_) {
      if (!is_about_column(test->op) || test->name != column) continue;
      values.insert(test->values.begin(), test->values.end());
      if (test->op != Op::column_between) continue;
      for (const auto edge : {test->least - 1, test->least, test->most, test->most + 1}) {
        values.insert(std::to_string(edge));
      }
    }
    return {values.begin(), values.end()};
  }

  // Which of the codes that some test names are among an answer's: every choice of them that the
  // bounds allow, filled up with codes that nobody asks for. Of too many none, and all cases count
  // as looked through.
  std::vector<std::string> combinations(const Question& question) {
    std::set<std::string> tested;
    for (const auto* test : tests_) {
      if (test->op == Op::question_is && test->name == question.id) {
        tested.insert(test->values.begin(), test->values.end());
      }
    }
    std::vector<const Option*> named;
    for (const Option& option : question.options) {
      if (tested.contains(option.code)) named.push_back(&option);
    }
    constexpr std::size_t named_max = 10;
    if (named.size() > named_max) {
      cases_ = skip_logic_cases_max;
      return {};
    }
    const auto others = question.options.size() - named.size();
    std::vector<std::string> all;
    for (std::size_t chosen = 0; chosen < std::size_t{1} << named.size(); ++chosen) {
      const auto count = static_cast<std::int64_t>(std::popcount(chosen));
      auto fill = std::max<std::int64_t>(std::max<std::int64_t>(question.least, 1) - count, 0);
      if (count + fill > question.most || fill > static_cast<std::int64_t>(others)) continue;
      std::string value;
      std::size_t bit = 0;
      for (const Option& option : question.options) {
        const bool is_named = bit < named.size() && named[bit] == &option;
        const bool taken = is_named ? (chosen >> bit++ & 1U) != 0 : fill-- > 0;
        if (taken) value += (value.empty() ? "" : " ") + option.code;
      }
      all.push_back(std::move(value));
    }
    return all;
  }

  std::vector<PossibleAnswer> answers(const Question& question) {
    std::vector<PossibleAnswer> all;
    const auto given = [&](std::string value) {
      all.push_back({true, AnswerStatus::answered, std::move(value)});
    };
    switch (question.type) {
      case QuestionType::choice:
      case QuestionType::yes_no:
        if (question.several) {
          for (auto& codes : combinations(question)) given(std::move(codes));
        } else {
          for (const Option& option : question.options) given(option.code);
        }
        break;
      case QuestionType::open:
        given("");
        break;
      case QuestionType::rating:
      case QuestionType::number:
      case QuestionType::date:
        for (const auto number : edges(question)) {
          given(question.type == QuestionType::date ? date_of_days(number)
                                                    : std::to_string(number));
        }
        break;
    }
    if (question.may_refuse) all.push_back({true, AnswerStatus::refused, {}});
    if (question.may_not_know) all.push_back({true, AnswerStatus::dont_know, {}});
    if (!question.required) {
      all.push_back({true, AnswerStatus::no_input, {}});
      all.push_back({true, AnswerStatus::invalid, {}});
    }
    return all;
  }

  std::set<std::int64_t> edges(const Question& question) const {
    std::set<std::int64_t> numbers{question.least, question.most};
    const auto add = [&](std::int64_t number) {
      if (number >= question.least && number <= question.most) numbers.insert(number);
    };
    for (const auto* test : tests_) {
      if (!is_about_question(test->op) || test->name != question.id) continue;
      if (test->op == Op::question_between) {
        for (const auto edge : {test->least - 1, test->least, test->most, test->most + 1})
          add(edge);
      }
      for (const auto& value : test->values) {
        if (const auto number = number_of(question, value)) {
          for (const auto near : {*number - 1, *number, *number + 1}) add(near);
        }
      }
    }
    return numbers;
  }

  static std::optional<std::int64_t> number_of(const Question& question, std::string_view value) {
    return question.type == QuestionType::date ? days_of_date(value) : whole_number_of(value);
  }

  bool holds(const Condition& condition) const {
    const auto part_holds = [this](const Condition& part) { return holds(part); };
    switch (condition.op) {
      case Op::always:
        return true;
      case Op::all:
        return std::ranges::all_of(condition.parts, part_holds);
      case Op::any:
        return std::ranges::any_of(condition.parts, part_holds);
      case Op::negation:
        return condition.parts.empty() || !holds(condition.parts.front());
      case Op::column_is:
      case Op::column_between:
      case Op::column_empty:
        return cell_holds(condition, of_column_.at(condition.name));
      case Op::question_is:
      case Op::question_answered:
      case Op::question_between:
      case Op::question_status:
        break;
    }
    const auto found = of_question_.find(condition.name);
    if (found == of_question_.end() || !found->second.asked) return false;
    return answer_holds(condition, found->second.status, found->second.value);
  }

  const Campaign& campaign_;
  std::vector<const Condition*> tests_{};
  std::set<std::size_t> questions_{};
  std::set<std::string> columns_{};
  std::vector<std::string> column_order_{};
  std::map<std::string, PossibleAnswer> of_question_{};
  std::map<std::string, std::string> of_column_{};
  std::size_t cases_ = 0;
  bool to_the_end_ = false;
};

}  // namespace

std::optional<std::int64_t> whole_number_of(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return {};
  return number;
}

bool cell_holds(const Condition& condition, std::string_view cell) {
  if (condition.op == Op::column_empty) return cell.find_first_not_of(" \t") == cell.npos;
  if (condition.op == Op::column_between) {
    const auto number = whole_number_of(cell);
    return number && *number >= condition.least && *number <= condition.most;
  }
  return std::ranges::find(condition.values, cell) != condition.values.end();
}

bool answer_holds(const Condition& condition, AnswerStatus status, std::string_view value) {
  if (condition.op == Op::question_status) {
    return std::ranges::find(condition.values, name_of(status)) != condition.values.end();
  }
  if (status != AnswerStatus::answered) return false;
  if (condition.op == Op::question_answered) return true;
  if (condition.op == Op::question_is) {
    // An answer of several codes is any of them. No other value has a blank.
    return std::ranges::any_of(codes_in(value), [&](const std::string& code) {
      return std::ranges::find(condition.values, code) != condition.values.end();
    });
  }
  const auto number = condition.dates ? days_of_date(value) : whole_number_of(value);
  return number && *number >= condition.least && *number <= condition.most;
}

bool can_hold(const Condition& condition, const Campaign& campaign) {
  // With fewer questions more is looked through.
  return SkipLogic(campaign).can_hold(condition, false) &&
         SkipLogic(campaign).can_hold(condition, true);
}

namespace {

std::string joined(const std::vector<std::string>& texts, const char* by) {
  std::string all;
  for (const auto& text : texts) all += (all.empty() ? "" : by) + text;
  return all;
}

std::string between_text(const Condition& condition) {
  const auto edge = [&](std::int64_t number) {
    return condition.dates ? date_of_days(number) : std::to_string(number);
  };
  return " is between " + edge(condition.least) + " and " + edge(condition.most);
}

// A condition in words, as the file has it.
std::string text_of(const Condition& condition) {
  std::vector<std::string> parts;
  for (const auto& part : condition.parts) {
    const bool in_brackets = part.op == Op::all || part.op == Op::any;
    parts.push_back(in_brackets ? '(' + text_of(part) + ')' : text_of(part));
  }
  const auto question = in_quotes(condition.name);
  switch (condition.op) {
    case Op::always:
      return "always";
    case Op::all:
      return joined(parts, " and ");
    case Op::any:
      return joined(parts, " or ");
    case Op::negation:
      return "not " + joined(parts, "");
    case Op::question_is:
    case Op::question_status:
      return question + " is " + joined(condition.values, " or ");
    case Op::question_answered:
      return question + " is answered";
    case Op::question_between:
      return question + between_text(condition);
    case Op::column_is:
      return "column " + question + " is " + joined(condition.values, " or ");
    case Op::column_between:
      return "column " + question + between_text(condition);
    case Op::column_empty:
      return "column " + question + " is empty";
  }
  return {};
}

}  // namespace

std::string why_never(const Condition& condition, const Campaign& campaign) {
  // What still cannot hold without a test is not to blame on it.
  Condition core = condition;
  if (core.op != Op::all) {
    core = {};
    core.op = Op::all;
    core.parts = {condition};
  }
  for (std::size_t i = 0; core.parts.size() > 1 && i < core.parts.size();) {
    auto without = core;
    without.parts.erase(without.parts.begin() + static_cast<std::ptrdiff_t>(i));
    if (can_hold(without, campaign)) {
      ++i;
    } else {
      core = std::move(without);
    }
  }
  // Likewise of the conditions of questions: those are named without which it could.
  auto other = campaign;
  const auto to_blame = [&](Condition Question::*which) {
    std::vector<std::string> names;
    for (auto& question : other.questions) {
      const auto without = std::exchange(question.*which, {});
      if (without.op == Op::always || !can_hold(core, other)) continue;
      question.*which = without;
      names.push_back(in_quotes(question.id) +
                      (which == &Question::ask_if ? " is asked only if " : " screens out if ") +
                      text_of(without));
    }
    return joined(names, ", and ");
  };
  auto why = condition.op == Op::always ? std::string("nobody comes so far")
             : core.parts.size() > 1    ? text_of(core) + " never hold together"
                                        : text_of(core) + " never holds";
  for (const auto which : {&Question::screen_out_if, &Question::ask_if}) {
    if (const auto names = to_blame(which); !names.empty()) why += ": " + names;
  }
  return why;
}

}  // namespace campaigns
