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
  BOOST_TEST(read_all("a,b\n\"c,d\ne,f\n") == "1:[a][b] 2:!1@0 ");
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

BOOST_AUTO_TEST_CASE(the_delimiter_is_the_one_of_the_header) {
  BOOST_TEST(detect_delimiter("a,b,c\n1;2;3;4;5\n") == ',');
  BOOST_TEST(detect_delimiter("a;b,c;d\n") == ';');
  BOOST_TEST(detect_delimiter("a\tb\n") == '\t');
  BOOST_TEST(detect_delimiter("\"a,b,c,d\";e\n") == ';');
  BOOST_TEST(detect_delimiter("alone\n") == ',');
}

BOOST_AUTO_TEST_SUITE_END()
