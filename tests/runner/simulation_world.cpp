#include "tests/runner/simulation_world.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <iostream>
#include <utility>

#include "bridge/carrier/twilio_signature.hpp"
#include "campaigns/calling_hours.hpp"
#include "campaigns/campaign_file.hpp"
#include "campaigns/decide.hpp"
#include "campaigns/person_numbers.hpp"
#include "campaigns/plan.hpp"
#include "runner/crypto.hpp"
#include "tests/campaigns/some_zones.hpp"

namespace simulation {

using namespace campaigns;
using namespace std::chrono_literals;
using bridge::http::Fields;
using bridge::http::Request;
using bridge::http::Response;
using support::Dice;
using support::SimulatedCall;

namespace {

const std::string account_sid = "AC00000000000000000000000000000001";
const std::string auth_token = "simulated";
const std::array<std::string, 2> public_urls = {"https://one.example.test",
                                                "https://two.example.test"};

constexpr auto answer_deadline = 15s;  // protocols.md 2: how long the carrier waits for us
constexpr std::uint64_t steps_max = 2'000'000;

std::string rfc2822(Instant at) {
  static constexpr std::array<const char*, 7> days = {"Sun", "Mon", "Tue", "Wed",
                                                      "Thu", "Fri", "Sat"};
  static constexpr std::array<const char*, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto midnight = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date{midnight};
  const std::chrono::weekday weekday{midnight};
  const auto seconds = std::chrono::floor<std::chrono::seconds>(at - midnight).count();
  char text[40];
  std::snprintf(text, sizeof text, "%s, %02u %s %04d %02d:%02d:%02d +0000",
                days[weekday.c_encoding()], unsigned{date.day()},
                months[unsigned{date.month()} - 1], int{date.year()},
                static_cast<int>(seconds / 3600), static_cast<int>(seconds / 60 % 60),
                static_cast<int>(seconds % 60));
  return text;
}

Text words(std::string text) {
  return {{{"it-IT", std::move(text)}}};
}

Question question(std::string id, QuestionType type) {
  Question made;
  made.type = type;
  made.ask = words("Domanda " + id + ": che cosa risponde?");
  made.id = std::move(id);
  if (type == QuestionType::choice) {
    for (const auto& [code, key] : {std::pair{"red", '1'}, std::pair{"blue", '2'}}) {
      Option option;
      option.code = code;
      option.key = key;
      option.label = words(code);
      option.words = {{"it-IT", {code}}};
      made.options.push_back(std::move(option));
    }
  }
  if (type == QuestionType::yes_no) {
    for (const auto& [code, key] : {std::pair{"yes", '1'}, std::pair{"no", '2'}}) {
      Option option;
      option.code = code;
      option.key = key;
      option.label = words(code);
      option.words = {{"it-IT", {code}}};
      made.options.push_back(std::move(option));
    }
  }
  return made;
}

// What a person keys who would rather talk to a human, where there is one.
constexpr char key_for_a_human = '0';

// What a person keys or says where they mean to answer well.
std::string good_key(const std::string& question, Dice& dice) {
  return question == "rate" ? std::to_string(1 + dice.below(5)) : std::to_string(1 + dice.below(2));
}

std::string good_word(const std::string& question) {
  return question == "colour" ? "red" : question == "sure" ? "yes" : "4";
}

// The text between the tags.
std::string said_in(const std::string& twiml) {
  std::string said;
  bool tag = false;
  for (const char c : twiml) {
    if (c == '<') tag = true;
    if (!tag) said += c;
    if (c == '>') tag = false;
  }
  return said;
}

// What an attribute of the first such tag says.
std::string attribute(const std::string& twiml, const std::string& tag, const std::string& name) {
  const auto from = twiml.find(name + "=\"", twiml.find(tag)) + name.size() + 2;
  return twiml.substr(from, twiml.find('"', from) - from);
}

std::string gather_action(const std::string& twiml) {
  const auto gather = twiml.find("<Gather");
  if (gather == std::string::npos) return {};
  const std::string_view name = "action=\"";
  const auto from = twiml.find(name, gather);
  if (from == std::string::npos) return {};
  const auto begin = from + name.size();
  return twiml.substr(begin, twiml.find('"', begin) - begin);
}

Instant start_of(const WorldOptions& options) {
  Dice dice(options.seed, "start");
  if (options.narrow) {
    using namespace std::chrono;
    // Beside both changes of Europe's clocks, the turn of a year, and no such thing.
    static constexpr std::array<year_month_day, 4> days = {
        year{2026} / 3 / 27, year{2026} / 10 / 23, year{2026} / 12 / 30, year{2026} / 6 / 15};
    return sys_days{days[dice.below(4)]} + dice.between(0ms, 48h);
  }
  // A Monday, at some time of an opening in Rome; now and then shortly before it closes.
  const Instant monday = std::chrono::sys_days{std::chrono::year{2026} / 3 / 2};
  if (dice.chance(300)) return monday + 12h - dice.between(1min, 5min);
  return monday + 8h + dice.between(0ms, 4h);
}

}  // namespace

WorldOptions WorldOptions::everything(std::uint64_t seed, std::uint32_t contacts) {
  Dice dice(seed, "options");
  const auto up_to = [&](unsigned most) { return static_cast<unsigned>(dice.below(most + 1)); };
  WorldOptions made;
  made.seed = seed;
  made.contacts = contacts;
  made.list_is_prompt = !dice.chance(100);
  auto& carrier = made.carrier;
  carrier.not_sent = up_to(20);
  carrier.too_many = up_to(40);
  carrier.dead_number = up_to(20);
  carrier.account_refused = dice.chance(200) ? 5 : 0;
  carrier.doubt_accepted = up_to(60);
  carrier.doubt_lost = up_to(60);
  carrier.silent_accepted = up_to(40);
  carrier.silent_lost = up_to(40);
  carrier.slow = up_to(100);
  carrier.question_fails = up_to(200);
  carrier.accept_delay_max = made.list_is_prompt ? dice.between(10ms, 25s) : milliseconds{8min};
  carrier.list_lag_max = made.list_is_prompt ? dice.between(0ms, 60s) : milliseconds{10min};
  made.callback_lost = up_to(400);
  made.callback_copies_max = 1 + up_to(4);
  made.callbacks_late = true;
  made.document_doubled = up_to(100);
  made.document_late = up_to(60);
  made.document_lost = up_to(20);
  made.forged = up_to(40);
  made.crashes = dice.chance(850);
  made.disk_stalls = dice.chance(700) ? up_to(300) : 0;
  made.full_disk = dice.chance(200);
  made.operators = dice.chance(600);
  made.queued = up_to(300);
  made.queued_max = dice.between(1s, 20min);
  carrier.slow_connection = up_to(60);
  made.agents = dice.chance(500);
  return made;
}

WorldOptions WorldOptions::narrow_limits(std::uint64_t seed, std::uint32_t contacts) {
  auto made = everything(seed, contacts);
  Dice dice(seed, "narrow limits");
  made.narrow = true;
  // Who decides on a held call against the truth may spend what was not there.
  made.operators = false;
  made.agents = false;
  made.list_is_prompt = true;
  made.carrier.accept_delay_max = dice.between(10ms, 25s);
  made.carrier.list_lag_max = dice.between(0ms, 60s);
  made.crashes = true;
  made.two_campaigns = dice.chance(500);
  return made;
}

WorldOptions WorldOptions::callbacks(std::uint64_t seed, std::uint32_t contacts, bool in_order) {
  WorldOptions made;
  made.seed = seed;
  made.contacts = contacts;
  made.two_campaigns = false;
  made.carrier.too_many = 30;
  made.carrier.dead_number = 10;
  made.carrier.doubt_accepted = 40;
  made.carrier.doubt_lost = 20;
  made.carrier.silent_accepted = 20;
  made.carrier.accept_delay_max = 10s;
  made.carrier.list_lag_max = 20s;
  if (!in_order) {
    made.callback_lost = 333;
    made.callback_copies_max = 5;
    made.callbacks_late = true;
  }
  return made;
}

Tally& Tally::operator+=(const Tally& other) {
  steps += other.steps;
  events += other.events;
  orders += other.orders;
  calls += other.calls;
  requests += other.requests;
  forged += other.forged;
  crashes += other.crashes;
  in_doubt += other.in_doubt;
  adopted += other.adopted;
  not_placed += other.not_placed;
  not_sent += other.not_sent;
  held += other.held;
  late_calls += other.late_calls;
  opted_out += other.opted_out;
  suppressed += other.suppressed;
  pauses += other.pauses;
  cancels += other.cancels;
  full_disks += other.full_disks;
  looked_up += other.looked_up;
  resolved += other.resolved;
  taken_back += other.taken_back;
  stopped += other.stopped;
  talks += other.talks;
  refused_streams += other.refused_streams;
  agent_failures += other.agent_failures;
  postponed += other.postponed;
  out_of_money += other.out_of_money;
  priced += other.priced;
  priced_anew += other.priced_anew;
  counted_talks += other.counted_talks;
  uncounted_talks += other.uncounted_talks;
  spent_up += other.spent_up;
  humans_told += other.humans_told;
  humans_reckoned += other.humans_reckoned;
  promised += other.promised;
  without_list += other.without_list;
  days += other.days;
  return *this;
}

World::World(const WorldOptions& options)
    : options_(options),
      rules_(some_zones()),
      keys_(runner::LogKeys::rehearsal_secret(options.seed)),
      clock_(start_of(options)),
      deadline_(clock_.now() + std::chrono::days{options.narrow ? 150 : 30}),
      dice_(options.seed, "world"),
      carrier_(agenda_, clock_, options.seed, options.carrier),
      trace_(std::getenv("CAMPANILE_TRACE") != nullptr) {
  account_rate_ = 1000 + 500 * static_cast<std::int64_t>(dice_.below(9));
  webhook::DoorOptions door;
  door.auth_tokens = {auth_token};
  door.account_sid = account_sid;
  door.public_url = public_urls[0];
  durable_door_ = std::make_unique<webhook::Door>(
      durable_, door, [this](std::string_view token) { return keys_.read_token(token); },
      [this](const AttemptId& attempt) { return keys_.token(attempt); },
      [this](std::string_view sid) { return keys_.call_token(sid); });
  carrier_.on_order = [this](const auto& order) { check_order(order); };
  carrier_.on_accepted = [this](SimulatedCall& call) {
    check_accepted(call);
    ring(call);
  };
  carrier_.on_ended = [this](const SimulatedCall& call) {
    keep(!call.answered || (runner_ && runner_->state().queue.late_calls.count(call.sid) != 0),
         "I4", "the program hung up on somebody who had answered");
    ++tally_.taken_back;
    // One that was never dialled is never reported (protocols.md 1.4).
    if (call.dialled) report(call, call.status);
  };
  carrier_.charges.currency = "USD";
  // Where the budget is all but used up, a price that is dearer than what was set aside for it
  // would be found out when the money is gone.
  if (options_.narrow) carrier_.charges.most = 1000;
  carrier_.charges.reckoned = [this](const SimulatedCall& call) {
    return (call.seconds.value_or(0) + 59) / 60 *
           list_of(call).campaign.budget.per_minute_millionths;
  };
  store_.on_durable([this] { follow_log(); });
  talks_ = make_talks();
  make_lists();
  for (const auto& list : lists_) {
    witness_.expect(list.campaign);
    for (const auto& row : list.rows) {
      if (!row.reason.empty()) continue;
      witness_.expect(list.campaign.id, row.number, row.zone);
      for (const auto& other : row.others) {
        witness_.expect(list.campaign.id, other.number, row.zone);
      }
    }
  }
}

World::~World() = default;

// --- the lists ---

void World::make_lists() {
  Dice dice = dice_about("lists");
  const auto make = [&](const std::string& id, std::uint32_t first, std::uint32_t people) {
    List list;
    auto& campaign = list.campaign;
    campaign.id = id;
    campaign.title = id;
    campaign.kind = campaigns::Kind::survey;
    campaign.contacts.file = id + ".csv";
    campaign.caller_ids = {"+390200000000"};
    campaign.greeting = words("Buongiorno, qui il centro di prova.");
    campaign.goodbye = words("Grazie e arrivederci.");
    campaign.resumed = words("Riprendiamo.");
    campaign.questions = {question("colour", QuestionType::choice),
                          question("sure", QuestionType::yes_no),
                          question("rate", QuestionType::rating)};
    campaign.questions[2].required = false;
    campaign.partial_answers = static_cast<std::uint8_t>(dice.below(3));
    campaign.opt_out.key = '9';
    campaign.opt_out.goodbye = words("Non chiameremo più.");
    campaign.machine.action =
        dice.chance(500) ? MachineAction::hang_up : MachineAction::leave_message;
    campaign.machine.message = words("Abbiamo cercato di parlarle.");
    campaign.hours.windows = {{0b1111111, 9h, 13h}, {0b1111111, 15h, 20h}};
    campaign.pacing.calls_per_second_thousandths =
        static_cast<std::uint32_t>(1000 + 1000 * dice.below(4));
    campaign.pacing.lines = static_cast<std::uint32_t>(10 + dice.below(21));
    if (dice.chance(300)) {
      campaign.pacing.ramp_up = {static_cast<std::uint32_t>(50 + dice.below(950)),
                                 Seconds{10 + static_cast<int>(dice.below(1200))}};
    }
    if (dice.chance(300)) {
      campaign.pacing.stop_at_failures = {static_cast<std::uint32_t>(150 + dice.below(400)),
                                          static_cast<std::uint8_t>(5 + dice.below(50))};
    }
    campaign.retries.attempts_max = static_cast<std::uint8_t>(2 + dice.below(2));
    campaign.retries.daily_calls_per_number_max = static_cast<std::uint8_t>(1 + dice.below(4));
    campaign.retries.unplaced_delay = Seconds{10 + static_cast<int>(dice.below(120))};
    const auto retry = [&](Outcome outcome, Seconds delay) {
      campaign.retries.delay[static_cast<std::size_t>(outcome)] = delay;
    };
    retry(Outcome::no_answer, 1800s);
    retry(Outcome::busy, 60s);
    retry(Outcome::network_error, 120s);
    retry(Outcome::broken_off, 600s);
    retry(Outcome::human_hung_up_at_once, 3600s);
    retry(Outcome::said_nothing, 1800s);
    retry(Outcome::machine_no_message, 2400s);
    retry(Outcome::callback_requested, 3000s);
    campaign.in_doubt = std::array{InDoubt::redial, InDoubt::hold, InDoubt::never}[dice.below(3)];
    if (dice.chance(300)) {
      campaign.budget.limit_millionths = 1'000'000'000;
      campaign.budget.per_minute_millionths = 10'000;
    }
    if (options_.agents && id == "alpha") {
      campaign.mode = Mode::agent;
      auto& agent = campaign.agent;
      agent.disclosure = words("Parla un'intelligenza artificiale.");
      agent.on_failure = dice.chance(500) ? OnFailure::apologise : OnFailure::go_on_simple;
      campaign.opt_out.words = {{"it-IT", {"non chiamate più"}}};
      if (dice.chance(500)) agent.transfer = {"+390299999999"};
      Dice money = dice_about("money of the agent");
      if (money.chance(600)) {
        campaign.budget = {1'000'000'000'000, 10'000};
        auto& prices = campaign.budget.model.emplace();
        prices.per_call_max = static_cast<std::int64_t>(20'000 + money.below(300'000));
        prices.input_audio = 32'000'000;
        prices.output_audio = 64'000'000;
        prices.input_text = 4'000'000;
        prices.output_text = 16'000'000;
        prices.per_minute = 6'000;
        if (money.chance(500)) prices.cached = 400'000;
        if (!agent.transfer.empty()) campaign.budget.transfer_per_minute_millionths = 30'000;
      }
    }
    if (options_.narrow) make_narrow(campaign, dice);
    std::uint64_t row = 1;
    for (std::uint32_t n = first; n < first + people; ++n) {
      EnrolRows::Row made;
      made.row = ++row;
      made.number = "+3902" + std::to_string(1'000'000 + n);
      made.key = keys_.number_key(made.number);
      made.language = "it-IT";
      made.zone = n % 10 == 0 ? "Europe/London" : "Europe/Rome";
      if (options_.narrow && n % 10 > 5) {
        made.zone = n % 10 > 7 ? "Asia/Kolkata" : "America/Sao_Paulo";
      }
      // Some can be reached at a second number, whichever list they are on.
      if (n % 7 == 3) {
        const auto second = "+3903" + std::to_string(1'000'000 + n);
        made.others = {{second, keys_.number_key(second)}};
        // And on the other list by that alone, or by it first.
        if (id == "beta" && n % 3 != 0) {
          if (n % 3 == 1) made.others = {{made.number, made.key}};
          if (n % 3 == 2) made.others.clear();
          made.number = second;
          made.key = keys_.number_key(second);
        }
      }
      made.values = {std::to_string(n)};
      list.rows.push_back(made);
      // Lists have rows twice, and rows that are none.
      if (dice.chance(20)) {
        made.row = ++row;
        list.rows.push_back(made);
      }
      if (dice.chance(20)) {
        EnrolRows::Row bad;
        bad.row = ++row;
        bad.reason = "not_a_number";
        bad.column = "number";
        list.rows.push_back(bad);
      }
    }
    list.definition = print_campaign(campaign);
    lists_.push_back(std::move(list));
  };
  if (!options_.two_campaigns) return make("alpha", 1, options_.contacts);
  const auto first = options_.contacts * 3 / 5;
  make("alpha", 1, first);
  // A quarter of the second list is on the first one too.
  make("beta", first - (options_.contacts - first) / 4 + 1, options_.contacts - first);
}

void World::make_narrow(Campaign& campaign, Dice& dice) const {
  auto& hours = campaign.hours;
  hours = {};
  hours.zone = std::array{"", "", "", "Europe/Rome"}[dice.below(4)];
  // Edges at any minute, at midnight, and in the hour that a clock skips or shows twice.
  const auto windows = 1 + static_cast<int>(dice.below(3));
  auto from = dice.chance(300)
                  ? 0min
                  : std::chrono::minutes{dice.below(1440 / static_cast<unsigned>(windows))};
  for (int i = 0; i < windows && from < 1440min; ++i) {
    const auto to = dice.chance(250)
                        ? 1440min
                        : std::min(1440min, from + std::chrono::minutes{5 + dice.below(300)});
    hours.windows.push_back({static_cast<std::uint8_t>(1 + dice.below(127)), from, to});
    from = to + std::chrono::minutes{dice.below(120)};
  }
  for (std::uint64_t i = dice.below(4); i > 0; --i) {
    hours.dates_off.emplace_back(std::chrono::floor<std::chrono::days>(clock_.now()) +
                                 std::chrono::days{dice.below(6)});
  }
  std::sort(hours.dates_off.begin(), hours.dates_off.end());
  hours.dates_off.erase(std::unique(hours.dates_off.begin(), hours.dates_off.end()),
                        hours.dates_off.end());
  campaign.retries.attempts_max = static_cast<std::uint8_t>(2 + dice.below(5));
  campaign.retries.daily_calls_per_number_max = static_cast<std::uint8_t>(1 + dice.below(3));
  for (auto& delay : campaign.retries.delay) {
    if (delay) delay = Seconds{30 + static_cast<int>(dice.below(1200))};
  }
  campaign.call_time = Seconds{30 + static_cast<int>(dice.below(150))};
  campaign.budget = {};
  if (dice.chance(700)) {
    campaign.budget.per_minute_millionths = static_cast<std::int64_t>(1 + dice.below(30'000));
    campaign.budget.limit_millionths =
        campaign.budget.per_minute_millionths *
            static_cast<std::int64_t>(1 + dice.below(options_.contacts * 2)) +
        static_cast<std::int64_t>(dice.below(1000));
  }
  // Last, so that older seeds are what they were in all else.
  if (dice.chance(500)) {
    campaign.retries.weekly_calls_per_number_max = static_cast<std::uint8_t>(1 + dice.below(4));
  }
  if (dice.chance(300)) {
    campaign.suppression_lists = {{"rpo", Seconds{600 + static_cast<int>(dice.below(40'000))}}};
  }
  Dice humans = dice_about("humans");
  if (humans.chance(500)) {
    campaign.operators = {"+390299999999"};
    auto& person = campaign.replies[static_cast<std::size_t>(Reply::person)];
    person.known = true;
    person.key = key_for_a_human;
    auto& budget = campaign.budget;
    if (budget.limit_millionths != 0) {
      budget.transfer_per_minute_millionths = static_cast<std::int64_t>(1 + humans.below(30'000));
      budget.limit_millionths += budget.transfer_per_minute_millionths * options_.contacts;
    }
  }
}

// --- the program and its operator ---

void World::start_program() {
  ++program_;
  started_ = clock_.now();
  runner::Runner::Options options;
  options.seed = options_.seed;
  options.account_sid = account_sid;
  webhook::DoorOptions door;
  door.auth_tokens = {auth_token};
  door.account_sid = account_sid;
  door.public_url = public_urls[options_.crashes ? dice_.below(2) : 0];
  const auto public_url = door.public_url;
  runner_ = std::make_unique<runner::Runner>(store_, carrier_, clock_, rules_, keys_,
                                             std::move(door), durable_, options);
  attach_talks();
  if (durable_.position == 0) {
    LogCreated identity;
    identity.installation = "0123456789abcdef";
    identity.carrier = "rehearsal";
    identity.seed = static_cast<std::int64_t>(options_.seed);
    runner_->note_command(CreateLog{identity});
  }
  RunnerStarted run;
  run.epoch = store_.epoch();
  run.public_url = public_url;
  run.caller_id = "+390200000000";
  run.calls_per_second_thousandths = account_rate_;
  runner_->note_command(StartRunner{run});
  steps_to_crash_ = options_.crashes ? 20 + dice_.below(6000) : 0;
  for (const auto& list : lists_) submit(list);
}

void World::submit(const List& list) {
  SubmitCampaign submit;
  submit.campaign = list.campaign.id;
  submit.definition = list.definition;
  submit.definition_digest = "definition of " + list.campaign.id;
  submit.contacts_digest = "contacts of " + list.campaign.id;
  submit.columns = {"id"};
  runner_->note_command(submit, [this, &list](std::optional<Refusal> refusal) {
    keep(!refusal, "enrolment", "the campaign was refused: " + (refusal ? refusal->text : ""));
    const auto& book = runner_->state().book;
    if (book.at(*book.find(list.campaign.id)).status == CampaignStatus::enrolling) feed(list);
  });
}

void World::feed(const List& list) {
  EnrolRows batch;
  batch.campaign = list.campaign.id;
  for (std::size_t i = 0; i < list.rows.size(); ++i) {
    batch.rows.push_back(list.rows[i]);
    if (batch.rows.size() == 50 || i + 1 == list.rows.size()) {
      runner_->note_command(batch);
      batch.rows.clear();
    }
  }
  runner_->note_command(CompleteEnrolment{list.campaign.id});
}

// Whether the program dies at this point.
bool World::crash_here() {
  if (steps_to_crash_ == 0 || --steps_to_crash_ > 0) return false;
  crash();
  return true;
}

void World::crash() {
  ++tally_.crashes;
  check_replay();
  // Of what waits, the disk may have taken a part.
  while (dice_.chance(300) && store_.commit_one()) continue;
  carrier_.disconnect();
  crash_talks();
  runner_.reset();
  store_.crash();
  const auto away = dice_.chance(100)   ? dice_.between(1min, 20min)
                    : dice_.chance(200) ? 1ms
                                        : dice_.between(100ms, 5s);
  agenda_.at(clock_.now() + away, [this] { start_program(); });
}

// The program's turns until it has nothing more to do at this instant.
void World::settle() {
  int quiet = 0;
  for (int turns = 0; runner_ && quiet < 2; ++turns) {
    keep(turns < 1000, "progress", "the program finds no rest at one instant");
    if (crash_here()) return;
    const auto position = runner_->state().position;
    const auto held = runner_->held();
    runner_->tick();
    if (crash_here()) return;
    const bool committed = turn_of_the_disk();
    if (crash_here()) return;
    const bool same = position == runner_->state().position && held == runner_->held();
    quiet = same && !committed ? quiet + 1 : 0;
  }
  if (!runner_) return;
  const auto wake = runner_->next_wakeup();
  keep(!wake || *wake > clock_.now() || store_.waiting() > 0, "progress",
       "the program asks to be woken at once and then does nothing");
}

// Commits what waits: at once, or later.
bool World::turn_of_the_disk() {
  if (store_.waiting() == 0 || commit_planned_) return false;
  auto wait = 0ms;
  if (store_.disk_full()) {
    wait = 1s;
  } else if (dice_.chance(options_.disk_stalls)) {
    wait = dice_.chance(150) ? dice_.between(1s, 9s) : dice_.between(1ms, 200ms);
  }
  if (wait == 0ms) {
    if (!store_.commit_one()) return false;
    if (!dice_.chance(100)) store_.commit_all();
    return true;
  }
  commit_planned_ = true;
  agenda_.at(clock_.now() + wait, [this] {
    commit_planned_ = false;
    if (dice_.chance(500)) {
      store_.commit_one();
    } else {
      store_.commit_all();
    }
  });
  return false;
}

void World::plan_operator() {
  if (options_.operators) {
    const auto pauses = dice_.below(3);
    for (std::uint64_t i = 0; i < pauses; ++i) {
      agenda_.at(clock_.now() + dice_.between(10s, 40min), [this, which = dice_.next()] {
        if (!runner_) return;
        ++tally_.pauses;
        runner_->note_command(
            PauseCampaign{lists_[which % lists_.size()].campaign.id, "an operator's wish"});
      });
    }
    const auto letters = dice_.below(4);
    for (std::uint64_t i = 0; i < letters; ++i) {
      agenda_.at(clock_.now() + dice_.between(10s, 90min), [this, which = dice_.next()] {
        if (!runner_) return;
        const auto& rows = lists_[which % lists_.size()].rows;
        const auto& row = rows[which / 7 % rows.size()];
        const auto key = which % 2 == 0 || row.others.empty() ? row.key : row.others.front().key;
        const auto until = which % 3 == 0 ? std::optional(clock_.now() + 2h) : std::nullopt;
        runner_->note_command(SuppressNumber{key, "an operator's wish", until});
        if (which % 5 != 0) return;
        agenda_.at(clock_.now() + 20min, [this, key] {
          if (runner_) runner_->note_command(UnsuppressNumber{key, "an operator's wish"});
        });
      });
    }
    if (dice_.chance(250)) {
      agenda_.at(clock_.now() + dice_.between(10s, 90min), [this, which = dice_.next()] {
        if (!runner_) return;
        ++tally_.cancels;
        runner_->note_command(
            CancelCampaign{lists_[which % lists_.size()].campaign.id, "an operator's wish"});
      });
    }
  }
  if (options_.full_disk) {
    agenda_.at(clock_.now() + dice_.between(10s, 60min), [this] {
      ++tally_.full_disks;
      store_.set_disk_full(true);
      agenda_.at(clock_.now() + dice_.between(1s, 5min), [this] { store_.set_disk_full(false); });
    });
  }
  agenda_.at(clock_.now() + 7min, [this] { watch_campaigns(); });
}

// Somebody looks after the campaigns every few minutes and lets the paused ones go on.
void World::watch_campaigns() {
  bool any_open = lists_.size() > durable_.book.campaigns.size();
  for (const auto& entry : durable_.book.campaigns) {
    const auto over =
        entry.status == CampaignStatus::completed || entry.status == CampaignStatus::cancelled;
    any_open |= !over;
    if (entry.status == CampaignStatus::paused && runner_) {
      const auto& id = entry.definition->id;
      if (waits_for_list(entry)) {
        load_list();
        continue;
      }
      // Where there is no money left, resuming it again and again brings none.
      if (options_.narrow && ++pauses_seen_[id] > 5) {
        runner_->note_command(CancelCampaign{id, "an operator's wish"});
      } else {
        runner_->note_command(ResumeCampaign{id});
      }
    }
  }
  any_open |= decide_on_held();
  if (any_open) agenda_.at(clock_.now() + 7min, [this] { watch_campaigns(); });
}

// The register is asked, and what it says is of some minutes ago.
void World::load_list() {
  list_as_of_ = std::max(list_as_of_, clock_.now() - dice_.between(0ms, 5min));
  witness_.expect_list(list_as_of_);
  runner_->note_command(
      LoadSuppressionList{"rpo", list_as_of_, 0, std::to_string(to_ms(list_as_of_)), ""});
}

// They look into the carrier's console, and some decide to have the call made again. False: nothing
// is held that they would decide on.
bool World::decide_on_held() {
  if (!options_.operators) return false;
  bool any = false;
  for (const auto& [packed, open] : durable_.queue.attempts) {
    if (open.phase != Phase::held) continue;
    any = true;
    const auto& entry = durable_.book.at(open.contact.campaign);
    const AttemptId attempt{entry.definition->id, open.contact.ordinal, open.attempt};
    const auto calls = carrier_.calls_of(keys_.token(attempt));
    if (std::any_of(calls.begin(), calls.end(), [](const auto* call) { return !call->over(); })) {
      continue;
    }
    const bool again =
        dice_about("decision on " + attempt.text()).chance(400) &&
        entry.status != CampaignStatus::cancelled &&
        durable_.queue.contact(open.contact).attempts + 1 < entry.definition->retries.attempts_max;
    const auto as = again           ? Resolution::redial
                    : calls.empty() ? Resolution::not_placed
                                    : Resolution::placed;
    if (!runner_) continue;
    runner_->note_command(ResolveCall{attempt, as, "an operator's decision"});
  }
  return any;
}

bool World::over() const {
  if (!runner_ || store_.waiting() > 0 || !agenda_.empty()) return false;
  if (durable_.book.campaigns.size() != lists_.size()) return false;
  for (const auto& entry : durable_.book.campaigns) {
    if (entry.status != CampaignStatus::completed && entry.status != CampaignStatus::cancelled) {
      return false;
    }
  }
  return !runner_->next_wakeup() && runner_->idle();
}

void World::run() {
  const auto began = clock_.now();
  start_program();
  plan_operator();
  settle();
  while (!over()) {
    keep(++tally_.steps < steps_max, "progress", "the world goes on for ever");
    auto next = agenda_.next();
    if (runner_) {
      const auto wake = runner_->next_wakeup();
      if (wake && (!next || *wake < *next)) next = wake;
    }
    keep(next.has_value(), "progress", "nothing will happen any more and the campaigns are open");
    keep(*next <= deadline_, "progress", "the campaigns are open after 30 days");
    // Two things at one instant come one after the other: each may be the last before a crash.
    clock_.advance_to(*next);
    agenda_.run_one(clock_.now());
    settle();
  }
  tally_.days += static_cast<std::uint64_t>((clock_.now() - began) / std::chrono::days{1});
  check_end();
}

// --- calls and people ---

const World::List& World::list_of(const SimulatedCall& call) const {
  const auto campaign = attempt_of(call.token).campaign;
  return *std::ranges::find(
      lists_, campaign, [](const List& each) -> const std::string& { return each.campaign.id; });
}

AttemptId World::attempt_of(const std::string& token) const {
  const auto attempt = keys_.read_token(token);
  keep(attempt.has_value(), "I4", "an order with a token that is none of this log");
  return *attempt;
}

// What becomes of a call, and what a person does in it, hangs on the seed, the person and the
// attempt alone: the same in every order of things.
void World::ring(SimulatedCall& call) {
  Dice queue = dice_about("queue " + attempt_of(call.token).text());
  if (!queue.chance(options_.queued)) return dial_out(call);
  agenda_.at(clock_.now() + queue.between(1s, options_.queued_max), [this, it = &call] {
    if (it->over()) return;
    check_dialled_out(*it);
    dial_out(*it);
  });
}

void World::dial_out(SimulatedCall& call) {
  call.status = "ringing";  // the carrier's records have no word between
  call.dialled = clock_.now();
  Dice dice = dice_about("person " + attempt_of(call.token).text());
  const auto fate = dice.below(100);
  const auto rings = dice.between(1s, 3s);
  const auto picked_up = rings + dice.between(1s, 20s);
  auto* const it = &call;
  const auto later = [&](milliseconds after, std::function<void()> happens) {
    agenda_.at(clock_.now() + after, [it, happens = std::move(happens)] {
      if (!it->over()) happens();
    });
  };
  later(200ms, [this, it] { report(*it, "initiated"); });
  if (fate < 7) return later(rings, [this, it] { hang_up(*it, "failed"); });
  if (fate < 17) return later(rings, [this, it] { hang_up(*it, "busy"); });
  later(rings, [this, it] { report(*it, "ringing"); });
  if (fate < 34) {
    return later(rings + it->order.ring_time_max, [this, it] { hang_up(*it, "no-answer"); });
  }
  const bool machine = fate < 42;
  const bool at_once = fate >= 96;
  later(picked_up, [this, it, machine, at_once] { pick_up(*it, machine, at_once); });
}

void World::pick_up(SimulatedCall& call, bool machine, bool hangs_up) {
  call.status = "in-progress";
  call.answered = clock_.now();
  using Detection = bridge::carrier::CallOrder::MachineDetection;
  if (call.order.machine_detection != Detection::off) {
    call.answered_by = !machine                                                 ? "human"
                       : call.order.machine_detection == Detection::message_end ? "machine_end_beep"
                                                                                : "machine_start";
  }
  report(call, "in-progress");
  if (options_.narrow) {
    agenda_.at(clock_.now() + call.order.call_time_max, [this, it = &call] {
      if (!it->over()) hang_up(*it, "completed");
    });
  }
  if (hangs_up) {
    call.talk = 1s;
    agenda_.at(clock_.now() + 1s, [this, it = &call] {
      if (!it->over()) hang_up(*it, "completed");
    });
    return;
  }
  ask_document(call, call.order.url, {});
}

// Asks for what the call is told next, and when nobody answers for the fallback, once.
void World::ask_document(SimulatedCall& call, const std::string& url, Fields own) {
  auto* const it = &call;
  auto fields = fields_of(call);
  fields.push_back({"CallStatus", "in-progress"});
  for (auto& field : own) fields.push_back(std::move(field));
  const auto fall_back = [this, it] {
    if (it->over()) return;
    auto apology = fields_of(*it);
    apology.push_back({"CallStatus", "in-progress"});
    apology.push_back({"ErrorCode", "11200"});
    post(it->order.fallback_url, std::move(apology), [this, it](const Response* response) {
      if (response && response->status == 200) check_left_talk(*it);
      if (!it->over()) hang_up(*it, "completed");
    });
  };
  Dice dice = dice_about("document " + std::to_string(++requests_));
  if (dice.chance(options_.document_lost)) {
    agenda_.at(clock_.now() + answer_deadline, fall_back);
    return;
  }
  if (dice.chance(options_.forged)) post_forged(url, fields);
  post(url, fields, [this, it, fall_back](const Response* response) {
    if (it->over()) return;
    if (!response || response->status != 200) return fall_back();
    hear(*it, response->body);
  });
  if (dice.chance(options_.document_doubled)) post(url, fields, {});
  if (dice.chance(options_.document_late)) {
    agenda_.at(clock_.now() + dice.between(1s, 1h), [this, url, fields] { post(url, fields, {}); });
  }
}

void World::hear(SimulatedCall& call, const std::string& twiml) {
  check_left_talk(call);
  if (twiml.find("<Connect ") != std::string::npos) return connect(call, twiml);
  if (twiml.find("<Dial ") != std::string::npos) return pass_on(call, twiml);
  const auto spoken = static_cast<std::uint32_t>(said_in(twiml).size() + 14) / 15;
  const auto action = gather_action(twiml);
  if (!action.empty()) return reply_to(call, action, spoken);
  call.talk += std::chrono::seconds{spoken + 1};
  agenda_.at(clock_.now() + std::chrono::seconds{spoken + 1}, [this, it = &call] {
    if (!it->over()) hang_up(*it, "completed");
  });
}

// A human is talked to until either hangs up, or the carrier ends both calls.
void World::pass_on(SimulatedCall& call, const std::string& twiml) {
  Dice dice = dice_about("human of " + call.sid);
  const milliseconds left = std::max(milliseconds{call.order.call_time_max} - call.talk, 0ms);
  const auto talk = std::min(dice.between(1s, 4min), left);
  const bool person_hangs_up = talk == left || dice.chance(400);
  call.talk += talk;
  call.human_called = clock_.now();
  call.human_seconds = (talk + 999ms) / 1s;
  const auto length = std::to_string(*call.human_seconds);
  agenda_.at(clock_.now() + talk, [this, it = &call, person_hangs_up, length,
                                   action = attribute(twiml, "<Dial ", "action"),
                                   status = attribute(twiml, "<Number ", "statusCallback")] {
    if (it->over()) {
      it->human_seconds = (*it->ended - *it->human_called + 999ms) / 1s;
      return;
    }
    Dice callback = dice_about("callback of the human of " + it->sid);
    if (!callback.chance(options_.callback_lost)) {
      Fields fields = {{"AccountSid", account_sid},
                       {"CallSid", "CA" + std::string(16, 'd') + it->sid.substr(18)},
                       {"ParentCallSid", it->sid},
                       {"CallStatus", "completed"},
                       {"CallDuration", length}};
      agenda_.at(clock_.now() + callback.between(20ms, 1min),
                 [this, status, fields] { post(status, fields, {}); });
    }
    if (person_hangs_up) return hang_up(*it, "completed");
    ask_document(*it, action, {{"DialCallStatus", "completed"}, {"DialCallDuration", length}});
  });
}

void World::reply_to(SimulatedCall& call, const std::string& url, std::uint32_t spoken) {
  const auto turn_at = url.rfind('/');
  const auto question_at = url.rfind('/', turn_at - 1);
  const auto question = url.substr(question_at + 1, turn_at - question_at - 1);
  Dice dice = dice_about("turn " + attempt_of(call.token).text() + url.substr(question_at));
  const auto mood = dice.below(100);
  auto takes = std::chrono::seconds{spoken} + dice.between(500ms, 8s);
  Fields answer;
  bool leaves = false;
  if (mood < 4) {
    leaves = true;
  } else if (mood < 8) {
    answer = {{"Digits", "9"}};
  } else if (mood < 15) {
    takes = std::chrono::seconds{spoken + 6};
  } else if (mood < 18 && !list_of(call).campaign.operators.empty()) {
    answer = {{"Digits", std::string(1, key_for_a_human)}};
  } else if (mood < 22) {
    answer = {{"Digits", "8"}};
  } else if (mood < 28) {
    answer = {{"SpeechResult", good_word(question)}, {"Confidence", "0.875"}};
  } else {
    answer = {{"Digits", good_key(question, dice)}};
  }
  call.talk += takes;
  agenda_.at(clock_.now() + takes, [this, it = &call, url, answer, leaves] {
    if (it->over()) return;
    if (leaves) return hang_up(*it, "completed");
    ask_document(*it, url, answer);
  });
}

void World::hang_up(SimulatedCall& call, const std::string& status) {
  call.status = status;
  call.ended = clock_.now();
  hang_up_talk(call);
  if (status == "completed") {
    const auto talk = std::min<milliseconds>(call.talk, call.order.call_time_max);
    call.seconds = (talk + 999ms) / 1s;
  }
  report(call, status);
}

Fields World::fields_of(const SimulatedCall& call) const {
  Fields fields = {{"AccountSid", account_sid},
                   {"CallSid", call.sid},
                   {"To", call.order.to},
                   {"From", call.order.from},
                   {"Direction", "outbound-api"}};
  if (!call.answered_by.empty()) fields.push_back({"AnsweredBy", call.answered_by});
  return fields;
}

// A status callback on its way: lost, late, several times.
void World::report(const SimulatedCall& call, const std::string& status) {
  auto fields = fields_of(call);
  fields.push_back({"CallStatus", status});
  fields.push_back({"Timestamp", rfc2822(clock_.now())});
  fields.push_back({"CallbackSource", "call-progress-events"});
  if (status == "completed") {
    fields.push_back({"CallDuration", std::to_string(call.seconds.value_or(0))});
  }
  Dice dice = dice_about("callback " + call.sid + status);
  if (dice.chance(options_.callback_lost)) return;
  const auto copies = 1 + dice.below(options_.callback_copies_max);
  for (std::uint64_t i = 0; i < copies; ++i) {
    auto after = 50ms;
    if (options_.callbacks_late) {
      const auto how = dice.below(10);
      after = how < 5   ? dice.between(20ms, 2s)
              : how < 8 ? dice.between(1s, 3min)
              : how < 9 ? dice.between(1min, 30min)
                        : dice.between(1h, 3h);
    }
    agenda_.at(clock_.now() + after, [this, url = call.order.status_url, fields] {
      if (dice_about("forged " + std::to_string(++requests_)).chance(options_.forged)) {
        post_forged(url, fields);
      }
      post(url, fields, {});
    });
  }
}

// What a request and its answer need of each other.
struct World::Sent {
  Request request{};
  bool answered = false;
};

void World::post(const std::string& to, Fields fields, std::function<void(const Response*)> done) {
  ++tally_.requests;
  const auto url = to.substr(0, to.find('#'));
  auto sent = std::make_shared<Sent>();
  sent->request.method = "POST";
  sent->request.target = url.substr(public_urls[0].size());
  sent->request.headers = {{"Host", "example.test"},
                           {"Content-Type", "application/x-www-form-urlencoded"},
                           {"X-Twilio-Signature", bridge::carrier::sign(auth_token, url, fields)}};
  sent->request.body = bridge::http::encode_form(fields);
  if (done) {
    agenda_.at(clock_.now() + answer_deadline, [sent, done] {
      if (!std::exchange(sent->answered, true)) done(nullptr);
    });
  }
  if (!runner_) return;
  runner_->note_request(sent->request, [this, sent, done](const Response& response) {
    check_answer(sent->request, response);
    if (std::exchange(sent->answered, true) || !done) return;
    // The answer travels; the program is not called back from within.
    agenda_.at(clock_.now() + 10ms, [done, response] { done(&response); });
  });
}

void World::post_forged(const std::string& to, Fields fields) {
  if (!runner_) return;
  const auto url = to.substr(0, to.find('#'));
  ++tally_.forged;
  Request request;
  request.method = "POST";
  request.target = url.substr(public_urls[0].size());
  request.headers = {{"Host", "example.test"},
                     {"Content-Type", "application/x-www-form-urlencoded"},
                     {"X-Twilio-Signature", bridge::carrier::sign("another", url, fields)}};
  request.body = bridge::http::encode_form(fields);
  runner_->note_request(std::move(request), [this](const Response& response) {
    keep(response.status == 403 || response.status == 503, "T8",
         "a forged request was answered " + std::to_string(response.status));
  });
}

// --- the checkers ---

void World::keep(bool promise, const char* which, const std::string& what) const {
  if (promise) return;
  throw PromiseBroken(std::string(which) + " at " + rfc3339_utc(clock_.now()) + ", run " +
                      std::to_string(program_) + " of the program, " +
                      std::to_string(durable_.position) + " events durable: " + what);
}

// Each event that became durable, in order: checked against what was true before it and against the
// carrier's truth, then folded into the replay.
void World::follow_log() {
  store_.read(durable_.position + 1, [&](const eventstore::RecordedEvent& recorded) {
    const auto fact = folder_.fact(recorded);
    if (trace_) {
      std::cerr << rfc3339_utc(fact.recorded_at) << ' ' << recorded.position << ' '
                << recorded.stream << ' ' << recorded.type << ' ' << recorded.payload << '\n';
    }
    check_fact(fact);
    evolve(durable_, fact);
    ++tally_.events;
    return true;
  });
}

void World::check_fact(const Fact& fact) {
  const auto ref = durable_.book.contact_of(fact.subject);
  if (holds_alternative<CampaignPaused>(fact.event) ||
      holds_alternative<CampaignCancelled>(fact.event)) {
    stopped_since_.emplace(fact.subject.name, fact.recorded_at);
    const auto* paused = get_if<CampaignPaused>(&fact.event);
    tally_.stopped += paused && paused->reason.find("of the last") != std::string::npos;
    tally_.out_of_money += paused && paused->reason.find("budget") != std::string::npos;
    tally_.without_list += paused && paused->reason.starts_with(list_not_fresh);
  } else if (holds_alternative<CampaignResumed>(fact.event)) {
    stopped_since_.erase(fact.subject.name);
  }
  if (!ref) {
    tally_.opted_out += holds_alternative<OptedOut>(fact.event);
    return;
  }
  const auto& name = fact.subject.name;
  const auto who = fact.subject.stream();
  tally_.agent_failures += holds_alternative<AgentFailed>(fact.event);
  const auto token_of = [&](std::uint8_t attempt) {
    return keys_.token(AttemptId{name, ref->ordinal, attempt});
  };
  const auto belongs = [&](std::uint8_t attempt, const std::string& sid) {
    const auto* call = carrier_.call(sid);
    keep(call && call->token == token_of(attempt), "I4",
         who + " took a call for its own that is another's");
  };
  const auto no_call = [&](std::uint8_t attempt, const char* said) {
    if (!options_.list_is_prompt) return;
    keep(carrier_.calls_of(token_of(attempt)).empty(), "I4",
         who + ": " + said + ", and the carrier has a call");
  };
  if (const auto* requested = get_if<CallRequested>(&fact.event)) {
    const auto& campaign = durable_.queue.campaigns[ref->campaign];
    const auto& contact = durable_.queue.contact(*ref);
    const auto& definition = *durable_.book.at(ref->campaign).definition;
    const auto slot = instant_from_ms(requested->slot);
    keep(durable_.queue.locks.count(contact.key) == 0, "I5", who + ": the number was locked");
    keep(campaign.lines_in_use < definition.pacing.lines, "I6", who + ": no line was free");
    keep(contact.attempts < definition.retries.attempts_max &&
             contact.unplaced < definition.retries.unplaced_max,
         "I4", who + ": too many attempts");
    const auto gap = [](std::int64_t thousandths) { return milliseconds{1'000'000 / thousandths}; };
    keep(!last_slot_ || slot - *last_slot_ >= gap(account_rate_), "I6",
         who + ": the account's rate");
    keep(!campaign.last_slot ||
             slot - *campaign.last_slot >= gap(definition.pacing.calls_per_second_thousandths),
         "I6", who + ": the campaign's rate");
    if (last_slot_ && too_fast_ && *too_fast_ >= *last_slot_) {
      keep(slot - *last_slot_ >= 2 * gap(account_rate_), "I6",
           who + ": no slower after the carrier refused a call for haste");
    }
    const auto& ramp = definition.pacing.ramp_up;
    const auto& since = durable_.book.at(ref->campaign).running_since;
    if (campaign.last_slot && since && slot < *since + ramp.over) {
      const auto full = static_cast<std::int64_t>(definition.pacing.calls_per_second_thousandths);
      const auto from = std::min<std::int64_t>(ramp.from_thousandths, full);
      const auto most =
          from + (full - from) * (slot - *since).count() / Milliseconds{ramp.over}.count();
      keep(slot - *campaign.last_slot >= gap(std::max<std::int64_t>(1, most)), "I6",
           who + ": above the rate of the ramp-up");
    }
    // By the clock of this campaign and by their own, whatever those of other campaigns say.
    auto& before = called_at_[contact.key];
    const auto zone = campaign.groups[contact.group].zone;
    for (const auto& clock : {definition.hours.zone, zone}) {
      const auto offset = rules_.utc_offset(clock, slot);
      if (!offset) continue;
      const auto day_of = [&](Instant at) { return rfc3339_local(at, *offset).substr(0, 10); };
      const auto today = std::count_if(before.begin(), before.end(), [&](const auto& call) {
        return day_of(call.second) == day_of(slot);
      });
      keep(today < definition.retries.daily_calls_per_number_max, "I6",
           who + ": more calls to the number today than its campaign allows");
      const auto week_begins = day_of(slot - std::chrono::days{6});
      const auto week = std::count_if(before.begin(), before.end(), [&](const auto& call) {
        return day_of(call.second) >= week_begins;
      });
      const auto weekly = definition.retries.weekly_calls_per_number_max;
      keep(weekly == 0 || week < weekly, "I6",
           who + ": more calls to the number within seven days than its campaign allows");
    }
    before.emplace(token_of(requested->attempt), slot);
    keep(!campaign.failures.reached(definition.pacing.stop_at_failures), "I6",
         who + ": called although the last calls came to nothing");
    last_slot_ = slot;
    const auto promised = promised_.extract(ref->packed());
    keep(!promised || slot >= promised.mapped(), "callback",
         who + ": called before the time that they named");
    tally_.promised += promised ? 1U : 0U;
  } else if (const auto* callback = get_if<CallbackAsked>(&fact.event)) {
    const auto& contact = durable_.queue.contact(*ref);
    const auto& zone = durable_.queue.campaigns[ref->campaign].groups[contact.group].zone;
    const auto due = instant_from_ms(callback->due);
    const auto& hours = durable_.book.at(ref->campaign).definition->hours;
    if (callback->due != 0) {
      keep(due > fact.recorded_at, "callback", who + ": promised a time that is over");
      keep(opening_at(hours, zone, rules_, due).open, "callback",
           who + ": promised a time outside their calling hours");
      promised_[ref->packed()] = due;
    } else if (callback->withdrawn) {
      promised_.erase(ref->packed());
    }
  } else if (const auto* accepted = get_if<CallAccepted>(&fact.event)) {
    belongs(accepted->attempt, accepted->sid);
  } else if (const auto* adopted = get_if<CallAdopted>(&fact.event)) {
    ++tally_.adopted;
    belongs(adopted->attempt, adopted->sid);
  } else if (const auto* not_sent = get_if<CallNotSent>(&fact.event)) {
    ++tally_.not_sent;
    no_call(not_sent->attempt, "not sent");
  } else if (const auto* refused = get_if<CallRefused>(&fact.event)) {
    no_call(refused->attempt, "refused");
    if (refused->http_status == 429) too_fast_ = fact.recorded_at;
  } else if (const auto* not_placed = get_if<CallNotPlaced>(&fact.event)) {
    ++tally_.not_placed;
    no_call(not_placed->attempt, "proven not placed");
  } else if (holds_alternative<CallInDoubt>(fact.event)) {
    ++tally_.in_doubt;
  } else if (const auto* held = get_if<CallHeld>(&fact.event)) {
    ++tally_.held;
    left_to_a_person_.insert(AttemptId{name, ref->ordinal, held->attempt}.text());
  } else if (holds_alternative<CallResolved>(fact.event)) {
    ++tally_.resolved;
    const auto* open = durable_.queue.open_attempt(*ref);
    keep(open && open->phase == Phase::held, "I4", who + ": decided on, and was not held");
  } else if (holds_alternative<CallLookedUp>(fact.event)) {
    ++tally_.looked_up;
  } else if (const auto* price = get_if<SpendCorrected>(&fact.event)) {
    ++tally_.priced;
    const auto attempt = AttemptId{name, ref->ordinal, price->attempt}.text();
    tally_.priced_anew += !priced_.insert(attempt).second;
  } else if (const auto* stream = get_if<StreamClosed>(&fact.event)) {
    tally_.spent_up += stream->why == "spend_limit";
  } else if (holds_alternative<CallPostponed>(fact.event)) {
    ++tally_.postponed;
  } else if (holds_alternative<ContactExcluded>(fact.event)) {
    ++tally_.suppressed;
  } else if (const auto* late = get_if<LateCallDetected>(&fact.event)) {
    ++tally_.late_calls;
    const auto attempt = AttemptId{name, ref->ordinal, late->attempt}.text();
    keep(!options_.list_is_prompt || left_to_a_person_.count(attempt) != 0, "I4",
         who + ": a call turned up that nobody ordered");
  } else if (const auto* closed = get_if<AttemptClosed>(&fact.event)) {
    const bool never_rang =
        closed->outcome == Outcome::not_placed ||
        (closed->outcome == Outcome::canceled_by_us && durable_.queue.open_attempt(*ref) &&
         durable_.queue.open_attempt(*ref)->withdrawn());
    if (never_rang) {
      called_at_[durable_.queue.contact(*ref).key].erase(token_of(closed->attempt));
    }
    const auto calls = carrier_.calls_of(token_of(closed->attempt));
    for (const auto* call : calls) {
      // What a person decided may differ.
      if (!options_.list_is_prompt || closed->outcome == Outcome::unconfirmed) continue;
      keep(call->over(), "I8",
           who + ": closed as " + std::string(name_of(closed->outcome)) + " while it is " +
               call->status);
      const auto says = [&](const char* status, Outcome outcome) {
        keep((call->status == status) == (closed->outcome == outcome), "I8",
             who + ": closed as " + std::string(name_of(closed->outcome)) + ", it was " +
                 call->status);
      };
      says("busy", Outcome::busy);
      says("no-answer", Outcome::no_answer);
    }
  }
}

void World::check_order(const support::SimulatedCarrier::Order& order) {
  ++tally_.orders;
  const auto attempt = attempt_of(order.token);
  const auto who = attempt.text();
  keep(carrier_.orders_of(order.token) == 1, "I4", who + " was ordered twice");
  const auto index = durable_.book.find(attempt.campaign);
  keep(index.has_value(), "I1", who + ": ordered before its campaign was durable");
  const auto& contacts = durable_.queue.campaigns[*index].contacts;
  keep(attempt.contact <= contacts.size(), "I1", who + ": ordered before it was durable");
  const ContactRef ref{*index, attempt.contact};
  const auto* open = durable_.queue.open_attempt(ref);
  keep(open && open->attempt == attempt.attempt && open->phase == Phase::requested, "I1",
       who + ": ordered without a durable CallRequested");
  const auto& entry = durable_.book.at(*index);
  keep(entry.status == CampaignStatus::running, "I6",
       who + ": ordered while its campaign is " + std::string(name_of(entry.status)));
  const auto& contact = durable_.queue.contact(ref);
  keep(!durable_.suppression.suppressed(contact.key, clock_.now()), "I6",
       who + ": ordered after an opt-out");
  keep(order.order.to == '+' + std::to_string(contact.number), "I6", who + ": another number");
  for (const auto key : numbers_of(durable_, ref)) {
    keep(!durable_.suppression.opted_out(key), "I6", who + ": ordered after an opt-out elsewhere");
    const auto lock = durable_.queue.locks.find(key);
    keep(lock != durable_.queue.locks.end() && lock->second == ref.packed(), "I4",
         who + ": one of their numbers is free, or in another call");
  }
  const auto now = clock_.now();
  keep(now >= open->slot && now - open->slot <= send_delay_max, "I6", who + ": not in its slot");
  const auto& zone = durable_.queue.campaigns[*index].groups[contact.group].zone;
  keep(opening_at(entry.definition->hours, zone, rules_, now).open, "I6",
       who + ": ordered outside the person's calling hours");
  keep(!last_order_ || now - *last_order_ >= milliseconds{1'000'000 / account_rate_}, "I6",
       who + ": ordered above the account's rate");
  last_order_ = now;
  if (!options_.narrow) return;
  const auto wrong = witness_.judge(order);
  keep(wrong.empty(), "I6", who + ": " + wrong);
}

// A call that the carrier had wait begins to ring: nobody may have wanted it back by then. Asking
// the carrier takes its time where it fails.
void World::check_dialled_out(const SimulatedCall& call) const {
  if (!runner_ || options_.full_disk || !options_.list_is_prompt) return;
  const auto attempt = attempt_of(call.token);
  const ContactRef ref{*durable_.book.find(attempt.campaign), attempt.contact};
  const auto* open = durable_.queue.open_attempt(ref);
  if (!open || open->sid != call.sid) return;
  const auto patience = 5min;
  if (clock_.now() - started_ < patience || clock_.now() - open->requested_at < patience) return;
  const auto since = stopped_since_.find(attempt.campaign);
  keep(since == stopped_since_.end() || clock_.now() - since->second < patience, "I6",
       attempt.text() + ": rang long after its campaign was paused or cancelled");
  const auto& campaign = durable_.queue.campaigns[ref.campaign];
  const auto& zone = campaign.groups[campaign.contact(ref.ordinal).group].zone;
  const auto& hours = durable_.book.at(ref.campaign).definition->hours;
  keep(opening_at(hours, zone, rules_, clock_.now()).open ||
           opening_at(hours, zone, rules_, clock_.now() - patience).open,
       "I6", attempt.text() + ": rang long after the calling hours");
  const auto suppressed = durable_.suppression.numbers.find(durable_.queue.contact(ref).key);
  keep(suppressed == durable_.suppression.numbers.end() || !suppressed->second.suppressed ||
           open->last_news > clock_.now() - patience,
       "I6", attempt.text() + ": rang long after its number was suppressed");
}

void World::check_accepted(const SimulatedCall& call) {
  ++tally_.calls;
  const auto attempt = attempt_of(call.token);
  keep(carrier_.calls_of(call.token).size() == 1, "I4", attempt.text() + " has two calls");
  if (options_.narrow) {
    const auto wrong = witness_.judge_money();
    keep(wrong.empty(), "I6", attempt.text() + ": " + wrong);
  }
  if (!options_.list_is_prompt) return;
  keep(carrier_.live_calls_to(call.order.to) == 1, "I5",
       attempt.text() + ": a second call to one number while the first is live");
  const auto index = *durable_.book.find(attempt.campaign);
  std::uint32_t live = 0;
  for (const auto& one : carrier_.calls()) {
    live += !one.over() &&
            one.token.compare(0, attempt.campaign.size() + 1, attempt.campaign + '.') == 0;
  }
  keep(live <= durable_.book.at(index).definition->pacing.lines, "I6",
       attempt.text() + ": more calls than lines");
}

bool World::is_apology(const Request& request, const Response& response) const {
  if (!runner_) return false;
  const auto read = runner_->door().read(request);
  const auto* inbound = std::get_if<webhook::Inbound>(&read);
  if (!inbound) return false;
  auto instead = *inbound;
  instead.kind = webhook::Kind::apology;
  return response.body == runner_->door().answer(instead).body;
}

// An answer left: what the request caused must be durable, so the durable log must take the same
// request for a repeat.
void World::check_answer(const Request& request, const Response& response) {
  // Whoever waits too long for the log is told nothing of what it may lose.
  if (response.status == 503 || is_apology(request, response)) return;
  keep(response.status == 200 || response.status == 204, "I2",
       "a good request was answered " + std::to_string(response.status));
  const auto read = durable_door_->read(request);
  const auto* inbound = std::get_if<webhook::Inbound>(&read);
  keep(inbound != nullptr, "I2", "answered before the attempt was durable");
  if (!inbound->command) return;
  const auto repeat = decide(durable_, *inbound->command, {clock_.now(), options_.seed});
  keep(repeat.ok() && repeat.value().empty(), "I2",
       inbound->attempt.text() + ": answered before what it caused was durable");
}

// What the program believes is what anybody would who had its log, and what is on its way there.
void World::check_replay() const {
  if (!runner_) return;
  auto whole = store_;
  whole.on_durable({});
  whole.set_disk_full(false);
  whole.commit_all();
  auto replayed = durable_;
  runner::Folder folder;
  whole.read(durable_.position + 1, [&](const eventstore::RecordedEvent& recorded) {
    folder.fold(replayed, recorded);
    return true;
  });
  // The texts and not their digests: most of a world's time would go into SHA-256.
  for (const auto& projection : projections()) {
    const auto text_of = [&](const State& state) {
      std::string text;
      projection.write(state, [&](std::string_view part) { text += part; });
      return text;
    };
    keep(text_of(runner_->state()) == text_of(replayed), "I3",
         "the live " + std::string(projection.name) + " differs from its replay");
  }
}

// What was settled is what the carrier charges, and what it has not told a price of by duration or
// as it was set aside; and what the model used, or may have.
void World::check_money() {
  std::vector<std::int64_t> sums(durable_.spend.campaigns.size());
  for (const auto& [key, millionths] : durable_.spend.costs) {
    const auto& [contact, number] = key;
    const auto& definition = *durable_.book.at(contact.campaign).definition;
    const AttemptId attempt{definition.id, contact.ordinal, number};
    const auto row = durable_.results.find(contact, number);
    const auto* call = !row ? nullptr : carrier_.call(row->sid);
    const auto price = call == nullptr ? std::nullopt : carrier_.told_price(call->sid);
    if (price) {
      keep(millionths == *price, "money",
           attempt.text() + " is settled with " + std::to_string(millionths) +
               ", and the carrier charges " + std::to_string(*price));
    } else if (call != nullptr && row->outcome != Outcome::unconfirmed) {
      keep(millionths == carrier_.charges.reckoned(*call), "money",
           attempt.text() + " is settled with " + std::to_string(millionths) +
               ", which is not what so long a call costs");
    }
    sums[contact.campaign] += price.value_or(millionths);
  }
  for (const auto& [key, millionths] : durable_.spend.model_costs) {
    sums[key.first.campaign] += millionths;
  }
  check_money_of_transfers(sums);
  for (std::size_t index = 0; index < sums.size(); ++index) {
    keep(durable_.spend.campaigns[index].settled == sums[index], "money",
         lists_[index].campaign.id + " has spent " +
             std::to_string(durable_.spend.campaigns[index].settled) + ", and its calls cost " +
             std::to_string(sums[index]));
  }
  check_money_of_talks();
}

// The call to a human is settled with what it cost, or with what it cost if it was as long as the
// person's own.
void World::check_money_of_transfers(std::vector<std::int64_t>& sums) {
  for (const auto& [key, transfer] : durable_.spend.transfers) {
    const auto& [contact, number] = key;
    sums[contact.campaign] += transfer.cost;
    const auto row = durable_.results.find(contact, number);
    const auto* call = !row ? nullptr : carrier_.call(row->sid);
    if (call == nullptr || row->outcome == Outcome::unconfirmed) continue;
    const auto& definition = *durable_.book.at(contact.campaign).definition;
    const auto lasting = transfer.reckoned ? call->seconds : call->human_seconds;
    ++(transfer.reckoned ? tally_.humans_reckoned : tally_.humans_told);
    keep(transfer.cost ==
             (lasting.value_or(0) + 59) / 60 * definition.budget.transfer_per_minute_millionths,
         "money",
         AttemptId{definition.id, contact.ordinal, number}.text() + " is settled with " +
             std::to_string(transfer.cost) + " for its human, who was there for " +
             std::to_string(call->human_seconds.value_or(0)) + " s of " +
             std::to_string(call->seconds.value_or(0)) + " s");
  }
}

void World::check_end() {
  check_replay();
  check_money();
  State replayed;
  runner::Folder folder;
  store_.read(1, [&](const eventstore::RecordedEvent& recorded) {
    folder.fold(replayed, recorded);
    return true;
  });
  keep(runner::digest_of(replayed).state == runner::digest_of(runner_->state()).state, "I3",
       "the state at the end differs from a replay of the whole log");

  std::set<std::uint64_t> held;
  for (const auto& [packed, open] : durable_.queue.attempts) {
    keep(open.phase == Phase::held, "I7",
         "contact/" + std::to_string(packed) + ": an attempt is open at the end");
    held.insert(packed);
  }
  for (std::size_t index = 0; index < durable_.queue.campaigns.size(); ++index) {
    const auto& campaign = durable_.queue.campaigns[index];
    const auto& list = lists_[index];
    std::set<std::string> numbers;
    for (const auto& row : list.rows) {
      if (row.reason.empty()) numbers.insert(row.number);
    }
    keep(campaign.contacts.size() == numbers.size(), "I7", "a contact was not enrolled, or twice");
    for (std::size_t i = 0; i < campaign.contacts.size(); ++i) {
      const auto& contact = campaign.contacts[i];
      const auto who = list.campaign.id + '.' + std::to_string(i + 1);
      const auto place = durable_.results.cases[index][i].place;
      const auto stage = contact.stage;
      const bool one_place = (stage == Stage::done && place == Place::done) ||
                             (stage == Stage::exhausted && place == Place::exhausted) ||
                             (stage == Stage::excluded && place == Place::excluded) ||
                             (stage == Stage::held && place == Place::held);
      keep(one_place, "I7",
           who + " ends as " + std::string(name_of(stage)) + " and " + std::string(name_of(place)));
      const ContactRef ref{static_cast<CampaignIndex>(index), static_cast<std::uint32_t>(i + 1)};
      keep((stage == Stage::held) == (held.count(ref.packed()) != 0), "I7",
           who + " is held without an attempt, or the other way round");
      keep(contact.attempts <= list.campaign.retries.attempts_max, "I4", who + ": attempts");
    }
    keep(campaign.lines_in_use == 0, "I7", "lines are in use at the end");
  }
  keep(durable_.queue.late_calls.empty(), "I4", "a late call was not ended");
  std::map<std::string, int> streams;
  store_.read(1, [&](const eventstore::RecordedEvent& recorded) {
    const auto fact = folder.fact(recorded);
    if (const auto* opened = get_if<StreamOpened>(&fact.event)) ++streams[opened->stream];
    if (const auto* closed = get_if<StreamClosed>(&fact.event)) --streams[closed->stream];
    return true;
  });
  for (const auto& [stream, open] : streams) {
    keep(open == 0, "streams", stream + " opened and did not close, or closed twice");
  }
  std::size_t locked = 0;
  for (const auto packed : held) locked += numbers_of(durable_, ContactRef::unpack(packed)).size();
  keep(durable_.queue.locks.size() == locked, "I7", "a number is locked at the end");
  for (const auto& [packed, money] : durable_.spend.reservations) {
    keep(held.count(packed) != 0, "I7", "money is set aside at the end");
  }
  for (const auto& call : carrier_.calls()) {
    keep(call.over(), "I7", "a call is live at the end");
    const auto attempt = attempt_of(call.token).text();
    if (options_.list_is_prompt) {
      // Of a call that a person has looked at, the log may know no more than what they said.
      keep(durable_.queue.knows_call(call.sid) || left_to_a_person_.count(attempt) != 0, "I4",
           attempt + ": the carrier has a call that the log does not know");
    }
  }
}

std::string World::outcome_digest() const {
  return runner::digest_of(durable_).outcome;
}

std::string World::outcomes() const {
  std::string text;
  write_outcomes(durable_, [&](std::string_view part) { text += part; });
  return text;
}

}  // namespace simulation
