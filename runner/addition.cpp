#include "runner/addition.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "campaigns/json_writer.hpp"
#include "campaigns/known_people.hpp"
#include "campaigns/preflight.hpp"
#include "campaigns/words.hpp"
#include "runner/crypto.hpp"
#include "runner/enrolment.hpp"

namespace runner {

using campaigns::ContactListReader;
using campaigns::Problem;
using campaigns::Problems;

namespace {

// Where each of the campaign's columns stands in the new list, or what is wrong with those.
campaigns::Result<std::vector<std::size_t>> places_of(const std::vector<std::string>& wanted,
                                                      const std::vector<std::string>& given) {
  std::vector<std::size_t> places;
  Problems problems;
  for (const auto& column : wanted) {
    const auto found = std::find(given.begin(), given.end(), column);
    if (found == given.end()) {
      problems.push_back({"column " + column, "the list lacks a column of the campaign's", ""});
    }
    places.push_back(static_cast<std::size_t>(found - given.begin()));
  }
  for (const auto& column : given) {
    if (std::find(wanted.begin(), wanted.end(), column) == wanted.end()) {
      problems.push_back({"column " + column, "the campaign's list has no such column",
                          "leave it out, or submit the list under another id"});
    }
  }
  if (!problems.empty()) return problems;
  return places;
}

Problem problem_of(const campaigns::RejectedRow& row) {
  return {"row " + std::to_string(row.row) + (row.column.empty() ? "" : ", column " + row.column),
          row.what, ""};
}

}  // namespace

campaigns::Result<ReadAddition> read_addition(const campaigns::Campaign& campaign,
                                              const std::vector<std::string>& columns,
                                              const campaigns::ZoneRules& rules,
                                              const LogKeys& keys, const AdditionOrder& order) {
  auto as_read = campaign;
  if (!order.encoding.empty()) as_read.contacts.encoding = order.encoding;
  as_read.contacts.bad_rows =
      order.skip_bad_rows ? campaigns::BadRows::skip : campaigns::BadRows::refuse;
  as_read.contacts.query = {};
  as_read.contacts.file = order.name;
  as_read.contacts.format = order.format == campaigns::ListFormat::automatic && order.name.empty()
                                ? campaigns::format_of(order.bytes)
                                : order.format;
  auto reader = ContactListReader::open(as_read, rules, order.bytes);
  if (!reader) return reader.error();
  auto places = places_of(columns, reader->columns());
  if (!places) return places.error();
  ReadAddition read;
  read.digest = hex(sha256(order.bytes));
  const auto show = [&read](const campaigns::RejectedRow& bad) {
    if (read.rejected.size() < campaigns::Preflight::rejected_shown_max) {
      read.rejected.push_back(bad);
    }
  };
  campaigns::ContactRow row;
  campaigns::RejectedRow rejected;
  for (bool more = true; more;) {
    switch (reader->next(row, rejected)) {
      case ContactListReader::Next::row: {
        read.numbers_left_out += row.left_out.size();
        for (const auto& number : row.left_out) show(number);
        auto person = row_to_enrol(row, keys);
        for (const auto place : places.value()) person.values.emplace_back(row.values[place]);
        read.rows.push_back(std::move(person));
        break;
      }
      case ContactListReader::Next::rejected:
        show(rejected);
        ++read.rejected_count;
        break;
      case ContactListReader::Next::end:
        more = false;
        break;
    }
  }
  if (read.rejected_count > 0 && !order.skip_bad_rows) {
    Problems problems;
    for (const auto& bad : read.rejected) problems.push_back(problem_of(bad));
    problems.push_back({"",
                        campaigns::plural(read.rejected_count, "row", "rows") +
                            " cannot be used: nobody was added",
                        "mend them, or add the others with --skip-bad-rows"});
    return problems;
  }
  if (read.rows.empty()) {
    return Problems{{"", "the list has no usable contact", ""}};
  }
  return read;
}

Addition addition_of(const campaigns::State& state, campaigns::CampaignIndex index,
                     ReadAddition read) {
  using campaigns::KnownBy;
  const auto known = campaigns::known_people(state, index, read.rows);
  Addition addition;
  campaigns::AddContacts command;
  const auto begin = [&] {
    command = {};
    command.campaign = state.book.at(index).definition->id;
    command.list_digest = read.digest;
    command.compared = static_cast<std::uint32_t>(state.queue.campaigns[index].contacts.size());
  };
  begin();
  command.rejected = read.rejected_count;
  command.known =
      known.size() - static_cast<std::uint64_t>(std::ranges::count(known, KnownBy::nobody));
  addition.renumbered = static_cast<std::uint64_t>(std::ranges::count(known, KnownBy::id));
  for (std::size_t i = 0; i < read.rows.size(); ++i) {
    if (known[i] != KnownBy::nobody) continue;
    command.rows.push_back(std::move(read.rows[i]));
    if (command.rows.size() < addition_rows_max) continue;
    addition.commands.push_back(std::move(command));
    begin();
  }
  if (!command.rows.empty()) addition.commands.push_back(std::move(command));
  return addition;
}

std::uint64_t suppressed_in(const campaigns::State& state, const ReadAddition& read,
                            campaigns::Instant now) {
  return static_cast<std::uint64_t>(std::ranges::count_if(read.rows, [&](const auto& row) {
    std::vector<campaigns::NumberKey> keys{row.key};
    for (const auto& other : row.others) keys.push_back(other.key);
    return keeps_from_calling(state.suppression, keys, now);
  }));
}

std::string addition_json(const AdditionReport& report) {
  std::string text;
  campaigns::JsonObject object(text);
  object.member("added", static_cast<std::int64_t>(report.added))
      .member("known", static_cast<std::int64_t>(report.known))
      .member("renumbered", static_cast<std::int64_t>(report.renumbered))
      .member("suppressed", static_cast<std::int64_t>(report.suppressed))
      .member("rejected", static_cast<std::int64_t>(report.rejected_count))
      .member("numbers_left_out", static_cast<std::int64_t>(report.numbers_left_out));
  auto& rows = object.open("rows");
  rows += '[';
  for (std::size_t i = 0; i < report.rejected.size(); ++i) {
    if (i != 0) rows += ',';
    const auto& rejected = report.rejected[i];
    campaigns::JsonObject row(rows);
    row.member("row", static_cast<std::int64_t>(rejected.row))
        .member("column", rejected.column)
        .member("reason", rejected.reason)
        .member("what", rejected.what);
    row.close();
  }
  rows += ']';
  object.close();
  return text;
}

AdditionReport read_addition_json(const std::string& answer) {
  const auto told = nlohmann::json::parse(answer);
  AdditionReport report;
  report.added = told.value("added", std::uint64_t{0});
  report.known = told.value("known", std::uint64_t{0});
  report.renumbered = told.value("renumbered", std::uint64_t{0});
  report.suppressed = told.value("suppressed", std::uint64_t{0});
  report.rejected_count = told.value("rejected", std::uint64_t{0});
  report.numbers_left_out = told.value("numbers_left_out", std::uint64_t{0});
  for (const auto& row : told.at("rows")) {
    report.rejected.push_back({row.value("row", std::uint64_t{0}), row.value("column", ""),
                               row.value("reason", ""), row.value("what", "")});
  }
  return report;
}

std::string addition_text(const AdditionReport& report, const std::string& campaign) {
  using campaigns::plural;
  std::string text = campaign + ": " + plural(report.added, "person was", "people were") +
                     " added, " + plural(report.known, "was", "were") + " in it already\n";
  if (report.renumbered != 0) {
    text += "  of these " + plural(report.renumbered, "has", "have") +
            " another number in the list: the one that they were enrolled with stays\n";
  }
  if (report.suppressed != 0) {
    text += plural(report.suppressed, "number is", "numbers are") +
            " suppressed: they are not called\n";
  }
  for (const auto& rejected : report.rejected) {
    const auto problem = problem_of(rejected);
    text += "left out: " + problem.where + ": " + problem.what + '\n';
  }
  const auto left_out = report.rejected_count + report.numbers_left_out;
  if (left_out > report.rejected.size()) {
    text += "and " + std::to_string(left_out - report.rejected.size()) + " more\n";
  }
  return text;
}

}  // namespace runner
