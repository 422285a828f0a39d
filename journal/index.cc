// The index: opening it, feeding it, asking it.
#include "journal/index.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <system_error>

#include "journal/files.h"
#include "journal/index_mark.h"
#include "journal/lmdb.h"
#include "journal/postings.h"
#include "journal/times.h"
#include "schemas/vocab/check.h"
#include "schemas/vocab/limits.h"

namespace spine::journal {
namespace {

namespace fs = std::filesystem;

// Postings held in memory before they go to LMDB together. A batch touches each list once, so the
// larger it is the less each posting costs; this many take 256 KiB and are searched in
// microseconds. What was not written when a process dies is read from the journal again.
constexpr std::size_t kPostingsHeld = 16'384;
// Of blocks without events of sessions there is still one entry each in the times.
constexpr std::size_t kBlocksHeld = 4'096;

constexpr std::string_view kAppliedKey = "applied";
constexpr std::string_view kLastBlockKey = "last block";

Result<std::shared_ptr<Environment>> open_environment(const fs::path& dir, Access access) {
  EnvironmentOptions options;
  options.dir = dir;
  options.access = access;
  options.map_bytes = limits::kIndexMapBytes;
  options.databases_max = 4;
  return Environment::open(options);
}

// Whether LMDB may open what lies there. Without syncs its file is whole as long as the kernel
// lives; whatever else lies there is no index, and would be asked for again and again.
bool is_usable(const fs::path& dir, Bits128 epoch, Bits128 boot_id) {
  std::error_code error;
  const auto is_file = [&](const char* name) { return fs::is_regular_file(dir / name, error); };
  if (!is_file("data.mdb")) return false;
  if (!is_file("lock.mdb") && fs::exists(dir / "lock.mdb", error)) return false;
  const std::optional<IndexMark> mark = read_mark(dir);
  return mark && mark->epoch == epoch && (mark->clean || (boot_id && mark->boot_id == boot_id));
}

// The value of that length under a key of the meta database; nothing when there is none.
template <class T>
Result<std::optional<T>> read_meta(const Transaction& transaction, Database meta,
                                   std::string_view key) {
  ByteSpan value;
  SPINE_TRY(const bool found, transaction.get(meta, as_bytes(key), value));
  if (!found || value.size() != sizeof(T)) return std::optional<T>{};
  return std::optional<T>{load<T>(value.data())};
}

Result<IndexExtent> read_extent(Transaction& transaction, Database meta) {
  SPINE_TRY(const auto applied, read_meta<std::uint64_t>(transaction, meta, kAppliedKey));
  IndexExtent extent{.applied = Seq{applied.value_or(0)}};
  SPINE_TRY(extent.last_block, read_meta<IndexedBlock>(transaction, meta, kLastBlockKey));
  return extent;
}

Result<IndexExtent> read_extent(const fs::path& dir) {
  SPINE_TRY(const auto env, open_environment(dir, Access::read_unlocked));
  SPINE_TRY(Transaction transaction, Transaction::begin_read(*env));
  SPINE_TRY(const Database meta, transaction.named_database("meta"));
  return read_extent(transaction, meta);
}

// Remembers lately seen numbers, so that the many events of one session in one block make few
// postings; what it forgets is removed by the sort.
class Repeats {
 public:
  // True when (id, block) was certainly seen before.
  bool seen(std::uint64_t id, Seq block) {
    Posting& slot = slots_[(id * 0x9E3779B97F4A7C15ULL) >> 54];
    const Posting posting{id, block};
    if (slot == posting) return true;
    slot = posting;
    return false;
  }

 private:
  std::array<Posting, 1024> slots_{};
};

// The last entries of a list that is still in memory, latest first.
void find_held(const std::vector<Posting>& held, const PostingRange& range, Seq visible,
               std::vector<Seq>& blocks) {
  const Seq to = std::min(range.to, visible);
  for (auto it = held.rbegin(); it != held.rend() && blocks.size() < range.limit; ++it) {
    if (it->id != range.id || it->block < range.from || it->block > to) continue;
    if (blocks.empty() || blocks.back() != it->block) blocks.push_back(it->block);
  }
}

}  // namespace

struct Index::State {
  fs::path dir{};
  IndexMark mark{};
  std::shared_ptr<Environment> env{};
  Postings sessions{"sessions"};
  Postings kinds{"kinds"};
  Times times{};
  Database meta{};
  Seq applied{};  // committed, as the owner sees it
  Seq added{};
  IndexedBlock last_block{};  // that ends with `added`
  bool rebuilt{};
  std::vector<Posting> sessions_held{};
  std::vector<Posting> kinds_held{};
  std::vector<TimeStep> times_held{};
  std::size_t blocks_held{};
  Repeats session_repeats{};
  Repeats kind_repeats{};

  // Opens LMDB and reads how far the index is.
  Status open();
  // Puts what is held into LMDB. On error it is still held, and may be tried again.
  Status write();
  Result<std::vector<Seq>> find(const Postings& postings, const std::vector<Posting>& held,
                                const PostingRange& range) const;
};

Status Index::State::open() {
  SPINE_TRY(env, open_environment(dir, Access::write_unsynced));
  [[maybe_unused]] const auto dead = env->clear_dead_readers();
  if (!env->has_room_for_readers()) {
    // Other processes read in it, and it is ours alone: see make_room_for_readers() in journal.cc.
    env.reset();
    std::error_code error;
    fs::remove(dir / "lock.mdb", error);
    SPINE_TRY(env, open_environment(dir, Access::write_unsynced));
  }
  SPINE_TRY(Transaction transaction, Transaction::begin_write(*env));
  SPINE_TRY_STATUS(sessions.open(transaction));
  SPINE_TRY_STATUS(kinds.open(transaction));
  SPINE_TRY_STATUS(times.open(transaction));
  SPINE_TRY(meta, transaction.named_database("meta"));
  SPINE_TRY(const IndexExtent extent, read_extent(transaction, meta));
  applied = extent.applied;
  added = applied;
  return transaction.commit();
}

Status Index::State::write() {
  if (blocks_held == 0) return ok();
  SPINE_TRY(Transaction transaction, Transaction::begin_write(*env));
  SPINE_TRY_STATUS(sessions.add(transaction, sessions_held));
  SPINE_TRY_STATUS(kinds.add(transaction, kinds_held));
  SPINE_TRY_STATUS(times.add(transaction, times_held));
  const std::uint64_t last = added.value;
  SPINE_TRY_STATUS(
      transaction.put(meta, as_bytes(kAppliedKey), std::as_bytes(std::span(&last, 1))));
  SPINE_TRY_STATUS(
      transaction.put(meta, as_bytes(kLastBlockKey), std::as_bytes(std::span(&last_block, 1))));
  SPINE_TRY_STATUS(transaction.commit());
  sessions_held.clear();
  kinds_held.clear();
  times_held.clear();
  blocks_held = 0;
  return ok();
}

Result<std::vector<Seq>> Index::State::find(const Postings& postings,
                                            const std::vector<Posting>& held,
                                            const PostingRange& range) const {
  std::vector<Seq> blocks;
  find_held(held, range, applied, blocks);
  if (blocks.size() < range.limit) {
    SPINE_TRY(Transaction transaction, Transaction::begin_read(*env));
    PostingRange rest = range;
    rest.limit = range.limit - blocks.size();
    SPINE_TRY_STATUS(postings.find(transaction, rest, blocks));
  }
  std::reverse(blocks.begin(), blocks.end());
  return blocks;
}

Index::Index(std::unique_ptr<State> state) : state_(std::move(state)) {}
Index::~Index() = default;

Result<std::unique_ptr<Index>> Index::open(const fs::path& dir, Bits128 epoch, Bits128 boot_id,
                                           Seq journal_last) {
  const auto fresh = [&](bool rebuilt) {
    auto state = std::make_unique<State>();
    state->dir = dir;
    state->mark = IndexMark{.epoch = epoch, .boot_id = boot_id, .clean = false};
    state->rebuilt = rebuilt;
    return state;
  };
  std::error_code error;
  const bool present = fs::exists(dir / "data.mdb", error);
  if (is_usable(dir, epoch, boot_id)) {
    auto state = fresh(false);
    SPINE_TRY_STATUS(write_mark(dir, state->mark));
    const Status opened = state->open();
    if (opened && state->applied <= journal_last) {
      return std::unique_ptr<Index>(new Index(std::move(state)));
    }
    if (!opened && opened.error().code != Errc::corrupt &&
        opened.error().code != Errc::newer_format) {
      return opened.error();
    }
  }
  // Nothing in it is worth a look: it is made again from the journal.
  SPINE_TRY_STATUS(discard(dir));
  SPINE_TRY_STATUS(make_private_directories(dir));
  auto state = fresh(present);
  SPINE_TRY_STATUS(write_mark(dir, state->mark));
  SPINE_TRY_STATUS(state->open());
  return std::unique_ptr<Index>(new Index(std::move(state)));
}

std::optional<IndexExtent> Index::extent_of(const fs::path& dir, Bits128 epoch, Bits128 boot_id) {
  if (!is_usable(dir, epoch, boot_id)) return std::nullopt;
  const auto extent = read_extent(dir);
  return extent ? std::optional(*extent) : std::nullopt;
}

Status Index::discard(const fs::path& dir) {
  std::error_code error;
  fs::remove(dir / "mark", error);
  fs::remove_all(dir, error);
  if (!error) return ok();
  return Error{Errc::io, fmt::format("The index in {} cannot be deleted: {}.", dir.string(),
                                     error.message())};
}

Seq Index::applied() const {
  return state_->applied;
}
bool Index::rebuilt() const {
  return state_->rebuilt;
}

Status Index::add(const BlockView& block) {
  State& state = *state_;
  const Seq first = block.first();
  SPINE_CHECK(first > state.added);
  for (std::uint32_t i = 0; i < block.count(); ++i) {
    const RecordHeader header = block.event(i).header;
    if (header.session != 0 && !state.session_repeats.seen(header.session, first)) {
      state.sessions_held.push_back({header.session, first});
    }
    if (!state.kind_repeats.seen(header.kind, first)) {
      state.kinds_held.push_back({header.kind, first});
    }
  }
  push_step(state.times_held, {block.header().first_wall_ms, first});
  state.added = block.last();
  state.last_block = IndexedBlock::of(block.header());
  ++state.blocks_held;
  return ok();
}

Status Index::commit() {
  State& state = *state_;
  state.applied = state.added;
  if (state.sessions_held.size() + state.kinds_held.size() < kPostingsHeld &&
      state.blocks_held < kBlocksHeld) {
    return ok();
  }
  return state.write();
}

Status Index::close_clean() {
  State& state = *state_;
  SPINE_TRY_STATUS(state.write());
  SPINE_TRY_STATUS(state.env->sync());
  state.applied = state.added;
  state.mark.clean = true;
  return write_mark(state.dir, state.mark);
}

Result<std::vector<Seq>> Index::session_blocks(SessionId session, Seq from, Seq to,
                                               std::size_t limit) {
  return state_->find(state_->sessions, state_->sessions_held,
                      {.id = session.value, .from = from, .to = to, .limit = limit});
}

Result<std::vector<Seq>> Index::kind_blocks(std::uint16_t kind, Seq from, Seq to,
                                            std::size_t limit) {
  return state_->find(state_->kinds, state_->kinds_held,
                      {.id = kind, .from = from, .to = to, .limit = limit});
}

Result<Seq> Index::block_at(std::int64_t wall_ms) {
  State& state = *state_;
  Seq held = last_step_at(state.times_held, wall_ms, state.applied);
  if (held) return held;
  SPINE_TRY(Transaction transaction, Transaction::begin_read(*state.env));
  return state.times.find(transaction, wall_ms);
}

}  // namespace spine::journal
