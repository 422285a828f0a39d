// HeldDisk: while one is alive, no commit of this process comes to its end.
#pragma once

namespace spine::test {

// Holds back fdatasync, as a disk does that stalls. One at a time.
class HeldDisk {
 public:
  HeldDisk();
  ~HeldDisk();
  HeldDisk(const HeldDisk&) = delete;
  HeldDisk& operator=(const HeldDisk&) = delete;
};

}  // namespace spine::test
