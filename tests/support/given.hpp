#pragma once

#include <boost/test/unit_test.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "campaigns/campaign_file.hpp"
#include "campaigns/decide.hpp"
#include "campaigns/event_codec.hpp"
#include "campaigns/plan.hpp"
#include "campaigns/state.hpp"
#include "campaigns/zone_rules.hpp"

// Given events, when a command, then events. Events are compared as the log would keep them, one a
// line: "contact/survey/1 CallAccepted {"attempt":1,"sid":"CA1"}", the personal part behind.
namespace support {

using namespace campaigns;

inline std::string line_of(const Subject& subject, const Event& event) {
  const auto encoded = encode(subject, event);
  auto line = encoded.stream + ' ' + encoded.type + ' ' + encoded.payload;
  if (!encoded.personal.empty()) line += ' ' + encoded.personal;
  return line;
}

inline std::string lines_of(const Facts& facts) {
  std::string lines;
  for (const auto& fact : facts) lines += line_of(fact.subject, fact.event) + '\n';
  return lines;
}

inline std::string text_of(const std::function<void(const CanonicalSink&)>& write) {
  std::string text;
  write([&](std::string_view part) { text += part; });
  return text;
}

inline Instant utc(const char* text) {
  return parse_rfc3339(text).value();
}

// A log in memory and the state that follows from it. Every event goes through the codec on its
// way into the state; when the world ends, its state is compared with that of a replay.
class World {
 public:
  explicit World(ZoneRules rules = {}) : rules_(std::move(rules)) {}
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  ~World() {
    State replayed;
    for (const auto& fact : log_) evolve(replayed, fact);
    for (const auto& projection : projections()) {
      const auto text = [&](const State& state) {
        return text_of([&](const CanonicalSink& sink) { projection.write(state, sink); });
      };
      BOOST_TEST(text(state_) == text(replayed), projection.name << " differs from its replay");
    }
  }

  World& at(Instant now) {
    now_ = now;
    return *this;
  }
  World& at(const char* now) { return at(utc(now)); }
  World& later(Milliseconds by) { return at(now_ + by); }

  // What happened before.
  World& given(Subject subject, Event event, std::optional<Instant> occurred_at = {}) {
    Fact fact;
    fact.subject = std::move(subject);
    fact.event = std::move(event);
    fact.occurred_at = occurred_at;
    Facts facts;
    facts.push_back(std::move(fact));
    fold(std::move(facts));
    return *this;
  }

  // What a command leads to, folded in; "refused: code" for a refusal, empty for a repeat.
  std::string when(const Command& command) {
    auto decided = decide(state_, command, {now_, 0});
    if (!decided) return "refused: " + decided.error().code;
    const auto lines = lines_of(decided.value());
    fold(std::move(decided).value());
    return lines;
  }
  // The same without showing it.
  World& does(const Command& command) {
    const auto result = when(command);
    BOOST_TEST(result.rfind("refused", 0) == std::string::npos, result);
    return *this;
  }
  // What is due now, round by round until nothing is.
  std::string plans() {
    std::string lines;
    for (int round = 0; round < 10'000; ++round) {
      auto facts = plan(state_, rules_, {now_, 0}, limits);
      if (facts.empty()) return lines;
      lines += lines_of(facts);
      fold(std::move(facts));
    }
    BOOST_FAIL("plan finds no end");
    return lines;
  }
  // The next wakeup as text, "never" for none.
  std::string wakes() const {
    const auto at = next_wakeup(state_, rules_, now_, limits);
    return at ? rfc3339_utc(*at) : "never";
  }

  void fold(Facts facts) {
    for (auto& fact : facts) {
      stamp(state_, fact, {now_, 0});
      const auto encoded = encode(fact.subject, fact.event);
      auto decoded =
          decoder_.decode(encoded.type, encoded.schema, encoded.personal, encoded.payload);
      BOOST_REQUIRE_MESSAGE(decoded.ok(), encoded.type + " cannot be read back");
      fact.event = std::move(decoded).value();
      evolve(state_, fact);
      log_.push_back(fact);
    }
  }

  const State& state() const { return state_; }
  const ZoneRules& rules() const { return rules_; }
  Instant now() const { return now_; }
  const Facts& log() const { return log_; }
  std::string outcomes() const {
    return text_of([&](const CanonicalSink& sink) { write_outcomes(state_, sink); });
  }
  std::string projection(std::string_view name) const {
    for (const auto& projection : projections()) {
      if (projection.name == name) {
        return text_of([&](const CanonicalSink& sink) { projection.write(state_, sink); });
      }
    }
    return {};
  }

  PlanLimits limits{};

 private:
  ZoneRules rules_{};
  State state_{};
  Instant now_{};
  Facts log_{};
  EventDecoder decoder_{};
};

}  // namespace support
