// Child: one process with its three pipes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/agents/process/cgroup.h"
#include "schemas/vocab/result.h"

struct event_base;

namespace spine::agents {

struct ChildPlan {
  std::vector<std::string> argv{};  // argv[0] is a path
  std::vector<std::string> env{};   // "NAME=value"; nothing else is passed on
  std::string cwd{};                // of the process that is spawned
  std::size_t line_bytes_max{};     // of its output; a longer line is a fault
  std::size_t input_bytes_max{};    // that may wait to be read by it
  // argv[0] is a wrapper that would take the agent along when it ends: signals but SIGKILL go to
  // the group without it.
  bool spare_leader{};
  std::string third_input{};        // what it can read from descriptor 3; empty = it has none
  std::shared_ptr<Cgroup> group{};  // it enters by itself: then SIGKILL is for all that is in it
};

struct ChildExit {
  int code{};    // -1 = ended by a signal
  int signal{};  // 0 = none
};

// Called on the loop thread, never from within a call to the child. Texts are borrowed.
class ChildEvents {
 public:
  virtual ~ChildEvents() = default;
  virtual void on_line(std::string_view line) = 0;    // of stdout, framed on LF alone, without it
  virtual void on_stderr(std::string_view line) = 0;  // cut to a bound, its rate limited
  virtual void on_line_too_long() = 0;                // then stdout is read no more
  virtual void on_input_written() {}                  // what waited to be read by it is gone
  // After the last line. The child may be destroyed from within.
  virtual void on_exit(const ChildExit& exit) = 0;
};

// Thread: loop. Runs in a session and process group of its own and gets SIGKILL when the thread
// that spawned it ends. The destructor kills what is left of the group and reaps.
class Child {
 public:
  // `base` and `events` outlive it. Errors: Errc::io, naming what the kernel refused.
  static Result<std::unique_ptr<Child>> spawn(event_base* base, ChildPlan plan,
                                              ChildEvents& events);
  virtual ~Child() = default;
  // Queues the line and a LF. False when more than input_bytes_max would wait: it does not read.
  virtual bool write(std::string_view line) = 0;
  virtual void close_input() = 0;  // once all that waits is written
  // While it is paused its stdout is not read, so it waits when its pipe is full.
  virtual void pause_output(bool pause) = 0;
  virtual void signal(int number) = 0;  // to the whole group; harmless once it is reaped
  virtual std::uint32_t pid() const = 0;
  virtual std::size_t input_waiting() const = 0;
  virtual std::string_view stderr_tail() const = 0;  // the last bounded part, for people
};

}  // namespace spine::agents
