// BackupManifest: what a backup holds, as <backup>/manifest.json says it.
//
//   <backup>/manifest.json      this
//   <backup>/state/             as the state directory: journal/data.mdb, snapshots/*, media/*, ...
//   <backup>/config/            the configuration file, and .env beside it
//
// Directories have the mode 0700, files 0600: a backup holds what the gateway's owner alone may
// see.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/vocab/bytes.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/result.h"

namespace spine::cli {

inline constexpr std::string_view kManifestName = "manifest.json";
inline constexpr std::string_view kBackupState = "state/";
inline constexpr std::string_view kBackupConfig = "config/";

struct BackupFile {
  std::string path{};  // within the backup: "state/journal/data.mdb"
  std::uint64_t bytes{};
  Digest256 sha256{};
};

struct BackupManifest {
  std::string spine_version{};
  std::int64_t wall_ms{};     // when it was made
  std::string state_dir{};    // of what, for people
  std::string config_name{};  // file name of the configuration; empty = none was there
  std::string epoch{};        // of the journal, a UUID
  Seq first{};                // of the journal; 0 = no events
  Seq last{};
  std::string head{};  // SHA-256 of the journal's last block, hexadecimal
  std::vector<BackupFile> files{};
};

// On several lines, with a last newline.
std::string manifest_text(const BackupManifest& manifest);

// Checks all that can be checked without looking at other files: paths stay inside the backup, each
// names one file, and the journal is among them. `name` is for messages. Errors: corrupt;
// newer_format.
Result<BackupManifest> parse_manifest(std::string_view text, const std::string& name);

// Of the backup in `dir`. Errors: not_found when that is no finished backup; as above; io.
Result<BackupManifest> read_manifest(const std::filesystem::path& dir);

}  // namespace spine::cli
