#include "tests/support/given.hpp"

#include <boost/test/unit_test.hpp>

#include <utility>

namespace support {

std::string line_of(const Subject& subject, const Event& event) {
  const auto encoded = encode(subject, event);
  auto line = encoded.stream + ' ' + encoded.type + ' ' + encoded.payload;
  if (!encoded.personal.empty()) line += ' ' + encoded.personal;
  return line;
}

std::string lines_of(const Facts& facts) {
  std::string lines;
  for (const auto& fact : facts) lines += line_of(fact.subject, fact.event) + '\n';
  return lines;
}

std::string text_of(const std::function<void(const CanonicalSink&)>& write) {
  std::string text;
  write([&](std::string_view part) { text += part; });
  return text;
}

Instant utc(const char* text) {
  return parse_rfc3339(text).value();
}

World::~World() {
  State replayed;
  for (const auto& fact : log_) evolve(replayed, fact);
  for (const auto& projection : projections()) {
    const auto text = [&](const State& state) {
      return text_of([&](const CanonicalSink& sink) { projection.write(state, sink); });
    };
    BOOST_TEST(text(state_) == text(replayed), projection.name << " differs from its replay");
  }
}

World& World::given(Subject subject, const Event& event, std::optional<Instant> occurred_at) {
  Fact fact;
  fact.subject = std::move(subject);
  fact.event = event;
  fact.occurred_at = occurred_at;
  Facts facts;
  facts.push_back(std::move(fact));
  fold(std::move(facts));
  return *this;
}

std::string World::when(const Command& command) {
  if (holds_alternative<StartRunner>(command)) run_since_ = now_;
  auto decided = decide(state_, command, {now_, 0, run_since_});
  if (!decided) return "refused: " + decided.error().code;
  const auto lines = lines_of(decided.value());
  fold(std::move(decided).value());
  return lines;
}

World& World::does(const Command& command) {
  const auto result = when(command);
  BOOST_TEST(result.rfind("refused", 0) == std::string::npos, result);
  return *this;
}

std::string World::plans() {
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

std::string World::wakes() const {
  const auto at = next_wakeup(state_, rules_, now_, limits);
  return at ? rfc3339_utc(*at) : "never";
}

void World::fold(Facts facts) {
  for (auto& fact : facts) {
    stamp(state_, fact, {now_, 0});
    const auto encoded = encode(fact.subject, fact.event);
    auto decoded = decoder_.decode(encoded.type, encoded.schema, encoded.personal, encoded.payload);
    BOOST_REQUIRE_MESSAGE(decoded.ok(), encoded.type + " cannot be read back");
    fact.event = std::move(decoded).value();
    evolve(state_, fact);
    log_.push_back(fact);
  }
}

std::string World::outcomes() const {
  return text_of([&](const CanonicalSink& sink) { write_outcomes(state_, sink); });
}

std::string World::projection(std::string_view name) const {
  for (const auto& projection : projections()) {
    if (projection.name == name) {
      return text_of([&](const CanonicalSink& sink) { projection.write(state_, sink); });
    }
  }
  return {};
}

}  // namespace support
