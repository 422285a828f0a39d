// Environment, Transaction, Cursor: LMDB with owners and Results. lmdb.cc alone includes <lmdb.h>.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "schemas/vocab/bytes.h"
#include "schemas/vocab/result.h"

struct MDB_env;
struct MDB_txn;
struct MDB_cursor;
struct MDB_val;

namespace spine::journal {

enum class Access : std::uint8_t {
  write,           // commits are durable when they return
  write_unsynced,  // MDB_NOSYNC: durable only after sync()
  read,            // registered in the lock file, which must exist
  read_unlocked,   // leaves no trace; only safe while nobody writes
};

struct EnvironmentOptions {
  std::filesystem::path dir{};  // exists; LMDB's files are data.mdb and lock.mdb in it
  Access access{Access::read};
  std::size_t map_bytes{};   // writers only; readers map what the writer set
  unsigned databases_max{};  // named databases; 0 = the unnamed one only
};

// One LMDB environment. A process must not open the same one twice at a time (LMDB's file locks
// are per process). Thread: any; each transaction has one thread at a time.
class Environment {
 public:
  // Creates data.mdb when it does not exist and access is a writing one. Errc::corrupt when the
  // file is not LMDB's or shorter than what is in use; Errc::newer_format for another LMDB format.
  static Result<std::shared_ptr<Environment>> open(const EnvironmentOptions& options);
  ~Environment();
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  const std::filesystem::path& dir() const { return options_.dir; }
  // End of the pages LMDB uses, in bytes from the start of data.mdb. No system call.
  std::uint64_t used_bytes() const;
  // Bytes of disk data.mdb occupies, allocated ahead or used.
  std::uint64_t disk_bytes() const;
  // The descriptor of data.mdb, owned by the environment.
  int data_fd() const;
  // Makes everything committed durable (for write_unsynced).
  Status sync();
  // Frees the reader slots of processes that died: their old snapshots would make the file grow.
  // Returns how many.
  Result<std::uint32_t> clear_dead_readers();
  // Whether the reader table has slots for all readers of this process.
  bool has_room_for_readers();
  // When other processes hold every slot of the reader table, begins a new table, so that they do
  // not keep the only writer from starting. Readers of the old table no longer pin pages: once
  // those are reused they report damage that is none. True: it was done, and `env` was reopened.
  // REQUIRES: nobody else writes, and nothing of `env` is in use.
  static Result<bool> make_room_for_readers(std::shared_ptr<Environment>& env);

 private:
  friend class Transaction;
  Environment(const EnvironmentOptions& options, MDB_env* env) : options_(options), env_(env) {}
  EnvironmentOptions options_;
  MDB_env* env_;
};

struct Database {
  unsigned handle{};
};

// Borrowed: valid until the transaction ends; in a writing one, until its next change.
struct Entry {
  ByteSpan key{};
  ByteSpan value{};
};

// A transaction that ends with the object unless it was committed. Thread: one at a time.
class Transaction {
 public:
  static Result<Transaction> begin_write(Environment& env);
  static Result<Transaction> begin_read(Environment& env);

  // On error the outcome is unknown when the environment is a synced one.
  Status commit();
  // Read transactions only: unpins the pages until renew().
  void reset();
  Status renew();

  // Of what a reading one sees: grows by one with each commit.
  std::uint64_t snapshot() const;

  // The unnamed database. A writing transaction makes its keys integers if it has no entries yet.
  // Errc::corrupt when it has other keys: it is not ours.
  Result<Database> integer_database();
  // A named database with byte-wise ordered keys; created by a writing transaction.
  Result<Database> named_database(const char* name);

  // Room for `bytes` behind the last key, to be filled before anything else is done with the
  // transaction. REQUIRES: an integer database; key is larger than every other.
  Result<std::byte*> append_reserved(Database database, std::uint64_t key, std::size_t bytes);
  // Puts or replaces.
  Status put(Database database, ByteSpan key, ByteSpan value);
  // False when there is no such key. `value` is borrowed.
  Result<bool> get(Database database, ByteSpan key, ByteSpan& value) const;

 private:
  friend class Cursor;
  struct Abort {
    void operator()(MDB_txn* txn) const;
  };
  Transaction(Environment& env, MDB_txn* txn, bool writes)
      : env_(&env), txn_(txn), writes_(writes) {}
  static Result<Transaction> begin(Environment& env, unsigned flags);
  Environment* env_;
  std::unique_ptr<MDB_txn, Abort> txn_;
  bool writes_;
};

enum class Move : std::uint8_t { first, last, next, previous };

// A position in a database. Thread: that of its transaction, which outlives it.
class Cursor {
 public:
  static Result<Cursor> open(Transaction& transaction, Database database);

  // After Transaction::renew(): the position is lost.
  Status renew(Transaction& transaction);

  // False when there is no such entry; `entry` is then untouched.
  Result<bool> move(Move how, Entry& entry);
  // To the first entry whose key is >= key.
  Result<bool> at_or_after(ByteSpan key, Entry& entry);
  Result<bool> at_or_after(std::uint64_t key, Entry& entry);
  // Puts at the right place; fast when keys come in ascending order. Writing transactions only.
  Status put(ByteSpan key, ByteSpan value);

 private:
  struct Close {
    void operator()(MDB_cursor* cursor) const;
  };
  Cursor(Environment& env, MDB_cursor* cursor) : env_(&env), cursor_(cursor) {}
  Result<bool> read(MDB_val key, unsigned operation, Entry& entry);
  Environment* env_;
  std::unique_ptr<MDB_cursor, Close> cursor_;
};

}  // namespace spine::journal
