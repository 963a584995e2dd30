#include "runner/live.hpp"

#include <signal.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <deque>
#include <iterator>
#include <stdexcept>
#include <thread>
#include <utility>

#include "bridge/carrier/base_url.hpp"
#include "bridge/carrier/twilio.hpp"
#include "bridge/media/switchboard.hpp"
#include "bridge/net/thread_priority.hpp"
#include "bridge/rehearsal/clock_link.hpp"
#include "bridge/rehearsal/rehearsal_thread.hpp"
#include "bridge/tls/client_context.hpp"
#include "bridge/tls/server_context.hpp"
#include "bridge/voice/realtime.hpp"
#include "bridge/ws/upgrade.hpp"
#include "campaigns/calling_hours.hpp"
#include "eventstore/log_reader.hpp"
#include "eventstore/sqlite_event_store.hpp"
#include "runner/certificate_end.hpp"
#include "runner/control_server.hpp"
#include "runner/courier.hpp"
#include "runner/crypto.hpp"
#include "runner/descriptors.hpp"
#include "runner/doctor.hpp"
#include "runner/door_watch.hpp"
#include "runner/editing.hpp"
#include "runner/fold.hpp"
#include "runner/heartbeat.hpp"
#include "runner/listen_address.hpp"
#include "runner/master_key.hpp"
#include "runner/output.hpp"
#include "runner/version.hpp"
#include "runner/wire_log.hpp"
#include "runner/zone_loader.hpp"

namespace runner {

namespace net = bridge::net;
namespace http = bridge::http;
namespace rehearsal = bridge::rehearsal;

namespace {

// What is known of the carrier before the log is opened.
struct Identity {
  std::string carrier{};
  std::string account{};
  std::uint64_t seed = 0;
};

std::unique_ptr<net::Clock> make_clock(const LiveOptions& options, double speed,
                                       net::Instant start) {
  if (options.carrier.kind == CarrierChoice::Kind::twilio) {
    return std::make_unique<net::SystemClock>();
  }
  if (speed > 0) return std::make_unique<net::ScaledClock>(start, speed);
  return std::make_unique<net::SteppedClock>(start);
}

// The caller id that rehearsals use where nobody names one; no network has it.
constexpr const char* rehearsal_caller_id = "+390200000000";

void refuse_other_carrier(const std::filesystem::path& log, const campaigns::LogCreated& created,
                          const Identity& ours) {
  if (created.carrier == ours.carrier &&
      (ours.carrier == "rehearsal" ? created.seed == static_cast<std::int64_t>(ours.seed)
                                   : created.account == ours.account)) {
    return;
  }
  const auto name = [](const std::string& carrier, const std::string& account, std::uint64_t seed) {
    return carrier == "rehearsal" ? "a rehearsal with seed " + std::to_string(seed)
                                  : carrier + " account " + account;
  };
  throw eventstore::LogFailed(
      log.string() + ": this is the log of " +
      name(created.carrier, created.account, static_cast<std::uint64_t>(created.seed)) +
      ", not of " + name(ours.carrier, ours.account, ours.seed) +
      ": a log belongs to one carrier, so that what a rehearsal invents never meets real people; "
      "name another log");
}

}  // namespace

std::pair<std::string, std::uint16_t> split_address(const std::string& text) {
  const auto colon = text.rfind(':');
  unsigned port = 0;
  if (colon != std::string::npos) {
    const auto digits = text.substr(colon + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (error == std::errc{} && end == digits.data() + digits.size() && port <= 65535) {
      return {text.substr(0, colon), static_cast<std::uint16_t>(port)};
    }
  }
  throw std::invalid_argument("\"" + text + "\" is no HOST:PORT");
}

VoiceAddress read_voice_address(std::string_view base_url) {
  while (base_url.ends_with('/')) base_url.remove_suffix(1);
  const auto scheme = base_url.find("://");
  const auto path = scheme == std::string_view::npos ? scheme : base_url.find('/', scheme + 3);
  if (!bridge::carrier::can_be_requested(base_url)) {
    throw std::invalid_argument("the voice model's URL holds what cannot be asked for");
  }
  const auto base = bridge::carrier::read_base_url(base_url.substr(0, path));
  VoiceAddress address;
  address.host = base.host;
  address.port = base.port;
  address.secured = base.secured;
  if (path != std::string_view::npos) address.path = base_url.substr(path);
  address.path += "/realtime";
  return address;
}

std::optional<std::string> reason_not_to_talk(const LiveOptions& options,
                                              const std::string& model) {
  if (options.openai_api_key.empty()) {
    return "mode agent needs a voice model's key: set OPENAI_API_KEY in .env";
  }
  if (model.empty() && options.voice.model.empty()) {
    return "no voice model is named: set OPENAI_REALTIME_MODEL, or \"model\" in the campaign's "
           "agent";
  }
  return {};
}

std::optional<CarrierChoice> CarrierChoice::parse(const std::string& text) {
  CarrierChoice choice;
  if (text == "rehearsal") return choice;
  if (text == "twilio") {
    choice.kind = Kind::twilio;
    return choice;
  }
  const std::string prefix = "rehearsal@";
  if (text.rfind(prefix, 0) != 0) return {};
  try {
    std::tie(choice.host, choice.port) = split_address(text.substr(prefix.size()));
  } catch (const std::invalid_argument&) {
    return {};
  }
  choice.kind = Kind::remote_rehearsal;
  return choice;
}

std::filesystem::path control_socket_of(const std::filesystem::path& log) {
  // Whatever links lead there: what belongs to a log stands beside the log itself.
  std::error_code unresolved;
  auto file = std::filesystem::canonical(log, unresolved);
  if (unresolved) file = std::filesystem::absolute(log);
  const auto name = file.filename().string() + ".sock";
  // The folder's path may be as long as it likes, the name has to fit into a socket's address.
  constexpr std::size_t name_bytes_max = 80;
  if (name.size() <= name_bytes_max) return file.replace_filename(name);
  return file.replace_filename("campanile-" + hex(sha256(name)).substr(0, 24) + ".sock");
}

campaigns::Instant first_opening(const campaigns::Campaign& campaign,
                                 const campaigns::ZoneRules& rules) {
  using namespace std::chrono_literals;
  const campaigns::Instant monday = std::chrono::sys_days{std::chrono::year{2026} / 1 / 5};
  auto zone = campaign.contacts.zone;
  if (zone.empty()) zone = rules.only_zone_of(campaign.contacts.region).value_or("Europe/Rome");
  const auto opening = campaigns::opening_at(campaign.hours, zone, rules, monday);
  return opening.open ? monday : opening.changes_at.value_or(monday);
}

bridge::carrier::Twilio::Options carrier_options(const LiveOptions& options) {
  bridge::carrier::Twilio::Options carrier;
  carrier.base_url = options.twilio_base_url;
  carrier.edge = options.twilio_edge;
  carrier.region = options.twilio_region;
  carrier.account_sid = options.account_sid;
  carrier.user = options.api_key;
  if (!options.api_key.empty()) {
    carrier.password = options.api_secret;
  } else if (!options.auth_tokens.empty()) {
    carrier.password = options.auth_tokens.front();
  }
  return carrier;
}

std::size_t media_loops(const LiveOptions& options) {
  return options.media_threads.value_or(std::max(1U, std::thread::hardware_concurrency() / 2));
}

namespace {

// The switchboard as the runner knows it.
class MediaStreams : public Streams {
 public:
  MediaStreams(net::Loop& owner, bridge::media::Switchboard::Options options,
               bridge::media::Events events)
      : switchboard_(owner, std::move(options), std::move(events)) {}

  void let_in(bridge::media::StreamId stream, bridge::voice::Agent agent,
              bridge::media::Bounds bounds) override {
    switchboard_.let_in(stream, std::move(agent), bounds);
  }
  void refuse(bridge::media::StreamId stream) override { switchboard_.refuse(stream); }
  void answer_tool(bridge::media::StreamId stream, std::string call_id, std::string output,
                   bridge::media::Then then) override {
    switchboard_.answer_tool(stream, std::move(call_id), std::move(output), then);
  }
  void end(bridge::media::StreamId stream, bridge::media::Why why) override {
    switchboard_.end(stream, why);
  }
  bridge::media::Switchboard& switchboard() { return switchboard_; }

 private:
  bridge::media::Switchboard switchboard_;
};

// How long an end waits for whoever is told of it.
constexpr std::chrono::seconds farewell_max{5};

// Whose lists are not to get any further: of the campaigns that were cancelled since the one began
// that is under way.
class Dropped {
 public:
  // Nothing: all of them.
  void add(const std::optional<std::string>& campaign) {
    if (!campaign || campaigns_.size() == campaigns_max) {
      all_ = true;
    } else {
      campaigns_.insert(*campaign);
    }
  }
  bool has(const std::string& campaign) const { return all_ || campaigns_.contains(campaign); }

 private:
  static constexpr std::size_t campaigns_max = 1000;
  bool all_ = false;
  std::set<std::string> campaigns_{};
};

campaigns::Problems dropped_problem() {
  return {{"", cancelled_meanwhile().text, ""}};
}

bool asks_for_stream(const http::Request& request) {
  const auto route = webhook::route_of(http::split_target(request.target).path);
  return route && route->kind == webhook::Route::Kind::media_stream;
}

}  // namespace

struct Live::Block {
  OutputThread output{};  // is waited for when all else has been closed
  LiveOptions options{};
  campaigns::ZoneRules rules = load_zone_rules();
  std::unique_ptr<rehearsal::RehearsalThread> rehearsal_thread{};
  std::unique_ptr<net::Clock> clock{};
  net::SteppedClock* stepped = nullptr;
  net::Links links{};
  std::unique_ptr<net::Loop> loop{};
  std::unique_ptr<bridge::tls::ClientContext> trusted{};
  std::unique_ptr<bridge::tls::ServerContext> door_certificate{};
  CertificateEnd certificate_end{};
  std::unique_ptr<eventstore::SqliteEventStore> log{};
  std::optional<LogKeys> keys{};
  std::unique_ptr<WireLog> wires{};  // none: nobody wants to see them
  std::unique_ptr<bridge::carrier::Twilio> carrier{};
  Metrics metrics{};
  std::unique_ptr<Runner> runner{};
  http::Server::Options door_options{};
  std::string door_at{};  // as it was written
  std::unique_ptr<http::Server> door{};
  Visitor visitor{};  // none: nobody
  std::string public_url{};
  std::unique_ptr<DoorWatch> door_watch{};  // none: it is a rehearsal's
  std::unique_ptr<MediaStreams> streams{};
  std::unique_ptr<ControlServer> control{};
  std::unique_ptr<Heartbeat> heartbeat{};
  std::string installation{};  // as the log says
  AlertRules alert_rules{};
  std::vector<std::unique_ptr<Courier>> couriers{};
  std::optional<net::Loop::TimerId> farewell{};
  bool told_disk_full = false;
  std::unique_ptr<rehearsal::ClockLink> clock_link{};
  std::deque<std::unique_ptr<Enrolment>> enrolments{};
  std::thread checker{};
  bool checking = false;
  std::atomic<bool> give_up{false};          // of the checker: whoever asks the carrier
  Dropped dropped{};                         // of what is being checked or added
  std::function<void()> go_on_adding{};      // of people whom somebody is adding
  std::function<void()> go_on_previewing{};  // of those whom an edit moves
  std::function<bool()> over{};
  std::function<void()> at_interrupt{};
  std::optional<net::Loop::TimerId> wake_timer{};
  std::optional<net::Instant> wake_at{};
  std::exception_ptr failure{};
  bool resumed = false;
  bool interrupted = false;
  bool draining = false;
  bool ending = false;  // it is over, but for calls that are up
  bool stopping = false;
  bool stopped = false;

  void turn();
  void work();
  void arm();
  void interrupt();
  void leave_full_disk();
  void end_when_over();
  void stop(const std::string& reason);
  bridge::tls::ClientContext* trust();
  Vitals vitals() const;
  void make_courier(std::string url, std::string setting, std::set<AlertKind> kinds,
                    const char* suffix, std::uint64_t log_end);
  void preview(std::shared_ptr<const Edit> edit, bool accept,
               std::function<void(campaigns::Result<std::string>)> done);
  void add(const std::string& campaign, std::shared_ptr<Addition> addition,
           std::function<void(campaigns::Result<AdditionReport>)> done);
  void enrol(OpenSubmission open, bool accept_change, Enrolment::Done done);
  // On any thread: what stands against these numbers as a campaign's caller ids, or against ours
  // where it names none.
  Objections objections_to(const campaigns::Campaign& campaign,
                           const std::filesystem::path& file) const;
  void alert(const campaigns::State& state, const campaigns::Fact& fact);
  Courier::Reach read_alerts(AlertRules& afresh, AlertPlace after, const AlertRules::Tell& take);
  void send_alerts();
  void end_when_told();
  void make_switchboard(std::uint16_t voice_port, bool jumping);
  void take_stream(http::ExchangeId id, const http::Request& request);
  void note_unsecured(std::error_code error);
  void open_door();
  std::unique_ptr<http::Server> make_door();
  void turn_from_here();
  void look_at_certificate();
  void watch_door();
  std::uint64_t unsecured = 0;  // connections to the door that were not secured
};

// Whom the clients of this program trust.
bridge::tls::ClientContext* Live::Block::trust() {
  if (!trusted) {
    bridge::tls::ClientContext::Options trust;
    if (!options.ca_file.empty()) trust.ca_file = options.ca_file;
    trusted = std::make_unique<bridge::tls::ClientContext>(trust);
  }
  return trusted.get();
}

// The internet knocks at every door: one in a hundred is told of, the first one too.
void Live::Block::note_unsecured(std::error_code error) {
  metrics.handshake(false);
  if (unsecured++ % 100 != 0) return;
  if (runner) {
    runner->notice("a connection to the public door was not secured: " + error.message() + " (" +
                   std::to_string(unsecured) + " so far)");
  }
}

void Live::Block::open_door() {
  if (door) return;
  // Whoever is told that it listens may end the program at once.
  signal(SIGPIPE, SIG_IGN);
  signal(SIGHUP, SIG_IGN);
  loop->on_signal(SIGINT, [this] { interrupt(); });
  loop->on_signal(SIGTERM, [this] { interrupt(); });
  if (!options.tls_certificate.empty()) {
    door_certificate = std::make_unique<bridge::tls::ServerContext>(
        bridge::tls::ServerContext::Options{options.tls_certificate, options.tls_key});
    door_options.tls = door_certificate.get();
    door_options.on_unsecured = [this](std::error_code error) { note_unsecured(error); };
    door_options.on_secured = [this] { metrics.handshake(true); };
    look_at_certificate();
  }
  try {
    door = make_door();
  } catch (const std::system_error& error) {
    throw std::runtime_error("the public door " + cannot_listen(door_at, "--listen", error.code()));
  }
  if (options.carrier.kind == CarrierChoice::Kind::twilio) watch_door();
}

void Live::Block::watch_door() {
  DoorWatch::Options way;
  way.public_url = public_url;
  way.tls = public_url.starts_with("https://") ? trust() : nullptr;
  if (!options.auth_tokens.empty()) way.auth_token = options.auth_tokens.front();
  // Seldom while people only wait for a call: tunnels count what comes through them.
  const auto holds_good = [this]() -> std::optional<std::chrono::milliseconds> {
    const bool running = std::ranges::any_of(runner->state().book.campaigns, [](const auto& entry) {
      return entry.status == campaigns::CampaignStatus::running;
    });
    if (!running) return {};
    return std::chrono::seconds{runner->calls_under_way() ? 10 : 60};
  };
  door_watch = std::make_unique<DoorWatch>(*loop, way, holds_good, [this](const std::string& why) {
    runner->shut_door(why);
    if (why.empty()) return runner->notice("SERVER_URL leads to our door again: calls go on");
    runner->notice(door_shut_text(why));
    for (auto& courier : couriers) {
      courier->take(door_shut_alert(runner->state(), clock->now(), why));
    }
  });
}

std::unique_ptr<http::Server> Live::Block::make_door() {
  return std::make_unique<http::Server>(
      *loop, door_options,
      [this](http::ExchangeId id, http::Request request) {
        if (door_watch && door_watch->sees(request)) {
          webhook::Inbound visit;
          visit.kind = webhook::Kind::up;
          return door->answer(id, runner->door().answer(visit));
        }
        if (visitor) {
          if (const auto response = visitor(request)) return door->answer(id, *response);
        }
        if (asks_for_stream(request)) return take_stream(id, request);
        if (!wires) {
          runner->note_request(std::move(request), [this, id](const http::Response& response) {
            metrics.answered(response.status);
            door->answer(id, response);
          });
          return;
        }
        runner->note_request(
            request, [this, id, request, at = clock->now()](const http::Response& response) {
              wires->webhook(at, clock->now(), request, response);
              metrics.answered(response.status);
              door->answer(id, response);
            });
      },
      [this](int status) { metrics.answered(status); });
}

// A certificate that was renewed is shown from the next connection on, and one that was not is told
// of before its end.
void Live::Block::look_at_certificate() {
  try {
    if (door_certificate->reload_if_changed())
      runner->notice("the public door has a new certificate");
  } catch (const std::runtime_error& error) {
    runner->notice(std::string("the public door keeps its old certificate: ") + error.what());
  }
  if (auto end = certificate_end.due(door_certificate->valid_until(), clock->now()); !end.empty()) {
    runner->notice(std::move(end) + "; " + certificate_end_cure);
  }
  loop->call_after(std::chrono::minutes{1}, [this] { look_at_certificate(); });
}

Vitals Live::Block::vitals() const {
  auto vitals = runner->vitals();
  std::error_code unknown;
  const auto space = std::filesystem::space(options.log, unknown);
  if (!unknown) vitals.disk_free_bytes = space.available;
  if (door_certificate) vitals.certificate_until = door_certificate->valid_until();
  for (const auto& courier : couriers) {
    vitals.told.push_back({courier->to(), courier->waiting(), courier->brought(),
                           courier->failures(), courier->given_up()});
  }
  return vitals;
}

// Media streams have loops of their own, so that no commit and no export is ever heard; where time
// jumps they take part in it on this one.
void Live::Block::make_switchboard(std::uint16_t voice_port, bool jumping) {
  const bool real = options.carrier.kind == CarrierChoice::Kind::twilio;
  bridge::voice::RealtimeModel::Options model;
  if (real) {
    const auto address = read_voice_address(options.openai_base_url);
    model.host = address.host;
    model.port = address.port;
    model.path = address.path;
    model.api_key = options.openai_api_key;
  } else {
    model.host = "127.0.0.1";
    model.port = voice_port;
    model.path = "/v1/realtime";
    model.api_key = "rehearsal";
  }
  const bool secured = real && read_voice_address(options.openai_base_url).secured;
  bridge::media::Switchboard::Options switchboard;
  switchboard.threads = jumping ? 0 : media_loops(options);
  switchboard.streams_max = options.streams_max;
  switchboard.links = jumping ? &links : nullptr;
  if (!jumping && !real) switchboard.clock = clock.get();
  switchboard.model = [model, secured, ca_file = options.ca_file](
                          net::Loop& of_streams,
                          net::Links* of_loop) mutable -> std::unique_ptr<bridge::voice::Model> {
    auto mine = model;
    mine.links = of_loop;
    if (secured) {
      bridge::tls::ClientContext::Options trust;
      if (!ca_file.empty()) trust.ca_file = ca_file;
      mine.tls = std::make_shared<bridge::tls::ClientContext>(trust);
    }
    return std::make_unique<bridge::voice::RealtimeModel>(of_streams, mine);
  };
  streams = std::make_unique<MediaStreams>(*loop, std::move(switchboard), runner->stream_events());
  runner->use_streams(streams.get());
}

// The upgrade of a media stream: signature first, then whether it is a WebSocket at all, then
// whether there is room. Which call it is of it says only afterwards.
void Live::Block::take_stream(http::ExchangeId id, const http::Request& request) {
  const auto read = runner->door().read(request);
  if (const auto* turned_away = std::get_if<webhook::TurnedAway>(&read)) {
    runner->tell_refused(*turned_away);
    return door->answer(id, runner->door().turned_away(*turned_away));
  }
  const auto response = bridge::ws::answer_upgrade(request);
  if (response.status != 101) return door->answer(id, response);
  if (!streams->switchboard().has_room()) {
    runner->notice("a media stream was turned away: as many are open as are allowed");
    return door->answer(id, {.status = 503, .headers = {{"Retry-After", "1"}}, .body = {}});
  }
  auto taken = door->take_over(id);
  if (!taken) return;
  if (!taken->stream->write(bridge::ws::upgrade_head(response))) return;
  streams->switchboard().take(std::move(taken->stream), std::move(taken->early));
}

void Live::Block::make_courier(std::string url, std::string setting, std::set<AlertKind> kinds,
                               const char* suffix, std::uint64_t log_end) {
  if (url.empty()) return;
  Courier::Options to;
  to.tls = url.starts_with("https://") ? trust() : nullptr;
  to.url = std::move(url);
  to.setting = std::move(setting);
  to.secret = options.alerts_secret;
  to.cursor = options.log.string() + suffix;
  to.installation = installation;
  to.kinds = std::move(kinds);
  to.read_again = [this, afresh = AlertRules()](AlertPlace after,
                                                const AlertRules::Tell& take) mutable {
    return read_alerts(afresh, after, take);
  };
  couriers.push_back(std::make_unique<Courier>(*loop, to, log_end, [this](std::string text) {
    // What is said before there is somebody to hear it waits for the first turn.
    if (runner) return runner->notice(std::move(text));
    loop->post([this, text = std::move(text)] { runner->notice(text); });
  }));
}

// Some events of the log, which are folded already: the state is ahead of them. What is personal
// stays sealed; the state has it.
Courier::Reach Live::Block::read_alerts(AlertRules& afresh, AlertPlace after,
                                        const AlertRules::Tell& take) {
  constexpr int events_max = 1000;
  Courier::Reach reach;
  Folder folder;
  int events = 0;
  log->read_sealed(
      std::max<std::uint64_t>(after.position, 1), [&](const eventstore::RecordedEvent& recorded) {
        auto event = recorded;
        event.personal = {};
        const auto fact = folder.fact(event);
        afresh.see(runner->state(), fact, take, fact.position == after.position ? after.part : 0);
        reach.position = fact.position;
        return ++events < events_max;
      });
  reach.whole = reach.position == runner->state().position;
  return reach;
}

void Live::Block::alert(const campaigns::State& state, const campaigns::Fact& fact) {
  if (couriers.empty()) return;
  alert_rules.see(state, fact, [this](const Alert& alert) {
    bool wanted = false;
    for (auto& courier : couriers) wanted |= courier->take(alert);
    return wanted;
  });
}

void Live::Block::send_alerts() {
  if (couriers.empty()) return;
  const bool full = runner->disk_full();
  if (full && !told_disk_full) {
    for (auto& courier : couriers) {
      courier->take(disk_full_alert(runner->state(), clock->now()));
    }
  }
  told_disk_full = full;
  for (auto& courier : couriers) courier->pump(runner->durable_position());
}

// What this run ended with is told before it ends, if whoever hears it answers soon.
void Live::Block::end_when_told() {
  send_alerts();
  const auto told = [this] {
    for (const auto& courier : couriers) {
      if (!courier->idle()) return false;
    }
    return true;
  };
  if (told()) return loop->stop();
  for (auto& courier : couriers) {
    courier->on_idle([this, told] {
      if (told()) loop->stop();
    });
  }
  farewell = loop->call_after(farewell_max, [this] { loop->stop(); });
}

void Live::Block::stop(const std::string& reason) {
  if (stopping) return;
  stopping = true;
  runner->stop_dialling();
  runner->note_command(campaigns::StopRunner{reason}, [this](const auto&) {
    stopped = true;
    end_when_told();
  });
}

void Live::Block::interrupt() {
  interrupted = true;
  give_up = true;
  runner->stop_dialling();
  if (draining) {
    if (log->has_no_space()) return leave_full_disk();
    stop("interrupted, calls under way");
  } else if (at_interrupt) {
    at_interrupt();
  }
  draining = true;
}

// An end cannot be written down either, and whoever wants it is not to wait for space: the next
// start finds what a crash would have left.
void Live::Block::leave_full_disk() {
  failure = std::make_exception_ptr(eventstore::LogFailed(
      options.log.string() +
      ": the disk is full: stopped all the same. What could not be written was told to nobody; "
      "make space, and the next start goes on from what is on the disk"));
  loop->stop();
}

// Calls of other campaigns, and talks of calls that somebody else's code placed, come to their end
// first; nobody is dialled meanwhile, unless there is a reason to go on after all.
void Live::Block::end_when_over() {
  const bool ends = over();
  if (ending != ends) {
    ending = ends;
    runner->hold_dialling(ends);
    if (!ends) loop->post([] {});
  }
  if (ends && !runner->calls_under_way() && !runner->sweeping()) stop(finished);
}

void Live::Block::work() {
  while (!enrolments.empty() && enrolments.front()->finished()) enrolments.pop_front();
  if (!enrolments.empty()) enrolments.front()->step();
  runner->tick();
  // Once it is stopping all that it waits for is to have written so.
  if (draining && log->has_no_space() && (stopping || !runner->calls_under_way())) {
    return leave_full_disk();
  }
  if (!stopping && enrolments.empty() && !checking && runner->idle()) {
    if (draining && !runner->calls_under_way()) {
      stop("interrupted");
    } else if (!draining && over) {
      end_when_over();
    }
    if (stopping) runner->tick();
  }
}

void Live::Block::arm() {
  const auto next = runner->next_wakeup();
  if (next == wake_at) return;
  if (wake_timer) loop->cancel(*wake_timer);
  wake_timer.reset();
  wake_at = next;
  if (!next) return;
  // The timer has nothing to do: the turn after it does.
  wake_timer = loop->call_at(*next, [this] {
    wake_timer.reset();
    wake_at.reset();
  });
}

void Live::Block::turn() {
  if (stopped || failure) return;
  try {
    work();
    if (failure) return;
    if (!stopped) send_alerts();
    arm();
    if (clock_link) {
      const bool quiet = runner->idle() && enrolments.empty() && !checking && !door->writing() &&
                         streams->switchboard().quiet();
      clock_link->report(quiet, {});
    }
    // A list goes on in the next turn, whether or not anything else happens.
    if (!enrolments.empty() && enrolments.front()->ready()) loop->post([] {});
  } catch (...) {
    // Nothing more may leave: the process ends and the next start replays what is on disk.
    failure = std::current_exception();
    loop->stop();
  }
}

Live::Live(LiveOptions given, campaigns::Instant rehearsal_begins)
    : block_(std::make_unique<Block>()) {
  auto& b = *block_;
  b.options = std::move(given);
  auto& options = b.options;
  std::error_code unresolved;
  if (auto file = std::filesystem::canonical(options.log, unresolved); !unresolved) {
    options.log = file;
  }
  const bool real = options.carrier.kind == CarrierChoice::Kind::twilio;
  b.resumed = std::filesystem::exists(options.log);

  // A rehearsal that goes on has the seed and the time of its log.
  Identity identity;
  net::Instant start = options.start.value_or(rehearsal_begins);
  net::Instant last_recorded{};
  std::uint64_t events_before = 0;
  std::optional<campaigns::LogCreated> created;
  if (b.resumed) {
    eventstore::LogReader reader(options.log);
    Folder folder;
    reader.read(1, [&](const eventstore::RecordedEvent& recorded) {
      const auto fact = folder.fact(recorded);
      if (const auto* first = get_if<campaigns::LogCreated>(&fact.event)) created = *first;
      return false;
    });
    if (!created) {
      throw eventstore::LogForeign(options.log.string() + ": its first event names no owner");
    }
    last_recorded = net::Instant{std::chrono::milliseconds{reader.head().recorded_at}};
    events_before = reader.head().position;
    start = std::max(start, last_recorded);
  } else if (real && !options.new_log) {
    throw std::runtime_error(options.log.string() +
                             ": there is no log here. Real people may have been called under "
                             "another one: name it with --log, or say --new-log to begin one");
  }

  bridge::carrier::Twilio::Options to_carrier;
  double speed = options.speed;
  std::uint16_t clock_port = 0;
  std::uint16_t voice_port = 0;
  std::string clock_host = "127.0.0.1";
  switch (options.carrier.kind) {
    case CarrierChoice::Kind::rehearsal: {
      identity.carrier = "rehearsal";
      identity.seed = options.seed.value_or(created && created->carrier == "rehearsal"
                                                ? static_cast<std::uint64_t>(created->seed)
                                                : 1);
      if (created) refuse_other_carrier(options.log, *created, identity);
      rehearsal::CarrierOptions far_end;
      far_end.seed = identity.seed;
      far_end.life = events_before;
      far_end.start = start;
      far_end.speed = speed;
      far_end.people = options.people;
      far_end.faults = options.faults;
      b.rehearsal_thread = std::make_unique<rehearsal::RehearsalThread>(far_end);
      to_carrier.base_url = "http://127.0.0.1:" + std::to_string(b.rehearsal_thread->port());
      to_carrier.account_sid = b.rehearsal_thread->account_sid();
      to_carrier.password = b.rehearsal_thread->auth_token();
      clock_port = b.rehearsal_thread->clock_port();
      voice_port = b.rehearsal_thread->voice_port();
      options.auth_tokens = {to_carrier.password};
      break;
    }
    case CarrierChoice::Kind::remote_rehearsal: {
      const auto found = rehearsal::discover(options.carrier.host, options.carrier.port);
      identity.carrier = "rehearsal";
      identity.seed = found.seed;
      to_carrier.base_url =
          "http://" + options.carrier.host + ':' + std::to_string(options.carrier.port);
      to_carrier.account_sid = found.account_sid;
      to_carrier.password = found.auth_token;
      if (to_carrier.password.empty())
        to_carrier.password = options.environment.get("TWILIO_AUTH_TOKEN");
      if (to_carrier.password.empty()) {
        throw std::runtime_error(
            "the rehearsal carrier was given a token, which it tells nobody: set TWILIO_AUTH_TOKEN "
            "to the same one");
      }
      clock_host = options.carrier.host;
      clock_port = found.clock_port;
      voice_port = found.voice_port;
      speed = found.speed;
      start = std::max(start, found.now);
      if (!b.resumed) start = found.now;
      options.auth_tokens = {to_carrier.password};
      break;
    }
    case CarrierChoice::Kind::twilio:
      identity.carrier = "twilio";
      to_carrier = carrier_options(options);
      break;
  }
  identity.account = to_carrier.account_sid;
  if (created) refuse_other_carrier(options.log, *created, identity);

  b.clock = make_clock(options, speed, start);
  b.stepped = dynamic_cast<net::SteppedClock*>(b.clock.get());
  b.loop = std::make_unique<net::Loop>(*b.clock);

  b.installation = created ? created->installation
                   : real  ? hex(sha256(random_key())).substr(0, 32)
                          : hex(sha256("rehearsal " + std::to_string(identity.seed))).substr(0, 32);

  // Whoever is told lives in real time: a rehearsal whose time jumps tells nobody.
  if (clock_port == 0) {
    b.make_courier(options.alerts_url, "ALERTS_URL", options.alert_kinds, ".alerts", events_before);
    b.make_courier(options.outcomes_url, "OUTCOMES_URL", {AlertKind::outcome}, ".outcomes",
                   events_before);
  }

  // The log, and the state that it holds.
  campaigns::State state;
  Folder folder;
  eventstore::SqliteEventStore::Options log_options;
  log_options.path = options.log;
  log_options.create = !b.resumed;
  log_options.refuse_copies = true;
  bool key_written = false;
  log_options.on_durable = [loop = b.loop.get()] { loop->post([] {}); };
  if (b.resumed) {
    log_options.master_key = find_master_key(options.log, options.environment);
  } else {
    const auto master = make_master_key(options.log, options.environment);
    log_options.master_key = master.key;
    key_written = master.written;
    log_options.log_secret =
        real ? eventstore::Secret::random() : LogKeys::rehearsal_secret(identity.seed);
    campaigns::LogCreated first;
    first.installation = b.installation;
    first.carrier = identity.carrier;
    first.account = identity.account;
    first.seed = static_cast<std::int64_t>(identity.seed);
    first.program = version;
    campaigns::Fact fact;
    fact.subject = campaigns::Subject::runner();
    fact.version = 1;
    fact.event = first;
    log_options.first.push_back(row_of(state, fact));
    log_options.first_recorded_at = campaigns::to_ms(start);
  }
  // Forgotten, and the program stopped before their keys were destroyed.
  std::vector<std::uint64_t> keys_left;
  try {
    b.log = std::make_unique<eventstore::SqliteEventStore>(
        std::move(log_options), [&](const eventstore::RecordedEvent& recorded) {
          const auto fact = folder.fact(recorded);
          if (const auto key = key_to_destroy(state, fact)) keys_left.push_back(*key);
          campaigns::evolve(state, fact);
          b.alert(state, fact);
        });
  } catch (...) {
    // A log that could not be made leaves no key behind.
    if (key_written && !std::filesystem::exists(options.log)) {
      std::filesystem::remove(master_key_file_of(options.log), unresolved);
    }
    throw;
  }

  if (!keys_left.empty()) b.log->destroy_keys(std::move(keys_left));
  b.keys.emplace(*b.log->log_secret());

  // The wires.
  // Bytes are counted for a clock that jumps, and for nobody else.
  auto* const links = clock_port != 0 ? &b.links : nullptr;
  auto listen = options.listen;
  if (listen.empty()) listen = real ? "0.0.0.0:8080" : "127.0.0.1:0";
  std::tie(b.door_options.address, b.door_options.port) = read_listen(listen, "--listen");
  b.door_at = listen;
  // The far end of a rehearsal in this process has as many sockets as we.
  const auto shares = fitting(
      {b.door_options.limits.connections_max, options.streams_max, 1 + media_loops(options)},
      descriptor_limit() / (options.carrier.kind == CarrierChoice::Kind::rehearsal ? 2 : 1));
  b.door_options.limits.connections_max = shares.connections_max;
  options.streams_max = shares.streams_max;
  b.door_options.links = links;
  if (!options.tls_certificate.empty() && !real) {
    throw std::invalid_argument(
        "--tls-cert is for --carrier twilio: a rehearsal asks the door over plain HTTP");
  }
  // Its port is part of our public URL.
  if (!real) b.open_door();
  auto public_url = options.server_url;
  if (public_url.empty()) {
    if (real) {
      throw std::runtime_error("SERVER_URL is not set: the carrier must know where to reach us");
    }
    const auto& at = b.door_options.address;
    const bool everywhere = at == "0.0.0.0" || at == "::";
    public_url = "http://" + written_address(everywhere ? "127.0.0.1" : at, b.door->port());
  }
  if (public_url.find("://") == std::string::npos) public_url = "https://" + public_url;
  while (public_url.back() == '/') public_url.pop_back();
  b.public_url = public_url;

  if (to_carrier.base_url.rfind("https://", 0) == 0) to_carrier.tls = b.trust();
  to_carrier.links = links;
  if (options.trace) {
    b.wires = std::make_unique<WireLog>(
        WireLog::Options{options.log},
        [&b](std::string_view token) { return b.keys->read_token(token); });
    b.wires->on_line = [&b](const std::string& line) {
      if (b.runner) b.runner->notice(wire_text(line));
    };
    to_carrier.on_exchange = [&b](net::Instant at, const http::Request& request,
                                  const http::Reply& reply) {
      b.wires->rest(at, b.clock->now(), request, reply.response, reply.why);
    };
  }
  to_carrier.connections_max =
      bridge::carrier::connections_for(options.calls_per_second_thousandths);
  b.carrier = std::make_unique<bridge::carrier::Twilio>(*b.loop, to_carrier);

  webhook::DoorOptions door_facts;
  door_facts.auth_tokens = options.auth_tokens;
  door_facts.account_sid = identity.account;
  door_facts.public_url = public_url;
  door_facts.message = options.message;
  door_facts.agent = options.agent;
  Runner::Options runner_options;
  runner_options.seed = identity.seed;
  runner_options.not_before = last_recorded;
  runner_options.new_people_max = options.new_people_max;
  runner_options.fallback_url = options.fallback_url;
  runner_options.account_sid = identity.account;
  runner_options.voice = options.voice;
  campaigns::StartRunner started;
  started.run.epoch = b.log->epoch();
  started.run.program = version;
  started.run.public_url = public_url;
  started.run.caller_id =
      options.caller_id.empty() && !real ? rehearsal_caller_id : options.caller_id;
  started.run.calls_per_second_thousandths = options.calls_per_second_thousandths;
  started.run.zone_rules = b.rules.digest;
  b.runner = std::make_unique<Runner>(*b.log, *b.carrier, *b.clock, b.rules, *b.keys, door_facts,
                                      std::move(state), runner_options);
  b.runner->use_metrics(&b.metrics);
  b.runner->on_fact([&b](const campaigns::Fact& fact) {
    b.alert(b.runner->state(), fact);
    const auto* ended = get_if<campaigns::CallEnded>(&fact.event);
    if (b.door_watch && ended != nullptr && ended->failure) b.door_watch->hurry();
  });
  b.make_switchboard(voice_port, clock_port != 0);
  b.runner->note_command(started);
  b.control = std::make_unique<ControlServer>(
      *b.loop, ControlServer::Options{control_socket_of(options.log), options.control, real},
      *this);
  if (!options.heartbeat_url.empty() && clock_port == 0) {
    const bool secured = options.heartbeat_url.rfind("https://", 0) == 0;
    b.heartbeat = std::make_unique<Heartbeat>(
        *b.loop, Heartbeat::Options{options.heartbeat_url, secured ? b.trust() : nullptr},
        [&b] { return !b.runner->disk_full(); },
        [&b](std::string text) { b.runner->notice(std::move(text)); });
  }
  if (clock_port != 0) {
    if (!b.stepped) throw std::logic_error("a clock that jumps needs a clock that can be stepped");
    b.clock_link = std::make_unique<rehearsal::ClockLink>(
        *b.loop, *b.stepped, b.links, clock_host, clock_port, [&b] {
          b.failure = std::make_exception_ptr(std::runtime_error(
              "the rehearsal carrier has gone: start it again and run the same command"));
          b.loop->stop();
        });
  }
}

Live::~Live() {
  if (!block_) return;
  auto& b = *block_;
  b.give_up = true;
  if (b.checker.joinable()) b.checker.join();
  b.enrolments.clear();
  b.clock_link.reset();
  b.heartbeat.reset();
  b.door_watch.reset();
  if (b.farewell) b.loop->cancel(*b.farewell);
  b.couriers.clear();
  b.control.reset();
  b.door.reset();
  // Their notes are taken by the runner, which goes last but for its loop.
  if (b.runner) b.runner->use_streams(nullptr);
  b.streams.reset();
  b.carrier.reset();
  b.log.reset();
  b.runner.reset();
  b.loop.reset();
  b.rehearsal_thread.reset();
}

void Live::Block::enrol(OpenSubmission open, bool accept_change, Enrolment::Done done) {
  enrolments.push_back(std::make_unique<Enrolment>(*runner, *log, *keys, std::move(open),
                                                   accept_change, std::move(done)));
  loop->post([] {});
}

Objections Live::Block::objections_to(const campaigns::Campaign& campaign,
                                      const std::filesystem::path& file) const {
  auto caller_ids = campaign.caller_ids;
  if (caller_ids.empty() && !options.caller_id.empty()) caller_ids = {options.caller_id};
  auto objections = reasons_not_to_show(options, std::move(caller_ids), give_up);
  for (auto& problem : objections.problems) problem.where = file.string();
  for (auto& warning : objections.warnings) {
    warning.insert(
        0, "campaign " + campaign.id + " is taken with caller ids that were not looked up: ");
  }
  return objections;
}

void Live::submit(Submission submission, bool accept_change, Enrolment::Done done) {
  auto& b = *block_;
  OpenSubmission open;
  if (is_enrolled(state(), submission)) {
    open.submission = std::make_unique<Submission>(std::move(submission));
  } else {
    open = open_list(std::move(submission), b.rules);
  }
  b.enrol(std::move(open), accept_change, std::move(done));
}

void Live::check_and_submit(std::filesystem::path file, SubmissionOverrides overrides,
                            bool accept_change,
                            std::function<void(campaigns::Result<campaigns::Preflight>)> done) {
  using campaigns::Problems;
  auto& b = *block_;
  if (b.checking) {
    done(Problems{
        {file.string(), "another list is being checked just now", "submit it again in a moment"}});
    return;
  }
  if (b.checker.joinable()) b.checker.join();
  b.checking = true;
  b.dropped = {};
  const auto begin = now();
  const auto rate = b.options.calls_per_second_thousandths;
  const bool real = b.options.carrier.kind == CarrierChoice::Kind::twilio;
  // What is submitted again is gone on with, as `run` does, and was looked at when it was taken.
  std::vector<campaigns::CampaignEntry> taken;
  std::ranges::copy_if(state().book.campaigns, std::back_inserter(taken), [](const auto& entry) {
    return entry.status != campaigns::CampaignStatus::enrolling;
  });
  b.checker = std::thread([this, file = std::move(file), overrides = std::move(overrides),
                           accept_change, begin, rate, real, taken = std::move(taken),
                           done = std::move(done)] {
    net::give_way();
    auto& block = *block_;
    auto submission = load_submission(file, overrides);
    Problems problems;
    campaigns::Preflight report;
    std::vector<std::string> warnings;
    const bool again = submission && std::ranges::any_of(taken, [&](const auto& entry) {
                         return entry.definition->id == submission->file.campaign.id &&
                                is_enrolled(entry, submission.value());
                       });
    if (!submission) {
      problems = submission.error();
    } else if (!again) {
      const auto& loaded = submission.value();
      report = check_submission(loaded, block.rules, begin, rate);
      problems = report.problems;
      const auto& campaign = loaded.file.campaign;
      if (real && campaign.mode == campaigns::Mode::agent) {
        if (const auto why = reason_not_to_talk(block.options, campaign.agent.model)) {
          problems.push_back({file.string(), *why, "campanile doctor asks the model"});
        }
      }
      if (const auto reason = reason_not_to_enrol(loaded, report, real)) {
        problems.push_back({file.string(), *reason, "campanile check tells row by row"});
      }
      if (problems.empty()) {
        auto objections = block.objections_to(campaign, file);
        problems = std::move(objections.problems);
        warnings = std::move(objections.warnings);
        report.warnings.insert(report.warnings.end(), warnings.begin(), warnings.end());
      }
    } else {
      for (const auto& barred : submission->file.barred) {
        report.warnings.push_back(barred.where + ": " + barred.what);
      }
    }
    std::shared_ptr<OpenSubmission> open;
    if (problems.empty()) {
      open =
          std::make_shared<OpenSubmission>(open_list(std::move(submission).value(), block.rules));
    }
    block.loop->post([this, problems = std::move(problems), warnings = std::move(warnings),
                      report = std::move(report), accept_change, done, open] {
      block_->checking = false;
      if (!problems.empty()) return done(problems);
      for (const auto& warning : warnings) block_->runner->notice(warning);
      if (block_->dropped.has(open->submission->file.campaign.id)) return done(dropped_problem());
      block_->enrol(std::move(*open), accept_change,
                    [done, report](const std::optional<campaigns::Refusal>& refusal) {
                      if (!refusal) return done(report);
                      if (refusal->code == cancelled_meanwhile().code)
                        return done(dropped_problem());
                      done(Problems{{"", refusal->text, "accept the change, or use another id"}});
                    });
    });
  });
}

void Live::add_contacts(std::string campaign, AdditionOrder order,
                        std::function<void(campaigns::Result<AdditionReport>)> done) {
  auto& b = *block_;
  const auto index = state().book.find(campaign);
  if (!index) {
    return done(campaigns::Problems{{"", "no campaign \"" + campaign + "\" in this log", ""}});
  }
  if (b.checking) {
    return done(campaigns::Problems{
        {"", "another list is being checked just now", "add it again in a moment"}});
  }
  if (b.checker.joinable()) b.checker.join();
  b.checking = true;
  b.dropped = {};
  const auto& entry = state().book.at(*index);
  b.checker =
      std::thread([this, campaign = std::move(campaign), order = std::move(order),
                   definition = entry.definition, columns = entry.columns, done = std::move(done)] {
        net::give_way();
        auto read = read_addition(*definition, columns, block_->rules, *block_->keys, order);
        std::shared_ptr<Addition> addition;
        campaigns::Problems problems;
        if (read) {
          addition = std::make_shared<Addition>(*definition, columns, std::move(read).value());
        } else {
          problems = read.error();
        }
        block_->loop->post([this, campaign, addition, problems = std::move(problems), done] {
          if (addition) return block_->add(campaign, addition, done);
          block_->checking = false;
          done(problems);
        });
      });
}

// Piece after piece, and batch after batch, each when the one before is durable, so that calls go
// on meanwhile.
void Live::Block::add(const std::string& campaign, std::shared_ptr<Addition> addition,
                      std::function<void(campaigns::Result<AdditionReport>)> done) {
  const auto index = *runner->state().book.find(campaign);
  const auto people = [this, index] {
    return runner->state().queue.campaigns[index].contacts.size();
  };
  const auto finish = [this, done = std::move(done)](campaigns::Result<AdditionReport> outcome) {
    checking = false;
    loop->post([this] { go_on_adding = {}; });
    done(std::move(outcome));
  };
  go_on_adding = [this, campaign, index, addition = std::move(addition), people, before = people(),
                  finish] {
    if (dropped.has(campaign)) return finish(dropped_problem());
    if (!addition->prepare(runner->state(), index, clock->now())) {
      return loop->post([this] { go_on_adding(); });
    }
    std::optional<campaigns::Command> command;
    if (auto moves = addition->next_moves()) {
      command.emplace(std::move(*moves));
    } else if (auto people_to_add = addition->next()) {
      command.emplace(std::move(*people_to_add));
    }
    if (!command) {
      auto report = addition->report();
      report.added = people() - before;
      report.known = addition->rows() - report.added;
      return finish(std::move(report));
    }
    runner->note_command(std::move(*command),
                         [this, finish](std::optional<campaigns::Refusal> refusal) {
                           if (!refusal) return go_on_adding();
                           finish(campaigns::Problems{{"", refusal->text, ""}});
                         });
    loop->post([] {});
  };
  go_on_adding();
}

campaigns::NumberKey Live::number_key(const std::string& number) const {
  return block_->keys->number_key(number);
}

void Live::drop_lists(const std::optional<std::string>& campaign) {
  auto& b = *block_;
  b.dropped.add(campaign);
  for (const auto& enrolment : b.enrolments) {
    if (!campaign || enrolment->campaign() == *campaign) enrolment->drop();
  }
}

void Live::edit(const std::string& campaign, const std::filesystem::path& file, bool accept,
                std::function<void(campaigns::Result<std::string>)> done) {
  auto& b = *block_;
  if (!state().book.find(campaign)) {
    return done(campaigns::Problems{{"", "no campaign \"" + campaign + "\" in this log", ""}});
  }
  if (b.checking) {
    return done(campaigns::Problems{
        {"", "another file is being checked just now", "edit it again in a moment"}});
  }
  if (b.checker.joinable()) b.checker.join();
  b.checking = true;
  const auto& definition = *state().book.at(*state().book.find(campaign)).definition;
  b.checker = std::thread([this, campaign, file, accept, shown = definition.caller_ids,
                           done = std::move(done)] {
    net::give_way();
    auto read = std::make_shared<campaigns::Result<campaigns::CampaignFile>>(read_edited(file));
    std::vector<std::string> warnings;
    if (*read && (*read)->campaign.caller_ids != shown) {
      auto objections = block_->objections_to((*read)->campaign, file);
      warnings = std::move(objections.warnings);
      if (!objections.problems.empty()) *read = std::move(objections.problems);
    }
    block_->loop->post([this, campaign, file, accept, read, warnings = std::move(warnings), done] {
      auto& block = *block_;
      for (const auto& warning : warnings) block.runner->notice(warning);
      auto edit = *read ? make_edit(state(), campaign, file, std::move(*read).value())
                        : campaigns::Result<Edit>(read->error());
      if (edit) {
        return block.preview(std::make_shared<const Edit>(std::move(edit).value()), accept, done);
      }
      block.checking = false;
      done(edit.error());
    });
  });
}

// Some people at a time, as a list is added.
void Live::Block::preview(std::shared_ptr<const Edit> edit, bool accept,
                          std::function<void(campaigns::Result<std::string>)> done) {
  // A few milliseconds' worth.
  constexpr std::uint32_t people_at_once = 5'000;
  const auto index = *runner->state().book.find(edit->command.campaign);
  auto previewer =
      std::make_shared<campaigns::EditPreviewer>(runner->state(), index, edit->next, clock->now());
  go_on_previewing = [this, edit = std::move(edit), previewer, accept, done = std::move(done)] {
    if (!previewer->look(runner->state(), rules, people_at_once)) {
      return loop->post([this] { go_on_previewing(); });
    }
    checking = false;
    loop->post([this] { go_on_previewing = {}; });
    const bool changes = accept && !edit->changes.empty();
    auto told = edit_json(*edit, previewer->preview(runner->state()), changes);
    if (!changes) return done(std::move(told));
    runner->note_command(edit->command,
                         [done, told](const std::optional<campaigns::Refusal>& refusal) {
                           if (refusal) return done(campaigns::Problems{{"", refusal->text, ""}});
                           done(told);
                         });
  };
  go_on_previewing();
}

void Live::finish_when(std::function<bool()> over) {
  block_->over = std::move(over);
}

void Live::when_interrupted(std::function<void()> act) {
  block_->at_interrupt = std::move(act);
}

void Live::open_door() {
  block_->open_door();
}

void Live::let_visit(Visitor visitor) {
  block_->visitor = std::move(visitor);
}

void Live::Block::turn_from_here() {
  open_door();
  loop->before_sleep([this] { turn(); });
}

void Live::answer_while(
    const std::function<void(net::Loop& loop, std::function<void(bool)>)>& ask) {
  auto& b = *block_;
  b.runner->hold_dialling(true);
  b.turn_from_here();
  ask(*b.loop, [&b](bool well) {
    if (well) return b.loop->stop();
    b.stop("refused");
  });
  b.loop->run();
  if (b.failure) std::rethrow_exception(b.failure);
  b.runner->hold_dialling(false);
}

void Live::run() {
  auto& b = *block_;
  if (b.stopped) return;
  b.turn_from_here();
  b.loop->run();
  b.output.leave_nothing_out();
  if (b.failure) std::rethrow_exception(b.failure);
}

bool Live::interrupted() const {
  return block_->interrupted;
}
void Live::stop(const std::string& reason) {
  block_->stop(reason);
}
Runner& Live::runner() {
  return *block_->runner;
}
const campaigns::State& Live::state() const {
  return block_->runner->state();
}
campaigns::Instant Live::now() const {
  return block_->clock->now();
}
const campaigns::ZoneRules& Live::rules() const {
  return block_->rules;
}
std::uint16_t Live::door_port() const {
  return block_->door->port();
}
std::uint16_t Live::control_port() const {
  return block_->control->port();
}
std::vector<NotReady> Live::reasons_not_ready() const {
  return runner::reasons_not_ready(state(), block_->vitals(), block_->metrics.began());
}
std::string Live::metrics_text() const {
  return runner::metrics_text(state(), block_->metrics, block_->vitals(), now());
}
bool Live::jumps() const {
  return block_->clock_link != nullptr;
}
bool Live::resumed() const {
  return block_->resumed;
}

}  // namespace runner
