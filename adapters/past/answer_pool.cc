// Which process is asked what, and the answers' way to the net thread.
#include "adapters/past/answer_pool.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <optional>
#include <string>
#include <utility>

#include "engine/core/questions/past.h"
#include "engine/pipeline/clock.h"
#include "engine/pipeline/items/outbox_sink.h"

namespace spine::past {

AnswerPool::AnswerPool(event_base* base, Options options, pipeline::OutboxProducer& net,
                       const pipeline::Shared& shared)
    : options_(std::move(options)), net_(net), shared_(shared) {
  for (auto& process : processes_) {
    process = std::make_unique<AnswerProcess>(
        base,
        [this](const Asked& asked, const core::PastAnswer& answer) {
          deliver(asked, answer);
          assign();
        },
        [this](const Asked& asked, const Error& error) {
          refuse(asked, error);
          assign();
        },
        [this] { assign(); });
  }
}

void AnswerPool::ask(ConnectionRef to, std::uint64_t request, std::string_view line) {
  Asked asked{.to = to,
              .request = request,
              .line = std::string{line},
              .deadline_ms = pipeline::boottime_now_ms() + limits::kPastDeadlineMs};
  const std::optional<core::KeptBody> bytes = core::bytes_of_line(line);
  core::PastQuestion question{};
  if (line.size() > limits::kPastQuestionBytesMax || !bytes ||
      !core::parse_question(bytes->view(), question)) {
    return refuse(asked, {Errc::refused, "The question is too long: ask for less at once."});
  }
  asked.kind = question.question.kind;
  if (waiting_.size() == limits::kPastQuestionsMax) {
    return refuse(asked, {Errc::unavailable,
                          fmt::format("{} questions about the past wait already. Ask again a "
                                      "little later.",
                                      limits::kPastQuestionsMax)});
  }
  const auto of_same =
      std::ranges::count_if(waiting_, [&](const Asked& other) { return other.to == asked.to; });
  if (static_cast<std::size_t>(of_same) >= limits::kPastQuestionsPerConnectionMax) {
    return refuse(asked, {Errc::unavailable,
                          fmt::format("{} questions of this connection about the past wait "
                                      "already. Ask again when they are answered.",
                                      limits::kPastQuestionsPerConnectionMax)});
  }
  waiting_.push_back(std::move(asked));
  assign();
}

void AnswerPool::stop() {
  stopped_ = true;
  waiting_.clear();
  for (const auto& process : processes_)
    process->kill();
}

// One that runs already, before another is started; null when all are busy.
AnswerProcess* AnswerPool::free_process() {
  AnswerProcess* found = nullptr;
  for (const auto& process : processes_) {
    if (process->busy()) continue;
    if (process->runs()) return process.get();
    if (found == nullptr) found = process.get();
  }
  return found;
}

void AnswerPool::assign() {
  while (!waiting_.empty() && !stopped_) {
    AnswerProcess* process = free_process();
    if (process == nullptr) return;
    Asked asked = std::move(waiting_.front());
    waiting_.pop_front();
    if (asked.deadline_ms <= pipeline::boottime_now_ms()) {
      refuse(asked, {Errc::unavailable,
                     "Too many questions about the past were asked before this "
                     "one. Ask again."});
      continue;
    }
    const auto program = options_.program();
    if (!program) {
      refuse(asked, {Errc::io, program.error().message});
      continue;
    }
    process->ask(std::move(asked), *program, options_.state_dir);
  }
}

bool AnswerPool::closing() const {
  return stopped_ || shared_.phase.load(std::memory_order_acquire) == pipeline::Phase::stopping;
}

void AnswerPool::refuse(const Asked& asked, const Error& error) {
  if (closing()) return;
  pipeline::OutboxSink sink{net_, asked.to, asked.request};
  const bool later = error.code == Errc::unavailable || error.code == Errc::timed_out;
  sink.emit(
      core::PastFailureItem{.code = error.code, .message = error.message, .retryable = later});
  net_.flush();
}

void AnswerPool::deliver(const Asked& asked, const core::PastAnswer& answer) {
  if (closing()) return;
  std::byte* at = net_.add({.bytes = static_cast<std::uint32_t>(answer.item.size()),
                            .kind = static_cast<std::uint16_t>(answer.kind),
                            .connection = asked.to,
                            .request = asked.request});
  std::memcpy(at, answer.item.data(), answer.item.size());
  net_.flush();
}

}  // namespace spine::past
