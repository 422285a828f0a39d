// AnswerProcess: one child `spine-replay answer`, which answers one question after the other.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "adapters/agents/process/child.h"
#include "adapters/loop/timer.h"
#include "engine/core/questions/past.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/result.h"

namespace spine::past {

// A question about the past, and who waits for its answer.
struct Asked {
  ConnectionRef to{};
  std::uint64_t request{};
  std::string line{};           // a core::PastQuestion
  std::uint16_t kind{};         // of the question in it
  std::uint64_t deadline_ms{};  // boot time
};

// Thread: loop.
class AnswerProcess : private agents::ChildEvents {
 public:
  // Called once for each question, with its answer or why there is none; borrowed for the call.
  // The process may be asked again from within.
  using Answered = std::function<void(const Asked& asked, const core::PastAnswer& answer)>;
  using Failed = std::function<void(const Asked& asked, const Error& error)>;
  // Called when a process that was to end is gone, so that the next one may be started.
  using Gone = std::function<void()>;

  // `base` outlives it.
  AnswerProcess(event_base* base, Answered answered, Failed failed, Gone gone);
  AnswerProcess(const AnswerProcess&) = delete;
  AnswerProcess& operator=(const AnswerProcess&) = delete;

  // Whether it answers a question, or is about to end: it cannot be asked.
  bool busy() const { return asked_.has_value() || ending_; }
  bool runs() const { return child_ != nullptr; }
  // Asks it; starts it first where it does not run. It is ended when the question's time is over,
  // and when it was idle for long; nobody waits for that, however much memory it gives back.
  // REQUIRES: not busy().
  void ask(Asked asked, const std::filesystem::path& program,
           const std::filesystem::path& state_dir);
  // Kills it, and does not wait for its end; what it was asked is not answered any more.
  void kill();

 private:
  Status start(const std::filesystem::path& program, const std::filesystem::path& state_dir);
  // Takes its input away, at which it ends by itself, or is killed a little later.
  void close();
  void kill_child();
  void fail(const Error& error);
  void on_line(std::string_view line) override;
  void on_stderr(std::string_view line) override;
  void on_line_too_long() override;
  void on_exit(const agents::ChildExit& exit) override;
  void on_time();

  event_base* base_;
  Answered answered_;
  Failed failed_;
  Gone gone_;
  loop::Timer timer_;  // the deadline of what it is asked, or of its end; while it is idle, its end
  std::optional<Asked> asked_{};
  std::string last_error_{};  // the last line of its stderr
  agents::Child::Ptr child_{};
  bool ending_{};  // its input was closed, or it was killed, and it is not gone yet
};

}  // namespace spine::past
