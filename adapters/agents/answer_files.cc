// AnswerFiles: one job copies, the keeper keeps, the answer is told.
#include "adapters/agents/answer_files.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "engine/core/messages/media_lines.h"
#include "engine/log/log.h"
#include "schemas/vocab/bytes.h"
#include "schemas/vocab/files.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"
#include "schemas/vocab/unique_fd.h"

namespace spine::agents {
namespace {

constexpr log::Logger kAnswerLog{"agents"};
// In the pool's table beside the ids of agents, none of which has parentheses.
constexpr const char* kAnswersParty = "(answers)";

// Of all files of one answer.
constexpr std::uint64_t kAnswerBytesMax = 2 * limits::kMediaFileBytesMax;

// Copies the open file to a new one of that name. `room`: bytes that there is room for.
Status copy_to(int from, const std::filesystem::path& path, std::uint64_t& room) {
  const UniqueFd to{
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR)};
  if (!to) return path_error(errno, "made", path);
  std::vector<std::byte> piece(256 * limits::kKiB);
  std::uint64_t bytes = 0;
  for (;;) {
    const ssize_t count = ::read(from, piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return path_error(errno, "read", path);
    if (count == 0) break;
    bytes += static_cast<std::uint64_t>(count);
    if (bytes > limits::kMediaFileBytesMax) {
      return Error{Errc::refused, "It is larger than " + show_bytes(limits::kMediaFileBytesMax)};
    }
    if (bytes > room) {
      return Error{Errc::refused, "The files of this answer are larger than " +
                                      show_bytes(kAnswerBytesMax) + " together."};
    }
    const ByteSpan read = ByteSpan(piece).first(static_cast<std::size_t>(count));
    if (const int code = write_all(to.get(), read); code != 0)
      return path_error(code, "written", path);
  }
  room -= bytes;
  return bytes == 0 ? Status{Error{Errc::refused, "It is empty."}} : ok();
}

Status take(const std::string& workspace, const FileRules& rules, const std::string& path,
            const std::filesystem::path& to, std::uint64_t& room) {
  SPINE_TRY(const UniqueFd file, open_in_workspace(workspace, rules, path));
  const Status copied = copy_to(file.get(), to, room);
  if (!copied) static_cast<void>(::unlink(to.c_str()));
  return copied;
}

}  // namespace

AnswerFiles::AnswerFiles(loop::FilePool& pool, media::MediaKeeper& keeper, Answers& answers)
    : pool_(pool),
      keeper_(keeper),
      answers_(answers),
      asker_(pool.open(kAnswersParty, [this](std::string&&) { copied(); })),
      alive_(std::make_shared<AnswerFiles*>(this)) {}

AnswerFiles::~AnswerFiles() {
  *alive_ = nullptr;
  pool_.close(asker_);
}

void AnswerFiles::finished(RunId run, const Finished& answer, std::string_view workspace,
                           const FileRules& rules) {
  std::vector<std::string_view> paths;
  if (!workspace.empty()) paths = core::media_paths(answer.text);
  if (paths.empty()) return answers_.finished(run, answer);
  auto made = std::make_shared<Answer>();
  made->run = run;
  made->text = answer.text;
  made->stop_reason = answer.stop_reason;
  made->provider = answer.provider;
  made->model = answer.model;
  made->rest = answer;
  open_.push_back(made);
  made->named = std::make_shared<std::vector<Named>>();
  for (const std::string_view path : paths)
    made->named->push_back({.path = std::string(path), .temporary = keeper_.temporary()});
  copying_.push_back(made);
  pool_.submit(
      asker_,
      [named = made->named, workspace = std::string(workspace), rules] {
        std::uint64_t room = kAnswerBytesMax;
        for (Named& one : *named) {
          const Status taken = take(workspace, rules, one.path, one.temporary, room);
          one.copied = taken.has_value();
          if (!taken) one.problem = taken.error().message;
        }
        return std::string{};
      },
      answer.text.size());
}

void AnswerFiles::copied() {
  const std::shared_ptr<Answer> answer = std::move(copying_.front());
  copying_.pop_front();
  const auto named = std::exchange(answer->named, nullptr);
  for (const Named& one : *named) {
    if (!one.copied) {
      kAnswerLog.info("a file that an answer names is not taken: {}", printable(one.problem));
      continue;
    }
    const std::size_t place = answer->files.size();
    answer->files.push_back({.path = one.path});
    answer->missing += 1;
    keeper_.adopt(one.temporary, [alive = alive_, run = answer->run.value, place](auto&& file) {
      if (*alive != nullptr) (*alive)->kept(run, place, std::move(file));
    });
  }
  if (answer->missing == 0) tell(answer);
}

void AnswerFiles::kept(std::uint64_t run, std::size_t place, Result<media::MediaFile>&& file) {
  const auto found =
      std::ranges::find_if(open_, [run](const auto& open) { return open->run.value == run; });
  if (found == open_.end()) return;
  const std::shared_ptr<Answer> held = *found;
  Answer& answer = *held;
  answer.missing -= 1;
  if (file) {
    AnswerFile& kept = answer.files[place];
    kept.sha256 = file->sha256;
    kept.bytes = file->bytes;
    kept.mime_type = std::move(file->mime_type);
  } else {
    kAnswerLog.warn("a file that an answer names is not kept: {}", file.error().message);
  }
  if (answer.missing == 0) tell(held);
}

void AnswerFiles::tell(const std::shared_ptr<Answer>& answer) {
  if (open_.remove(answer) == 0) return;  // it was told when the gateway stopped
  Finished finished = answer->rest;
  finished.text = answer->text;
  finished.stop_reason = answer->stop_reason;
  finished.provider = answer->provider;
  finished.model = answer->model;
  std::erase_if(answer->files, [](const AnswerFile& file) { return file.bytes == 0; });
  answers_.finished(answer->run, finished, answer->files);
}

void AnswerFiles::tell_all() {
  while (!open_.empty())
    tell(std::shared_ptr<Answer>(open_.front()));
}

}  // namespace spine::agents
