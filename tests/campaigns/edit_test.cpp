#include "campaigns/edit.hpp"

#include <boost/test/unit_test.hpp>
#include <string>

#include "campaigns/campaign_file.hpp"
#include "campaigns/decide.hpp"
#include "campaigns/known_people.hpp"
#include "tests/campaigns/some_campaigns.hpp"

BOOST_AUTO_TEST_SUITE(edit)

namespace {

using namespace some;

AddContacts addition(std::vector<EnrolRows::Row> rows, const std::string& campaign = "note") {
  AddContacts command;
  command.campaign = campaign;
  command.list_digest = "d2";
  command.rows = std::move(rows);
  return command;
}

EditCampaign changed(const Campaign& next) {
  return {next.id, print_campaign(next), "d-edited"};
}

// How often a text holds a word.
std::size_t times(const std::string& text, const std::string& word) {
  std::size_t count = 0;
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++count;
  return count;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_zone_that_stood_for_everybody_may_change_and_may_not_go) {
  auto campaign = notification();
  campaign.hours.zone = "America/New_York";
  Running world(campaign, 1);
  auto next = campaign;
  next.hours.zone = "Europe/Rome";
  BOOST_TEST(!reason_not_to_edit(world.state(), 0, next));
  next.hours.zone.clear();
  BOOST_TEST(world.when(changed(next)) == "refused: changed_fixed");
  auto again = submit(next, "d2");
  again.accept_change = true;
  BOOST_TEST(world.when(again) == "refused: changed_fixed");
}

BOOST_AUTO_TEST_CASE(people_are_added_once_whatever_is_added_again) {
  Running world(notification(), 2);
  const auto first = world.when(addition({person(2, 2), person(3, 3), person(4, 4), person(5, 4)}));
  BOOST_TEST(times(first, "ContactEnrolled") == 2U);
  BOOST_TEST(times(first, "ContactsAdded") == 1U);
  world.does(addition({person(2, 2), person(3, 3), person(4, 4), person(5, 4)}));
  const auto& queue = world.state().queue.campaigns[0];
  BOOST_TEST(queue.contacts.size() == 4U);
  BOOST_TEST(queue.enrolling.empty());
  BOOST_TEST(world.when(addition({person(2, 2), person(3, 3), person(4, 4)})) == "");
  // What they were enrolled with first is what holds: the list's own rows are not moved by it.
  BOOST_TEST(world.state().book.at(0).last_row == 3U);
  BOOST_TEST(world.state().book.at(0).contacts_digest == submit(notification()).contacts_digest);
}

BOOST_AUTO_TEST_CASE(the_list_s_own_id_says_who_is_in_it_already) {
  auto campaign = notification();
  campaign.contacts.id_column = "id";
  Running world(campaign, 2);
  const auto with_id = [](std::uint64_t row, NumberKey key, std::string own) {
    auto made = person(row, key);
    made.values[0] = std::move(own);
    return made;
  };
  // The first has another number now; the third and the fourth are one person; two have no id.
  const auto lines =
      world.when(addition({with_id(2, 11, "id1"), with_id(3, 13, "id13"), with_id(4, 14, "id13"),
                           with_id(5, 15, ""), with_id(6, 16, "")}));
  BOOST_TEST(times(lines, "ContactEnrolled") == 3U, lines);
  BOOST_TEST(lines.find("\"added\":3,\"known\":2") != std::string::npos, lines);
  BOOST_TEST(world.state().queue.campaigns[0].contact(1).key == 1U);
  BOOST_TEST(world.when(addition({with_id(2, 11, "id1")})) == "");
  // Without ids of the list's own the number alone says it.
  Running other(notification(), 2);
  BOOST_TEST(times(other.when(addition({with_id(2, 11, "id1")})), "ContactEnrolled") == 1U);
}

BOOST_AUTO_TEST_CASE(who_has_moved_is_called_by_the_clock_of_where_they_are) {
  auto campaign = notification();
  campaign.pacing.lines = 5;
  Running world(campaign, 3);
  const auto move = [&](std::uint32_t contact, const char* zone) {
    return world.when(MovePeople{"note", {{contact, zone}}});
  };
  BOOST_TEST(move(1, "America/New_York") ==
             "contact/note/1 ContactMoved {\"zone\":\"America/New_York\"}\n");
  BOOST_TEST(move(1, "America/New_York") == "");
  BOOST_TEST(move(9, "America/New_York") == "");
  BOOST_TEST(world.when(MovePeople{"none", {}}) == "refused: unknown_campaign");
  // It is nine in Rome, and the first in the list is somewhere else now.
  BOOST_TEST(times(world.plans(), "contact/note/2 CallRequested") == 1U);
  world.accept(2);
  world.does(world.status("no-answer", 0, 2));
  BOOST_TEST(times(world.later(1s).plans(), "contact/note/3 CallRequested") == 1U);
  world.accept(3);
  // Whoever waits for another call goes, too; and so does a call that still waits at the carrier.
  BOOST_TEST(times(move(2, "Asia/Kolkata"), "ContactMoved") == 1U);
  BOOST_TEST(times(move(3, "America/Sao_Paulo"), "ContactMoved") == 1U);
  BOOST_TEST(times(world.plans(), "contact/note/3 CallEndRequested") == 1U);
  world.does(world.status("canceled", 0, 3));
  BOOST_TEST(world.at("2026-03-02T13:59:59Z").plans().find("contact/note/1") == std::string::npos);
  BOOST_TEST(times(world.at("2026-03-02T14:00:00Z").plans(), "contact/note/1 CallRequested") == 1U);
  const auto& queue = world.state().queue.campaigns[0];
  BOOST_TEST(queue.groups[queue.contact(2).group].zone == "Asia/Kolkata");
  BOOST_TEST(queue.groups[queue.contact(3).group].zone == "America/Sao_Paulo");
  world.accept(1);
  world.does(world.status("busy"));
  BOOST_TEST(times(move(1, "Europe/Rome"), "ContactMoved") == 1U);
  // Nobody is called whose case is closed, wherever they are.
  world.does(CancelCampaign{"note", "enough"});
  BOOST_TEST(move(1, "Europe/London") == "");
}

BOOST_AUTO_TEST_CASE(a_list_says_once_who_has_moved) {
  auto campaign = notification();
  campaign.contacts.id_column = "id";
  Running world(campaign, 3);
  const auto row = [](std::uint64_t line, NumberKey key, std::string own, const char* zone) {
    auto made = person(line, key, zone);
    made.values[0] = std::move(own);
    return made;
  };
  // By number, by id alone with another number, once more, of somebody who is new, and as before.
  const std::vector<EnrolRows::Row> rows = {
      row(2, 1, "id1", "Asia/Kolkata"),  row(3, 12, "id2", "Europe/London"),
      row(4, 1, "id1", "Europe/London"), row(5, 14, "id14", "Asia/Kolkata"),
      row(6, 3, "id3", "Europe/Rome"),   row(7, 20, "id3", "Asia/Kolkata")};
  // By the number it is the third's; by the number the next one is the second's, who was where they
  // are; and then somebody's who comes in by the list.
  const std::vector<EnrolRows::Row> crossed = {
      row(2, 3, "id1", "Asia/Kolkata"), row(3, 2, "id1", "Europe/Rome"),
      row(4, 12, "id2", "Europe/London"), row(5, 11, "id11", "Europe/Rome"),
      row(6, 11, "id1", "Europe/London")};
  const auto text = [](const MovePeople::Move& move) {
    return std::to_string(move.contact) + ' ' + move.zone + ", ";
  };
  const auto one_by_one = [&](const std::vector<EnrolRows::Row>& list) {
    KnownPeople known(world.state(), 0);
    known.look(world.state(), 100);
    std::string moved;
    for (const auto& each : list) {
      if (const auto move = known.move_of(world.state(), each)) moved += text(*move);
      known.see(each);
    }
    return moved;
  };
  const auto together = [&](const std::vector<EnrolRows::Row>& list) {
    PeopleSearch search(list, 0);
    search.look(world.state(), 0, 100);
    std::string moved;
    for (const auto& each : list) {
      if (const auto move = search.move_of(world.state(), 0, each)) moved += text(*move);
      if (search.known(each) == KnownBy::nobody) search.add(each);
    }
    return moved;
  };
  BOOST_TEST(one_by_one(rows) == "1 Asia/Kolkata, 2 Europe/London, ");
  BOOST_TEST(together(rows) == one_by_one(rows));
  BOOST_TEST(one_by_one(crossed) == "3 Asia/Kolkata, ");
  BOOST_TEST(together(crossed) == "3 Asia/Kolkata, ");
}

BOOST_AUTO_TEST_CASE(a_zone_that_nobody_stated_moves_nobody) {
  Running world(notification(), 2);
  auto guessed = person(2, 1, "Asia/Kolkata");
  guessed.zone_said = false;
  const std::vector<EnrolRows::Row> rows = {guessed, person(3, 2, "Asia/Kolkata")};
  KnownPeople known(world.state(), 0);
  known.look(world.state(), 100);
  PeopleSearch search(rows, 2);
  search.look(world.state(), 0, 100);
  BOOST_TEST(!known.move_of(world.state(), rows[0]).has_value());
  BOOST_TEST(known.move_of(world.state(), rows[1]).has_value());
  BOOST_TEST(!search.move_of(world.state(), 0, rows[0]).has_value());
  BOOST_TEST(search.move_of(world.state(), 0, rows[1]).has_value());
}

BOOST_AUTO_TEST_CASE(rows_that_come_one_after_the_other_are_known_by_number_and_id) {
  auto campaign = notification();
  campaign.contacts.id_column = "id";
  Running world(campaign, 2);
  const auto seen = [](const World& of, KnownPeople& known, std::uint64_t row, NumberKey key,
                       std::string own) {
    auto made = person(row, key);
    made.values[0] = std::move(own);
    const auto alone = known_people(of.state(), 0, {made}).front();
    const auto by = known.see(made);
    // Alone a row is known by those who are in the campaign, and here by the rows before it, too.
    if (alone != KnownBy::nobody) BOOST_TEST((by == alone));
    return by == KnownBy::number ? "number" : by == KnownBy::id ? "id" : "nobody";
  };
  KnownPeople known(world.state(), 0);
  BOOST_TEST(!known.look(world.state(), 1));
  BOOST_TEST(known.look(world.state(), 1));
  BOOST_TEST(seen(world, known, 2, 1, "id9") == "number");
  BOOST_TEST(seen(world, known, 3, 11, "id2") == "id");
  BOOST_TEST(seen(world, known, 4, 12, "id12") == "nobody");
  BOOST_TEST(seen(world, known, 5, 12, "id13") == "number");
  BOOST_TEST(seen(world, known, 6, 14, "id12") == "id");
  BOOST_TEST(seen(world, known, 7, 15, "") == "nobody");
  BOOST_TEST(seen(world, known, 8, 16, "") == "nobody");
  // Who has moved is not known by the number that nobody was enrolled with.
  BOOST_TEST(seen(world, known, 9, 11, "id17") == "nobody");
  Running other(notification(), 2);
  KnownPeople by_number(other.state(), 0);
  BOOST_TEST(by_number.look(other.state(), 1'000));
  BOOST_TEST(seen(other, by_number, 2, 11, "id1") == "nobody");
  BOOST_TEST(seen(other, by_number, 3, 1, "id99") == "number");
}

// Of a changed list only those who are new are taken in: that holds for the priority, too.
BOOST_AUTO_TEST_CASE(who_is_known_keeps_their_priority_and_who_is_new_has_the_list_s) {
  auto campaign = notification();
  campaign.contacts.priority_column = "urgency";
  World world(some_zones());
  begin(world);
  const auto with = [](std::uint64_t n, std::uint8_t priority) {
    auto made = person(n + 1, n);
    made.priority = priority;
    return made;
  };
  enrol(world, campaign, {with(1, 1), with(2, 9)});
  auto again = submit(campaign, "d2");
  again.contacts_digest = "another list";
  again.accept_change = true;
  world.does(again).does(EnrolRows{"note", {with(1, 9), with(2, 1), with(3, 5)}});
  BOOST_TEST(world.when(CompleteEnrolment{"note", 1}).find("\"renumbered\":1") !=
             std::string::npos);
  BOOST_TEST(world.state().book.at(0).renumbered == 1U);
  std::string order;
  for (const std::uint32_t expected : {1U, 3U, 2U}) {
    const auto lines = world.plans();
    order += lines.substr(0, std::string("contact/note/1").size()) + ' ';
    OrderAnswered refused;
    refused.attempt = {"note", expected, 1};
    refused.kind = OrderAnswered::Kind::rejected;
    refused.http_status = 400;
    refused.code = 21211;
    world.does(refused).later(1s);
  }
  BOOST_TEST(order == "contact/note/1 contact/note/3 contact/note/2 ");
  // The people were read by the column that there was.
  campaign.contacts.priority_column = "other";
  BOOST_TEST(reason_not_to_edit(world.state(), 0, campaign).has_value());
}

BOOST_AUTO_TEST_CASE(a_campaign_that_is_cancelled_takes_nobody) {
  Running world(notification());
  world.does(CancelCampaign{"note", "enough"});
  BOOST_TEST(world.when(addition({person(9, 9)})).find("takes_nobody") != std::string::npos);
  BOOST_TEST(world.when(addition({person(9, 9)}, "none")).find("unknown_campaign") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_stays_is_refused_with_the_reason) {
  const auto before = survey();
  Running world(before, 2);
  const auto refusal = [&](const Campaign& next) {
    const auto refused = reason_not_to_edit(world.state(), 0, next);
    return refused ? refused->code + ": " + refused->text : "none";
  };
  BOOST_TEST(refusal(before) == "none");
  auto next = before;
  next.kind = Kind::callback;
  BOOST_TEST(refusal(next).find("kind") != std::string::npos);
  next = before;
  next.contacts.region = "CH";
  BOOST_TEST(refusal(next).find("\"contacts\"") != std::string::npos);
  next = before;
  next.variants = {{"intro", "seed", {{"a", {}, 1}, {"b", {}, 1}}}};
  BOOST_TEST(refusal(next).find("variants stay") != std::string::npos);
  next = before;
  next.questions[0].shuffle = true;
  BOOST_TEST(refusal(next).find("from the beginning") != std::string::npos);
  next = before;
  next.questions.push_back(question("new", QuestionType::choice, "?"));
  next.questions.back().shuffle = true;
  BOOST_TEST(refusal(next).find("have no order for it") != std::string::npos);
  next = before;
  next.questions.pop_back();
  BOOST_TEST(refusal(next).find("question that was asked stays") != std::string::npos);
  next = before;
  std::swap(next.questions[0], next.questions[1]);
  BOOST_TEST(refusal(next).find("place and type") != std::string::npos);
  next = before;
  next.questions[0].options[0].code = "another";
  BOOST_TEST(refusal(next).find("would be none any more") != std::string::npos);
  next = before;
  next.questions[0].several = true;
  BOOST_TEST(refusal(next).find("of one option, or of several") != std::string::npos);
  next = before;
  for (auto& one : next.questions) {
    if (one.type == QuestionType::rating) one.most -= 1;
  }
  BOOST_TEST(refusal(next).find("new bounds") != std::string::npos);
  next = before;
  next.goodbye = words("Grazie {{nobody_has_this}}");
  BOOST_TEST(refusal(next).find("unknown_column") == 0U);
  next = before;
  next.result_columns = {{"Sedi", "sedi", false}};
  BOOST_TEST(refusal(next).find("unknown_column") == 0U);
  // Words, hours, pacing and retries are what one edits.
  next = before;
  next.goodbye = words("Arrivederci");
  next.pacing.lines = 7;
  next.retries.attempts_max = 1;
  next.hours.windows.clear();
  BOOST_TEST(refusal(next) == "none");
  world.does(CancelCampaign{before.id, "enough"});
  BOOST_TEST(refusal(next).find("over") == 0U);
}

// By an edit and by a file that is submitted again alike.
BOOST_AUTO_TEST_CASE(what_the_results_are_read_by_stays) {
  auto before = survey();
  before.contacts.id_column = "id";
  before.budget = {1'000'000, 20'000};
  before.budget.currency = "EUR";
  before.result_columns = {{"name", "nome", false}};
  Running world(before, 2);
  const auto refusals = [&](const Campaign& next, const char* with) {
    const auto edit = reason_not_to_edit(world.state(), 0, next);
    BOOST_TEST((edit && edit->text.find(with) != std::string::npos), with);
    auto again = submit(next, "d2");
    again.accept_change = true;
    const auto decision = campaigns::decide(world.state(), again, Moment{world.now()});
    BOOST_TEST((!decision.ok() && decision.error().text.find(with) != std::string::npos), with);
  };
  auto next = before;
  next.questions.push_back(question("nome", QuestionType::rating, "?"));
  next.questions.back().required = false;
  refusals(next, "\"nome\" of the results would be called \"c_nome\"");
  next = before;
  next.budget.currency = "USD";
  BOOST_TEST(!reason_not_to_edit(world.state(), 0, next).has_value());
  next.budget.limit_millionths = 199'999;  // ten minutes are set aside for a call
  BOOST_TEST(reason_not_to_edit(world.state(), 0, next)->code == "budget_too_small");
  next.budget.limit_millionths = 200'000;
  BOOST_TEST(!reason_not_to_edit(world.state(), 0, next).has_value());
  world.dial(1);
  refusals(next, "money was spent in EUR");
}

BOOST_AUTO_TEST_CASE(who_may_be_called_earlier_and_later_is_counted_by_their_hours) {
  const auto before = notification();
  Running world(before, 3);
  const auto now = utc("2026-03-02T21:00:00Z");  // ten in the evening in Rome: closed until nine
  const auto rules = some_zones();
  auto next = before;
  BOOST_TEST(preview_edit(world.state(), 0, next, rules, now).earlier == 0U);
  BOOST_TEST(preview_edit(world.state(), 0, next, rules, now).waiting == 3U);
  for (auto& window : next.hours.windows) window.from = std::chrono::hours{8};
  BOOST_TEST(preview_edit(world.state(), 0, next, rules, now).earlier == 3U);
  BOOST_TEST(preview_edit(world.state(), 0, next, rules, now).later == 0U);
  for (auto& window : next.hours.windows) window.from = std::chrono::hours{10};
  BOOST_TEST(preview_edit(world.state(), 0, next, rules, now).later == 3U);
  next.hours.windows.clear();
  BOOST_TEST(preview_edit(world.state(), 0, next, rules, now).never == 3U);
  next = before;
  next.pacing.calls_per_second_thousandths = before.pacing.calls_per_second_thousandths / 2;
  const auto slower = preview_edit(world.state(), 0, next, rules, now);
  BOOST_TEST(slower.takes_after.count() == 2 * slower.takes_before.count());
}

BOOST_AUTO_TEST_CASE(who_would_be_of_no_country_that_is_called_is_counted) {
  auto before = notification();
  before.countries = {"IT", "CH"};
  auto swiss = person(2, 1);
  swiss.number = "+41446681800";
  auto both = person(3, 2);
  both.number = "+41446681801";
  both.others = {{"+390212341003", 3}};
  Running world(before, {swiss, both, person(4, 4)});
  const auto excluded = [&](const Campaign& next) {
    return preview_edit(world.state(), 0, next, some_zones(), world.now()).other_country;
  };
  BOOST_TEST(excluded(before) == 0U);
  auto next = before;
  next.countries = {"IT"};
  BOOST_TEST(excluded(next) == 1U);
  next.countries = {"FR"};
  BOOST_TEST(excluded(next) == 3U);
  next.countries = {"FR", "CH", "IT"};
  BOOST_TEST(excluded(next) == 0U);
  next.countries = {};
  BOOST_TEST(excluded(next) == 0U);
  // Whoever has had their call is past it.
  world.dial();
  next.countries = {"IT"};
  BOOST_TEST(excluded(next) == 0U);
}

BOOST_AUTO_TEST_CASE(a_preview_may_look_at_some_people_at_a_time) {
  auto before = notification();
  before.hours.windows = {{0b1111111, 9h, 21h}};
  Running world(before, 3);
  // The first is due again half a minute before eight in the evening in Rome.
  world.at("2026-03-02T16:59:20Z");
  world.dial();
  world.later(10s).does(world.status("no-answer"));
  const auto now = world.now();
  auto next = before;
  next.hours.windows = {{0b1111111, 9h, 20h}};
  BOOST_TEST(preview_edit(world.state(), 0, next, world.rules(), now).later == 0U);
  next.hours.windows = {{0b1111111, 9h, 20h - 1min}};
  const auto whole = preview_edit(world.state(), 0, next, world.rules(), now);
  BOOST_TEST(whole.later == 1U);
  BOOST_TEST(whole.waiting == 3U);
  EditPreviewer previewer(world.state(), 0, next, now);
  unsigned looks = 1;
  while (!previewer.look(world.state(), world.rules(), 1)) ++looks;
  BOOST_TEST(looks == 3U);
  const auto pieces = previewer.preview(world.state());
  BOOST_TEST(pieces.later == whole.later);
  BOOST_TEST(pieces.waiting == whole.waiting);
  BOOST_TEST(pieces.takes_after.count() == whole.takes_after.count());
  // Fewer where each number is read: a portion takes its few milliseconds all the same.
  next.countries = {"DE"};
  EditPreviewer abroad(world.state(), 0, next, now);
  looks = 1;
  while (!abroad.look(world.state(), world.rules(), 40)) ++looks;
  BOOST_TEST(looks == 2U);
  BOOST_TEST(abroad.preview(world.state()).other_country == 3U);
}

BOOST_AUTO_TEST_CASE(a_lower_cap_closes_whoever_has_had_as_many_attempts) {
  const auto before = notification();
  Running world(before, 2);
  world.dial();
  world.does(world.status("no-answer"));
  BOOST_TEST_REQUIRE(world.state().queue.campaigns[0].count(Stage::retry) == 1U);
  auto next = before;
  next.retries.attempts_max = 1;
  const auto preview =
      preview_edit(world.state(), 0, next, some_zones(), instant_from_ms(1'772'438'400'000));
  BOOST_TEST(preview.excluded == 1U);
  world.does(changed(next));
  const auto& queue = world.state().queue.campaigns[0];
  world.does(PauseCampaign{"note", "lunch"}).plans();
  BOOST_TEST(queue.count(Stage::exhausted) == 1U);
  BOOST_TEST(queue.count(Stage::fresh) == 1U);
  BOOST_TEST(world.state().book.at(0).definition->retries.attempts_max == 1);
  BOOST_TEST(world.when(changed(next)) == "");
}

BOOST_AUTO_TEST_CASE(those_beyond_a_lower_cap_are_closed_in_rounds_behind_the_calls_that_are_due) {
  constexpr std::uint32_t people = 2500;
  auto before = notification();
  before.pacing.lines = 5;
  Running world(before, people + 1);
  // All but the last have had one attempt.
  for (std::uint32_t contact = 1; contact <= people; ++contact) {
    const auto subject = Subject::contact("note", contact);
    CallRequested requested;
    requested.attempt = 1;
    requested.slot = to_ms(world.now() - 1h);
    world.given(subject, requested);
    world.given(subject, AttemptClosed{1, Outcome::no_answer});
    world.given(subject, RetryScheduled{to_ms(world.now() + 1h), Outcome::no_answer});
  }
  auto next = before;
  next.retries.attempts_max = 1;
  BOOST_TEST(world.when(changed(next)).find("ContactClosed") == std::string::npos);
  const auto& queue = world.state().queue.campaigns[0];
  const auto round = [&] {
    const auto facts = plan(world.state(), world.rules(), {world.now(), 0}, world.limits);
    const auto exhausted = queue.count(Stage::exhausted);
    world.fold(facts);
    return queue.count(Stage::exhausted) - exhausted;
  };
  BOOST_TEST(round() == 0U);
  BOOST_TEST(queue.count(Stage::calling) == 1U);
  BOOST_TEST(world.wakes() == rfc3339_utc(world.now()));
  BOOST_TEST(round() == 1000U);
  // Whoever would be called next is not, nor is anybody twice, and a higher cap keeps the rest.
  world.later(1h);
  BOOST_TEST(round() == 1U);
  next.retries.attempts_max = 2;
  world.does(EditCampaign{"note", print_campaign(next), "d3"});
  BOOST_TEST(world.plans().find("ContactClosed") == std::string::npos);
  next.retries.attempts_max = 1;
  world.does(EditCampaign{"note", print_campaign(next), "d4"}).plans();
  BOOST_TEST(queue.count(Stage::retry) == 0U);
  BOOST_TEST(queue.count(Stage::exhausted) + queue.count(Stage::calling) == people + 1);
}

BOOST_AUTO_TEST_SUITE_END()
