#include <boost/test/unit_test.hpp>

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "campaigns/state.hpp"
#include "tests/campaigns/some_campaigns.hpp"

BOOST_AUTO_TEST_SUITE(projections)

using namespace campaigns;
using namespace some;

namespace {

// Every member that the projections print, with the values it was seen to have.
class Seen {
 public:
  void look(const World& world) {
    for (const auto& projection : campaigns::projections()) {
      std::istringstream lines(world.projection(projection.name));
      for (std::string line; std::getline(lines, line);) {
        const auto json = nlohmann::json::parse(line);
        add(std::string(projection.name), json);
      }
    }
  }
  const std::map<std::string, std::set<std::string>>& values() const { return values_; }

 private:
  void add(const std::string& path, const nlohmann::json& json) {
    if (json.is_object()) {
      for (const auto& [name, value] : json.items()) add(path + '.' + name, value);
    } else if (json.is_array() && !json.empty() && json.front().is_object()) {
      for (const auto& value : json) add(path + "[]", value);
    } else {
      values_[path].insert(json.dump());
    }
  }
  std::map<std::string, std::set<std::string>> values_{};
};

// What happens with a voice agent: one that is heard, one that fails, one of somebody else's call.
template <typename Look>
void talk(World& world, const Look& look, bool other) {
  auto campaign = agent_survey("talks");
  campaign.pacing.lines = 9;
  campaign.caller_ids = {other ? "+390211111111" : "+390222222222"};
  campaign.budget = {100'000'000, 20'000};
  campaign.budget.model = ModelPrices{.per_call_max = 500'000, .input_text = 1'000'000'000};
  campaign.agent.transfer.emplace_back("+390244444444");
  campaign.retries.delay[static_cast<std::size_t>(Outcome::callback_requested)] = 2h;
  look(submit(campaign));
  look(EnrolRows{"talks", {person(2, 31), person(3, 32)}});
  look(CompleteEnrolment{"talks"});
  const auto index = *world.state().book.find("talks");
  for (int i = 0; i < 20 && !world.state().queue.open_attempt({index, 2}); ++i) {
    world.later(1s).plans();
  }
  for (const std::uint32_t contact : {1U, 2U}) {
    const AttemptId id{"talks", contact, 1};
    const auto sid = "CAt" + std::to_string(contact);
    look(OrderAnswered{id, OrderAnswered::Kind::placed, sid});
    look(VoiceRequested{id, sid, ""});
    look(StreamStarted{sid, "MZ" + std::to_string(contact)});
    look(SomethingSaid{sid, "MZ" + std::to_string(contact), true, 1, 200, false, 0, "Buongiorno."});
    look(SomethingSaid{sid, "MZ" + std::to_string(contact), false, 2, 900, false, 0, "Pronto?"});
  }
  look(ToolAsked{"CAt1", "MZ1", "t1", "record_answer",
                 R"({"question":"rate","value":"4","words":"quattro"})", other ? 3 : 2});
  // For a day on which the clocks are put forward, or back.
  const auto tomorrow = std::chrono::floor<std::chrono::minutes>(world.now()) + 24h;
  const std::chrono::minutes offset{world.state().results.find({index, 1}, 1)->offset_minutes +
                                    (other ? 60 : -60)};
  ToolAsked callback{"CAt1",
                     "MZ1",
                     "t2",
                     "ask_callback",
                     R"({"at":")" + rfc3339_utc(tomorrow + offset).substr(0, 16) +
                         R"(","when":"domani","words":"domani"})",
                     3};
  callback.callback_at = callback.callback_opens = tomorrow;
  look(callback);
  look(ToolAsked{"CAt1", "MZ1", "t3", "request_human", "{}", 3});
  look(ToolAsked{"CAt1", "MZ1", "t4", "end_call", R"({"reason":"done"})", 4});
  StreamEnded over{"CAt1", {}, other ? "" : "dropped", ""};
  over.closed = {0, "MZ1", other ? "goodbye" : "model_failed", 9'000, 700, 3, 1, 10, 20, 5, 5, 2};
  over.closed.goodbye_unsaid = other;
  look(over);
  look(AfterStream{AttemptId{"talks", 1, 1}, "CAt1"});
  for (const char* status : {"ringing", "in-progress"}) {
    look(TransferReported{
        {"talks", 1, 1}, "CAt1", other ? "CAleg2" : "CAleg1", other ? 2U : 1U, status});
  }
  look(AfterTransfer{{"talks", 1, 1}, "CAt1", other ? "busy" : "completed", 12});
  look(StatusReported{{"talks", 1, 1}, "CAt1", "completed", 30});
  look(StreamEnded{"CAt2", {0, "MZ2", "hung_up", 4'000}, "", ""});
  look(StatusReported{{"talks", 2, 1}, "CAt2", "completed", 9});
  look(OutsideVoiceRequested{"CAo", true, 77, "v1"});
  look(StreamStarted{"CAo", "MZo"});
  look(ToolAsked{"CAo", "MZo", "o1", "opt_out", "{}", 1});
  look(ToolAsked{"CAo", "MZo", "o2", "end_call", R"({"reason":"done"})", 1});
  look(StreamEnded{"CAo", {0, "MZo", "goodbye", 4'000}, other ? "" : "silent", ""});
}

// A life in which everything happens that a log can say.
void live(Seen& seen) {
  for (const bool other : {false, true}) {
    World world(some_zones());
    const auto look = [&](const auto& command) {
      world.later(1s).does(command);
      seen.look(world);
    };
    world.at("2026-03-02T08:00:00Z");
    LogCreated identity{"01", "rehearsal", "AC1", 7, "1.0"};
    RunnerStarted run{1, "1.0", "https://a.test", "+390200000000", 1000, "zones"};
    if (other) {
      identity = {"02", "twilio", "AC2", 8, "1.1"};
      world.at("2026-03-03T08:00:00Z");
      run = {2, "1.1", "https://b.test", "+390200000009", 2000, "other"};
    }
    look(CreateLog{identity});
    look(StartRunner{run});
    auto survey = some::survey();
    survey.budget = {10'000'000, 20'000};
    survey.pacing.lines = 9;
    survey.retries.daily_calls_per_number_max = 50;
    auto submitted = submit(survey);
    if (other) submitted.columns = {"id", "nome"};
    look(submitted);
    auto row = person(2, 1);
    if (other) row.language = "en-GB", row.zone = "Europe/London";
    auto bad = person(3, 2);
    bad.reason = "no_number";
    look(EnrolRows{"survey", {row, bad, person(4, other ? 6 : 3), person(5, 4), person(6, 5)}});
    look(CompleteEnrolment{"survey"});
    if (other) world.at("2026-03-03T10:00:00Z");
    auto changed = submit(survey, "d2");
    changed.contacts_digest = "c2";
    changed.columns = submitted.columns;
    changed.accept_change = true;
    look(changed);
    look(CompleteEnrolment{"survey", other ? 2U : 1U});
    auto beside = notification("beside");
    beside.pacing.lines = 9;
    look(submit(beside));
    look(EnrolRows{"beside", {person(2, 11), person(3, 12)}});
    look(CompleteEnrolment{"beside"});
    // Calls: the survey's first person answers, the second is in doubt, the third refused.
    const auto dial = [&](std::uint32_t contact) {
      for (int i = 0; i < 20; ++i) {
        world.later(1s).plans();
        if (world.state().queue.open_attempt({0, contact})) break;
      }
      seen.look(world);
    };
    dial(1);
    const AttemptId id{"survey", 1, 1};
    OrderAnswered placed{id, OrderAnswered::Kind::placed, "CA1"};
    look(placed);
    for (const char* word : {"initiated", "ringing", "in-progress"}) {
      look(StatusReported{id, "CA1", word});
    }
    look(VoiceRequested{id, "CA1", "human"});
    look(SurveyAnswered{id, "CA1", "colour", 1, "", "verde"});
    look(SurveyAnswered{id, "CA1", "colour", 2});
    look(SurveyAnswered{id, "CA1", "colour", 3, "1"});
    look(SurveyAnswered{id, "CA1", "dark", 4, "", "sì", 900});
    look(SurveyAnswered{id, "CA1", "rate", 5});
    look(SurveyAnswered{id, "CA1", "rate", 6});
    look(SurveyAnswered{id, "CA1", "rate", 7});  // gives up
    look(StatusReported{id, "CA1", "completed", 31, 200});
    dial(2);
    const AttemptId second{"survey", 2, 1};
    look(OrderAnswered{second, OrderAnswered::Kind::in_doubt, "", 0, 0, false, "lost"});
    look(CallsListed{second, {}});
    world.later(120s);
    look(CallsListed{second, {}});
    world.later(30s);
    look(CallsListed{second, {}});
    look(StatusReported{second, "CAlate", "ringing"});
    dial(3);
    const AttemptId third{"survey", 3, 1};
    look(OrderAnswered{third, OrderAnswered::Kind::rejected, "", other ? 429 : 400,
                       other ? 20429 : 21211});
    dial(4);
    const AttemptId fourth{"survey", 4, 1};
    look(OrderAnswered{fourth, OrderAnswered::Kind::placed, "CA4"});
    look(VoiceRequested{fourth, "CA4", ""});
    look(SurveyAnswered{fourth, "CA4", "colour", 1, "2"});
    look(SurveyAnswered{fourth, "CA4", "rate", 2, "9"});
    look(StatusReported{fourth, "CA4", "completed", 5});
    const AttemptId spoken{"beside", 1, 1};
    const AttemptId also{"beside", 2, 1};
    look(OrderAnswered{spoken, OrderAnswered::Kind::placed, "CA9"});
    world.given(Subject::contact("beside", 1), CallEndRequested{1, "why", other});
    look(StatusReported{spoken, "CA9", "in-progress"});
    look(OrderAnswered{also, OrderAnswered::Kind::placed, "CA8"});
    look(StatusReported{also, "CA8", "in-progress"});
    look(StatusReported{also, "CA8", "failed"});
    look(OutsideStatusReported{"CAx", "initiated"});
    look(OutsideStatusReported{"CAx", "ringing"});
    look(OutsideVoiceRequested{"CAx"});
    look(OutsideStatusReported{"CAx", "completed", 4});
    look(OutsideVoiceRequested{"CAy"});
    look(CallPriced{id, "CA1", other ? 7'000 : 9'000, "USD"});
    talk(world, look, other);
    look(PauseCampaign{"survey", "lunch"});
    look(ResumeCampaign{"survey"});
    world.given(Subject::campaign("survey"), CampaignPaused{"no money left", "program"});
    seen.look(world);
    look(ResumeCampaign{"survey"});
    look(StatusReported{second, "CAlate", "completed"});
    look(StatusReported{spoken, "CA9", "completed", 60});
    // What a carrier that holds a call, and each of the outcomes, leads to, as facts.
    const auto contact = [](std::uint32_t ordinal) { return Subject::contact("survey", ordinal); };
    for (std::size_t outcome = 1; outcome < outcomes; ++outcome) {
      CallRequested request;
      request.attempt = static_cast<std::uint8_t>(outcome + 20);
      request.caller_id = other ? "+1" : "+2";
      request.slot = to_ms(world.now());
      request.offset_minutes = 120;
      request.own_clock_ahead_minutes = static_cast<std::int64_t>(outcome) * 60 - 720;
      request.basis = outcome % 2 == 0 ? "consent" : "contract";
      request.basis_source = outcome % 3 == 0 ? "modulo web" : "a voce";
      request.basis_date = outcome % 5 == 0 ? "2025-11-01" : "2025-11-02";
      request.disclosure = outcome % 7 == 0 ? "v1" : "v2";
      request.public_url = other ? "https://x.test" : "https://y.test";
      world.given(contact(2), request);
      if (outcome % 2 == 0) {
        world.given(contact(2), CallResolved{request.attempt, Resolution::placed, "operator", "x"});
      }
      world.given(contact(2), AttemptClosed{request.attempt, static_cast<Outcome>(outcome)});
      world.given(contact(2), RetryScheduled{to_ms(world.now()) + 1000, Outcome::busy});
      seen.look(world);
    }
    dial(1);
    const auto again = world.state().queue.contact({0, 1}).requests;
    look(OrderAnswered{{"survey", 1, again}, OrderAnswered::Kind::in_doubt});
    world.given(contact(1), CallHeld{again, "two"});
    world.given(contact(1), ContactClosed{Place::held, Outcome::unconfirmed});
    seen.look(world);
    world.given(contact(2), ContactClosed{Place::exhausted, Outcome::busy});
    world.given(Subject::contact("beside", 1), LateCallDetected{1, "CAz"});
    seen.look(world);
    look(ForgetNumber{4});
    look(ListNumbers{"rpo", {41, 42}, {}});
    look(LoadSuppressionList{"rpo", {}, 2, other ? "l1" : "l2", ""});
    look(ListNumbers{"own", {42}, {}});
    look(ListNumbers{"rpo", {}, {41}});
    look(CancelCampaign{"survey", "enough"});
    world.plans();
    seen.look(world);
    if (other) {
      enrol(world, notification("third"), {person(2, 21), person(3, 22)});
      seen.look(world);
      world.later(1s).plans();
      seen.look(world);
      world.later(1s).given(Subject::number(22), OptedOut{"survey.1.1", "key"});
      const auto until = world.now() + 24h;
      look(SuppressNumber{22, "asked by letter", until});
      look(SuppressNumber{23, "asked by letter", {}});
      look(UnsuppressNumber{22, "asked for it"});
      look(CancelCampaign{"third", ""});
      // Two people with two numbers each, one of which is passed over and one dead.
      const auto with_two = [](std::uint64_t line, NumberKey one, NumberKey two) {
        auto made = person(line, one);
        made.others = {{person(line, two).number, two}};
        return made;
      };
      auto doubled = notification("fourth");
      doubled.pacing.lines = 5;
      enrol(world, doubled, {with_two(2, 51, 52), with_two(3, 53, 54)});
      look(SuppressNumber{51, "a list", {}});
      for (int i = 0; i < 9; ++i) world.later(1s).plans();
      seen.look(world);
      OrderAnswered dead;
      dead.attempt = {"fourth", 2, 1};
      dead.kind = OrderAnswered::Kind::rejected;
      dead.http_status = 400;
      dead.code = 21211;
      look(dead);
    }
  }
}

}  // namespace

// Everything printed is moved by some event. So a digest that stays the same means that nothing
// that is printed changed.
BOOST_AUTO_TEST_CASE(every_printed_field_changes_with_some_event) {
  Seen seen;
  live(seen);
  // Late calls show by their own members, a number that was given up by when that was; and whoever
  // is not eligible, of a full quota, a mute line, not there, hindered, a business or behind an
  // assistant, a reply that is no answer, a goodbye that did not come and what was taken back by
  // there being one. A form of the digest is a program's.
  const std::set<std::string> constant = {
      "dial_queue.late_calls",       "dial_queue.given_up",
      "dial_queue.not_eligible",     "dial_queue.said_nothing",
      "dial_queue.quota_full",       "call_script.call.replied",
      "results.taken_back",          "dial_queue.not_available",
      "dial_queue.language_barrier", "dial_queue.unable",
      "dial_queue.business_number",  "dial_queue.screened",
      "register.digest_form",        "call_script.call.agent.goodbye_unsaid"};
  for (const auto& [path, values] : seen.values()) {
    if (constant.count(path)) continue;
    BOOST_TEST(values.size() >= 2u, path << " was always " << *values.begin());
  }
}

// And everything that is kept is printed, or follows from what is. A field added to one of these
// must be looked at here: is it printed?
BOOST_AUTO_TEST_CASE(no_field_is_kept_that_is_not_printed) {
  const auto printed = [](const auto& first) { BOOST_TEST(&first != nullptr); };
  const AttemptRow attempt;
  const auto& [a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19,
               a20, a21, a22, a23, a24, a25, a26, a27, a28, a29, a30, a31, a32, a33, a34, a35,
               a36] = attempt;
  printed(a1);
  const Evidence evidence;
  const auto& [x1, x2, x3, x4] = evidence;
  printed(x1);
  const AnswerRow answer;
  const auto& [b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12] = answer;
  printed(b1);
  const Case one;
  const auto& [c1, c2, c3, c4] = one;
  printed(c1);
  const OpenAttempt open;
  const auto& [d1, d2, d3, d4, d5, d6, d7, d8, d9, d10, d11, d12, d13, d14, d15, d16, d17, d18, d19,
               d20, d21, d22, d23, d24] = open;
  printed(d1);
  const DialContact contact;
  const auto& [e1, e2, e3, e4, e5, e6, e7, e8, e9, e10, e11, e12, e13] = contact;
  printed(e1);
  const CampaignEntry entry;
  const auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16] = entry;
  printed(f1);
  const CallPosition call;
  const auto& [g1, g2, g3, g4, g5, g6, g7, g8, g9, g10, g11, g12, g13, g14, g15] = call;
  printed(g1);
  const AgentProgress agent;
  const auto& [j1, j2, j3, j4, j5, j6, j7, j8, j9, j10, j11, j12, j13, j14, j15, j16, j17, j18] =
      agent;
  printed(j1);
  const TransferLeg leg;
  const auto& [n1, n2, n3] = leg;
  printed(n1);
  const StreamPermit permit;
  const auto& [k1, k2, k3, k4, k5, k6, k7] = permit;
  printed(k1);
  const OutsideCall outside;
  const auto& [h1, h2, h3, h4, h5] = outside;
  printed(h1);
  const Suppression::Number suppressed;
  const auto& [q1, q2, q3, q4, q5, q6, q7] = suppressed;
  printed(q1);
  const Suppression::Source source;
  const auto& [r1, r2, r3, r4, r5] = source;
  printed(r1);
  const ScriptAnswer script;
  const auto& [i1, i2, i3] = script;
  printed(i1);
  const SeveralNumbers several;
  const auto& [l1, l2] = several;
  printed(l1);
  const SeveralNumbers::One number;
  const auto& [m1, m2, m3, m4] = number;
  printed(m1);
  const Spend::Account account;
  const auto& [s1, s2, s3] = account;
  printed(s1);
  const Spend::Reservation reservation;
  const auto& [o1, o2, o3, o4, o5, o6] = reservation;
  printed(o1);
  const Spend::Transfer transfer;
  const auto& [p1, p2] = transfer;
  printed(p1);
  const DialQueue::GivenUp given_up;
  const auto& [v1, v2, v3, v4, v5] = given_up;
  printed(v1);
  const CallsToNumber::Call one_call;
  const auto& [w1, w2, w3] = one_call;
  printed(w1);
  const DialQueue::CarrierAway away;
  const auto& [u1, u2] = away;
  printed(u1);
  const DialQueue::LateCall late;
  const auto& [t1, t2] = late;
  printed(t1);
}

// What a late call would add to the calls of a day hangs on it.
BOOST_AUTO_TEST_CASE(a_number_that_was_given_up_shows_whether_its_call_counts) {
  Running world(notification());
  world.plans();
  OrderAnswered doubt;
  doubt.attempt = world.attempt();
  world.does(doubt).later(120s);
  world.does(CallsListed{world.attempt(), {}}).later(30s);
  world.does(CallsListed{world.attempt(), {}});
  const auto slot = to_ms(utc("2026-03-02T08:00:00Z"));
  const auto shown = [&] {
    const auto text = world.projection("dial_queue");
    const auto begin = text.find("{\"given_up\"");
    return text.substr(begin, text.find('\n', begin) - begin);
  };
  const auto uncounted = "\"slot\":" + std::to_string(slot) + ",\"day\":";
  BOOST_TEST(shown().find(uncounted) != std::string::npos, shown());
  world.does(world.status("ringing"));
  BOOST_TEST(shown().find("\"slot\"") == std::string::npos, shown());
}

// A digest that was taken of a log stays true of it, whatever later versions print besides.
BOOST_AUTO_TEST_CASE(what_is_printed_of_a_run_of_before_is_what_it_always_was) {
  // An order that never left, and a call that turns up after it was given up.
  Running away(notification());
  away.plans();
  OrderAnswered answer;
  answer.attempt = away.attempt();
  answer.kind = OrderAnswered::Kind::not_sent;
  answer.unreachable = true;
  away.does(answer);
  Running late(notification());
  late.plans();
  OrderAnswered doubt;
  doubt.attempt = late.attempt();
  late.does(doubt).later(120s);
  late.does(CallsListed{late.attempt(), {}}).later(30s);
  late.does(CallsListed{late.attempt(), {}});
  late.plans();
  const auto has = [](const Running& world, const char* word, std::int64_t form) {
    auto book = world.state().book;
    book.runner.digest_form = form;
    std::string text;
    world.state().queue.write([&](std::string_view some) { text += some; }, book);
    return text.find(word) != std::string::npos;
  };
  const auto only_now = [&](const Running& world, const char* word) {
    BOOST_TEST(has(world, word, digest_form), word);
    BOOST_TEST(!has(world, word, 0), word);
  };
  only_now(away, "\"carrier_away_since\"");
  only_now(away, "\"unreachable\":1");
  only_now(late, "\"slot\"");
  late.does(late.status("ringing"));
  only_now(late, "\"detected_at\"");
}

BOOST_AUTO_TEST_CASE(outcomes_know_of_answers_caps_locks_and_opt_outs) {
  Running world(some::survey());
  std::set<std::string> texts;
  const auto changed = [&] { return texts.insert(world.outcomes()).second; };
  BOOST_TEST(changed());
  world.plans();
  BOOST_TEST(changed());  // locked
  world.accept();
  world.does(world.status("ringing"));
  BOOST_TEST(!changed());  // a raw fact
  world.does(world.voice());
  BOOST_TEST(!changed());
  world.does(world.said("colour", 1, "rosso"));
  BOOST_TEST(changed());
  world.does(world.keyed("dark", 2, "9"));
  BOOST_TEST(changed());
  world.does(world.status("completed", 20));
  BOOST_TEST(changed());
  BOOST_TEST(world.outcomes().find("survey.1.1 opted_out 20") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_attempt_is_found_among_all_others) {
  auto campaign = notification();
  campaign.pacing.lines = 3;
  Running world(campaign, 3);
  for (std::uint8_t number = 1; number <= 2; ++number) {
    for (std::uint32_t contact = 1; contact <= 3; ++contact) {
      world.dial(contact, number);
      world.later(1s);
    }
    for (std::uint32_t contact = 1; contact <= 3; ++contact) {
      world.does(world.status("no-answer", 0, contact, number));
    }
    world.later(24h);
  }
  const auto& results = world.state().results;
  for (std::uint8_t number = 1; number <= 2; ++number) {
    for (std::uint32_t contact = 1; contact <= 3; ++contact) {
      const auto row = results.find({0, contact}, number);
      BOOST_TEST_REQUIRE(row.has_value());
      BOOST_TEST(row->sid == Running::sid(contact, number));
    }
  }
  BOOST_TEST(!results.find({0, 1}, 3));
  BOOST_TEST(!results.find({0, 0}, 1));
  BOOST_TEST(!results.find({0, 4}, 1));
  BOOST_TEST(!results.find({1, 1}, 1));
}

BOOST_AUTO_TEST_CASE(a_fact_out_of_its_order_is_a_bug) {
  World world;
  begin(world);
  BOOST_TEST(world.state().version_of(Subject::runner()) == 2u);
  Fact fact;
  fact.event = RunnerStopped{};
  stamp(world.state(), fact, {});
  BOOST_TEST(fact.position == 3u);
  BOOST_TEST(fact.version == 3u);
}

BOOST_AUTO_TEST_SUITE_END()
