// Child: one process with its three pipes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/agents/process/cgroup.h"
#include "adapters/agents/process/child_streams.h"
#include "adapters/agents/process/spawn.h"
#include "adapters/loop/timer.h"
#include "schemas/vocab/result.h"
#include "schemas/vocab/unique_fd.h"

namespace spine::agents {

struct ChildPlan {
  std::vector<std::string> argv{};  // argv[0] is a path
  std::vector<std::string> env{};   // "NAME=value"; nothing else is passed on
  std::string cwd{};                // of the process that is spawned
  std::size_t line_bytes_max{};     // of its output; a longer line is a fault
  std::size_t input_bytes_max{};    // queued for its stdin
  // argv[0] is a wrapper whose end would kill the agent: all signals but SIGKILL go to the other
  // members of the group.
  bool spare_leader{};
  std::string third_input{};        // readable from descriptor 3; empty = there is none
  std::shared_ptr<Cgroup> group{};  // argv makes it join this group; SIGKILL goes to all members
};

// Called on the loop thread, never from within a call to the child. Texts are borrowed.
class ChildEvents {
 public:
  virtual ~ChildEvents() = default;
  virtual void on_line(std::string_view line) = 0;    // of stdout, without LF (the only line end)
  virtual void on_stderr(std::string_view line) = 0;  // cut to a bound, and rate-limited
  virtual void on_line_too_long() = 0;                // stdout is not read any more
  virtual void on_input_written() {}                  // its input queue became empty
  // After the last line. The child may be destroyed from within.
  virtual void on_exit(const ChildExit& exit) = 0;
};

// Thread: loop. The process has a session and process group of its own, and gets SIGKILL when the
// thread that spawned it ends.
class Child {
 public:
  // Kills the rest of the group and reaps the process. If called within a callback, borrowed texts
  // stay valid until the callback returns.
  struct End {
    void operator()(Child* child) const;
  };
  using Ptr = std::unique_ptr<Child, End>;

  // `base` and `events` outlive it. Errors: Errc::io, naming what the kernel refused.
  static Result<Ptr> spawn(event_base* base, ChildPlan plan, ChildEvents& events);
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // Queues the line and a LF. False when the queue would exceed input_bytes_max (slow reader).
  bool write(std::string_view line);
  void close_input();  // once the queue is written out
  // While paused, its stdout is not read, so the process blocks once the pipe is full.
  void pause_output(bool pause);
  void signal(int number);  // to the whole group; harmless once it is reaped
  std::uint32_t pid() const { return static_cast<std::uint32_t>(spawned_.pid); }
  std::size_t input_waiting() const { return queue_.waiting(); }
  std::string_view stderr_tail() const { return errors_.tail(); }  // the last bounded part

 private:
  Child(event_base* base, ChildPlan&& plan, ChildEvents& events, Spawned&& spawned);
  using Callback = void (*)(evutil_socket_t, short, void*);
  // A callback that keeps the child alive while it runs, and does nothing after shut().
  template <void (Child::*kMember)()>
  static void call(evutil_socket_t, short, void* context) {
    const std::shared_ptr<Child> child = static_cast<Child*>(context)->self_;
    if (!child->shut_) ((*child).*kMember)();
  }
  Status listen();
  bool watch(loop::EventPtr& handle, int fd, short what, Callback callback);
  void shut();

  void on_output();
  void on_error();
  void on_input_ready();
  void on_ended();
  // One read of a pipe; -1 = nothing there now, 0 = it is over.
  static ssize_t read_some(const UniqueFd& fd);
  void flush();
  void output_over();
  void finish();
  bool pass_error_line(std::string_view line);

  std::shared_ptr<Child> self_{};  // keeps it alive until End, or until a running callback returns
  event_base* base_;
  ChildEvents* events_;
  Spawned spawned_;
  std::shared_ptr<Cgroup> group_;
  bool spare_leader_;
  LineFramer framer_;
  InputQueue queue_;
  ErrorLines errors_{};
  loop::EventPtr output_event_{};
  loop::EventPtr error_event_{};
  loop::EventPtr input_event_{};
  loop::EventPtr ended_event_{};
  loop::EventPtr drain_event_{};
  ChildExit exit_{};
  bool reaped_{};
  bool output_over_{};
  bool too_long_{};
  bool paused_{};
  bool close_when_empty_{};
  bool input_broken_{};
  bool shut_{};
};

}  // namespace spine::agents
