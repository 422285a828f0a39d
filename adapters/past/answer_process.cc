// Questions out, answers in, and all ways in which there is none.
#include "adapters/past/answer_process.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fmt/format.h>
#include <utility>
#include <vector>

#include "engine/log/log.h"
#include "engine/pipeline/clock.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"

namespace spine::past {
namespace {

constexpr log::Logger kLog{"past"};

// The zone, in which people write times; nothing else of the gateway's environment.
std::vector<std::string> environment() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing of ours changes the environment
  const char* zone = std::getenv("TZ");
  return zone == nullptr ? std::vector<std::string>{} : std::vector{std::string("TZ=") + zone};
}

std::string end_text(const agents::ChildExit& exit) {
  return exit.signal != 0 ? fmt::format("signal {}", exit.signal)
                          : fmt::format("exit code {}", exit.code);
}

}  // namespace

AnswerProcess::AnswerProcess(event_base* base, Answered answered, Failed failed, Gone gone)
    : base_(base),
      answered_(std::move(answered)),
      failed_(std::move(failed)),
      gone_(std::move(gone)),
      timer_(base, [this] { on_time(); }) {}

void AnswerProcess::ask(Asked asked, const std::filesystem::path& program,
                        const std::filesystem::path& state_dir) {
  asked_ = std::move(asked);
  if (!runs()) {
    if (const Status started = start(program, state_dir); !started) return fail(started.error());
  }
  const std::uint64_t now = pipeline::boottime_now_ms();
  timer_.start(loop::in_ms(asked_->deadline_ms > now ? asked_->deadline_ms - now : 0));
  if (child_->write(asked_->line)) return;
  kill_child();
  fail({Errc::unavailable, "The question cannot be passed on to the process that answers it."});
}

Status AnswerProcess::start(const std::filesystem::path& program,
                            const std::filesystem::path& state_dir) {
  last_error_.clear();
  SPINE_TRY(child_, agents::Child::spawn(
                        base_,
                        {.argv = {program.string(), "answer", "--state-dir", state_dir.string()},
                         .env = environment(),
                         .cwd = "/",
                         .line_bytes_max = limits::kPastAnswerBytesMax,
                         .input_bytes_max = limits::kPastQuestionBytesMax + 1},
                        *this));
  kLog.debug("process {} answers for the past", child_->pid());
  return ok();
}

void AnswerProcess::kill() {
  asked_.reset();
  kill_child();
}

void AnswerProcess::kill_child() {
  timer_.stop();
  if (child_ == nullptr) return;
  ending_ = true;
  child_->signal(SIGKILL);
}

void AnswerProcess::close() {
  ending_ = true;
  child_->close_input();
  timer_.start(loop::in_ms(limits::kPastEndMs));
}

void AnswerProcess::fail(const Error& error) {
  if (const std::optional<Asked> asked = std::exchange(asked_, {})) failed_(*asked, error);
}

void AnswerProcess::on_line(std::string_view line) {
  if (ending_) return;
  const std::optional<core::KeptBody> bytes = core::bytes_of_line(line);
  core::PastAnswer answer{};
  const bool whole = asked_ && bytes && core::parse_answer(bytes->view(), asked_->kind, answer);
  if (whole && answer.version == SPINE_VERSION) {
    timer_.start(loop::in_ms(limits::kPastIdleMs));
    const std::optional<Asked> asked = std::exchange(asked_, {});
    // One that has failed may be out of memory and about to end: the next question is another's.
    if (answer.kind == core::ItemKind::past_failure) close();
    return answered_(*asked, answer);
  }
  kill_child();
  kLog.warn("what spine-replay answered is not understood; it was ended");
  fail({Errc::newer_format,
        "The spine-replay beside this gateway is of another version: restart the gateway (spine "
        "restart)."});
}

void AnswerProcess::on_stderr(std::string_view line) {
  last_error_ = line;
  kLog.warn("spine-replay: {}", printable(line));
}

void AnswerProcess::on_line_too_long() {
  kill_child();
  fail({Errc::refused, "The answer is too large to be passed on: ask for less."});
}

void AnswerProcess::on_exit(const agents::ChildExit& exit) {
  timer_.stop();
  child_.reset();
  if (std::exchange(ending_, false)) return gone_();
  fail({Errc::unavailable,
        fmt::format("The process that was to answer for the past ended ({}). Ask again.{}{}",
                    end_text(exit), last_error_.empty() ? "" : " It said: ", last_error_)});
}

void AnswerProcess::on_time() {
  if (ending_) {
    kLog.warn("spine-replay did not end by itself in {} ms; it was killed", limits::kPastEndMs);
    return kill_child();
  }
  if (!asked_) return close();
  kill_child();
  kLog.warn("a question about the past was not answered in {} s; its process was ended",
            limits::kPastDeadlineMs / 1'000);
  fail({Errc::timed_out,
        fmt::format("The state at that moment was not reached in {} s. `spine replay state` has no "
                    "such limit.",
                    limits::kPastDeadlineMs / 1'000)});
}

}  // namespace spine::past
