#pragma once

#include <string>

#include "eventstore/record.hpp"

namespace SQLite {
class Database;
class Exception;
}  // namespace SQLite

// The table of the log; shared by the writer and the readers (event_rows.hpp).
namespace eventstore {

// "CAMP" and the version of the file's layout, in the header of the database file.
inline constexpr std::uint32_t log_application_id = 0x43414D50;
inline constexpr std::uint32_t log_layout_version = 1;

// How long a connection waits for another one. A reader that meets a half-written WAL index takes
// the write lock for an instant to read it again; whoever holds it longer is another writer, and
// then the log fails.
inline constexpr int busy_wait_ms = 2000;

// Every column, in the order of the table.
extern const char* const event_columns;

// Settings of every connection, the writing one and the readers: nothing in the file is trusted to
// run code, and no value longer than an event can be.
void harden(SQLite::Database& database);

// For a database of which each page is read once, or seldom again: from now on it keeps 1 MiB of
// them, and not the 8 that `harden` leaves it.
void keep_few_pages(SQLite::Database& database);

// Turns to WAL mode, to its end: the row that says "wal" comes before the writing that may fail.
// Returns the mode that the database is in then.
std::string enter_wal_mode(SQLite::Database& database);

// Makes the table and its triggers and marks the file as ours. Inside a transaction of the caller.
void create_schema(SQLite::Database& database);

// Throws LogForeign for a file that is no log or an empty one, LogNewer for a later layout, and
// LogDamaged if the table or a trigger is not as create_schema made it. `name` is for the message.
void check_schema(SQLite::Database& database, const std::string& name);

// Why SQLite could not open or read the file, for people.
std::string reason_of(const SQLite::Exception& error);

}  // namespace eventstore
