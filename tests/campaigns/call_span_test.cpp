#include "campaigns/call_span.hpp"

#include <boost/test/unit_test.hpp>

#include "campaigns/contact_list.hpp"
#include "campaigns/decide.hpp"
#include "tests/campaigns/some_campaigns.hpp"

BOOST_AUTO_TEST_SUITE(call_span)

using namespace campaigns;
using namespace some;

namespace {

const ZoneRules& zones() {
  static const ZoneRules all = some_zones();
  return all;
}

std::string moment(std::string_view date, std::string_view time = {},
                   const std::string& zone = "Europe/Rome", DateOrder order = DateOrder::day_first,
                   bool whole_day = false) {
  const auto read = read_written_moment({date, time}, zone, zones(), order, whole_day);
  return read ? rfc3339_utc(*read) : "none";
}

// Two people whose rows have such limits, at nine on a Monday morning in Rome.
struct Limited : World {
  Limited(const char* not_before, const char* not_after, const Campaign& campaign = notification())
      : World(some_zones()) {
    begin(*this);
    auto limited = person(2, 1);
    if (*not_before != '\0') limited.span.not_before = utc(not_before);
    if (*not_after != '\0') limited.span.not_after = utc(not_after);
    enrol(*this, campaign, {std::move(limited), person(3, 2)});
  }
};

AttemptId first_of_note(std::uint8_t number = 1) {
  return {"note", 1, number};
}

OrderAnswered taken(std::uint8_t number = 1) {
  OrderAnswered answer;
  answer.attempt = first_of_note(number);
  answer.kind = OrderAnswered::Kind::placed;
  answer.sid = "CA1-" + std::to_string(number);
  return answer;
}

StatusReported told(std::string word, std::uint8_t number = 1) {
  StatusReported made;
  made.attempt = first_of_note(number);
  made.sid = "CA1-" + std::to_string(number);
  made.status = std::move(word);
  return made;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_CASE(moments_are_read_as_lists_write_them) {
  for (const char* date : {"2026-03-30", "30/03/2026", "30.3.2026", "30-03-26", "30/3/26"}) {
    BOOST_TEST(moment(date) == "2026-03-29T22:00:00.000Z", date);
    BOOST_TEST(moment(date, "9:15") == "2026-03-30T07:15:00.000Z", date);
    BOOST_TEST(
        moment(date, {}, "Europe/Rome", DateOrder::day_first, true) == "2026-03-30T22:00:00.000Z",
        date);
  }
  for (const char* both :
       {"2026-03-30 09:15", "2026-03-30T09:15:00", "30/03/2026 9.15", "30/03/2026  9:15:00",
        "2026-03-30T07:15:00Z", "2026-03-30T09:15:00+02:00", "2026-03-30 09:15:00.0000000",
        "2026-03-30T09:15:00.999999", "2026-03-30 09:15:00.123456789", "30/03/2026 9:15 AM",
        "30/03/2026 09:15:00 am", "30/03/2026 9:15AM"}) {
    BOOST_TEST(moment(both) == "2026-03-30T07:15:00.000Z", both);
  }
  BOOST_TEST(moment("03/30/2026", {}, "Europe/Rome", DateOrder::month_first) ==
             "2026-03-29T22:00:00.000Z");
  BOOST_TEST(moment("3/30/2026 9:15 PM", {}, "Europe/Rome", DateOrder::month_first) ==
             "2026-03-30T19:15:00.000Z");
  BOOST_TEST(moment("30/03/2026", "12:15 AM") == "2026-03-29T22:15:00.000Z");
  BOOST_TEST(moment("30/03/2026", "12:15 PM") == "2026-03-30T10:15:00.000Z");
  BOOST_TEST(moment("30/03/2026", "12:15:00.5") == "2026-03-30T10:15:00.000Z");
}

BOOST_AUTO_TEST_CASE(what_is_no_moment_is_none) {
  for (const char* date : {"",
                           "30/02/2026",
                           "30/13/2026",
                           "2026-3",
                           "20260330",
                           "domani",
                           "30/03-2026",
                           "30/03/2026x",
                           "30/03/2026 25:00",
                           "30/03/2026 9:60",
                           "30/03/2026 9:5",
                           "-1/03/2026",
                           "+1/03/2026",
                           "30/03/202",
                           "1/1/1969",
                           "30/03/2026 ",
                           "31/12/9999",
                           "1970-01-01T00:00:00Z",
                           "9999-12-31T23:59:59-05:00",
                           "30/03/2026 9:15 CET",
                           "30/03/2026 0:15 AM",
                           "30/03/2026 13:15 PM",
                           "30/03/2026 9:15 XM",
                           "30/03/2026 9:15 AMM",
                           "30/03/2026 9:15:00.",
                           "30/03/2026 9:15:00.1234567890",
                           "30/03/2026 9:15.123",
                           "2026-03-30T09:15:00+02:0"}) {
    BOOST_TEST(moment(date) == "none", date);
  }
  BOOST_TEST(moment("30/03/2026", "ore 9") == "none");
  BOOST_TEST(moment("30/03/2026 9:15", "9:15") == "none");
  BOOST_TEST(moment("", "9:15") == "none");
  BOOST_TEST(moment("30/03/2026", "9:15", "Europe/Nowhere") == "none");
}

BOOST_AUTO_TEST_CASE(the_clock_that_is_put_forward_or_back_is_the_persons_own) {
  // 2026-03-29, from 2:00 to 3:00; 2026-10-25, from 3:00 back to 2:00.
  BOOST_TEST(moment("2026-03-29", "1:59") == "2026-03-29T00:59:00.000Z");
  BOOST_TEST(moment("2026-03-29", "2:30") == "2026-03-29T01:30:00.000Z");
  BOOST_TEST(moment("2026-03-29", "3:00") == "2026-03-29T01:00:00.000Z");
  BOOST_TEST(moment("2026-10-25", "2:30") == "2026-10-25T00:30:00.000Z");
  BOOST_TEST(moment("2026-10-25", "3:00") == "2026-10-25T02:00:00.000Z");
}

BOOST_AUTO_TEST_CASE(rows_bring_their_limits_in_one_column_or_in_two) {
  Campaign campaign;
  campaign.kind = Kind::notification;
  campaign.contacts.file = "list.csv";
  campaign.contacts.region = "IT";
  campaign.contacts.number_column = "Telefono";
  campaign.contacts.not_before_columns = {"Da"};
  campaign.contacts.not_after_columns = {"Data", "Ora"};
  const std::string list =
      "Telefono;Da;Data;Ora\n"
      "3331234561;28/03/2026;30/03/2026;9:15\n"
      "3331234562;;30/03/2026;\n"
      "3331234563;;;\n"
      "3331234564;;30/02/2026;9:15\n"
      "3331234565;;30/03/2026;alle nove\n"
      "3331234566;30/03/2026 9:15;30/03/2026;9:15\n"
      "3331234567;;;9:15\n";
  auto reader = ContactListReader::open_csv(campaign, zones(), list);
  BOOST_TEST_REQUIRE(reader.ok());
  std::vector<std::string> read;
  ContactRow row;
  RejectedRow rejected;
  const auto text = [](const std::optional<Instant>& at) { return at ? rfc3339_utc(*at) : "-"; };
  for (auto next = reader->next(row, rejected); next != ContactListReader::Next::end;
       next = reader->next(row, rejected)) {
    read.push_back(next == ContactListReader::Next::row
                       ? text(row.span.not_before) + ' ' + text(row.span.not_after)
                       : rejected.reason + '@' + rejected.column);
    if (rejected.reason != "bad_moment") continue;
    for (const char* form : {"2026-03-30", "30/03/2026", "9:15 AM", "2026-03-30T09:15:00+02:00"}) {
      BOOST_TEST(contains(rejected.what, form), form);
    }
  }
  const std::vector<std::string> expected{"2026-03-27T23:00:00.000Z 2026-03-30T07:15:00.000Z",
                                          "- 2026-03-30T22:00:00.000Z",
                                          "- -",
                                          "bad_moment@Data",
                                          "bad_moment@Ora",
                                          "no_time_left@Data",
                                          "bad_moment@Data"};
  BOOST_TEST(read == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(nobody_is_called_before_their_first_moment) {
  Limited world("2026-03-02T10:00:00Z", "");
  const auto now = world.plans();
  BOOST_TEST(!contains(now, "contact/note/1 "));
  BOOST_TEST(contains(now, "contact/note/2 CallRequested"));
  BOOST_TEST(world.state().queue.contact({0, 1}).due_ms == to_ms(utc("2026-03-02T10:00:00Z")));
  world.does(CancelCampaign{"note", "no more"});

  Limited alone("2026-03-02T10:00:00Z", "");
  alone.fold({[] {
    Fact fact;
    fact.subject = Subject::contact("note", 2);
    fact.event = ContactExcluded{"suppressed", ""};
    return fact;
  }()});
  BOOST_TEST(alone.plans() == "");
  BOOST_TEST(alone.wakes() == "2026-03-02T10:00:00.000Z");
  BOOST_TEST(contains(alone.at("2026-03-02T10:00:00Z").plans(), "contact/note/1 CallRequested"));
}

BOOST_AUTO_TEST_CASE(whoever_was_not_called_in_time_is_let_go_and_the_campaign_ends) {
  Limited world("", "2026-03-02T08:00:00Z");
  // Their moment came while the list was enrolled.
  BOOST_TEST(contains(world.plans(),
                      "contact/note/1 ContactExcluded {\"gate\":\"too_late\",\"evidence\":\"the "
                      "row's last moment for a call is over\"}\n"));
  BOOST_TEST(world.state().queue.contact({0, 1}).requests == 0u);

  World many(some_zones());
  begin(many);
  std::vector<EnrolRows::Row> rows;
  for (std::uint64_t n = 1; n <= 600; ++n) {
    rows.push_back(person(n + 1, n));
    rows.back().span.not_after = utc("2026-03-02T08:00:00Z");
  }
  enrol(many, notification(), std::move(rows));
  // Not while nothing may be written: they are not called in any case.
  many.limits.no_dials = true;
  BOOST_TEST(many.plans() == "");
  BOOST_TEST(many.wakes() == "never");
  many.limits.no_dials = false;
  BOOST_TEST(contains(many.plans(), "campaign/note CampaignCompleted {\"excluded\":600}"));
}

BOOST_AUTO_TEST_CASE(the_end_of_a_persons_time_is_waited_for_out_of_hours_too) {
  auto campaign = notification();
  campaign.hours.windows = {{0x7f, 12h, 13h}};
  Limited world("", "2026-03-02T09:00:00Z", campaign);
  BOOST_TEST(world.plans() == "");
  BOOST_TEST(world.wakes() == "2026-03-02T09:00:00.000Z");
  BOOST_TEST(contains(world.at("2026-03-02T09:00:00Z").plans(), "\"too_late\""));
  BOOST_TEST(world.wakes() == "2026-03-02T11:00:00.000Z");
}

BOOST_AUTO_TEST_CASE(no_retry_is_planned_for_a_time_that_is_too_late) {
  // Retries come half an hour after no answer.
  Limited world("", "2026-03-02T08:20:00Z");
  BOOST_TEST(contains(world.plans(), "contact/note/1 CallRequested"));
  world.does(taken()).later(20s);
  BOOST_TEST(contains(world.when(told("no-answer")),
                      "contact/note/1 ContactClosed {\"place\":\"exhausted\",\"disposition\":"
                      "\"no_answer\",\"why\":\"the next call"));
}

BOOST_AUTO_TEST_CASE(an_order_that_has_not_left_in_time_does_not_leave_and_counts_for_no_attempt) {
  Limited world("", "2026-03-02T08:00:03Z");
  world.plans();
  BOOST_TEST(reason_not_to_send(world.state(), first_of_note(), utc("2026-03-02T08:00:02Z")) == "");
  BOOST_TEST(reason_not_to_send(world.state(), first_of_note(), utc("2026-03-02T08:00:03Z")) ==
             time_is_over);
  OrderAnswered not_sent = taken();
  not_sent.kind = OrderAnswered::Kind::not_sent;
  not_sent.sid.clear();
  world.at("2026-03-02T08:00:03Z").does(not_sent);
  BOOST_TEST(contains(world.plans(), "contact/note/1 ContactExcluded {\"gate\":\"too_late\""));
}

BOOST_AUTO_TEST_CASE(other_campaigns_do_not_wait_for_whom_one_has_to_let_go) {
  Limited world("", "2026-03-02T08:00:00Z");
  enrol(world, notification("other"), {person(2, 3)});
  const auto lines = world.plans();
  BOOST_TEST(lines.find("contact/other/1 CallRequested") < lines.find("ContactExcluded"));
}

BOOST_AUTO_TEST_CASE(whoever_waits_for_a_retry_when_the_hours_are_changed_keeps_the_outcome) {
  auto campaign = notification();
  campaign.retries.delay[static_cast<std::size_t>(Outcome::no_answer)] = Seconds{600};
  Limited world("", "2026-03-02T08:20:00Z", campaign);
  world.plans();
  world.does(taken()).later(20s).does(told("no-answer"));
  BOOST_TEST((world.state().queue.contact({0, 1}).stage == Stage::retry));
  world.does(PauseCampaign{"note", "lunch"}).at("2026-03-02T08:30:00Z");
  BOOST_TEST(world.plans() == "");
  world.does(ResumeCampaign{"note"});
  BOOST_TEST(contains(world.plans(),
                      "contact/note/1 ContactClosed {\"place\":\"exhausted\",\"disposition\":"
                      "\"no_answer\",\"why\":\"the row's last"));
}

BOOST_AUTO_TEST_CASE(a_call_that_still_waits_at_the_carrier_then_is_taken_back) {
  Limited world("", "2026-03-02T08:00:30Z");
  world.plans();
  world.does(taken());
  BOOST_TEST(world.later(20s).plans().find("CallEndRequested") == std::string::npos);
  BOOST_TEST(contains(world.at("2026-03-02T08:00:30Z").plans(),
                      "contact/note/1 CallEndRequested {\"attempt\":1,\"reason\":\"the row's last "
                      "moment for a call is over\"}"));
  // The carrier says that it had left its queue, so it counts.
  world.does(told("canceled"));
  BOOST_TEST(contains(world.later(2s).plans(),
                      "contact/note/1 ContactClosed {\"place\":\"exhausted\",\"disposition\":"
                      "\"canceled_by_us\",\"why\":\"the row's last"));
}

BOOST_AUTO_TEST_SUITE_END()
