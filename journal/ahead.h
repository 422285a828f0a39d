// ahead: finds what lies beside a journal and tells of more than it holds.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "journal/journal.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/result.h"

namespace spine::journal {

// A snapshot or an index is made of events that are durable. So one that tells of events that the
// journal does not hold, or holds otherwise, is evidence: a commit was lost, or the journal is an
// older copy than what lies beside it.
struct AheadFile {
  std::filesystem::path path{};  // of the snapshot, or the folder of the index
  Seq seq{};                     // up to which it tells
  bool is_index{};
  bool other_history{};  // the journal holds `seq`, in another block than this was made of
};

// Looks at <state_dir>/snapshots and <state_dir>/index, and changes nothing. What is of another
// epoch or cannot be read is no evidence; nor is an index that nobody may open (not closed cleanly,
// unless under `boot`; none for a look while another process may have it open). Renews the reader,
// after the look: so what a running gateway writes meanwhile is not ahead of what is seen.
Result<std::vector<AheadFile>> find_ahead(const std::filesystem::path& state_dir, Bits128 boot,
                                          Reader& reader);

// "the snapshot <path> was made at event 150", for people.
std::string ahead_text(const AheadFile& file);

// All of them, what may have happened and, but for the last words, what to do. Sentences.
std::string ahead_text(const std::vector<AheadFile>& files, Seq journal_last);

}  // namespace spine::journal
