// Outcomes of deliveries: whoever waits asks what came of it.
#include "adapters/websocket/pushes/delivery_pushes.h"

#include "adapters/websocket/protocol/waited_sends.h"
#include "schemas/fields.h"

namespace spine::net {
namespace {

template <class Body>
void tell_outcome(Events& to, const pipeline::EventItem& item) {
  answer_sends(to.net, DeliveryId{root_of<Body>(item.event).delivery()});
}

constexpr Renderer kDeliveryPushes[]{
    {fb::EventBody::DeliveryConfirmed, tell_outcome<fb::DeliveryConfirmed>},
    {fb::EventBody::DeliveryDeadLettered, tell_outcome<fb::DeliveryDeadLettered>},
};

}  // namespace

std::span<const Renderer> delivery_pushes() {
  return kDeliveryPushes;
}

}  // namespace spine::net
