// DiskFile: a plain file that grows by appends, each made durable: the floor under a journal.
#pragma once

#include <filesystem>

#include "schemas/vocab/bytes.h"

namespace spine::bench {

// A new directory that is removed with all its contents. Lies under SPINE_BENCH_DIR, or under the
// working directory, so that it is on a real disk.
class ScratchDir {
 public:
  ScratchDir();
  ~ScratchDir();
  ScratchDir(const ScratchDir&) = delete;
  ScratchDir& operator=(const ScratchDir&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_{};
};

class DiskFile {
 public:
  explicit DiskFile(const std::filesystem::path& path);
  ~DiskFile();
  DiskFile(const DiskFile&) = delete;
  DiskFile& operator=(const DiskFile&) = delete;
  // Appends and waits for fdatasync. A failure ends the program.
  void append(ByteSpan bytes);

 private:
  int fd_{-1};
};

}  // namespace spine::bench
