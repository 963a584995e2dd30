#include "bridge/rehearsal/talk.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "bridge/rehearsal/dice.hpp"

namespace bridge::rehearsal {
namespace {

using std::chrono::seconds;

// How long a line that no person answered stays open.
constexpr seconds machine_time{90};
constexpr seconds fax_time{25};

// Whether a prompt asks for the key that ends the input.
bool names_finish(std::string_view prompt, std::string_view finish) {
  constexpr std::array<std::string_view, 5> hash_names{"cancelletto", "Cancelletto", "hash",
                                                       "pound", "#"};
  constexpr std::array<std::string_view, 4> star_names{"asterisco", "Asterisco", "star", "*"};
  const auto says = [&](std::string_view name) {
    return prompt.find(name) != std::string_view::npos;
  };
  return (finish.find('#') != std::string_view::npos && std::ranges::any_of(hash_names, says)) ||
         (finish.find('*') != std::string_view::npos && std::ranges::any_of(star_names, says));
}

// Somebody else has picked up by then.
void leave_off(Leg& leg, seconds by) {
  if (leg.ends <= by) return;
  if (leg.rings > by) leg.rings.reset();
  leg.answers.reset();
  leg.ends = by;
  leg.status = "canceled";
}

}  // namespace

Talk::Talk(const People& people, std::uint64_t seed, std::string to, std::uint64_t ordinal)
    : people_(people),
      seed_(seed),
      to_(std::move(to)),
      ordinal_(ordinal),
      person_(meet(people, seed, to_, ordinal)) {}

Act Talk::done(Act act) {
  const seconds line_time = person_.answerer == Answerer::machine ? machine_time
                            : person_.answerer == Answerer::fax   ? fax_time
                                                                  : seconds::max();
  if (elapsed_ + act.after > line_time) {
    auto legs = std::move(act.legs);
    act = {.kind = Act::Kind::person_hangs_up, .after = std::max(line_time - elapsed_, seconds(0))};
    act.legs = std::move(legs);
  }
  elapsed_ += act.after;
  return act;
}

Act Talk::perform(const Document& document, const std::string& url) {
  ++documents_;
  if (person_.hangs_up_at_once) {
    return done({.kind = Act::Kind::person_hangs_up, .after = seconds(1)});
  }
  const bool asks = std::ranges::any_of(
      document.verbs, [](const Verb& verb) { return verb.kind == Verb::Kind::gather; });
  // A document that only speaks is one chance to hang up in the middle of it.
  Dice dice(seed_, to_, ordinal_, "listening", documents_);
  const int weights =
      people_.right_key + people_.speech + people_.wrong_key + people_.silence + people_.hang_up;
  const bool loses_patience = person_.answerer == Answerer::human && !asks &&
                              dice.between(0, std::max(weights, 1) - 1) < people_.hang_up;
  seconds speech_time{0};
  for (const Verb& verb : document.verbs) {
    if (verb.kind == Verb::Kind::hangup || verb.kind == Verb::Kind::redirect ||
        verb.kind == Verb::Kind::connect) {
      break;
    }
    speech_time += verb.time;
  }
  if (loses_patience && speech_time > seconds(2)) {
    const int longest = static_cast<int>(std::min<long>(speech_time.count() - 1, 120));
    return done({.kind = Act::Kind::person_hangs_up, .after = seconds(dice.between(1, longest))});
  }

  return go_on(document, url, 0);
}

void Talk::remember_offer(std::string_view said) {
  if (const char key = offered_keys(said, {}).opt_out; key != '\0') opt_out_ = key;
}

Act Talk::go_on(const Document& document, const std::string& url, std::size_t first) {
  seconds now{0};
  std::string heard;  // what was said since the last question: a prompt may stand before its Gather
  std::vector<Leg> legs;
  const auto leave = [&](Act act) {
    act.legs.insert(act.legs.begin(), legs.begin(), legs.end());
    act.talked_with += legs.size();
    return done(std::move(act));
  };
  for (std::size_t i = first; i < document.verbs.size(); ++i) {
    const Verb& verb = document.verbs[i];
    switch (verb.kind) {
      case Verb::Kind::say:
        heard.append(heard.empty() ? "" : " ").append(verb.text);
        remember_offer(verb.text);
        now += verb.time;
        break;
      case Verb::Kind::play:
      case Verb::Kind::pause:
        now += verb.time;
        break;
      case Verb::Kind::hangup:
        return leave({.kind = Act::Kind::document_hangs_up, .after = now});
      case Verb::Kind::redirect:
        return leave({.kind = Act::Kind::request,
                      .after = now,
                      .url = resolve_url(url, verb.text),
                      .by_get = verb.by_get});
      case Verb::Kind::connect:
        return leave({.kind = Act::Kind::stream, .after = now, .verb = i});
      case Verb::Kind::record:
      case Verb::Kind::dial: {
        Heard came = verb.kind == Verb::Kind::dial ? dial(verb, url, now) : record(verb, url, now);
        if (came.ended) return leave(std::move(came.act));
        now = came.act.after;
        std::ranges::move(came.act.legs, std::back_inserter(legs));
        heard.clear();
        break;
      }
      case Verb::Kind::gather: {
        Heard answer = gather(verb, heard, url, now);
        if (answer.ended) return leave(std::move(answer.act));
        now = answer.act.after;
        heard.clear();
        break;
      }
    }
  }
  return leave({.kind = Act::Kind::document_hangs_up, .after = now});
}

// Somebody says something after the beep, presses a key, falls silent or hangs up; who says nothing
// leaves nothing to be kept, and the next verb follows.
Talk::Heard Talk::record(const Verb& verb, const std::string& url, seconds began) {
  if (verb.beep) began += seconds(1);
  Dice dice(seed_, to_, ordinal_, "recording", turn_++);
  const int weights =
      people_.right_key + people_.speech + people_.wrong_key + people_.silence + people_.hang_up;
  const int choice = dice.between(0, std::max(weights, 1) - 1);
  // No silence is long enough where it is 0: only the length ends it.
  const seconds patience = verb.timeout.count() == 0 ? verb.time_max : verb.timeout;
  if (person_.answerer != Answerer::human || choice < people_.silence) {
    return {.ended = false, .act = {.after = began + std::min(patience, verb.time_max)}};
  }
  Act act{.kind = Act::Kind::request,
          .url = verb.action.empty() ? url : resolve_url(url, verb.action),
          .by_get = verb.by_get,
          .recorded = true,
          .recorded_url = verb.recorded.empty() ? "" : resolve_url(url, verb.recorded),
          .recorded_by_get = verb.recorded_by_get};
  const seconds said = std::min(seconds(dice.between(2, 20)), verb.time_max);
  const bool hangs_up = choice < people_.silence + people_.hang_up;
  const bool presses = !verb.finish_on_key.empty() && dice.per_mille(500);
  act.recorded_time = said;
  std::string digits;
  if (said == verb.time_max) {
    act.after = began + said;
  } else if (hangs_up) {
    act.kind = Act::Kind::person_hangs_up;
    act.after = began + said;
    digits = "hangup";
  } else if (presses) {
    act.after = began + said;
    digits = verb.finish_on_key[dice.below(verb.finish_on_key.size())];
  } else {
    act.after = began + std::min(said + patience, verb.time_max);
  }
  act.fields = {{"RecordingDuration", std::to_string(said.count())}, {"Digits", digits}};
  return {.ended = true, .act = std::move(act)};
}

// Who is dialled answers as anybody does who is called; the first of several to answer talks with
// the person until one of them hangs up.
Talk::Heard Talk::dial(const Verb& verb, const std::string& url, seconds began) {
  Dice dice(seed_, to_, ordinal_, "dialling", turn_++);
  Act act{.kind = Act::Kind::request,
          .url = verb.action.empty() ? "" : resolve_url(url, verb.action),
          .by_get = verb.by_get,
          .dialled = true};
  seconds after = seconds::max();
  std::string status = "failed";
  seconds tried{0};
  for (const Dialled& one : verb.dialled) {
    const std::string& number = one.number;
    const bool dialable = number.size() > 5 && number.front() == '+' &&
                          number.find_first_not_of("0123456789", 1) == std::string::npos;
    const Person other = meet(people_, seed_, number, ordinal_);
    const seconds answers = other.rings_after + other.answers_after;
    Leg leg{.to = one, .begins = began, .ends = began + other.rings_after};
    if (!dialable || other.answerer == Answerer::failed) {
      leg.status = "failed";
    } else if (other.answerer == Answerer::busy) {
      leg.status = "busy";
      if (status == "failed") status = "busy";
    } else if (other.answerer == Answerer::no_answer || answers > verb.timeout) {
      leg.status = "no-answer";
      status = "no-answer";
      leg.rings = began + other.rings_after;
      leg.ends = began + verb.timeout;
    } else {
      leg.rings = began + other.rings_after;
      leg.answers = began + answers;
      leg.ends = seconds::max();
      if (answers < after) act.talked_with = act.legs.size();
      after = std::min(after, answers);
    }
    if (!leg.answers) tried = std::max(tried, leg.ends - began);
    act.legs.push_back(std::move(leg));
  }
  act.after = began + tried;
  if (after != seconds::max()) {
    const seconds talk = std::min(seconds(dice.between(10, 120)), verb.time_max);
    act.after = began + after + talk;
    // Who was called, or who was dialled: either may hang up first.
    if (talk < verb.time_max && dice.per_mille(300)) act.kind = Act::Kind::person_hangs_up;
    act.fields = {{"DialCallStatus", "completed"},
                  {"DialCallDuration", std::to_string(talk.count())},
                  {"DialBridged", "true"}};
    for (Leg& leg : act.legs) leave_off(leg, began + after);
    Leg& taken = act.legs[act.talked_with];
    taken.answers = began + after;
    taken.ends = act.after;
    taken.status = "completed";
    taken.talked = talk;
  } else {
    act.fields = {{"DialCallStatus", status}, {"DialBridged", "false"}};
  }
  const bool ended = act.kind == Act::Kind::person_hangs_up || !act.url.empty();
  return {.ended = ended, .act = std::move(act)};
}

Talk::Heard Talk::gather(const Verb& verb, const std::string& heard_before, const std::string& url,
                         seconds began) {
  Question question{.prompt = {},
                    .hints = verb.hints,
                    .language = verb.language,
                    .takes_keys = verb.takes_keys,
                    .takes_speech = verb.takes_speech,
                    .digits_max = verb.digits_max,
                    .finish = verb.finish_on_key,
                    .prompt_time = seconds(0),
                    .patience = verb.timeout,
                    .opt_out = opt_out_};
  for (const Verb& prompt : verb.prompts) {
    question.prompt_time += prompt.time;
    if (prompt.kind != Verb::Kind::say) continue;
    question.prompt.append(question.prompt.empty() ? "" : " ").append(prompt.text);
  }
  if (question.prompt.empty()) question.prompt = heard_before;
  remember_offer(question.prompt);

  Reaction reaction;
  if (person_.answerer == Answerer::human) {
    reaction = react(people_, seed_, to_, ordinal_, turn_, question);
    if (person_.screens && turn_ == 0 && verb.takes_speech) {
      reaction = {.kind = Reaction::Kind::speech,
                  .text = std::string(screening_words(verb.language)),
                  .after = seconds(2)};
    }
  }
  ++turn_;
  if (!verb.barge_in) reaction.after = std::max(reaction.after, question.prompt_time);

  Act act{.kind = Act::Kind::request,
          .after = began + question.prompt_time + verb.timeout,
          .url = verb.action.empty() ? url : resolve_url(url, verb.action),
          .by_get = verb.by_get};
  switch (reaction.kind) {
    case Reaction::Kind::hang_up:
      return {.ended = true,
              .act = {.kind = Act::Kind::person_hangs_up, .after = began + reaction.after}};
    case Reaction::Kind::speech: {
      Dice dice(seed_, to_, ordinal_, "confidence", turn_);
      act.after = began + reaction.after + speaking_time(reaction.text) + verb.speech_timeout;
      act.fields = {{"SpeechResult", reaction.text},
                    {"Confidence", "0." + std::to_string(dice.between(55, 98))}};
      return {.ended = true, .act = std::move(act)};
    }
    case Reaction::Kind::keys: {
      std::string digits;
      bool finished = false;
      for (const char key : reaction.text) {
        finished = verb.finish_on_key.find(key) != std::string::npos;
        if (finished) break;
        digits += key;
        finished = verb.digits_max > 0 && std::ssize(digits) == verb.digits_max;
        if (finished) break;
      }
      finished = finished || names_finish(question.prompt, verb.finish_on_key);
      act.after = began + reaction.after + (finished ? seconds(0) : verb.timeout);
      if (!digits.empty()) {
        act.fields = {{"Digits", digits}};
        return {.ended = true, .act = std::move(act)};
      }
      break;  // only the finishing key: as good as silence
    }
    case Reaction::Kind::silence:
      break;
  }
  if (verb.action_on_empty_result) {
    // Empty or absent: a program must bear both (protocols.md 4.4).
    if (verb.takes_keys && turn_ % 2 == 0) act.fields = {{"Digits", ""}};
    return {.ended = true, .act = std::move(act)};
  }
  return {.ended = false, .act = std::move(act)};
}

}  // namespace bridge::rehearsal
