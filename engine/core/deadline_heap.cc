// DeadlineHeap: rising and sinking.
#include "engine/core/deadline_heap.h"

namespace spine::core {
namespace {

bool before(const Deadline& a, const Deadline& b) {
  return a.due_ms != b.due_ms ? a.due_ms < b.due_ms : a.id < b.id;
}

}  // namespace

void DeadlineHeap::set(std::size_t place, const Deadline& deadline) {
  heap_[place] = deadline;
  places_[deadline.row] = static_cast<std::uint32_t>(place + 1);
}

void DeadlineHeap::rise(std::size_t place, const Deadline& deadline) {
  while (place > 0) {
    const std::size_t parent = (place - 1) / 2;
    if (!before(deadline, heap_[parent])) break;
    set(place, heap_[parent]);
    place = parent;
  }
  set(place, deadline);
}

void DeadlineHeap::sink(std::size_t place, const Deadline& deadline) {
  for (;;) {
    std::size_t child = 2 * place + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && before(heap_[child + 1], heap_[child])) ++child;
    if (!before(heap_[child], deadline)) break;
    set(place, heap_[child]);
    place = child;
  }
  set(place, deadline);
}

void DeadlineHeap::push(const Deadline& deadline) {
  SPINE_CHECK(!contains(deadline.row));
  heap_.push_back(deadline);
  rise(heap_.size() - 1, deadline);
}

void DeadlineHeap::remove(std::uint32_t row) {
  SPINE_CHECK(contains(row));
  const std::size_t place = places_[row] - 1;
  places_[row] = 0;
  const Deadline last = heap_.back();
  heap_.pop_back();
  if (place == heap_.size()) return;
  // The last entry takes the free place; it may belong further up or further down.
  if (place > 0 && before(last, heap_[(place - 1) / 2])) {
    rise(place, last);
  } else {
    sink(place, last);
  }
}

}  // namespace spine::core
