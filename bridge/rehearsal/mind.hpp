#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bridge::rehearsal {

// What a voice model does in one turn.
struct MindTurn {
  struct Call {
    std::string name{};
    std::string arguments{};  // JSON
  };
  std::string say{};  // empty: nothing
  std::vector<Call> calls{};
};

// The wits of the rehearsal's voice model: it follows a survey as its instructions lay it out
// (tags of lines of their own: now, person, survey, opening, goodbye) and with the tools that it is
// given. It hears words, not sound. Pure: the same words give the same turns.
class Mind {
 public:
  // Takes instructions up, also in the middle of a talk: what was said stays said.
  void instruct(std::string_view instructions, std::vector<std::string> tools);
  void speak_italian(bool italian) { italian_ = italian; }

  // What has happened since its last turn.
  void hear_words(std::string words);
  // A user's message as text: {"pressed_key":"5"}, or words.
  void hear_text(std::string_view text);
  void hear_tool(std::string_view name, std::string_view output);
  // What it said last was not heard to its end.
  void note_cut() { cut_ = true; }

  // Its turn. `instructions` are those of this one response, which replace the session's; empty:
  // none. May say nothing at all.
  MindTurn speak(std::string_view instructions);

 private:
  struct Option {
    std::string code{};
    std::string label{};
    std::vector<std::string> words{};
  };
  struct Question {
    enum class Type : unsigned char { choice, yes_no, rating, number, date, open };
    std::string id{};
    Type type = Type::open;
    std::string ask{};
    std::vector<Option> options{};
    std::int64_t least = 0;
    std::int64_t most = 0;
    std::string earliest{};  // of a date, YYYY-MM-DD
    std::string latest{};
    bool several = false;
    bool conditional = false;
    bool answered = false;
    bool may_refuse = false;
    bool may_not_know = false;
  };
  struct Output {
    std::string name{};
    std::string output{};
  };

  bool has(std::string_view tool) const;
  std::string_view in(std::string_view italian, std::string_view english) const {
    return italian_ ? italian : english;
  }
  MindTurn open(std::string_view instructions);
  MindTurn answer_outputs();
  MindTurn answer_words(const std::string& words, bool by_key);
  MindTurn ask_current(std::string_view before, bool explain);
  MindTurn repeat(std::string_view before);
  MindTurn leave(std::string_view before, std::string_view goodbye, std::string_view reason);
  Question* find(std::string_view id);
  std::string asked(const Question& question, bool explain) const;
  // "refused" or "dont_know" where the question allows it and the person says so; else empty.
  std::string_view declined(const Question& question, const std::string& words) const;
  std::optional<std::string> date_of(const Question& question, const std::string& plain) const;
  // The codes of all options that were named, with blanks between them.
  std::optional<std::string> codes_of(const Question& question, const std::string& words,
                                      bool by_key) const;
  // The value of an answer; nothing where it is none.
  std::optional<std::string> value_of(const Question& question, const std::string& words,
                                      bool by_key) const;

  bool italian_ = true;
  std::vector<std::string> tools_{};
  std::vector<Question> questions_{};
  std::string now_{};  // on the person's clock, as it was told
  std::string opening_{};
  std::string goodbye_{};

  bool opened_ = false;
  bool waits_for_consent_ = false;
  bool leaving_ = false;
  bool cut_ = false;
  std::string current_{};  // id of the question that is asked; empty: none
  int misunderstood_ = 0;
  std::string wish_without_time_{};  // the arguments, should the time that was named be refused
  std::vector<std::string> words_{};
  std::string keys_{};
  std::vector<Output> outputs_{};
};

}  // namespace bridge::rehearsal
