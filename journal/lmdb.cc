// The one file that talks to LMDB.
#include "journal/lmdb.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <lmdb.h>
#include <sys/stat.h>
#include <utility>
#include <vector>

#include "schemas/vocab/check.h"
#include "schemas/vocab/files.h"

namespace spine::journal {
namespace {

constexpr unsigned kReadersMax = 1'022;    // with the table's head 64 KiB of lock.mdb
constexpr std::size_t kOwnReadersMax = 8;  // concurrent read transactions of one process

Errc class_of_lmdb(int code) {
  switch (code) {
    case MDB_INVALID:
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_PANIC:
      return Errc::corrupt;
    case MDB_VERSION_MISMATCH:
      return Errc::newer_format;
    case MDB_MAP_FULL:
      return Errc::no_space;
    case MDB_READERS_FULL:
    case EAGAIN:
      return Errc::unavailable;
    default:
      return class_of_errno(code);
  }
}

Error lmdb_failure(int code, std::string_view doing, const std::filesystem::path& dir) {
  return Error{class_of_lmdb(code), fmt::format("LMDB failed to {} in {}: {}.", doing, dir.string(),
                                                mdb_strerror(code))};
}

Status status_of(int code, std::string_view doing, const std::filesystem::path& dir) {
  return code == 0 ? ok() : Status{lmdb_failure(code, doing, dir)};
}

MDB_val value_of(ByteSpan bytes) {
  // LMDB's type has no const; it only reads through it where we pass one in.
  return MDB_val{bytes.size(), const_cast<std::byte*>(bytes.data())};
}

ByteSpan bytes_of(const MDB_val& value) {
  return {static_cast<const std::byte*>(value.mv_data), value.mv_size};
}

// In the order of Access.
constexpr std::array<unsigned, 4> kFlags{MDB_NOTLS, MDB_NOTLS | MDB_NOSYNC, MDB_NOTLS | MDB_RDONLY,
                                         MDB_NOTLS | MDB_RDONLY | MDB_NOLOCK};
// In the order of Move.
constexpr std::array kOperations{MDB_FIRST, MDB_LAST, MDB_NEXT, MDB_PREV};

// A page that is in use but not in the file would be a SIGBUS on first access.
Status check_length(const Environment& env) {
  struct stat file {};
  if (::fstat(env.data_fd(), &file) != 0) return lmdb_failure(errno, "look at data.mdb", env.dir());
  const auto length = static_cast<std::uint64_t>(file.st_size);
  if (length < env.used_bytes()) {
    return Error{Errc::corrupt,
                 fmt::format("{}/data.mdb is cut short: {} bytes are in use, {} are there.",
                             env.dir().string(), env.used_bytes(), length)};
  }
  return ok();
}

}  // namespace

Result<std::shared_ptr<Environment>> Environment::open(const EnvironmentOptions& options) {
  MDB_env* raw = nullptr;
  if (const int code = mdb_env_create(&raw); code != 0) {
    return lmdb_failure(code, "create an environment", options.dir);
  }
  const std::shared_ptr<Environment> env(new Environment(options, raw));
  // The first process to open it sizes the reader table; the default of 126 is soon full.
  int code = mdb_env_set_maxreaders(raw, kReadersMax);
  if (code == 0 && options.map_bytes != 0) code = mdb_env_set_mapsize(raw, options.map_bytes);
  if (code == 0 && options.databases_max != 0) {
    code = mdb_env_set_maxdbs(raw, options.databases_max);
  }
  if (code == 0) {
    code = mdb_env_open(raw, options.dir.c_str(), kFlags[static_cast<std::size_t>(options.access)],
                        S_IRUSR | S_IWUSR);
  }
  if (code != 0) return lmdb_failure(code, "open data.mdb", options.dir);
  SPINE_TRY_STATUS(check_length(*env));
  return env;
}

Environment::~Environment() {
  mdb_env_close(env_);
}

std::uint64_t Environment::used_bytes() const {
  MDB_envinfo info{};
  MDB_stat stat{};
  SPINE_CHECK(mdb_env_info(env_, &info) == 0 && mdb_env_stat(env_, &stat) == 0);
  return (std::uint64_t{info.me_last_pgno} + 1) * stat.ms_psize;
}

std::uint64_t Environment::disk_bytes() const {
  struct stat file {};
  if (::fstat(data_fd(), &file) != 0) return 0;
  return static_cast<std::uint64_t>(file.st_blocks) * 512;
}

int Environment::data_fd() const {
  mdb_filehandle_t fd = -1;
  SPINE_CHECK(mdb_env_get_fd(env_, &fd) == 0);
  return fd;
}

Status Environment::sync() {
  return status_of(mdb_env_sync(env_, 1), "sync", dir());
}

Result<std::uint32_t> Environment::clear_dead_readers() {
  int dead = 0;
  if (const int code = mdb_reader_check(env_, &dead); code != 0) {
    return lmdb_failure(code, "look for dead readers", dir());
  }
  return static_cast<std::uint32_t>(dead);
}

bool Environment::has_room_for_readers() {
  std::vector<Transaction> readers;
  while (readers.size() < kOwnReadersMax) {
    auto reader = Transaction::begin_read(*this);
    if (!reader) return reader.error().code != Errc::unavailable;
    readers.push_back(std::move(*reader));
  }
  return true;
}

Result<bool> Environment::make_room_for_readers(std::shared_ptr<Environment>& env) {
  [[maybe_unused]] const auto dead = env->clear_dead_readers();  // repeated while it is open
  if (env->has_room_for_readers()) return false;
  const EnvironmentOptions options = env->options_;
  env.reset();
  std::error_code error;
  std::filesystem::remove(options.dir / "lock.mdb", error);
  SPINE_TRY(env, open(options));
  return true;
}

Result<Transaction> Transaction::begin(Environment& env, unsigned flags) {
  MDB_txn* txn = nullptr;
  if (const int code = mdb_txn_begin(env.env_, nullptr, flags, &txn); code != 0) {
    return lmdb_failure(code, "begin a transaction", env.dir());
  }
  return Transaction(env, txn, (flags & MDB_RDONLY) == 0);
}

Result<Transaction> Transaction::begin_write(Environment& env) {
  return begin(env, 0);
}

Result<Transaction> Transaction::begin_read(Environment& env) {
  return begin(env, MDB_RDONLY);
}

void Transaction::Abort::operator()(MDB_txn* txn) const {
  mdb_txn_abort(txn);
}

Status Transaction::commit() {
  return status_of(mdb_txn_commit(txn_.release()), "commit", env_->dir());
}

void Transaction::reset() {
  mdb_txn_reset(txn_.get());
}

Status Transaction::renew() {
  return status_of(mdb_txn_renew(txn_.get()), "renew a transaction", env_->dir());
}

std::uint64_t Transaction::snapshot() const {
  return mdb_txn_id(txn_.get());
}

Result<Database> Transaction::integer_database() {
  Database database;
  int code = mdb_dbi_open(txn_.get(), nullptr, 0, &database.handle);
  unsigned flags = 0;
  MDB_stat stat{};
  if (code == 0) code = mdb_dbi_flags(txn_.get(), database.handle, &flags);
  if (code == 0) code = mdb_stat(txn_.get(), database.handle, &stat);
  if (code == 0 && stat.ms_entries != 0 && flags != MDB_INTEGERKEY) {
    return Error{Errc::corrupt, fmt::format("{}/data.mdb is an LMDB file, but not one of Spine's.",
                                            env_->dir().string())};
  }
  if (code == 0 && flags == 0 && writes_) {
    code = mdb_dbi_open(txn_.get(), nullptr, MDB_INTEGERKEY, &database.handle);
  }
  if (code != 0) return lmdb_failure(code, "open the database", env_->dir());
  return database;
}

Result<Database> Transaction::named_database(const char* name) {
  Database database;
  const int code = mdb_dbi_open(txn_.get(), name, MDB_CREATE, &database.handle);
  if (code != 0) return lmdb_failure(code, fmt::format("open the database {}", name), env_->dir());
  return database;
}

Result<std::byte*> Transaction::append_reserved(Database database, std::uint64_t key,
                                                std::size_t bytes) {
  MDB_val k{sizeof(key), &key};
  MDB_val v{bytes, nullptr};
  const int code = mdb_put(txn_.get(), database.handle, &k, &v, MDB_APPEND | MDB_RESERVE);
  SPINE_CHECK(code != MDB_KEYEXIST);
  if (code != 0) return lmdb_failure(code, fmt::format("append {} bytes", bytes), env_->dir());
  return static_cast<std::byte*>(v.mv_data);
}

Status Transaction::put(Database database, ByteSpan key, ByteSpan value) {
  MDB_val k = value_of(key);
  MDB_val v = value_of(value);
  return status_of(mdb_put(txn_.get(), database.handle, &k, &v, 0), "put an entry", env_->dir());
}

Result<bool> Transaction::get(Database database, ByteSpan key, ByteSpan& value) const {
  MDB_val k = value_of(key);
  MDB_val v{};
  const int code = mdb_get(txn_.get(), database.handle, &k, &v);
  if (code == MDB_NOTFOUND) return false;
  if (code != 0) return lmdb_failure(code, "get an entry", env_->dir());
  value = bytes_of(v);
  return true;
}

Result<Cursor> Cursor::open(Transaction& transaction, Database database) {
  MDB_cursor* cursor = nullptr;
  const int code = mdb_cursor_open(transaction.txn_.get(), database.handle, &cursor);
  if (code != 0) return lmdb_failure(code, "open a cursor", transaction.env_->dir());
  return Cursor(*transaction.env_, cursor);
}

void Cursor::Close::operator()(MDB_cursor* cursor) const {
  mdb_cursor_close(cursor);
}

Status Cursor::renew(Transaction& transaction) {
  return status_of(mdb_cursor_renew(transaction.txn_.get(), cursor_.get()), "renew a cursor",
                   env_->dir());
}

Result<bool> Cursor::read(MDB_val key, unsigned operation, Entry& entry) {
  MDB_val value{};
  const int code =
      mdb_cursor_get(cursor_.get(), &key, &value, static_cast<MDB_cursor_op>(operation));
  if (code == MDB_NOTFOUND) return false;
  if (code != 0) return lmdb_failure(code, "read an entry", env_->dir());
  entry = Entry{.key = bytes_of(key), .value = bytes_of(value)};
  return true;
}

Result<bool> Cursor::move(Move how, Entry& entry) {
  return read({}, kOperations[static_cast<std::size_t>(how)], entry);
}

Result<bool> Cursor::at_or_after(ByteSpan key, Entry& entry) {
  return read(value_of(key), MDB_SET_RANGE, entry);
}

Result<bool> Cursor::at_or_after(std::uint64_t key, Entry& entry) {
  return at_or_after(std::as_bytes(std::span(&key, 1)), entry);
}

Status Cursor::put(ByteSpan key, ByteSpan value) {
  MDB_val k = value_of(key);
  MDB_val v = value_of(value);
  return status_of(mdb_cursor_put(cursor_.get(), &k, &v, 0), "put an entry", env_->dir());
}

}  // namespace spine::journal
