// process: fork and exec.
#include "adapters/cli/process.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

namespace spine::cli {
namespace {

// Points into `words`.
std::vector<char*> argv_of(const std::vector<std::string>& words) {
  std::vector<char*> argv;
  for (const std::string& word : words)
    argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  return argv;
}

}  // namespace

int run_program(const std::vector<std::string>& words) {
  const std::vector<char*> argv = argv_of(words);
  const pid_t child = ::fork();
  if (child < 0) return 127;
  if (child == 0) {
    ::execvp(argv[0], argv.data());
    ::_exit(127);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return 127;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Error become(const std::vector<std::string>& words) {
  ::execv(words[0].c_str(), argv_of(words).data());
  return {Errc::io, fmt::format("Cannot run {}: {}.", words[0], std::strerror(errno))};
}

pid_t start_background(const std::vector<std::string>& words, int output_fd) {
  const std::vector<char*> argv = argv_of(words);
  const int null_fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (null_fd < 0) return -1;
  const pid_t child = ::fork();
  if (child == 0) {
    ::setsid();  // away from the terminal and its signals
    ::dup2(null_fd, STDIN_FILENO);
    ::dup2(output_fd, STDOUT_FILENO);
    ::dup2(output_fd, STDERR_FILENO);
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  ::close(null_fd);
  return child;
}

}  // namespace spine::cli
