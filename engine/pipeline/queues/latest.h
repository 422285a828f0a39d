// Latest: a mailbox for one value: a new one replaces one that was not taken.
#pragma once

#include <atomic>
#include <memory>

namespace spine::pipeline {

// One thread puts, one other thread takes; neither ever waits.
template <class T>
class Latest {
 public:
  Latest() = default;
  Latest(const Latest&) = delete;
  Latest& operator=(const Latest&) = delete;
  ~Latest() { delete value_.load(std::memory_order_acquire); }

  void put(std::unique_ptr<T> value) {
    delete value_.exchange(value.release(), std::memory_order_acq_rel);
  }
  // Null when there is nothing newer than what was taken last.
  std::unique_ptr<T> take() {
    return std::unique_ptr<T>(value_.exchange(nullptr, std::memory_order_acq_rel));
  }

 private:
  std::atomic<T*> value_{nullptr};
};

}  // namespace spine::pipeline
