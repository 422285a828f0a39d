// Feeding the index, and getting over its failures.
#include "engine/pipeline/follower/follower_index.h"

#include <utility>

#include "engine/log/log.h"
#include "engine/pipeline/clock.h"

namespace spine::pipeline {
namespace {

const log::Logger kIndexLog{"index"};

// Blocks added before they are committed and the caller looks at other things.
constexpr int kBlocksPerFeed = 64;

}  // namespace

FollowerIndex::FollowerIndex(Options options, Seq journal_last) : options_(std::move(options)) {
  open(journal_last);
}

void FollowerIndex::open(Seq journal_last) {
  auto opened = journal::Index::open(options_.dir, options_.epoch, options_.boot, journal_last);
  if (!opened) {
    failed(opened.error());
    return;
  }
  index_ = std::move(opened).value();
  if (index_->rebuilt()) kIndexLog.warn("the index was not usable and is being rebuilt");
}

Seq FollowerIndex::applied() const {
  return index_ ? index_->applied() : Seq{};
}

void FollowerIndex::add(const journal::BlockView& block) {
  if (!failing_ && block.first() == next(index_->added())) index_->add(block);
}

void FollowerIndex::commit() {
  if (failing_) return;
  if (const Status committed = index_->commit(); !committed) failed(committed.error());
}

bool FollowerIndex::wants(Seq last) const {
  return failing_ ? boottime_now_ms() >= retry_at_ms_ : applied() < last;
}

Status FollowerIndex::feed(journal::Reader& reader, Seq last) {
  if (failing_ && !try_again(reader.last())) return ok();
  if (index_->added() >= last) {
    commit();
    return ok();
  }
  SPINE_TRY(journal::BlockView block, reader.block_of(next(index_->added())));
  for (int count = 1;; ++count) {
    add(block);
    if (block.last() >= last || count == kBlocksPerFeed) break;
    SPINE_TRY(block, reader.block_after(block));
  }
  commit();
  return ok();
}

// False when it failed again.
bool FollowerIndex::try_again(Seq journal_last) {
  if (!index_) {
    open(journal_last);
    if (!index_) return false;
  } else if (const Status committed = index_->commit(); !committed) {
    failed(committed.error());
    return false;
  }
  failing_ = false;
  kIndexLog.info("the index is being written again");
  return true;
}

void FollowerIndex::failed(const Error& error) {
  const std::uint64_t now = boottime_now_ms();
  retry_at_ms_ = now + options_.retry_ms;
  const bool damaged = error.code == Errc::corrupt || error.code == Errc::newer_format;
  if (index_ && damaged) {
    kIndexLog.warn("the index is damaged and is made again from the journal: {}", error.message);
    discard(now);
  } else if (!failing_) {
    kIndexLog.warn("histories may lack messages: the index stays behind until it can be used: {}",
                   error.message);
  }
  failing_ = true;
}

void FollowerIndex::discard(std::uint64_t now) {
  index_.reset();
  if (const Status gone = journal::Index::discard(options_.dir); !gone) {
    kIndexLog.warn("{}", gone.error().message);  // open() does not trust what is left either
  } else if (discarded_ms_ == 0 || now - discarded_ms_ >= options_.retry_ms) {
    retry_at_ms_ = now;  // at once; with a back-off when it fails again soon
  }
  discarded_ms_ = now;
}

void FollowerIndex::close() {
  if (!index_) return;
  const Status closed = index_->close_clean();
  if (closed) return;
  kIndexLog.warn("the next start reads more of the journal: the index was not closed: {}",
                 closed.error().message);
  if (closed.error().code == Errc::corrupt) discard(boottime_now_ms());
}

Result<std::vector<Seq>> FollowerIndex::session_blocks(SessionId session, Seq from, Seq to,
                                                       std::size_t limit) {
  if (!index_) return std::vector<Seq>{};
  auto blocks = index_->session_blocks(session, from, to, limit);
  if (blocks) return blocks;
  failed(blocks.error());
  return std::vector<Seq>{};
}

}  // namespace spine::pipeline
