// Reading the entries of a journal and verifying them.
#include "journal/reader.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "journal/tail.h"
#include "schemas/event_verify.h"
#include "schemas/vocab/check.h"

namespace spine::journal {
namespace {

namespace fs = std::filesystem;

// The last seq of an unverified block by its header; `first` when the header is not plausible.
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

Status Reader::begin() {
  SPINE_TRY(Transaction begun, Transaction::begin_read(*env_));
  SPINE_TRY(const Database database, begun.integer_database());
  SPINE_TRY(Cursor opened, Cursor::open(begun, database));
  transaction_.emplace(std::move(begun));
  cursor_.emplace(std::move(opened));
  return ok();
}

Result<Seq> Reader::seq_of(const Entry& entry) const {
  if (entry.key.size() == sizeof(std::uint64_t)) return Seq{load<std::uint64_t>(entry.key.data())};
  return misplaced(env_->dir(), last_, "a key is not a seq");
}

// Reads what is visible now: the first and last seq, and the epoch.
Status Reader::look() {
  first_ = Seq{};
  last_ = Seq{};
  Entry entry;
  SPINE_TRY(const bool any, cursor_->move(Move::first, entry));
  if (!any) return ok();
  SPINE_TRY(first_, seq_of(entry));
  SPINE_TRY([[maybe_unused]] const bool found, cursor_->move(Move::last, entry));
  SPINE_TRY(const Seq last_block, seq_of(entry));
  last_ = claimed_last(last_block, entry.value);
  if (entry.value.size() >= sizeof(BlockHeader)) {
    const auto header = load<BlockHeader>(entry.value.data());
    if (header.magic == kBlockMagic) epoch_ = {.hi = header.epoch_hi, .lo = header.epoch_lo};
  }
  return ok();
}

Result<BlockView> Reader::verified(const Entry& entry) const {
  SPINE_TRY(const Seq at, seq_of(entry));
  auto block = BlockView::verify(entry.value, at);
  if (block) return block;
  if (block.error().code == Errc::newer_format) {
    return newer_journal(env_->dir(), at, block.error().message);
  }
  return misplaced(env_->dir(), at, block.error().message);
}

// The entry with the largest key <= seq. False when all keys are larger.
Result<bool> Reader::entry_at(Seq seq, Entry& entry) {
  SPINE_TRY(const bool after, cursor_->at_or_after(seq.value, entry));
  if (after) {
    SPINE_TRY(const Seq key, seq_of(entry));
    if (key == seq) return true;
  }
  return cursor_->move(after ? Move::previous : Move::last, entry);
}

Error Reader::beyond(Seq seq) const {
  return Error{Errc::not_found, fmt::format("The journal has no event {}: it holds {} to {}.",
                                            seq.value, first_.value, last_.value)};
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
  SPINE_TRY(auto env,
            Environment::open(
                {.dir = dir, .access = can_register ? Access::read : Access::read_unlocked}));
  Reader reader(std::move(env));
  SPINE_TRY_STATUS(reader.renew());
  return reader;
}

Status Reader::renew() {
  release();
  if (!transaction_) {
    SPINE_TRY_STATUS(begin());
  } else {
    SPINE_TRY_STATUS(transaction_->renew());
    SPINE_TRY_STATUS(cursor_->renew(*transaction_));
  }
  live_ = true;
  return look();
}

void Reader::release() {
  if (live_) transaction_->reset();
  live_ = false;
}

bool Reader::is_in_place() const {
  struct stat opened {};
  struct stat named {};
  return ::fstat(env_->data_fd(), &opened) == 0 &&
         ::stat((env_->dir() / "data.mdb").c_str(), &named) == 0 && opened.st_ino == named.st_ino &&
         opened.st_dev == named.st_dev;
}

Result<BlockView> Reader::block_of(Seq seq) {
  SPINE_CHECK(live_);
  if (seq < first_ || seq > last_ || !seq) return beyond(seq);
  Entry entry;
  SPINE_TRY(const bool found, entry_at(seq, entry));
  if (!found) return beyond(seq);
  SPINE_TRY(const BlockView block, verified(entry));
  if (block.last() < seq) return misplaced(env_->dir(), seq, "the event is missing");
  return block;
}

Result<BlockView> Reader::block_after(const BlockView& block) {
  SPINE_CHECK(live_);
  const Seq wanted = next(block.last());
  Entry entry;
  SPINE_TRY(const bool found, cursor_->at_or_after(wanted.value, entry));
  if (!found) return beyond(wanted);
  SPINE_TRY(const Seq at, seq_of(entry));
  if (at != wanted) return misplaced(env_->dir(), wanted, "the event is missing");
  return verified(entry);
}

Result<EventView> Reader::event_at(Seq seq) {
  SPINE_TRY(const BlockView block, block_of(seq));
  const EventView event = block.event(static_cast<std::uint32_t>(seq.value - block.first().value));
  if (!event_is_readable(event)) return unreadable_event(event);
  return event;
}

Result<Seq> Reader::first_of_block(Seq seq) {
  SPINE_CHECK(live_);
  if (seq < first_ || seq > last_ || !seq) return beyond(seq);
  Entry entry;
  SPINE_TRY(const bool found, entry_at(seq, entry));
  if (!found) return beyond(seq);
  return seq_of(entry);
}

Result<ByteSpan> Reader::raw_block_at_or_after(Seq seq, Seq& first) {
  SPINE_CHECK(live_);
  Entry entry;
  SPINE_TRY(bool found, entry_at(seq, entry));
  if (found) {
    SPINE_TRY(first, seq_of(entry));
    if (claimed_last(first, entry.value) >= seq) return entry.value;
  }
  SPINE_TRY(found, cursor_->at_or_after(seq.value, entry));
  if (!found) return beyond(seq);
  SPINE_TRY(first, seq_of(entry));
  return entry.value;
}

}  // namespace spine::journal
