// Programs under the fault layer: how they are run, and what they said.
#pragma once

#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <sstream>
#include <stdlib.h>
#include <string>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <vector>

#include "schemas/vocab/ids.h"

namespace spine::faults {

namespace fs = std::filesystem;

inline constexpr int kPowerLost = 86;

class TempDir {
 public:
  TempDir() {
    std::string name = (fs::temp_directory_path() / "spine-faults-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  ~TempDir() {
    std::error_code error;
    fs::remove_all(path_, error);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_{};
};

// What a run of a program said, and how it ended.
struct WriterRun {
  int status{};
  Seq acknowledged{};
  Seq attempted{};
  std::vector<Seq> snapshots{};
};

// `program`: one that says "<letter> <number>" a line, run under the fault layer.
inline WriterRun run_writer(const char* program, const std::vector<std::string>& arguments,
                            const std::vector<std::string>& faults) {
  int out[2]{};
  if (::pipe(out) != 0) std::abort();
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(out[1], STDOUT_FILENO);
    ::close(out[0]);
    ::close(out[1]);
    for (const std::string& fault : faults)
      ::putenv(const_cast<char*>(fault.c_str()));
    // Blanks part the names in LD_PRELOAD (ld.so(8)), and this tree may lie below one.
    const int library = ::open(SPINE_FAULTS_LIBRARY, O_RDONLY);
    ::setenv("LD_PRELOAD", ("/proc/self/fd/" + std::to_string(library)).c_str(), 1);
    std::vector<char*> argv{const_cast<char*>(program)};
    for (const std::string& argument : arguments) {
      argv.push_back(const_cast<char*>(argument.c_str()));
    }
    argv.push_back(nullptr);
    ::execv(program, argv.data());
    ::_exit(127);
  }
  ::close(out[1]);
  std::string said;
  char buffer[4096];
  for (ssize_t n = 0; (n = ::read(out[0], buffer, sizeof(buffer))) > 0;) {
    said.append(buffer, static_cast<std::size_t>(n));
  }
  ::close(out[0]);
  WriterRun run;
  ::waitpid(child, &run.status, 0);
  run.status = WIFEXITED(run.status) ? WEXITSTATUS(run.status) : -1;
  std::istringstream lines(said);
  char what{};
  std::uint64_t seq{};
  while (lines >> what >> seq) {
    if (what == 'w') run.attempted = Seq{seq};
    if (what == 'a') run.acknowledged = Seq{seq};
    if (what == 's') run.snapshots.push_back(Seq{seq});
  }
  return run;
}

}  // namespace spine::faults
