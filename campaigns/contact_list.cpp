#include "campaigns/contact_list.hpp"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>

#include "campaigns/campaign_file.hpp"
#include "campaigns/csv.hpp"
#include "campaigns/encoding.hpp"
#include "campaigns/json_text.hpp"
#include "campaigns/option_order.hpp"
#include "campaigns/phone_number.hpp"
#include "campaigns/templates.hpp"
#include "campaigns/variants.hpp"
#include "campaigns/words.hpp"

namespace campaigns {

namespace {

bool has_nul(std::string_view text) {
  return text.find('\0') != std::string_view::npos;
}

std::uint64_t line_of(std::string_view bytes, std::size_t at) {
  std::uint64_t line = 1;
  for (std::size_t i = 0; i < at; ++i) {
    if (bytes[i] == '\n' || (bytes[i] == '\r' && bytes[i + 1] != '\n')) ++line;
  }
  return line;
}

// "it_IT", "IT-it" and "it-IT" are one.
std::string plain_language(std::string_view tag) {
  std::string out;
  for (const char c : tag) {
    out += c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c == '_' ? '-' : c;
  }
  return out;
}

// The languages a person can be spoken to in.
std::vector<std::string> language_tags_of(const Campaign& campaign) {
  std::set<std::string> tags{campaign.language};
  for_each_text(campaign, [&tags](const std::string& /*where*/, const Text& text) {
    for (const auto& [tag, words] : text.by_language) tags.insert(tag);
  });
  return {tags.begin(), tags.end()};
}

constexpr std::string_view contact_is_an_object =
    "a contact is an object with its columns as members";
constexpr std::string_view utf8_mark = "\xEF\xBB\xBF";

// A file without its marks: the byte order mark of UTF-8 and the line "sep=;" that Excel heeds.
struct Opened {
  std::string_view rest{};
  Encoding encoding = Encoding::utf8;
  char delimiter = ',';
  std::uint64_t first_line = 1;
};

// What a problem of the whole list stands at.
std::string place_of(const ContactSource& source) {
  if (!source.file.empty()) return source.file;
  return source.query.database.empty() ? "/contacts" : "/contacts/query/sql";
}

std::string_view without_mark(std::string_view bytes) {
  return bytes.starts_with(utf8_mark) ? bytes.substr(utf8_mark.size()) : bytes;
}

Result<std::string> utf8_of_utf16(const ContactSource& source, std::string_view bytes) {
  if (source.encoding != "auto") {
    return Problems{{place_of(source),
                     "the file is marked as UTF-16, the campaign says " + source.encoding,
                     R"(set "encoding": "auto")"}};
  }
  auto text = from_marked_utf16(bytes);
  if (text) return std::move(*text);
  return Problems{{place_of(source), "the file is UTF-16, and a letter of it is cut in two",
                   "save the list as \"CSV UTF-8\""}};
}

// What the bytes of a list that leaves it open are.
Result<Encoding> find_encoding(const std::string& where, std::string_view bytes) {
  const auto detected = detect_encoding(bytes);
  if (detected == Encoding::utf8) return *detected;
  const std::string line = "line " + std::to_string(line_of(bytes, first_invalid_utf8(bytes)));
  if (is_broken_utf8(bytes)) {
    return Problems{{where, line + " is not UTF-8, though others are",
                     "look there for a letter that was cut in two, and save the list as \"CSV "
                     "UTF-8\"; or name its \"encoding\""}};
  }
  if (!detected) {
    return Problems{{where, "the file is neither UTF-8 (" + line + ") nor Windows-1252",
                     "save the list as \"CSV UTF-8\""}};
  }
  if (const auto at = first_mac_letter(bytes); at != std::string_view::npos) {
    return Problems{{where,
                     "line " + std::to_string(line_of(bytes, at)) +
                         " has a letter of Mac OS Roman, which is not read",
                     "save the list as \"CSV UTF-8\"; if it is Windows-1252 all the same, say "
                     "\"encoding\": \"windows-1252\""}};
  }
  return *detected;
}

Result<Opened> open_bytes(const ContactSource& source, std::string_view bytes) {
  const std::string where = place_of(source);
  const auto problem = [&where](std::string what, std::string cure) {
    return Problems{{where, std::move(what), std::move(cure)}};
  };
  Opened opened;
  const bool marked = bytes.substr(0, utf8_mark.size()) == utf8_mark;
  opened.rest = marked ? bytes.substr(utf8_mark.size()) : bytes;
  if (source.encoding == "windows-1252") {
    if (marked) {
      return problem("the file is marked as UTF-8, the campaign says windows-1252",
                     R"(set "encoding": "auto" or "utf-8")");
    }
    opened.encoding = Encoding::windows_1252;
    if (const auto at = first_undefined_1252(bytes); at != std::string_view::npos) {
      return problem("line " + std::to_string(line_of(bytes, at)) +
                         " has a byte that Windows-1252 does not have",
                     "save the list as \"CSV UTF-8\" and set \"encoding\": \"utf-8\"");
    }
  } else if (source.encoding == "utf-8" || marked) {
    if (const auto at = first_invalid_utf8(bytes); at != std::string_view::npos) {
      return problem("line " + std::to_string(line_of(bytes, at)) + " is not UTF-8",
                     "save the list as \"CSV UTF-8\", or name its \"encoding\"");
    }
  } else {
    const auto found = find_encoding(where, bytes);
    if (!found) return found.error();
    opened.encoding = found.value();
  }

  char told = '\0';
  if (opened.rest.substr(0, 4) == "sep=" && opened.rest.size() > 6) {
    const auto end = opened.rest.find('\n');
    if ((end == 5 || (end == 6 && opened.rest[5] == '\r')) &&
        std::string_view("\r\"").find(opened.rest[4]) == std::string_view::npos) {
      told = opened.rest[4];
      opened.rest.remove_prefix(end + 1);
      opened.first_line = 2;
    }
  }
  if (source.delimiter == "tab") {
    opened.delimiter = '\t';
  } else if (source.delimiter.size() == 1) {
    opened.delimiter = source.delimiter.front();
  } else {
    opened.delimiter = told != '\0' ? told : detect_delimiter(opened.rest);
  }
  return opened;
}

// The bytes of a JSON list without their mark, or why they cannot be one.
Result<std::string_view> open_json(const ContactSource& source, std::string_view bytes) {
  if (is_marked_utf16(bytes))
    return Problems{{place_of(source), "the file is UTF-16", "save it as UTF-8"}};
  if (source.encoding == "windows-1252") {
    return Problems{{place_of(source),
                     "JSON is UTF-8, the campaign or --encoding says windows-1252",
                     R"(save the list as UTF-8 and leave "encoding" out)"}};
  }
  return without_mark(bytes);
}

// Finds a name by its letters, without a copy of them.
struct ColumnHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view name) const {
    return std::hash<std::string_view>{}(name);
  }
};

}  // namespace

ListFormat format_of(const ContactSource& source) {
  if (!source.query.database.empty()) return ListFormat::jsonl;
  if (source.format != ListFormat::automatic) return source.format;
  if (source.file.empty()) return ListFormat::json;
  const auto dot = source.file.rfind('.');
  std::string ending;
  for (const char c : dot == std::string::npos ? "" : source.file.substr(dot)) {
    ending += c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  }
  if (ending == ".json") return ListFormat::json;
  return ending == ".jsonl" || ending == ".ndjson" ? ListFormat::jsonl : ListFormat::csv;
}

ListFormat format_of(std::string_view bytes) {
  bytes = without_mark(bytes);
  const auto first = bytes.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return ListFormat::csv;
  if (bytes[first] == '[') return ListFormat::json;
  return bytes[first] == '{' ? ListFormat::jsonl : ListFormat::csv;
}

struct ContactListReader::Block {
  static constexpr std::size_t nowhere = static_cast<std::size_t>(-1);

  Block(const Campaign& its_campaign, const ZoneRules& its_rules)
      : campaign(its_campaign), rules(its_rules) {}

  // What holds for every form of list.
  Problems prepare();
  bool accept(ContactRow& row, RejectedRow& rejected);
  bool read_numbers(ContactRow& row, RejectedRow& rejected);
  std::optional<RejectedRow> read_number(const ContactRow& row, std::size_t column,
                                         PhoneNumber& into) const;
  std::optional<std::string> zone_of_country(const std::string& country) const;
  bool place(ContactRow& row, RejectedRow& rejected);
  struct MomentColumns {
    std::size_t date = nowhere;
    std::size_t time = nowhere;
  };
  std::optional<std::size_t> read_moment(const MomentColumns& from, const ContactRow& row,
                                         bool whole_day, std::optional<Instant>& into) const;
  const std::string* language_for(std::string_view value) const;
  void draw(ContactRow& row);
  std::size_t column_named(std::string_view name) const;
  std::string column_name(std::size_t index) const {
    return index < columns.size() ? columns[index] : std::string{};
  }

  Problems open(std::string_view bytes);
  Problems read_header(std::string_view bytes, std::uint64_t first_line);
  std::string text_of(std::string_view field) const;
  std::uint64_t later_header(std::string_view bytes, std::uint64_t first_line) const;
  Next next_csv(ContactRow& row, RejectedRow& rejected);
  bool read_fields(ContactRow& row, RejectedRow& rejected);
  void tell_fault(CsvReader::Next fault, RejectedRow& rejected) const;
  std::string about_quotes() const;

  Problems open_array(std::string_view bytes);
  Next next_of_array(ContactRow& row, RejectedRow& rejected);
  Problems open_lines(std::string_view bytes);
  Next next_of_lines(ContactRow& row, RejectedRow& rejected);
  std::optional<std::string_view> take_line();
  // Why a line is no row.
  struct LineFault {
    const char* reason = "";
    std::string what{};
  };
  std::optional<LineFault> read_line(std::string_view text, simdjson::dom::object& object);
  void gather_columns(simdjson::dom::object object);
  Problems check_columns();
  bool read_object(simdjson::dom::object object, ContactRow& row, RejectedRow& rejected);

  const Campaign& campaign;
  const ZoneRules& rules;
  std::vector<std::string> columns{};  // of the list, and behind them the variants'
  std::size_t list_columns = 0;        // so many of them are the list's
  std::size_t used_columns = 0;        // behind so many there is none that the campaign names
  std::string encoding_name{};
  char delimiter = '\0';
  std::vector<std::size_t> number_columns{};
  std::size_t language_column = nowhere;
  std::size_t zone_column = nowhere;
  std::size_t consent_source = nowhere;
  std::size_t consent_date = nowhere;
  std::size_t priority_column = nowhere;
  MomentColumns not_before{};
  MomentColumns not_after{};

  // A language with what its texts need: columns that must not be empty.
  struct Language {
    std::string tag{};
    std::string plain{};
    std::vector<std::size_t> needed{};
  };
  std::vector<Language> languages{};

  ListFormat format = ListFormat::csv;

  // CSV.
  std::string from_utf16{};  // the list, if it was UTF-16
  CsvReader csv{std::string_view{}, ','};
  Encoding encoding = Encoding::utf8;
  bool nul_somewhere = false;
  std::string decoded{};  // of the current record; reserved before it is filled

  // JSON.
  simdjson::dom::parser parser{};
  simdjson::dom::array array{};
  simdjson::dom::array::iterator at{};
  simdjson::dom::array::iterator end{};
  std::string_view rest{};    // lines that are not read yet
  std::uint64_t ordinal = 0;  // of the element or line that was read last
  std::unordered_map<std::string, std::size_t, ColumnHash, std::equal_to<>> column_indexes{};
  std::vector<std::string> written{};  // numbers as text, of the current row
  std::vector<bool> given{};           // which columns the current row has
  std::vector<bool> decimal{};  // and in which it has a number with a fraction or an exponent
  // The usable numbers of the current row.
  struct UsableNumber {
    std::size_t column = 0;
    PhoneNumber phone{};
  };
  std::vector<UsableNumber> usable{};

  std::deque<std::string> orders{};  // of the shuffled questions, for the current row
};

// ---- every form

std::size_t ContactListReader::Block::column_named(std::string_view name) const {
  const auto found = std::find(columns.begin(), columns.end(), name);
  return found == columns.end() ? nowhere : static_cast<std::size_t>(found - columns.begin());
}

// Finds the columns that the campaign names, and says which are not there.
Problems ContactListReader::Block::prepare() {
  Problems problems;
  list_columns = columns.size();
  const ContactSource& source = campaign.contacts;
  const auto need = [&](const std::string& where, std::string_view name) {
    const std::size_t index = column_named(name);
    if (index < list_columns) used_columns = std::max(used_columns, index + 1);
    if (index != nowhere) return index;
    const std::string near = nearest_name(name, columns);
    problems.push_back({where,
                        "the list has no column " + in_quotes(name) +
                            (near.empty() ? "" : "; did you mean " + in_quotes(near) + "?"),
                        "name a column that the list has"});
    return nowhere;
  };
  if (source.other_number_columns.empty()) {
    number_columns = {need("/contacts/columns/number", source.number_column)};
  } else {
    number_columns = {need("/contacts/columns/number/0", source.number_column)};
    for (const auto& name : source.other_number_columns) {
      number_columns.push_back(
          need(json_pointer("/contacts/columns/number", number_columns.size()), name));
    }
  }
  if (!source.id_column.empty()) need("/contacts/columns/id", source.id_column);
  if (!source.language_column.empty()) {
    language_column = need("/contacts/columns/language", source.language_column);
  }
  if (!source.zone_column.empty()) {
    zone_column = need("/contacts/columns/zone", source.zone_column);
  }
  if (!source.priority_column.empty()) {
    priority_column = need("/contacts/columns/priority", source.priority_column);
  }
  if (!source.consent_source_column.empty()) {
    consent_source = need("/contacts/columns/consent_source", source.consent_source_column);
  }
  if (!source.consent_date_column.empty()) {
    consent_date = need("/contacts/columns/consent_date", source.consent_date_column);
  }
  const auto need_moment = [&](const std::string& where, const std::vector<std::string>& names,
                               MomentColumns& into) {
    if (!names.empty()) into.date = need(where, names.front());
    if (names.size() > 1) into.time = need(where, names.back());
  };
  need_moment("/contacts/columns/not_before", source.not_before_columns, not_before);
  need_moment("/contacts/columns/not_after", source.not_after_columns, not_after);
  // From here on, and so none of the columns above is one of these.
  const auto gain = [&](std::string column, const std::string& where, const char* cure) {
    if (column_named(column) != nowhere) {
      problems.push_back({where, "the list has a column " + in_quotes(column) + " already", cure});
    }
    columns.push_back(std::move(column));
  };
  for (std::size_t i = 0; i < campaign.variants.size(); ++i) {
    for (std::string& column : columns_of(campaign.variants[i])) {
      gain(std::move(column), json_pointer("/variants", i) + "/column",
           "name the variant otherwise");
    }
  }
  for (std::size_t i = 0; i < campaign.questions.size(); ++i) {
    if (!campaign.questions[i].shuffle) continue;
    gain(order_column_of(campaign.questions[i]), json_pointer("/questions", i) + "/id",
         "it is where the order of the options stands: rename the list's");
  }
  for (const TemplateUse& use : template_uses(campaign)) need(use.where, use.name);
  for (const TemplateUse& use : tested_columns(campaign)) need(use.where, use.name);
  for (std::size_t i = 0; i < campaign.result_columns.size(); ++i) {
    need(json_pointer("/results/columns", i), campaign.result_columns[i].column);
  }
  for (const auto& [where, zone] : {std::pair{"/contacts/zone", source.zone},
                                    std::pair{"/calling_hours/zone", campaign.hours.zone}}) {
    if (zone.empty() || rules.knows(zone)) continue;
    problems.push_back(
        {where, "there is no time zone " + in_quotes(zone), R"(write it like "Europe/Rome")"});
  }

  for (std::string& tag : language_tags_of(campaign)) {
    Language language{tag, plain_language(tag), {}};
    for_each_text(campaign, [&](const std::string& /*where*/, const Text& text) {
      for (const std::string& name : names_in_template(text.in(tag, campaign.language))) {
        const std::size_t index = column_named(name);
        if (index != nowhere) language.needed.push_back(index);
      }
    });
    std::sort(language.needed.begin(), language.needed.end());
    language.needed.erase(std::unique(language.needed.begin(), language.needed.end()),
                          language.needed.end());
    languages.push_back(std::move(language));
  }
  return problems;
}

// The tag of the campaign that fits best: the same one; else one of the same language, the
// campaign's own before others ("it", "it-CH" where there are texts in "it-IT").
const std::string* ContactListReader::Block::language_for(std::string_view value) const {
  const std::string wanted = plain_language(value);
  const std::string primary = wanted.substr(0, wanted.find('-'));
  const std::string* near = nullptr;
  for (const Language& language : languages) {
    if (language.plain == wanted) return &language.tag;
    const std::string_view its = std::string_view(language.plain);
    if (its.substr(0, its.find('-')) != primary) continue;
    if (near == nullptr || language.tag == campaign.language) near = &language.tag;
  }
  return near;
}

// The number in a cell; or why it cannot be called.
std::optional<RejectedRow> ContactListReader::Block::read_number(const ContactRow& row,
                                                                 std::size_t column,
                                                                 PhoneNumber& into) const {
  const auto value = row.values[column];
  auto number = parse_phone_number(value, campaign.contacts.region);
  // The point of such a number would pass for a blank between digits. Where it is so long that it
  // has an exponent, the refusal of that says more.
  if (column < decimal.size() && decimal[column] && value.find('e') == std::string_view::npos) {
    number = decimal_number();
  }
  if (!number.ok()) {
    return RejectedRow{row.row, column_name(column), number.error().code, number.error().text};
  }
  into = std::move(number).value();
  const auto& own = campaign.caller_ids;
  if (std::ranges::find(own, into.e164) != own.end()) {
    return RejectedRow{row.row, column_name(column), "own_number",
                       "the number is one of the campaign's own \"caller_ids\"; it is not called"};
  }
  const auto& allowed = campaign.countries;
  if (allowed.empty() || std::ranges::find(allowed, into.country) != allowed.end()) return {};
  return RejectedRow{
      row.row, column_name(column), "country",
      "the number belongs to a country that is not to be called; add it to \"countries\" or "
      "--countries if it is"};
}

// Those of the row's numbers that can be called; or why none can.
bool ContactListReader::Block::read_numbers(ContactRow& row, RejectedRow& rejected) {
  usable.clear();
  row.left_out.clear();
  for (const std::size_t column : number_columns) {
    UsableNumber number{column, {}};
    if (auto bad = read_number(row, column, number.phone)) {
      if (number_columns.size() > 1 && bad->reason == no_number) continue;
      row.left_out.push_back(std::move(*bad));
    } else if (std::ranges::find(usable, number.phone.e164, [](const UsableNumber& other) {
                 return other.phone.e164;
               }) == usable.end()) {
      usable.push_back(std::move(number));
    }
  }
  if (usable.empty() && row.left_out.empty()) {
    rejected = {row.row, column_name(number_columns.front()), no_number,
                "there is a phone number in none of the columns for one"};
    return false;
  }
  if (usable.empty()) {
    rejected = std::move(row.left_out.front());
    return false;
  }
  row.country = usable.front().phone.country;
  return true;
}

// The time zone of whoever has a number of this country and says none; nothing: it is not known.
// The zone named for everybody is none of theirs where the country's clocks all show something
// else: they would be called at night by a clock that is not on their wall.
std::optional<std::string> ContactListReader::Block::zone_of_country(
    const std::string& country) const {
  if (auto only = rules.only_zone_of(country)) return only;
  const auto& named = campaign.contacts.zone;
  const auto& clock = campaign.hours.zone;  // holds for everybody, wherever they are
  if (!named.empty() && (!clock.empty() || rules.has_clock_of(country, named))) return named;
  if (!clock.empty()) return clock;
  return {};
}

// Whose time it is, and which of their numbers stand for it; or says why the row cannot be used.
bool ContactListReader::Block::place(ContactRow& row, RejectedRow& rejected) {
  row.zone.clear();
  if (zone_column != nowhere) row.zone = row.values[zone_column];
  const bool said = !row.zone.empty();
  row.zone_said = said;
  if (said && !rules.knows(row.zone)) {
    rejected = {row.row, column_name(zone_column), "unknown_zone",
                "there is no such time zone; write it like Europe/Rome"};
    return false;
  }
  if (!said) {
    auto zone = zone_of_country(row.country);
    if (!zone) {
      rejected = {row.row, column_name(zone_column), "no_zone",
                  campaign.contacts.zone.empty()
                      ? "the country of the number has several time zones or none; add a column "
                        "with the zone (contacts.columns.zone), or name one for everybody "
                        "(contacts.zone)"
                      : "the country of the number has several time zones, and contacts.zone is "
                        "none of them; add a column with the zone (contacts.columns.zone)"};
      return false;
    }
    row.zone = std::move(*zone);
  }
  row.number = std::move(usable.front().phone.e164);
  row.others.clear();
  for (std::size_t i = 1; i < usable.size(); ++i) {
    auto& number = usable[i];
    const auto its = said || !campaign.hours.zone.empty()
                         ? row.zone
                         : zone_of_country(number.phone.country).value_or("");
    if (its == row.zone || rules.same_clock(its, row.zone)) {
      row.others.push_back(std::move(number.phone.e164));
    } else {
      row.left_out.push_back({row.row, column_name(number.column), "other_zone",
                              "by its country the number is in another time zone than the first "
                              "one of the row; add a column with the person's zone "
                              "(contacts.columns.zone)"});
    }
  }
  if (row.left_out.empty() || campaign.contacts.bad_rows == BadRows::skip) return true;
  rejected = row.left_out.front();
  return false;
}

// Fills what follows from the values; or says why the row cannot be used.
bool ContactListReader::Block::accept(ContactRow& row, RejectedRow& rejected) {
  const auto reject = [&](std::size_t column, std::string reason, std::string what) {
    rejected = {row.row, column_name(column), std::move(reason), std::move(what)};
    return false;
  };
  if (!read_numbers(row, rejected)) return false;

  row.language = campaign.language;
  if (language_column != nowhere && !row.values[language_column].empty()) {
    const std::string* language = language_for(row.values[language_column]);
    if (language == nullptr) {
      return reject(language_column, "unknown_language",
                    "the campaign has no texts in this language; leave the cell empty for its "
                    "default, or add the texts");
    }
    row.language = *language;
  }

  if (!place(row, rejected)) return false;
  draw(row);
  row.span = {};
  const auto bad_moment = [&](std::size_t column) {
    return reject(column, "bad_moment",
                  std::string("this is no moment; what is read: 2026-03-30, ") +
                      (campaign.contacts.region == "US" ? "03/30/2026" : "30/03/2026, 30.3.26") +
                      ", each alone or with a time (9:15, 09:15:00, 9:15 AM), and "
                      "2026-03-30T09:15:00+02:00; leave the cell empty where there is no limit");
  };
  if (const auto bad = read_moment(not_before, row, false, row.span.not_before)) {
    return bad_moment(*bad);
  }
  if (const auto bad = read_moment(not_after, row, true, row.span.not_after)) {
    return bad_moment(*bad);
  }
  if (row.span.not_before && row.span.not_after && *row.span.not_before >= *row.span.not_after) {
    return reject(not_after.date, "no_time_left",
                  "the last moment for a call is not after the first one");
  }

  row.priority = 0;
  if (priority_column != nowhere && !row.values[priority_column].empty()) {
    const auto cell = row.values[priority_column];
    if (cell.size() != 1 || cell[0] < '1' || cell[0] > '0' + priority_max) {
      return reject(priority_column, "bad_priority",
                    "this is no priority; write 1 (called first) to " +
                        std::to_string(priority_max) +
                        ", or leave the cell empty for whoever comes after them");
    }
    row.priority = static_cast<std::uint8_t>(cell[0] - '0');
  }

  const auto is_empty = [&](std::size_t column) {
    return column == nowhere || row.values[column].find_first_not_of(" \t") == std::string::npos;
  };
  if (!is_empty(consent_date)) {
    const auto order =
        campaign.contacts.region == "US" ? DateOrder::month_first : DateOrder::day_first;
    if (!read_written_moment({row.values[consent_date], {}}, row.zone, rules, order, false)) {
      return reject(consent_date, "bad_consent_date",
                    "this is no date; write it like 2025-11-01 or 01/11/2025");
    }
  }
  if (campaign.consent.required) {
    if (campaign.consent.source.empty() && is_empty(consent_source)) {
      return reject(consent_source, "no_consent",
                    "the campaign requires it, and the row does not say where the person's consent "
                    "comes from");
    }
    if (campaign.consent.date.empty() && is_empty(consent_date)) {
      return reject(consent_date, "no_consent",
                    "the campaign requires it, and the row does not say since when the person's "
                    "consent is there");
    }
  }

  for (const Language& language : languages) {
    if (language.tag != row.language) continue;
    for (const std::size_t column : language.needed) {
      if (row.values[column].empty()) {
        return reject(column, "empty_variable",
                      "the cell is empty, and a text of the campaign says it; fill it in");
      }
    }
  }
  return true;
}

// What chance gives this person, behind what the list has of them.
void ContactListReader::Block::draw(ContactRow& row) {
  for (const Variant& variant : campaign.variants) {
    const VariantValue& value = value_for(variant, row.row);
    row.values.push_back(value.code);
    if (variant.has_words()) row.values.push_back(value.say.in(row.language, campaign.language));
  }
  std::size_t shuffled = 0;
  for (const Question& question : campaign.questions) {
    if (!question.shuffle) continue;
    if (orders.size() == shuffled) orders.emplace_back();
    orders[shuffled] = drawn_order(campaign, question, row.row);
    row.values.push_back(orders[shuffled++]);
  }
}

// The moment that a row's cells hold, if any; else the column of the one that holds none.
std::optional<std::size_t> ContactListReader::Block::read_moment(
    const MomentColumns& from, const ContactRow& row, bool whole_day,
    std::optional<Instant>& into) const {
  if (from.date == nowhere) return {};
  const WrittenMoment moment{row.values[from.date],
                             from.time == nowhere ? "" : row.values[from.time]};
  if (moment.date.empty() && moment.time.empty()) return {};
  const auto order =
      campaign.contacts.region == "US" ? DateOrder::month_first : DateOrder::day_first;
  into = read_written_moment(moment, row.zone, rules, order, whole_day);
  if (into) return {};
  const bool day_alone_fits =
      read_written_moment({moment.date, {}}, row.zone, rules, order, whole_day).has_value();
  return from.time != nowhere && day_alone_fits ? from.time : from.date;
}

// ---- CSV

Problems ContactListReader::Block::open(std::string_view bytes) {
  format = ListFormat::csv;
  const bool utf16 = is_marked_utf16(bytes);
  if (utf16) {
    auto text = utf8_of_utf16(campaign.contacts, bytes);
    if (!text) return text.error();
    from_utf16 = std::move(text).value();
    bytes = from_utf16;
  }
  auto opened = open_bytes(campaign.contacts, bytes);
  if (!opened.ok()) return opened.error();
  encoding = opened->encoding;
  encoding_name = utf16 ? "utf-16" : name_of(encoding);
  delimiter = opened->delimiter;
  nul_somewhere = has_nul(bytes);
  csv = CsvReader(opened->rest, delimiter, opened->first_line);
  return read_header(opened->rest, opened->first_line);
}

std::string ContactListReader::Block::text_of(std::string_view field) const {
  std::string text;
  if (encoding == Encoding::windows_1252) {
    append_from_1252(text, field);
  } else {
    text = field;
  }
  return std::string(trimmed(text));
}

// The line, behind the first, that names the number's column, if it is one of the next; else 0.
std::uint64_t ContactListReader::Block::later_header(std::string_view bytes,
                                                     std::uint64_t first_line) const {
  constexpr std::uint64_t lines_looked_at_max = 20;
  const ContactSource& source = campaign.contacts;
  for (std::uint64_t line = first_line + 1; line <= first_line + lines_looked_at_max; ++line) {
    const auto line_end = bytes.find('\n');
    if (line_end == std::string_view::npos) return 0;
    bytes.remove_prefix(line_end + 1);
    CsvReader row(bytes, source.delimiter == "auto" ? detect_delimiter(bytes) : delimiter, line);
    if (row.next() != CsvReader::Next::record) continue;
    for (const std::string_view field : row.fields()) {
      if (text_of(field) == source.number_column) return line;
    }
  }
  return 0;
}

Problems ContactListReader::Block::read_header(std::string_view bytes, std::uint64_t first_line) {
  const std::string file = place_of(campaign.contacts);
  switch (csv.next()) {
    case CsvReader::Next::record:
      break;
    case CsvReader::Next::end:
      return {{file, "the list is empty", "its first row names the columns"}};
    case CsvReader::Next::unterminated_quote:
    case CsvReader::Next::text_after_quote:
    case CsvReader::Next::field_too_long:
    case CsvReader::Next::too_many_columns:
      return {{file, "the first row, which names the columns, cannot be read",
               "look for a quotation mark that is not closed, and for more than " +
                   std::to_string(CsvReader::columns_max) + " columns"}};
  }
  Problems problems;
  const std::string row = file + ", row " + std::to_string(csv.line());
  for (const std::string_view field : csv.fields()) columns.push_back(text_of(field));
  if (column_named(campaign.contacts.number_column) == nowhere) {
    if (const auto line = later_header(bytes, first_line)) {
      return {{file + ", row " + std::to_string(line),
               "the names of the columns are here and not in the first row",
               "delete the rows above this one"}};
    }
  }
  while (!columns.empty() && columns.back().empty()) columns.pop_back();
  if (columns.empty()) {
    return {{row, "the first row names no column", "write the names of the columns into it"}};
  }
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const std::string& name = columns[i];
    if (name.empty()) {
      problems.push_back({row, "column " + std::to_string(i + 1) + " has no name", "name it"});
    } else if (column_named(name) != i) {
      problems.push_back({row, "two columns are called " + in_quotes(name), "rename one of them"});
    } else if (has_nul(name)) {
      problems.push_back({row, "the name of column " + std::to_string(i + 1) + " contains NUL",
                          "save the list as \"CSV UTF-8\""});
    } else if (is_doubly_encoded(name)) {
      problems.push_back({row, "the name of column " + std::to_string(i + 1) + " is garbled",
                          "it was UTF-8, read as Windows-1252 and saved again; save the list from "
                          "its source once more as \"CSV UTF-8\""});
    }
  }
  return problems;
}

std::string ContactListReader::Block::about_quotes() const {
  return csv.in_doubt() ? "; is a quotation mark not closed, in it or above it?" : "";
}

void ContactListReader::Block::tell_fault(CsvReader::Next fault, RejectedRow& rejected) const {
  rejected.row = csv.line();
  rejected.column = column_name(csv.fault_field());
  switch (fault) {
    case CsvReader::Next::unterminated_quote:
      rejected.reason = "unterminated_quote";
      rejected.what =
          "a quotation mark opens here and is not closed; close it or, where it is part of the "
          "text, write it twice and put the cell in quotation marks";
      return;
    case CsvReader::Next::text_after_quote:
      rejected.reason = "text_after_quote";
      rejected.what =
          "there is text behind a closing quotation mark; double the marks that are "
          "part of the text";
      return;
    case CsvReader::Next::field_too_long:
      rejected.reason = "field_too_long";
      rejected.what = "the cell has more than " + std::to_string(CsvReader::field_bytes_max) +
                      " bytes; shorten it";
      return;
    case CsvReader::Next::too_many_columns:
      rejected.column.clear();
      rejected.reason = "too_many_fields";
      rejected.what = "the row has more than " + std::to_string(CsvReader::columns_max) +
                      " fields" + about_quotes();
      return;
    case CsvReader::Next::record:
    case CsvReader::Next::end:
      break;
  }
  assert(false);
}

ContactListReader::Next ContactListReader::Block::next_csv(ContactRow& row, RejectedRow& rejected) {
  while (true) {
    const CsvReader::Next read = csv.next();
    if (read == CsvReader::Next::end) return Next::end;
    if (read != CsvReader::Next::record) {
      tell_fault(read, rejected);
      return Next::rejected;
    }
    row.row = csv.line();
    const auto& fields = csv.fields();
    const bool blank = std::all_of(fields.begin(), fields.end(),
                                   [](std::string_view field) { return trimmed(field).empty(); });
    if (blank) continue;
    if (!read_fields(row, rejected)) return Next::rejected;
    return accept(row, rejected) ? Next::row : Next::rejected;
  }
}

// The record's fields as UTF-8 without outer blanks.
bool ContactListReader::Block::read_fields(ContactRow& row, RejectedRow& rejected) {
  const auto& fields = csv.fields();
  const auto reject = [&](std::string column, std::string reason, std::string what) {
    rejected = {row.row, std::move(column), std::move(reason), std::move(what)};
    return false;
  };
  const std::size_t count = list_columns;
  const auto widths = [&] {
    return "the row has " + std::to_string(fields.size()) + " fields, the first row has " +
           std::to_string(count);
  };
  // Spreadsheets leave out the delimiters behind a row's last cell, or add some.
  const std::size_t least = csv.in_doubt() ? count : used_columns;
  if (fields.size() < least) {
    return reject(
        {}, "too_few_fields",
        widths() + "; it must go as far as " + in_quotes(columns[least - 1]) + about_quotes());
  }
  const auto is_empty = [](std::string_view field) { return trimmed(field).empty(); };
  if (fields.size() > count &&
      !std::all_of(fields.begin() + static_cast<std::ptrdiff_t>(count), fields.end(), is_empty)) {
    return reject({}, "too_many_fields",
                  widths() + "; put quotation marks around a cell that contains " +
                      (delimiter == '\t' ? "a tab" : in_quotes(std::string(1, delimiter))) +
                      about_quotes());
  }
  if (encoding == Encoding::windows_1252) {
    std::size_t bytes = 0;
    for (const std::string_view field : fields) bytes += field.size();
    decoded.clear();
    decoded.reserve(3 * bytes);
  }
  row.values.clear();
  for (std::size_t i = 0; i < count; ++i) {
    std::string_view value = i < fields.size() ? fields[i] : std::string_view{};
    if (has_high_byte(value)) {
      if (encoding == Encoding::windows_1252) {
        const std::size_t from = decoded.size();
        append_from_1252(decoded, value);
        value = std::string_view(decoded).substr(from);
      }
      if (is_doubly_encoded(value)) {
        return reject(columns[i], "doubly_encoded",
                      "the text is garbled: it was UTF-8, read as Windows-1252 and saved again; "
                      "save the list from its source once more as \"CSV UTF-8\"");
      }
    }
    if (nul_somewhere && has_nul(value)) {
      return reject(columns[i], "nul", "the cell contains a NUL byte; delete it");
    }
    row.values.push_back(trimmed(value));
  }
  return true;
}

// ---- JSON

// The columns are the members that anybody has.
void ContactListReader::Block::gather_columns(simdjson::dom::object object) {
  for (const auto& member : object) {
    if (columns.size() > CsvReader::columns_max) return;
    if (column_indexes.find(member.key) != column_indexes.end()) continue;
    column_indexes.emplace(member.key, columns.size());
    columns.emplace_back(member.key);
  }
}

Problems ContactListReader::Block::check_columns() {
  const std::string where = place_of(campaign.contacts);
  if (columns.empty()) {
    if (!campaign.contacts.query.database.empty()) {
      return {{where, "the query gives no row", "look whom it asks for, and in which database"}};
    }
    return {
        {where, "there are no contacts",
         format == ListFormat::jsonl ? "each line is a JSON object, its members the columns" : ""}};
  }
  if (columns.size() > CsvReader::columns_max) {
    return {{where,
             "the contacts have more than " + std::to_string(CsvReader::columns_max) +
                 " different members",
             ""}};
  }
  for (const std::string& name : columns) {
    if (name.empty() || has_nul(name)) {
      return {{where, name.empty() ? "a member has no name" : "the name of a member contains NUL",
               "members are the columns: name them"}};
    }
  }
  written.resize(columns.size());
  return {};
}

Problems ContactListReader::Block::open_array(std::string_view bytes) {
  format = ListFormat::json;
  encoding = Encoding::utf8;
  encoding_name = name_of(encoding);
  const auto text = open_json(campaign.contacts, bytes);
  if (!text) return text.error();
  const std::string where = place_of(campaign.contacts);
  const auto parsed = parser.parse(text.value().data(), text.value().size(), true);
  if (parsed.error() != simdjson::SUCCESS) {
    if (first_invalid_utf8(text.value()) != std::string_view::npos) {
      const auto line = line_of(text.value(), first_invalid_utf8(text.value()));
      return {{where, "line " + std::to_string(line) + " is not UTF-8", "save the list as UTF-8"}};
    }
    // The slower reader knows where, and it reads no file of the largest.
    constexpr std::size_t told_bytes_max = std::size_t{64} << 20U;
    Problems told;
    if (text.value().size() <= told_bytes_max) told = json_text_problems(text.value());
    if (told.empty()) return {{where, "the contacts are not a JSON array", ""}};
    return {{where + ": " + told.front().where, told.front().what, told.front().cure}};
  }
  if (parsed.get(array) != simdjson::SUCCESS) {
    return {
        {where, "the contacts are not a JSON array",
         R"(a list of one object a line is JSON Lines: name it .jsonl, or say "format": "jsonl")"}};
  }
  for (const simdjson::dom::element element : array) {
    simdjson::dom::object object;
    if (element.get(object) == simdjson::SUCCESS) gather_columns(object);
  }
  at = array.begin();
  end = array.end();
  // Nobody names a column: the first row stands for them all.
  if (columns.empty() && at != end) {
    return {{where + ", row 1", std::string(contact_is_an_object), ""}};
  }
  return check_columns();
}

ContactListReader::Next ContactListReader::Block::next_of_array(ContactRow& row,
                                                                RejectedRow& rejected) {
  if (!(at != end)) return Next::end;
  const simdjson::dom::element element = *at;
  ++at;
  row.row = ++ordinal;
  simdjson::dom::object object;
  if (element.get(object) != simdjson::SUCCESS) {
    rejected = {row.row, {}, "not_an_object", std::string(contact_is_an_object)};
    return Next::rejected;
  }
  if (!read_object(object, row, rejected)) return Next::rejected;
  return accept(row, rejected) ? Next::row : Next::rejected;
}

// Twice over the lines: the columns are known when all of them have been seen. Nothing but the
// current line is kept of them.
Problems ContactListReader::Block::open_lines(std::string_view bytes) {
  format = ListFormat::jsonl;
  encoding = Encoding::utf8;
  encoding_name = name_of(encoding);
  const auto text = open_json(campaign.contacts, bytes);
  if (!text) return text.error();
  rest = text.value();
  while (const auto line = take_line()) {
    simdjson::dom::object object;
    if (!read_line(*line, object)) gather_columns(object);
  }
  rest = text.value();
  ordinal = 0;
  return check_columns();
}

// The next line that is not blank; nothing at the end of the list.
std::optional<std::string_view> ContactListReader::Block::take_line() {
  while (!rest.empty()) {
    const auto line_end = std::min(rest.find('\n'), rest.size());
    const auto line = rest.substr(0, line_end);
    rest.remove_prefix(std::min(line_end + 1, rest.size()));
    ++ordinal;
    if (line.find_first_not_of(" \t\r") != std::string_view::npos) return line;
  }
  return {};
}

std::optional<ContactListReader::Block::LineFault> ContactListReader::Block::read_line(
    std::string_view text, simdjson::dom::object& object) {
  if (text.size() > line_bytes_max) {
    return LineFault{"line_too_long", "the line has more than " + std::to_string(line_bytes_max) +
                                          " bytes; is the list one JSON array? Then name it .json, "
                                          "or say \"format\": \"json\""};
  }
  const auto parsed = parser.parse(text.data(), text.size(), true);
  if (parsed.error() == simdjson::UTF8_ERROR) {
    return LineFault{"not_utf8", "the line is not UTF-8; save the list as UTF-8"};
  }
  if (parsed.error() != simdjson::SUCCESS) {
    return LineFault{"not_json",
                     "the line is not JSON; each line is one whole object, with its strings in "
                     "double quotes"};
  }
  if (parsed.get(object) != simdjson::SUCCESS) {
    return LineFault{"not_an_object", "a line is an object with its columns as members"};
  }
  return {};
}

ContactListReader::Next ContactListReader::Block::next_of_lines(ContactRow& row,
                                                                RejectedRow& rejected) {
  const auto line = take_line();
  if (!line) return Next::end;
  row.row = ordinal;
  simdjson::dom::object object;
  if (auto fault = read_line(*line, object)) {
    rejected = {row.row, {}, fault->reason, std::move(fault->what)};
    return Next::rejected;
  }
  if (!read_object(object, row, rejected)) return Next::rejected;
  return accept(row, rejected) ? Next::row : Next::rejected;
}

namespace {

// A number as text: an integer digit by digit, a fraction as the shortest decimal that is the same
// number.
bool number_text(simdjson::dom::element value, std::string& text) {
  std::array<char, 32> digits{};
  const auto write = [&](auto number) {
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    text.assign(digits.data(), end);
    return true;
  };
  // In this order: an integer is given out as a fraction, too.
  if (std::int64_t number = 0; value.get(number) == simdjson::SUCCESS) return write(number);
  if (std::uint64_t number = 0; value.get(number) == simdjson::SUCCESS) return write(number);
  if (double number = 0; value.get(number) == simdjson::SUCCESS) return write(number);
  return false;
}

}  // namespace

bool ContactListReader::Block::read_object(simdjson::dom::object object, ContactRow& row,
                                           RejectedRow& rejected) {
  row.values.assign(list_columns, {});
  given.assign(list_columns, false);
  decimal.assign(list_columns, false);
  for (const auto& member : object) {
    const std::size_t column = column_indexes.find(member.key)->second;
    const auto reject = [&](std::string reason, std::string what) {
      rejected = {row.row, columns[column], std::move(reason), std::move(what)};
      return false;
    };
    if (given[column]) return reject("given_twice", "the member is given twice; keep one of them");
    given[column] = true;
    std::string_view value;
    if (member.value.is_null()) continue;
    if (number_text(member.value, written[column])) {
      value = written[column];
      decimal[column] = member.value.type() == simdjson::dom::element_type::DOUBLE;
    } else if (member.value.get(value) != simdjson::SUCCESS) {
      return reject("wrong_type",
                    "the value is neither a string nor a number; write it as a string");
    }
    if (value.size() > CsvReader::field_bytes_max) {
      return reject("field_too_long", "the value has more than " +
                                          std::to_string(CsvReader::field_bytes_max) + " bytes");
    }
    if (has_nul(value)) return reject("nul", "the value contains NUL; delete it");
    if (has_high_byte(value) && is_doubly_encoded(value)) {
      return reject("doubly_encoded",
                    "the text is garbled: it was UTF-8, read as Windows-1252 and "
                    "encoded again; take it from its source once more");
    }
    row.values[column] = trimmed(value);
  }
  return true;
}

// ---- what the header says

Result<ContactListReader> ContactListReader::opened(const Campaign& campaign,
                                                    const ZoneRules& rules, std::string_view bytes,
                                                    Problems (Block::*open)(std::string_view)) {
  auto block = std::make_unique<Block>(campaign, rules);
  Problems problems = (*block.*open)(bytes);
  if (problems.empty()) problems = block->prepare();
  if (!problems.empty()) return problems;
  return ContactListReader(std::move(block));
}

Result<ContactListReader> ContactListReader::open_csv(const Campaign& campaign,
                                                      const ZoneRules& rules,
                                                      std::string_view bytes) {
  return opened(campaign, rules, bytes, &Block::open);
}

Result<ContactListReader> ContactListReader::open_array(const Campaign& campaign,
                                                        const ZoneRules& rules,
                                                        std::string_view bytes) {
  return opened(campaign, rules, bytes, &Block::open_array);
}

Result<ContactListReader> ContactListReader::open_lines(const Campaign& campaign,
                                                        const ZoneRules& rules,
                                                        std::string_view bytes) {
  return opened(campaign, rules, bytes, &Block::open_lines);
}

Result<ContactListReader> ContactListReader::open(const Campaign& campaign, const ZoneRules& rules,
                                                  std::string_view bytes) {
  switch (format_of(campaign.contacts)) {
    case ListFormat::json:
      return open_array(campaign, rules, bytes);
    case ListFormat::jsonl:
      return open_lines(campaign, rules, bytes);
    case ListFormat::automatic:
    case ListFormat::csv:
      break;
  }
  return open_csv(campaign, rules, bytes);
}

ContactListReader::ContactListReader(std::unique_ptr<Block> block) : block_(std::move(block)) {}
ContactListReader::ContactListReader(ContactListReader&&) noexcept = default;
ContactListReader& ContactListReader::operator=(ContactListReader&&) noexcept = default;
ContactListReader::~ContactListReader() = default;

const std::vector<std::string>& ContactListReader::columns() const {
  return block_->columns;
}
const std::string& ContactListReader::encoding() const {
  return block_->encoding_name;
}
char ContactListReader::delimiter() const {
  return block_->delimiter;
}

ContactListReader::Next ContactListReader::next(ContactRow& row, RejectedRow& rejected) {
  switch (block_->format) {
    case ListFormat::json:
      return block_->next_of_array(row, rejected);
    case ListFormat::jsonl:
      return block_->next_of_lines(row, rejected);
    case ListFormat::automatic:
    case ListFormat::csv:
      break;
  }
  return block_->next_csv(row, rejected);
}

}  // namespace campaigns
