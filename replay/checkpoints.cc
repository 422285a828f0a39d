// Checkpoints as snapshots in memory.
#include "replay/checkpoints.h"

#include <algorithm>
#include <cstring>
#include <flatbuffers/flatbuffers.h>

#include "engine/core/model/snapshot.h"
#include "schemas/vocab/bytes.h"

namespace spine::replay {

const Checkpoints::Kept* Checkpoints::nearest(Seq at) const {
  const Kept* best = nullptr;
  for (const Kept& kept : kept_)
    if (kept.seq <= at && (best == nullptr || kept.seq > best->seq)) best = &kept;
  return best;
}

Status Checkpoints::reach(Seq at, core::State& state) {
  Seq start = state.applied() <= at ? state.applied() : Seq{};
  if (start == at && at) return ok();
  for (const Seq seq : timeline_.snapshots())
    if (seq <= at) start = std::max(start, seq);
  const Kept* kept = nearest(at);
  if (kept != nullptr && kept->seq > start) {
    const ByteSpan bytes(reinterpret_cast<const std::byte*>(kept->words.data()), kept->bytes);
    SPINE_TRY_STATUS(core::load_snapshot(bytes, state));
  }
  return timeline_.state_at(at, state);
}

void Checkpoints::keep(const core::State& state) {
  const auto same = [&](const Kept& kept) { return kept.seq == state.applied(); };
  if (!state.applied() || std::ranges::any_of(kept_, same)) return;
  flatbuffers::FlatBufferBuilder builder;
  core::save_snapshot(state, builder);
  Kept kept{.seq = state.applied(), .bytes = builder.GetSize()};
  if (kept.bytes > kBytesMax) return;
  kept.words.resize(align8(kept.bytes) / 8);
  std::memcpy(kept.words.data(), builder.GetBufferPointer(), kept.bytes);
  while (!kept_.empty() && (kept_.size() >= kKeptMax || bytes_ + kept.bytes > kBytesMax)) {
    bytes_ -= kept_.front().bytes;
    kept_.pop_front();
  }
  bytes_ += kept.bytes;
  kept_.push_back(std::move(kept));
}

}  // namespace spine::replay
