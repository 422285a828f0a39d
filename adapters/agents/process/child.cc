// Child on libevent: pipes, the pidfd, and the order of callbacks.
#include "adapters/agents/process/child.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <time.h>
#include <utility>

#include "adapters/agents/process/proc.h"
#include "schemas/vocab/limits.h"

namespace spine::agents {
namespace {

std::uint64_t steady_ms() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000 +
         static_cast<std::uint64_t>(now.tv_nsec) / 1'000'000;
}

// Buffer for one read of a pipe. Shared per thread, as callbacks do not nest.
std::array<char, limits::kAgentReadBytesMax>& read_buffer() {
  static thread_local std::array<char, limits::kAgentReadBytesMax> buffer;
  return buffer;
}

}  // namespace

Child::Child(event_base* base, ChildPlan&& plan, ChildEvents& events, Spawned&& spawned)
    : base_(base),
      events_(&events),
      spawned_(std::move(spawned)),
      group_(std::move(plan.group)),
      spare_leader_(plan.spare_leader),
      framer_(plan.line_bytes_max),
      queue_(plan.input_bytes_max) {}

bool Child::watch(loop::EventPtr& handle, int fd, short what, Callback callback) {
  handle.reset(event_new(base_, fd, what, callback, this));
  return handle != nullptr;
}

Status Child::listen() {
  const bool all =
      watch(output_event_, spawned_.output.get(), EV_READ | EV_PERSIST, call<&Child::on_output>) &&
      watch(error_event_, spawned_.error.get(), EV_READ | EV_PERSIST, call<&Child::on_error>) &&
      watch(input_event_, spawned_.input.get(), EV_WRITE | EV_PERSIST,
            call<&Child::on_input_ready>) &&
      watch(drain_event_, -1, 0, call<&Child::finish>) &&
      watch(ended_event_, spawned_.pidfd.get(), spawned_.pidfd ? EV_READ | EV_PERSIST : EV_PERSIST,
            call<&Child::on_ended>);
  if (!all) return Error{Errc::io, "Cannot watch the process: out of memory."};
  const timeval look_every = loop::in_ms(20);  // polling interval without a pidfd
  if (event_add(output_event_.get(), nullptr) != 0 || event_add(error_event_.get(), nullptr) != 0 ||
      event_add(ended_event_.get(), spawned_.pidfd ? nullptr : &look_every) != 0) {
    return Error{Errc::io, "Cannot watch the pipes of the process."};
  }
  return ok();
}

void Child::shut() {
  if (shut_) return;
  shut_ = true;
  for (loop::EventPtr* handle :
       {&output_event_, &error_event_, &input_event_, &ended_event_, &drain_event_}) {
    handle->reset();
  }
  if (group_ && !reaped_) group_->kill();
  if (!reaped_) kill_and_reap(spawned_.pid, spawned_.pidfd.get());
  reaped_ = true;
  spawned_.input = UniqueFd();
  spawned_.output = UniqueFd();
  spawned_.error = UniqueFd();
  spawned_.pidfd = UniqueFd();
}

ssize_t Child::read_some(const UniqueFd& fd) {
  ssize_t got = 0;
  do {
    got = ::read(fd.get(), read_buffer().data(), read_buffer().size());
  } while (got < 0 && errno == EINTR);
  if (got < 0 && errno != EAGAIN) return 0;
  return got;
}

void Child::on_output() {
  const ssize_t got = read_some(spawned_.output);
  if (got < 0) return;
  if (got == 0) {
    output_over();
    return;
  }
  const auto fed = framer_.feed({read_buffer().data(), static_cast<std::size_t>(got)},
                                [this](std::string_view line) {
                                  events_->on_line(line);
                                  return !shut_;
                                });
  if (fed != LineFramer::Fed::too_long) return;
  too_long_ = true;
  events_->on_line_too_long();
  if (!shut_) output_over();
}

void Child::output_over() {
  output_over_ = true;
  event_del(output_event_.get());
  if (reaped_) finish();
}

bool Child::pass_error_line(std::string_view line) {
  events_->on_stderr(line);
  return !shut_;
}

void Child::on_error() {
  const ssize_t got = read_some(spawned_.error);
  if (got < 0) return;
  if (got == 0) {
    event_del(error_event_.get());
    return;
  }
  errors_.feed({read_buffer().data(), static_cast<std::size_t>(got)}, steady_ms(),
               [this](std::string_view line) { return pass_error_line(line); });
}

void Child::on_ended() {
  if (reaped_ || !has_ended(spawned_.pid)) return;
  // Kill the rest of its process group before it is reaped: until then its pid is not reused.
  ::kill(-spawned_.pid, SIGKILL);
  if (group_) group_->kill();
  reap(spawned_.pid, exit_);
  reaped_ = true;
  event_del(ended_event_.get());
  if (output_over_) {
    finish();
    return;
  }
  pause_output(false);  // the rest of its output is bounded by the pipe
  // A descendant that left the group may keep the pipe open for ever: wait for a bounded time.
  const timeval wait = loop::in_ms(limits::kAgentDrainMsMax);
  event_add(drain_event_.get(), &wait);
}

void Child::finish() {
  event_del(output_event_.get());
  event_del(error_event_.get());
  event_del(drain_event_.get());
  event_del(input_event_.get());
  const auto pass = [this](std::string_view line) { return pass_error_line(line); };
  const ssize_t got = read_some(spawned_.error);
  if (got > 0) {
    errors_.feed({read_buffer().data(), static_cast<std::size_t>(got)}, steady_ms(), pass);
  }
  if (!shut_) errors_.finish(pass);
  // After a normal exit a last line without LF counts; a killed program leaves half a line.
  const bool in_peace = exit_.signal == 0 && exit_.code < 128;
  if (!shut_ && in_peace && !too_long_ && !framer_.partial().empty()) {
    events_->on_line(framer_.partial());
  }
  if (!shut_) events_->on_exit(exit_);
}

bool Child::write(std::string_view line) {
  if (close_when_empty_ || !spawned_.input || !queue_.push(line)) return false;
  flush();
  return true;
}

void Child::flush() {
  if (input_broken_ || reaped_ || !spawned_.input) return;
  switch (queue_.flush(spawned_.input.get())) {
    case InputQueue::Flushed::would_block:
      event_add(input_event_.get(), nullptr);
      return;
    case InputQueue::Flushed::broken:
      input_broken_ = true;  // keep the queue; the exit is most likely about to be seen
      event_del(input_event_.get());
      return;
    case InputQueue::Flushed::all:
      event_del(input_event_.get());
      if (close_when_empty_) spawned_.input = UniqueFd();
      return;
  }
}

void Child::on_input_ready() {
  const bool waited = queue_.waiting() != 0;
  flush();
  if (waited && queue_.waiting() == 0) events_->on_input_written();
}

void Child::close_input() {
  close_when_empty_ = true;
  flush();
}

void Child::pause_output(bool pause) {
  if (shut_ || output_over_ || paused_ == pause || (pause && reaped_)) return;
  paused_ = pause;
  if (pause) {
    event_del(output_event_.get());
  } else {
    event_add(output_event_.get(), nullptr);
  }
}

void Child::signal(int number) {
  if (reaped_) return;
  if (number == SIGKILL && group_) group_->kill();
  if (number == SIGKILL || !spare_leader_) {
    ::kill(-spawned_.pid, number);
    return;
  }
  for (const std::int32_t member : members_of_group(spawned_.pid)) {
    if (member != spawned_.pid) ::kill(member, number);
  }
}

void Child::End::operator()(Child* child) const {
  child->shut();
  const std::shared_ptr<Child> last = std::move(child->self_);
}

Result<Child::Ptr> Child::spawn(event_base* base, ChildPlan plan, ChildEvents& events) {
  SPINE_TRY(Spawned spawned, spawn_process(plan.argv, plan.env, plan.cwd, plan.third_input));
  Ptr child(new Child(base, std::move(plan), events, std::move(spawned)));
  child->self_.reset(child.get());
  SPINE_TRY_STATUS(child->listen());  // or the child is killed on the way out
  return Result<Ptr>(std::move(child));
}

}  // namespace spine::agents
