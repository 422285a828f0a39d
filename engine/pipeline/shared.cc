// Which events are of sessions, which are for everybody, and which the net thread acts on.
#include "engine/pipeline/shared.h"

#include "event_generated.h"

namespace spine::pipeline {

bool Shared::wanted(std::uint16_t kind) const {
  switch (static_cast<fb::EventBody>(kind)) {
    case fb::EventBody::MessageReceived:
    case fb::EventBody::SessionOpened:
    case fb::EventBody::SessionReset:
    case fb::EventBody::SessionClosed:
    case fb::EventBody::SessionPatched:
      return session_interest.load(std::memory_order_seq_cst) != 0;
    case fb::EventBody::DevicePaired:
    case fb::EventBody::DeviceTokenChanged:
    case fb::EventBody::DeviceRemoved:
    case fb::EventBody::PairingCodeAnswered:
    case fb::EventBody::ApprovalOpened:
    case fb::EventBody::ApprovalResolved:
      return true;
    default:
      return event_interest.load(std::memory_order_seq_cst) != 0;
  }
}

}  // namespace spine::pipeline
