#include "campaigns/outcome.hpp"

#include <algorithm>
#include <array>
#include <cassert>

namespace campaigns {

namespace {

struct OutcomeEntry {
  std::string_view name{};
  std::string_view aapor_known{};    // the people on the list are known to be eligible
  std::string_view aapor_unknown{};  // they are not: silence says nothing about eligibility
};

// In the order of the enumeration. Codes: outcomes-and-results sheet, section 5. Where that names
// two, the more cautious one: a hang-up at once is a refusal, a dead number merely non-working, and
// whoever is unable is not taken for dead. An attempt that never left is "not attempted". A mute
// line shows no person, so that it is no refusal.
constexpr std::array<OutcomeEntry, outcomes> outcome_table{{
    {"none", "3.11", "3.11"},
    {"completed", "1.1", "1.1"},
    {"partial", "1.2", "1.2"},
    {"broken_off", "2.12", "2.12"},
    {"refused", "2.11", "2.11"},
    {"opted_out", "2.11", "2.11"},
    {"callback_requested", "2.20", "2.20"},
    {"human_hung_up_at_once", "2.11", "2.11"},
    {"machine_no_message", "2.222", "3.14"},
    {"machine_message_left", "2.221", "3.14"},
    {"busy", "2.20", "3.12"},
    {"no_answer", "2.20", "3.13"},
    {"network_error", "3.16", "3.16"},
    {"invalid_number", "4.31", "4.31"},
    {"fax_or_data", "4.20", "4.20"},
    {"canceled_by_us", "3.11", "3.11"},
    {"not_placed", "3.11", "3.11"},
    {"unconfirmed", "3.90", "3.90"},
    {"not_eligible", "4.70", "4.70"},
    {"said_nothing", "2.20", "3.90"},
    {"quota_full", "4.80", "4.80"},
    {"not_available", "2.21", "2.21"},
    {"language_barrier", "2.33", "2.33"},
    {"unable", "2.32", "2.32"},
    {"business_number", "4.51", "4.51"},
    {"screened", "3.15", "3.15"},
}};

constexpr std::array<std::string_view, 5> place_names{"open", "done", "exhausted", "excluded",
                                                      "held"};

const OutcomeEntry& entry_of(Outcome outcome) {
  const auto index = static_cast<std::size_t>(outcome);
  assert(index < outcome_table.size());
  return outcome_table[index];
}

}  // namespace

std::string_view name_of(Outcome outcome) {
  return entry_of(outcome).name;
}

std::optional<Outcome> outcome_named(std::string_view name) {
  for (std::size_t i = 0; i < outcome_table.size(); ++i) {
    if (outcome_table[i].name == name) return static_cast<Outcome>(i);
  }
  return std::nullopt;
}

std::string_view name_of(Place place) {
  const auto index = static_cast<std::size_t>(place);
  assert(index < place_names.size());
  return place_names[index];
}

std::optional<Place> place_named(std::string_view name) {
  for (std::size_t i = 0; i < place_names.size(); ++i) {
    if (place_names[i] == name) return static_cast<Place>(i);
  }
  return std::nullopt;
}

namespace {

constexpr std::array<std::string_view, 4> resolution_names = {"", "placed", "not_placed", "redial"};

}  // namespace

std::string_view name_of(Resolution resolution) {
  return resolution_names[static_cast<std::size_t>(resolution)];
}

std::optional<Resolution> resolution_named(std::string_view name) {
  for (std::size_t i = 1; i < resolution_names.size(); ++i) {
    if (resolution_names[i] == name) return static_cast<Resolution>(i);
  }
  return std::nullopt;
}

std::string_view aapor_code(Outcome outcome, bool known_eligible) {
  return known_eligible ? entry_of(outcome).aapor_known : entry_of(outcome).aapor_unknown;
}

bool reached_nobody(Outcome outcome) {
  constexpr std::array nobody{Outcome::busy,
                              Outcome::no_answer,
                              Outcome::network_error,
                              Outcome::machine_no_message,
                              Outcome::machine_message_left,
                              Outcome::said_nothing,
                              Outcome::invalid_number,
                              Outcome::fax_or_data,
                              Outcome::not_available,
                              Outcome::screened};
  return std::ranges::find(nobody, outcome) != nobody.end();
}

bool conclusive(Outcome outcome) {
  switch (outcome) {
    case Outcome::completed:
    case Outcome::partial:
    case Outcome::refused:
    case Outcome::opted_out:
    case Outcome::callback_requested:
    case Outcome::machine_message_left:
    case Outcome::invalid_number:
    case Outcome::fax_or_data:
    case Outcome::not_eligible:
    case Outcome::quota_full:
    case Outcome::unable:
    case Outcome::business_number:
      return true;
    case Outcome::none:
    case Outcome::broken_off:
    case Outcome::human_hung_up_at_once:
    case Outcome::said_nothing:
    case Outcome::machine_no_message:
    case Outcome::busy:
    case Outcome::no_answer:
    case Outcome::network_error:
    case Outcome::canceled_by_us:
    case Outcome::not_placed:
    case Outcome::unconfirmed:
    case Outcome::not_available:
    case Outcome::language_barrier:
    case Outcome::screened:
      return false;
  }
  return false;
}

Place place_at_end(Outcome disposition) {
  return conclusive(disposition) ? Place::done : Place::exhausted;
}

int rank_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::none:
      return 0;
    case Outcome::not_placed:
      return 1;
    case Outcome::canceled_by_us:
      return 2;
    case Outcome::network_error:
      return 3;
    case Outcome::unconfirmed:
      return 4;
    case Outcome::no_answer:
      return 5;
    case Outcome::busy:
      return 6;
    case Outcome::said_nothing:
      return 7;
    case Outcome::fax_or_data:
      return 8;
    case Outcome::invalid_number:
      return 9;
    case Outcome::machine_no_message:
      return 10;
    case Outcome::machine_message_left:
      return 11;
    case Outcome::screened:
      return 12;
    case Outcome::human_hung_up_at_once:
      return 13;
    case Outcome::not_available:
      return 14;
    case Outcome::callback_requested:
      return 15;
    case Outcome::language_barrier:
      return 16;
    case Outcome::broken_off:
      return 17;
    case Outcome::refused:
      return 18;
    case Outcome::unable:
      return 19;
    case Outcome::opted_out:
      return 20;
    case Outcome::business_number:
      return 21;
    case Outcome::quota_full:
      return 22;
    case Outcome::partial:  // of an earlier call: what was answered then is not lost
      return 23;
    case Outcome::completed:
      return 24;
    case Outcome::not_eligible:
      return 25;
  }
  return 0;
}

}  // namespace campaigns
