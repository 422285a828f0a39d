// ZoneWatch: a timer, a mark that is compared, and one input.
#include "adapters/schedule/zone_watch.h"

#include <algorithm>
#include <ctime>
#include <event2/event.h>

#include "adapters/schedule/host_zone.h"
#include "engine/log/log.h"
#include "engine/pipeline/clock.h"
#include "schemas/fields.h"
#include "schemas/vocab/check.h"
#include "schemas/vocab/record.h"

#include "event_generated.h"

namespace spine::schedule {
namespace {

constexpr log::Logger kLog{"time"};
constexpr timeval kEvery{.tv_sec = 60, .tv_usec = 0};

}  // namespace

void ZoneWatch::FreeEvent::operator()(event* entry) const {
  ::event_free(entry);
}

ZoneWatch::ZoneWatch(event_base* base, pipeline::IngressProducer& producer, core::KeptBody rules)
    : producer_(producer),
      rules_(std::move(rules)),
      mark_(host_zone_mark(pipeline::wall_now_ms())),
      timer_(::event_new(
          base, -1, EV_PERSIST,
          [](evutil_socket_t, short, void* self) { static_cast<ZoneWatch*>(self)->look(); },
          this)) {
  SPINE_CHECK(timer_ != nullptr);
  ::event_add(timer_.get(), &kEvery);
}

ZoneWatch::~ZoneWatch() = default;

void ZoneWatch::look() {
  const std::int64_t wall_ms = pipeline::wall_now_ms();
  std::string mark = host_zone_mark(wall_ms);
  if (mark == mark_) return;
  mark_ = std::move(mark);
  core::KeptBody rules = host_zone_rules(wall_ms);
  if (std::ranges::equal(rules.view(), rules_.view())) return;
  rules_ = std::move(rules);
  const auto& body = *flatbuffers::GetRoot<fb::ZoneRules>(rules_.view().data());
  kLog.info("the rules of the time zone have changed: {}, data {}", text_of(body.zone()),
            text_of(body.version()));
  const pipeline::InputHeader header{.kind = static_cast<std::uint16_t>(fb::EventBody::ZoneRules),
                                     .source = static_cast<std::uint16_t>(Source::loop)};
  producer_.push(header, rules_.view());
}

}  // namespace spine::schedule
