#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace campaigns {

// Reads CSV as RFC 4180 has it, record by record, in bytes that stay where they are: a field is a
// view into them, or, where doubled quotes had to be undone, into a buffer of the reader. CRLF, LF
// and CR end a record; the last may lack one. A quote inside an unquoted field is an ordinary
// character. Knows nothing of encodings (any that keeps ASCII as it is will do), columns or people.
class CsvReader {
 public:
  static constexpr std::size_t field_bytes_max = 4096;
  static constexpr std::size_t columns_max = 256;

  enum class Next : std::uint8_t {
    record,
    // Faults. The reader has gone on to the end of the record or, after a fault of quoting, to the
    // end of a line, so that the next call goes on behind it: of the line on which the quote opens
    // that nothing closes, else of the one on which the fault was seen.
    unterminated_quote,  // on later lines there is no second one, or one that closes no cell: with
                         // text behind it, or too far away
    text_after_quote,    // "abc"def on one line
    field_too_long,
    too_many_columns,
    end
  };

  // `bytes` must outlive the reader. They begin on `first_line`.
  CsvReader(std::string_view bytes, char delimiter, std::uint64_t first_line = 1)
      : bytes_(bytes), delimiter_(delimiter), line_(first_line) {}

  Next next();

  // The fields of the last record; they hold until the next call. An empty line is one empty field.
  const std::vector<std::string_view>& fields() const { return fields_; }
  // The line on which the last record or fault began, from 1, and the one behind its end.
  std::uint64_t line() const { return record_line_; }
  std::uint64_t next_line() const { return line_; }
  // The field, from 0, in which the last fault was seen.
  std::size_t fault_field() const { return fault_field_; }
  // Whether the last record may be more than one, or none: a cell of several lines has delimiters
  // in it, as rows have; or a quote above that was taken for unclosed might hold all of it.
  bool in_doubt() const { return holds_rows_ || record_at_ < doubt_end_; }

 private:
  Next fault(Next what);
  Next read_quoted();
  Next unclosed_quote(std::size_t may_hold_to);
  void skip_line();
  void end_line();

  std::string_view bytes_{};
  char delimiter_ = ',';
  std::size_t at_ = 0;
  std::uint64_t line_ = 1;
  std::size_t record_at_ = 0;
  std::uint64_t record_line_ = 0;
  // Of the last quoted field that goes over several lines: where its second one begins.
  std::size_t second_line_at_ = 0;
  std::uint64_t second_line_ = 0;
  bool holds_rows_ = false;
  std::size_t doubt_end_ = 0;
  std::size_t fault_field_ = 0;
  std::vector<std::string_view> fields_{};

  // A field whose quotes were undone: where it stands in `unquoted_`, which moves as it grows.
  struct Unquoted {
    std::size_t field = 0;
    std::size_t from = 0;
    std::size_t length = 0;
  };
  std::string unquoted_{};
  std::vector<Unquoted> moved_{};
};

// The delimiter of a list, from its first record: the one of `,` `;` and tab that stands there most
// often outside quotes; `,` if none does.
char detect_delimiter(std::string_view bytes);

}  // namespace campaigns
