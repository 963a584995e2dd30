#include "campaigns/plan.hpp"

#include <boost/test/unit_test.hpp>

#include <map>
#include <random>

#include "campaigns/calling_hours.hpp"
#include "campaigns/campaign_file.hpp"
#include "tests/campaigns/some_campaigns.hpp"

BOOST_AUTO_TEST_SUITE(plan)

using namespace campaigns;
using namespace some;

namespace {

// The people that were called, in order: "note.1 note.2 ".
std::string called(const std::string& lines) {
  std::string text;
  std::size_t at = 0;
  while (at < lines.size()) {
    const auto end = lines.find('\n', at);
    const auto line = lines.substr(at, end - at);
    at = end + 1;
    if (line.find(" CallRequested ") == std::string::npos) continue;
    auto stream = line.substr(8, line.find(' ') - 8);
    stream[stream.find('/')] = '.';
    text += stream + ' ';
  }
  return text;
}

}  // namespace

BOOST_AUTO_TEST_CASE(nobody_is_called_outside_the_hours_of_their_own_zone) {
  World world(some_zones());
  begin(world);
  auto campaign = notification();
  campaign.pacing.lines = 5;
  enrol(world, campaign,
        {person(2, 1, "Europe/London"), person(3, 2, "Europe/Rome"),
         person(4, 3, "America/New_York")});
  BOOST_TEST(called(world.at("2026-03-02T07:59:59Z").plans()) == "");
  BOOST_TEST(world.wakes() == "2026-03-02T08:00:00.000Z");
  BOOST_TEST(called(world.at("2026-03-02T08:00:00Z").plans()) == "note.2 ");
  BOOST_TEST(world.wakes() == "2026-03-02T09:00:00.000Z");
  BOOST_TEST(called(world.at("2026-03-02T08:59:59Z").plans()) == "");
  BOOST_TEST(called(world.at("2026-03-02T09:00:00Z").plans()) == "note.1 ");
  BOOST_TEST(called(world.at("2026-03-02T14:00:00Z").plans()) == "note.3 ");
}

// Whoever is not reached in one part of the day is called in another, then in the third; and then
// whenever they are due again.
BOOST_AUTO_TEST_CASE(retries_are_spread_over_the_parts_of_the_day) {
  auto campaign = notification();
  campaign.retries.attempts_max = 6;
  campaign.retries.daily_calls_per_number_max = 6;
  campaign.retries.spread = {13h, 17h};
  Running world(campaign);
  const auto call = [&](const char* at) {
    const auto number =
        static_cast<std::uint8_t>(world.state().queue.campaigns[0].contact(1).requests + 1);
    const auto lines = world.at(at).plans();
    if (called(lines).empty()) return lines;
    world.accept(1, number);
    world.does(world.status("no-answer", 0, 1, number));
    return std::string("called");
  };
  BOOST_TEST(call("2026-03-02T08:00:00Z") == "called");  // nine in Rome
  BOOST_TEST(call("2026-03-02T10:00:00Z") ==
             "contact/note/1 CallPostponed {\"gate\":\"spread\",\"due\":1772452800000,"
             "\"evidence\":\"this part of the day has had more of their calls than that one\"}\n");
  BOOST_TEST(world.wakes() == "2026-03-02T12:00:00.000Z");
  BOOST_TEST(call("2026-03-02T12:00:00Z") == "called");
  BOOST_TEST(call("2026-03-02T14:00:00Z").find("\"gate\":\"spread\"") != std::string::npos);
  BOOST_TEST(world.wakes() == "2026-03-02T16:00:00.000Z");
  BOOST_TEST(call("2026-03-02T16:00:00Z") == "called");
  BOOST_TEST(call("2026-03-02T18:00:00Z") == "called");
  // The evening has had two, the morning one.
  BOOST_TEST(call("2026-03-03T08:00:00Z") == "called");
}

BOOST_AUTO_TEST_CASE(who_can_be_called_in_no_other_part_of_the_day_is_called_in_this_one) {
  auto campaign = notification();
  campaign.retries.daily_calls_per_number_max = 6;
  campaign.retries.spread = {13h, 17h};
  campaign.hours.windows = {{0b1111111, 9h, 12h}};
  Running world(campaign);
  world.dial();
  world.does(world.status("no-answer"));
  BOOST_TEST(called(world.later(2h).plans()) == "note.1 ");
  // The other parts come too late: their windows are those of one day of the week.
  campaign.hours.windows.push_back({0b1000000, 14h, 16h});
  Running weekly(campaign);
  weekly.dial();
  weekly.does(weekly.status("no-answer"));
  BOOST_TEST(called(weekly.later(2h).plans()) == "note.1 ");
  // Whoever was talked to is called when that was agreed.
  campaign.hours.windows = {{0b1111111, 9h, 20h}};
  campaign.retries.delay[static_cast<std::size_t>(Outcome::human_hung_up_at_once)] = Seconds{3600};
  Running talked(campaign);
  talked.dial();
  talked.does(talked.voice()).does(talked.status("completed", 1));
  BOOST_TEST(called(talked.later(1h).plans()) == "note.1 ");
}

BOOST_AUTO_TEST_CASE(people_of_a_zone_that_is_not_known_are_not_called_and_somebody_is_told) {
  World world(some_zones());
  begin(world);
  enrol(world, notification(), {person(2, 1, "Mars/Olympus")});
  const auto planned = world.plans();
  BOOST_TEST(planned.find("CampaignPaused {\"reason\":\"this machine does not know the time zone "
                          "Mars/Olympus") != std::string::npos,
             planned);
  BOOST_TEST(world.wakes() == "never");
}

BOOST_AUTO_TEST_CASE(people_of_a_zone_that_is_not_known_keep_nobody_else_from_a_call) {
  World world(some_zones());
  begin(world);
  // One call in a minute, so that nobody wakes for the next one when the last has ended.
  auto campaign = notification();
  campaign.pacing.calls_per_second_thousandths = 16;
  campaign.retries.attempts_max = 1;
  enrol(world, campaign,
        {person(2, 1, "Mars/Olympus"), person(3, 2), person(4, 3), person(5, 4, "Mars/Olympus")});
  BOOST_TEST(people_in_unknown_zones(world.state(), world.rules()) ==
                 std::vector<std::string>{
                     "campaign note: 2 people wait in the time zone Mars/Olympus, which this "
                     "machine does not know: nobody calls them until it is given the time zone "
                     "data that has it"},
             boost::test_tools::per_element());
  for (const std::uint32_t contact : {2U, 3U}) {
    const auto planned = world.later(63s).plans();
    BOOST_TEST(called(planned) == "note." + std::to_string(contact) + ' ', planned);
    BOOST_TEST(world.plans() == "");
    OrderAnswered placed;
    placed.attempt = {"note", contact, 1};
    placed.kind = OrderAnswered::Kind::placed;
    placed.sid = "CA" + std::to_string(contact);
    world.does(placed).later(7s);
    world.does(StatusReported{placed.attempt, placed.sid, "busy"});
  }
  BOOST_TEST(world.plans().find("does not know the time zone Mars/Olympus") != std::string::npos);
  BOOST_TEST(world.wakes() == "never");
  // It has them now.
  ZoneRules known = some_zones();
  known.zones["Mars/Olympus"] = known.zones.at("Europe/Rome");
  BOOST_TEST(people_in_unknown_zones(world.state(), known).empty());
}

BOOST_AUTO_TEST_CASE(a_country_that_may_not_be_called_any_more_is_not) {
  auto campaign = notification();
  campaign.countries = {"IT", "CH"};
  auto swiss = person(2, 1);
  swiss.number = "+41446681800";
  auto both = person(3, 2);
  both.number = "+41446681801";
  both.others = {{"+390212341003", 3}};
  Running world(campaign, {swiss, both, person(4, 4)});
  auto next = campaign;
  next.countries = {"IT"};
  world.does(EditCampaign{"note", print_campaign(next), "d2"});
  const auto planned = world.plans();
  BOOST_TEST(
      planned.find("contact/note/1 ContactExcluded {\"gate\":\"country\"") != std::string::npos,
      planned);
  BOOST_TEST(planned.find("contact/note/2 NumberChosen {\"number\":2,\"why\":\"country\"}") !=
                 std::string::npos,
             planned);
  BOOST_TEST(planned.find("contact/note/2 CallRequested") != std::string::npos, planned);
}

BOOST_AUTO_TEST_CASE(the_rates_of_account_and_campaign_both_hold) {
  auto campaign = notification();
  campaign.pacing.lines = 9;
  campaign.pacing.calls_per_second_thousandths = 500;
  Running world(campaign, 5);
  enrol(world,
        [&] {
          auto other = campaign;
          other.id = "other";
          return other;
        }(),
        {person(2, 11), person(3, 12)});
  // The account's one call a second, each campaign's one in two: they take turns.
  std::string order;
  for (int ms = 0; ms <= 5000; ms += 250) {
    order += called(world.plans());
    world.later(250ms);
  }
  BOOST_TEST(order == "note.1 other.1 note.2 other.2 note.3 ");
  std::optional<Instant> last;
  for (const auto& fact : world.log()) {
    const auto* requested = get_if<CallRequested>(&fact.event);
    if (!requested) continue;
    if (last) BOOST_TEST((instant_from_ms(requested->slot) - *last >= 1s));
    last = instant_from_ms(requested->slot);
  }
}

BOOST_AUTO_TEST_CASE(campaigns_take_turns_where_the_account_s_rate_is_short) {
  auto campaign = notification();
  campaign.pacing.lines = 9;
  Running world(campaign, 5);
  auto other = campaign;
  other.id = "other";
  enrol(world, other, {person(2, 11), person(3, 12)});
  std::string order;
  for (int second = 0; second < 5; ++second) {
    order += called(world.plans());
    world.later(1s);
  }
  BOOST_TEST(order == "note.1 other.1 note.2 other.2 note.3 ");
}

BOOST_AUTO_TEST_CASE(the_bucket_is_not_refilled_by_a_restart) {
  auto campaign = notification();
  campaign.pacing.lines = 9;
  Running world(campaign, 3);
  world.plans();
  world.later(400ms).does(StartRunner{});
  BOOST_TEST(called(world.plans()) == "");
  BOOST_TEST(world.wakes() == "2026-03-02T08:00:01.401Z");
  BOOST_TEST(called(world.at("2026-03-02T08:00:01.401Z").plans()) == "note.2 ");
}

BOOST_AUTO_TEST_CASE(no_more_calls_at_once_than_lines) {
  auto campaign = notification();
  campaign.pacing.lines = 2;
  Running world(campaign, 4);
  world.dial(1);
  world.later(1s);
  world.dial(2);
  BOOST_TEST(called(world.later(10s).plans()) == "");
  world.does(world.status("no-answer", 0, 1));
  BOOST_TEST(called(world.plans()) == "note.3 ");
}

BOOST_AUTO_TEST_CASE(one_number_is_in_one_call_at_a_time_over_all_campaigns) {
  auto campaign = notification("first");
  Running world(campaign, 1);
  enrol(world, notification("second"), {person(2, 1)});
  BOOST_TEST(called(world.plans()) == "first.1 ");
  world.accept();
  BOOST_TEST(called(world.later(5s).plans()) == "");
  // It waits for the other call's end, not for an hour: no wakeup but that call's own.
  BOOST_TEST(world.wakes() == "2026-03-02T08:01:25.000Z");
  world.does(world.status("busy"));
  BOOST_TEST(world.wakes() == "2026-03-02T08:00:05.000Z");
  BOOST_TEST(called(world.plans()) == "second.1 ");
}

BOOST_AUTO_TEST_CASE(a_locked_person_does_not_hold_up_the_others) {
  auto campaign = notification("first");
  Running world(campaign, 1);
  world.dial();
  enrol(world, notification("second"), {person(2, 1), person(3, 2)});
  BOOST_TEST(called(world.later(1s).plans()) == "second.2 ");
}

BOOST_AUTO_TEST_CASE(a_retry_that_is_due_comes_before_people_who_were_never_called) {
  Running world(notification(), 3);
  world.dial(1);
  world.does(world.status("busy"));  // due in 900 s
  BOOST_TEST(called(world.later(899s).plans()) == "note.2 ");
  world.accept(2);
  world.does(world.status("no-answer", 0, 2));
  BOOST_TEST(called(world.later(1s).plans()) == "note.1 ");
}

BOOST_AUTO_TEST_CASE(the_lowest_number_is_called_first_in_whatever_zone_and_again) {
  World world(some_zones());
  begin(world);
  const auto with = [](std::uint64_t n, std::uint8_t priority, std::string zone) {
    auto made = person(n + 1, n, std::move(zone));
    made.priority = priority;
    return made;
  };
  enrol(world, notification(),
        {with(1, 0, "Europe/Rome"), with(2, 9, "Europe/Rome"), with(3, 2, "Europe/Rome"),
         with(4, 2, "Europe/Rome"), with(5, 1, "America/New_York"), with(6, 2, "Europe/London")});
  std::string order;
  // One line: whoever is called is busy and due again in a quarter of an hour.
  const auto turn = [&] {
    const auto lines = called(world.plans());
    order += lines;
    if (lines.empty()) return;
    const auto ordinal = static_cast<std::uint32_t>(lines[5] - '0');
    const auto number = world.state().queue.campaigns[0].contact(ordinal).requests;
    OrderAnswered placed;
    placed.attempt = {"note", ordinal, number};
    placed.kind = OrderAnswered::Kind::placed;
    placed.sid = "CA" + std::to_string(ordinal) + '-' + std::to_string(number);
    world.does(placed);
    StatusReported busy;
    busy.attempt = placed.attempt;
    busy.sid = placed.sid;
    busy.status = "busy";
    world.does(busy).later(1s);
  };
  // London opens at nine UTC, New York in the afternoon.
  world.at("2026-03-02T09:00:00Z");
  for (int i = 0; i < 3; ++i) turn();
  BOOST_TEST(order == "note.3 note.4 note.6 ");
  turn();
  BOOST_TEST(order == "note.3 note.4 note.6 note.2 ");
  // Their second calls come before the first of whoever has no priority.
  world.later(20min);
  for (int i = 0; i < 5; ++i) turn();
  BOOST_TEST(order == "note.3 note.4 note.6 note.2 note.3 note.4 note.6 note.2 note.1 ");
  world.at("2026-03-02T15:00:00Z");
  turn();
  BOOST_TEST(order.substr(order.size() - 7) == "note.5 ");
}

BOOST_AUTO_TEST_CASE(a_retry_that_falls_into_the_night_waits_for_the_morning) {
  Running world(notification());
  world.at("2026-03-02T18:30:00Z");
  world.dial();
  world.does(world.status("no-answer"));
  BOOST_TEST(world.wakes() == "2026-03-03T08:00:00.000Z");
  BOOST_TEST(called(world.at("2026-03-02T20:30:00Z").plans()) == "");
  BOOST_TEST(called(world.at("2026-03-03T08:00:00Z").plans()) == "note.1 ");
}

BOOST_AUTO_TEST_CASE(the_budget_pauses_the_campaign_before_it_is_exceeded) {
  auto campaign = notification();
  campaign.call_time = 60s;
  campaign.budget = {50'000, 20'000};  // two calls and a half
  campaign.pacing.lines = 9;
  Running world(campaign, 4);
  const auto first = world.plans();
  BOOST_TEST(first.find("SpendReserved {\"attempt\":1,\"millionths\":20000}") != std::string::npos,
             first);
  world.accept(1);
  world.does(world.status("initiated")).later(1s);
  world.dial(2);
  world.does(world.status("initiated", 0, 2));
  BOOST_TEST(world.later(1s).plans() ==
             "campaign/note CampaignPaused "
             "{\"reason\":\"the budget does not cover another call\",\"by\":\"program\"}\n");
  // A call that cost nothing gives its money back.
  const auto ended = world.when(world.status("no-answer"));
  BOOST_TEST(ended.find("SpendSettled {\"attempt\":1}") != std::string::npos, ended);
  world.does(ResumeCampaign{"note"});
  BOOST_TEST(called(world.plans()) == "note.3 ");
}

BOOST_AUTO_TEST_CASE(caller_ids_stay_with_the_person) {
  auto campaign = notification();
  campaign.caller_ids = {"+390200000001", "+390200000002"};
  Running world(campaign, 2);
  world.dial(1);
  world.does(world.status("busy"));
  world.later(1s);
  world.dial(2);
  world.does(world.status("busy", 0, 2)).later(900s);
  world.dial(1, 2);
  world.does(world.status("busy", 0, 1, 2));
  const auto& rows = world.state().results.attempts;
  BOOST_TEST_REQUIRE(rows.size() == 3u);
  BOOST_TEST(rows[0].caller_id != rows[1].caller_id);
  BOOST_TEST(rows[0].caller_id == rows[2].caller_id);
}

BOOST_AUTO_TEST_CASE(limits_of_the_run_stop_new_people_or_all_dials) {
  Running world(notification(), 2);
  world.limits.no_dials = true;
  BOOST_TEST(world.plans() == "");
  BOOST_TEST(world.wakes() == "never");
  world.limits = {.new_people = 1};
  world.dial(1);
  world.limits.new_people = 0;
  world.does(world.status("busy"));
  BOOST_TEST(called(world.later(1s).plans()) == "");
  BOOST_TEST(world.wakes() == "2026-03-02T08:15:00.000Z");
  BOOST_TEST(called(world.at("2026-03-02T08:15:00Z").plans()) == "note.1 ");
}

BOOST_AUTO_TEST_CASE(the_first_dial_of_a_run_keeps_its_gap_from_the_last_of_the_run_before) {
  auto campaign = notification();
  campaign.pacing.lines = 2;
  Running world(campaign, 2);
  world.dial(1);
  RunnerStarted again;
  again.epoch = 2;
  again.public_url = "https://example.test";
  // The slot is long free, but when the order left only the run before knew.
  world.at("2026-03-02T08:00:30Z").does(StartRunner{again});
  BOOST_TEST(called(world.plans()) == "");
  BOOST_TEST(world.wakes() == "2026-03-02T08:00:31.001Z");
  BOOST_TEST(called(world.at("2026-03-02T08:00:31.001Z").plans()) == "note.2 ");
}

BOOST_AUTO_TEST_CASE(a_run_for_one_campaign_leaves_the_others_alone_but_for_their_calls) {
  Running world(notification("first"), 2);
  world.dial(1);
  enrol(world, notification("second"), {person(2, 11)});
  // Whose people have had their time, and one that is over.
  auto late = person(2, 12);
  late.span.not_after = world.now() + 10s;
  enrol(world, notification("third"), {late});
  world.limits.only = "second";
  BOOST_TEST(called(world.later(1s).plans()) == "second.1 ");
  OrderAnswered placed;
  placed.attempt = {"second", 1, 1};
  placed.kind = OrderAnswered::Kind::placed;
  placed.sid = "CA9";
  world.does(placed);
  // Of the first: when its call is asked about, and not when its second person is due.
  BOOST_TEST(world.wakes() == "2026-03-02T08:01:25.000Z");
  world.does(world.status("busy"));
  BOOST_TEST(world.later(20s).plans() == "");
  StatusReported ended;
  ended.attempt = placed.attempt;
  ended.sid = placed.sid;
  ended.status = "completed";
  world.does(ended);
  BOOST_TEST(called(world.plans()) == "");
  BOOST_TEST((world.state().book.at(0).status == CampaignStatus::running));
  BOOST_TEST((world.state().book.at(2).status == CampaignStatus::running));
  BOOST_TEST(
      (next_dial(world.state(), 0, world.rules(), world.now(), world.limits) == std::nullopt));
  // Another run goes on with them.
  world.limits.only.reset();
  BOOST_TEST(called(world.plans()) == "first.2 ");
  BOOST_TEST((world.state().book.at(2).status == CampaignStatus::completed));
}

BOOST_AUTO_TEST_CASE(questions_missed_in_a_long_sleep_are_not_asked_at_once) {
  Running world(notification());
  world.plans();
  OrderAnswered doubt;
  doubt.attempt = world.attempt();
  world.does(doubt).later(1h);
  int asked = 0;
  for (int i = 0; i < 100 && !lookups_due(world.state(), world.now()).empty(); ++i) {
    world.does(CallsListed{world.attempt(), {}});
    ++asked;
  }
  BOOST_TEST(asked == 1);
  BOOST_TEST(world.wakes() == "2026-03-02T09:00:05.000Z");
}

// Worlds by seed: at every wakeup something happens or a later one is named, no invariant breaks,
// and in the end nobody is left over.
BOOST_AUTO_TEST_CASE(every_wakeup_has_its_reason_and_nobody_is_forgotten) {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      std::mt19937 random(seed);
      const auto roll = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
      auto first = notification("first");
      first.pacing.lines = 1 + roll(3);
      first.pacing.calls_per_second_thousandths = 250 * (1 + roll(8));
      first.in_doubt = roll(2) ? InDoubt::redial : InDoubt::never;
      auto second = notification("second");
      second.pacing.lines = 1 + roll(3);
      second.hours.windows = {{0b0011111, 9h, 12h}, {0b0011111, 15h, 18h}};
      World world(some_zones());
      begin(world);
      const char* zones[] = {"Europe/Rome", "Europe/London", "America/New_York"};
      for (const auto* campaign : {&first, &second}) {
        std::vector<EnrolRows::Row> rows;
        const auto people = 5 + roll(20);
        // Numbers of one list are partly those of the other.
        for (unsigned n = 1; n <= people; ++n) rows.push_back(person(n + 1, n, zones[roll(3)]));
        enrol(world, *campaign, std::move(rows));
      }
      std::map<std::uint64_t, Instant> ends;  // of calls under way
      int silent_rounds = 0;
      for (int step = 0; step < 20'000; ++step) {
        const auto before = world.state().position;
        world.plans();
        // Every new order gets some answer at once.
        std::vector<OpenAttempt> requested;
        for (const auto& [packed, open] : world.state().queue.attempts) {
          if (open.phase == Phase::requested) requested.push_back(open);
        }
        for (const auto& open : requested) {
          const auto& id = world.state().book.at(open.contact.campaign).definition->id;
          OrderAnswered answer;
          answer.attempt = {id, open.contact.ordinal, open.attempt};
          const auto dice = roll(10);
          answer.kind = dice == 0   ? OrderAnswered::Kind::in_doubt
                        : dice == 1 ? OrderAnswered::Kind::rejected
                                    : OrderAnswered::Kind::placed;
          answer.http_status = 429;
          answer.retryable = true;
          answer.sid = "CA" + answer.attempt.text();
          world.does(answer);
          if (answer.kind == OrderAnswered::Kind::placed && roll(5) != 0) {
            ends[open.contact.packed()] = world.now() + Seconds{5 + roll(60)};
          }
        }
        for (const auto& lookup : lookups_due(world.state(), world.now())) {
          if (lookup.by_list) {
            world.does(CallsListed{lookup.attempt, {}});
          } else {
            CallFetched fetched{lookup.attempt, true, {}};
            fetched.call.sid = lookup.sid;
            fetched.call.status = "no-answer";
            world.does(fetched);
          }
        }
        for (auto it = ends.begin(); it != ends.end();) {
          if (it->second > world.now()) {
            ++it;
            continue;
          }
          const auto* open = world.state().queue.open_attempt(ContactRef::unpack(it->first));
          if (open) {
            const auto& id = world.state().book.at(open->contact.campaign).definition->id;
            StatusReported report;
            report.attempt = {id, open->contact.ordinal, open->attempt};
            report.sid = open->sid;
            report.status = roll(2) ? "no-answer" : roll(2) ? "busy" : "completed";
            world.does(report);
          }
          it = ends.erase(it);
        }
        // Lines, locks and hours.
        std::map<NumberKey, int> in_call;
        for (const auto& [packed, open] : world.state().queue.attempts) {
          ++in_call[world.state().queue.contact(open.contact).key];
        }
        for (const auto& [key, count] : in_call) BOOST_TEST_REQUIRE(count == 1);
        for (CampaignIndex index = 0; index < 2; ++index) {
          const auto& lines = world.state().book.at(index).definition->pacing.lines;
          BOOST_TEST_REQUIRE(world.state().queue.campaigns[index].lines_in_use <= lines);
        }
        const auto wakeup = next_wakeup(world.state(), world.rules(), world.now(), world.limits);
        std::optional<Instant> next = wakeup;
        for (const auto& [packed, end] : ends) {
          if (!next || end < *next) next = end;
        }
        // What happened in this step may have ended a campaign.
        if (!next && world.plans().empty()) break;
        if (!next) continue;
        if (world.state().position == before) {
          BOOST_TEST_REQUIRE((*next > world.now()));
          BOOST_TEST_REQUIRE(++silent_rounds < 50);
        } else {
          silent_rounds = 0;
        }
        if (*next > world.now()) world.at(*next);
      }
      for (CampaignIndex index = 0; index < 2; ++index) {
        BOOST_TEST((world.state().book.at(index).status == CampaignStatus::completed));
        BOOST_TEST(world.state().queue.campaigns[index].open() == 0u);
        BOOST_TEST(world.state().queue.campaigns[index].lines_in_use == 0u);
      }
      BOOST_TEST(world.state().queue.locks.empty());
      std::map<std::string, std::optional<Instant>> last;
      for (const auto& fact : world.log()) {
        const auto* requested = get_if<CallRequested>(&fact.event);
        if (!requested) continue;
        const auto index = *world.state().book.find(fact.subject.name);
        const auto& queue = world.state().queue.campaigns[index];
        const auto& definition = *world.state().book.at(index).definition;
        const auto& zone = queue.groups[queue.contact(fact.subject.ordinal).group].zone;
        BOOST_TEST(
            opening_at(definition.hours, zone, world.rules(), instant_from_ms(requested->slot))
                .open);
        auto& slot = last[fact.subject.name];
        const auto gap = 1'000'000 / definition.pacing.calls_per_second_thousandths;
        if (slot) BOOST_TEST((instant_from_ms(requested->slot) - *slot >= Milliseconds{gap}));
        slot = instant_from_ms(requested->slot);
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
