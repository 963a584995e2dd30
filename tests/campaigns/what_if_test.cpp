#include "campaigns/what_if.hpp"

#include <boost/test/unit_test.hpp>
#include <functional>

#include "campaigns/campaign_file.hpp"
#include "tests/campaigns/some_campaigns.hpp"

BOOST_AUTO_TEST_SUITE(what_if)

using namespace campaigns;
using namespace some;

namespace {

constexpr std::uint32_t people = 24;

Campaign campaign_of_many() {
  auto campaign = some::survey();
  campaign.pacing.lines = 3;
  campaign.retries.attempts_max = 3;
  campaign.retries.delay[static_cast<std::size_t>(Outcome::no_answer)] = Seconds{1800};
  campaign.retries.delay[static_cast<std::size_t>(Outcome::busy)] = Seconds{600};
  campaign.retries.delay[static_cast<std::size_t>(Outcome::broken_off)] = Seconds{3600};
  return campaign;
}

// A run of a small campaign in which calls end in each way, by a fixed rule: whom and when to call
// is planned as in earnest, at each moment at which somebody wakes or something happens, or so long
// after it: then the carrier tells the ends in whole seconds, as carriers do.
struct Run : Running {
  using Meanwhile = std::function<void(Run&, int step)>;  // before what is due is looked at

  Run() : Run(campaign_of_many()) {}
  explicit Run(const Campaign& campaign, Milliseconds by = {}, const Meanwhile& meanwhile = {})
      : Running(campaign, people), late(by) {
    std::vector<std::pair<Instant, ContactRef>> ends;
    for (int step = 0; step < 4000; ++step) {
      if (meanwhile) meanwhile(*this, step);
      if (!away) plans();
      for (const auto& [packed, open] : state().queue.attempts) {
        const auto ref = open.contact;
        if (open.phase == Phase::requested) {
          accept(ref.ordinal, open.attempt);
          ends.emplace_back(now() + Seconds{7 + ref.ordinal % 5 * 4}, ref);
          break;
        }
      }
      const bool waits_for_order =
          std::any_of(state().queue.attempts.begin(), state().queue.attempts.end(),
                      [](const auto& one) { return one.second.phase == Phase::requested; });
      if (waits_for_order) continue;
      if (ends.empty() && waits_for_list(state().book.at(0))) {
        later(10min).does(LoadSuppressionList{"rpo", {}, 0, std::to_string(step), ""});
        ++lists;
        continue;
      }
      std::optional<Instant> next;
      for (const auto& [at, ref] : ends) next = next ? std::min(*next, at) : at;
      if (const auto wakes =
              next_wakeup(state(), rules(), now(), limits, [](auto) { return true; })) {
        const auto at = *wakes <= now() ? now() + 1ms : *wakes;
        next = next ? std::min(*next, at) : at;
      }
      if (!next && state().book.at(0).status == CampaignStatus::paused) next = now() + 1min;
      if (!next) break;
      // Never the same lateness twice.
      at(*next + late * (step % 7 + 1));
      for (std::size_t i = 0; i < ends.size(); ++i) {
        if (ends[i].first > now()) continue;
        end(ends[i].second);
        ends.erase(ends.begin() + static_cast<std::ptrdiff_t>(i--));
      }
    }
  }

  int lists = 0;  // that were loaded
  Milliseconds late{};
  bool away = false;  // the program is

  void ends_with(const char* word, std::int64_t seconds, std::uint32_t n, std::uint8_t number) {
    auto told = status(word, seconds, n, number);
    if (late != 0ms) told.occurred_at = std::chrono::ceil<Seconds>(now());
    does(told);
  }

  void end(ContactRef ref) {
    const auto number = state().queue.open_attempt(ref)->attempt;
    const auto n = ref.ordinal;
    switch ((n + number) % 4) {
      case 0:
        ends_with("no-answer", 0, n, number);
        break;
      case 1:
        ends_with("busy", 0, n, number);
        break;
      case 2:
        does(voice("", n, number)).does(keyed("colour", 1, "2", n, number));
        ends_with("completed", 11, n, number);
        break;
      default:
        does(voice("", n, number));
        if (const auto* call = state().script.call(ref); call && call->question == "colour") {
          does(keyed("colour", 1, n % 8 == 7 ? "9" : "2", n, number));
        }
        for (std::uint32_t turn = 2; turn < 6; ++turn) {
          if (const auto* call = state().script.call(ref); call && call->prompt == "question") {
            does(call->question == "why" ? said("why", turn, "perché sì", n, number)
                                         : keyed(call->question, turn, "3", n, number));
          }
        }
        ends_with("completed", 31, n, number);
    }
  }

  WhatIf what_if(const Campaign* policy) const {
    Rerun rerun;
    for (const auto& fact : log()) BOOST_TEST_REQUIRE(rerun.see(fact));
    return rerun.run(state(), 0, rules(), policy);
  }
};

// The unchanged policy after all that happened in a world.
WhatIf replayed(const World& world) {
  Rerun rerun;
  for (const auto& fact : world.log()) BOOST_TEST_REQUIRE(rerun.see(fact));
  return rerun.run(world.state(), 0, world.rules(), nullptr);
}

std::string results_of(const State& state) {
  auto text =
      support::text_of([&](const CanonicalSink& sink) { state.results.write(sink, state.book); });
  return text.substr(text.find('\n'));  // without the position
}

Campaign policy(const Run& run, const char* json) {
  auto read = with_policy(*run.state().book.at(0).definition, json);
  BOOST_TEST_REQUIRE(read.ok());
  return std::move(read).value();
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_unchanged_policy_gives_the_run_that_was) {
  const Run run;
  BOOST_TEST_REQUIRE((run.state().book.at(0).status == CampaignStatus::completed));
  BOOST_TEST(run.state().results.attempts.size() > people + people / 2);
  const auto result = run.what_if(nullptr);
  BOOST_TEST(result.exact());
  BOOST_TEST(result.same == run.state().results.attempts.size());
  BOOST_TEST(result.ended);
  BOOST_TEST(result.exact_people == people);
  BOOST_TEST(!result.parts_at.has_value());
  BOOST_TEST(result.replayed.calls == result.recorded.calls);
  BOOST_TEST(result.replayed.dispositions == result.recorded.dispositions,
             boost::test_tools::per_element());
  // To the last field of the results: moments, answers, retries, dispositions.
  Rerun rerun;
  for (const auto& fact : run.log()) BOOST_TEST_REQUIRE(rerun.see(fact));
  BOOST_TEST(results_of(rerun.rerun_state(run.state(), run.rules())) == results_of(run.state()));
  // Written down as a policy it is the same policy.
  const auto same = policy(run, R"({"pacing": {"lines": 3}})");
  BOOST_TEST(run.what_if(&same).exact());
}

BOOST_AUTO_TEST_CASE(whom_an_edit_left_no_attempt_is_not_called_again) {
  for (const bool edited : {true, false}) {
    auto campaign = campaign_of_many();
    Running world(campaign, 2);
    for (const std::uint32_t n : {1U, 2U}) {
      world.dial(n);
      world.does(world.status("no-answer", 0, n)).later(1s);
    }
    campaign.retries.attempts_max = 1;
    if (edited) {
      world.does(EditCampaign{"survey", print_campaign(campaign), "d2"});
    } else {
      auto again = submit(campaign, "d2");
      again.accept_change = true;
      world.does(again);
    }
    world.plans();
    BOOST_TEST(world.state().queue.campaigns[0].count(Stage::exhausted) == 2U);
    world.later(24h).plans();
    const auto result = replayed(world);
    BOOST_TEST(result.exact());
    BOOST_TEST(result.replayed.calls == 2U);
  }
}

BOOST_AUTO_TEST_CASE(a_carrier_that_refused_every_call_does_so_again) {
  Running world(campaign_of_many(), 2);
  world.plans();
  OrderAnswered refused;
  refused.attempt = world.attempt();
  refused.kind = OrderAnswered::Kind::rejected;
  refused.http_status = 401;
  refused.code = 20003;
  world.later(1s).does(refused);
  BOOST_TEST_REQUIRE((world.state().book.at(0).status == CampaignStatus::paused));
  world.later(24h).plans();
  const auto result = replayed(world);
  BOOST_TEST(result.exact());
  BOOST_TEST(result.replayed.not_placed == 1U);
  BOOST_TEST(result.replayed.calls == 0U);
}

BOOST_AUTO_TEST_CASE(who_is_never_called_while_in_doubt_is_not_called_again) {
  auto campaign = campaign_of_many();
  campaign.in_doubt = InDoubt::never;
  Running world(campaign);
  world.plans();
  OrderAnswered doubt;
  doubt.attempt = world.attempt();
  world.does(doubt).later(120s);
  world.does(CallsListed{world.attempt(), {}}).later(30s).does(CallsListed{world.attempt(), {}});
  BOOST_TEST_REQUIRE(world.state().queue.campaigns[0].count(Stage::exhausted) == 1U);
  world.later(24h).plans();
  const auto result = replayed(world);
  BOOST_TEST(result.exact());
  BOOST_TEST(result.replayed.calls == 1U);
}

namespace {

// To the last field of the results, and to the campaign's last version.
void comes_out_the_same(const World& world) {
  const auto result = replayed(world);
  BOOST_TEST(result.exact());
  BOOST_TEST(result.replayed.calls == result.recorded.calls);
  Rerun rerun;
  for (const auto& fact : world.log()) BOOST_TEST_REQUIRE(rerun.see(fact));
  const auto again = rerun.rerun_state(world.state(), world.rules());
  BOOST_TEST(results_of(again) == results_of(world.state()));
  BOOST_TEST(again.book.at(0).version == world.state().book.at(0).version);
  BOOST_TEST((again.book.at(0).status == world.state().book.at(0).status));
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_program_that_was_late_is_as_late_again) {
  for (const auto late : {1ms, 40ms, 300ms}) {
    const Run run(campaign_of_many(), late);
    BOOST_TEST_REQUIRE((run.state().book.at(0).status == CampaignStatus::completed));
    const auto result = run.what_if(nullptr);
    BOOST_TEST(result.same == run.state().results.attempts.size());
    BOOST_TEST(result.recorded.lines_most == 3U);
    BOOST_TEST(result.replayed.lines_most == 3U);
    comes_out_the_same(run);
  }
}

BOOST_AUTO_TEST_CASE(what_a_late_program_was_told_meanwhile_is_told_again) {
  const Run run(campaign_of_many(), 40ms, [](Run& world, int step) {
    const auto restart = [&](std::int64_t epoch) {
      RunnerStarted again = world.state().book.runner;
      again.epoch = epoch;
      world.later(7s).does(StartRunner{again});
      world.away = false;
    };
    switch (step) {
      case 6:
        world.does(PauseCampaign{"survey", "lunch"});
        break;
      case 12:
        world.later(5min).does(ResumeCampaign{"survey"});
        break;
      case 18:
        world.does(SuppressNumber{20, "a letter", world.now() + 2h});
        break;
      case 24:  // it was killed, and calls ended meanwhile
        world.away = true;
        break;
      case 28:
        restart(2);
        break;
      case 30:
        world.does(ForgetNumber{22});
        break;
      case 36:
        world.does(StopRunner{"asked"});
        world.away = true;
        break;
      case 38:
        restart(3);
        break;
      case 60: {
        auto fewer = campaign_of_many();
        fewer.pacing.lines = 2;
        fewer.retries.attempts_max = 2;
        world.does(EditCampaign{"survey", print_campaign(fewer), "d2"});
        break;
      }
      case 110:
        BOOST_TEST(world.when(UnsuppressNumber{20, "an error"}).find("CallPostponed") !=
                   std::string::npos);
        break;
      default:
        break;
    }
  });
  BOOST_TEST((run.state().book.at(0).status == CampaignStatus::completed));
  BOOST_TEST(run.state().queue.campaigns[0].forgotten == 1U);
  comes_out_the_same(run);
}

BOOST_AUTO_TEST_CASE(whom_a_limit_left_alone_is_left_alone_again) {
  const Run run(campaign_of_many(), 40ms, [](Run& world, int step) {
    world.limits.no_dials = step >= 10 && step < 15;
    if (step >= 20) world.limits.new_people = 0;
  });
  BOOST_TEST((run.state().book.at(0).status == CampaignStatus::running));
  BOOST_TEST(run.state().queue.campaigns[0].count(Stage::fresh) > 0U);
  comes_out_the_same(run);
  // Under another policy they are called when the log has no more to say.
  const auto same = policy(run, R"({"pacing": {"lines": 3}})");
  const auto result = run.what_if(&same);
  BOOST_TEST(result.moved + result.unmade == 0U);
  BOOST_TEST(result.same == run.state().results.attempts.size());
  BOOST_TEST(result.borrowed > 0U);
}

BOOST_AUTO_TEST_CASE(another_campaign_that_was_left_alone_is_left_alone_again) {
  const Run run(campaign_of_many(), 40ms, [](Run& world, int step) {
    if (step != 0) return;
    enrol(world, some::notification("note"), {person(2, 101), person(3, 102)});
    world.limits.only = "survey";
  });
  BOOST_TEST((run.state().book.at(0).status == CampaignStatus::completed));
  BOOST_TEST(run.state().queue.campaigns[1].count(Stage::fresh) == 2U);
  comes_out_the_same(run);
  // One line more makes the fourth call due before one of them ends, whoever else waits.
  const auto lines = policy(run, R"({"pacing": {"lines": 4}})");
  BOOST_TEST(run.what_if(&lines).replayed.lines_most == 4U);
}

BOOST_AUTO_TEST_CASE(what_another_policy_makes_due_is_not_late) {
  const Run run(campaign_of_many(), 40ms);
  const auto& attempts = run.state().results.attempts;
  const auto lines = policy(run, R"({"pacing": {"lines": 4}})");
  const auto result = run.what_if(&lines);
  BOOST_TEST(result.replayed.lines_most == 4U);
  // The first three are as they were, the fourth comes as soon as the rate allows it.
  BOOST_TEST_REQUIRE(result.parts_at.has_value());
  BOOST_TEST((*result.parts_at == attempts[2].requested_at + 1s));
  BOOST_TEST((*result.parts_at < attempts[3].requested_at));
  BOOST_TEST(result.same >= 3U);
}

BOOST_AUTO_TEST_CASE(what_another_delay_makes_due_while_the_program_was_late_is_not_exact) {
  Running world(campaign_of_many());
  world.dial();
  world.later(7s).does(world.status("busy"));
  world.at(instant_from_ms(world.state().queue.campaigns[0].contact(1).due_ms) + 1500ms);
  world.dial(1, 2);
  world.later(7s).does(world.status("busy", 0, 1, 2)).plans();
  Rerun rerun;
  for (const auto& fact : world.log()) BOOST_TEST_REQUIRE(rerun.see(fact));
  const auto moved = [&](int busy) {
    auto other = campaign_of_many();
    other.retries.delay[static_cast<std::size_t>(Outcome::busy)] = Seconds{busy};
    return rerun.run(world.state(), 0, world.rules(), &other).moved;
  };
  BOOST_TEST(moved(599) == 1U);
  BOOST_TEST(moved(600) == 0U);
  BOOST_TEST(moved(601) == 1U);
  BOOST_TEST(moved(602) == 1U);
}

BOOST_AUTO_TEST_CASE(what_a_person_decides_after_the_end_is_decided_again) {
  for (const auto as : {Resolution::not_placed, Resolution::redial, Resolution::placed}) {
    auto campaign = campaign_of_many();
    campaign.in_doubt = InDoubt::hold;
    Running world(campaign);
    world.plans();
    OrderAnswered doubt;
    doubt.attempt = world.attempt();
    world.does(doubt).later(120s);
    world.does(CallsListed{world.attempt(), {}}).later(30s).does(CallsListed{world.attempt(), {}});
    world.plans();
    BOOST_TEST_REQUIRE((world.state().book.at(0).status == CampaignStatus::completed));
    world.later(1h).does(ResolveCall{world.attempt(), as, "the bill"}).plans();
    const bool again = as != Resolution::placed;
    BOOST_TEST((world.state().book.at(0).status == CampaignStatus::running) == again);
    if (again) {
      world.at(instant_from_ms(world.state().queue.campaigns[0].contact(1).due_ms));
      world.dial(1, 2);
      world.later(7s).does(world.status("busy", 0, 1, 2));
    }
    world.later(1min).plans();
    comes_out_the_same(world);
  }
}

BOOST_AUTO_TEST_CASE(whoever_was_added_after_the_end_is_called_again) {
  auto campaign = campaign_of_many();
  campaign.retries.attempts_max = 1;
  Running world(campaign);
  world.dial();
  world.later(7s).does(world.status("busy")).plans();
  BOOST_TEST_REQUIRE((world.state().book.at(0).status == CampaignStatus::completed));
  AddContacts more;
  more.campaign = "survey";
  more.rows = {person(3, 2)};
  world.later(1h).does(more);
  world.dial(2);
  world.later(7s).does(world.status("busy", 0, 2)).plans();
  comes_out_the_same(world);
}

BOOST_AUTO_TEST_CASE(a_carrier_that_was_away_is_away_again) {
  Running world(campaign_of_many());
  for (std::uint8_t number = 1; number <= 5; ++number) {
    world.plans();
    OrderAnswered away;
    away.attempt = world.attempt(1, number);
    away.kind = OrderAnswered::Kind::not_sent;
    away.unreachable = true;
    world.does(away);
    world.at(instant_from_ms(world.state().queue.campaigns[0].contact(1).due_ms));
  }
  world.dial(1, 6);
  world.later(7s).does(world.status("busy", 0, 1, 6)).plans();
  BOOST_TEST_REQUIRE(world.state().results.attempts.size() == 6U);
  comes_out_the_same(world);
}

BOOST_AUTO_TEST_CASE(those_who_were_forgotten_since_are_called_as_they_were) {
  auto campaign = campaign_of_many();
  campaign.countries = {"IT"};
  const Run run(campaign);
  Rerun rerun;
  for (auto fact : run.log()) {
    // As a log is read whose keys of people are gone.
    if (auto* enrolled = get_if<ContactEnrolled>(&fact.event)) enrolled->number.clear();
    BOOST_TEST_REQUIRE(rerun.see(fact));
  }
  const auto result = rerun.run(run.state(), 0, run.rules(), nullptr);
  BOOST_TEST(result.exact());
  BOOST_TEST(result.replayed.calls == result.recorded.calls);
}

BOOST_AUTO_TEST_CASE(a_campaign_waits_for_its_lists_again) {
  auto campaign = campaign_of_many();
  campaign.suppression_lists = {{"rpo", 2min}};
  const Run run(campaign);
  BOOST_TEST_REQUIRE((run.state().book.at(0).status == CampaignStatus::completed));
  BOOST_TEST(run.lists > 2);
  BOOST_TEST(run.what_if(nullptr).exact());
  Rerun rerun;
  for (const auto& fact : run.log()) BOOST_TEST_REQUIRE(rerun.see(fact));
  const auto again = rerun.rerun_state(run.state(), run.rules());
  BOOST_TEST(results_of(again) == results_of(run.state()));
  BOOST_TEST(again.book.at(0).version == run.state().book.at(0).version);
}

BOOST_AUTO_TEST_CASE(a_quota_is_counted_and_let_go_by_again) {
  auto campaign = campaign_of_many();
  campaign.questions[3].least = 0;  // so that some answer it all
  campaign.questions[3].most = 8;
  Quota quota;
  quota.name = "all";
  quota.completes = 2;
  campaign.quotas = {quota};
  const Run run(campaign);
  BOOST_TEST_REQUIRE(run.state().book.at(0).is_full(0));
  BOOST_TEST(run.state().queue.campaigns[0].count(Stage::excluded) > 0U);
  const auto result = run.what_if(nullptr);
  BOOST_TEST(result.exact());
  BOOST_TEST(result.replayed.dispositions == result.recorded.dispositions,
             boost::test_tools::per_element());
  Rerun rerun;
  for (const auto& fact : run.log()) BOOST_TEST_REQUIRE(rerun.see(fact));
  BOOST_TEST(results_of(rerun.rerun_state(run.state(), run.rules())) == results_of(run.state()));
}

BOOST_AUTO_TEST_CASE(another_policy_says_what_is_exact_and_what_is_an_estimate) {
  const Run run;
  // Fewer lines: everybody's calls come later, with the outcomes that they had.
  const auto slow = policy(run, R"({"pacing": {"lines": 1}})");
  const auto later = run.what_if(&slow);
  BOOST_TEST(!later.exact());
  BOOST_TEST(later.moved > 0u);
  BOOST_TEST(later.same > 0u);
  BOOST_TEST(later.replayed.lines_most == 1u);
  BOOST_TEST(later.recorded.lines_most == 3u);
  BOOST_TEST(later.ended);
  BOOST_TEST((*later.replayed.last_call >= *later.recorded.last_call));
  BOOST_TEST_REQUIRE(later.parts_at.has_value());

  // No retries: the first calls are exact, the others are not made.
  const auto once = policy(run, R"({"retries": {"attempts_max": 1}})");
  const auto single = run.what_if(&once);
  BOOST_TEST(single.replayed.calls == people);
  BOOST_TEST(single.unmade > 0u);
  BOOST_TEST(single.borrowed == 0u);

  // More of them: what nobody knows is borrowed, and said to be.
  const auto often = policy(run, R"({"retries": {"attempts_max": 6}})");
  const auto more = run.what_if(&often);
  BOOST_TEST(more.borrowed > 0u);
  BOOST_TEST(more.replayed.calls > more.recorded.calls);
  BOOST_TEST(more.exact_people < people);
  BOOST_TEST(more.exact_people > 0u);
  // The same question has the same answer.
  BOOST_TEST(what_if_json(run.what_if(&often), often) == what_if_json(more, often));

  // Other hours: no call outside of them.
  const auto hours =
      policy(run, R"({"calling_hours": {"windows": [{"from": "15:00", "to": "16:00"}]}})");
  const auto afternoon = run.what_if(&hours);
  for (std::size_t hour = 0; hour < 24; ++hour) {
    BOOST_TEST((hour == 15 || afternoon.replayed.by_hour[hour] == 0), hour);
  }
  BOOST_TEST(afternoon.replayed.calls >= people);
  const auto text = what_if_text(afternoon, hours);
  BOOST_TEST(text.find("estimate") != std::string::npos);
  const auto first = text.find("first call");
  BOOST_TEST(text.substr(first, text.find('\n', first) - first).ends_with("estimate"));
}

BOOST_AUTO_TEST_CASE(a_policy_is_checked_as_a_campaign_file_is) {
  const Run run;
  const auto& recorded = *run.state().book.at(0).definition;
  const auto wrong = with_policy(recorded, R"({"retries": {"no_anser": "1h"}})");
  BOOST_TEST_REQUIRE(!wrong.ok());
  BOOST_TEST(wrong.error()[0].where == "/retries/no_anser");
  BOOST_TEST(!with_policy(recorded, R"({"id": "other"})").ok());
  BOOST_TEST(!with_policy(recorded, "[]").ok());
  BOOST_TEST(!with_policy(recorded, "{").ok());
  // Of a whole campaign file only the policy counts.
  // A preset stands in place of the openings that were recorded, and says how often.
  auto before = recorded;
  before.hours.dates_off = {std::chrono::year{2026} / 3 / 4};
  before.retries.cool_off = Seconds{86'400};
  const auto french = with_policy(before, R"({"calling_hours": {"preset": "FR"}})");
  BOOST_TEST_REQUIRE(french.ok());
  BOOST_TEST(french.value().hours.windows.size() == 2U);
  BOOST_TEST((french.value().hours.holidays == std::vector<std::string>{"FR"}));
  BOOST_TEST((french.value().hours.dates_off == before.hours.dates_off));
  BOOST_TEST(french.value().retries.rolling_cap.calls == 4);
  BOOST_TEST(french.value().retries.cool_off.count() == 60 * 86'400);
  const auto mixed =
      with_policy(before, R"({"calling_hours": {"preset": "FR"}, "retries": {"cool_off": "7d"}})");
  BOOST_TEST(mixed.value().retries.cool_off.count() == 7 * 86'400);
  const auto windows =
      with_policy(before, R"({"calling_hours": {"windows": [{"from": "10:00", "to": "12:00"}]}})");
  BOOST_TEST(windows.value().retries.cool_off.count() == 86'400);
  BOOST_TEST(!with_policy(before, R"({"calling_hours": {"calendar": "a.ics"}})").ok());
  const auto kept = with_policy(recorded, R"({"id": "other", "pacing": {"lines": 2}})");
  BOOST_TEST_REQUIRE(kept.ok());
  BOOST_TEST(kept.value().id == recorded.id);
  BOOST_TEST(kept.value().pacing.lines == 2u);
}

BOOST_AUTO_TEST_SUITE_END()
