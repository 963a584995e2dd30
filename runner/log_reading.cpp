#include "runner/log_reading.hpp"

#include <CLI/CLI.hpp>
#include <charconv>
#include <exception>
#include <memory>

#include "campaigns/json_writer.hpp"
#include "campaigns/time.hpp"
#include "eventstore/chain.hpp"
#include "eventstore/key_store.hpp"
#include "eventstore/read_ahead.hpp"
#include "eventstore/sealing.hpp"
#include "runner/commands.hpp"
#include "runner/fold.hpp"
#include "runner/master_key.hpp"
#include "runner/output.hpp"
#include "runner/version.hpp"

namespace runner {

const std::vector<std::string>& key_endings() {
  static const std::vector<std::string> endings{".keys", ".key"};
  return endings;
}

std::optional<LogPlace> parse_place(const std::string& option, const std::string& text) {
  if (text.empty()) return {};
  LogPlace place;
  eventstore::Position position = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), position);
  // The log counts in 63 bits.
  if (error == std::errc{} && end == text.data() + text.size() && position <= INT64_MAX) {
    place.position = position;
    return place;
  }
  const auto moment = campaigns::parse_rfc3339(text);
  if (!moment) {
    throw CLI::ValidationError(
        option, "give the position of an event, or a moment like 2026-03-02T08:00:00Z");
  }
  place.moment_ms = campaigns::to_ms(*moment);
  return place;
}

bool is_until(const std::optional<LogPlace>& until, const eventstore::RecordedEvent& event) {
  if (!until) return true;
  if (until->position && event.position > *until->position) return false;
  return !until->moment_ms || event.recorded_at <= *until->moment_ms;
}

namespace {

// What belongs to a log lies beside its file, whatever link it was named by.
std::filesystem::path file_of(const std::filesystem::path& log) {
  std::error_code unresolved;
  auto file = std::filesystem::canonical(log, unresolved);
  return unresolved ? log : file;
}

}  // namespace

CheckedLog::CheckedLog(const std::filesystem::path& log) : file_(file_of(log)), reader_(log) {
  // Before the head: a writer that goes on meanwhile only moves the log further ahead.
  const auto witnessed = eventstore::witness_of(file_);
  const eventstore::WitnessCheck witness(log, eventstore::witness_path(file_), witnessed);
  const auto see = [&](eventstore::Position position) {
    reader_.read(position, [&](const eventstore::RecordedEvent& event) {
      witness.see(event.position, event.hash);
      if (event.position == 1) identity_ = event.hash;
      return false;
    });
  };
  witness.end(reader_.head().position);
  see(1);
  if (witnessed.head.position > 1) see(witnessed.head.position);
}

void CheckedLog::read(eventstore::Position from,
                      const std::function<bool(const eventstore::RecordedEvent&)>& visit) {
  for (;; from = seen_ + 1) {
    load(from, page_);
    if (page_.empty()) return;
    std::exception_ptr damage;
    try {
      prove(page_);
    } catch (const eventstore::LogDamaged&) {
      damage = std::current_exception();
      seen_ = 0;
    }
    for (const auto& event : page_.events()) {
      if (!visit(event)) return;
    }
    if (damage) std::rethrow_exception(damage);
  }
}

void CheckedLog::load(eventstore::Position from, eventstore::EventPage& page) {
  page.clear();
  if (!find_before(from)) return;
  page.follow(seen_, hash_);
  reader_.load(seen_ + 1, page);
  if (page.empty()) return;
  seen_ = page.events().back().position;
  hash_ = page.events().back().hash;
}

// To the hash of the event before this one. False: it begins after the end.
bool CheckedLog::find_before(eventstore::Position from) {
  if (from <= 1) {
    seen_ = 0;
    hash_ = {};
    return true;
  }
  if (seen_ + 1 == from) return true;
  seen_ = 0;
  reader_.read(from - 1, [&](const eventstore::RecordedEvent& before) {
    if (before.position == from - 1) seen_ = before.position;
    hash_ = before.hash;
    return false;
  });
  return seen_ != 0;
}

void CheckedLog::prove(eventstore::EventPage& page) {
  eventstore::Hash before = page.hash_before();
  for (std::size_t i = 0; i < page.events().size(); ++i) {
    const auto& event = page.events()[i];
    const auto expected = page.position_before() + 1 + i;
    std::string wrong;
    if (event.position != expected) {
      wrong = " of the log is missing. Ask verify what else is";
    } else if (!page.sound(i) || eventstore::chain_hash(before, event) != event.hash) {
      wrong =
          " of the log is not what was written: its hash does not fit. Ask verify what else is "
          "wrong";
    }
    if (!wrong.empty()) {
      page.cut(i);
      throw eventstore::LogDamaged("event " + std::to_string(expected) + wrong, expected);
    }
    before = event.hash;
  }
}

CheckedLog::Opener CheckedLog::opener(const Environment& environment) const {
  struct Keys {
    std::optional<eventstore::KeyStore> store{};
    unsigned opened = 0;
  };
  // What is destroyed meanwhile is not shown for longer than so many more events.
  constexpr unsigned opened_before_refresh = 64;
  const auto keys = std::make_shared<Keys>();
  return [keys, environment, file = file_, identity = identity_](eventstore::RecordedEvent& event,
                                                                 std::string& plain) {
    if (!event.key_id) return;
    if (!keys->store) {
      keys->store.emplace(eventstore::KeyStore::path_of(file), find_master_key(file, environment),
                          eventstore::KeyStore::Access::read);
      keys->store->belong_to(identity);
    } else if (++keys->opened % opened_before_refresh == 0) {
      keys->store->refresh();
    }
    eventstore::open_personal(*keys->store, event, plain);
  };
}

eventstore::Position CheckedLog::first_since(std::int64_t moment_ms) {
  // Moments never go back in a log.
  eventstore::Position first = 1;
  eventstore::Position end = reader_.head().position + 1;
  while (first < end) {
    const auto middle = first + (end - first) / 2;
    bool before = false;
    reader_.read(middle, [&](const eventstore::RecordedEvent& event) {
      before = event.recorded_at < moment_ms;
      return false;
    });
    before ? first = middle + 1 : end = middle;
  }
  return first;
}

std::optional<campaigns::LogCreated> identity_of(CheckedLog& log) {
  std::optional<campaigns::LogCreated> identity;
  log.read(1, [&](const eventstore::RecordedEvent& first) {
    auto fact = Folder().fact(first);
    if (auto* created = get_if<campaigns::LogCreated>(&fact.event)) {
      identity = std::move(*created);
    }
    return false;
  });
  return identity;
}

FoldedLog fold_log(CheckedLog& log, const Environment& environment,
                   const std::optional<LogPlace>& until,
                   const std::function<void(const campaigns::Fact&, const campaigns::State&)>& seen,
                   FoldFor purpose) {
  FoldedLog folded;
  if (purpose == FoldFor::results) folded.state.keep_results_alone();
  Folder folder;
  const auto open = log.opener(environment);
  std::string plain;
  eventstore::Position last = 0;
  // One thread reads and this one folds; the chain is proven by whichever has time.
  const auto fold = [&](eventstore::RecordedEvent& event) {
    last = event.position;
    if (!is_until(until, event)) return;
    open(event, plain);
    const auto fact = folder.fact(event);
    if (seen) seen(fact, folded.state);
    campaigns::evolve(folded.state, fact);
    folded.head = {event.position, event.hash, event.recorded_at, event.epoch};
  };
  eventstore::Position next = 1;
  eventstore::read_ahead(
      [&](eventstore::EventPage& page) {
        log.load(next, page);
        next += page.events().size();
      },
      CheckedLog::prove, fold);
  if (until && until->position && *until->position > last) {
    complain("that place lies after the end: the log has " + std::to_string(last) + " events");
  }
  if (until && folded.head.position == 0) complain("that place lies before the first event");
  return folded;
}

FoldedLog fold_log(const std::filesystem::path& log, const Environment& environment,
                   FoldFor purpose) {
  CheckedLog reader(log);
  return fold_log(reader, environment, {}, {}, purpose);
}

std::optional<campaigns::CampaignIndex> chosen_campaign(const campaigns::State& state,
                                                        const std::string& id) {
  if (!id.empty()) {
    const auto index = state.book.find(id);
    if (!index) complain("no campaign \"" + id + "\" in this log");
    return index;
  }
  if (state.book.campaigns.size() == 1) return campaigns::CampaignIndex{0};
  std::string names;
  for (const auto& entry : state.book.campaigns) names += ' ' + entry.definition->id;
  complain(names.empty() ? "the log holds no campaign"
                         : "the log holds several campaigns: name one with --campaign:" + names);
  return {};
}

std::string head_json(const eventstore::Head& head,
                      const std::optional<campaigns::LogCreated>& identity) {
  std::string text;
  campaigns::JsonObject object(text);
  object.member("position", static_cast<std::int64_t>(head.position))
      .member("hash", eventstore::to_hex(head.hash))
      .member("recorded_at", campaigns::rfc3339_utc(campaigns::instant_from_ms(head.recorded_at)));
  if (identity) {
    campaigns::JsonObject log(object.open("log"));
    log.member("installation", identity->installation)
        .member("carrier", identity->carrier)
        .member("account", identity->account);
    if (identity->carrier == "rehearsal") log.member("seed", identity->seed);
    log.close();
  }
  object.member("program", version);
  object.close();
  return text + '\n';
}

int reading(const std::function<int()>& command) {
  try {
    return command();
  } catch (const eventstore::LogDamaged& damage) {
    complain(damage.what());
    return exit_not_well;
  }
}

}  // namespace runner
