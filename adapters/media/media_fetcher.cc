// One GET into a new file, then the keeper.
#include "adapters/media/media_fetcher.h"

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "schemas/vocab/files.h"
#include "schemas/vocab/show.h"
#include "schemas/vocab/unique_fd.h"

namespace spine::media {
namespace {

using fb::AttachmentProblem;

constexpr std::uint32_t kIdleMs = 20'000;  // without a byte

MediaFetched failed(AttachmentProblem problem, std::string reason, bool again = false) {
  return {.problem = problem, .again = again, .reason = std::move(reason)};
}

// Of a status that is none of success.
MediaFetched refused(int status) {
  const bool gone = status == 404 || status == 410;
  const bool again = status == 408 || status == 425 || status == 429 || status >= 500;
  return failed(gone ? AttachmentProblem::expired : AttachmentProblem::unavailable,
                fmt::format("the server answered with {}", status), again);
}

AttachmentProblem problem_of(Errc code) {
  if (code == Errc::no_space) return AttachmentProblem::no_space;
  return code == Errc::refused ? AttachmentProblem::too_large : AttachmentProblem::unavailable;
}

// Why there is no file to keep; none when there is.
std::optional<MediaFetched> fault_of(const http::HttpResponse& response) {
  if (response.outcome == http::HttpOutcome::too_large)
    return failed(AttachmentProblem::too_large, response.error);
  if (response.outcome != http::HttpOutcome::answered)
    return failed(AttachmentProblem::unavailable, response.error, true);
  if (response.status < 200 || response.status > 299) return refused(response.status);
  if (response.bytes == 0) return failed(AttachmentProblem::unavailable, "it is empty");
  return std::nullopt;
}

}  // namespace

MediaFetcher::MediaFetcher(std::shared_ptr<http::HttpClient> http, MediaKeeper& keeper)
    : http_(std::move(http)), keeper_(keeper), alive_(std::make_shared<MediaFetcher*>(this)) {}

MediaFetcher::~MediaFetcher() {
  *alive_ = nullptr;
  for (const auto& [id, attempt] : tries_) {
    http_->cancel(attempt->call);
    // What the keeper was given is gone with that.
    static_cast<void>(::unlink(attempt->path.c_str()));
  }
}

void MediaFetcher::fetch(MediaWanted wanted, OnFetched on_fetched) {
  const std::uint64_t id = ++last_id_;
  Try& attempt = *(tries_[id] = std::make_unique<Try>());
  attempt.path = keeper_.temporary();
  attempt.on_fetched = std::move(on_fetched);
  http::HttpRequest request{.method = http::HttpMethod::get,
                            .url = std::move(wanted.url),
                            .total_ms = wanted.total_ms,
                            .idle_ms = kIdleMs,
                            .body_max = wanted.bytes_max};
  request.file = UniqueFd(
      ::open(attempt.path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!request.file) {
    const Error error = path_error(errno, "made", attempt.path);
    // The client tells it from the loop: a call that cannot be sent is as good as any.
    request.url.clear();
    attempt.path.clear();
    attempt.call = http_->start(std::move(request), [alive = alive_, id, error](auto&&) {
      if (*alive != nullptr) (*alive)->kept(id, error);
    });
    return;
  }
  attempt.call = http_->start(std::move(request), [alive = alive_, id](http::HttpResponse&& got) {
    if (*alive != nullptr) (*alive)->answered(id, std::move(got));
  });
}

void MediaFetcher::answered(std::uint64_t id, http::HttpResponse&& response) {
  Try& attempt = *tries_.at(id);
  response.file = UniqueFd{};  // closed
  if (auto fault = fault_of(response)) {
    static_cast<void>(::unlink(attempt.path.c_str()));
    return tell(id, std::move(*fault));
  }
  keeper_.adopt(attempt.path, [alive = alive_, id](Result<MediaFile>&& file) {
    if (*alive != nullptr) (*alive)->kept(id, std::move(file));
  });
}

void MediaFetcher::kept(std::uint64_t id, Result<MediaFile>&& file) {
  if (!file) return tell(id, failed(problem_of(file.error().code), file.error().message));
  tell(id, {.file = std::move(file).value()});
}

void MediaFetcher::tell(std::uint64_t id, MediaFetched&& fetched) {
  const OnFetched on_fetched = std::move(tries_.at(id)->on_fetched);
  tries_.erase(id);
  on_fetched(std::move(fetched));
}

}  // namespace spine::media
