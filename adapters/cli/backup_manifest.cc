// The manifest as JSON, written and read.
#include "adapters/cli/backup_manifest.h"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <set>

#include "adapters/cli/output.h"
#include "schemas/vocab/files.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"

namespace spine::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kManifestVersion = 1;
// A row of every file that may be kept (limits::kMediaFilesMax).
constexpr std::size_t kManifestBytesMax = 32 * limits::kMiB;
constexpr std::string_view kJournalFile = "state/journal/data.mdb";

std::string utc_text(std::int64_t wall_ms) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                     fmt::gmtime(static_cast<std::time_t>(wall_ms / 1000)));
}

bool parse_sha256(std::string_view text, Digest256& out) {
  if (text.size() != 2 * out.size()) return false;
  for (std::size_t i = 0; i < out.size(); ++i) {
    std::uint8_t byte = 0;
    const char* digits = text.data() + 2 * i;
    const auto parsed = std::from_chars(digits, digits + 2, byte, 16);
    if (parsed.ec != std::errc{} || parsed.ptr != digits + 2) return false;
    out[i] = std::byte{byte};
  }
  return true;
}

// Below state/, or right in config/, and nowhere else once it is put in place.
bool is_inside(const std::string& path) {
  if (!path.starts_with(kBackupState) && !path.starts_with(kBackupConfig)) return false;
  const fs::path parts{path};
  if (path.starts_with(kBackupConfig) && parts.parent_path() != "config") return false;
  return path == parts.lexically_normal().string() && parts.has_filename() &&
         std::ranges::none_of(parts, [](const fs::path& part) { return part == ".."; }) &&
         printable(path) == path;
}

// False when the row is none of ours.
bool parse_file(const Json& row, BackupFile& file) {
  file.path = row.text("path");
  const std::int64_t bytes = row.number("bytes");
  file.bytes = static_cast<std::uint64_t>(std::max<std::int64_t>(bytes, 0));
  return bytes >= 0 && is_inside(file.path) && parse_sha256(row.text("sha256"), file.sha256);
}

Error corrupt(const std::string& name, std::string_view what) {
  return Error{Errc::corrupt,
               fmt::format("The backup is damaged: {} {}. Use another backup.", name, what)};
}

}  // namespace

std::string manifest_text(const BackupManifest& manifest) {
  std::string text = fmt::format(
      "{{\n  \"spineBackup\": {},\n  \"version\": {},\n  \"time\": \"{}\",\n  \"wallMs\": {},\n"
      "  \"stateDir\": {},\n  \"configName\": {},\n  \"epoch\": \"{}\",\n  \"firstSeq\": {},\n"
      "  \"lastSeq\": {},\n  \"head\": \"{}\",\n  \"files\": [",
      kManifestVersion, json_string(manifest.spine_version), utc_text(manifest.wall_ms),
      manifest.wall_ms, json_string(manifest.state_dir), json_string(manifest.config_name),
      manifest.epoch, manifest.first.value, manifest.last.value, manifest.head);
  const char* between = "\n    ";
  for (const BackupFile& file : manifest.files) {
    text += fmt::format(R"({}{{"path": {}, "bytes": {}, "sha256": "{}"}})", between,
                        json_string(file.path), file.bytes, show_hex(ByteSpan(file.sha256)));
    between = ",\n    ";
  }
  return text + "\n  ]\n}\n";
}

Result<BackupManifest> parse_manifest(std::string_view text, const std::string& name) {
  const auto json = Json::parse(text);
  if (!json) return corrupt(name, "is not JSON");
  const std::int64_t version = json->number("spineBackup");
  if (version > kManifestVersion) {
    return Error{Errc::newer_format,
                 fmt::format("The backup was made by a newer Spine, {}: install that version or a "
                             "later one.",
                             json->text("version"))};
  }
  if (version != kManifestVersion) return corrupt(name, "is no manifest of a backup");
  BackupManifest manifest{
      .spine_version = json->text("version"),
      .wall_ms = json->number("wallMs"),
      .state_dir = json->text("stateDir"),
      .config_name = json->text("configName"),
      .epoch = json->text("epoch"),
      .first = Seq{static_cast<std::uint64_t>(std::max<std::int64_t>(json->number("firstSeq"), 0))},
      .last = Seq{static_cast<std::uint64_t>(std::max<std::int64_t>(json->number("lastSeq"), 0))},
      .head = json->text("head")};
  std::set<std::string> paths;
  for (const Json& row : json->array("files")) {
    BackupFile& file = manifest.files.emplace_back();
    if (!parse_file(row, file)) return corrupt(name, "names a file that no backup of ours holds");
    if (!paths.insert(file.path).second) return corrupt(name, "names a file twice");
  }
  if (!paths.contains(std::string{kJournalFile})) return corrupt(name, "names no journal");
  return manifest;
}

Result<BackupManifest> read_manifest(const fs::path& dir) {
  const fs::path path = dir / kManifestName;
  auto file = InputFile::open(path);
  if (!file && file.error().code == Errc::not_found) {
    return Error{Errc::not_found,
                 fmt::format("{} is no backup: it has no {}. `spine backup DIR` makes one.",
                             dir.string(), kManifestName)};
  }
  if (!file) return file.error();
  if (file->bytes() > kManifestBytesMax) return corrupt(path.string(), "is too long");
  std::string text(file->bytes(), '\0');
  SPINE_TRY_STATUS(file->read(std::as_writable_bytes(std::span(text))));
  return parse_manifest(text, path.string());
}

}  // namespace spine::cli
