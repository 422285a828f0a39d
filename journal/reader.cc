// Reading blocks by position, without disturbing the writer.
#include <fmt/format.h>
#include <optional>
#include <system_error>
#include <unistd.h>

#include "journal/journal.h"
#include "journal/lmdb.h"
#include "journal/tail.h"
#include "schemas/vocab/check.h"

namespace spine::journal {
namespace {

namespace fs = std::filesystem;

// The last seq of a block that nobody has verified yet, as far as its header can be believed.
Seq claimed_last(Seq first, ByteSpan bytes) {
  if (bytes.size() < sizeof(BlockHeader)) return first;
  const auto header = load<BlockHeader>(bytes.data());
  const std::size_t count_max = bytes.size() / sizeof(RecordHeader);
  if (header.magic != kBlockMagic || header.count == 0 || header.count > count_max) return first;
  return Seq{first.value + header.count - 1};
}

Error misplaced(const fs::path& dir, Seq at, std::string_view what) {
  return Error{Errc::corrupt,
               fmt::format("The journal in {} is damaged at seq {}: {}. Run `spine journal verify` "
                           "to see everything that is wrong.",
                           dir.string(), at.value, what)};
}

}  // namespace

struct Reader::State {
  std::shared_ptr<Environment> env{};
  Bits128 epoch{};
  Database database{};
  std::optional<Transaction> transaction{};  // before the cursor: it must outlive it
  std::optional<Cursor> cursor{};
  bool live{};
  Seq first{};
  Seq last{};

  Status begin() {
    SPINE_TRY(Transaction begun, Transaction::begin_read(*env));
    SPINE_TRY(database, begun.integer_database());
    SPINE_TRY(Cursor opened, Cursor::open(begun, database));
    transaction.emplace(std::move(begun));
    cursor.emplace(std::move(opened));
    return ok();
  }

  Result<Seq> seq_of(const Entry& entry) const {
    if (entry.key.size() == sizeof(std::uint64_t)) {
      return Seq{load<std::uint64_t>(entry.key.data())};
    }
    return misplaced(env->dir(), last, "a key is not a seq");
  }

  // Reads what is visible now: the first and last seq, and the epoch.
  Status look() {
    first = Seq{};
    last = Seq{};
    Entry entry;
    SPINE_TRY(const bool any, cursor->move(Move::first, entry));
    if (!any) return ok();
    SPINE_TRY(first, seq_of(entry));
    SPINE_TRY([[maybe_unused]] const bool found, cursor->move(Move::last, entry));
    SPINE_TRY(const Seq last_block, seq_of(entry));
    last = claimed_last(last_block, entry.value);
    if (entry.value.size() >= sizeof(BlockHeader)) {
      const auto header = load<BlockHeader>(entry.value.data());
      if (header.magic == kBlockMagic) epoch = {.hi = header.epoch_hi, .lo = header.epoch_lo};
    }
    return ok();
  }

  Result<BlockView> verified(const Entry& entry) const {
    SPINE_TRY(const Seq at, seq_of(entry));
    auto block = BlockView::verify(entry.value, at);
    if (block) return block;
    if (block.error().code == Errc::newer_format) {
      return newer_journal(env->dir(), at, block.error().message);
    }
    return misplaced(env->dir(), at, block.error().message);
  }

  // The entry with the largest key <= seq. False when all keys are larger.
  Result<bool> entry_at(Seq seq, Entry& entry) {
    SPINE_TRY(const bool after, cursor->at_or_after(seq.value, entry));
    if (after) {
      SPINE_TRY(const Seq key, seq_of(entry));
      if (key == seq) return true;
    }
    return cursor->move(after ? Move::previous : Move::last, entry);
  }

  Error beyond(Seq seq) const {
    return Error{Errc::not_found, fmt::format("The journal has no event {}: it holds {} to {}.",
                                              seq.value, first.value, last.value)};
  }
};

Reader::Reader(std::unique_ptr<State> state) : state_(std::move(state)) {}
Reader::Reader(Reader&&) noexcept = default;
Reader& Reader::operator=(Reader&&) noexcept = default;
Reader::~Reader() = default;

Reader Journal::reader() const {
  auto state = std::make_unique<Reader::State>();
  state->env = env_;
  state->epoch = epoch_;
  return Reader(std::move(state));
}

Result<Reader> Reader::open_read_only(const fs::path& dir) {
  std::error_code error;
  const fs::file_status data = fs::status(dir / "data.mdb", error);
  if (data.type() == fs::file_type::not_found) {
    return Error{Errc::not_found,
                 fmt::format("There is no journal in {}. Is --state-dir right? `spine start` "
                             "creates it.",
                             dir.string())};
  }
  if (error) {
    return Error{Errc::refused, fmt::format("The journal in {} cannot be looked at: {}.",
                                            dir.string(), error.message())};
  }
  // Opening registered would create a missing lock file, and needs to write to an existing one.
  const bool can_register = ::access((dir / "lock.mdb").c_str(), R_OK | W_OK) == 0;
  EnvironmentOptions options;
  options.dir = dir;
  options.access = can_register ? Access::read : Access::read_unlocked;
  auto state = std::make_unique<State>();
  SPINE_TRY(state->env, Environment::open(options));
  Reader reader(std::move(state));
  SPINE_TRY_STATUS(reader.renew());
  return reader;
}

Bits128 Reader::epoch() const {
  return state_->epoch;
}

Status Reader::renew() {
  State& state = *state_;
  release();
  if (!state.transaction) {
    SPINE_TRY_STATUS(state.begin());
  } else {
    SPINE_TRY_STATUS(state.transaction->renew());
    SPINE_TRY_STATUS(state.cursor->renew(*state.transaction));
  }
  state.live = true;
  return state.look();
}

void Reader::release() {
  if (state_->live) state_->transaction->reset();
  state_->live = false;
}

Seq Reader::first() const {
  return state_->first;
}
Seq Reader::last() const {
  return state_->last;
}

Result<BlockView> Reader::block_of(Seq seq) {
  State& state = *state_;
  SPINE_CHECK(state.live);
  if (seq < state.first || seq > state.last || !seq) return state.beyond(seq);
  Entry entry;
  SPINE_TRY(const bool found, state.entry_at(seq, entry));
  if (!found) return state.beyond(seq);
  SPINE_TRY(const BlockView block, state.verified(entry));
  if (block.last() < seq) return misplaced(state.env->dir(), seq, "the event is missing");
  return block;
}

Result<BlockView> Reader::block_after(const BlockView& block) {
  State& state = *state_;
  SPINE_CHECK(state.live);
  const Seq wanted = next(block.last());
  Entry entry;
  SPINE_TRY(const bool found, state.cursor->at_or_after(wanted.value, entry));
  if (!found) return state.beyond(wanted);
  SPINE_TRY(const Seq at, state.seq_of(entry));
  if (at != wanted) return misplaced(state.env->dir(), wanted, "the event is missing");
  return state.verified(entry);
}

Result<ByteSpan> Reader::raw_block_at_or_after(Seq seq, Seq& first) {
  State& state = *state_;
  SPINE_CHECK(state.live);
  Entry entry;
  SPINE_TRY(bool found, state.entry_at(seq, entry));
  if (found) {
    SPINE_TRY(first, state.seq_of(entry));
    if (claimed_last(first, entry.value) >= seq) return entry.value;
  }
  SPINE_TRY(found, state.cursor->at_or_after(seq.value, entry));
  if (!found) return state.beyond(seq);
  SPINE_TRY(first, state.seq_of(entry));
  return entry.value;
}

}  // namespace spine::journal
