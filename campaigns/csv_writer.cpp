#include "campaigns/csv_writer.hpp"

#include <cassert>

#include "campaigns/json_writer.hpp"

namespace campaigns {

CsvWriter& CsvWriter::field(std::string_view text) {
  if (fields_++ > 0) row_ += ',';
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
    row_ += text;
    return *this;
  }
  row_ += '"';
  for (const char c : text) {
    if (c == '"') row_ += '"';
    row_ += c;
  }
  row_ += '"';
  return *this;
}

CsvWriter& CsvWriter::number(std::int64_t value) {
  if (fields_++ > 0) row_ += ',';
  append_json_number(row_, value);
  return *this;
}

void CsvWriter::end_row() {
  if (columns_ == 0) columns_ = fields_;
  assert(fields_ == columns_);
  // An empty line would be no row at all.
  if (row_.empty()) row_ = "\"\"";
  row_ += "\r\n";
  sink_(row_);
  row_.clear();
  fields_ = 0;
}

}  // namespace campaigns
