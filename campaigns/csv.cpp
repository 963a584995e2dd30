#include "campaigns/csv.hpp"

#include <algorithm>
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
  fault_field_ = fields_.empty() ? 0 : fields_.size() - 1;
  fields_.clear();
  skip_line();
  return what;
}

// What follows may be rows: they are read again, from the line behind the one with the quote. No
// byte is read often: a quote that opens there ends this field, had it not ended before.
CsvReader::Next CsvReader::unclosed_quote(std::size_t may_hold_to) {
  fault_field_ = fields_.size() - 1;
  fields_.clear();
  doubt_end_ = std::max(doubt_end_, may_hold_to);
  at_ = second_line_at_;
  line_ = second_line_;
  return Next::unterminated_quote;
}

// Reads a quoted field; `at_` stands on the opening quote and afterwards behind the closing one.
CsvReader::Next CsvReader::read_quoted() {
  const std::size_t begin = at_ + 1;
  std::size_t from = begin;  // what is not copied yet
  std::size_t copied_from = std::string::npos;
  bool closed = true;
  while (true) {
    const void* quote = std::memchr(bytes_.data() + from, '"', bytes_.size() - from);
    if (quote == nullptr) {
      fields_.emplace_back();
      at_ = bytes_.size();
      closed = false;
      break;
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
  const std::uint64_t opening_line = line_;
  for (std::size_t i = begin; i < at_; ++i) {
    const char c = bytes_[i];
    if (c != '\n' && (c != '\r' || (i + 1 < at_ && bytes_[i + 1] == '\n'))) continue;
    if (line_ == opening_line) {
      second_line_at_ = i + 1;
      second_line_ = line_ + 1;
    }
    ++line_;
  }
  const bool one_line = line_ == opening_line;
  const std::size_t longest_to = std::min(at_, begin + field_bytes_max);
  if (!closed) return one_line ? fault(Next::unterminated_quote) : unclosed_quote(longest_to);
  const bool text_behind = at_ < bytes_.size() && bytes_[at_] != delimiter_ &&
                           bytes_[at_] != '\n' && bytes_[at_] != '\r';
  const bool too_long = at_ - begin > field_bytes_max + 1;
  if (!one_line) {
    if (text_behind) return unclosed_quote(longest_to);
    if (too_long) return unclosed_quote(at_);
    const std::string_view lines = bytes_.substr(begin, at_ - begin);
    holds_rows_ = holds_rows_ || lines.find(delimiter_) != std::string_view::npos;
  }
  if (text_behind) return fault(Next::text_after_quote);
  if (too_long) fault_field_ = fields_.size() - 1;
  return too_long ? Next::field_too_long : Next::record;
}

CsvReader::Next CsvReader::next() {
  fields_.clear();
  unquoted_.clear();
  moved_.clear();
  if (at_ >= bytes_.size()) return Next::end;
  record_at_ = at_;
  record_line_ = line_;
  holds_rows_ = false;

  Next problem = Next::record;
  const char* const data = bytes_.data();
  const std::size_t size = bytes_.size();
  while (true) {
    if (at_ < size && data[at_] == '"') {
      const Next read = read_quoted();
      if (read == Next::unterminated_quote || read == Next::text_after_quote) return read;
      if (read != Next::record) problem = read;
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
