// TelegramFiles: two calls a file, and when they are made again.
#include "adapters/channels/telegram/telegram_files.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "adapters/agents/process/launch.h"
#include "engine/log/log.h"
#include "engine/pipeline/clock.h"
#include "schemas/vocab/json.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"

namespace spine::channels {
namespace {

using fb::AttachmentProblem;

constexpr log::Logger kFilesLog{"channels"};
constexpr std::uint32_t kFileBackOffMs = 500;  // after the first failure; doubled
constexpr std::uint32_t kLinksMax = 3;         // that lead nowhere

}  // namespace

TelegramFiles::TelegramFiles(event_base* base, TelegramApi& api,
                             std::shared_ptr<http::HttpClient> http, Options options)
    : base_(base), api_(api), options_(std::move(options)) {
  if (options_.keeper != nullptr) fetcher_.emplace(std::move(http), *options_.keeper);
}

void TelegramFiles::fetch(std::string file_id, std::uint64_t bytes, OnFetched on_fetched) {
  auto made = std::make_unique<Job>(*this, base_, std::move(file_id));
  Job& job = *made;
  job.bytes = bytes;
  job.asked_ms = pipeline::boottime_now_ms();
  job.on_fetched = std::move(on_fetched);
  jobs_.push_back(std::move(made));
  if (!fetcher_) return fail(job, AttachmentProblem::unavailable, "no files can be kept");
  if (bytes > options_.bytes_max) return fail(job, AttachmentProblem::too_large, "");
  begin();
}

void TelegramFiles::stop() {
  jobs_.clear();
  fetcher_.reset();
}

// The first few that have not begun.
void TelegramFiles::begin() {
  std::size_t at_work = 0;
  for (const auto& job : jobs_) {
    if (++at_work > limits::kMediaFetchesMax) return;
    if (job->until_ms != 0) continue;
    const std::uint64_t now_ms = pipeline::boottime_now_ms();
    job->until_ms = std::clamp(job->asked_ms + limits::kMediaFetchesMs, now_ms + 1,
                               now_ms + limits::kMediaFetchMs);
    job->timer.fire_soon();
  }
}

void TelegramFiles::ask(Job& job) {
  job.tries += 1;
  api_.call(TelegramMethod::get_file,
            json_object([&](JsonWriter& json) { json.member("file_id", job.id); }),
            [this, at = &job](const TelegramAnswer& answer) { asked(*at, answer); });
}

void TelegramFiles::asked(Job& job, const TelegramAnswer& answer) {
  if (answer.outcome == TelegramOutcome::refused) {
    if (answer.refusal == TelegramRefusal::file_too_large) {
      // Also a server of somebody's own, unless it runs with --local.
      options_.bytes_max = std::min(options_.bytes_max, kTelegramFileBytesMax);
      return fail(job, AttachmentProblem::too_large, answer.reason);
    }
    if (answer.refusal != TelegramRefusal::bad_token)
      return fail(job, AttachmentProblem::unavailable, answer.reason);
  }
  if (answer.outcome != TelegramOutcome::done)
    return try_again(job, answer.reason, answer.retry_after_ms);
  const std::string_view path = answer.result.text("file_path");
  job.bytes = std::max(job.bytes, answer.result.number("file_size"));
  if (job.bytes > options_.bytes_max) return fail(job, AttachmentProblem::too_large, "");
  if (path.empty()) return try_again(job, "Telegram does not say where it is");
  if (path.starts_with('/')) {
    return fail(job, AttachmentProblem::unavailable,
                "the API root runs with --local and names a file of its own machine: such files "
                "are not read; run it without --local");
  }
  const std::uint64_t now_ms = pipeline::boottime_now_ms();
  const std::uint64_t left_ms = job.until_ms > now_ms ? job.until_ms - now_ms : 1;
  fetcher_->fetch({.url = api_.file_url(path),
                   .bytes_max = options_.bytes_max,
                   .total_ms = static_cast<std::uint32_t>(left_ms)},
                  [this, at = &job](media::MediaFetched&& got) { fetched(*at, std::move(got)); });
}

void TelegramFiles::fetched(Job& job, media::MediaFetched&& got) {
  // A link holds for an hour: a new one is asked for with the next try.
  const bool stale = got.problem == AttachmentProblem::expired && job.tries < kLinksMax;
  if (!got.file && (got.again || stale)) return try_again(job, got.reason);
  if (!got.file) return fail(job, got.problem, got.reason);
  end(job, {.sha256 = got.file->sha256,
            .mime_type = std::move(got.file->mime_type),
            .bytes = got.file->bytes});
}

void TelegramFiles::try_again(Job& job, std::string_view why, std::uint64_t wait_ms) {
  const std::uint64_t now_ms = pipeline::boottime_now_ms();
  wait_ms =
      std::max(wait_ms, agents::back_off_ms(kFileBackOffMs, job.tries, pipeline::random128().lo));
  if (now_ms + wait_ms >= job.until_ms) return fail(job, AttachmentProblem::unavailable, why);
  kFilesLog.info("{}: a file of a message is tried again in {}: {}", options_.name,
                 show_duration_ms(wait_ms), printable(why));
  job.timer.start(loop::in_ms(wait_ms));
}

void TelegramFiles::fail(Job& job, AttachmentProblem problem, std::string_view why) {
  if (problem != AttachmentProblem::too_large) {
    kFilesLog.warn("{}: a file of a message is not fetched, its text is taken: {}", options_.name,
                   printable(why));
  }
  end(job, {.problem = problem,
            .bytes = job.bytes,
            .bytes_max = problem == AttachmentProblem::too_large ? options_.bytes_max : 0});
}

void TelegramFiles::end(Job& job, TelegramFile&& file) {
  const auto is_it = [&](const auto& other) { return other.get() == &job; };
  const auto found = std::ranges::find_if(jobs_, is_it);
  const std::unique_ptr<Job> ended = std::move(*found);
  jobs_.erase(found);
  begin();
  ended->on_fetched(std::move(file));
}

}  // namespace spine::channels
