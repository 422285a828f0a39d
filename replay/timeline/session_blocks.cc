// Asking the index for the next block, of all lists that a session has.
#include "replay/timeline/session_blocks.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "schemas/event_verify.h"
#include "schemas/fields.h"

#include "event_generated.h"

namespace spine::replay {
namespace {

constexpr Seq kEnd{std::numeric_limits<std::uint64_t>::max()};

}  // namespace

// Whether there is something to ask. Not every walk comes to ask, so it is found out late.
bool SessionBlocks::look() {
  if (known_) return index_ != nullptr;
  known_ = true;
  index_ = timeline_->index();
  if (index_ == nullptr) return false;
  applied_ = index_->applied();
  if (!session_.empty() && !find_sessions()) index_ = nullptr;
  return index_ != nullptr;
}

// The sessions of that key or number: one key may have had several lives, so every session's first
// event is looked at, each block once. An error = not all of them can be known.
Status SessionBlocks::find_sessions() {
  journal::Reader& reader = timeline_->reader();
  std::optional<journal::BlockView> block;
  SPINE_TRY(SessionId id, index_->session_after(SessionId{}));
  while (id) {
    const Seq opened{id.value};
    // A part of a journal names sessions that the state before it knows.
    if (opened < timeline_->first()) return Error{Errc::not_found, "It began before the journal."};
    bool meant = session_ == std::to_string(id.value);
    if (!meant && opened <= timeline_->last()) {
      if (!block || opened > block->last()) {
        SPINE_TRY_STATUS(timeline_->step(opened));
        SPINE_TRY(block, reader.block_of(opened));
      }
      const EventView event =
          block->event(static_cast<std::uint32_t>(opened.value - block->first().value));
      meant = is_kind(event, fb::EventBody::SessionOpened) && event_is_readable(event) &&
              text_of(root_of<fb::SessionOpened>(event).key()) == session_;
    }
    if (meant) lists_.push_back({.id = id});
    if (lists_.size() > kListsMax) return Error{Errc::refused, "It had too many lives."};
    SPINE_TRY(id, index_->session_after(id));
  }
  return ok();
}

Status SessionBlocks::cover(List& list, Seq at) {
  if (list.stretch.covers(at)) return ok();
  SPINE_TRY(list.stretch, index_->stretch(list.id, at));
  return ok();
}

// The first block of the list that is not before `block`; kEnd when there is none.
Result<Seq> SessionBlocks::next_of(List& list, Seq block) {
  if (list.ahead.covers(block)) return list.ahead.to;
  for (Seq at = block;; at = next(list.stretch.to)) {
    SPINE_TRY_STATUS(cover(list, at));
    const auto& blocks = list.stretch.blocks;
    const auto found = std::ranges::lower_bound(blocks, at);
    if (found == blocks.end() && list.stretch.to != kEnd) continue;
    list.ahead = {.from = block, .to = found == blocks.end() ? kEnd : *found};
    return list.ahead.to;
  }
}

// The last block of the list that is not after `block`; 0 when there is none.
Result<Seq> SessionBlocks::last_of(List& list, Seq block) {
  if (list.behind.covers(block)) return list.behind.from;
  SPINE_TRY_STATUS(cover(list, block));
  const auto& blocks = list.stretch.blocks;
  const auto after = std::ranges::upper_bound(blocks, block);
  list.behind = {.from = after == blocks.begin() ? Seq{} : *(after - 1), .to = block};
  return list.behind.from;
}

Seq SessionBlocks::at_or_after(Seq at) {
  if (!look() || at > applied_) return at;
  const auto block = timeline_->reader().first_of_block(at);
  if (!block) return at;
  Seq found = next(applied_);
  for (List& list : lists_) {
    const auto next = next_of(list, *block);
    if (!next) {
      index_ = nullptr;
      return at;
    }
    found = std::min(found, *next);
  }
  return found == *block ? at : found;
}

Seq SessionBlocks::at_or_before(Seq at) {
  if (!look() || at > applied_) return at;
  const auto block = timeline_->reader().first_of_block(at);
  if (!block) return at;
  Seq found;
  for (List& list : lists_) {
    const auto last = last_of(list, *block);
    if (!last) {
      index_ = nullptr;
      return at;
    }
    found = std::max(found, *last);
  }
  return found == *block ? at : found;
}

}  // namespace spine::replay
