#include "campaigns/survey.hpp"

#include <algorithm>
#include <map>

#include "campaigns/apology.hpp"
#include "campaigns/campaign_words.hpp"
#include "campaigns/option_order.hpp"
#include "campaigns/quotas.hpp"
#include "campaigns/skip_logic.hpp"
#include "campaigns/speech.hpp"
#include "campaigns/spoken_date.hpp"
#include "campaigns/spoken_number.hpp"
#include "campaigns/spoken_yes_no.hpp"
#include "campaigns/templates.hpp"

namespace campaigns {

namespace {

const ScriptAnswer* answer_to(const Campaign& campaign, const std::vector<ScriptAnswer>& answers,
                              const std::string& question) {
  for (const auto& answer : answers) {
    if (campaign.questions[answer.question].id == question) return &answer;
  }
  return nullptr;
}

const std::vector<std::string>& words_in(
    const std::map<std::string, std::vector<std::string>>& words, const std::string& language) {
  static const std::vector<std::string> none;
  auto found = words.find(language);
  if (found == words.end()) {
    found = std::find_if(words.begin(), words.end(), [&](const auto& entry) {
      return primary_language(entry.first) == primary_language(language);
    });
  }
  return found == words.end() ? none : found->second;
}

// What names an option in speech: its words and its label.
std::vector<std::string> names_of(const Option& option, const std::string& language) {
  auto names = words_in(option.words, language);
  const auto label = option.label.by_language.find(language);
  if (label != option.label.by_language.end()) names.push_back(label->second);
  return names;
}

// The options that the speech names by words of their own or their label, in their order; nothing
// where it names none. Beside a negation a name is none, and nobody's.
std::optional<std::vector<const Option*>> named_options(const Question& question,
                                                        const std::string& language,
                                                        std::string_view speech) {
  std::vector<std::vector<std::string>> names;
  for (const auto& option : question.options) names.push_back(names_of(option, language));
  const auto said = said_names(speech, primary_language(language), names);
  if (said.denied) return std::vector<const Option*>();
  if (said.named.empty()) return {};
  std::vector<const Option*> found;
  for (const auto which : said.named) found.push_back(&question.options[which]);
  return found;
}

// Whether speech denies the key of an option: "non la due".
bool denies_a_key(const Question& question, const std::string& language, std::string_view speech) {
  std::vector<std::vector<std::string>> names;
  for (const auto& option : question.options) {
    if (option.key < '0' || option.key > '9') continue;
    names.push_back(
        {std::string(1, option.key), std::string(number_word(option.key - '0', language))});
  }
  return said_names(speech, primary_language(language), names).denied;
}

// The same of a question of yes or no. Common words are for an option only whose code says which of
// the two it is.
std::optional<std::vector<const Option*>> spoken_yes_no(const Question& question,
                                                        const std::string& language,
                                                        std::string_view speech) {
  if (question.options.size() != 2) return {};
  const auto& first = question.options.front();
  const auto& second = question.options.back();
  const bool turned = first.code == "no" || second.code == "yes";
  const auto& yes = turned ? second : first;
  const auto& no = turned ? first : second;
  if (yes.code != "yes" && no.code != "no") return named_options(question, language, speech);
  const YesNoWords own{names_of(yes, language), names_of(no, language)};
  switch (said_yes_no(speech, primary_language(language), own)) {
    case SaidYesNo::yes:
      return std::vector<const Option*>{&yes};
    case SaidYesNo::no:
      return std::vector<const Option*>{&no};
    case SaidYesNo::unclear:
      return std::vector<const Option*>();
    case SaidYesNo::nothing:
      break;
  }
  return {};
}

// The options that the speech names: by a word of their own, their label or their key, in their
// order.
std::vector<const Option*> spoken_options(const Question& question, const std::string& language,
                                          std::string_view speech) {
  const bool yes_no = question.type == QuestionType::yes_no;
  const auto named = yes_no ? spoken_yes_no(question, language, speech)
                            : named_options(question, language, speech);
  if (named) return *named;
  std::vector<const Option*> found;
  if (!yes_no && denies_a_key(question, language, speech)) return found;
  // Of several, "1,3" names two; what may be parts of a larger number names them only where each is
  // a key.
  const auto said = question.several ? said_numbers(folded(speech), language, {.listed = true})
                                     : said_numbers(speech, language);
  const bool all_keys =
      std::all_of(said.numbers.begin(), said.numbers.end(), [&](std::int64_t number) {
        return std::any_of(question.options.begin(), question.options.end(),
                           [&](const Option& option) { return option.key - '0' == number; });
      });
  if (said.in_part || (said.adjoining && !(question.several && all_keys))) return found;
  // "One moment" is no yes, and "what was two?" chooses nothing.
  if ((yes_no && said.among_words) || ends_question(end_of(speech))) return found;
  for (const auto& option : question.options) {
    if (std::find(said.numbers.begin(), said.numbers.end(), option.key - '0') !=
        said.numbers.end()) {
      found.push_back(&option);
    }
  }
  return found;
}

// What a choice comes to; nothing where it is none. Of one: exactly one option. Of several: as many
// as are allowed, in the order of the options.
std::optional<std::string> value_of_choice(const Question& question,
                                           const std::vector<const Option*>& chosen) {
  if (!question.several) {
    if (chosen.size() != 1) return {};
    return chosen.front()->code;
  }
  const auto count = static_cast<std::int64_t>(chosen.size());
  if (count < question.least || count > question.most) return {};
  std::string value;
  for (const auto* option : chosen) value += (value.empty() ? "" : " ") + option->code;
  return value;
}

// The options of the keys; none where one of them is nobody's.
std::vector<const Option*> keyed_options(const Question& question, std::string_view digits) {
  std::vector<const Option*> chosen;
  const auto has = [&](const Option& option) {
    return option.key != '\0' && digits.find(option.key) != std::string_view::npos;
  };
  for (const auto& option : question.options) {
    if (has(option)) chosen.push_back(&option);
  }
  const bool all = std::all_of(digits.begin(), digits.end(), [&](char key) {
    return std::any_of(chosen.begin(), chosen.end(), [&](const auto* o) { return o->key == key; });
  });
  if (!all || (!question.several && digits.size() != 1)) return {};
  return chosen;
}

DateRange range_of(const Question& question) {
  const auto day = [](std::int64_t days) { return std::chrono::sys_days(std::chrono::days{days}); };
  return {day(question.least), day(question.most)};
}

std::size_t digit_count(std::int64_t number) {
  return std::to_string(number).size();
}

// What the recognition should listen for. Not the words that end it all: somebody who says these
// must mean them.
std::vector<std::string> hints_for(const Campaign& campaign, const Question& question,
                                   const std::string& language) {
  std::vector<std::string> hints;
  const auto add = [&](const std::string& hint) {
    if (!hint.empty() && hint.size() <= 100 && hint.find(',') == std::string::npos &&
        std::find(hints.begin(), hints.end(), hint) == hints.end() && hints.size() < 100) {
      hints.push_back(hint);
    }
  };
  for (const auto& option : question.options) {
    for (const auto& name : names_of(option, language)) add(name);
  }
  if (question.type == QuestionType::yes_no) {
    for (const auto& word : yes_no_hints(primary_language(language))) add(word);
  }
  if (question.type == QuestionType::rating || question.type == QuestionType::number) {
    for (std::int64_t n = std::max<std::int64_t>(question.least, 0);
         n <= std::min<std::int64_t>(question.most, 10); ++n) {
      add(std::string(number_word(n, language)));
    }
  }
  for (const auto which : {Reply::refused, Reply::dont_know}) {
    if (which == Reply::refused ? !question.may_refuse : !question.may_not_know) continue;
    for (const auto& word : words_in(campaign.reply(which).words, language)) add(word);
  }
  return hints;
}

}  // namespace

bool applies(const Condition& condition, const Campaign& campaign,
             const std::vector<ScriptAnswer>& answers, const CampaignEntry& entry,
             const CallScript& script, ContactRef contact) {
  const auto holds = [&](const Condition& part) {
    return applies(part, campaign, answers, entry, script, contact);
  };
  switch (condition.op) {
    case Condition::Op::always:
      return true;
    case Condition::Op::all:
      return std::all_of(condition.parts.begin(), condition.parts.end(), holds);
    case Condition::Op::any:
      return std::any_of(condition.parts.begin(), condition.parts.end(), holds);
    case Condition::Op::negation:
      return condition.parts.empty() || !holds(condition.parts.front());
    case Condition::Op::column_is:
    case Condition::Op::column_between:
    case Condition::Op::column_empty:
      return cell_holds(condition, script.value(contact, entry, condition.name));
    case Condition::Op::question_is:
    case Condition::Op::question_answered:
    case Condition::Op::question_between:
    case Condition::Op::question_status:
      break;
  }
  const auto* answer = answer_to(campaign, answers, condition.name);
  return answer && answer_holds(condition, answer->status, answer->value);
}

bool has_settled_any(const std::vector<ScriptAnswer>& answers) {
  return std::any_of(answers.begin(), answers.end(),
                     [](const ScriptAnswer& answer) { return settles(answer.status); });
}

bool is_screened_out(const Campaign& campaign, const std::vector<ScriptAnswer>& answers,
                     const CampaignEntry& entry, const CallScript& script, ContactRef contact) {
  return std::any_of(answers.begin(), answers.end(), [&](const ScriptAnswer& answer) {
    const auto& screens = campaign.questions[answer.question].screen_out_if;
    return screens.op != Condition::Op::always && settles(answer.status) &&
           applies(screens, campaign, answers, entry, script, contact);
  });
}

NextStep next_step(const Campaign& campaign, const std::vector<ScriptAnswer>& answers,
                   const CampaignEntry& entry, const CallScript& script, ContactRef contact,
                   const std::vector<std::uint8_t>& reopened) {
  NextStep step;
  if (is_screened_out(campaign, answers, entry, script, contact)) {
    step.kind = NextStep::Kind::screened_out;
    return step;
  }
  for (std::size_t i = 0; i < campaign.questions.size(); ++i) {
    const auto& question = campaign.questions[i];
    const auto* answer = answer_to(campaign, answers, question.id);
    // A required question that was left open in an earlier call is asked again.
    const bool over = answer && (settles(answer->status) || !question.required);
    if (over && std::find(reopened.begin(), reopened.end(), i) == reopened.end()) continue;
    if (!applies(question.ask_if, campaign, answers, entry, script, contact)) continue;
    step.kind = NextStep::Kind::question;
    step.question = static_cast<std::uint8_t>(i);
    break;
  }
  if (const auto quota = full_quota(campaign, answers, entry, script, contact, step.question)) {
    step.kind = NextStep::Kind::quota_full;
    step.quota = *quota;
  }
  return step;
}

std::optional<std::uint8_t> next_question(const Campaign& campaign,
                                          const std::vector<ScriptAnswer>& answers,
                                          const CampaignEntry& entry, const CallScript& script,
                                          ContactRef contact) {
  const auto step = next_step(campaign, answers, entry, script, contact);
  if (step.kind != NextStep::Kind::question) return {};
  return step.question;
}

std::vector<ScriptAnswer> without_silence(std::vector<ScriptAnswer> answers, std::size_t from) {
  std::erase_if(answers, [&](const ScriptAnswer& answer) {
    return answer.question >= from && answer.status == AnswerStatus::no_input;
  });
  return answers;
}

std::vector<ScriptAnswer> answers_before_call(const CallScript& script, ContactRef contact) {
  const auto& kept = script.answers(contact);
  return has_settled_any(kept) ? kept : without_silence(kept, 0);
}

std::optional<std::uint8_t> question_before(std::uint8_t question, const Campaign& campaign,
                                            const std::vector<ScriptAnswer>& answers,
                                            const CampaignEntry& entry, const CallScript& script,
                                            ContactRef contact) {
  for (auto i = question; i-- > 0;) {
    const auto& before = campaign.questions[i];
    if (answer_to(campaign, answers, before.id) &&
        applies(before.ask_if, campaign, answers, entry, script, contact)) {
      return i;
    }
  }
  return {};
}

namespace {

bool is_offered(const Campaign& campaign, const Question& question, Reply which) {
  if (!campaign.reply(which).known) return false;
  if (which == Reply::refused) return question.may_refuse;
  if (which == Reply::dont_know) return question.may_not_know;
  return true;
}

// Whether an option's own words say as much as this phrase and more.
bool an_option_says(const Question& question, const std::string& language, const std::string& heard,
                    const std::string& phrase) {
  const auto covers = [&](std::string_view word) {
    return says(heard, word) && folded(word).find(phrase) != std::string::npos;
  };
  return std::any_of(question.options.begin(), question.options.end(), [&](const Option& option) {
    const auto& words = words_in(option.words, language);
    if (std::any_of(words.begin(), words.end(), covers)) return true;
    const auto label = option.label.by_language.find(language);
    return label != option.label.by_language.end() && covers(label->second);
  });
}

// What somebody wants who does not answer. In an open answer it counts only where it is about all
// that was said: "I do not know, perhaps the wait" is an answer.
std::optional<Reply> spoken_reply(const Campaign& campaign, const Question& question,
                                  const std::string& language, const std::string& heard) {
  constexpr std::size_t other_bytes_max = 16;
  for (std::size_t i = 0; i < reply_kinds; ++i) {
    const auto which = static_cast<Reply>(i);
    if (!is_offered(campaign, question, which)) continue;
    for (const auto& word : words_in(campaign.reply(which).words, language)) {
      const auto phrase = folded(word);
      if (!says(heard, word) || an_option_says(question, language, heard, phrase)) continue;
      if (question.type == QuestionType::open && heard.size() > phrase.size() + other_bytes_max) {
        continue;
      }
      return which;
    }
  }
  return {};
}

}  // namespace

Understood understand(const Campaign& campaign, const Question& question,
                      const std::string& language, std::string_view digits, std::string_view speech,
                      const std::optional<std::chrono::sys_days>& today) {
  if (!digits.empty()) {
    if (campaign.opt_out.key != '\0' && digits == std::string_view(&campaign.opt_out.key, 1)) {
      return {Understood::Kind::opt_out, "", "key", ""};
    }
    for (std::size_t i = 0; i < reply_kinds; ++i) {
      const auto which = static_cast<Reply>(i);
      const auto& key = campaign.reply(which).key;
      if (key != '\0' && digits == std::string_view(&key, 1) &&
          is_offered(campaign, question, which)) {
        return {Understood::Kind::reply, "", "key", "", which};
      }
    }
    const std::string keyed(digits);
    switch (question.type) {
      case QuestionType::choice:
      case QuestionType::yes_no:
        if (const auto value = value_of_choice(question, keyed_options(question, digits))) {
          return {Understood::Kind::given, *value, "key", ""};
        }
        return {Understood::Kind::invalid, "", "key", keyed};
      case QuestionType::rating:
      case QuestionType::number: {
        const auto number = whole_number_of(digits);
        if (number && *number >= question.least && *number <= question.most) {
          return {Understood::Kind::given, std::to_string(*number), "key", ""};
        }
        return {Understood::Kind::invalid, "", "key", keyed};
      }
      case QuestionType::date:
        if (const auto day = keyed_date(digits, range_of(question))) {
          return {Understood::Kind::given, date_text(*day), "key", ""};
        }
        return {Understood::Kind::invalid, "", "key", keyed};
      case QuestionType::open:
        return {Understood::Kind::invalid, "", "key", keyed};
    }
  }
  const auto heard = folded(speech);
  if (heard.size() <= 1) return {};
  const std::string words(speech);
  for (const auto& word : words_in(campaign.opt_out.words, language)) {
    if (says(heard, word)) return {Understood::Kind::opt_out, "", "speech", words};
  }
  if (const auto reply = spoken_reply(campaign, question, language, heard)) {
    return {Understood::Kind::reply, "", "speech", words, *reply};
  }
  switch (question.type) {
    case QuestionType::choice:
    case QuestionType::yes_no:
      if (const auto value =
              value_of_choice(question, spoken_options(question, language, speech))) {
        return {Understood::Kind::given, *value, "speech", words};
      }
      return {Understood::Kind::invalid, "", "speech", words};
    case QuestionType::rating:
    case QuestionType::number: {
      const auto number =
          said_number(speech, language,
                      {.counted = question.type == QuestionType::number, .most = question.most});
      if (number && *number >= question.least && *number <= question.most) {
        return {Understood::Kind::given, std::to_string(*number), "speech", words};
      }
      return {Understood::Kind::invalid, "", "speech", words};
    }
    case QuestionType::date:
      if (const auto day =
              spoken_date(heard, primary_language(language), range_of(question), today)) {
        return {Understood::Kind::given, date_text(*day), "speech", words};
      }
      return {Understood::Kind::invalid, "", "speech", words};
    case QuestionType::open:
      return {Understood::Kind::given, "", "speech", words};
  }
  return {};
}

bool is_screening(std::string_view speech) {
  // What the assistants of telephones say for themselves, folded: of Apple's, Google's and
  // Samsung's in the languages that are common here. Whole phrases, so that nobody's answer is
  // taken for one.
  static constexpr std::array<std::string_view, 22> phrases{
      " record your name and reason for calling ",
      " say your name and why you re calling ",
      " say your name and why you are calling ",
      " using a screening service ",
      " call screening service ",
      " call assist ",
      " the person you re calling is using ",
      " the person you are calling is using ",
      " see if this person is available ",
      " registra il tuo nome e il motivo della chiamata ",
      " di il tuo nome e il motivo della chiamata ",
      " indichi il suo nome e il motivo della chiamata ",
      " nome e motivo della chiamata ",
      " servizio di filtro delle chiamate ",
      " la persona che stai chiamando sta usando ",
      " enregistrez votre nom et le motif de votre appel ",
      " votre nom et la raison de votre appel ",
      " nennen sie ihren namen und den grund ihres anrufs ",
      " ihren namen und den grund fur ihren anruf ",
      " di tu nombre y el motivo de la llamada ",
      " diga su nombre y el motivo de la llamada ",
      " seu nome e o motivo da ligacao "};
  const auto heard = folded(speech);
  return std::any_of(phrases.begin(), phrases.end(), [&](std::string_view phrase) {
    return heard.find(phrase) != std::string::npos;
  });
}

std::string personal_text(const Text& text, const Campaign& campaign, const CampaignEntry& entry,
                          const CallScript& script, ContactRef contact) {
  return render_template(text.in(script.language(contact), campaign.language),
                         [&](std::string_view name) { return script.value(contact, entry, name); });
}

std::uint32_t speaking_seconds(std::string_view text) {
  return static_cast<std::uint32_t>((text.size() + 14) / 15);
}

CallDocument message_document(const std::string& message, const std::string& language,
                              const std::string& voice) {
  return {Say{message, language, voice}, Pause{1}, Hangup{}};
}

bool says_never_again(const Campaign& campaign, const std::string& language,
                      std::string_view speech) {
  const auto heard = folded(speech);
  const auto& words = words_in(campaign.opt_out.words, language);
  return std::any_of(words.begin(), words.end(),
                     [&](const std::string& word) { return says(heard, word); });
}

namespace {

Say say_in(const Campaign& campaign, const std::string& language, std::string text) {
  const auto voice = campaign.voices.find(language);
  return {std::move(text), language, voice == campaign.voices.end() ? "" : voice->second};
}

}  // namespace

CallDocument agent_apology(const Campaign& campaign, const std::string& language,
                           const std::string& apology) {
  CallDocument document;
  const auto words = apology.empty() ? std::string(apology_in(language)) : apology;
  if (!words.empty()) document.push_back(say_in(campaign, language, words));
  document.push_back(Hangup{});
  return document;
}

CallDocument agent_document(const Campaign& campaign, const std::string& language,
                            const std::string& disclosure) {
  auto words = disclosure;
  if (const auto moment = moment_in(language); !moment.empty()) {
    if (!words.empty()) words += ' ';
    words += moment;
  }
  CallDocument document;
  if (!words.empty()) document.push_back(say_in(campaign, language, words));
  document.push_back(Connect{});
  return document;
}

namespace {

// A message, and "never again" said to it: by key while it is said and for a while after it; by
// words after it alone, so that a "hello?" does not break it off.
CallDocument message_that_listens(const Campaign& campaign, const CallPosition& call, Say message) {
  const bool by_key = campaign.opt_out.key != '\0' && call.invalids < message_breaks_max;
  const bool by_speech = !words_in(campaign.opt_out.words, message.language).empty();
  Ask listening;
  listening.by_key = by_key;
  listening.by_speech = false;
  listening.timeout_seconds = by_speech ? 1 : opt_out_listening_seconds;
  listening.language = message.language;
  listening.question = opt_out_question;
  listening.turn = call.turn;
  listening.tells_silence = false;
  CallDocument document;
  if (by_key) {
    document.push_back(listening);
    std::get<Ask>(document.back()).prompts.push_back(std::move(message));
  } else {
    document.push_back(std::move(message));
  }
  if (by_speech) {
    listening.by_speech = true;
    listening.timeout_seconds = opt_out_listening_seconds;
    document.push_back(std::move(listening));
  }
  return document;
}

}  // namespace

CallDocument current_document(const Register& book, const CallScript& script, ContactRef contact) {
  const auto* call = script.call(contact);
  if (!call || call->turn == 0) return {Hangup{}};
  const auto& entry = book.at(contact.campaign);
  const auto& campaign = *entry.definition;
  // A text that this language lacks is said in the campaign's own, by that language's voice.
  const auto say = [&](const Text& text) {
    const auto& own = script.language(contact);
    const auto& language = text.by_language.count(own) ? own : campaign.language;
    const auto voice = campaign.voices.find(language);
    return Say{personal_text(text, campaign, entry, script, contact), language,
               voice == campaign.voices.end() ? "" : voice->second};
  };
  CallDocument document;
  const auto add = [&](const Text& text) {
    if (!text.empty()) document.push_back(say(text));
  };
  // Before what is said instead of an agent that failed, and in its language.
  const auto excuse = [&](const Text& next) {
    const auto language = say(next).language;
    const auto words = excuse_in(language);
    if (!words.empty()) document.push_back(say_in(campaign, language, std::string(words)));
  };
  if (call->turn == 1 && call->prompt != "hang_up" && call->prompt != "machine") {
    add(campaign.recording.announcement);
  }
  if (call->prompt == "question") {
    const auto question = std::find_if(campaign.questions.begin(), campaign.questions.end(),
                                       [&](const Question& q) { return q.id == call->question; });
    if (question == campaign.questions.end()) return {Hangup{}};
    if (call->again == "failed") {
      if (campaign.resumed.empty()) excuse(question->ask);
      add(campaign.resumed);
    } else if (call->turn == 1) {
      const auto& answers = script.answers(contact);
      const bool again = !campaign.resumed.empty() && std::any_of(answers.begin(), answers.end(),
                                                                  [](const ScriptAnswer& answer) {
                                                                    return settles(answer.status);
                                                                  });
      add(again ? campaign.resumed : campaign.greeting);
    }
    if (call->again == "screening") {
      // Then whoever was called may take the call, and is greeted.
      add(campaign.screening);
      document.push_back(Pause{screening_pause_seconds});
      add(campaign.greeting);
    }
    Ask ask;
    if (call->again == "silence" && !question->on_silence.empty()) {
      ask.prompts.push_back(say(question->on_silence));
    }
    if (call->again == "invalid" && !question->on_invalid.empty()) {
      ask.prompts.push_back(say(question->on_invalid));
    }
    ask.prompts.push_back(say(question->ask));
    if (question->shuffle) {
      auto& asked = ask.prompts.back();
      asked.text += ' ';
      asked.text += offer_of(*question, script.value(contact, entry, order_column_of(*question)),
                             asked.language, campaign.language);
    }
    // Somebody who can only speak can still press the key that ends it all.
    ask.by_key = question->by_key || campaign.opt_out.key != '\0' ||
                 std::any_of(campaign.replies.begin(), campaign.replies.end(),
                             [](const ReplySpec& reply) { return reply.key != '\0'; });
    ask.by_speech = question->by_speech;
    ask.digits = 1;
    if (question->type == QuestionType::rating || question->type == QuestionType::number) {
      const auto digits = std::max(digit_count(question->least), digit_count(question->most));
      ask.digits = digits == 1 ? 1 : 0;
    } else if (question->several) {
      ask.digits = 0;
    } else if (question->type == QuestionType::date) {
      // Within a year the day and the month say it all.
      ask.digits = question->most - question->least < 365 ? 4 : 8;
    }
    ask.timeout_seconds = static_cast<std::uint32_t>(question->timeout.count());
    ask.language = ask.prompts.back().language;
    ask.hints = hints_for(campaign, *question, ask.language);
    ask.question = question->id;
    ask.turn = call->turn;
    document.push_back(std::move(ask));
    return document;
  }
  if (call->prompt == "agent") {
    const auto disclosure = say(campaign.agent.disclosure);
    const auto apology = say(campaign.agent.apology);
    for (auto& verb : agent_document(campaign, disclosure.language, disclosure.text)) {
      document.push_back(std::move(verb));
    }
    // Where the carrier cannot open the stream and asks nobody what to do.
    for (auto& verb : agent_apology(campaign, apology.language, apology.text)) {
      document.push_back(std::move(verb));
    }
    return document;
  }
  if (call->prompt == "apology") {
    const auto apology = say(campaign.agent.apology);
    return agent_apology(campaign, apology.language, apology.text);
  }
  if (call->prompt == "transfer") {
    return {Transfer{campaign.humans(), call->agent.caller_id}, Hangup{}};
  }
  if (call->prompt == "message") {
    if (call->agent.stage != AgentStage::none) excuse(campaign.greeting);
    if (!campaign.greeting.empty()) {
      for (auto& verb : message_that_listens(campaign, *call, say(campaign.greeting))) {
        document.push_back(std::move(verb));
      }
    }
    document.push_back(Pause{1});
  } else if (call->prompt == "machine") {
    add(campaign.machine.message);
  } else if (call->prompt == "opted_out") {
    add(campaign.opt_out.goodbye.empty() ? campaign.goodbye : campaign.opt_out.goodbye);
  } else if (call->prompt == "stopped" || call->prompt == "callback") {
    const auto& own =
        campaign.reply(call->prompt == "stopped" ? Reply::stop : Reply::person).goodbye;
    add(own.empty() ? campaign.goodbye : own);
  } else if (call->prompt == "screened_out") {
    add(campaign.screened_out.empty() ? campaign.goodbye : campaign.screened_out);
  } else if (call->prompt == "quota_full") {
    // Who calls is said whatever follows.
    if (call->turn == 1) {
      add(campaign.mode == Mode::agent ? campaign.agent.disclosure : campaign.greeting);
    }
    add(campaign.quota_full.empty() ? campaign.goodbye : campaign.quota_full);
  } else if (call->prompt == "goodbye" || call->prompt == "gave_up" || call->prompt == "farewell") {
    add(campaign.goodbye);
  }
  document.push_back(Hangup{});
  return document;
}

}  // namespace campaigns
