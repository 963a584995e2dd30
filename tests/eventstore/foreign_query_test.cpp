// Questions to a database that is not ours: what is answered, and all that is refused.
#include "eventstore/foreign_query.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/eventstore/log_fixture.hpp"

BOOST_AUTO_TEST_SUITE(foreign_query)

namespace {

using eventstore::ask_foreign;
using eventstore::Blob;
using eventstore::ForeignValue;
using eventstore::QueryFault;
using log_fixture::TemporaryFolder;

struct Crm {
  TemporaryFolder folder{};
  std::filesystem::path file = folder.path() / "crm.db";

  Crm() {
    SQLite::Database database(file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    database.exec(
        "CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT, due REAL, photo BLOB);"
        "INSERT INTO customer VALUES (1, 'Anna', 12.5, NULL), (2, 'Ugo', NULL, x'00FF');"
        "CREATE VIEW everybody AS SELECT * FROM customer");
  }
};

std::string shown_value(const ForeignValue& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return std::to_string(*integer);
  if (std::holds_alternative<double>(value)) return "real";
  if (const auto* text = std::get_if<std::string_view>(&value))
    return '"' + std::string(*text) + '"';
  return std::holds_alternative<Blob>(value) ? "blob" : "null";
}

// The rows as "column=value …"; a fault as the last line, "database: what" or "statement: what".
std::vector<std::string> asked(const std::filesystem::path& file, const std::string& sql,
                               std::uint64_t steps_max = eventstore::foreign_steps_max) {
  std::vector<std::string> lines;
  const auto fault = ask_foreign(
      file, sql,
      [&](const std::vector<std::string>& columns, std::span<const ForeignValue> row) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) {
          line += (i == 0 ? "" : " ") + columns[i] + '=' + shown_value(row[i]);
        }
        lines.push_back(line);
        return true;
      },
      steps_max);
  if (fault) {
    lines.push_back((fault->in == QueryFault::In::database ? "database: " : "statement: ") +
                    fault->what);
  }
  return lines;
}

void check_rows(const std::vector<std::string>& found, const std::vector<std::string>& expected) {
  BOOST_TEST(found == expected, boost::test_tools::per_element());
}

}  // namespace

BOOST_AUTO_TEST_CASE(rows_come_as_the_database_has_them) {
  const Crm crm;
  check_rows(asked(crm.file, "SELECT id, name AS nome, due, photo FROM customer ORDER BY id"),
             {"id=1 nome=\"Anna\" due=real photo=null", "id=2 nome=\"Ugo\" due=null photo=blob"});
  check_rows(asked(crm.file,
                   " -- of a view\n WITH w AS (SELECT id FROM everybody) "
                   "SELECT upper('x') AS x, count(*) AS n FROM w; -- the end\n ; "),
             {"x=\"X\" n=2"});
  check_rows(asked(crm.file, "SELECT id FROM customer WHERE 0"), {});
  check_rows(asked(crm.file, "VALUES (1), (2)"), {"column1=1", "column1=2"});
}

BOOST_AUTO_TEST_CASE(no_more_rows_than_are_wanted) {
  const Crm crm;
  int rows = 0;
  const auto fault = ask_foreign(crm.file, "SELECT id FROM customer",
                                 [&](const auto&, auto) { return ++rows < 1; });
  BOOST_TEST(!fault.has_value());
  BOOST_TEST(rows == 1);
}

BOOST_AUTO_TEST_CASE(only_one_statement_that_only_reads_is_run) {
  const Crm crm;
  const auto bytes = log_fixture::bytes_of(crm.file);
  const std::string other = (crm.folder.path() / "other.db").string();
  for (const std::string sql :
       {"INSERT INTO customer VALUES (3, 'Zoe', 0, NULL)", "DELETE FROM customer",
        "UPDATE customer SET name = 'x' WHERE id = 1 RETURNING id", "DROP TABLE customer",
        "CREATE TEMP TABLE t AS SELECT 1", "PRAGMA user_version", "PRAGMA journal_mode = WAL",
        "BEGIN", "COMMIT", "VACUUM", "EXPLAIN SELECT 1", "EXPLAIN QUERY PLAN SELECT 1",
        "SELECT * FROM pragma_table_info('customer')"}) {
    check_rows(asked(crm.file, sql), {"statement: the statement does more than read"});
  }
  check_rows(asked(crm.file, "ATTACH '" + other + "' AS other"),
             {"statement: the statement does more than read"});
  check_rows(asked(crm.file, "VACUUM INTO '" + other + "'"),
             {"statement: the statement does more than read"});
  BOOST_TEST(!std::filesystem::exists(other));
  for (const std::string sql :
       {"SELECT 1; SELECT 2", "SELECT 1; DELETE FROM customer", "SELECT 1; nonsense"}) {
    check_rows(asked(crm.file, sql), {"statement: there are several statements"});
  }
  for (const std::string sql : {"", "  ", "-- nothing", ";"}) {
    check_rows(asked(crm.file, sql), {"statement: there is no statement"});
  }
  BOOST_TEST((log_fixture::bytes_of(crm.file) == bytes));
}

BOOST_AUTO_TEST_CASE(what_sqlite_refuses_is_told_in_its_words) {
  const Crm crm;
  check_rows(asked(crm.file, "SELECT id FROM people"), {"statement: no such table: people"});
  check_rows(asked(crm.file, "SELECT phone FROM customer"), {"statement: no such column: phone"});
  check_rows(asked(crm.file, "SELEC id FROM customer"),
             {"statement: near \"SELEC\": syntax error"});
  check_rows(asked(crm.file, "SELECT abs(-9223372036854775807 - 1) AS x"),
             {"statement: integer overflow"});
  check_rows(asked(crm.file, "SELECT id FROM customer WHERE id = ?"),
             {"statement: the statement has parameters"});
  check_rows(asked(crm.file, "SELECT id, name AS id FROM customer"),
             {"statement: two columns are called \"id\""});
  check_rows(asked(crm.file, "SELECT load_extension('x') AS x"), {"statement: not authorized"});
}

BOOST_AUTO_TEST_CASE(a_file_that_is_no_database_is_told) {
  const Crm crm;
  check_rows(asked(crm.folder.path() / "none.db", "SELECT 1"), {"database: there is no such file"});
  BOOST_TEST(!std::filesystem::exists(crm.folder.path() / "none.db"));
  check_rows(asked(crm.folder.path(), "SELECT 1"), {"database: is no file"});
  const auto text = crm.folder.path() / "list.csv";
  std::ofstream(text) << std::string(4096, 'x');
  check_rows(asked(text, "SELECT 1"), {"database: file is not a database"});
}

BOOST_AUTO_TEST_CASE(an_answer_that_never_ends_is_broken_off) {
  const Crm crm;
  check_rows(asked(crm.file,
                   "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) "
                   "SELECT count(*) FROM n",
                   3'000'000),
             {"statement: the answer takes too long"});
}

BOOST_AUTO_TEST_CASE(a_writer_is_not_disturbed_and_its_unfinished_work_not_seen) {
  const Crm crm;
  SQLite::Database writer(crm.file.string(), SQLite::OPEN_READWRITE);
  writer.exec("PRAGMA journal_mode = WAL; BEGIN IMMEDIATE; DELETE FROM customer WHERE id = 1");
  check_rows(asked(crm.file, "SELECT id FROM customer ORDER BY id"), {"id=1", "id=2"});
  writer.exec("COMMIT");
  check_rows(asked(crm.file, "SELECT id FROM customer ORDER BY id"), {"id=2"});
}

BOOST_AUTO_TEST_SUITE_END()
