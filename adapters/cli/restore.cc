// restore: staged, checked, put in place; and the verb.
#include "adapters/cli/restore.h"

#include <cerrno>
#include <cstdio>
#include <ctime>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <map>
#include <optional>
#include <system_error>
#include <utility>

#include "adapters/cli/output.h"
#include "adapters/cli/staging_dir.h"
#include "adapters/cli/verb.h"
#include "engine/pipeline/clock.h"
#include "engine/state_dir/restored_mark.h"
#include "engine/state_dir/state_dir.h"
#include "journal/copy.h"
#include "schemas/vocab/files.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/sha256.h"
#include "schemas/vocab/show.h"
#include "schemas/vocab/uuid.h"

namespace spine::cli {
namespace {

namespace fs = std::filesystem;

Error damaged(const fs::path& file, std::string_view what) {
  return Error{Errc::corrupt, fmt::format("The backup is damaged: {} {}. Nothing was changed. Use "
                                          "another backup.",
                                          file.string(), what)};
}

fs::path beside(const fs::path& path, std::string_view suffix) {
  fs::path named = path;
  named += suffix;
  return named;
}

// Whether it is there with anything in it.
Result<bool> is_occupied(const fs::path& dir) {
  std::error_code error;
  const fs::file_status there = fs::status(dir, error);
  if (there.type() == fs::file_type::not_found) return false;
  if (!fs::is_directory(there)) {
    return Error{Errc::refused, fmt::format("{} is not a directory; choose another with "
                                            "--state-dir.",
                                            dir.string())};
  }
  const bool empty = fs::is_empty(dir, error);
  if (error) return path_error(error.value(), "listed", dir);
  return !empty;
}

class Restorer {
 public:
  Restorer(const RestoreRequest& request, LongWork& work, fs::path state_dir)
      : request_(request), work_(work) {
    report.state_dir = std::move(state_dir);
  }

  // Refuses, or holds the lock of the old state.
  Status check_place();
  Status stage(StagingDir& into);
  // Moves the old state aside and `ready` into its place.
  Status swap(StagingDir& ready);
  // Makes that durable.
  Status confirm() const;
  Status put_config();

  RestoreReport report{};

 private:
  Status take_state(const BackupFile& file, StagingDir& into);
  Status read_config(const BackupFile& file);
  Status check_journal(const fs::path& dir);
  Result<RestoredConfig> put(const fs::path& path, const std::string& text);

  const RestoreRequest& request_;
  LongWork& work_;
  bool occupied_{};
  std::optional<state_dir::StateLock> lock_{};
  std::map<std::string, std::string> config_{};  // by name: its text
};

Status Restorer::check_place() {
  const fs::path& dir = report.state_dir;
  SPINE_TRY(occupied_, is_occupied(dir));
  SPINE_TRY(const state_dir::LockInfo running, state_dir::read_lock(dir));
  if (running.running) {
    return Error{Errc::in_use, fmt::format("Spine runs on {} (pid {}): stop it first: spine stop",
                                           dir.string(), running.pid)};
  }
  if (!occupied_) return ok();
  if (!request_.replace) {
    return Error{Errc::refused, fmt::format("{} is not empty. With --replace it is moved aside, to "
                                            "{}.before-<time>, and kept.",
                                            dir.string(), dir.string())};
  }
  // No gateway starts on it meanwhile.
  SPINE_TRY(lock_, state_dir::StateLock::acquire(dir));
  return ok();
}

Status Restorer::take_state(const BackupFile& file, StagingDir& into) {
  const fs::path from = request_.from / file.path;
  const auto sum = into.take(from, file.path.substr(kBackupState.size()), work_);
  if (!sum && sum.error().code == Errc::not_found) return damaged(from, "is missing");
  if (!sum && sum.error().code == Errc::corrupt) return damaged(from, "cannot be read whole");
  if (!sum) return sum.error();
  if (*sum == FileSum{.bytes = file.bytes, .sha256 = file.sha256}) return ok();
  return damaged(from, "is not what was backed up (its SHA-256 or length differs)");
}

Status Restorer::read_config(const BackupFile& file) {
  const fs::path from = request_.from / file.path;
  auto in = InputFile::open(from);
  if (!in && in.error().code == Errc::not_found) return damaged(from, "is missing");
  if (!in) return in.error();
  const std::string wrong = "is not what was backed up (its SHA-256 or length differs)";
  if (in->bytes() != file.bytes || in->bytes() > limits::kConfigBytesMax) {
    return damaged(from, wrong);
  }
  std::string text(in->bytes(), '\0');
  SPINE_TRY_STATUS(in->read(std::as_writable_bytes(std::span(text))));
  if (sha256_of(std::string_view{text}) != file.sha256) return damaged(from, wrong);
  config_.emplace(fs::path(file.path).filename().string(), std::move(text));
  return ok();
}

Status Restorer::stage(StagingDir& into) {
  for (const BackupFile& file : report.manifest.files) {
    const bool of_state = file.path.starts_with(kBackupState);
    SPINE_TRY_STATUS(of_state ? take_state(file, into) : read_config(file));
  }
  SPINE_TRY_STATUS(check_journal(into.path() / "journal"));
  return state_dir::leave_restored_mark(into.path());
}

Status Restorer::check_journal(const fs::path& dir) {
  const auto scanned = journal::read_whole(dir, [this](Seq done, Seq all) {
    return work_.go_on("Checking the journal", done.value, all.value);
  });
  if (!scanned && scanned.error().code == Errc::unavailable) return LongWork::stopped();
  if (!scanned) return scanned.error();
  const BackupManifest& manifest = report.manifest;
  const bool same = scanned->first == manifest.first && scanned->last == manifest.last &&
                    show_hex(ByteSpan(scanned->head)) == manifest.head &&
                    uuid_string(scanned->epoch) == manifest.epoch;
  return same ? ok() : Status{damaged(request_.from / kManifestName, "is that of another journal")};
}

Status Restorer::swap(StagingDir& ready) {
  const fs::path& dir = report.state_dir;
  if (!occupied_) return ready.rename_to(dir);
  const auto seconds = static_cast<std::time_t>(request_.wall_ms / 1000);
  const fs::path before =
      beside(dir, fmt::format(".before-{:%Y%m%dT%H%M%SZ}", fmt::gmtime(seconds)));
  // At once where the file system can: no moment is without a state directory.
  if (ready.exchange(dir)) {
    if (std::rename(ready.path().c_str(), before.c_str()) != 0) {
      const Error moved = path_error(errno, fmt::format("moved to {}", before.string()), dir);
      ready.exchange(dir);
      return moved;
    }
    ready.leave();
    report.before = before;
    return ok();
  }
  if (std::rename(dir.c_str(), before.c_str()) != 0) {
    return path_error(errno, fmt::format("moved aside to {}", before.string()), dir);
  }
  if (const Status placed = ready.rename_to(dir); !placed) {
    // The old one comes back, unless something else came into its place.
    const bool back = std::rename(before.c_str(), dir.c_str()) == 0;
    return back ? placed
                : Status{Error{placed.error().code,
                               fmt::format("{} The old state is in {}.", placed.error().message,
                                           before.string())}};
  }
  report.before = before;
  return ok();
}

Status Restorer::confirm() const {
  const Status confirmed = StagingDir::confirm(report.state_dir);
  if (confirmed) return ok();
  std::string said = fmt::format("The state is restored: {}", confirmed.error().message);
  if (!report.before.empty()) {
    said += fmt::format(" The state that was there is kept in {}.", report.before.string());
  }
  if (!config_.empty()) {
    said += fmt::format(" The configuration is not restored; it is in {}.",
                        (request_.from / kBackupConfig).string());
  }
  said += " Check that disk before you start Spine on it, or restore to another one.";
  return Error{confirmed.error().code, said};
}

Result<RestoredConfig> Restorer::put(const fs::path& path, const std::string& text) {
  using Outcome = RestoredConfig::Outcome;
  SPINE_TRY_STATUS(make_private_directories(path.parent_path()));
  auto there = InputFile::open(path);
  const bool none = !there && there.error().code == Errc::not_found;
  if (there && there->bytes() == text.size()) {
    std::string now(text.size(), '\0');
    const Status read = there->read(std::as_writable_bytes(std::span(now)));
    if (read && now == text) return RestoredConfig{.path = path, .outcome = Outcome::same};
  }
  fs::path to = none ? path : beside(path, ".restored");
  for (int number = 2; !none && fs::exists(fs::symlink_status(to)); ++number)
    to = beside(path, fmt::format(".restored-{}", number));
  SPINE_TRY_STATUS(replace_file(to, {as_bytes(text)}));
  return RestoredConfig{.path = to, .outcome = none ? Outcome::put : Outcome::beside};
}

Status Restorer::put_config() {
  for (const auto& [name, text] : config_) {
    const bool main = name == report.manifest.config_name;
    const fs::path path = main ? request_.config_path : request_.config_path.parent_path() / name;
    auto done = put(path, text);
    if (!done) {
      return Error{
          done.error().code,
          fmt::format("The state is restored, but not the configuration: {} It is in {}.",
                      done.error().message, (request_.from / kBackupConfig / name).string())};
    }
    report.config.push_back(std::move(*done));
  }
  return ok();
}

}  // namespace

Result<RestoreReport> restore_backup(const RestoreRequest& request, LongWork& work) {
  std::error_code error;
  // Names beside it are made from it, so links are followed and a last '/' goes.
  fs::path state_dir = fs::weakly_canonical(request.state_dir, error);
  if (error) return path_error(error.value(), "looked at", request.state_dir);
  if (!state_dir.has_filename()) state_dir = state_dir.parent_path();
  Restorer restorer(request, work, state_dir);
  SPINE_TRY(restorer.report.manifest, read_manifest(request.from));
  SPINE_TRY_STATUS(restorer.check_place());
  SPINE_TRY(StagingDir staging, StagingDir::create(beside(state_dir, ".restoring")));
  SPINE_TRY_STATUS(restorer.stage(staging));
  SPINE_TRY_STATUS(restorer.swap(staging));
  SPINE_TRY_STATUS(restorer.confirm());
  SPINE_TRY_STATUS(restorer.put_config());
  return std::move(restorer.report);
}

namespace {

const char* outcome_name(RestoredConfig::Outcome outcome) {
  switch (outcome) {
    case RestoredConfig::Outcome::put:
      return "put";
    case RestoredConfig::Outcome::same:
      return "same";
    case RestoredConfig::Outcome::beside:
      return "beside";
  }
  return "";
}

std::string config_line(const RestoredConfig& config) {
  const std::string path = printable(config.path.string());
  switch (config.outcome) {
    case RestoredConfig::Outcome::put:
      return fmt::format("Put {} in place", path);
    case RestoredConfig::Outcome::same:
      return fmt::format("{} is the same as in the backup", path);
    case RestoredConfig::Outcome::beside:
      return fmt::format("The configuration that is there is kept; the backup's is {}", path);
  }
  return "";
}

int show_restore(const Common& common, const RestoreReport& report) {
  const BackupManifest& manifest = report.manifest;
  std::string said = fmt::format("Restored events #{} to #{}, backed up {}, into {}",
                                 manifest.first.value, manifest.last.value,
                                 show_time(manifest.wall_ms), printable(report.state_dir.string()));
  const std::string before = printable(report.before.string());
  if (!before.empty()) said += fmt::format("\nThe state that was there is kept in {}", before);
  for (const RestoredConfig& config : report.config)
    said += "\n" + config_line(config);
  std::error_code ignored;
  if (!before.empty() && fs::is_directory(report.before / "agents", ignored)) {
    said += fmt::format("\nBackups do not hold the folders of agents; those of before: {}/agents",
                        before);
  }
  said +=
      "\nWhat was being worked on at that moment is taken up again, and clients get a snapshot "
      "instead of resuming.\nTo go on: spine start";
  const Raw config = json_rows(report.config, [](const RestoredConfig& one) {
    return json_object({{"path", one.path.string()}, {"outcome", outcome_name(one.outcome)}});
  });
  return show(common,
              json_object({{"stateDir", report.state_dir.string()},
                           {"epoch", manifest.epoch},
                           {"firstSeq", manifest.first.value},
                           {"lastSeq", manifest.last.value},
                           {"backupWallMs", manifest.wall_ms},
                           Member::unless_empty("before", report.before.string()),
                           {"config", config}}),
              said);
}

}  // namespace

Action restore(CLI::App& verb) {
  examples(verb,
           {"spine restore ~/backups/2026-11-28", "spine restore ~/backups/2026-11-28 --replace",
            "spine restore /mnt/usb/spine --state-dir /tmp/look --config /tmp/look.json"});
  const auto dir = argument(verb, "dir", "A directory that `spine backup` made");
  const auto replace = option<bool>(
      verb, "--replace", "Move a state directory that is there aside; nothing is deleted");
  return [=](const Common& common) -> Result<int> {
    SPINE_TRY(const Place place, locate(common));
    std::optional<LongWork> work{std::in_place};
    SPINE_TRY(const RestoreReport report, restore_backup({.from = *dir,
                                                          .state_dir = place.state_dir,
                                                          .config_path = place.config_path,
                                                          .replace = *replace,
                                                          .wall_ms = pipeline::wall_now_ms()},
                                                         *work));
    work.reset();  // takes its line away
    return show_restore(common, report);
  };
}

}  // namespace spine::cli
