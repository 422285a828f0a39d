// The mark that a restore leaves in a state directory for the next start.
#pragma once

#include <filesystem>

#include "schemas/vocab/result.h"

namespace spine::state_dir {

// A restored journal gives seqs out again that clients saw with other content: those between the
// end of the backup and what came after it. The blocks keep the epoch of the journal's creation, so
// the journal itself cannot tell. The mark makes the next start record a new loss id (EngineStarted
// in schemas/event.fbs), with which the epoch of cursors is mixed: from then on every older cursor
// is refused, and its client gets a snapshot.

// The name of the file.
std::filesystem::path restored_mark(const std::filesystem::path& state_dir);

// Errors: no_space, io, refused.
Status leave_restored_mark(const std::filesystem::path& state_dir);
bool has_restored_mark(const std::filesystem::path& state_dir);
// When the journal holds what it asks for: until then a start that is interrupted finds it again.
// Does nothing when there is none. Errors: io.
Status remove_restored_mark(const std::filesystem::path& state_dir);

}  // namespace spine::state_dir
