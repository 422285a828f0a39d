// backup: the parts of a backup one after the other, and the verb.
#include "adapters/cli/backup.h"

#include <algorithm>
#include <fmt/format.h>
#include <optional>
#include <system_error>
#include <utility>

#include "adapters/cli/output.h"
#include "adapters/cli/staging_dir.h"
#include "adapters/cli/verb.h"
#include "adapters/media/stored_file.h"
#include "engine/config/source/deciding_file.h"
#include "engine/pipeline/clock.h"
#include "engine/state_dir/restored_mark.h"
#include "journal/ahead.h"
#include "journal/copy.h"
#include "journal/snapshots.h"
#include "schemas/vocab/files.h"
#include "schemas/vocab/show.h"
#include "schemas/vocab/uuid.h"

namespace spine::cli {
namespace {

namespace fs = std::filesystem;

// Absolute, and without a last '/': names beside it are made from it.
fs::path plain(const fs::path& path) {
  fs::path normal = fs::absolute(path).lexically_normal();
  return normal.has_filename() ? normal : normal.parent_path();
}

Status check_free(const fs::path& to) {
  std::error_code error;
  const fs::file_status there = fs::status(to, error);
  if (there.type() == fs::file_type::not_found) return ok();
  if (fs::is_directory(there) && fs::is_empty(to, error) && !error) return ok();
  return Error{Errc::refused,
               fmt::format("{} is there and not an empty directory: name another one, such as {}.1",
                           to.string(), to.string())};
}

// A file right in the state directory that lasts: keys, the token, and what later versions add.
bool lasts(const fs::directory_entry& entry, const fs::path& state_dir) {
  const std::string name = entry.path().filename().string();
  std::error_code error;
  return fs::is_regular_file(entry.symlink_status(error)) && name != "spine.lock" &&
         entry.path() != state_dir::restored_mark(state_dir) && !name.ends_with(".partial") &&
         !name.ends_with(".new") && name == printable(name);
}

class BackupMaker {
 public:
  BackupMaker(const BackupRequest& request, StagingDir& into, LongWork& work)
      : request_(request), into_(into), work_(work) {}

  Status copy_journal(journal::Reader& reader);
  Status copy_snapshots();
  Status copy_media();
  Status copy_state_files();
  Status copy_config();
  Status write_manifest();

  BackupReport report{};

 private:
  Status take(const fs::path& from, const std::string& name);
  void list(const std::string& name, const FileSum& sum);
  std::string snapshot_fault(const journal::SnapshotStore& copies, Seq seq);

  const BackupRequest& request_;
  StagingDir& into_;
  LongWork& work_;
  Bits128 epoch_{};
};

void BackupMaker::list(const std::string& name, const FileSum& sum) {
  report.manifest.files.push_back({.path = name, .bytes = sum.bytes, .sha256 = sum.sha256});
}

Status BackupMaker::take(const fs::path& from, const std::string& name) {
  SPINE_TRY(const FileSum sum, into_.take(from, name, work_));
  list(name, sum);
  return ok();
}

Status BackupMaker::copy_journal(journal::Reader& reader) {
  SPINE_TRY(const auto ahead, journal::find_ahead(request_.state_dir, Bits128{}, reader));
  if (!ahead.empty()) {
    report.notes.push_back(journal::ahead_text(ahead, reader.last()) +
                           " The backup holds what the journal holds.");
  }
  const std::string folder = std::string{kBackupState} + "journal";
  SPINE_TRY_STATUS(make_private_directories(into_.path() / folder));
  const auto copied =
      journal::copy_journal(reader, into_.path() / folder, [this](Seq done, Seq all) {
        return work_.go_on("Copying the journal", done.value, all.value);
      });
  if (!copied)
    return copied.error().code == Errc::unavailable ? LongWork::stopped() : copied.error();
  epoch_ = copied->epoch;
  report.manifest.epoch = uuid_string(copied->epoch);
  report.manifest.first = copied->first;
  report.manifest.last = copied->last;
  report.manifest.head = show_hex(ByteSpan(copied->head));
  SPINE_TRY(const FileSum sum, into_.sum_of(folder + "/data.mdb", work_));
  list(folder + "/data.mdb", sum);
  return ok();
}

// Why a copied snapshot cannot be of the copied journal; empty when it is.
std::string BackupMaker::snapshot_fault(const journal::SnapshotStore& copies, Seq seq) {
  const auto loaded = copies.load(seq, epoch_);
  if (!loaded) return loaded.error().message;
  auto reader = journal::Reader::open_read_only(into_.path() / kBackupState / "journal");
  if (!reader) return reader.error().message;
  const auto block = reader->block_of(seq);
  if (!block) return block.error().message;
  return block->sha256() == loaded->block ? "" : "the journal has another history up to it";
}

// Those that the journal's copy reaches. They can be made again, so one that is not usable, or went
// while it was copied, is left out.
Status BackupMaker::copy_snapshots() {
  const fs::path dir = request_.state_dir / "snapshots";
  const std::string folder = std::string{kBackupState} + "snapshots";
  const auto copies = journal::SnapshotStore::look_at(into_.path() / folder);
  const auto originals = journal::SnapshotStore::look_at(dir);
  for (const Seq seq : originals.list()) {
    if (seq > report.manifest.last) continue;
    const fs::path from = originals.path_of(seq);
    const std::string name = folder + "/" + from.filename().string();
    const auto taken = into_.take(from, name, work_);
    const bool of_source =
        !taken && (taken.error().code == Errc::not_found || taken.error().code == Errc::corrupt);
    if (!taken && !of_source) return taken.error();
    const std::string why = taken ? snapshot_fault(copies, seq) : taken.error().message;
    if (why.empty()) {
      list(name, *taken);
      continue;
    }
    SPINE_TRY_STATUS(copies.remove(seq));
    report.notes.push_back(fmt::format("The snapshot {} is left out: {}", seq.value, why));
  }
  return ok();
}

// After the journal: a file is there before the message that it came with. One that is damaged, or
// was swept meanwhile, is left out.
Status BackupMaker::copy_media() {
  const fs::path dir = request_.state_dir / media::kMediaFolder;
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(dir, error), end; !error && it != end; it.increment(error)) {
    Digest256 sha256{};
    const std::string name = it->path().filename().string();
    if (media::parse_media_name(name, sha256)) names.push_back(name);
  }
  if (error == std::errc::no_such_file_or_directory) return ok();
  if (error) return path_error(error.value(), "listed", dir);
  std::ranges::sort(names);
  for (const std::string& name : names) {
    const std::string path = fmt::format("{}{}/{}", kBackupState, media::kMediaFolder, name);
    const auto taken = into_.take(dir / name, path, work_);
    if (taken && media::media_name(taken->sha256) == name) {
      list(path, *taken);
      continue;
    }
    if (!taken && taken.error().code != Errc::not_found && taken.error().code != Errc::corrupt) {
      return taken.error();
    }
    fs::remove(into_.path() / path, error);
    if (!taken && taken.error().code == Errc::not_found) continue;
    report.notes.push_back(fmt::format("The damaged file {} is left out", (dir / name).string()));
  }
  return ok();
}

Status BackupMaker::copy_state_files() {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator it(request_.state_dir, error), end; !error && it != end;
       it.increment(error)) {
    if (lasts(*it, request_.state_dir)) files.push_back(it->path());
  }
  if (error) return path_error(error.value(), "listed", request_.state_dir);
  std::ranges::sort(files);
  for (const fs::path& file : files)
    SPINE_TRY_STATUS(take(file, std::string{kBackupState} + file.filename().string()));
  if (fs::is_directory(request_.state_dir / "agents", error)) {
    report.notes.push_back(fmt::format("The folders of agents are not in it: {}",
                                       (request_.state_dir / "agents").string()));
  }
  return ok();
}

Status BackupMaker::copy_config() {
  const auto text = config::read_text_file(request_.config_path);
  if (!text && text.error().code == Errc::not_found) {
    report.notes.push_back(fmt::format("There is no configuration file {} to put in it",
                                       request_.config_path.string()));
    return ok();
  }
  if (!text) return text.error();
  report.manifest.config_name = request_.config_path.filename().string();
  SPINE_TRY_STATUS(
      take(request_.config_path, std::string{kBackupConfig} + report.manifest.config_name));
  for (const char* named : {"$include", "certPath", "keyPath"}) {
    if (text->find(named) == std::string::npos) continue;
    report.notes.push_back(
        fmt::format("The files that the configuration names with {} are not in it", named));
  }
  const fs::path variables = request_.config_path.parent_path() / ".env";
  std::error_code error;
  if (!fs::is_regular_file(variables, error)) return ok();
  return take(variables, std::string{kBackupConfig} + ".env");
}

Status BackupMaker::write_manifest() {
  BackupManifest& manifest = report.manifest;
  manifest.spine_version = request_.spine_version;
  manifest.wall_ms = request_.wall_ms;
  manifest.state_dir = request_.state_dir.string();
  const std::string text = manifest_text(manifest);
  // One that a restore would not take is none.
  SPINE_TRY([[maybe_unused]] const BackupManifest read,
            parse_manifest(text, std::string{kManifestName}));
  SPINE_TRY_STATUS(sync_dir(into_.path() / kBackupState));
  return replace_file(into_.path() / kManifestName, {as_bytes(text)});
}

}  // namespace

Result<BackupReport> make_backup(const BackupRequest& request, LongWork& work) {
  const fs::path to = plain(request.to);
  SPINE_TRY_STATUS(check_free(to));
  SPINE_TRY(auto reader, journal::Reader::open_read_only(request.state_dir / "journal"));
  fs::path partial = to;
  partial += ".partial";
  SPINE_TRY(StagingDir staging, StagingDir::create(partial));
  BackupMaker maker(request, staging, work);
  SPINE_TRY_STATUS(maker.copy_journal(reader));
  SPINE_TRY_STATUS(maker.copy_snapshots());
  SPINE_TRY_STATUS(maker.copy_media());
  SPINE_TRY_STATUS(maker.copy_state_files());
  SPINE_TRY_STATUS(maker.copy_config());
  SPINE_TRY_STATUS(maker.write_manifest());
  SPINE_TRY_STATUS(staging.put_in_place(to));
  maker.report.dir = to;
  return std::move(maker.report);
}

namespace {

int show_backup(const Common& common, const BackupReport& report) {
  const BackupManifest& manifest = report.manifest;
  std::uint64_t bytes = 0;
  for (const BackupFile& file : manifest.files)
    bytes += file.bytes;
  const Raw files = json_rows(manifest.files, [](const BackupFile& file) {
    return json_object(
        {{"path", file.path}, {"bytes", file.bytes}, {"sha256", show_hex(ByteSpan(file.sha256))}});
  });
  std::string said =
      fmt::format("Backed up events #{} to #{} into {}: {} files, {}, journal read again and whole",
                  manifest.first.value, manifest.last.value, printable(report.dir.string()),
                  manifest.files.size(), show_bytes(bytes));
  for (const std::string& note : report.notes)
    said += "\nNote: " + printable(note);
  said += fmt::format("\nTo bring it back: spine restore {}", printable(report.dir.string()));
  return show(common,
              json_object({{"dir", report.dir.string()},
                           {"epoch", manifest.epoch},
                           {"firstSeq", manifest.first.value},
                           {"lastSeq", manifest.last.value},
                           {"head", manifest.head},
                           {"bytes", bytes},
                           {"files", files},
                           {"notes", json_texts(report.notes)}}),
              said);
}

}  // namespace

Action backup(CLI::App& verb) {
  examples(verb, {"spine backup ~/backups/$(date +%F)", "spine backup /mnt/usb/spine --json",
                  "spine journal verify --state-dir ~/backups/2026-11-28/state"});
  const auto dir = argument(verb, "dir", "Where to: a directory that is not there yet, or empty");
  return [=](const Common& common) -> Result<int> {
    SPINE_TRY(const Place place, locate(common));
    std::optional<LongWork> work{std::in_place};
    SPINE_TRY(const BackupReport report, make_backup({.to = *dir,
                                                      .state_dir = place.state_dir,
                                                      .config_path = place.config_path,
                                                      .spine_version = SPINE_VERSION,
                                                      .wall_ms = pipeline::wall_now_ms()},
                                                     *work));
    work.reset();  // takes its line away
    return show_backup(common, report);
  };
}

}  // namespace spine::cli
