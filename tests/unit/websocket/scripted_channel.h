// ScriptedChannel: a channel of the tests, which does what the text of its delivery says.
#pragma once

#include <flatbuffers/flatbuffers.h>
#include <set>

#include "engine/pipeline/items/messages.h"
#include "engine/pipeline/queues/ingress.h"
#include "schemas/vocab/ids.h"

namespace spine::test {

// A text with "refuse" in it is refused for good the first time, and arrives the second; one with
// "lose" is never heard of again. Anything else arrives. Thread: loop.
class ScriptedChannel {
 public:
  // The producer outlives it.
  explicit ScriptedChannel(pipeline::IngressProducer& producer) : producer_(producer) {}

  void deliver(const pipeline::DeliverItem& item);

 private:
  void push(fb::EventBody kind);

  pipeline::IngressProducer& producer_;
  flatbuffers::FlatBufferBuilder builder_{};
  std::set<DeliveryId> refused_{};
};

}  // namespace spine::test
