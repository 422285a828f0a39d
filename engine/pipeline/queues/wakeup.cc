// Futex calls behind Wakeup.
#include "engine/pipeline/queues/wakeup.h"

#include <ctime>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace spine::pipeline {

static_assert(sizeof(std::atomic<std::uint32_t>) == sizeof(std::uint32_t));

void Wakeup::park(std::uint32_t timeout_ms) {
  timespec timeout{};
  timeout.tv_sec = static_cast<time_t>(timeout_ms / 1000);
  timeout.tv_nsec = static_cast<long>(timeout_ms % 1000) * 1'000'000;
  // Returns at once when sleeping_ is no longer 1: a waker came between the look and the park.
  // A spurious return is fine: the caller looks for work again.
  ::syscall(SYS_futex, &sleeping_, FUTEX_WAIT_PRIVATE, 1, timeout_ms == 0 ? nullptr : &timeout,
            nullptr, 0);
}

void Wakeup::unpark() {
  if (sleeping_.exchange(0, std::memory_order_seq_cst) == 0) return;
  ::syscall(SYS_futex, &sleeping_, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

}  // namespace spine::pipeline
