#include "campaigns/export.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <span>

#include "campaigns/campaign_file.hpp"
#include "campaigns/csv.hpp"
#include "campaigns/csv_writer.hpp"
#include "tests/campaigns/some_campaigns.hpp"

BOOST_AUTO_TEST_SUITE(exports)

using namespace campaigns;
using namespace some;

namespace {

using Row = std::map<std::string, std::string>;

// A CSV as people's programs see it: rows by column name, every row as long as the header.
struct Table {
  std::vector<std::string> columns{};
  std::vector<Row> rows{};

  explicit Table(const std::string& text) {
    CsvReader reader(text, ',');
    while (true) {
      const auto next = reader.next();
      if (next == CsvReader::Next::end) break;
      BOOST_TEST_REQUIRE((next == CsvReader::Next::record));
      const auto& fields = reader.fields();
      if (columns.empty()) {
        columns.assign(fields.begin(), fields.end());
        continue;
      }
      BOOST_TEST_REQUIRE(fields.size() == columns.size());
      Row row;
      for (std::size_t i = 0; i < fields.size(); ++i) row[columns[i]] = std::string(fields[i]);
      rows.push_back(std::move(row));
    }
  }
};

std::string text_of(const World& world, const char* name, CampaignIndex campaign = 0,
                    const ExportSettings& settings = {}) {
  for (const auto& file : export_files()) {
    if (file.name != name) continue;
    return support::text_of(
        [&](const CanonicalSink& sink) { file.write(world.state(), campaign, settings, sink); });
  }
  return {};
}

// Those that are tables, without the one that names people.
std::vector<ExportFile> tables() {
  std::vector<ExportFile> all;
  for (const auto& file : export_files()) {
    if (file.csv && !file.only_if_asked) all.push_back(file);
  }
  return all;
}

Table table(const World& world, const char* name, CampaignIndex campaign = 0,
            const ExportSettings& settings = {}) {
  return Table(text_of(world, name, campaign, settings));
}

Campaign with_ids() {
  auto campaign = some::survey();
  campaign.contacts.id_column = "id";
  campaign.pacing.lines = 9;
  return campaign;
}

// One row of everything: 1 completes after breaking off, 2 breaks off, 3 is not reached, 4 never
// called, 5 silent.
struct Field : Running {
  explicit Field(std::string carrier = "rehearsal") : Running(with_ids(), 5, std::move(carrier)) {
    dial(1);
    does(status("ringing", 0, 1)).later(3s);
    does(status("in-progress", 0, 1)).does(voice("human", 1));
    later(5s).does(keyed("colour", 1, "1", 1));
    later(5s).does(status("completed", 13, 1));
    dial(2);
    does(voice("", 2)).does(keyed("colour", 1, "2", 2)).does(keyed("rate", 2, "7", 2));
    later(5s).does(status("completed", 9, 2));
    dial(3);
    later(20s).does(status("no-answer", 0, 3));
    limits.new_people = 0;
    at("2026-03-02T10:00:00Z");
    dial(1, 2);
    does(voice("", 1, 2)).does(keyed("dark", 1, "2", 1, 2));
    does(keyed("rate", 2, "", 1, 2)).does(keyed("rate", 3, "4", 1, 2));
    does(keyed("people", 4, "10", 1, 2));
    does(said("why", 5, "Perché \"sì\",\r\ne basta", 1, 2));
    later(30s).does(status("completed", 30, 1, 2));
  }
};

}  // namespace

// Of what only calls hang on, which costs most of the memory, no file knows.
BOOST_AUTO_TEST_CASE(an_export_alone_needs_nothing_that_further_calls_hang_on) {
  const Field world;
  State results;
  results.keep_results_alone();
  for (const auto& fact : world.log()) evolve(results, fact);
  ExportSettings settings;
  settings.labels = true;
  for (const auto& file : export_files()) {
    const auto written = [&](const State& state) {
      return support::text_of(
          [&](const CanonicalSink& sink) { file.write(state, 0, settings, sink); });
    };
    BOOST_TEST(written(results) == written(world.state()), file.name);
  }
  const auto& queue = results.queue;
  BOOST_TEST(queue.known_calls.empty());
  BOOST_TEST(queue.calls_to.empty());
  BOOST_TEST(queue.campaigns[0].enrolling.empty());
  BOOST_TEST(queue.campaigns[0].groups[0].fresh.empty());
  BOOST_TEST(queue.campaigns[0].groups[0].retries.empty());
  BOOST_TEST(results.script.answers({0, 2}).empty());
  BOOST_TEST(!world.state().script.answers({0, 2}).empty());
  BOOST_TEST(
      results.version_of(Subject::contact(world.state().book.at(0).definition->id, 1)) ==
      world.state().version_of(Subject::contact(world.state().book.at(0).definition->id, 1)));
}

BOOST_AUTO_TEST_CASE(fields_are_quoted_only_where_they_must_be) {
  std::string text;
  CsvWriter csv([&](std::string_view part) { text += part; });
  csv.field("a").field("b").field("c").end_row();
  csv.field("plain text").field("it's; fine").empty().end_row();
  csv.field("a,b").field("say \"hi\"").field("two\r\nlines").end_row();
  csv.number(-3).flag(true).field("=1+1").end_row();
  BOOST_TEST(text ==
             "a,b,c\r\n"
             "plain text,it's; fine,\r\n"
             "\"a,b\",\"say \"\"hi\"\"\",\"two\r\nlines\"\r\n"
             "-3,1,=1+1\r\n");
}

BOOST_AUTO_TEST_CASE(a_row_of_one_empty_field_is_a_row) {
  std::string text;
  CsvWriter csv([&](std::string_view part) { text += part; });
  csv.field("a").end_row();
  csv.empty().end_row();
  BOOST_TEST(text == "a\r\n\"\"\r\n");
}

BOOST_AUTO_TEST_CASE(columns_are_lower_case_ascii_in_a_fixed_order) {
  Field world;
  BOOST_TEST(
      text_of(world, "results")
          .rfind("campaign,contact,row,contact_id,place,disposition,aapor,attempts,last_outcome,"
                 "first_call_utc,first_call_local,last_call_utc,last_call_local,completed_at_utc,"
                 "completed_at_local,closed_at_utc,zone,language,caller_id,talk_seconds,"
                 "questions_answered,"
                 "colour,colour__status,colour__source,dark,dark__status,dark__source,"
                 "rate,rate__status,rate__source,people,people__status,people__source,"
                 "why,why__status,why__source,rehearsal\r\n",
                 0) == 0u);
  BOOST_TEST(text_of(world, "answers")
                 .rfind("timestamp,row_id,contact_id,session_id,question_id,response,"
                        "response_metadata,rehearsal\r\n",
                        0) == 0u);
  for (const auto& file : tables()) {
    for (const auto& column : table(world, file.name.data()).columns) {
      BOOST_TEST(
          column.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos,
          column);
    }
  }
}

BOOST_AUTO_TEST_CASE(the_wide_file_has_a_row_for_everybody) {
  Field world;
  const auto wide = table(world, "results");
  BOOST_TEST_REQUIRE(wide.rows.size() == 5u);
  const auto& one = wide.rows[0];
  BOOST_TEST(one.at("campaign") == "survey");
  BOOST_TEST(one.at("contact") == "1");
  BOOST_TEST(one.at("row") == "2");
  BOOST_TEST(one.at("contact_id") == "id1");
  BOOST_TEST(one.at("place") == "done");
  BOOST_TEST(one.at("disposition") == "completed");
  BOOST_TEST(one.at("aapor") == "1.1");
  BOOST_TEST(one.at("attempts") == "2");
  BOOST_TEST(one.at("first_call_utc") == "2026-03-02T08:00:00.000Z");
  BOOST_TEST(one.at("first_call_local") == "2026-03-02T09:00:00+01:00");
  BOOST_TEST(one.at("last_call_local") == "2026-03-02T11:00:00+01:00");
  BOOST_TEST(one.at("completed_at_utc") == "2026-03-02T10:00:30.000Z");
  BOOST_TEST(one.at("completed_at_local") == "2026-03-02T11:00:30+01:00");
  BOOST_TEST(one.at("closed_at_utc") == "2026-03-02T10:00:30.000Z");
  BOOST_TEST(one.at("zone") == "Europe/Rome");
  BOOST_TEST(one.at("language") == "it-IT");
  BOOST_TEST(one.at("colour") == "red");
  BOOST_TEST(one.at("colour__status") == "answered");
  // Given in the first call; the second took the survey up again.
  BOOST_TEST(one.at("colour__source") == "resumed");
  BOOST_TEST(one.at("rate__source") == "key");
  BOOST_TEST(one.at("caller_id") == "+390200000000");
  BOOST_TEST(one.at("talk_seconds") == "43");
  BOOST_TEST(one.at("questions_answered") == "5");
  BOOST_TEST(one.at("dark") == "no");
  BOOST_TEST(one.at("rate") == "4");
  BOOST_TEST(one.at("people") == "10");
  BOOST_TEST(one.at("why") == "Perché \"sì\",\r\ne basta");
  BOOST_TEST(one.at("why__source") == "speech");
  BOOST_TEST(one.at("rehearsal") == "1");

  const auto& two = wide.rows[1];
  BOOST_TEST(two.at("place") == "open");
  BOOST_TEST(two.at("disposition") == "broken_off");
  BOOST_TEST(two.at("completed_at_utc") == "");
  BOOST_TEST(two.at("closed_at_utc") == "");
  BOOST_TEST(two.at("colour") == "blue");
  BOOST_TEST(two.at("dark") == "");
  BOOST_TEST(two.at("dark__status") == "not_asked");
  BOOST_TEST(two.at("rate") == "");
  BOOST_TEST(two.at("rate__status") == "broken_off");
  BOOST_TEST(two.at("rate__source") == "");
  BOOST_TEST(two.at("people__status") == "not_reached");

  const auto& three = wide.rows[2];
  BOOST_TEST(three.at("disposition") == "no_answer");
  BOOST_TEST(three.at("aapor") == "2.20");
  // Whether it would have been asked is not known of somebody who was not reached.
  BOOST_TEST(three.at("dark__status") == "not_reached");

  const auto& four = wide.rows[3];
  BOOST_TEST(four.at("place") == "open");
  BOOST_TEST(four.at("disposition") == "");
  BOOST_TEST(four.at("aapor") == "3.11");
  BOOST_TEST(four.at("attempts") == "0");
  BOOST_TEST(four.at("first_call_utc") == "");
  BOOST_TEST(four.at("colour__status") == "not_reached");
}

// However many people a piece has, however many are written at once, and whichever ends first.
BOOST_AUTO_TEST_CASE(the_wide_file_is_the_same_written_in_pieces) {
  const Field world;
  for (const bool spreadsheet : {false, true}) {
    ExportSettings whole;
    whole.style.spreadsheet = spreadsheet;
    const auto expected = text_of(world, "results", 0, whole);
    for (const std::uint32_t people : {1U, 2U, 3U, 5U, 100U}) {
      for (const std::size_t at_once : {std::size_t{1}, std::size_t{2}, std::size_t{7}}) {
        ExportSettings pieces = whole;
        std::size_t done = 0;
        pieces.people_of_a_piece = people;
        pieces.pieces_at_once = at_once;
        pieces.at_once = [&](std::span<const std::function<void()>> work) {
          BOOST_TEST(work.size() <= at_once);
          for (auto piece = work.rbegin(); piece != work.rend(); ++piece, ++done) (*piece)();
        };
        BOOST_TEST(text_of(world, "results", 0, pieces) == expected);
        BOOST_TEST(done == (5 + people - 1) / people);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(statuses_tell_how_a_question_was_left) {
  auto campaign = with_ids();
  campaign.questions[3].silence_max = 0;
  campaign.questions[4].invalid_max = 0;
  Running world(campaign, 2);
  world.dial(1);
  world.does(world.voice()).does(world.keyed("colour", 1, "2")).does(world.keyed("rate", 2, "3"));
  world.does(world.keyed("people", 3, ""));  // need not be answered: goes on
  auto wide = table(world, "results");
  BOOST_TEST(wide.rows[0].at("people__status") == "no_input");
  BOOST_TEST(wide.rows[0].at("why__status") == "not_reached");  // the call is still at it
  world.does(world.keyed("why", 4, "5"));                       // a key is no answer: gives up
  world.does(world.status("completed", 30));
  wide = table(world, "results");
  BOOST_TEST(wide.rows[0].at("why__status") == "invalid");
  // Opting out is a break-off at the question that was open.
  world.later(1s);
  world.dial(2);
  world.does(world.voice("", 2)).does(world.keyed("colour", 1, "9", 2));
  world.does(world.status("completed", 5, 2));
  wide = table(world, "results");
  BOOST_TEST(wide.rows[1].at("colour__status") == "broken_off");
  BOOST_TEST(wide.rows[1].at("disposition") == "opted_out");
}

BOOST_AUTO_TEST_CASE(the_last_answer_given_is_the_person_s_answer) {
  auto campaign = with_ids();
  Running world(campaign);
  world.dial();
  world.does(world.voice()).does(world.keyed("colour", 1, "1"));
  // As an older program or a person's correction could have written it.
  AnswerGiven later{1, 7, "colour", "speech", "blue", 0, "blu"};
  world.given(Subject::contact("survey", 1), later);
  world.given(Subject::contact("survey", 1), NoInput{1, 8, "colour"});
  const auto wide = table(world, "results");
  BOOST_TEST(wide.rows[0].at("colour") == "blue");
  BOOST_TEST(wide.rows[0].at("colour__source") == "speech");
  BOOST_TEST(wide.rows[0].at("colour__status") == "answered");
}

BOOST_AUTO_TEST_CASE(everybody_is_there_also_who_was_excluded_or_held) {
  auto campaign = notification();
  campaign.in_doubt = InDoubt::hold;
  campaign.pacing.lines = 3;
  Running world(campaign, 3);
  world.plans();
  OrderAnswered doubt;
  doubt.attempt = world.attempt();
  world.does(doubt).later(120s);
  world.does(CallsListed{world.attempt(), {}}).later(30s).does(CallsListed{world.attempt(), {}});
  world.given(Subject::number(3), OptedOut{"other.1.1", "key"});
  for (int i = 0; i < 3; ++i) world.later(1s).plans();
  const auto wide = table(world, "results");
  BOOST_TEST_REQUIRE(wide.rows.size() == 3u);
  BOOST_TEST(wide.rows[0].at("place") == "held");
  BOOST_TEST(wide.rows[0].at("aapor") == "3.90");
  BOOST_TEST(wide.rows[1].at("place") == "open");
  BOOST_TEST(wide.rows[2].at("place") == "excluded");
  BOOST_TEST(wide.rows[2].at("contact_id") == "3");  // no id column: the ordinal
}

BOOST_AUTO_TEST_CASE(the_long_file_has_a_row_for_each_answer) {
  Field world;
  const auto lines = table(world, "answers");
  // 1: one, then dark, silence, rate, people, why; 2: colour and an invalid rate.
  BOOST_TEST_REQUIRE(lines.rows.size() == 8u);
  const auto& first = lines.rows[0];
  BOOST_TEST(first.at("timestamp") == "2026-03-02T09:00:08+01:00");
  BOOST_TEST(first.at("row_id") == "survey.1.1.1");
  BOOST_TEST(first.at("contact_id") == "id1");
  BOOST_TEST(first.at("session_id") == "survey.1.1");
  BOOST_TEST(first.at("question_id") == "colour");
  BOOST_TEST(first.at("response") == "red");
  BOOST_TEST(first.at("response_metadata") ==
             "{\"turn\":1,\"status\":\"answered\",\"source\":\"key\"}");
  BOOST_TEST(lines.rows[2].at("response") == "");
  BOOST_TEST(lines.rows[2].at("response_metadata") == "{\"turn\":2,\"status\":\"no_input\"}");
  BOOST_TEST(lines.rows[5].at("response") == "Perché \"sì\",\r\ne basta");
  BOOST_TEST(lines.rows[5].at("response_metadata") ==
             "{\"turn\":5,\"status\":\"answered\",\"source\":\"speech\","
             "\"confidence_thousandths\":875}");
  BOOST_TEST(lines.rows[7].at("response_metadata") ==
             "{\"turn\":2,\"status\":\"invalid\",\"source\":\"key\"}");
  std::set<std::string> ids;
  for (const auto& row : lines.rows) ids.insert(row.at("row_id"));
  BOOST_TEST(ids.size() == lines.rows.size());
}

BOOST_AUTO_TEST_CASE(the_attempts_have_all_their_times) {
  Field world;
  const auto rows = table(world, "attempts").rows;
  BOOST_TEST_REQUIRE(rows.size() == 4u);
  BOOST_TEST(rows[0].at("attempt_id") == "survey.1.1");
  BOOST_TEST(rows[1].at("attempt_id") == "survey.1.2");
  BOOST_TEST(rows[2].at("attempt_id") == "survey.2.1");
  BOOST_TEST(rows[3].at("attempt_id") == "survey.3.1");
  const auto& first = rows[0];
  BOOST_TEST(first.at("attempt") == "1");
  BOOST_TEST(first.at("call_sid") == "CA1-1");
  BOOST_TEST(first.at("caller_id") == "+390200000000");
  BOOST_TEST(first.at("requested_at_utc") == "2026-03-02T08:00:00.000Z");
  BOOST_TEST(first.at("requested_at_local") == "2026-03-02T09:00:00+01:00");
  BOOST_TEST(first.at("accepted_at_utc") == "2026-03-02T08:00:00.000Z");
  BOOST_TEST(first.at("answered_at_utc") == "2026-03-02T08:00:03.000Z");
  BOOST_TEST(first.at("ended_at_utc") == "2026-03-02T08:00:13.000Z");
  BOOST_TEST(first.at("carrier_status") == "completed");
  BOOST_TEST(first.at("answered_by") == "human");
  BOOST_TEST(first.at("seconds") == "13");
  BOOST_TEST(first.at("outcome") == "broken_off");
  BOOST_TEST(first.at("counts") == "1");
  BOOST_TEST(first.at("retry_due_utc") == "2026-03-02T09:00:13.000Z");
  BOOST_TEST(first.at("console_url") == "");
  BOOST_TEST(first.at("rehearsal") == "1");
  BOOST_TEST(rows[3].at("answered_at_utc") == "");
  BOOST_TEST(rows[3].at("answered_at_local") == "");
}

BOOST_AUTO_TEST_CASE(attempts_that_were_not_placed_do_not_count) {
  Running world(notification());
  world.plans();
  OrderAnswered refused;
  refused.attempt = world.attempt();
  refused.kind = OrderAnswered::Kind::rejected;
  refused.http_status = 429;
  refused.code = 20429;
  refused.retryable = true;
  world.does(refused);
  const auto rows = table(world, "attempts").rows;
  BOOST_TEST_REQUIRE(rows.size() == 1u);
  BOOST_TEST(rows[0].at("counts") == "0");
  BOOST_TEST(rows[0].at("refusal_code") == "20429");
  BOOST_TEST(rows[0].at("outcome") == "not_placed");
  const auto wide = table(world, "results").rows;
  BOOST_TEST(wide[0].at("attempts") == "0");
  BOOST_TEST(wide[0].at("first_call_utc") == "");
  BOOST_TEST(wide[0].at("last_outcome") == "not_placed");
  BOOST_TEST(wide[0].at("disposition") == "");
}

BOOST_AUTO_TEST_CASE(a_call_that_was_taken_back_before_it_left_does_not_count) {
  Running world(notification());
  world.dial();
  world.does(PauseCampaign{"note", "lunch"}).plans();
  CallFetched fetched;
  fetched.attempt = world.attempt();
  fetched.found = true;
  fetched.call.sid = Running::sid();
  fetched.call.status = "canceled";
  world.does(fetched);
  const auto rows = table(world, "attempts").rows;
  BOOST_TEST(rows[0].at("outcome") == "canceled_by_us");
  BOOST_TEST(rows[0].at("counts") == "0");
  BOOST_TEST(table(world, "results").rows[0].at("attempts") == "0");
}

// The highest of the attempts is the word of a case, whoever closed it and before it is closed.
BOOST_AUTO_TEST_CASE(half_an_interview_is_not_lost_to_whatever_came_later) {
  Running world(with_ids(), 1);
  world.dial(1);
  world.does(world.voice()).does(world.keyed("colour", 1, "1"));
  world.later(5s).does(world.status("completed", 9));
  world.at("2026-03-02T10:00:00Z");
  world.dial(1, 2);
  world.later(20s).does(world.status("no-answer", 0, 1, 2));
  const auto said = [&] {
    const auto row = table(world, "results").rows[0];
    return row.at("place") + ' ' + row.at("disposition") + ' ' + row.at("aapor");
  };
  BOOST_TEST(said() == "open broken_off 2.12");
  // Other rules that change nothing say the same.
  ExportSettings settings;
  const Recoding same;
  settings.recoding = &same;
  BOOST_TEST(table(world, "results", 0, settings).rows[0].at("disposition_recoded") ==
             "broken_off");
  world.does(CancelCampaign{"survey", "enough"});
  BOOST_TEST(said() == "excluded broken_off 2.12");
}

// Suppressed before the first call: not of the sample. Since then: a case without an attempt.
BOOST_AUTO_TEST_CASE(who_was_suppressed_before_the_field_period_is_in_no_rate) {
  Running world(with_ids(), 4);
  world.does(SuppressNumber{2, "register", {}});
  world.dial(1);
  world.later(1s).does(SuppressNumber{3, "asked by letter", {}});
  world.does(SuppressNumber{2, "asked by letter, too", {}});
  // Of those who wait the second and the third are let go, and the fourth is called.
  world.plans();
  world.accept(4);
  world.does(world.status("no-answer", 0, 1)).does(world.status("busy", 0, 4));
  BOOST_TEST_REQUIRE(world.state().queue.campaigns[0].count(Stage::excluded) == 2U);
  SampleFrame frame;
  State state;
  for (const auto& fact : world.log()) {
    frame.see(fact, state);
    evolve(state, fact);
  }
  const auto outside = [&](std::uint32_t ordinal) { return frame.is_outside({0, ordinal}); };
  BOOST_TEST((!outside(1) && outside(2) && !outside(3) && !outside(4)));
  ExportSettings settings;
  settings.frame = &frame;
  const auto rates = nlohmann::json::parse(text_of(world, "rates", 0, settings))["recorded"];
  BOOST_TEST(rates["cases"] == 3);
  BOOST_TEST(rates["outside_frame"] == 1);
  BOOST_TEST(rates["never_attempted"] == 1);
  BOOST_TEST(rates["classes"]["UH"] == 1);
  const auto wide = table(world, "results", 0, settings).rows;
  BOOST_TEST(wide[1].at("aapor") == "");
  BOOST_TEST(wide[2].at("aapor") == "3.11");
  std::map<std::string, std::string> counted;
  for (const auto& row : table(world, "dispositions", 0, settings).rows) {
    if (row.at("level") != "attempt") counted[row.at("name")] = row.at("count");
  }
  BOOST_TEST(counted.at("outside_frame") == "1");
  BOOST_TEST(counted.at("") == "1");
  BOOST_TEST(counted.at("excluded") == "2");
  BOOST_TEST(text_of(world, "report", 0, settings).find("in nessun tasso: 1.") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(who_has_no_id_is_not_taken_for_another) {
  Running world(with_ids(), 2);
  AddContacts more;
  more.campaign = "survey";
  more.list_digest = "l2";
  more.rows = {person(9, 9)};
  more.rows[0].values[0] = "";
  world.does(more);
  const auto rows = table(world, "results").rows;
  BOOST_TEST_REQUIRE(rows.size() == 3U);
  BOOST_TEST(rows[1].at("contact_id") == "id2");
  BOOST_TEST(rows[2].at("contact_id") == "row.9");
  // Another list has a ninth row, too: whoever had theirs before keeps it.
  more.list_digest = "l3";
  more.rows = {person(9, 10), person(10, 11)};
  for (auto& row : more.rows) row.values[0] = "";
  world.does(more);
  for (const char* name : {"results", "numbers"}) {
    std::set<std::string> ids;
    std::string last;
    for (const auto& row : table(world, name).rows) ids.insert(last = row.at("contact_id"));
    BOOST_TEST(ids.size() == 5U, name);
    BOOST_TEST((ids.contains("row.9") && ids.contains("row.9.4")), name);
    BOOST_TEST(last == "row.10", name);
  }
}

BOOST_AUTO_TEST_CASE(forgetting_somebody_changes_no_missing_value) {
  for (const bool asked : {true, false}) {
    auto campaign = with_ids();
    auto& when = campaign.questions[1].ask_if;
    when = {};
    when.op = Condition::Op::column_is;
    when.name = "id";
    when.values = {asked ? "id1" : "id7"};
    Running world(campaign, 2);
    world.dial(1);
    world.does(world.voice()).does(world.keyed("colour", 1, "1"));
    if (!asked) world.does(world.keyed("rate", 2, "4"));
    world.later(5s).does(world.status("completed", 9));
    const auto& name = campaign.questions[1].id;
    const auto status = [&] { return table(world, "results").rows[0].at(name + "__status"); };
    const auto before = status();
    BOOST_TEST(before == (asked ? "broken_off" : "not_asked"));
    const auto never_called = table(world, "results").rows[1].at(name + "__status");
    for (const char* who : {"1", "2"}) {
      world.given(Subject{Subject::contact("survey", who[0] == '1' ? 1 : 2)},
                  ContactForgotten{"operator"});
    }
    BOOST_TEST(status() == before);
    if (asked) BOOST_TEST(never_called == "not_asked");
    BOOST_TEST(table(world, "results").rows[1].at(name + "__status") == "not_reached");
  }
}

BOOST_AUTO_TEST_CASE(real_calls_lead_to_the_console_and_are_no_rehearsal) {
  Field world("twilio");
  const auto rows = table(world, "attempts").rows;
  BOOST_TEST(rows[0].at("console_url") ==
             "https://console.twilio.com/us1/monitor/logs/calls/CA1-1");
  for (const auto& file : tables()) {
    for (const auto& row : table(world, file.name.data()).rows) {
      BOOST_TEST(row.at("rehearsal") == "0");
    }
  }
}

BOOST_AUTO_TEST_CASE(the_codebook_describes_every_column_of_the_other_files) {
  auto campaign = with_ids();
  campaign.questions[0].ask.by_language["en-GB"] = "Which colour, \"red\" or blue?";
  Condition any;
  any.op = Condition::Op::any;
  any.parts = {when_is("colour", "red"), Condition{}};
  any.parts[1].op = Condition::Op::question_between;
  any.parts[1].name = "rate";
  any.parts[1].least = 2;
  any.parts[1].most = 4;
  campaign.questions[3].ask_if = any;
  Running world(campaign);
  const auto book = table(world, "codebook");
  std::set<std::pair<std::string, std::string>> described;
  std::map<std::string, Row> wide;
  for (const auto& row : book.rows) {
    BOOST_TEST(described.insert({row.at("file"), row.at("variable")}).second);
    BOOST_TEST(row.at("label") != "");
    if (row.at("file") == "responses_wide.csv") wide[row.at("variable")] = row;
    if (!row.at("values").empty()) BOOST_TEST(nlohmann::json::parse(row.at("values")).is_object());
  }
  for (const auto& file : tables()) {
    if (file.name == "codebook") continue;
    for (const auto& column : table(world, file.name.data()).columns) {
      BOOST_TEST(described.erase({std::string(file.file), column}) == 1u, column);
    }
  }
  BOOST_TEST(described.empty());
  BOOST_TEST(wide.at("colour").at("label") == "Che colore?");
  BOOST_TEST(wide.at("colour").at("text_en_gb") == "Which colour, \"red\" or blue?");
  BOOST_TEST(wide.at("colour").at("type") == "choice");
  BOOST_TEST(wide.at("colour").at("values") == "{\"red\":\"rosso\",\"blue\":\"blu\"}");
  BOOST_TEST(wide.at("colour").at("asked_if") == "");
  BOOST_TEST(wide.at("dark").at("asked_if") == "colour is \"red\"");
  BOOST_TEST(wide.at("people").at("asked_if") == "colour is \"red\" or rate is between 2 and 4");
  BOOST_TEST(wide.at("rate").at("least") == "1");
  BOOST_TEST(wide.at("rate").at("most") == "5");
  BOOST_TEST(wide.at("why").at("personal") == "1");
  BOOST_TEST(wide.at("rate").at("personal") == "0");
  BOOST_TEST(nlohmann::json::parse(wide.at("rate__status").at("values")).size() == 9u);
}

BOOST_AUTO_TEST_CASE(a_question_named_as_a_column_gets_another_name) {
  auto campaign = notification();
  campaign.kind = Kind::survey;
  campaign.questions = {question("language", QuestionType::rating, "?"),
                        question("q_language", QuestionType::rating, "?"),
                        question("a", QuestionType::rating, "?"),
                        question("a__status", QuestionType::rating, "?")};
  campaign.goodbye = words("Grazie.");
  Running world(campaign);
  const auto wide = table(world, "results");
  std::set<std::string> names(wide.columns.begin(), wide.columns.end());
  BOOST_TEST(names.size() == wide.columns.size());
  BOOST_TEST(names.count("q_language") == 1u);
  BOOST_TEST(names.count("q_q_language") == 1u);
  BOOST_TEST(names.count("q_a__status") == 1u);
}

BOOST_AUTO_TEST_CASE(how_streams_interleave_in_the_log_does_not_show) {
  Field world;
  // The same facts, each stream in its own order: contacts from the last to the first.
  World other(some_zones());
  const auto& log = world.log();
  std::size_t begun = 0;
  while (!holds_alternative<CampaignStarted>(log[begun].event)) ++begun;
  for (std::size_t i = 0; i <= begun; ++i) {
    other.at(log[i].recorded_at).given(log[i].subject, log[i].event, log[i].occurred_at);
  }
  for (std::uint32_t ordinal = 5; ordinal >= 1; --ordinal) {
    for (std::size_t i = begun + 1; i < log.size(); ++i) {
      if (log[i].subject.ordinal != ordinal) continue;
      other.at(log[i].recorded_at).given(log[i].subject, log[i].event, log[i].occurred_at);
    }
  }
  BOOST_TEST(other.state().position == world.state().position);
  for (const auto& file : export_files()) {
    BOOST_TEST(text_of(other, file.name.data()) == text_of(world, file.name.data()), file.name);
  }
}

BOOST_AUTO_TEST_CASE(each_campaign_has_its_own_files) {
  Field world;
  enrol(world, notification("second"), {person(2, 50), person(3, 51)});
  BOOST_TEST(table(world, "results", 1).rows.size() == 2u);
  BOOST_TEST(table(world, "answers", 1).rows.empty());
  BOOST_TEST(table(world, "results", 0).rows.size() == 5u);
}

BOOST_AUTO_TEST_CASE(no_file_has_a_person_s_number) {
  Field world;
  for (const auto& file : export_files()) {
    if (file.only_if_asked) continue;
    const auto text = text_of(world, file.name.data());
    BOOST_TEST(text.find("39021234") == std::string::npos, file.name);
  }
}

BOOST_AUTO_TEST_CASE(a_spreadsheet_gets_texts_that_it_cannot_run) {
  std::string text;
  CsvWriter csv([&](std::string_view part) { text += part; }, {';', true});
  csv.field("a").field("b").field("c").field("d").end_row();
  csv.field("+390200000000").free("=1+1").number(-3).empty().end_row();
  csv.free("-5").free("-5,25").free("+39 02").free("@cmd|x").end_row();
  csv.free("\t1")
      .free("-2+3")
      .free(
          "\xEF\xBC\x9D"
          "1")
      .free("perché; no")
      .end_row();
  BOOST_TEST(text ==
             "\xEF\xBB\xBF"
             "a;b;c;d\r\n"
             "\"+390200000000\";\"'=1+1\";-3;\r\n"
             "\"-5\";\"-5,25\";\"'+39 02\";\"'@cmd|x\"\r\n"
             "\"'\t1\";\"'-2+3\";\"'\xEF\xBC\x9D"
             "1\";\"perché; no\"\r\n");
}

BOOST_AUTO_TEST_CASE(only_a_spreadsheet_changes_what_somebody_said) {
  auto campaign = with_ids();
  Running world(campaign);
  world.dial();
  world.does(world.voice()).does(world.keyed("colour", 1, "2")).does(world.keyed("rate", 2, "3"));
  world.does(world.keyed("people", 3, "10")).does(world.said("why", 4, "=somma due"));
  ExportSettings excel;
  excel.style.spreadsheet = true;
  BOOST_TEST(table(world, "results").rows[0].at("why") == "=somma due");
  const auto opened = table(world, "results", 0, excel);
  BOOST_TEST(opened.columns[0] ==
             "\xEF\xBB\xBF"
             "campaign");
  BOOST_TEST(opened.rows[0].at("why") == "'=somma due");
  BOOST_TEST(opened.rows[0].at("caller_id") == "+390200000000");
  const std::set<std::string> open{"why", "contact_id", "response", "consent_source",
                                   "consent_date"};
  for (const auto& row : table(world, "codebook", 0, excel).rows) {
    BOOST_TEST(row.at("escaped") == (open.count(row.at("variable")) != 0 ? "1" : "0"),
               row.at("variable"));
  }
}

BOOST_AUTO_TEST_CASE(only_those_columns_of_the_list_pass_that_the_campaign_names) {
  auto campaign = with_ids();
  campaign.result_columns = {{"name", "nome", true}, {"id", "zone", false}};
  Running world(campaign, 2);
  const auto wide = table(world, "results");
  BOOST_TEST(wide.rows[0].at("nome") == "Anna");
  // The name was taken.
  BOOST_TEST(wide.rows[1].at("c_zone") == "id2");
  BOOST_TEST(wide.rows[1].at("zone") == "Europe/Rome");
  std::map<std::string, Row> book;
  for (const auto& row : table(world, "codebook").rows) book[row.at("variable")] = row;
  BOOST_TEST(book.at("nome").at("personal") == "1");
  BOOST_TEST(book.at("nome").at("label") == "the list's column \"name\"");
  BOOST_TEST(book.at("c_zone").at("personal") == "0");
  const auto contact = ContactRef{0, 1};
  world.given(Subject::contact("survey", 1), ContactForgotten{"operator"});
  BOOST_TEST(world.state().queue.contact(contact).forgotten);
  BOOST_TEST(table(world, "results").rows[0].at("nome") == "");
}

BOOST_AUTO_TEST_CASE(an_answer_that_was_forgotten_says_so) {
  Field world;
  world.given(Subject::contact("survey", 1), ContactForgotten{"operator"});
  const auto one = table(world, "results").rows[0];
  BOOST_TEST(one.at("why") == "");
  BOOST_TEST(one.at("why__status") == "erased");
  BOOST_TEST(one.at("colour__status") == "answered");
}

BOOST_AUTO_TEST_CASE(labels_stand_beside_their_codes_when_asked_for) {
  Field world;
  ExportSettings settings;
  settings.labels = true;
  const auto wide = table(world, "results", 0, settings);
  BOOST_TEST(wide.rows[0].at("colour") == "red");
  BOOST_TEST(wide.rows[0].at("colour__label") == "rosso");
  BOOST_TEST(wide.rows[2].at("colour__label") == "");
  BOOST_TEST(!wide.rows[0].count("rate__label"));
}

BOOST_AUTO_TEST_CASE(the_numbers_have_a_file_of_their_own) {
  Field world;
  const auto numbers = table(world, "numbers");
  BOOST_TEST_REQUIRE(numbers.rows.size() == 5u);
  BOOST_TEST(numbers.rows[0].at("contact_id") == "id1");
  BOOST_TEST(numbers.rows[0].at("number").rfind("+39", 0) == 0u);
  world.given(Subject::contact("survey", 1), ContactForgotten{"operator"});
  BOOST_TEST(table(world, "numbers").rows[0].at("number") == "");
}

BOOST_AUTO_TEST_CASE(rates_count_everybody_and_come_from_the_raw_attempts) {
  Field world;
  const auto told = nlohmann::json::parse(text_of(world, "rates"));
  BOOST_TEST(told["rehearsal"] == true);
  const auto& recorded = told["recorded"];
  // One complete (1.1), one break-off (2.12), one no answer of a known person (2.20), two that were
  // never called (3.11).
  BOOST_TEST(recorded["cases"] == 5);
  BOOST_TEST(recorded["never_attempted"] == 2);
  BOOST_TEST(recorded["classes"]["I"] == 1);
  BOOST_TEST(recorded["classes"]["R"] == 1);
  BOOST_TEST(recorded["classes"]["NC"] == 1);
  BOOST_TEST(recorded["classes"]["UH"] == 2);
  BOOST_TEST(recorded["e_millionths"] == 1'000'000);
  BOOST_TEST(recorded["rates_millionths"]["RR1"] == 200'000);
  BOOST_TEST(recorded["rates_millionths"]["RR5"] == 333'333);
  BOOST_TEST(recorded["rates_millionths"]["COOP1"] == 500'000);
  BOOST_TEST(!told.contains("recoded"));
  std::map<std::string, std::map<std::string, std::string>> counts;
  for (const auto& row : table(world, "dispositions").rows) {
    BOOST_TEST(row.at("version") == "recorded");
    counts[row.at("level")][row.at("name")] = row.at("count");
  }
  BOOST_TEST(counts["case"][""] == "2");
  BOOST_TEST(counts["case"]["completed"] == "1");
  BOOST_TEST(counts["attempt"]["broken_off"] == "2");
  BOOST_TEST(counts["attempt"]["no_answer"] == "1");
  BOOST_TEST(counts["place"]["open"] == "4");
}

BOOST_AUTO_TEST_CASE(a_recoding_stands_beside_what_was_recorded_and_calls_nobody) {
  Field world;
  const auto before = world.state().position;
  const auto rules = parse_recoding(
      R"({"title": "One answer is enough", "partial": {"answers": 1}, "eligibility": "unknown"})");
  BOOST_TEST_REQUIRE(rules.ok());
  ExportSettings settings;
  settings.recoding = &rules.value();
  const auto wide = table(world, "results", 0, settings);
  BOOST_TEST(wide.rows[1].at("disposition") == "broken_off");
  BOOST_TEST(wide.rows[1].at("aapor") == "2.12");
  BOOST_TEST(wide.rows[1].at("disposition_recoded") == "partial");
  BOOST_TEST(wide.rows[1].at("aapor_recoded") == "1.2");
  BOOST_TEST(wide.rows[0].at("disposition_recoded") == "completed");
  BOOST_TEST(wide.rows[2].at("aapor_recoded") == "3.13");
  BOOST_TEST(wide.rows[3].at("disposition_recoded") == "");
  const auto told = nlohmann::json::parse(text_of(world, "rates", 0, settings));
  BOOST_TEST(told["recorded"]["classes"]["P"] == 0);
  BOOST_TEST(told["recoded"]["title"] == "One answer is enough");
  BOOST_TEST(told["recoded"]["classes"]["P"] == 1);
  BOOST_TEST(told["recoded"]["classes"]["UH"] == 3);
  BOOST_TEST(told["recoded"]["eligibility"] == "unknown");
  std::set<std::string> versions;
  for (const auto& row : table(world, "dispositions", 0, settings).rows) {
    versions.insert(row.at("version"));
  }
  BOOST_TEST(versions.size() == 2u);
  BOOST_TEST(world.state().position == before);
  // The last word may be the last attempt's: one completed, then a call that failed.
  const auto last =
      parse_recoding(R"({"last_word": "last", "outcomes": {"completed": "partial"}})");
  settings.recoding = &last.value();
  BOOST_TEST(table(world, "results", 0, settings).rows[0].at("disposition_recoded") == "partial");
}

BOOST_AUTO_TEST_CASE(the_data_package_names_every_column_in_its_order) {
  Field world;
  const auto package = nlohmann::json::parse(text_of(world, "datapackage"));
  BOOST_TEST(package["profile"] == "tabular-data-package");
  BOOST_TEST(package["name"] == "survey");
  std::map<std::string, const char*> names;
  for (const auto& file : tables()) names[std::string(file.file)] = file.name.data();
  BOOST_TEST(package["resources"].size() == 4u);
  for (const auto& resource : package["resources"]) {
    std::vector<std::string> fields;
    for (const auto& field : resource["schema"]["fields"]) fields.push_back(field["name"]);
    BOOST_TEST(fields == table(world, names.at(resource["path"])).columns,
               boost::test_tools::per_element());
  }
  const auto& fields = package["resources"][0]["schema"]["fields"];
  const auto find = [&](const char* name) {
    return *std::find_if(fields.begin(), fields.end(),
                         [&](const auto& field) { return field["name"] == name; });
  };
  BOOST_TEST(find("colour")["constraints"]["enum"] == nlohmann::json({"red", "blue"}));
  BOOST_TEST(find("colour")["labels"]["red"] == "rosso");
  BOOST_TEST(find("rate")["constraints"]["maximum"] == 5);
  BOOST_TEST(find("why")["personal"] == true);
  BOOST_TEST(find("first_call_utc")["type"] == "datetime");
}

BOOST_AUTO_TEST_CASE(an_attempt_says_what_it_cost_and_who_hung_up) {
  auto campaign = with_ids();
  campaign.budget = {10'000'000, 20'000, "EUR"};
  Running world(campaign, 2);
  world.dial(1);
  world.does(world.voice("human", 1)).does(world.keyed("colour", 1, "1", 1));
  world.later(61s).does(world.status("completed", 61, 1));
  world.dial(2);
  world.does(world.voice("", 2)).does(world.keyed("colour", 1, "9", 2));
  world.does(world.status("completed", 5, 2));
  const auto rows = table(world, "attempts").rows;
  BOOST_TEST(rows[0].at("hung_up_by") == "callee");
  BOOST_TEST(rows[0].at("price") == "0.04");
  BOOST_TEST(rows[0].at("currency") == "EUR");
  BOOST_TEST(rows[1].at("hung_up_by") == "program");
  BOOST_TEST(rows[0].at("retry_due_local") != "");
}

BOOST_AUTO_TEST_CASE(the_snippets_name_every_file_and_every_code) {
  Field world;
  for (const char* name : {"pandas", "r"}) {
    const auto text = text_of(world, name);
    for (const char* word : {"responses_wide", "responses_long", "attempts", "dispositions",
                             "\"rosso\"", "\"first_call_utc\"", "Che colore?"}) {
      BOOST_TEST(text.find(word) != std::string::npos, name << ": " << word);
    }
  }
}

BOOST_AUTO_TEST_CASE(the_snippets_load_dates_as_dates) {
  auto campaign = with_ids();
  campaign.questions[3].type = QuestionType::date;
  Running world(campaign);
  BOOST_TEST(text_of(world, "pandas").find("[\"people\"]") != std::string::npos);
  BOOST_TEST(text_of(world, "r").find("dates = c(\"people\")") != std::string::npos);
}

// R reads a program, and a file whose encoding it is told to change, in the letters of its session:
// in one that has no accents it would stop at the first.
BOOST_AUTO_TEST_CASE(the_snippet_for_r_needs_no_letter_that_a_session_may_lack) {
  auto campaign = with_ids();
  campaign.questions[1].ask = words("Perché no? 😀");
  Running world(campaign);
  const auto text = text_of(world, "r");
  BOOST_TEST(
      std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; }));
  BOOST_TEST(text.find("\"yes\" = \"s\\u00ec\"") != std::string::npos);
  BOOST_TEST(text.find("\"dark\" = \"Perch\\u00e9 no? \\U0001f600\"") != std::string::npos);
  BOOST_TEST(text.find("fileEncoding") == std::string::npos);
}

// How a question that was settled without an answer shows in every file.
BOOST_AUTO_TEST_CASE(refused_and_not_known_are_statuses_of_their_own) {
  auto campaign = with_ids();
  campaign.questions[0].may_refuse = campaign.questions[2].may_not_know = true;
  for (const auto& [which, key] :
       {std::pair{Reply::refused, '7'}, std::pair{Reply::dont_know, '8'}}) {
    auto& reply = campaign.replies[static_cast<std::size_t>(which)];
    reply.known = true;
    reply.key = key;
  }
  Running world(campaign);
  world.dial();
  world.does(world.voice()).does(world.keyed("colour", 1, "7")).does(world.keyed("rate", 2, "8"));
  const auto wide = table(world, "results").rows.at(0);
  BOOST_TEST(wide.at("colour").empty());
  BOOST_TEST(wide.at("colour__status") == "refused");
  BOOST_TEST(wide.at("colour__source") == "key");
  BOOST_TEST(wide.at("rate__status") == "dont_know");
  // What hangs on an answer that there will not be is not asked.
  BOOST_TEST(wide.at("dark__status") == "not_asked");
  BOOST_TEST(wide.at("questions_answered") == "0");
  const auto answers = table(world, "answers").rows;
  BOOST_TEST_REQUIRE(answers.size() == 2U);
  BOOST_TEST(answers[0].at("response").empty());
  BOOST_TEST(answers[0].at("response_metadata") ==
             R"({"turn":1,"status":"refused","source":"key"})");
  const auto statuses_of = [&](const std::string& variable) {
    for (const auto& row : table(world, "codebook").rows) {
      if (row.at("variable") == variable) return row.at("values");
    }
    return std::string();
  };
  BOOST_TEST(statuses_of("rate__status").find("\"dont_know\"") != std::string::npos);
  const auto report = text_of(world, "report");
  BOOST_TEST(report.find("1 preferiscono non rispondere") != std::string::npos);
  // Taken back, it says nothing against what was said before, which no file loses.
  campaign.questions[0].may_refuse = false;
  campaign.replies[static_cast<std::size_t>(Reply::refused)] = {};
  world.does(EditCampaign{campaign.id, print_campaign(campaign), "d-edited"});
  BOOST_TEST(!world.state().book.at(0).definition->questions[0].may_refuse);
  BOOST_TEST(table(world, "results").rows.at(0).at("colour__status") == "refused");
  BOOST_TEST(statuses_of("colour__status").find("\"refused\"") != std::string::npos);
  BOOST_TEST(text_of(world, "pandas").find("\"refused\": \"asked, and the person") !=
             std::string::npos);
}

// Several options are a column each, all of them empty where the question was not answered.
BOOST_AUTO_TEST_CASE(several_options_and_dates_have_their_columns) {
  auto campaign = with_ids();
  auto& asked = campaign.questions[0];
  asked.options = {option("Red-1", '1', "rosso"), option("blue", '2', "blu"),
                   option("status", '3', "stato")};
  asked.several = true;
  asked.least = 1;
  asked.most = 3;
  campaign.questions[1].ask_if = {};
  campaign.questions[2].type = QuestionType::date;
  campaign.questions[2].least = 0;
  campaign.questions[2].most = 40'000;
  Running world(campaign, 2);
  world.dial();
  world.does(world.voice()).does(world.keyed("colour", 1, "31")).does(world.keyed("dark", 2, "1"));
  world.does(world.keyed("rate", 3, "05032026"));
  ExportSettings labels;
  labels.labels = true;
  const auto wide = table(world, "results", 0, labels);
  const auto& one = wide.rows.at(0);
  BOOST_TEST(one.at("colour") == "Red-1 status");
  BOOST_TEST(one.at("colour__red_1") == "1");
  BOOST_TEST(one.at("colour__blue") == "0");
  BOOST_TEST(one.at("colour__status_") == "1");
  BOOST_TEST(one.at("colour__status") == "answered");
  BOOST_TEST(one.at("colour__label") == "rosso, stato");
  BOOST_TEST(one.at("rate") == "2026-03-05");
  for (const char* column : {"colour", "colour__red_1", "colour__blue", "colour__status_"}) {
    BOOST_TEST(wide.rows.at(1).at(column).empty(), column);
  }
  const auto answers = table(world, "answers").rows;
  BOOST_TEST(answers.at(0).at("response") == R"(["Red-1","status"])");
  BOOST_TEST(answers.at(2).at("response") == "2026-03-05");
  std::map<std::string, Row> book;
  for (const auto& row : table(world, "codebook").rows) book[row.at("variable")] = row;
  BOOST_TEST(book.at("colour__blue").at("type") == "flag");
  BOOST_TEST(book.at("colour__blue").at("label") == "whether colour has \"blu\"");
  BOOST_TEST(book.at("colour").at("values").empty());
  BOOST_TEST(book.at("rate").at("type") == "date");
  const auto package = nlohmann::json::parse(text_of(world, "datapackage"));
  std::map<std::string, std::string> types;
  for (const auto& field : package["resources"][0]["schema"]["fields"]) {
    types[field["name"]] = field["type"];
  }
  BOOST_TEST(types.at("rate") == "date");
  BOOST_TEST(types.at("colour") == "string");
  BOOST_TEST(types.at("colour__blue") == "boolean");
  const auto report = text_of(world, "report");
  BOOST_TEST(report.find("2026-03") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
