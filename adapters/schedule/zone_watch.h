// ZoneWatch: notices that the machine's time zone or its rules have changed.
#pragma once

#include <memory>
#include <string>

#include "engine/core/kept_body.h"
#include "engine/pipeline/ingress.h"

struct event_base;
struct event;

namespace spine::schedule {

// Looks once a minute. Thread: that of `base`, all calls; construction and end while it does not
// run.
class ZoneWatch {
 public:
  // `base` and `producer` outlive it. `rules`: what the engine was started with.
  ZoneWatch(event_base* base, pipeline::IngressProducer& producer, core::KeptBody rules);
  ~ZoneWatch();
  ZoneWatch(const ZoneWatch&) = delete;
  ZoneWatch& operator=(const ZoneWatch&) = delete;

  // Hands rules that differ from those of before to the engine.
  void look();

 private:
  struct FreeEvent {
    void operator()(event* entry) const;
  };

  pipeline::IngressProducer& producer_;
  core::KeptBody rules_;
  std::string mark_;
  std::unique_ptr<event, FreeEvent> timer_{};
};

}  // namespace spine::schedule
