// JournalCheck: a scanner, held to a rate.
#include "engine/pipeline/journal_check.h"

#include <algorithm>

#include "engine/log/log.h"
#include "schemas/vocab/limits.h"

namespace spine::pipeline {
namespace {

const log::Logger kJournalLog{"journal"};

constexpr std::uint64_t kEveryMs = 24ULL * 3600 * 1000;
// The most elapsed time that counts: no burst of reading after a long sleep.
constexpr std::uint64_t kPassedMsMax = 1'000;

}  // namespace

void JournalCheck::work(journal::Reader& reader, std::uint64_t now_ms, std::int64_t wall_ms) {
  if (now_ms < last_ms_) return;
  const std::uint64_t passed_ms = std::min(now_ms - last_ms_, kPassedMsMax);
  const std::uint64_t bytes_max = limits::kVerifyBytesPerSecond * passed_ms / 1'000;
  // A budget of less than a block is saved up.
  if (now_ms < due_ms_ || bytes_max < limits::kBlockBytes) return;
  last_ms_ = now_ms;
  if (!scanner_) {
    scanner_.emplace();
    told_ = 0;
  }
  const std::uint64_t bytes_before = scanner_->report().bytes;
  bool more = true;
  while (more && scanner_->report().bytes - bytes_before < bytes_max)
    more = scanner_->step(reader);
  // A block is read whole: bytes over the budget delay the next read.
  const std::uint64_t bytes = scanner_->report().bytes - bytes_before;
  if (bytes > bytes_max) {
    last_ms_ += (bytes - bytes_max) * 1'000 / limits::kVerifyBytesPerSecond;
  }
  tell(scanner_->report());
  if (!more) finish(scanner_->report(), now_ms, wall_ms);
}

void JournalCheck::tell(const journal::ScanReport& report) {
  metrics_.journal_verified_seq.set(report.last.value);
  if (report.damages_total == told_) return;
  const bool first = told_ == 0;
  told_ = report.damages_total;
  metrics_.journal_damages.set(told_);
  if (!first) return;
  kJournalLog.error("the journal is damaged: {}. Everything that is wrong: spine journal verify",
                    journal::damage_text(report.damages.front()));
}

void JournalCheck::finish(const journal::ScanReport& report, std::uint64_t now_ms,
                          std::int64_t wall_ms) {
  metrics_.journal_damages.set(report.damages_total);
  metrics_.journal_verified_wall_ms.set(
      static_cast<std::uint64_t>(std::max<std::int64_t>(wall_ms, 0)));
  due_ms_ = now_ms + kEveryMs;
  scanner_.reset();
}

}  // namespace spine::pipeline
