#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "campaigns/register.hpp"

namespace campaigns {

// Writes CSV as RFC 4180 has it: comma, CRLF, a field in quotes only where it needs them, quotes
// doubled, bytes untouched. The first row is the header; every further one must have as many
// fields. Hands out one row at a time, so that nothing grows with the file.
class CsvWriter {
 public:
  explicit CsvWriter(CanonicalSink sink) : sink_(std::move(sink)) {}

  CsvWriter& field(std::string_view text);
  CsvWriter& field(const char* text) { return field(std::string_view(text)); }
  CsvWriter& number(std::int64_t value);
  CsvWriter& flag(bool value) { return number(value ? 1 : 0); }
  CsvWriter& empty() { return field(std::string_view()); }
  void end_row();

 private:
  CanonicalSink sink_{};
  std::string row_{};
  std::size_t fields_ = 0;   // of the row being written
  std::size_t columns_ = 0;  // of the header; 0 before its end
};

}  // namespace campaigns
