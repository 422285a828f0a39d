// Recovery: the state at the end of the journal, from the latest valid snapshot or from zero.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/core/model/state.h"
#include "journal/ahead.h"
#include "journal/journal.h"
#include "journal/snapshots.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/result.h"

namespace spine::pipeline {

// Snapshots and indexes with events that the journal does not hold (journal/ahead.h).
using Losses = std::vector<journal::AheadFile>;

// Looks for them, and changes nothing. Errc::corrupt, naming them and what to do, if there are any
// and not `accept_loss`; with it they are named in `notes`. Renews the reader.
Result<Losses> find_losses(const std::filesystem::path& state_dir, Bits128 boot, bool accept_loss,
                           journal::Reader& reader, std::vector<std::string>& notes);
// The last seq that they cover; 0 = nothing is missing.
Seq last_lost(const Losses& losses);
// Sets such snapshots aside and deletes such an index. REQUIRES: neither is open, and the journal
// holds that the loss was accepted: until it does they are the only evidence, and a start that is
// interrupted before finds them again.
Status put_away(const Losses& losses, const std::filesystem::path& state_dir);

// Loads the newest snapshot that is whole and of this journal: of its epoch, and of the block that
// holds its seq. Returns that seq, 0 when none is usable (the state is then fresh). Unusable ones
// are named in `notes`; those of another journal (of another epoch, or unreadable and ahead) are
// deleted, or they would be kept in place of fresh ones. `losses` are left alone. Renews the
// reader.
Seq load_latest_snapshot(const journal::SnapshotStore& store, journal::Reader& reader,
                         core::State& state, std::vector<std::string>& notes,
                         const Losses& losses = {});

// Folds every event after state.applied() up to the reader's last(). Each body is verified before
// use; Errc::corrupt names the seq. Returns how many were folded.
Result<std::uint64_t> fold_rest(journal::Reader& reader, core::State& state);

}  // namespace spine::pipeline
