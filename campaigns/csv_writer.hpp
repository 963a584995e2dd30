#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "campaigns/register.hpp"

namespace campaigns {

// How a CSV file is written. `spreadsheet` is for people who open it by double-clicking: a byte
// order mark, so that accents are read as UTF-8; every text in quotes, so that a program that can
// be told so takes it for text; and free text that a spreadsheet would run as a formula gets an
// apostrophe before it (outcomes-and-results sheet, section 4).
struct CsvStyle {
  char delimiter = ',';  // or ';', as spreadsheets of Italian machines have it
  bool spreadsheet = false;
};

// Whether a spreadsheet would take a cell for a formula: it begins with = + - @, a tab, a line end,
// or their full-width forms, and is no plain number such as -5 or -5,25.
bool runs_as_formula(std::string_view text);

// Writes CSV as RFC 4180 has it: CRLF, a field in quotes only where it needs them, quotes doubled,
// bytes untouched but for what the style says. The first row is the header; every further one must
// have as many fields. Hands out one row at a time, so that nothing grows with the file.
class CsvWriter {
 public:
  explicit CsvWriter(CanonicalSink sink, CsvStyle style = {})
      : sink_(std::move(sink)), style_(style) {}

  // For further rows of this file, which go elsewhere first. The header must have ended.
  CsvWriter below(CanonicalSink sink) const;

  // A text whose form is known: a code, an id, a moment, a telephone number. Never changed.
  CsvWriter& field(std::string_view text);
  CsvWriter& field(const char* text) { return field(std::string_view(text)); }
  // What somebody wrote or said, or a list's cell.
  CsvWriter& free(std::string_view text);
  CsvWriter& number(std::int64_t value);
  CsvWriter& flag(bool value) { return number(value ? 1 : 0); }
  CsvWriter& empty();
  void end_row();

 private:
  void begin_field();
  void quoted(std::string_view text);

  CanonicalSink sink_{};
  CsvStyle style_{};
  std::string row_{};
  std::size_t fields_ = 0;   // of the row being written
  std::size_t columns_ = 0;  // of the header; 0 before its end
};

}  // namespace campaigns
