#include "campaigns/preflight.hpp"

#include <algorithm>
#include <charconv>
#include <functional>
#include <limits>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "campaigns/calling_hours.hpp"
#include "campaigns/campaign_words.hpp"
#include "campaigns/consent.hpp"
#include "campaigns/json_text.hpp"
#include "campaigns/phone_number.hpp"
#include "campaigns/plan.hpp"
#include "campaigns/quotas.hpp"
#include "campaigns/spend.hpp"
#include "campaigns/variants.hpp"
#include "campaigns/words.hpp"

namespace campaigns {

namespace {

// Beyond so many changes of the hours (a century of two windows a day) no end is given.
constexpr std::size_t openings_max = 150'000;

// When `work` has been done in a zone, if it is done whenever people there may be called. Nothing:
// never, or not within a century.
std::optional<Instant> end_of_work(const CallingHours& hours, const std::string& zone,
                                   const ZoneRules& rules, Instant begin, Milliseconds work) {
  Instant at = begin;
  for (std::size_t i = 0; i < openings_max; ++i) {
    const Opening opening = opening_at(hours, zone, rules, at);
    if (opening.open) {
      if (!opening.changes_at || *opening.changes_at - at >= work) return at + work;
      work -= *opening.changes_at - at;
    }
    if (!opening.changes_at) return std::nullopt;
    at = *opening.changes_at;
  }
  return std::nullopt;
}

// How long `calls` take at a rate, the first at once.
Milliseconds time_at_rate(std::uint64_t calls, std::uint64_t per_second_thousandths) {
  if (calls == 0) return Milliseconds{0};
  return Milliseconds{(calls - 1) * 1'000'000 / per_second_thousandths};
}

class Estimate {
 public:
  Estimate(const Campaign& campaign, const ZoneRules& rules, Instant begin, std::uint64_t rate)
      : campaign_(campaign), rules_(rules), begin_(begin), rate_(rate) {}

  // Nobody can be faster: each zone by itself has all the rate.
  std::optional<Instant> earliest(const std::map<std::string, std::uint64_t>& by_zone) const {
    std::optional<Instant> last;
    for (const auto& [zone, people] : by_zone) {
      const auto end =
          end_of_work(campaign_.hours, zone, rules_, begin_, time_at_rate(people, rate_));
      if (!end) return std::nullopt;
      last = std::max(last.value_or(*end), *end);
    }
    return last;
  }

  // Nobody is slower who dials whenever he may: as long as somebody of a zone is left and the zone
  // is open, all lines are busy; so a zone is through when it has been open as long as everybody
  // together takes. Between the rounds lies the longest delay.
  std::optional<Instant> latest(const std::map<std::string, std::uint64_t>& by_zone,
                                std::uint64_t people) const {
    Seconds delay{0};
    for (const auto& after : campaign_.retries.delay) {
      if (after) delay = std::max(delay, *after);
    }
    if (!campaign_.retries.spread.empty()) delay += spread_wait_max;
    const Seconds call = campaign_.ring_time + campaign_.call_time;
    // Each line is free again after a whole call; what is slower, lines or rate, decides.
    const std::uint64_t turns = (people + campaign_.pacing.lines - 1) / campaign_.pacing.lines;
    const Milliseconds by_lines = turns * Milliseconds{call};
    const Milliseconds work = std::max(by_lines, time_at_rate(people, rate_) + call);
    Instant at = begin_;
    for (unsigned round = 0; round < campaign_.retries.attempts_max; ++round) {
      if (round > 0) at += delay;
      Instant last = at;
      for (const auto& [zone, unused] : by_zone) {
        const auto end = end_of_work(campaign_.hours, zone, rules_, at, work);
        if (!end) return std::nullopt;
        last = std::max(last, *end);
      }
      at = last;
    }
    return at + call;
  }

 private:
  const Campaign& campaign_;
  const ZoneRules& rules_;
  Instant begin_;
  std::uint64_t rate_;
};

// At most what a number holds.
std::int64_t product(std::int64_t a, std::uint64_t b) {
  constexpr auto max = std::numeric_limits<std::int64_t>::max();
  const auto most = static_cast<std::uint64_t>(max) / std::max<std::uint64_t>(b, 1);
  return static_cast<std::uint64_t>(a) > most ? max : a * static_cast<std::int64_t>(b);
}

void estimate_cost(const Campaign& campaign, Preflight& result) {
  const Budget& budget = campaign.budget;
  if (campaign.mode == Mode::agent && budget.limit_millionths != 0 && !budget.model) {
    result.warnings.emplace_back(
        "the budget counts the carrier's minutes alone: name what the voice model costs under "
        "/budget/model, and that is counted too");
  }
  if (budget.limit_millionths != 0 && budget.transfer_per_minute_millionths == 0 &&
      !campaign.humans().empty()) {
    result.warnings.emplace_back(
        "the budget does not count the calls to humans that people are passed on to: name what a "
        "minute of them costs as /budget/transfer_per_minute, and that is counted too");
  }
  if (budget.per_minute_millionths == 0 && !budget.model &&
      budget.transfer_per_minute_millionths == 0) {
    return;
  }
  if (auto why = reason_to_pay_no_call(campaign)) {
    result.problems.push_back(
        {"/budget/limit", std::move(*why), "raise it, or let calls be shorter: \"call_time\""});
    return;
  }
  const std::uint64_t people = result.usable - result.duplicates;
  const std::uint64_t attempts = people * campaign.retries.attempts_max;
  result.cost = {product(cost_of(campaign, 1), people),
                 product(reservation_for(campaign), attempts),
                 product(talk_reservation_for(campaign), attempts),
                 product(transfer_reservation_for(campaign), attempts)};
  if (budget.limit_millionths == 0 || result.cost->most <= budget.limit_millionths) return;
  const auto money = [&](std::int64_t millionths) {
    return decimal_text(millionths, 6) + ' ' + budget.currency;
  };
  result.warnings.push_back(
      result.cost->least > budget.limit_millionths
          ? "the budget of " + money(budget.limit_millionths) +
                " ends before everybody was called: a minute with each costs " +
                money(result.cost->least)
          : "the budget of " + money(budget.limit_millionths) + " may end before everybody was " +
                "called: every call at its longest costs " + money(result.cost->most));
}

// Nobody is rung at night by a slip in a window, or by a clock that is not theirs.
void warn_of_night(const Campaign& campaign, const ZoneRules& rules, Instant begin,
                   Preflight& result) {
  if (auto warning = warning_of_night(campaign.hours)) {
    result.warnings.push_back(std::move(*warning));
  }
  const auto clock = rules.utc_offset(campaign.hours.zone, begin);
  if (!clock) return;
  for (const auto& [zone, people] : result.by_zone) {
    const auto own = rules.utc_offset(zone, begin);
    if (!own || own == clock || !reach_into_night(campaign.hours, *own - *clock)) continue;
    result.warnings.push_back(
        plural(static_cast<std::int64_t>(people), "person", "people") + " in " + zone +
        " may be called before 08:00 or after 21:00 of their " +
        "own clock: the hours go by that of " + campaign.hours.zone + " (calling_hours.zone)");
  }
}

// Texts that some people hear in another language than their own.
void warn_of_missing_languages(const Campaign& campaign, std::vector<std::string>& warnings) {
  std::set<std::string> languages;
  for_each_text(campaign, [&](const std::string& /*where*/, const Text& text) {
    for (const auto& [language, words] : text.by_language) languages.insert(language);
  });
  const auto look = [&](const std::string& where, const Text& text) {
    if (text.empty()) return;
    for (const std::string& language : languages) {
      if (text.by_language.count(language) != 0) continue;
      auto& warning = warnings.emplace_back(where);
      warning.append(" has no text in ").append(language);
      warning.append(": people of that language hear ").append(campaign.language).append(" there");
    }
  };
  for_each_text(campaign, look);
  // What is offered of a question that is shuffled is said, too.
  for (std::size_t i = 0; i < campaign.questions.size(); ++i) {
    if (!campaign.questions[i].shuffle) continue;
    const auto options = json_pointer("/questions", i) + "/options";
    for (std::size_t k = 0; k < campaign.questions[i].options.size(); ++k) {
      look(json_pointer(options, k) + "/label", campaign.questions[i].options[k].label);
    }
  }
}

// When a row's person may first be called by the hours, from `begin` and their row's own moment on;
// nothing: never.
std::optional<Instant> first_call(const ContactRow& row, const CallingHours& hours,
                                  const ZoneRules& rules, Instant begin) {
  const Instant from = std::max(begin, row.span.not_before.value_or(begin));
  const Opening opening = opening_at(hours, row.zone, rules, from);
  return opening.open ? std::optional(from) : opening.changes_at;
}

// Whether nobody can be called within the row's own limits from `begin` on.
bool never_in_time(const ContactRow& row, const CallingHours& hours, const ZoneRules& rules,
                   Instant begin) {
  if (!row.span.not_after) return false;
  const auto first = first_call(row, hours, rules, begin);
  return !first || *first >= *row.span.not_after;
}

// The text of a column in a row; empty where there is none.
std::string_view cell_of(const ContactRow& row, const std::vector<std::string>& columns,
                         std::string_view name) {
  const auto column = std::ranges::find(columns, name);
  const auto index = static_cast<std::size_t>(column - columns.begin());
  return index < row.values.size() ? std::string_view(row.values[index]) : std::string_view();
}

// Whether consent is required, and theirs is dated later than they may first be called. A row that
// says nothing of it is none that can be used.
bool consent_too_late(const ContactRow& row, const std::vector<std::string>& columns,
                      const Campaign& campaign, const ZoneRules& rules, Instant begin) {
  if (!campaign.consent.required) return false;
  const auto first = first_call(row, campaign.hours, rules, begin);
  if (!first) return false;
  const auto& source = campaign.contacts;
  const auto cell = [&](const std::string& name) {
    return name.empty() ? std::string_view() : cell_of(row, columns, name);
  };
  const OwnConsent own{cell(source.consent_source_column), cell(source.consent_date_column)};
  return why_no_consent(campaign, own, row.zone, rules, *first).has_value();
}

// Whether a query leaves the order of its rows to the database. The words are looked for wherever
// they stand: a doubt counts as an order.
bool unordered(const ContactQuery& query) {
  if (query.database.empty()) return false;
  std::string words(1, ' ');
  for (const char c : query.sql) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (letter) {
      words += static_cast<char>(c | 0x20);
    } else if (words.back() != ' ') {
      words += ' ';
    }
  }
  return (words + ' ').find(" order by ") == std::string::npos;
}

// What rows before had.
struct RowsBefore {
  std::unordered_set<std::uint64_t> numbers{};
  std::unordered_map<std::string, std::uint64_t> ids{};  // the first row of each
};

void look_at_id(Preflight& result, const ContactRow& row, std::string_view id, RowsBefore& before) {
  if (id.empty()) return;
  const auto [first, is_new] = before.ids.try_emplace(std::string(id), row.row);
  if (is_new) return;
  ++result.same_id;
  if (result.same_id_rows.size() < Preflight::same_id_shown_max) {
    result.same_id_rows.emplace_back(first->second, row.row);
  }
}

void warn_of_same_ids(const Campaign& campaign, Preflight& result) {
  if (result.same_id == 0) return;
  std::string rows;
  for (const auto& [first, row] : result.same_id_rows) {
    rows += (rows.empty() ? "" : ", ") + std::to_string(row) + " (of row " + std::to_string(first) +
            ')';
  }
  if (result.same_id > result.same_id_rows.size()) rows += " …";
  result.warnings.push_back(
      plural(result.same_id, "row has the id of another person", "rows have the ids of others") +
      ", column " + in_quotes(campaign.contacts.id_column) + ": " + rows +
      "; in the first list of a campaign each is called as a person of their own and the id means "
      "the first; of a list that comes later the first alone is taken");
}

// False: of a number of the row one before it is.
bool count_row(Preflight& result, const ContactRow& row, const Campaign& campaign,
               RowsBefore& before) {
  ++result.usable;
  ++result.by_zone[row.zone];
  ++result.by_language[row.language];
  if (!row.others.empty()) ++result.with_several;
  result.left_out_count += row.left_out.size();
  for (const auto& number : row.left_out) {
    if (result.left_out.size() < Preflight::rejected_shown_max) result.left_out.push_back(number);
  }
  const auto is_known = [&](const std::string& number) {
    return before.numbers.count(digits_of(number)) != 0;
  };
  const bool known = is_known(row.number) || std::ranges::any_of(row.others, is_known);
  if (!known) {
    before.numbers.insert(digits_of(row.number));
    for (const auto& other : row.others) before.numbers.insert(digits_of(other));
    for (const Variant& variant : campaign.variants) {
      ++result.by_variant[variant.column][value_for(variant, row.row).code];
    }
    const auto cell = [&](std::string_view name) { return cell_of(row, result.columns, name); };
    if (!campaign.contacts.id_column.empty()) {
      look_at_id(result, row, cell(campaign.contacts.id_column), before);
    }
    for (const Quota& quota : campaign.quotas) {
      result.by_quota[quota.name] += may_belong(quota, cell) ? 1U : 0U;
    }
    return true;
  }
  ++result.duplicates;
  if (result.duplicate_rows.size() < Preflight::rejected_shown_max) {
    result.duplicate_rows.push_back(row.row);
  }
  return false;
}

void count_rejected(Preflight& result, const RejectedRow& rejected) {
  ++result.rejected_count;
  ++result.rejected_by_reason[rejected.reason];
  if (result.rejected.size() < Preflight::rejected_shown_max) result.rejected.push_back(rejected);
}

}  // namespace

std::optional<std::string> warning_of_night(const CallingHours& hours) {
  if (!reach_into_night(hours)) return {};
  return "people may be called before 08:00 or after 21:00: look whether calling_hours.windows "
         "says "
         "what you mean";
}

Problems problems_of_transfers(const Campaign& campaign) {
  Problems problems;
  if (campaign.countries.empty()) return problems;
  std::set<std::string> allowed(campaign.countries.begin(), campaign.countries.end());
  for (const auto& ours : campaign.caller_ids) {
    if (const auto read = parse_phone_number(ours, {}); read.ok()) allowed.insert(read->country);
  }
  allowed.erase(std::string());
  const auto look = [&](const std::vector<std::string>& numbers, const std::string& where) {
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const auto read = parse_phone_number(numbers[i], {});
      if (read.ok() && allowed.count(read->country) != 0) continue;
      problems.push_back(
          {json_pointer(where, i),
           read.ok() ? "is of a country that is not to be called" : read.error().text,
           "name a number of one of the \"countries\", or of the country of one of the "
           "\"caller_ids\"" +
               std::string(campaign.caller_ids.empty()
                               ? "; one that stands in TRANSFER_NUMBER_MAIN alone, there too"
                               : "")});
    }
  };
  look(campaign.operators, "/replies/operator/numbers");
  look(campaign.agent.transfer, "/agent/transfer");
  return problems;
}

Preflight preflight(const CampaignFile& file, const ZoneRules& rules, std::string_view bytes,
                    Instant begin, std::uint32_t account_rate_thousandths) {
  const Campaign& campaign = file.campaign;
  Preflight result;
  warn_of_missing_languages(campaign, result.warnings);
  if (unordered(campaign.contacts.query)) {
    result.warnings.push_back(
        "contacts.query has no ORDER BY: should the database give its rows in another order one "
        "day, a submission that was broken off could not go on");
  }
  auto reader = ContactListReader::open(
      campaign, rules,
      file.inline_contacts.empty() ? bytes : std::string_view(file.inline_contacts));
  if (!reader.ok()) {
    result.problems = reader.error();
    return result;
  }
  result.columns = reader->columns();
  result.encoding = reader->encoding();
  if (reader->delimiter() != '\0') {
    result.delimiter = reader->delimiter() == '\t' ? "tab" : std::string(1, reader->delimiter());
  }

  RowsBefore before;
  ContactRow row;
  RejectedRow rejected;
  std::map<std::string, bool, std::less<>> known_zones;
  const auto never_opens = [&](const std::string& zone) {
    const auto [known, is_new] = known_zones.try_emplace(zone);
    if (is_new) {
      const Opening opening = opening_at(campaign.hours, zone, rules, begin);
      known->second = !opening.open && !opening.changes_at;
    }
    return known->second;
  };
  Instant last_not_before = begin;
  for (bool more = true; more;) {
    switch (reader->next(row, rejected)) {
      case ContactListReader::Next::row:
        // Nobody is another person by a second row.
        if (!count_row(result, row, campaign, before)) break;
        if (never_opens(row.zone)) {
          result.skipped["never_open"].add(row.row);
        } else if (never_in_time(row, campaign.hours, rules, begin)) {
          result.skipped["too_late"].add(row.row);
        } else if (consent_too_late(row, result.columns, campaign, rules, begin)) {
          result.skipped["no_consent"].add(row.row);
        }
        if (never_in_time(row, campaign.hours, rules, begin)) {
          ++result.too_late;
        } else {
          last_not_before = std::max(last_not_before, row.span.not_before.value_or(begin));
        }
        break;
      case ContactListReader::Next::rejected:
        count_rejected(result, rejected);
        break;
      case ContactListReader::Next::end:
        more = false;
        break;
    }
  }
  result.rows = result.usable + result.rejected_count;
  if (result.usable == 0) {
    result.problems.push_back(
        {campaign.contacts.file.empty() ? "/contacts" : campaign.contacts.file,
         "the list has no usable contact", "correct the rows below"});
    return result;
  }

  for (auto& problem : problems_of_transfers(campaign)) {
    result.problems.push_back(std::move(problem));
  }
  warn_of_same_ids(campaign, result);
  estimate_cost(campaign, result);
  const std::uint64_t rate =
      std::min(account_rate_thousandths, campaign.pacing.calls_per_second_thousandths);
  if (rate == 0) return result;
  const Estimate estimate(campaign, rules, begin, rate);
  result.earliest_end = estimate.earliest(result.by_zone);
  // Everybody may be one of those who come last.
  result.latest_end =
      Estimate(campaign, rules, last_not_before, rate).latest(result.by_zone, result.usable);
  if (result.earliest_end) {
    result.earliest_end = std::max(*result.earliest_end, last_not_before);
  }
  for (const Quota& quota : campaign.quotas) {
    const auto people = result.by_quota[quota.name];
    if (people >= quota.completes) continue;
    result.warnings.push_back("the quota " + in_quotes(quota.name) +
                              " cannot be filled: it wants " + std::to_string(quota.completes) +
                              ", and " + plural(people, "person", "people") +
                              " of the list may belong to it");
  }
  if (result.with_several > 0 &&
      campaign.retries.attempts_max <= campaign.contacts.other_number_columns.size()) {
    result.warnings.push_back("retries.attempts_max is " +
                              std::to_string(campaign.retries.attempts_max) +
                              ", and people have up to " +
                              std::to_string(campaign.contacts.other_number_columns.size() + 1) +
                              " numbers: the last ones are not tried");
  }
  if (result.too_late > 0) {
    result.warnings.push_back(
        plural(static_cast<std::int64_t>(result.too_late), "person", "people") +
        " will not be called: no calling hour is left before the last moment in their row");
  }
  if (const auto none = result.skipped.find("no_consent"); none != result.skipped.end()) {
    result.warnings.push_back(
        plural(static_cast<std::int64_t>(none->second.people), "person", "people") +
        " will not be called as things stand: the campaign requires consent, and theirs is dated "
        "later than the first moment at which they may be called, reckoned from " +
        rfc3339_utc(begin) + " (--start has check and a rehearsal begin at another moment)");
  }
  warn_of_night(campaign, rules, begin, result);
  for (const auto& [zone, people] : result.by_zone) {
    const Opening opening = opening_at(campaign.hours, zone, rules, begin);
    if (opening.open || opening.changes_at) continue;
    result.warnings.push_back(std::to_string(people) + " people in " + zone +
                              " can never be called: no calling hours there within a year");
  }
  if (campaign.mode == Mode::agent && campaign.machine.action == MachineAction::ignore) {
    result.warnings.push_back(
        "the agent talks to answering machines, and they count as people: say what is done with "
        "them in answering_machine.action");
  }
  if (campaign.countries.empty()) {
    result.warnings.push_back(
        "no country is named that may be called: on a real carrier the campaign is refused; name "
        "them in \"countries\" or with --countries");
  }
  return result;
}

}  // namespace campaigns
