#include "eventstore/foreign_query.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "eventstore/open_beside.hpp"

namespace eventstore {

namespace {

constexpr const char* select_cure = "write one SELECT, which may begin with WITH";

struct Finalize {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using ForeignStatement = std::unique_ptr<sqlite3_stmt, Finalize>;

// What a statement may do: SQLite asks about each thing while it prepares it.
int allow_reading(void* denied, int action, const char* /*unused*/, const char* /*unused*/,
                  const char* /*unused*/, const char* /*unused*/) {
  switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_FUNCTION:
    case SQLITE_RECURSIVE:
      return SQLITE_OK;
    default:
      *static_cast<bool*>(denied) = true;
      return SQLITE_DENY;
  }
}

// How long a statement may still work.
struct StepsLeft {
  static constexpr int at_once = 1'000'000;
  std::uint64_t looks = 0;
};

int look_at_steps(void* left) {
  auto& looks = static_cast<StepsLeft*>(left)->looks;
  if (looks == 0) return 1;
  --looks;
  return 0;
}

bool of_the_file(int code) {
  switch (code & 0xFF) {
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_PROTOCOL:
      return true;
    default:
      return false;
  }
}

QueryFault file_fault(int code, const std::string& what) {
  const bool busy = (code & 0xFF) == SQLITE_BUSY || (code & 0xFF) == SQLITE_LOCKED;
  return {QueryFault::In::database, what,
          busy ? "somebody writes it: try again in a moment"
               : "name an SQLite 3 database that may be read here"};
}

class ForeignQuery {
 public:
  ForeignQuery(SQLite::Database database, std::uint64_t steps_max)
      : database_(std::move(database)), left_{steps_max / StepsLeft::at_once} {
    sqlite3_set_authorizer(handle(), allow_reading, &denied_);
    sqlite3_progress_handler(handle(), StepsLeft::at_once, look_at_steps, &left_);
  }
  ForeignQuery(const ForeignQuery&) = delete;
  ForeignQuery& operator=(const ForeignQuery&) = delete;

  std::optional<QueryFault> prepare(const std::string& sql) {
    const char* rest = sql.c_str();
    const char* const end = rest + sql.size();
    while (rest < end) {
      sqlite3_stmt* made = nullptr;
      denied_ = false;
      const int code =
          sqlite3_prepare_v2(handle(), rest, static_cast<int>(end - rest), &made, &rest);
      ForeignStatement statement(made);
      // A second one need not even be good to be one too many.
      if (statement_ && (code != SQLITE_OK || made != nullptr)) {
        return QueryFault{QueryFault::In::statement, "there are several statements", select_cure};
      }
      if (denied_) return reads_only();
      if (code != SQLITE_OK) return fault(code);
      if (made == nullptr) break;  // nothing but blanks and comments
      statement_ = std::move(statement);
    }
    if (!statement_) {
      return QueryFault{QueryFault::In::statement, "there is no statement", select_cure};
    }
    if (sqlite3_stmt_readonly(statement_.get()) == 0 ||
        sqlite3_column_count(statement_.get()) == 0 ||
        sqlite3_stmt_isexplain(statement_.get()) != 0) {
      return reads_only();
    }
    if (sqlite3_bind_parameter_count(statement_.get()) != 0) {
      return QueryFault{QueryFault::In::statement, "the statement has parameters",
                        "write their values into it"};
    }
    return name_columns();
  }

  std::optional<QueryFault> run(const TakeForeignRow& take) {
    std::vector<ForeignValue> row(columns_.size());
    while (true) {
      const int code = sqlite3_step(statement_.get());
      if (code == SQLITE_DONE) return {};
      if (code == SQLITE_INTERRUPT) {
        return QueryFault{QueryFault::In::statement, "the answer takes too long",
                          "look whether an index is missing, or a condition between two tables"};
      }
      if (code != SQLITE_ROW) return fault(code);
      for (std::size_t i = 0; i < row.size(); ++i) row[i] = value(static_cast<int>(i));
      if (!take(columns_, row)) return {};
    }
  }

 private:
  sqlite3* handle() const { return database_.getHandle(); }

  static QueryFault reads_only() {
    return {QueryFault::In::statement, "the statement does more than read", select_cure};
  }

  QueryFault fault(int code) const {
    const std::string what = sqlite3_errmsg(handle());
    if (of_the_file(code)) return file_fault(code, what);
    return {QueryFault::In::statement, what, ""};
  }

  std::optional<QueryFault> name_columns() {
    const int count = sqlite3_column_count(statement_.get());
    for (int i = 0; i < count; ++i) {
      const char* name = sqlite3_column_name(statement_.get(), i);
      std::string column = name == nullptr ? "" : name;
      if (std::find(columns_.begin(), columns_.end(), column) != columns_.end()) {
        return QueryFault{QueryFault::In::statement, "two columns are called \"" + column + "\"",
                          "give one of them another name with AS"};
      }
      columns_.push_back(std::move(column));
    }
    return {};
  }

  ForeignValue value(int column) const {
    switch (sqlite3_column_type(statement_.get(), column)) {
      case SQLITE_NULL:
        return std::monostate{};
      case SQLITE_INTEGER:
        return std::int64_t{sqlite3_column_int64(statement_.get(), column)};
      case SQLITE_FLOAT:
        return sqlite3_column_double(statement_.get(), column);
      case SQLITE_TEXT: {
        const auto* text = sqlite3_column_text(statement_.get(), column);
        const auto bytes = sqlite3_column_bytes(statement_.get(), column);
        return std::string_view(reinterpret_cast<const char*>(text),
                                static_cast<std::size_t>(bytes));
      }
      default:
        return Blob{};
    }
  }

  SQLite::Database database_;
  bool denied_ = false;
  StepsLeft left_{};
  ForeignStatement statement_{};  // finalized before its database is closed
  std::vector<std::string> columns_{};
};

}  // namespace

std::optional<QueryFault> ask_foreign(const std::filesystem::path& file, const std::string& sql,
                                      const TakeForeignRow& take, std::uint64_t steps_max) {
  std::error_code error;
  const auto status = std::filesystem::status(file, error);
  if (!std::filesystem::exists(status)) {
    return QueryFault{QueryFault::In::database, "there is no such file", "check the path"};
  }
  if (!std::filesystem::is_regular_file(status)) {
    return QueryFault{QueryFault::In::database, "is no file", "name an SQLite 3 database"};
  }
  try {
    ForeignQuery query(open_beside(file), steps_max);
    if (auto fault = query.prepare(sql)) return fault;
    return query.run(take);
  } catch (const SQLite::Exception& refused) {
    return file_fault(refused.getErrorCode(), refused.what());
  }
}

}  // namespace eventstore
