// Restore: puts a backup in place of a state directory, whole or not at all.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "adapters/cli/backup_manifest.h"
#include "adapters/cli/long_work.h"
#include "schemas/vocab/result.h"

namespace spine::cli {

struct RestoreRequest {
  std::filesystem::path from{};  // of spine backup
  std::filesystem::path state_dir{};
  std::filesystem::path config_path{};
  bool replace{};          // a state directory that is not empty is moved aside
  std::int64_t wall_ms{};  // names it
};

// What became of a file of the configuration.
struct RestoredConfig {
  enum class Outcome : std::uint8_t {
    put,     // none was there
    same,    // the one that is there is equal
    beside,  // another one is there: written beside it, as <name>.restored
  };
  std::filesystem::path path{};  // that was written, or is the same
  Outcome outcome{};
};

struct RestoreReport {
  BackupManifest manifest{};
  std::filesystem::path state_dir{};
  std::filesystem::path before{};  // where the old state is now; empty = there was none
  std::vector<RestoredConfig> config{};
};

// Checks the manifest, copies every file to <state-dir>.restoring against its SHA-256, scans the
// copied journal and compares its end with the manifest: only then is the old state moved to
// <state-dir>.before-<time>, and the new one renamed into its place. Last comes the configuration.
// The state gets the mark of engine/state_dir/restored_mark.h.
//
// Errors: not_found (no backup), corrupt (naming the file), newer_format; in_use when a gateway
// runs on the state directory or another restore is at work; refused when it is not empty and not
// `replace`; no_space; io; unavailable: stopped. The state directory is then as it was, and the
// configuration, too, unless the message says that the state is restored.
Result<RestoreReport> restore_backup(const RestoreRequest& request, LongWork& work);

}  // namespace spine::cli
