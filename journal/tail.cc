// Verification of the last blocks of a journal.
#include "journal/tail.h"

#include <algorithm>
#include <fmt/format.h>
#include <vector>

#include "schemas/event_verify.h"
#include "schemas/vocab/advice.h"
#include "schemas/vocab/sha256.h"

namespace spine::journal {
namespace {

struct Place {
  const std::filesystem::path& dir;
  Seq block;
};

Error damaged(const Place& place, std::string_view what) {
  return Error{Errc::corrupt,
               fmt::format("The journal in {} is damaged: in the block at seq {}, {}. Run `spine "
                           "journal verify` to see everything that is wrong; then {}",
                           place.dir.string(), place.block.value, what, kBringBackABackup)};
}

Error unreadable(const Error& error, const Place& place) {
  return error.code == Errc::newer_format ? newer_journal(place.dir, place.block, error.message)
                                          : damaged(place, error.message);
}

// The last blocks, oldest first.
Result<std::vector<Entry>> collect(Cursor& cursor) {
  std::vector<Entry> entries;
  std::size_t bytes = 0;
  Entry entry;
  SPINE_TRY(bool found, cursor.move(Move::last, entry));
  while (found && entries.size() < kTailBlocks && (entries.empty() || bytes < kTailBytes)) {
    entries.push_back(entry);
    bytes += entry.value.size();
    SPINE_TRY(found, cursor.move(Move::previous, entry));
  }
  std::reverse(entries.begin(), entries.end());
  return entries;
}

// That the block follows the one that `tail` ends with, if there is one.
Status check_order(const BlockView& block, const Tail& tail, const Place& place) {
  const BlockHeader& header = block.header();
  if (tail.checked == 0) {
    if (block.first() == Seq{1} && header.previous != Digest256{}) {
      return damaged(place, "the first block claims to have a predecessor");
    }
    return ok();
  }
  if (block.first() != next(tail.last)) {
    return damaged(place, fmt::format("the block before it ends at seq {}: events are missing",
                                      tail.last.value));
  }
  if (header.previous != tail.head) {
    return damaged(place, "the chain is broken: it does not hold the hash of the block before");
  }
  if (Bits128{.hi = header.epoch_hi, .lo = header.epoch_lo} != tail.epoch) {
    return damaged(place, "the epoch is not that of the block before");
  }
  return ok();
}

}  // namespace

Error newer_journal(const std::filesystem::path& dir, Seq block, std::string_view what) {
  return Error{Errc::newer_format,
               fmt::format("The journal in {} was written by a newer version of Spine: in the "
                           "block at seq {}, {}. Install that version or a later one.",
                           dir.string(), block.value, what)};
}

Result<Tail> check_tail(Environment& env) {
  SPINE_TRY(Transaction transaction, Transaction::begin_read(env));
  SPINE_TRY(const Database database, transaction.integer_database());
  SPINE_TRY(Cursor cursor, Cursor::open(transaction, database));
  SPINE_TRY(const std::vector<Entry> entries, collect(cursor));
  Tail tail;
  BlockView last_block;
  for (const Entry& entry : entries) {
    if (entry.key.size() != sizeof(std::uint64_t)) {
      return damaged({env.dir(), tail.last}, "the next key is not a seq");
    }
    const Place place{env.dir(), Seq{load<std::uint64_t>(entry.key.data())}};
    const auto block = BlockView::verify(entry.value, place.block);
    if (!block) return unreadable(block.error(), place);
    SPINE_TRY_STATUS(check_order(*block, tail, place));
    for (std::uint32_t i = 0; i < block->count(); ++i) {
      const EventView event = block->event(i);
      if (!event_is_readable(event)) return unreadable(unreadable_event(event), place);
    }
    tail = {.checked = tail.checked + 1,
            .last = block->last(),
            .epoch = {.hi = block->header().epoch_hi, .lo = block->header().epoch_lo},
            .head = sha256_of(entry.value)};
    last_block = *block;
  }
  if (tail.checked != 0 && !last_block.may_end_commit()) {
    return damaged({env.dir(), last_block.first()}, "the end of its commit is missing");
  }
  return tail;
}

}  // namespace spine::journal
