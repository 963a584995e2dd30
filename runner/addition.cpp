#include "runner/addition.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "campaigns/json_writer.hpp"
#include "campaigns/preflight.hpp"
#include "campaigns/words.hpp"
#include "runner/crypto.hpp"
#include "runner/enrolment.hpp"
#include "runner/submission.hpp"

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
  const auto bytes =
      order.bytes ? campaigns::Result<std::string>(*order.bytes) : read_file(order.name);
  if (!bytes) return bytes.error();
  auto as_read = campaign;
  if (!order.encoding.empty()) as_read.contacts.encoding = order.encoding;
  as_read.contacts.bad_rows =
      order.skip_bad_rows ? campaigns::BadRows::skip : campaigns::BadRows::refuse;
  as_read.contacts.query = {};
  as_read.contacts.file = order.name;
  as_read.contacts.format = order.format == campaigns::ListFormat::automatic && order.name.empty()
                                ? campaigns::format_of(bytes.value())
                                : order.format;
  auto reader = ContactListReader::open(as_read, rules, bytes.value());
  if (!reader) return reader.error();
  auto places = places_of(columns, reader->columns());
  if (!places) return places.error();
  ReadAddition read;
  read.digest = hex(sha256(bytes.value()));
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

namespace {

// As things stand their person is not called.
bool is_suppressed(const campaigns::State& state, const campaigns::EnrolRows::Row& row,
                   campaigns::Instant now) {
  std::vector<campaigns::NumberKey> keys{row.key};
  for (const auto& other : row.others) keys.push_back(other.key);
  return keeps_from_calling(state.suppression, keys, now);
}

}  // namespace

Addition::Addition(const campaigns::Campaign& campaign, const std::vector<std::string>& columns,
                   ReadAddition read)
    : campaign_(campaign.id),
      read_(std::move(read)),
      search_(read_.rows, campaigns::place_of_id(campaign, columns)),
      command_(empty_command()) {
  report_.rejected = read_.rejected;
  report_.rejected_count = read_.rejected_count;
  report_.numbers_left_out = read_.numbers_left_out;
  command_.rejected = read_.rejected_count;
}

campaigns::AddContacts Addition::empty_command() const {
  campaigns::AddContacts command;
  command.campaign = campaign_;
  command.list_digest = read_.digest;
  return command;
}

bool Addition::prepare(const campaigns::State& state, campaigns::CampaignIndex index,
                       campaigns::Instant now) {
  using campaigns::KnownBy;
  if (search_.looked_at() < state.queue.campaigns[index].contacts.size()) {
    ahead_ = 0;
    if (!search_.look(state, index, people_looked_at_max)) return false;
  }
  const auto end = std::min(row_ + rows_looked_at_max, read_.rows.size());
  for (; row_ < end; ++row_) {
    auto& row = read_.rows[row_];
    const auto known = search_.known(row);
    if (known == KnownBy::nobody && command_.rows.size() == rows_max) return true;
    report_.suppressed += is_suppressed(state, row, now) ? 1U : 0U;
    report_.renumbered += known == KnownBy::id ? 1U : 0U;
    if (known != KnownBy::nobody) {
      if (auto move = search_.move_of(state, index, row)) moves_.push_back(std::move(*move));
      ++command_.known;
      continue;
    }
    // Whoever is added between this moment and the command's is compared when it is carried out.
    if (command_.rows.empty()) {
      command_.compared = search_.looked_at() + static_cast<std::uint32_t>(ahead_);
    }
    search_.add(row);
    command_.rows.push_back(std::move(row));
  }
  return row_ == read_.rows.size();
}

std::optional<campaigns::AddContacts> Addition::next() {
  if (command_.rows.empty()) return {};
  ahead_ += command_.rows.size();
  return std::exchange(command_, empty_command());
}

std::optional<campaigns::MovePeople> Addition::next_moves() {
  if (moves_.empty()) return {};
  const auto count = std::min(rows_max, moves_.size());
  const auto end = moves_.begin() + static_cast<std::ptrdiff_t>(count);
  campaigns::MovePeople command{campaign_, {moves_.begin(), end}};
  moves_.erase(moves_.begin(), end);
  report_.moved += count;
  return command;
}

std::string addition_json(const AdditionReport& report) {
  std::string text;
  campaigns::JsonObject object(text);
  object.member("added", static_cast<std::int64_t>(report.added))
      .member("known", static_cast<std::int64_t>(report.known))
      .member("renumbered", static_cast<std::int64_t>(report.renumbered))
      .member("moved", static_cast<std::int64_t>(report.moved))
      .member("suppressed", static_cast<std::int64_t>(report.suppressed))
      .member("rejected", static_cast<std::int64_t>(report.rejected_count))
      .member("numbers_left_out", static_cast<std::int64_t>(report.numbers_left_out));
  append_rejected(object.open("rows"), report.rejected);
  object.close();
  return text;
}

AdditionReport read_addition_json(const std::string& answer) {
  const auto told = nlohmann::json::parse(answer);
  AdditionReport report;
  report.added = told.value("added", std::uint64_t{0});
  report.known = told.value("known", std::uint64_t{0});
  report.renumbered = told.value("renumbered", std::uint64_t{0});
  report.moved = told.value("moved", std::uint64_t{0});
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
  if (report.moved != 0) {
    text += "  of these " + plural(report.moved, "is", "are") +
            " in another time zone by the list, and called by its clock from now on\n";
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
