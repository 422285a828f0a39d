// JournalCheck: reads the whole journal again in the background, a little at a time.
#pragma once

#include <cstdint>
#include <optional>

#include "engine/pipeline/queues/shared.h"
#include "journal/scan.h"

namespace spine::pipeline {

// A byte that a disk changes in an old block is read by nobody for years, and backups carry it on:
// so all of it is read again once a day, at limits::kVerifyBytesPerSecond, and what is wrong is
// counted, logged once for each reading, and makes the gateway degraded.
// Thread: follower.
class JournalCheck {
 public:
  explicit JournalCheck(Metrics& metrics) : metrics_(metrics) {}

  // Does as much as may be done since the last call. `now_ms`: boot time. REQUIRES: the reader was
  // renewed.
  void work(journal::Reader& reader, std::uint64_t now_ms, std::int64_t wall_ms);

 private:
  void tell(const journal::ScanReport& report);
  void finish(const journal::ScanReport& report, std::uint64_t now_ms, std::int64_t wall_ms);

  Metrics& metrics_;
  std::optional<journal::Scanner> scanner_{};  // of the reading under way
  std::uint64_t told_{};                       // damages of it that were there when last told
  std::uint64_t last_ms_{};                    // time up to which has been made use of
  std::uint64_t due_ms_{};                     // the next reading
};

}  // namespace spine::pipeline
