// run: the daemon in the foreground.
#include <fcntl.h>
#include <unistd.h>

#include "adapters/cli/daemon.h"
#include "adapters/cli/verbs.h"
#include "adapters/loop/signals.h"

namespace spine::cli {
namespace {

// What the process prints from now on, its last words included, goes to a file: the terminal that
// started it is not there for ever.
void leave_terminal(const std::filesystem::path& state_dir) {
  const auto path = state_dir / "logs" / "stderr.log";
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0600);
  if (fd < 0) return;
  ::dup2(fd, STDOUT_FILENO);
  ::dup2(fd, STDERR_FILENO);
  ::close(fd);
}

}  // namespace

int run(const Arguments& args) {
  loop::block_signals();
  Daemon daemon(args);
  if (const Status started = daemon.start(); !started) return fail(started.error());
  if (args.background) leave_terminal(daemon.state_dir());
  daemon.serve();
  return kExitOk;
}

}  // namespace spine::cli
