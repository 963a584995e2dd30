#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

// A question to an SQLite database that is not ours. The connection can only read, and one
// statement that only reads is all that is run on it.
namespace eventstore {

// One value of a row as the database has it; text is whatever bytes it holds. The bytes of a blob
// are of no use to whoever asks for rows.
struct Blob {};
using ForeignValue = std::variant<std::monostate, std::int64_t, double, std::string_view, Blob>;

// Why there is no answer, for the person who wrote the question.
struct QueryFault {
  enum class In : std::uint8_t { database, statement };
  In in = In::statement;
  std::string what{};  // SQLite's own words where it is SQLite that refuses
  std::string cure{};
};

// Takes one row, with the names of its columns; both hold until it returns. False: no more of them.
using TakeForeignRow =
    std::function<bool(const std::vector<std::string>& columns, std::span<const ForeignValue> row)>;

// Steps of SQLite's machine after which a statement is broken off: a few minutes.
inline constexpr std::uint64_t foreign_steps_max = 10'000'000'000;

// Runs `sql` on the database in `file` and hands over row after row, all of one moment. Nothing:
// to the last row, or until no more were wanted. A writer of the database is waited for, for
// seconds. Refused: what is not one statement, does more than read this one database, has
// parameters, or two columns of one name.
std::optional<QueryFault> ask_foreign(const std::filesystem::path& file, const std::string& sql,
                                      const TakeForeignRow& take,
                                      std::uint64_t steps_max = foreign_steps_max);

}  // namespace eventstore
