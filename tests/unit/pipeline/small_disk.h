// SmallDisk: while one is alive, no file of this process can be given disk space beyond a size.
#pragma once

#include <cstdint>

namespace spine::pipeline {

// Refuses posix_fallocate beyond that many bytes of a file, as a full disk does. One at a time.
class SmallDisk {
 public:
  explicit SmallDisk(std::uint64_t bytes) { set_bytes(bytes); }
  ~SmallDisk();
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  void set_bytes(std::uint64_t bytes);
};

}  // namespace spine::pipeline
