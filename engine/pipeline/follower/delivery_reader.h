// DeliveryReader: an attempt of a delivery, and the work on an answer, as a channel is told.
#pragma once

#include "engine/core/model/state.h"
#include "engine/core/model/views.h"
#include "engine/core/questions/delivery_content.h"
#include "engine/core/questions/event_source.h"
#include "engine/pipeline/items/messages.h"
#include "engine/pipeline/items/work_notice.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/result.h"

namespace spine::pipeline {

// Thread: follower. REQUIRES: the source sees what the state holds.
class DeliveryReader {
 public:
  DeliveryReader(const core::State& state, core::EventSource& events)
      : state_(state), events_(events) {}

  // False when the attempt that `effect` began is not the delivery's any more. What cannot be read
  // out of a damaged journal is the item's problem, not the gateway's.
  bool read(DeliveryId id, EffectId effect);
  // That a run is worked on. False when the attempt that `effect` began is not the run's any more.
  bool read_work(RunId run, EffectId effect);
  const WorkItem& work() const { return work_.item(); }
  // What was read; borrowed until the next read, and from this.
  const DeliverItem& item() const { return item_; }
  // Whether a client of the gateway delivers it, who is told by the net thread.
  bool served() const { return channel_.served; }

 private:
  Status read_preview(Seq previewed);

  const core::State& state_;
  core::EventSource& events_;
  DeliverItem item_{};
  core::ChannelView channel_{};
  core::DeliveryContent content_{};
  std::string preview_id_{};
  WorkNotice work_{};
  std::string problem_{};
};

}  // namespace spine::pipeline
