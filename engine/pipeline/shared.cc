// Shared: who there is to be told of events.
#include "engine/pipeline/shared.h"

namespace spine::pipeline {

bool Shared::wanted(core::Told told) const {
  switch (told) {
    case core::Told::nobody:
      return false;
    case core::Told::session_watchers:
      return session_interest.load(std::memory_order_seq_cst) != 0;
    case core::Told::run_watchers:
      return event_interest.load(std::memory_order_seq_cst) != 0;
    case core::Told::always:
      return true;
  }
  return false;
}

}  // namespace spine::pipeline
