// process: fork and exec.
#include "adapters/cli/process.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include "schemas/vocab/unique_fd.h"

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

// The exit code of that child; 127 when it cannot be waited for, 128 + n when signal n ended it.
int exit_code_of(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return 127;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
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
  return exit_code_of(child);
}

Result<std::string> output_of(const std::vector<std::string>& words) {
  constexpr std::size_t kBytesMax = std::size_t{16} << 20U;
  const std::vector<char*> argv = argv_of(words);
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return Error{Errc::io, fmt::format("Cannot make a pipe: {}.", std::strerror(errno))};
  }
  UniqueFd from(ends[0]);
  UniqueFd to(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) return Error{Errc::io, fmt::format("Cannot run {}.", words[0])};
  if (child == 0) {
    ::dup2(to.get(), STDOUT_FILENO);
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  to = UniqueFd();
  std::string output;
  std::array<char, 65'536> piece{};
  while (true) {
    const ssize_t bytes = ::read(from.get(), piece.data(), piece.size());
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes <= 0) break;
    if (output.size() < kBytesMax) output.append(piece.data(), static_cast<std::size_t>(bytes));
  }
  const int code = exit_code_of(child);
  if (code == 0) return output;
  return Error{Errc::refused, fmt::format("{} ended with exit code {}.", words[0], code)};
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
