#include "campaigns/consent.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "campaigns/campaign_file.hpp"
#include "campaigns/edit.hpp"
#include "campaigns/event_codec.hpp"
#include "campaigns/explain.hpp"
#include "campaigns/export.hpp"
#include "tests/campaigns/some_campaigns.hpp"

BOOST_AUTO_TEST_SUITE(consent)

using namespace campaigns;
using namespace some;

namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// The name stands for the source, the id for the date: these columns are there.
Campaign with_consent() {
  auto campaign = notification();
  campaign.contacts.consent_source_column = "name";
  campaign.contacts.consent_date_column = "id";
  campaign.consent = {"consent", "modulo web", "2025-11-01", false};
  return campaign;
}

EnrolRows::Row saying(std::uint64_t row, NumberKey key, std::string source, std::string date) {
  auto made = person(row, key);
  made.values = {std::move(date), std::move(source)};
  return made;
}

CallRequested intent_of(const World& world, std::uint32_t contact) {
  for (const auto& fact : world.log()) {
    const auto* intent = get_if<CallRequested>(&fact.event);
    if (intent != nullptr && fact.subject.ordinal == contact) return *intent;
  }
  throw std::logic_error("nobody called them");
}

bool is_called(const World& world, std::uint32_t contact) {
  return std::ranges::any_of(world.log(), [&](const Fact& fact) {
    return holds_alternative<CallRequested>(fact.event) && fact.subject.ordinal == contact;
  });
}

// What is planned from here on, with time for every call.
std::string planned(World& world) {
  std::string lines;
  for (int i = 0; i < 5; ++i) lines += world.later(1s).plans();
  return lines;
}

std::string gates_of(const World& world, std::uint32_t contact) {
  return explain(world.state(), {0, contact}, world.rules(), world.now(), {});
}

std::string attempts_of(const World& world) {
  std::string text;
  export_attempts(world.state(), 0, {}, [&](std::string_view part) { text += part; });
  return text;
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_intent_keeps_the_row_s_own_words_or_else_those_for_everybody) {
  auto campaign = with_consent();
  campaign.pacing.lines = 5;
  Running world(campaign, {saying(2, 1, "per telefono, Anna", "12/10/2025"), saying(3, 2, "", ""),
                           saying(4, 3, "", "13/10/2025")});
  for (int i = 0; i < 3; ++i) world.later(1s).plans();
  const auto own = intent_of(world, 1);
  BOOST_TEST(own.basis == "consent");
  BOOST_TEST(own.consent_source == "per telefono, Anna");
  BOOST_TEST(own.consent_date == "12/10/2025");
  BOOST_TEST(own.basis_source == "");
  BOOST_TEST(own.basis_date == "");
  const auto everybody_s = intent_of(world, 2);
  BOOST_TEST(everybody_s.consent_source == "");
  BOOST_TEST(everybody_s.basis_source == "modulo web");
  BOOST_TEST(everybody_s.basis_date == "2025-11-01");
  BOOST_TEST(intent_of(world, 3).basis_source == "modulo web");
  BOOST_TEST(intent_of(world, 3).consent_date == "13/10/2025");
  BOOST_TEST(intent_of(world, 3).disclosure == "");
  // What a row says is sealed with its person's key; what holds for everybody can be read.
  const auto encoded = encode(Subject::contact("note", 1), own);
  BOOST_TEST(has(encoded.personal, "per telefono, Anna"));
  BOOST_TEST(!has(encoded.payload, "Anna"));
  BOOST_TEST(!has(encoded.payload, "12/10/2025"));
  BOOST_TEST(has(encoded.payload, "\"basis\":\"consent\""));
}

BOOST_AUTO_TEST_CASE(an_edit_changes_no_evidence_of_calls_that_were_made) {
  auto campaign = with_consent();
  Running world(campaign, {saying(2, 1, "a voce", "12/10/2025"), saying(3, 2, "", "")});
  world.dial(1);
  world.does(world.status("busy", 0, 1));
  auto next = campaign;
  next.consent = {"contract", "contratto 2026", "2026-01-01", false};
  world.does(EditCampaign{"note", print_campaign(next), "d-edited"});
  world.later(1s).plans();
  const auto text = attempts_of(world);
  BOOST_TEST(has(text, ",basis,consent_source,consent_date,disclosure,"), text);
  BOOST_TEST(has(text, ",consent,a voce,12/10/2025,,"), text);
  BOOST_TEST(has(text, ",contract,contratto 2026,2026-01-01,,"), text);
  // Of whoever is forgotten nothing is told that was their row's.
  world.does(ForgetNumber{1});
  BOOST_TEST(!has(attempts_of(world), "a voce"));
  next.contacts.consent_source_column = "id";
  BOOST_TEST(reason_not_to_edit(world.state(), 0, next).has_value());
}

// Nor does a file that is submitted again: it would have other cells read as what the calls that
// were made stood on.
BOOST_AUTO_TEST_CASE(nor_does_a_file_that_is_submitted_again) {
  const auto campaign = with_consent();
  Running world(campaign, {saying(2, 1, "a voce", "12/10/2025")});
  world.dial(1);
  const auto refusal = [&](const Campaign& next) {
    auto again = submit(next, "d2");
    again.accept_change = true;
    return world.when(again);
  };
  auto next = campaign;
  next.contacts.consent_source_column = "id";
  BOOST_TEST(refusal(next) == "refused: changed_columns");
  next = campaign;
  next.contacts.consent_date_column.clear();
  BOOST_TEST(refusal(next) == "refused: changed_columns");
  // The ground for everybody is what changes, of calls from then on.
  next = campaign;
  next.consent.source = "modulo 2026";
  BOOST_TEST(has(refusal(next), "CampaignChanged"));
}

BOOST_AUTO_TEST_CASE(nobody_is_called_without_the_consent_that_an_edit_requires) {
  auto campaign = with_consent();
  campaign.consent.source.clear();
  campaign.pacing.lines = 5;
  Running world(campaign, {saying(2, 1, "", ""), saying(3, 2, "a voce", ""),
                           saying(4, 3, "", "12/10/2025"), saying(5, 4, "a voce", "12/10/2025")});
  // The first was called while it was not required, and would be called again.
  world.dial(1);
  world.does(world.status("busy", 0, 1));
  auto next = campaign;
  next.consent.required = true;
  BOOST_TEST(preview_edit(world.state(), 0, next, world.rules(), world.now()).no_consent == 2U);
  BOOST_TEST(!has(gates_of(world, 3), "consent"));
  world.does(EditCampaign{"note", print_campaign(next), "d-edited"});
  BOOST_TEST(has(gates_of(world, 3),
                 "nothing says where their consent comes from: excluded when their turn comes"),
             gates_of(world, 3));
  const auto lines = planned(world);
  BOOST_TEST(has(lines,
                 "contact/note/3 ContactExcluded {\"gate\":\"no_consent\",\"evidence\":"
                 "\"nothing says where their consent comes from\"}"),
             lines);
  BOOST_TEST(!is_called(world, 3));
  BOOST_TEST(is_called(world, 2));
  BOOST_TEST(is_called(world, 4));
  world.later(24h);
  BOOST_TEST(has(world.plans(), "contact/note/1 ContactExcluded {\"gate\":\"no_consent\""));
}

BOOST_AUTO_TEST_CASE(nor_once_what_stood_for_everybody_is_gone) {
  auto campaign = with_consent();
  campaign.consent.required = true;
  Running world(campaign, {saying(2, 1, "", ""), saying(3, 2, "a voce", ""), saying(4, 3, "", "")});
  world.dial(1);
  auto next = campaign;
  next.consent.date.clear();
  BOOST_TEST(preview_edit(world.state(), 0, next, world.rules(), world.now()).no_consent == 2U);
  // By a file that is submitted again alike.
  auto again = submit(next, "d2");
  again.accept_change = true;
  world.does(again);
  world.does(world.status("busy", 0, 1));
  const auto lines = planned(world);
  BOOST_TEST(has(lines,
                 "contact/note/2 ContactExcluded {\"gate\":\"no_consent\",\"evidence\":"
                 "\"nothing says since when their consent is there\"}"),
             lines);
  BOOST_TEST(has(lines, "contact/note/3 ContactExcluded {\"gate\":\"no_consent\""), lines);
}

BOOST_AUTO_TEST_CASE(consent_that_is_dated_later_than_the_call_is_none) {
  auto campaign = with_consent();
  campaign.consent.required = true;
  campaign.pacing.lines = 5;
  // It is the second of March, nine in the morning in Rome.
  const std::vector<EnrolRows::Row> rows = {saying(2, 1, "", "03/03/2026"),
                                            saying(3, 2, "", "02/03/2026"),
                                            saying(4, 3, "", "2026-03-02 09:30")};
  Running world(campaign, rows);
  const auto lines = planned(world);
  for (const auto* contact : {"1", "3"}) {
    BOOST_TEST(has(lines, std::string("contact/note/") + contact +
                              " ContactExcluded {\"gate\":\"no_consent\",\"evidence\":\"their "
                              "consent has a later date than the call\"}"),
               lines);
  }
  BOOST_TEST(is_called(world, 2));
  // Where it is not required, the intent keeps what the row says, and that is all.
  campaign.consent.required = false;
  Running other(campaign, rows);
  planned(other);
  BOOST_TEST(intent_of(other, 1).consent_date == "03/03/2026");
}

BOOST_AUTO_TEST_CASE(of_an_agent_the_version_of_its_disclosure_goes_along) {
  const auto campaign = agent_survey();
  Running world(campaign);
  world.dial();
  const auto intent = intent_of(world, 1);
  BOOST_TEST(!intent.disclosure.empty());
  world.does(world.voice());
  bool served = false;
  for (const auto& fact : world.log()) {
    const auto* prompt = get_if<PromptServed>(&fact.event);
    if (prompt == nullptr || prompt->disclosure.empty()) continue;
    BOOST_TEST(prompt->disclosure == intent.disclosure);
    served = true;
  }
  BOOST_TEST(served);
  BOOST_TEST(has(attempts_of(world), ',' + intent.disclosure + ','));
}

BOOST_AUTO_TEST_SUITE_END()
