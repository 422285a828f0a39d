// Backup: a verified copy of a state directory and its configuration, while a gateway runs or not.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "adapters/cli/backup_manifest.h"
#include "adapters/cli/long_work.h"
#include "schemas/vocab/result.h"

namespace spine::cli {

struct BackupRequest {
  std::filesystem::path to{};  // not there yet, or an empty directory
  std::filesystem::path state_dir{};
  std::filesystem::path config_path{};  // need not exist
  std::string spine_version{};
  std::int64_t wall_ms{};
};

struct BackupReport {
  BackupManifest manifest{};
  std::filesystem::path dir{};       // absolute
  std::vector<std::string> notes{};  // what is not in it although one may expect it
};

// In it: the journal up to the last commit there was at the call, every snapshot of that part, the
// files that came with messages, the configuration file with the .env beside it, and the files that
// lie right in the state directory (token, identity.pem). Not in it: logs, the index (made again
// from the journal), and the folders of agents. It is built as <to>.partial, its journal read whole
// and synced, then renamed: under its final name there is a whole backup or none.
//
// Errors: refused when `to` is not empty; not_found without a journal; corrupt and newer_format
// when the journal is not whole; in_use (<to>.partial is there); no_space; io; unavailable:
// stopped.
Result<BackupReport> make_backup(const BackupRequest& request, LongWork& work);

}  // namespace spine::cli
