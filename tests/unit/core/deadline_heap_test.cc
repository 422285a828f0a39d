// DeadlineHeap against a sorted set.
#include "engine/core/deadline_heap.h"

#include <gtest/gtest.h>
#include <set>
#include <tuple>

#include "tests/unit/core/prng.h"

namespace spine::core {
namespace {

TEST(DeadlineHeap, TheFirstIsTheEarliestAndOfThoseTheLowestId) {
  Prng prng(11);
  DeadlineHeap heap(200);
  std::set<std::tuple<std::uint64_t, std::uint64_t, std::uint32_t>> model;
  for (int i = 0; i < 20'000; ++i) {
    const auto row = static_cast<std::uint32_t>(1 + prng.below(200));
    if (heap.contains(row)) {
      heap.remove(row);
      std::erase_if(model, [row](const auto& entry) { return std::get<2>(entry) == row; });
    } else {
      const Deadline deadline{.due_ms = prng.below(20), .id = 1'000 - row, .row = row};
      heap.push(deadline);
      model.emplace(deadline.due_ms, deadline.id, row);
    }
    ASSERT_EQ(heap.count(), model.size());
    if (!model.empty()) {
      ASSERT_EQ(heap.first().row, std::get<2>(*model.begin()));
    }
  }
}

}  // namespace
}  // namespace spine::core
