#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "eventstore/log_errors.hpp"
#include "eventstore/record.hpp"
#include "eventstore/secret.hpp"

namespace eventstore {

// The keys that belong to a log, in a file of their own: for each person a random 256-bit key, and
// the log's secret. All of them are wrapped (AES-256-GCM) under the master key, which the operator
// keeps elsewhere; the file alone opens nothing. To forget somebody is to destroy one key: the log
// keeps its bytes and its chain, and nobody can read that person's part again.
//
// A key is in one of three states: there, destroyed (and known to be), or never made. What is
// sealed under a key that was never made shows a key file that is older than its log.
//
// SQLite in WAL mode, each commit synced. Used from one thread. Whoever writes holds the log's
// lock; readers may read beside it from other processes.
class KeyStore {
 public:
  enum class Access { read, write };

  // `<log>.keys`.
  static std::filesystem::path path_of(const std::filesystem::path& log);

  // True if a key file of ours is there, of whatever layout.
  static bool stands_at(const std::filesystem::path& file);

  // Makes the file, durably, with this secret and no keys; it belongs to no log yet. One that a
  // crash left, which belongs to no log, is replaced. The caller holds the log's lock. Throws
  // KeysExist or LogFailed.
  static void create(const std::filesystem::path& file, const Secret& master,
                     const Secret& log_secret);

  // Throws KeysMissing, WrongMasterKey, KeysForeign, LogNewer, KeysDamaged or LogFailed; the file
  // is then as it was.
  KeyStore(const std::filesystem::path& file, const Secret& master, Access access);
  ~KeyStore();
  KeyStore(const KeyStore&) = delete;
  KeyStore& operator=(const KeyStore&) = delete;

  // The secret made with the log: tokens and keyed digests of numbers come from it.
  const Secret& log_secret() const;

  // `identity` is the hash of the log's first event. Throws KeysForeign where the file belongs to
  // another log. With write access, a file that belongs to none belongs to this one from now on.
  void belong_to(const Hash& identity);

  // Nonce, ciphertext and tag. Makes a key where there was never one; it is only in memory until
  // make_durable. Nothing where the key was destroyed: nothing more is kept of that person.
  std::optional<std::string> seal(std::uint64_t id, std::string_view associated,
                                  std::string_view plain);

  // Writes the new keys. What was sealed with one of them may only be written afterwards. False
  // when the disk is full: nothing is lost, try again. Throws LogFailed.
  [[nodiscard]] bool make_durable();

  enum class Opened { opened, destroyed, no_key, not_what_was_sealed };

  // Appends the plain text to `to`.
  [[nodiscard]] Opened open(std::uint64_t id, std::string_view associated, std::string_view sealed,
                            std::string& to);

  bool destroyed(std::uint64_t id) const;
  bool has(std::uint64_t id);
  // How many keys there are.
  std::uint64_t count();

  enum class Destruction {
    done,
    // The keys cannot be opened any more by this store or a later one; a reader in another process
    // keeps their bytes in the WAL. Go on with finish_destroying.
    under_way,
    // Nothing has changed. Try again.
    disk_full,
  };

  // Destroys the keys, durably, and with them the bytes: in the file and in the WAL; what is
  // not trusted to be overwritten is looked for. An id that never had a key counts as destroyed
  // too. May be asked again. Throws LogFailed.
  Destruction destroy(const std::vector<std::uint64_t>& ids);
  Destruction finish_destroying();
  // True from the destruction on until it is done, also when a crash came between.
  bool destruction_under_way() const;

  // Readers only: sees what the writer has destroyed since. An open text stays open otherwise for
  // as long as its key is in the cache.
  void refresh();

  // Wraps everything anew under another master key, in one transaction, and leaves nothing wrapped
  // under the old one. Nobody else has the file open. Throws as the constructor does.
  static void change_master(const std::filesystem::path& file, const Secret& from,
                            const Secret& to);

 private:
  struct Block;
  std::unique_ptr<Block> block_;
};

}  // namespace eventstore
