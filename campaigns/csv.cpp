#include "campaigns/csv.hpp"

#include <array>
#include <cstring>

namespace campaigns {

// A record ends at the line's end; `at_` stands on CR or LF.
void CsvReader::end_line() {
  if (bytes_[at_] == '\r' && at_ + 1 < bytes_.size() && bytes_[at_ + 1] == '\n') ++at_;
  ++at_;
  ++line_;
}

void CsvReader::skip_line() {
  while (at_ < bytes_.size() && bytes_[at_] != '\n' && bytes_[at_] != '\r') ++at_;
  if (at_ < bytes_.size()) end_line();
}

CsvReader::Next CsvReader::fault(Next what) {
  fault_field_ =
      fields_.empty() || what == Next::unterminated_quote ? fields_.size() : fields_.size() - 1;
  fields_.clear();
  skip_line();
  return what;
}

// Reads a quoted field; `at_` stands on the opening quote and afterwards behind the closing one.
bool CsvReader::read_quoted(Next& problem) {
  const std::size_t begin = at_ + 1;
  std::size_t from = begin;  // what is not copied yet
  std::size_t copied_from = std::string::npos;
  while (true) {
    const void* quote = std::memchr(bytes_.data() + from, '"', bytes_.size() - from);
    if (quote == nullptr) {
      at_ = bytes_.size();
      problem = Next::unterminated_quote;
      return false;
    }
    const auto end = static_cast<std::size_t>(static_cast<const char*>(quote) - bytes_.data());
    const bool doubled = end + 1 < bytes_.size() && bytes_[end + 1] == '"';
    if (!doubled && copied_from == std::string::npos) {
      fields_.push_back(bytes_.substr(begin, end - begin));
      at_ = end + 1;
      break;
    }
    if (copied_from == std::string::npos) copied_from = unquoted_.size();
    unquoted_.append(bytes_, from, end - from + (doubled ? 1 : 0));
    from = end + 2;
    if (!doubled) {
      moved_.push_back({fields_.size(), copied_from, unquoted_.size() - copied_from});
      fields_.emplace_back();
      at_ = end + 1;
      break;
    }
  }
  for (std::size_t i = begin; i < at_; ++i) {
    const char c = bytes_[i];
    if (c == '\n' || (c == '\r' && bytes_[i + 1] != '\n')) ++line_;
  }
  if (at_ - begin > field_bytes_max + 1) {
    problem = Next::field_too_long;
    fault_field_ = fields_.size() - 1;
  }
  return true;
}

CsvReader::Next CsvReader::next() {
  fields_.clear();
  unquoted_.clear();
  moved_.clear();
  if (at_ >= bytes_.size()) return Next::end;
  record_line_ = line_;

  Next problem = Next::record;
  const char* const data = bytes_.data();
  const std::size_t size = bytes_.size();
  while (true) {
    if (at_ < size && data[at_] == '"') {
      if (!read_quoted(problem)) return fault(problem);
      if (at_ < size && data[at_] != delimiter_ && data[at_] != '\n' && data[at_] != '\r') {
        return fault(Next::text_after_quote);
      }
    } else {
      std::size_t end = at_;
      while (end < size && data[end] != delimiter_ && data[end] != '\n' && data[end] != '\r') ++end;
      if (end - at_ > field_bytes_max) {
        problem = Next::field_too_long;
        fault_field_ = fields_.size();
      }
      fields_.push_back(bytes_.substr(at_, end - at_));
      at_ = end;
    }
    if (at_ >= size) break;
    if (data[at_] != delimiter_) {
      end_line();
      break;
    }
    ++at_;
    if (fields_.size() >= columns_max) return fault(Next::too_many_columns);
  }
  if (problem != Next::record) {
    fields_.clear();
    return problem;
  }
  for (const Unquoted& field : moved_) {
    fields_[field.field] = std::string_view(unquoted_).substr(field.from, field.length);
  }
  return Next::record;
}

char detect_delimiter(std::string_view bytes) {
  constexpr std::array<char, 3> candidates{',', ';', '\t'};
  std::array<std::size_t, 3> seen{};
  bool quoted = false;
  for (const char c : bytes) {
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    if (c == '\n' || c == '\r') break;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      if (c == candidates[i]) ++seen[i];
    }
  }
  std::size_t best = 0;
  for (std::size_t i = 1; i < candidates.size(); ++i) {
    if (seen[i] > seen[best]) best = i;
  }
  return candidates[best];
}

}  // namespace campaigns
