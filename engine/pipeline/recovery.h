// Recovery: the state at the end of the journal, from the latest valid snapshot or from zero.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/core/state.h"
#include "journal/journal.h"
#include "journal/snapshots.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/result.h"

namespace spine::pipeline {

// Loads the newest snapshot that is whole and of this journal: of its epoch, and of the block that
// holds its seq. Returns that seq, 0 when none is usable (the state is then fresh). Unusable ones
// are named in `notes`; those of another history (ahead of the journal, of another epoch or chain)
// are deleted, or they would be kept in place of fresh ones. Renews the reader.
Seq load_latest_snapshot(const journal::SnapshotStore& store, journal::Reader& reader,
                         core::State& state, std::vector<std::string>& notes);

// Folds every event after state.applied() up to the reader's last(). Each body is verified before
// use; Errc::corrupt names the seq. Returns how many were folded.
Result<std::uint64_t> fold_rest(journal::Reader& reader, core::State& state);

}  // namespace spine::pipeline
