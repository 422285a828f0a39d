// ahead: finds snapshots and indexes with events that the journal beside them does not hold.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "journal/journal.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/result.h"

namespace spine::journal {

// A snapshot or an index is made from durable events only. So one that covers events which the
// journal lacks, or has in another version, is evidence: a commit was lost, or the journal is an
// older copy than the files beside it.
struct AheadFile {
  std::filesystem::path path{};  // of the snapshot, or the folder of the index
  Seq seq{};                     // the last event it covers
  bool is_index{};
  bool other_history{};  // the journal holds `seq`, in another block than this was made of
};

// Read-only check of <state_dir>/snapshots and <state_dir>/index. Ignores files that are unreadable
// or of another epoch, and an index that is unsafe to open: not closed cleanly, unless opened under
// this `boot` id (pass none while another process may have it open). Renews the reader after it
// listed the files: what a running gateway commits meanwhile does not make them look ahead.
Result<std::vector<AheadFile>> find_ahead(const std::filesystem::path& state_dir, Bits128 boot,
                                          Reader& reader);

// "the snapshot <path> was made at event 150", for people.
std::string ahead_text(const AheadFile& file);

// All of them and what may have happened, as sentences; the caller adds what to do.
std::string ahead_text(const std::vector<AheadFile>& files, Seq journal_last);

}  // namespace spine::journal
