// FailingSync: a directory that the disk does not sync.
#pragma once

#include <filesystem>

namespace spine::test {

// While it lives, fsync of that directory fails with EIO. Thread: one; one at a time.
class FailingSync {
 public:
  explicit FailingSync(const std::filesystem::path& dir);
  ~FailingSync();
  FailingSync(const FailingSync&) = delete;
  FailingSync& operator=(const FailingSync&) = delete;
};

}  // namespace spine::test
