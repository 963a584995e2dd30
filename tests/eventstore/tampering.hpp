#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace log_fixture {

// Changes a log that nobody holds as somebody with the sqlite3 shell would, triggers out of the
// way and back afterwards. The table's triggers end up word for word as they were.
inline void tamper(const std::filesystem::path& log, const std::string& sql) {
  SQLite::Database database(log.string(), SQLite::OPEN_READWRITE);
  std::vector<std::pair<std::string, std::string>> triggers;
  SQLite::Statement query(database, "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'");
  while (query.executeStep()) {
    triggers.emplace_back(query.getColumn(0).getString(), query.getColumn(1).getString());
  }
  query.reset();
  for (const auto& [name, ignored] : triggers) database.exec("DROP TRIGGER " + name);
  database.exec(sql);
  for (const auto& [name, text] : triggers) database.exec(text);
}

}  // namespace log_fixture
