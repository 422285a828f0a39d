// Wakeup: parks one thread until another has something for it, without a mutex.
#pragma once

#include <atomic>
#include <cstdint>

namespace spine::pipeline {

// One sleeper, any number of wakers. The sleeper announces itself, looks once more for work, and
// only then parks on a futex; a waker publishes, then looks whether anybody sleeps. Both sides put
// a full fence between their store and their load, so one of them always sees the other.
class Wakeup {
 public:
  // Thread: the sleeper. Returns when woken, when `has_work()` is true, or after timeout_ms
  // (0 = no time-out).
  template <class HasWork>
  void wait(HasWork has_work, std::uint32_t timeout_ms = 0) {
    sleeping_.store(1, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (!has_work()) park(timeout_ms);
    sleeping_.store(0, std::memory_order_relaxed);
  }

  // Thread: any. Call after publishing. Costs a fence and a load when nobody sleeps.
  void wake() {
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (sleeping_.load(std::memory_order_relaxed) != 0) unpark();
  }

 private:
  void park(std::uint32_t timeout_ms);
  void unpark();
  std::atomic<std::uint32_t> sleeping_{0};
};

}  // namespace spine::pipeline
