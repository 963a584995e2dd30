#include "campaigns/edit.hpp"

#include <boost/test/unit_test.hpp>
#include <string>

#include "campaigns/campaign_file.hpp"
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
  BOOST_TEST(queue.count(Stage::exhausted) == 1U);
  BOOST_TEST(queue.count(Stage::fresh) == 1U);
  BOOST_TEST(world.state().book.at(0).definition->retries.attempts_max == 1);
  BOOST_TEST(world.when(changed(next)) == "");
}

BOOST_AUTO_TEST_SUITE_END()
