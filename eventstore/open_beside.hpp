#pragma once

#include <filesystem>

namespace SQLite {
class Database;
}

namespace eventstore {

// A connection that only reads, beside a writer of any process or where there is none. The file
// must exist. SQLite may leave an empty `-wal` and a `-shm` file. Throws SQLite::Exception.
SQLite::Database open_beside(const std::filesystem::path& file);

// The same for a file that is ours to mend: a transaction that a killed writer left half done in it
// is taken back first, which a connection that only reads cannot do. Of a database in WAL mode
// nothing is left so; in any other mode `FILE-journal` is.
SQLite::Database open_beside_and_mend(const std::filesystem::path& file);

}  // namespace eventstore
