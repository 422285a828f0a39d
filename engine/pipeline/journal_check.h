// JournalCheck: reads the whole journal again in the background, a little at a time.
#pragma once

#include <cstdint>
#include <optional>

#include "engine/pipeline/queues/shared.h"
#include "journal/scan.h"

namespace spine::pipeline {

// Bit rot in an old block goes unnoticed for years, and backups copy it. So the whole journal is
// read again once a day, at limits::kVerifyBytesPerSecond, and what is wrong is counted, logged
// once for each reading, and makes the gateway degraded.
// Thread: follower.
class JournalCheck {
 public:
  explicit JournalCheck(Metrics& metrics) : metrics_(metrics) {}

  // Reads what the rate allows since the last call. `now_ms`: boot time. REQUIRES: the reader was
  // renewed.
  void work(journal::Reader& reader, std::uint64_t now_ms, std::int64_t wall_ms);

 private:
  void tell(const journal::ScanReport& report);
  void finish(const journal::ScanReport& report, std::uint64_t now_ms, std::int64_t wall_ms);

  Metrics& metrics_;
  std::optional<journal::Scanner> scanner_{};  // of the reading under way
  std::uint64_t told_{};                       // damages of it reported so far
  std::uint64_t last_ms_{};                    // the rate is used up to this time
  std::uint64_t due_ms_{};                     // the next reading
};

}  // namespace spine::pipeline
