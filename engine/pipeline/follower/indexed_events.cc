// Walks over the blocks that hold events of a session.
#include "engine/pipeline/follower/indexed_events.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace spine::pipeline {
namespace {

constexpr std::size_t kBlocksAtOnce = 64;

}  // namespace

Status IndexedEvents::walk_back(const core::SessionRange& range, const Visit& visit) {
  Seq to = range.last;
  while (to >= range.first) {
    SPINE_TRY(const std::vector<Seq> blocks,
              index_.session_blocks(range.session, Seq{1}, to, kBlocksAtOnce));
    if (blocks.empty()) return ok();
    for (auto it = blocks.rbegin(); it != blocks.rend(); ++it) {
      SPINE_TRY(const journal::BlockView block, reader_.block_of(*it));
      for (std::uint32_t i = block.count(); i-- > 0;) {
        const EventView event = block.event(i);
        if (event.seq > range.last) continue;
        if (event.seq < range.first) return ok();
        SPINE_TRY(const bool go_on, visit(event));
        if (!go_on) return ok();
      }
    }
    if (blocks.front() <= range.first) return ok();
    to = Seq{blocks.front().value - 1};
  }
  return ok();
}

Status IndexedEvents::walk_on(const core::SessionRange& range, const Visit& visit) {
  SPINE_TRY(const journal::BlockView begin, reader_.block_of(range.first));
  // The index gives the last blocks of a range, but the first are wanted: so all of the range are
  // asked for, at most one per seq.
  const auto blocks_max = static_cast<std::size_t>(range.last.value - begin.first().value + 1);
  SPINE_TRY(std::vector<Seq> blocks,
            index_.session_blocks(range.session, begin.first(), range.last, blocks_max));
  if (blocks.size() > kBlocksAtOnce) blocks.resize(kBlocksAtOnce);
  for (const Seq at : blocks) {
    SPINE_TRY(const journal::BlockView block, reader_.block_of(at));
    for (std::uint32_t i = 0; i < block.count(); ++i) {
      const EventView event = block.event(i);
      if (event.seq < range.first) continue;
      SPINE_TRY(const bool go_on, visit(event));
      if (!go_on) return ok();
    }
  }
  return ok();
}

}  // namespace spine::pipeline
