// The state directory: ours alone, and used by one daemon at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <sys/types.h>

#include "schemas/vocab/result.h"
#include "schemas/vocab/unique_fd.h"

namespace spine::state_dir {

// Creates the directory (mode 0700) with its parents, or checks the one that exists: it must be a
// directory of ours; what group and others may do is taken away. Errors: refused, io.
Status ensure_state_dir(const std::filesystem::path& dir);

// Who runs on a state directory, as its lock file says.
struct LockInfo {
  pid_t pid{};           // 0 = not known
  std::uint16_t port{};  // 0 = not known yet
  bool running{};        // somebody holds the lock
};

// Looks without taking the lock. A lock left behind by a crash is not running. Errors: io.
Result<LockInfo> read_lock(const std::filesystem::path& dir);

// Holds <dir>/spine.lock (flock) for as long as it lives; the kernel lets go when the process ends,
// however it ends. The file stays: removing it would let two daemons hold two files of one name.
// Thread: one at a time.
class StateLock {
 public:
  // Errors: in_use, naming the pid; io.
  static Result<StateLock> acquire(const std::filesystem::path& dir);

  // Tells others where this daemon listens. Errors: io.
  Status set_port(std::uint16_t port);

 private:
  explicit StateLock(UniqueFd fd) : fd_(std::move(fd)) {}

  UniqueFd fd_;
};

}  // namespace spine::state_dir
