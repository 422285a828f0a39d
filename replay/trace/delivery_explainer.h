// DeliveryExplainer: what became of a delivery to a channel, and what it waits for.
#pragma once

#include "engine/core/model/state.h"
#include "engine/core/model/views.h"
#include "replay/trace/chain.h"
#include "replay/trace/explanation.h"
#include "schemas/vocab/ids.h"

namespace spine::replay {

// The delivery of the run's answer, or of why there is none; 0 = the chain has none.
DeliveryId delivery_of_run(const Chain& chain, RunId run);

// As of the state, which is that of the chain's end. Thread: one.
class DeliveryExplainer {
 public:
  DeliveryExplainer(const core::State& state, const Chain& chain) : state_(state), chain_(chain) {}

  // Adds what happened to it. The reason is its own, unless there is a more important one already:
  // why there is no answer.
  void explain(DeliveryId delivery, Explanation& out) const;

 private:
  Reason reason_of_row(const core::DeliveryView& delivery, Explanation& out) const;
  Reason waiting_reason(const core::DeliveryView& delivery, Explanation& out) const;
  Reason reason_of_end(DeliveryId delivery) const;

  const core::State& state_;
  const Chain& chain_;
};

}  // namespace spine::replay
