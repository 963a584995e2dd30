#pragma once

#include <filesystem>

namespace SQLite {
class Database;
}

namespace eventstore {

// A connection that only reads, beside a writer of any process or where there is none. The file
// must exist. SQLite may leave an empty `-wal` and a `-shm` file. Throws SQLite::Exception.
SQLite::Database open_beside(const std::filesystem::path& file);

}  // namespace eventstore
