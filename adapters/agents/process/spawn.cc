// posix_spawn (glibc: CLONE_VM | CLONE_VFORK, so a mapping of 1 TiB costs nothing), pidfd, waitid.
#include "adapters/agents/process/spawn.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <system_error>
#include <time.h>
#include <unistd.h>
#include <utility>

#include "schemas/vocab/show.h"

namespace spine::agents {
namespace {

std::string reason_of(int code) {
  return std::generic_category().message(code);
}

struct PipeEnds {
  UniqueFd read{};
  UniqueFd write{};
};

// Descriptors 0 to 3 are what the child's ends are copied onto, so no end may be one of them.
Status above_stdio(UniqueFd& fd) {
  if (fd.get() > 3) return ok();
  UniqueFd moved(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 4));
  if (!moved) return Error{Errc::io, fmt::format("Cannot make a pipe: {}.", reason_of(errno))};
  fd = std::move(moved);
  return ok();
}

Result<PipeEnds> make_pipe() {
  std::array<int, 2> fds{};
  if (::pipe2(fds.data(), O_CLOEXEC) != 0) {
    return Error{Errc::io, fmt::format("Cannot make a pipe: {}.", reason_of(errno))};
  }
  PipeEnds ends{UniqueFd(fds[0]), UniqueFd(fds[1])};
  SPINE_TRY_STATUS(above_stdio(ends.read));
  SPINE_TRY_STATUS(above_stdio(ends.write));
  return ends;
}

// A memfd with that text, positioned at its start; none for an empty text.
Result<UniqueFd> make_input(const std::string& text) {
  if (text.empty()) return UniqueFd();
  UniqueFd fd(::memfd_create("spine-input", MFD_CLOEXEC));
  const bool written =
      fd && ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
      ::lseek(fd.get(), 0, SEEK_SET) == 0;
  if (!written) return Error{Errc::io, fmt::format("Cannot make an input: {}.", reason_of(errno))};
  SPINE_TRY_STATUS(above_stdio(fd));
  return fd;
}

// Affects this end of the pipe only.
void make_non_blocking(const UniqueFd& fd) {
  ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> list;
  list.reserve(texts.size() + 1);
  for (const std::string& text : texts)
    list.push_back(const_cast<char*>(text.c_str()));
  list.push_back(nullptr);
  return list;
}

void ignore_sigpipe_once() {
  [[maybe_unused]] static const bool done = [] {
    struct sigaction now {};
    if (::sigaction(SIGPIPE, nullptr, &now) != 0 || now.sa_handler != SIG_DFL) return false;
    now.sa_handler = SIG_IGN;
    return ::sigaction(SIGPIPE, &now, nullptr) == 0;
  }();
}

// The attributes and actions of one posix_spawn.
class SpawnPlan {
 public:
  SpawnPlan() {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawnattr_init(&attributes_);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;
  ~SpawnPlan() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }

  int set_up(const PipeEnds& in, const PipeEnds& out, const PipeEnds& err, const UniqueFd& third,
             const std::string& cwd) {
    sigset_t none;
    sigset_t all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    int code = ::posix_spawnattr_setsigmask(&attributes_, &none);
    if (code == 0) code = ::posix_spawnattr_setsigdefault(&attributes_, &all);
    if (code == 0) {
      constexpr int kFlags = POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
      code = ::posix_spawnattr_setflags(&attributes_, static_cast<short>(kFlags));
    }
    if (code == 0) code = ::posix_spawn_file_actions_adddup2(&actions_, in.read.get(), 0);
    if (code == 0) code = ::posix_spawn_file_actions_adddup2(&actions_, out.write.get(), 1);
    if (code == 0) code = ::posix_spawn_file_actions_adddup2(&actions_, err.write.get(), 2);
    if (code == 0 && third) {
      code = ::posix_spawn_file_actions_adddup2(&actions_, third.get(), 3);
    }
    if (code == 0) code = ::posix_spawn_file_actions_addclosefrom_np(&actions_, third ? 4 : 3);
    if (code == 0 && !cwd.empty()) {
      code = ::posix_spawn_file_actions_addchdir_np(&actions_, cwd.c_str());
    }
    return code;
  }

  int run(pid_t& pid, const std::vector<std::string>& argv, const std::vector<std::string>& env) {
    return ::posix_spawn(&pid, argv[0].c_str(), &actions_, &attributes_, pointers(argv).data(),
                         pointers(env).data());
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

// Waits until the process ended or the time is over.
void wait_for_end(pid_t pid, int pidfd) {
  if (pidfd >= 0) {
    pollfd entry{pidfd, POLLIN, 0};
    while (::poll(&entry, 1, static_cast<int>(limits::kAgentReapMsMax)) < 0 && errno == EINTR) {
    }
    return;
  }
  for (std::uint32_t ms = 0; ms < limits::kAgentReapMsMax && !has_ended(pid); ++ms) {
    const timespec one_ms{0, 1'000'000};
    ::nanosleep(&one_ms, nullptr);
  }
}

// Reads what is there, once; closes the pipe at its end.
void collect(UniqueFd& fd, std::string& text) {
  std::array<char, 4'096> buffer;
  const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) {
    fd = UniqueFd();
    return;
  }
  const std::size_t room = limits::kAgentProbeBytesMax - text.size();
  text.append(buffer.data(), std::min(room, static_cast<std::size_t>(got)));
}

}  // namespace

Result<Spawned> spawn_process(const std::vector<std::string>& argv,
                              const std::vector<std::string>& env, const std::string& cwd,
                              const std::string& third_input) {
  SPINE_CHECK(!argv.empty());
  ignore_sigpipe_once();
  SPINE_TRY(PipeEnds in, make_pipe());
  SPINE_TRY(PipeEnds out, make_pipe());
  SPINE_TRY(PipeEnds err, make_pipe());
  SPINE_TRY(const UniqueFd third, make_input(third_input));
  Spawned child;
  SpawnPlan plan;
  int code = plan.set_up(in, out, err, third, cwd);
  if (code == 0) code = plan.run(child.pid, argv, env);
  if (code != 0) {
    const std::string where = cwd.empty() ? "" : fmt::format(" in {}", printable(cwd));
    return Error{Errc::io,
                 fmt::format("Cannot start {}{}: {}.", printable(argv[0]), where, reason_of(code))};
  }
  child.input = std::move(in.write);
  child.output = std::move(out.read);
  child.error = std::move(err.read);
  make_non_blocking(child.input);
  make_non_blocking(child.output);
  make_non_blocking(child.error);
  child.pidfd = UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, child.pid, 0)));
  return child;
}

bool has_ended(pid_t pid) {
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
         info.si_pid != 0;
}

bool reap(pid_t pid, ChildExit& exit) {
  siginfo_t info{};
  if (::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG) != 0) return true;
  if (info.si_pid == 0) return false;
  exit = info.si_code == CLD_EXITED ? ChildExit{info.si_status, 0} : ChildExit{-1, info.si_status};
  return true;
}

void kill_and_reap(pid_t pid, int pidfd) {
  ::kill(-pid, SIGKILL);
  wait_for_end(pid, pidfd);
  ChildExit ignored;
  reap(pid, ignored);
}

Result<CommandOutcome> run_command(const std::vector<std::string>& argv,
                                   const std::vector<std::string>& env, std::uint32_t ms_max) {
  using Clock = std::chrono::steady_clock;
  SPINE_TRY(Spawned child, spawn_process(argv, env, ""));
  child.input = UniqueFd();
  CommandOutcome outcome;
  const auto deadline = Clock::now() + std::chrono::milliseconds(ms_max);
  while (!has_ended(child.pid)) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) {
      kill_and_reap(child.pid, child.pidfd.get());
      return Error{Errc::timed_out, fmt::format("{} did not end within {}.", printable(argv[0]),
                                                show_duration_ms(ms_max))};
    }
    std::array<pollfd, 3> entries{pollfd{child.output.get(), POLLIN, 0},
                                  pollfd{child.error.get(), POLLIN, 0},
                                  pollfd{child.pidfd.get(), POLLIN, 0}};
    const auto wait = child.pidfd ? left : std::min<decltype(left)>(left, 10);
    ::poll(entries.data(), entries.size(), static_cast<int>(wait));
    if (entries[0].revents != 0) collect(child.output, outcome.output);
    if (entries[1].revents != 0) collect(child.error, outcome.error);
  }
  ::kill(-child.pid, SIGKILL);
  reap(child.pid, outcome.exit);
  if (child.output) collect(child.output, outcome.output);
  if (child.error) collect(child.error, outcome.error);
  return outcome;
}

}  // namespace spine::agents
