// Timer: a callback from libevent's loop after a time; EventPtr: an owned libevent event.
#pragma once

#include <cstdint>
#include <event2/event.h>
#include <functional>
#include <memory>
#include <utility>

#include "schemas/vocab/check.h"

namespace spine::loop {

struct FreeEvent {
  void operator()(event* entry) const { event_free(entry); }
};
using EventPtr = std::unique_ptr<event, FreeEvent>;

constexpr timeval in_us(std::uint64_t us) {
  return {static_cast<time_t>(us / 1'000'000), static_cast<suseconds_t>(us % 1'000'000)};
}
constexpr timeval in_ms(std::uint64_t ms) {
  return in_us(ms * 1'000);
}

// Thread: that of `base`, all calls. The base outlives it. It must not be destroyed from within its
// callback.
class Timer {
 public:
  enum class Again : bool { no, yes };
  Timer(event_base* base, std::function<void()> on_time, Again again = Again::no)
      : on_time_(std::move(on_time)),
        event_(event_new(base, -1, again == Again::yes ? EV_PERSIST : 0, &Timer::call, this)) {
    SPINE_CHECK(event_ != nullptr);
  }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  // Starts or restarts it; with Again::yes it fires periodically.
  void start(const timeval& after) { SPINE_CHECK(event_add(event_.get(), &after) == 0); }
  void stop() { event_del(event_.get()); }
  bool runs() const { return event_pending(event_.get(), EV_TIMEOUT, nullptr) != 0; }
  // The callback is called once the caller has returned to the loop.
  void fire_soon() { event_active(event_.get(), EV_TIMEOUT, 0); }

 private:
  static void call(evutil_socket_t, short, void* self) { static_cast<Timer*>(self)->on_time_(); }

  std::function<void()> on_time_;
  EventPtr event_;
};

}  // namespace spine::loop
