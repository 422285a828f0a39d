// Which events are of sessions and which of runs.
#include "engine/pipeline/shared.h"

#include "event_generated.h"

namespace spine::pipeline {

bool Shared::wanted(std::uint16_t kind) const {
  switch (static_cast<fb::EventBody>(kind)) {
    case fb::EventBody::MessageReceived:
    case fb::EventBody::SessionOpened:
    case fb::EventBody::SessionReset:
    case fb::EventBody::SessionClosed:
      return session_interest.load(std::memory_order_seq_cst) != 0;
    default:
      return event_interest.load(std::memory_order_seq_cst) != 0;
  }
}

}  // namespace spine::pipeline
