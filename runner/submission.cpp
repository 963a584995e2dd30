#include "runner/submission.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

#include "campaigns/calendar_file.hpp"
#include "campaigns/contact_list.hpp"
#include "campaigns/json_writer.hpp"
#include "campaigns/phone_number.hpp"
#include "campaigns/words.hpp"
#include "runner/contact_query.hpp"
#include "runner/crypto.hpp"

namespace runner {

using campaigns::Problem;
using campaigns::Problems;

namespace {

constexpr std::int64_t file_bytes_max = std::int64_t{1} << 30;

}  // namespace

campaigns::Result<std::string> read_file(const std::filesystem::path& file) {
  const auto problem = [&](const std::string& what, const std::string& cure) {
    return Problems{Problem{file.string(), what, cure}};
  };
  // A pipe that nobody writes would be waited for before it could be refused.
  const int fd = open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    return problem(std::string("cannot be read: ") + std::strerror(errno),
                   "check the path and who may read the file");
  }
  struct stat status {};
  if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size > file_bytes_max) {
    close(fd);
    return problem("is no regular file of at most 1 GiB", "give the path of a file");
  }
  std::string bytes(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t have = 0;
  while (have < bytes.size()) {
    const auto got = read(fd, bytes.data() + have, bytes.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    have += static_cast<std::size_t>(got);
  }
  close(fd);
  if (have != bytes.size()) {
    return problem("changed or failed while it was being read",
                   "write it under another name and rename it when it is whole");
  }
  return bytes;
}

std::vector<std::string> read_countries(const std::string& text) {
  std::vector<std::string> countries;
  std::size_t at = 0;
  while (at <= text.size()) {
    const auto end = std::min(text.find(',', at), text.size());
    auto country = text.substr(at, end - at);
    if (!campaigns::is_phone_region(country)) {
      throw std::invalid_argument("--countries: \"" + country +
                                  "\" is no country; write them as IT,CH");
    }
    countries.push_back(std::move(country));
    at = end + 1;
  }
  return countries;
}

campaigns::Result<std::string> read_standard_input() {
  const auto problem = [](const std::string& what) {
    return Problems{Problem{"standard input", what, "give the list as a file"}};
  };
  constexpr std::size_t piece = std::size_t{1} << 16;
  std::string bytes;
  while (true) {
    const auto have = bytes.size();
    bytes.resize(have + piece);
    const auto got = read(STDIN_FILENO, bytes.data() + have, piece);
    bytes.resize(have + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return problem(std::string("cannot be read: ") + std::strerror(errno));
    if (got == 0) return bytes;
    if (bytes.size() > static_cast<std::size_t>(file_bytes_max)) {
      return problem("holds more than 1 GiB");
    }
  }
}

campaigns::Result<OtherList> other_list(const std::string& given) {
  OtherList list;
  if (given.empty()) return list;
  if (given != "-") {
    // One name for one file, whatever the working directory: it stands in the campaign.
    std::error_code ignored;
    list.file = std::filesystem::weakly_canonical(std::filesystem::absolute(given), ignored);
    if (list.file.empty()) list.file = std::filesystem::absolute(given);
    return list;
  }
  auto bytes = read_standard_input();
  if (!bytes) return bytes.error();
  list.text = std::move(bytes).value();
  return list;
}

namespace {

// The list of a campaign file, or what was given in its place; the campaign says then where that
// came from.
campaigns::Result<std::string> list_of(const std::filesystem::path& path,
                                       campaigns::CampaignFile& file, const OtherList& other) {
  auto& source = file.campaign.contacts;
  if (other.text || !other.file.empty()) {
    source.file = other.file.string();
    source.query = {};
    file.inline_contacts.clear();
  }
  if (other.text) {
    if (source.format == campaigns::ListFormat::automatic) {
      source.format = campaigns::format_of(*other.text);
    }
    return *other.text;
  }
  if (!source.query.database.empty()) return ask_for_contacts(source.query, path);
  if (!source.file.empty()) return read_file(path.parent_path() / source.file);
  if (file.inline_contacts.empty()) {
    return Problems{{path.string() + ": /contacts", "names no list",
                     R"(give it with --contacts FILE, or "-" for standard input)"}};
  }
  return file.inline_contacts;
}

}  // namespace

campaigns::Problems take_calendar(campaigns::Campaign& campaign,
                                  const std::filesystem::path& campaign_file) {
  if (campaign.hours.calendar.empty()) return {};
  const auto file = campaign_file.parent_path() / campaign.hours.calendar;
  auto bytes = read_file(file);
  if (!bytes) return bytes.error();
  auto problems = campaigns::take_calendar(campaign.hours, bytes.value());
  for (auto& problem : problems) {
    problem.where = file.string() + (problem.where.empty() ? "" : ", " + problem.where);
  }
  return problems;
}

campaigns::Result<Submission> load_submission(const std::filesystem::path& path,
                                              const SubmissionOverrides& overrides) {
  auto text = read_file(path);
  if (!text) return text.error();
  auto file = campaigns::parse_campaign_file(text.value());
  if (!file) {
    auto problems = file.error();
    for (auto& problem : problems) problem.where = path.string() + ": " + problem.where;
    return problems;
  }
  Submission submission;
  submission.file = std::move(file).value();
  auto& campaign = submission.file.campaign;
  if (auto problems = take_calendar(campaign, path); !problems.empty()) return problems;
  if (overrides.skip_bad_rows) campaign.contacts.bad_rows = campaigns::BadRows::skip;
  if (overrides.countries) campaign.countries = *overrides.countries;
  if (!overrides.encoding.empty()) campaign.contacts.encoding = overrides.encoding;
  auto list = list_of(path, submission.file, overrides.list);
  if (!list) return list.error();
  submission.contacts = std::move(list).value();
  submission.definition = campaigns::print_campaign(campaign);
  submission.definition_digest = hex(sha256(submission.definition));
  submission.contacts_digest = hex(sha256(submission.contacts));
  return submission;
}

campaigns::Preflight check_submission(const Submission& submission,
                                      const campaigns::ZoneRules& rules, campaigns::Instant begin,
                                      std::uint32_t account_rate_thousandths) {
  auto report = campaigns::preflight(submission.file, rules, submission.contacts, begin,
                                     account_rate_thousandths);
  for (const auto& barred : submission.file.barred) {
    const auto told = [&](const Problem& problem) { return problem.where == barred.where; };
    if (std::ranges::any_of(report.problems, told)) continue;
    report.problems.push_back(barred);
  }
  return report;
}

std::optional<std::string> reason_not_to_enrol(const Submission& submission,
                                               const campaigns::Preflight& report, bool real) {
  if (real && submission.file.campaign.countries.empty()) {
    return "no country may be called: name those that may in \"countries\" or with --countries";
  }
  if (!report.problems.empty()) return "the campaign cannot begin as it stands";
  if (report.usable == 0) return "the list has no usable contact";
  if (report.rejected_count > 0 &&
      submission.file.campaign.contacts.bad_rows == campaigns::BadRows::refuse) {
    return std::to_string(report.rejected_count) +
           " rows cannot be used: mend them, or say bad_rows \"skip\" in the campaign file or "
           "--skip-bad-rows to enrol the others";
  }
  return {};
}

void append_rejected(std::string& out, const std::vector<campaigns::RejectedRow>& rows) {
  out += '[';
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (i) out += ',';
    campaigns::JsonObject row(out);
    row.member("row", static_cast<std::int64_t>(rows[i].row))
        .member("column", rows[i].column)
        .member("reason", rows[i].reason)
        .member("what", rows[i].what);
    row.close();
  }
  out += ']';
}

std::string taken_json(const campaigns::Preflight& report) {
  std::string text;
  campaigns::JsonObject object(text);
  object.member("rows", static_cast<std::int64_t>(report.rows))
      .member("people", static_cast<std::int64_t>(report.usable - report.duplicates))
      .member("duplicates", static_cast<std::int64_t>(report.duplicates))
      .member("rejected", static_cast<std::int64_t>(report.rejected_count))
      .member("numbers_left_out", static_cast<std::int64_t>(report.left_out_count));
  auto left_out = report.rejected;
  left_out.insert(left_out.end(), report.left_out.begin(), report.left_out.end());
  append_rejected(object.open("left_out"), left_out);
  object.member("warnings", report.warnings);
  object.close();
  return text;
}

std::string taken_text(const nlohmann::json& taken, const std::string& campaign) {
  using campaigns::plural;
  const auto count = [&](const char* name) { return taken.value(name, std::uint64_t{0}); };
  if (count("rows") == 0) return {};
  auto text = campaign + ": " + plural(count("rows"), "row", "rows") + ", " +
              plural(count("people"), "person", "people") + ", " +
              plural(count("duplicates"), "duplicate", "duplicates") + ", " +
              std::to_string(count("rejected")) + " cannot be used\n";
  const auto left_out = taken.value("left_out", nlohmann::json::array());
  for (const auto& row : left_out) {
    const auto column = row.value("column", "");
    text += "left out: row " + std::to_string(row.value("row", std::uint64_t{0})) +
            (column.empty() ? "" : ", column " + column) + ": " + row.value("what", "") + '\n';
  }
  const auto all = count("rejected") + count("numbers_left_out");
  if (all > left_out.size()) text += "and " + std::to_string(all - left_out.size()) + " more\n";
  return text;
}

std::string_view ListedContact::value(std::string_view column) const {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i] == column) return values[i];
  }
  return {};
}

campaigns::Result<ListedContact> find_listed(const Submission& submission,
                                             const campaigns::ZoneRules& rules,
                                             const std::string& id) {
  const auto& campaign = submission.file.campaign;
  auto reader = campaigns::ContactListReader::open(campaign, rules, submission.contacts);
  if (!reader) return reader.error();
  campaigns::ContactRow row;
  campaigns::RejectedRow rejected;
  using Next = campaigns::ContactListReader::Next;
  std::uint64_t ordinal = 0;
  for (auto next = reader->next(row, rejected); next != Next::end;
       next = reader->next(row, rejected)) {
    if (next == Next::rejected) {
      const auto place = "row " + std::to_string(rejected.row);
      if ("row:" + std::to_string(rejected.row) != id) continue;
      return Problems{{place, "cannot be used: " + rejected.what, ""}};
    }
    ++ordinal;
    ListedContact contact{row.number,
                          row.language,
                          row.zone,
                          reader->columns(),
                          {row.values.begin(), row.values.end()}};
    const bool by_id = campaign.contacts.id_column.empty()
                           ? std::to_string(ordinal) == id
                           : contact.value(campaign.contacts.id_column) == id;
    if (by_id || "row:" + std::to_string(row.row) == id) return contact;
  }
  return Problems{{"", "no usable contact with the id \"" + id + "\"",
                   "give a value of the id column, or row:N for a row of the list"}};
}

}  // namespace runner
