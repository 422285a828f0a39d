// DiskFile: append and fdatasync.
#include "bench/micro/disk_file.h"

#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <system_error>
#include <unistd.h>

#include "schemas/vocab/check.h"

namespace spine::bench {

ScratchDir::ScratchDir() {
  const char* base = std::getenv("SPINE_BENCH_DIR");
  std::string name =
      (std::filesystem::path{base == nullptr ? "." : base} / "micro-XXXXXX").string();
  SPINE_CHECK(mkdtemp(name.data()) != nullptr);
  path_ = name;
}

ScratchDir::~ScratchDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

DiskFile::DiskFile(const std::filesystem::path& path)
    : fd_(::open(path.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600)) {
  SPINE_CHECK(fd_ >= 0);
}

DiskFile::~DiskFile() {
  ::close(fd_);
}

void DiskFile::append(ByteSpan bytes) {
  while (!bytes.empty()) {
    const auto n = ::write(fd_, bytes.data(), bytes.size());
    SPINE_CHECK(n > 0);
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  SPINE_CHECK(::fdatasync(fd_) == 0);
}

}  // namespace spine::bench
