// Histogram: latencies in nanoseconds with a relative error below 1 %, without allocation.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

namespace spine::bench {

// Log-linear buckets: 64 per power of two, up to about 68 s. Thread: one; merge() joins several.
class Histogram {
 public:
  void record(std::uint64_t ns) {
    ++counts_[index_of(ns)];
    ++total_;
    max_ns_ = std::max(max_ns_, ns);
  }

  void merge(const Histogram& other) {
    for (std::size_t i = 0; i < counts_.size(); ++i)
      counts_[i] += other.counts_[i];
    total_ += other.total_;
    max_ns_ = std::max(max_ns_, other.max_ns_);
  }

  void clear() { *this = Histogram{}; }
  std::uint64_t count() const { return total_; }
  std::uint64_t max_ns() const { return max_ns_; }

  // The latency that `fraction` (0..1) of the records do not exceed; 0 when there are none.
  std::uint64_t at(double fraction) const {
    const auto wanted = static_cast<std::uint64_t>(fraction * static_cast<double>(total_));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (seen > wanted) return std::min(upper_bound(i), max_ns_);
    }
    return max_ns_;
  }

 private:
  static constexpr std::uint32_t kSubBits = 6;
  static constexpr std::uint32_t kPowersMax = 30;
  static constexpr std::size_t kBuckets = std::size_t{kPowersMax + 1} << kSubBits;

  static std::size_t index_of(std::uint64_t ns) {
    if (ns < (1U << kSubBits)) return ns;
    const auto power = static_cast<std::uint32_t>(std::bit_width(ns)) - 1 - kSubBits;
    const std::size_t index = ((power + 1) << kSubBits) | ((ns >> power) & ((1U << kSubBits) - 1));
    return std::min(index, kBuckets - 1);
  }

  static std::uint64_t upper_bound(std::size_t index) {
    if (index < (1U << kSubBits)) return index;
    const std::uint64_t power = (index >> kSubBits) - 1;
    const std::uint64_t mantissa = (index & ((1U << kSubBits) - 1)) | (1U << kSubBits);
    return ((mantissa + 1) << power) - 1;
  }

  std::array<std::uint64_t, kBuckets> counts_{};
  std::uint64_t total_{};
  std::uint64_t max_ns_{};
};

}  // namespace spine::bench
