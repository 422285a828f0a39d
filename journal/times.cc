// The staircase of wall times.
#include "journal/times.h"

#include <algorithm>
#include <array>

namespace spine::journal {
namespace {

using TimeKey = std::array<std::byte, 8>;

// Big-endian with the sign bit turned: sorts byte by byte as the numbers do.
TimeKey time_key(std::int64_t wall_ms) {
  TimeKey key{};
  store(key.data(), __builtin_bswap64(static_cast<std::uint64_t>(wall_ms) ^ (1ULL << 63)));
  return key;
}

}  // namespace

void push_step(std::vector<TimeStep>& steps, TimeStep step) {
  while (!steps.empty() && steps.back().wall_ms >= step.wall_ms)
    steps.pop_back();
  steps.push_back(step);
}

Seq last_step_at(const std::vector<TimeStep>& steps, std::int64_t wall_ms, Seq visible) {
  for (auto it = steps.rbegin(); it != steps.rend(); ++it) {
    if (it->wall_ms <= wall_ms && it->block <= visible) return it->block;
  }
  return Seq{};
}

Status Times::open(Transaction& transaction) {
  SPINE_TRY(database_, transaction.named_database("times"));
  return ok();
}

Status Times::add(Transaction& transaction, const std::vector<TimeStep>& steps) {
  if (steps.empty()) return ok();
  SPINE_TRY(Cursor cursor, Cursor::open(transaction, database_));
  Entry entry;
  SPINE_TRY(bool above, cursor.at_or_after(time_key(steps.front().wall_ms), entry));
  while (above) {
    SPINE_TRY_STATUS(cursor.remove());
    SPINE_TRY(above, cursor.at_or_after(time_key(steps.front().wall_ms), entry));
  }
  for (const TimeStep& step : steps) {
    const std::uint64_t block = step.block.value;
    SPINE_TRY_STATUS(cursor.put(time_key(step.wall_ms), std::as_bytes(std::span(&block, 1))));
  }
  return ok();
}

Result<Seq> Times::find(Transaction& transaction, std::int64_t wall_ms) const {
  SPINE_TRY(Cursor cursor, Cursor::open(transaction, database_));
  const TimeKey key = time_key(wall_ms);
  Entry entry;
  SPINE_TRY(const bool after, cursor.at_or_after(key, entry));
  const bool exact = after && std::ranges::equal(entry.key, key);
  if (!exact) {
    SPINE_TRY(const bool found, cursor.move(after ? Move::previous : Move::last, entry));
    if (!found) return Seq{};
  }
  if (entry.value.size() != sizeof(std::uint64_t)) {
    return Error{Errc::corrupt, "The index is damaged: delete its directory, it is rebuilt."};
  }
  return Seq{load<std::uint64_t>(entry.value.data())};
}

}  // namespace spine::journal
