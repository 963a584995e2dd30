#include "campaigns/csv_writer.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

#include "campaigns/json_writer.hpp"

namespace campaigns {

namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

// -5, 12, -0,25: digits with at most one comma or point between them.
bool plain_number(std::string_view text) {
  if (!text.empty() && text.front() == '-') text.remove_prefix(1);
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.empty() || !digit(text.front()) || !digit(text.back())) return false;
  const auto others = std::count_if(text.begin(), text.end(), [&](char c) { return !digit(c); });
  return others == 0 || (others == 1 && text.find_first_of(",.") != std::string_view::npos);
}

}  // namespace

bool runs_as_formula(std::string_view text) {
  if (text.empty() || plain_number(text)) return false;
  if (std::string_view("=+-@\t\r\n").find(text.front()) != std::string_view::npos) return true;
  // U+FF1D U+FF0B U+FF0D U+FF20.
  static constexpr std::array<std::string_view, 4> wide = {"\xEF\xBC\x9D", "\xEF\xBC\x8B",
                                                           "\xEF\xBC\x8D", "\xEF\xBC\xA0"};
  return std::any_of(wide.begin(), wide.end(),
                     [&](std::string_view sign) { return text.substr(0, 3) == sign; });
}

CsvWriter CsvWriter::below(CanonicalSink sink) const {
  assert(columns_ != 0);
  CsvWriter further(std::move(sink), style_);
  further.columns_ = columns_;
  return further;
}

void CsvWriter::begin_field() {
  if (fields_++ > 0) row_ += style_.delimiter;
}

void CsvWriter::quoted(std::string_view text) {
  row_ += '"';
  for (const char c : text) {
    if (c == '"') row_ += '"';
    row_ += c;
  }
  row_ += '"';
}

CsvWriter& CsvWriter::field(std::string_view text) {
  begin_field();
  // By hand: find_first_of asks the C library about each character.
  const bool needs_quotes = std::any_of(text.begin(), text.end(), [this](char c) {
    return c == '"' || c == '\r' || c == '\n' || c == style_.delimiter;
  });
  // The header stays as plain as it is elsewhere.
  if (needs_quotes || (style_.spreadsheet && columns_ != 0 && !text.empty())) {
    quoted(text);
  } else {
    row_ += text;
  }
  return *this;
}

CsvWriter& CsvWriter::free(std::string_view text) {
  if (!style_.spreadsheet || !runs_as_formula(text)) return field(text);
  std::string harmless = "'";
  harmless += text;
  return field(harmless);
}

CsvWriter& CsvWriter::number(std::int64_t value) {
  begin_field();
  append_json_number(row_, value);
  return *this;
}

CsvWriter& CsvWriter::empty() {
  begin_field();
  return *this;
}

void CsvWriter::end_row() {
  const bool header = columns_ == 0;
  if (header) columns_ = fields_;
  assert(fields_ == columns_);
  // An empty line would be no row at all.
  if (row_.empty()) row_ = "\"\"";
  row_ += "\r\n";
  if (header && style_.spreadsheet) row_.insert(0, byte_order_mark);
  sink_(row_);
  row_.clear();
  fields_ = 0;
}

}  // namespace campaigns
