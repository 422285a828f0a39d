// Recovery: the state at the end of the journal, from the latest valid snapshot or from zero.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/core/state.h"
#include "journal/journal.h"
#include "journal/snapshots.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/result.h"

namespace spine::pipeline {

// Compares what lies beside the journal with its end (journal/ahead.h). Errc::corrupt, naming what
// tells of events that are not there and what to do; with `accept_loss` such snapshots are set
// aside, the index is deleted, both are named in `notes`, and the last seq that was told of is
// returned: 0 = nothing is missing. Renews the reader. REQUIRES: neither is open.
Result<Seq> settle_losses(const std::filesystem::path& state_dir, Bits128 boot, bool accept_loss,
                          journal::Reader& reader, std::vector<std::string>& notes);

// Loads the newest snapshot that is whole and of this journal: of its epoch, and of the block that
// holds its seq. Returns that seq, 0 when none is usable (the state is then fresh). Unusable ones
// are named in `notes`; those of another journal (of another epoch, or unreadable and ahead) are
// deleted, or they would be kept in place of fresh ones. Renews the reader.
Seq load_latest_snapshot(const journal::SnapshotStore& store, journal::Reader& reader,
                         core::State& state, std::vector<std::string>& notes);

// Folds every event after state.applied() up to the reader's last(). Each body is verified before
// use; Errc::corrupt names the seq. Returns how many were folded.
Result<std::uint64_t> fold_rest(journal::Reader& reader, core::State& state);

}  // namespace spine::pipeline
