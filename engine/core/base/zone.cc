// Zone: periods of one offset each, looked up by binary search.
#include "engine/core/base/zone.h"

#include <algorithm>
#include <limits>

#include "schemas/vocab/limits.h"

namespace spine::core {
namespace {

constexpr std::int64_t kHourS = 3'600;
constexpr std::int64_t kDayS = 24 * kHourS;

bool good_offset(std::int32_t offset_s) {
  return offset_s > -kDayS && offset_s < kDayS;
}

std::int64_t floor_div(std::int64_t value, std::int64_t by) {
  return value / by - (value % by < 0 ? 1 : 0);
}

// How many transitions can be used: the rest do not ascend, have no offset or are too many.
flatbuffers::uoffset_t usable(const fb::ZoneRules& rules) {
  const auto* at = rules.at_s();
  const auto* offsets = rules.offsets_s();
  if (at == nullptr || offsets == nullptr) return 0;
  const auto most =
      std::min<std::size_t>({at->size(), offsets->size(), limits::kZoneTransitionsMax});
  flatbuffers::uoffset_t count = 0;
  while (count < most && good_offset(offsets->Get(count)) &&
         (count == 0 || at->Get(count - 1) < at->Get(count))) {
    ++count;
  }
  return count;
}

}  // namespace

bool good_zone_rules(const fb::ZoneRules& rules) {
  const std::size_t at = rules.at_s() == nullptr ? 0 : rules.at_s()->size();
  const std::size_t offsets = rules.offsets_s() == nullptr ? 0 : rules.offsets_s()->size();
  return at == offsets && usable(rules) == at && good_offset(rules.offset_s());
}

void Zone::apply(ByteSpan body) {
  body_ = KeptBody{body};
  const auto& rules = *flatbuffers::GetRoot<fb::ZoneRules>(body_.view().data());
  offset_s_ = good_offset(rules.offset_s()) ? rules.offset_s() : 0;
  periods_.clear();
  for (flatbuffers::uoffset_t i = 0; i < usable(rules); ++i)
    periods_.push_back({.at_s = rules.at_s()->Get(i), .offset_s = rules.offsets_s()->Get(i)});
}

void Zone::set_offset(std::int16_t minutes) {
  if (body_.empty()) offset_s_ = std::int32_t{minutes} * 60;
}

std::ptrdiff_t Zone::period_at(std::int64_t at_s) const {
  const auto after =
      std::upper_bound(periods_.begin(), periods_.end(), at_s,
                       [](std::int64_t at, const Period& period) { return at < period.at_s; });
  return after - periods_.begin() - 1;
}

std::int32_t Zone::offset_of(std::ptrdiff_t period) const {
  return period < 0 ? offset_s_ : periods_[static_cast<std::size_t>(period)].offset_s;
}

std::int32_t Zone::offset_at(std::int64_t at_s) const {
  return offset_of(period_at(at_s));
}

std::int64_t Zone::first_at(std::int64_t local_s) const {
  // Offsets are less than a day: a day before `local_s` the local clock shows less in any period.
  std::ptrdiff_t period = period_at(local_s - kDayS);
  const auto last = static_cast<std::ptrdiff_t>(periods_.size()) - 1;
  for (;; ++period) {
    const std::int64_t begins = period < 0 ? std::numeric_limits<std::int64_t>::min()
                                           : periods_[static_cast<std::size_t>(period)].at_s;
    const std::int64_t shown = std::max(begins, local_s - offset_of(period));
    if (period == last || shown < periods_[static_cast<std::size_t>(period + 1)].at_s) return shown;
  }
}

std::int64_t Zone::last_hour_ms(std::int64_t wall_ms, std::uint8_t hour) const {
  const std::int64_t now_s = floor_div(wall_ms, 1'000);
  std::int64_t day = floor_div(now_s + offset_at(now_s), kDayS);
  // Starts with tomorrow, which has begun before where the clock was set back over midnight.
  ++day;
  std::int64_t at_s = first_at(day * kDayS + hour * kHourS);
  while (at_s > now_s)
    at_s = first_at(--day * kDayS + hour * kHourS);
  return at_s * 1'000;
}

}  // namespace spine::core
