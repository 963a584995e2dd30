#include "campaigns/csv.hpp"

#include <boost/test/unit_test.hpp>

#include "campaigns/encoding.hpp"

BOOST_AUTO_TEST_SUITE(csv)

using namespace campaigns;

namespace {

// Every record as "line:[field][field]", every fault as "line:!fault".
std::string read_all(std::string_view text, char delimiter = ',') {
  CsvReader reader(text, delimiter);
  std::string out;
  while (true) {
    const auto next = reader.next();
    if (next == CsvReader::Next::end) return out;
    out += std::to_string(reader.line()) + ':';
    if (next == CsvReader::Next::record) {
      for (const auto field : reader.fields()) out += '[' + std::string(field) + ']';
    } else {
      out +=
          '!' + std::to_string(static_cast<int>(next)) + '@' + std::to_string(reader.fault_field());
    }
    out += ' ';
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(records_are_read_as_rfc_4180_has_them) {
  BOOST_TEST(read_all("a,b\r\nc,d\r\n") == "1:[a][b] 2:[c][d] ");
  BOOST_TEST(read_all("a,b\nc,d") == "1:[a][b] 2:[c][d] ");
  BOOST_TEST(read_all("a\rb\r") == "1:[a] 2:[b] ");
  BOOST_TEST(read_all("a,\n,b\n") == "1:[a][] 2:[][b] ");
  BOOST_TEST(read_all("a,b,") == "1:[a][b][] ");
  BOOST_TEST(read_all("") == "");
  BOOST_TEST(read_all("\n\na\n") == "1:[] 2:[] 3:[a] ");
  BOOST_TEST(read_all("a;b,c\n", ';') == "1:[a][b,c] ");
}

BOOST_AUTO_TEST_CASE(quotes_hold_delimiters_newlines_and_doubled_quotes) {
  BOOST_TEST(read_all("\"a,b\",c\n") == "1:[a,b][c] ");
  BOOST_TEST(read_all("\"a\r\nb\",c\nd,e\n") == "1:[a\r\nb][c] 3:[d][e] ");
  BOOST_TEST(read_all("\"a \"\"b\"\"\",\"\"\n") == "1:[a \"b\"][] ");
  BOOST_TEST(read_all("\"\"\"\"\n") == "1:[\"] ");
  BOOST_TEST(read_all("\"x\"") == "1:[x] ");
  BOOST_TEST(read_all("\"a\"\"\",\"\"\"b\",\"c\"\"d\"\n") == "1:[a\"][\"b][c\"d] ");
  BOOST_TEST(read_all("say \"hi\",b\n") == "1:[say \"hi\"][b] ");
}

BOOST_AUTO_TEST_CASE(faults_do_not_take_the_next_record_with_them) {
  BOOST_TEST(read_all("\"a\"b,c\nd,e\n") == "1:!2@0 2:[d][e] ");
  const std::string longest(CsvReader::field_bytes_max, 'x');
  BOOST_TEST(read_all(longest + "\n").size() == longest.size() + 5);
  BOOST_TEST(read_all("a," + longest + "x\nd\n") == "1:!3@1 2:[d] ");
  BOOST_TEST(read_all('"' + longest + "x\"\nd\n") == "1:!3@0 2:[d] ");
  const std::string wide(CsvReader::columns_max - 1, ',');
  CsvReader fits(wide, ',');
  BOOST_TEST((fits.next() == CsvReader::Next::record));
  BOOST_TEST(fits.fields().size() == CsvReader::columns_max);
  BOOST_TEST(read_all(wide + ",\nd\n").substr(0, 4) == "1:!4");
  BOOST_TEST(read_all(wide + ",\nd\n").find("2:[d]") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_quote_that_nothing_closes_takes_no_line_but_its_own) {
  BOOST_TEST(read_all("a,b\n\"c,d\ne,f\n") == "1:[a][b] 2:!1@0 3:[e][f] ");
  BOOST_TEST(read_all("a,\"b") == "1:!1@1 ");
  BOOST_TEST(read_all("a,\"b\r\n") == "1:!1@1 ");
  BOOST_TEST(read_all("a,\"b\r") == "1:!1@1 ");
  // What seems to close it opens a cell of a later line.
  BOOST_TEST(read_all("a,\"b\r\nc,d\r\ne,\"f\"\r\ng,h\r\n") ==
             "1:!1@1 2:[c][d] 3:[e][f] 4:[g][h] ");
  BOOST_TEST(read_all("a,\"b\rc,d\re,\"f\"\r") == "1:!1@1 2:[c][d] 3:[e][f] ");
  // The row has a whole cell of two lines before it.
  BOOST_TEST(read_all("\"a\nb\",\"c\nd,\"e\"\n") == "1:!1@1 3:[d][e] ");
  // Or it closes one of a length that no cell has.
  std::string rows = "a,\"b\n";
  while (rows.size() <= CsvReader::field_bytes_max) rows += "c,d\n";
  rows += "e,4\"\n";
  const std::string read = read_all(rows);
  BOOST_TEST(read.substr(0, 21) == "1:!1@1 2:[c][d] 3:[c]");
  BOOST_TEST(read.find("[e][4\"] ") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(records_near_a_quote_that_is_not_closed_are_in_doubt) {
  CsvReader reader("\"a\nb\"\n\"c\nd,\",e\nf,\"g\nh\n\"i\",j\nk\n", ',');
  std::string doubts;
  while (reader.next() != CsvReader::Next::end) {
    doubts += std::to_string(reader.line()) + (reader.in_doubt() ? "? " : " ");
  }
  BOOST_TEST(doubts == "1 3? 5? 6? 7? 8 ");
}

BOOST_AUTO_TEST_CASE(a_file_full_of_lone_quotes_is_read_in_no_time) {
  struct Case {
    const char* line;
    std::size_t records_and_faults;
  };
  constexpr std::size_t lines = 200'000;
  // A quote that may be closed opens a cell in the third and the fourth.
  const Case cases[] = {{"\"a\n", lines},
                        {"a,\"b\n", lines},
                        {"a\",\"b\n", lines / CsvReader::columns_max + 1},
                        {"\"\"\"\n", lines / 2},
                        {"\"\"\"a\n", lines}};
  for (const Case& c : cases) {
    std::string text;
    for (std::size_t i = 0; i < lines; ++i) text += c.line;
    CsvReader reader(text, ',');
    std::size_t read = 0;
    while (reader.next() != CsvReader::Next::end) ++read;
    BOOST_TEST(read == c.records_and_faults);
    BOOST_TEST(reader.next_line() == lines + 1);
  }
}

BOOST_AUTO_TEST_CASE(the_delimiter_is_the_one_of_the_header) {
  BOOST_TEST(detect_delimiter("a,b,c\n1;2;3;4;5\n") == ',');
  BOOST_TEST(detect_delimiter("a;b,c;d\n") == ';');
  BOOST_TEST(detect_delimiter("a\tb\n") == '\t');
  BOOST_TEST(detect_delimiter("\"a,b,c,d\";e\n") == ';');
  BOOST_TEST(detect_delimiter("alone\n") == ',');
}

BOOST_AUTO_TEST_SUITE_END()
