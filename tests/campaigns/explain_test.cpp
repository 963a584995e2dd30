#include "campaigns/explain.hpp"

#include <boost/test/unit_test.hpp>

#include <nlohmann/json.hpp>

#include "tests/campaigns/some_campaigns.hpp"

BOOST_AUTO_TEST_SUITE(explain)

using namespace campaigns;
using namespace some;

namespace {

Facts history(const World& world, ContactRef contact) {
  Facts facts;
  for (const auto& fact : world.log()) {
    if (tells_of(world.state(), contact, fact)) facts.push_back(fact);
  }
  return facts;
}

std::string told(const World& world, std::uint32_t contact = 1, CampaignIndex campaign = 0) {
  const ContactRef ref{campaign, contact};
  return campaigns::explain(world.state(), ref, world.rules(), world.now(), history(world, ref));
}

nlohmann::json told_json(const World& world, std::uint32_t contact = 1) {
  const ContactRef ref{0, contact};
  return nlohmann::json::parse(
      explain_json(world.state(), ref, world.rules(), world.now(), history(world, ref)));
}

// What stands at positions of the log, with those: "CallRequested 5 ".
std::string events_at(const World& world, const nlohmann::json& positions) {
  std::string text;
  for (const auto& position : positions) {
    const auto place = position.get<std::size_t>();
    text += std::string(type_of(world.log().at(place - 1).event)) + ' ' + std::to_string(place);
    text += ' ';
  }
  return text;
}

std::string behind_next(const World& world, std::uint32_t contact = 1) {
  return events_at(world, told_json(world, contact)["next"]["events"]);
}

// Of one gate; "none" where it does not stand in the way.
std::string behind_gate(const World& world, std::string_view name, std::uint32_t contact = 1) {
  const auto json = told_json(world, contact);
  for (const auto& gate : json["next"]["gates"]) {
    if (gate["gate"] == name) return events_at(world, gate["events"]);
  }
  return "none";
}

// The position of what happened last.
std::string last(const World& world) {
  return std::to_string(world.log().size()) + ' ';
}

// What stands in the way, by name.
std::string gates(const World& world, std::uint32_t contact = 1) {
  std::string names;
  const auto json = told_json(world, contact);
  for (const auto& gate : json["next"]["gates"]) {
    names += gate["gate"].get<std::string>() + ' ';
  }
  return names;
}

bool says(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_CASE(each_line_has_the_time_of_where_they_were_then) {
  auto campaign = notification();
  campaign.hours.zone = "Europe/Rome";
  Running world(campaign, {person(2, 1, "Asia/Kolkata")});
  world.dial();
  world.later(25s).does(world.status("no-answer"));
  world.later(1h).does(MovePeople{"note", {{1, "Europe/London"}}});
  const auto text = told(world);
  BOOST_TEST(says(text,
                  "2026-03-02T08:00:00.000Z (2026-03-02T13:30:00+05:30 there)  attempt 1: "
                  "called: it was this person's turn, the opening 09:00-20:00 by the "
                  "campaign's clock, at 2026-03-02T09:00:00+01:00, allowed it, and a line "
                  "was free\n"),
             text);
  BOOST_TEST(says(text,
                  "2026-03-02T09:00:25.000Z (2026-03-02T09:00:25+00:00 there)  moved: a "
                  "later list has them in the time zone Europe/London, by whose clock they "
                  "are called from here on\n"),
             text);
  const auto json = told_json(world);
  BOOST_TEST(json["events"].front()["at_local"] == "2026-03-02T13:30:00+05:30");
  BOOST_TEST(json["events"].back()["at_local"] == "2026-03-02T09:00:25+00:00");
  BOOST_TEST(json["zone"] == "Europe/London");
}

BOOST_AUTO_TEST_CASE(each_statement_has_the_positions_of_its_events) {
  auto campaign = notification();
  campaign.retries.daily_calls_per_number_max = 1;
  Running world(campaign);
  world.dial();
  world.does(world.status("no-answer"));
  world.does(PauseCampaign{"note", "lunch"});
  world.later(1s).does(SuppressNumber{1, "by letter", {}});
  const auto json = told_json(world);
  // What stands at a position is what is said of it.
  const auto type_at = [&](const nlohmann::json& position) {
    return std::string(type_of(world.log().at(position.get<std::size_t>() - 1).event));
  };
  for (const auto& event : json["events"]) BOOST_TEST(type_at(event["position"]) == event["type"]);
  const auto types = [&](const nlohmann::json& positions) {
    std::string text;
    for (const auto& position : positions) text += type_at(position) + ' ';
    return text;
  };
  BOOST_TEST(types(json["next"]["events"]) == "RetryScheduled ");
  std::string told;
  for (const auto& gate : json["next"]["gates"]) {
    told += gate["gate"].get<std::string>() + ": " + types(gate["events"]) + "\n";
  }
  BOOST_TEST(told ==
             "paused: CampaignPaused \n"
             "suppressed: Suppressed \n"
             "not_due: RetryScheduled \n"
             "daily_calls: CallRequested \n");
}

BOOST_AUTO_TEST_CASE(who_was_let_go_before_a_cancel_was_not_let_go_by_it) {
  Running world(notification(), 3);
  world.does(SuppressNumber{1, "by letter", {}});
  world.plans();
  std::string excluded;
  for (const auto& fact : world.log()) {
    if (holds_alternative<ContactExcluded>(fact.event)) {
      excluded = "ContactExcluded " + std::to_string(fact.position) + ' ';
    }
  }
  BOOST_TEST(behind_next(world) == excluded);
  world.does(CancelCampaign{"note", "wrong list"});
  const auto cancelled = "CampaignCancelled " + last(world);
  BOOST_TEST(behind_next(world) == excluded);
  BOOST_TEST(behind_next(world, 3) == cancelled);
}

BOOST_AUTO_TEST_CASE(a_move_makes_due_only_who_had_not_been_called) {
  auto later = person(3, 2);
  later.span.not_before = utc("2026-03-02T11:00:00Z");
  Running world(notification(), {person(2, 1), later, person(4, 3)});
  const auto enrolled = behind_gate(world, "not_due", 2);
  BOOST_TEST(says(enrolled, "ContactEnrolled "), enrolled);
  world.dial();
  world.does(world.status("no-answer"));
  const auto retry = "RetryScheduled " + last(world);
  BOOST_TEST(behind_next(world) == retry);
  world.later(1s).does(
      MovePeople{"note", {{1, "Europe/London"}, {2, "Europe/London"}, {3, "Europe/London"}}});
  BOOST_TEST(behind_next(world) == retry);
  BOOST_TEST(behind_gate(world, "not_due") == retry);
  BOOST_TEST(behind_gate(world, "not_due", 2) == enrolled);
  // Whoever was in turn is so from then on, and stays so when they move again.
  const auto moved = behind_next(world, 3);
  BOOST_TEST(says(moved, "ContactMoved "), moved);
  world.later(1s).does(MovePeople{"note", {{3, "Europe/Rome"}}});
  BOOST_TEST(behind_next(world, 3) == moved);
}

BOOST_AUTO_TEST_CASE(what_was_taken_back_suppresses_nobody) {
  Running world(notification());
  const auto happens = [&](const Event& event) {
    world.given(Subject::number(1), event);
    return std::string(type_of(event)) + ' ' + last(world);
  };
  const auto gate = [&] { return behind_gate(world, "suppressed"); };
  const auto opted_out = happens(OptedOut{"other.1.1", "speech"});
  happens(NumberListed{"rpo"});
  const auto own = happens(NumberListed{"own"});
  happens(NumberUnlisted{"rpo"});
  BOOST_TEST(gate() == opted_out + own);
  happens(NumberUnlisted{"own"});
  BOOST_TEST(gate() == opted_out);
  // What an operator or a list says stays where what the person said alone is lifted.
  const auto until = to_ms(world.now() + 1h);
  const auto operators = happens(Suppressed{"operator", "by letter", until});
  BOOST_TEST(gate() == opted_out + operators);
  happens(SuppressionLifted{"operator", "", true});
  BOOST_TEST(gate() == operators);
  const auto refused = happens(Suppressed{"cool_off", "", until});
  BOOST_TEST(gate() == refused);
  happens(SuppressionLifted{"operator", "", true});
  BOOST_TEST(gate() == "none");
  happens(OptedOut{"other.1.2", "key"});
  happens(NumberListed{"rpo"});
  happens(Suppressed{"operator", "by letter", 0});
  happens(SuppressionLifted{"operator", "", false});
  BOOST_TEST(gate() == "none");
  // What is over by itself, too.
  happens(Suppressed{"operator", "for a while", until});
  const auto listed = happens(NumberListed{"rpo"});
  world.later(1h);
  BOOST_TEST(gate() == listed);
}

BOOST_AUTO_TEST_CASE(what_is_said_of_another_number_suppresses_not_the_one_in_turn) {
  auto reachable = person(2, 1);
  reachable.others = {{"+390212341002", 2}};
  Running world(notification(), {reachable});
  world.given(Subject::number(2), NumberListed{"rpo"});
  BOOST_TEST(behind_gate(world, "suppressed") == "none");
  world.given(Subject::number(1), NumberListed{"rpo"});
  BOOST_TEST(behind_gate(world, "suppressed") == "NumberListed " + last(world));
  world.given(Subject::number(2), NumberListed{"own"});
  BOOST_TEST(!says(behind_gate(world, "suppressed"), last(world)));
}

BOOST_AUTO_TEST_CASE(consent_is_missing_since_the_edit_that_requires_it) {
  auto campaign = notification();
  Running world(campaign);
  campaign.consent = {"consent", "modulo web", "2062-01-01", true};
  world.does(EditCampaign{campaign.id, print_campaign(campaign), "d-edited"});
  BOOST_TEST(behind_gate(world, "no_consent") == "CampaignChanged " + last(world));
}

BOOST_AUTO_TEST_CASE(a_cap_is_reached_by_the_calls_of_its_span_alone) {
  auto campaign = notification();
  campaign.retries.attempts_max = 9;
  campaign.retries.daily_calls_per_number_max = 1;
  campaign.retries.weekly_calls_per_number_max = 2;
  Running world(campaign);
  const auto call = [&](std::uint8_t n) {
    world.plans();
    const auto request = "CallRequested " + last(world);
    world.accept(1, n);
    world.does(world.status("no-answer", 0, 1, n));
    return request;
  };
  static_cast<void>(call(1));
  world.at("2026-03-08T08:00:00Z");
  const auto second = call(2);
  BOOST_TEST(behind_gate(world, "daily_calls") == second);
  world.at("2026-03-09T08:00:00Z");
  const auto third = call(3);
  BOOST_TEST(behind_gate(world, "daily_calls") == third);
  world.at("2026-03-10T08:00:00Z");
  BOOST_TEST(behind_gate(world, "daily_calls") == "none");
  BOOST_TEST(behind_gate(world, "weekly_calls") == second + third);
}

BOOST_AUTO_TEST_CASE(a_call_that_was_never_placed_reaches_no_cap) {
  auto campaign = notification();
  campaign.retries.attempts_max = 9;
  campaign.retries.rolling_cap = {1, 24h};
  Running world(campaign);
  world.plans();
  // The carrier would not have it.
  OrderAnswered refused;
  refused.attempt = world.attempt();
  refused.kind = OrderAnswered::Kind::rejected;
  refused.http_status = 503;
  refused.retryable = true;
  world.does(refused);
  BOOST_TEST(behind_gate(world, "rolling_calls") == "none");
  world.later(2h);
  world.plans();
  std::string request;
  for (const auto& fact : world.log()) {
    if (holds_alternative<CallRequested>(fact.event)) {
      request = "CallRequested " + std::to_string(fact.position) + ' ';
    }
  }
  world.accept(1, 2);
  world.does(world.status("no-answer", 0, 1, 2));
  BOOST_TEST(behind_gate(world, "rolling_calls") == request);
}

BOOST_AUTO_TEST_CASE(a_cap_that_keeps_somebody_from_a_call_is_in_the_way) {
  auto campaign = notification();
  campaign.retries.daily_calls_per_number_max = 1;
  campaign.hours.zone = "Europe/Rome";
  Running world(campaign, {person(2, 1, "America/New_York")});
  BOOST_TEST(gates(world) == "");
  world.dial();
  world.does(world.status("no-answer"));
  BOOST_TEST(says(gates(world), "daily_calls "), gates(world));
  BOOST_TEST(says(told(world),
                  "in the way: the number was called 1 time today by their own clock, "
                  "as often as is allowed: not before 2026-03-03T05:00:00.000Z"),
             told(world));
}

BOOST_AUTO_TEST_CASE(a_story_is_told_line_by_line_with_both_times) {
  Running world(notification());
  world.dial();
  world.does(world.status("ringing")).later(25s).does(world.status("no-answer"));
  BOOST_TEST(
      told(world) ==
      "note.1, row 2 of the list, Europe/Rome, it-IT\n"
      "2026-03-02T08:00:00.000Z (2026-03-02T09:00:00+01:00 there)  the campaign was submitted\n"
      "2026-03-02T08:00:00.000Z (2026-03-02T09:00:00+01:00 there)  enrolled from row 2 of the "
      "list, language it-IT, time zone Europe/Rome\n"
      "2026-03-02T08:00:00.000Z (2026-03-02T09:00:00+01:00 there)  the list is complete: 1 "
      "person\n"
      "2026-03-02T08:00:00.000Z (2026-03-02T09:00:00+01:00 there)  the campaign started: from "
      "here on people may be called\n"
      "2026-03-02T08:00:00.000Z (2026-03-02T09:00:00+01:00 there)  attempt 1: called: it was this "
      "person's turn, the opening 09:00-20:00 of their day allowed it, and a line was free\n"
      "2026-03-02T08:00:00.000Z (2026-03-02T09:00:00+01:00 there)  attempt 1: the carrier took the "
      "call, CA1-1\n"
      "2026-03-02T08:00:00.000Z (2026-03-02T09:00:00+01:00 there)  attempt 1: it rang\n"
      "2026-03-02T08:00:25.000Z (2026-03-02T09:00:25+01:00 there)  attempt 1: the call ended as "
      "no-answer after 0 seconds, as the carrier reported\n"
      "2026-03-02T08:00:25.000Z (2026-03-02T09:00:25+01:00 there)  attempt 1: came out as "
      "no_answer\n"
      "2026-03-02T08:00:25.000Z (2026-03-02T09:00:25+01:00 there)  to be called again, because the "
      "last attempt came out as no_answer: not before 2026-03-02T10:00:25.000Z "
      "(2026-03-02T11:00:25+01:00 there)\n"
      "now 2026-03-02T08:00:25.000Z (2026-03-02T09:00:25+01:00 there)\n"
      "next: to be called again; 2 attempts are left\n"
      "  in the way: not due before 2026-03-02T10:00:25.000Z (2026-03-02T11:00:25+01:00 there)\n");
}

BOOST_AUTO_TEST_CASE(it_names_everything_that_stands_in_the_way) {
  Running world(notification(), 3);
  BOOST_TEST(gates(world, 1) == "");
  BOOST_TEST(says(told(world, 1), "nothing is in the way"));
  BOOST_TEST(gates(world, 3) == "queue ");
  BOOST_TEST(says(told(world, 3), "2 people are called before"));
  world.dial(1);
  BOOST_TEST(gates(world, 2) == "lines rate ");
  world.later(1s);
  BOOST_TEST(gates(world, 2) == "lines ");
  world.does(PauseCampaign{"note", "lunch"});
  BOOST_TEST(gates(world, 2) == "paused lines ");
  BOOST_TEST(says(told(world, 2), "the campaign is paused: lunch"));
  world.does(ResumeCampaign{"note"}).does(world.status("no-answer"));
  world.given(Subject::number(2), OptedOut{"other.1.1", "speech"});
  BOOST_TEST(gates(world, 2) == "suppressed ");
  BOOST_TEST(says(told(world, 2), "never to be called again: that holds for all campaigns"));
  world.at("2026-03-02T21:00:00Z");
  BOOST_TEST(gates(world, 3) == "window queue ");
  BOOST_TEST(says(told(world, 3),
                  "outside the calling hours until 2026-03-03T08:00:00.000Z "
                  "(2026-03-03T09:00:00+01:00 there)"));
}

BOOST_AUTO_TEST_CASE(a_suppression_list_past_its_date_is_a_gate_and_its_loading_is_told) {
  auto campaign = notification();
  campaign.suppression_lists = {{"rpo", 24h}};
  Running world(campaign);
  world.does(ListNumbers{"rpo", {1, 9}, {}});
  world.does(LoadSuppressionList{"rpo", {}, 2, "d1", "register"});
  world.does(ListNumbers{"own", {}, {}}).does(LoadSuppressionList{"own", {}, 0, "d2", ""});
  world.does(ListNumbers{"rpo", {}, {1}});
  BOOST_TEST(gates(world) == "");
  const auto text = told(world);
  BOOST_TEST(says(text,
                  "the suppression list \"rpo\" was loaded, of 2026-03-02T08:00:00.000Z, with 2 "
                  "numbers: register"));
  BOOST_TEST(!says(text, "own"));
  BOOST_TEST(says(text, "the number is on the suppression list \"rpo\": that holds for all"));
  BOOST_TEST(says(text, "the number is no longer on the suppression list \"rpo\""));
  world.later(24h);
  BOOST_TEST(gates(world) == "suppression_list ");
  BOOST_TEST(
      says(told(world),
           "nobody is called: the suppression list \"rpo\" is of 2026-03-02T08:00:00.000Z and "
           "counted for 1d, until 2026-03-03T08:00:00.000Z: load a newer one"));
  world.plans();
  BOOST_TEST(gates(world) == "paused ");
  BOOST_TEST(says(told(world), "the campaign is paused: the suppression list \"rpo\" is of"));
  world.does(LoadSuppressionList{"rpo", {}, 1, "d1", ""});
  world.plans();
  BOOST_TEST(says(told(world), "the campaign goes on: what it was paused for is over"));
}

BOOST_AUTO_TEST_CASE(a_locked_number_an_empty_budget_and_an_unknown_zone_are_gates) {
  Running world(notification("first"));
  world.dial();
  auto poor = notification("second");
  poor.budget = {10'000, 20'000};
  enrol(world, poor, {person(2, 1), person(3, 2, "Mars/Olympus")});
  world.later(1s);
  const auto text = told(world, 1, 1);
  BOOST_TEST(says(text, "the number is locked by first.1.1, which is accepted"), text);
  BOOST_TEST(says(text, "the budget does not cover another call"), text);
  const auto martian = told(world, 2, 1);
  BOOST_TEST(says(martian, "the time zone is not known here"), martian);
  BOOST_TEST(says(martian, "(local time not known)"), martian);
}

BOOST_AUTO_TEST_CASE(it_says_what_a_call_under_way_is_waiting_for) {
  Running world(notification());
  world.plans();
  BOOST_TEST(says(told(world), "next: note.1.1 is under way: requested"));
  OrderAnswered doubt;
  doubt.attempt = world.attempt();
  doubt.why = "the connection broke";
  world.does(doubt);
  const auto text = told(world);
  BOOST_TEST(says(text, "whether it was placed is in doubt: the connection broke"), text);
  BOOST_TEST(says(text,
                  "under way: in_doubt; if nothing is heard of it, the carrier is asked at "
                  "2026-03-02T08:00:05.000Z"),
             text);
}

BOOST_AUTO_TEST_CASE(it_says_how_a_case_ended) {
  Running world(notification(), 2);
  world.dial();
  world.does(world.voice()).does(world.status("completed", 9));
  BOOST_TEST(says(told(world), "next: nothing: the case is done, last word completed\n"));
  world.does(CancelCampaign{"note", "wrong list"});
  const auto text = told(world, 2);
  BOOST_TEST(says(text, "the campaign was cancelled: wrong list"), text);
  BOOST_TEST(says(text, "next: nothing: the case is excluded"), text);
}

BOOST_AUTO_TEST_CASE(a_held_case_waits_for_a_person) {
  auto campaign = notification();
  campaign.in_doubt = InDoubt::hold;
  Running world(campaign);
  world.plans();
  OrderAnswered doubt;
  doubt.attempt = world.attempt();
  world.does(doubt).later(120s);
  world.does(CallsListed{world.attempt(), {}}).later(30s).does(CallsListed{world.attempt(), {}});
  BOOST_TEST(says(told(world), "next: nothing until a person decides"));
}

BOOST_AUTO_TEST_CASE(the_facts_of_others_are_not_told) {
  Running world(notification(), 2);
  world.dial(1);
  world.does(world.status("busy"));
  const auto text = told(world, 2);
  BOOST_TEST(!says(text, "attempt 1"), text);
  BOOST_TEST(history(world, {0, 2}).size() == 4u);
}

BOOST_AUTO_TEST_CASE(neither_number_nor_words_of_a_person_are_told) {
  Running world(some::survey());
  world.dial();
  world.answer_all();
  world.does(world.status("completed", 40));
  for (const auto& text : {told(world), told_json(world).dump()}) {
    BOOST_TEST(text.find("39021234") == std::string::npos);
    BOOST_TEST(text.find("perché") == std::string::npos);
    BOOST_TEST(text.find("Anna") == std::string::npos);
    BOOST_TEST(says(text, "in their own words"));
  }
}

BOOST_AUTO_TEST_CASE(json_says_the_same) {
  Running world(notification());
  world.dial();
  world.does(world.status("busy"));
  const auto json = told_json(world);
  BOOST_TEST(json["contact"] == "note.1");
  BOOST_TEST(json["row"] == 2);
  BOOST_TEST(json["stage"] == "retry");
  BOOST_TEST(json["place"] == "open");
  BOOST_TEST(json["attempts"] == 1);
  BOOST_TEST(json["now_local"] == "2026-03-02T09:00:00+01:00");
  BOOST_TEST(json["events"].size() == 9u);
  BOOST_TEST(json["events"][4]["type"] == "CallRequested");
  BOOST_TEST(json["events"][4]["at_utc"] == "2026-03-02T08:00:00.000Z");
  BOOST_TEST(json["next"]["due_utc"] == "2026-03-02T08:15:00.000Z");
  BOOST_TEST(json["next"]["gates"][0]["gate"] == "not_due");
  BOOST_TEST(json["next"]["gates"][0]["until_utc"] == "2026-03-02T08:15:00.000Z");
}

// One of each kind: a new event without words is seen here.
BOOST_AUTO_TEST_CASE(every_event_of_a_case_has_words) {
  Running world(notification());
  world.dial();
  const auto subject = Subject::contact("note", 1);
  Facts facts;
  const auto add = [&](Event event) {
    Fact fact;
    fact.subject = subject;
    fact.recorded_at = world.now();
    fact.event = std::move(event);
    facts.push_back(std::move(fact));
  };
  add(ContactExcluded{});
  add(CallNotSent{});
  add(CallRefused{});
  add(CallInDoubt{});
  add(CallLookedUp{1, "list"});
  add(CallLookedUp{1, "sid"});
  add(CallAdopted{});
  add(CallNotPlaced{});
  add(CallHeld{});
  add(LateCallDetected{});
  add(LateCallEnded{});
  add(LateCallEnded{"CA1", true});
  add(CallInitiated{});
  add(CallAnswered{});
  add(AnswererDetected{});
  for (const char* prompt :
       {"message", "question", "machine", "goodbye", "opted_out", "gave_up", "hang_up", "stopped",
        "callback", "screened_out", "quota_full", "farewell"}) {
    add(PromptServed{1, 1, prompt});
  }
  add(PromptFetched{1, 2});
  add(AnswerGiven{});
  for (const char* status : {"refused", "dont_know"}) add(AnswerDeclined{1, 1, "q", status});
  for (const char* what : {"repeat", "back", "operator", "stop"}) add(PersonAsked{1, 1, "q", what});
  add(AnswerInvalid{});
  add(NoInput{});
  add(QuotaCounted{1, "women", 3, 50});
  add(QuotaSwept{2000});
  add(TransferProgressed{1, 2, "CAleg", "initiated"});
  add(TransferProgressed{1, 2, "CAleg", "ringing"});
  add(TransferProgressed{1, 2, "CAleg", "answered"});
  add(TransferProgressed{1, 2, "CAleg", "completed", 31, 200});
  add(TransferProgressed{1, 1, "CAother", "busy", 0, 486});
  add(CallbackAsked{1, 2, 0, "più tardi", "dopo"});
  add(CallbackAsked{1, 2, to_ms(Instant{std::chrono::days{20'000}}), "domani", "domani"});
  add(CallbackAsked{1, 3, 0, "boh", "boh", 0, true});
  add(ContactClosed{});
  add(SpendReserved{1, 1'500'000});
  add(SpendSettled{});
  add(SpendReserved{1, 100'000, 400'000});
  add(SpendSettled{1, 20'000, 35'000});
  add(SpendCorrected{1, 13'500});
  const auto text = campaigns::explain(world.state(), {0, 1}, world.rules(), world.now(), facts);
  BOOST_TEST(std::count(text.begin(), text.end(), '\n') ==
             static_cast<std::ptrdiff_t>(facts.size()) + 3);
  BOOST_TEST(says(text, "the agent had not said goodbye; it was said without it"), text);
  BOOST_TEST(says(text, "counts towards the quota \"women\", as number 3 of 50"), text);
  BOOST_TEST(says(text, "the person wants to be called at another time\n"), text);
  BOOST_TEST(
      says(text, "wants to be called at another time: 2024-10-04T00:00:00.000Z (2024-10-04T"),
      text);
  BOOST_TEST(says(text, "called at another time, and not at the one that they named before\n"),
             text);
  BOOST_TEST(says(text, "at most 1.5 USD set aside"), text);
  BOOST_TEST(says(text, "at most 0.1 USD set aside, and at most 0.4 USD for the voice model"),
             text);
  BOOST_TEST(says(text, "cost 0.02 USD, and 0.035 USD for the voice model"), text);
  BOOST_TEST(says(text, "cost 0.0135 USD, as the carrier charges it"), text);
  BOOST_TEST(says(text, "human 2 of the list: is being called, as CAleg"), text);
  BOOST_TEST(says(text, "human 2 of the list: that call ended as completed after 31 seconds"),
             text);
  BOOST_TEST(says(text, "human 1 of the list: that call ended as busy (SIP 486)"), text);
}

BOOST_AUTO_TEST_SUITE_END()
