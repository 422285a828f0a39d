// Refusals: a phrase for each reason that people can do something about.
#include "engine/core/messages/refusals.h"

#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"

namespace spine::core {

std::string refusal_text(const Policy& policy, fb::RejectReason reason, std::uint64_t wait_ms) {
  switch (reason) {
    case fb::RejectReason::rate_limited:
      return filled(policy.phrase(Phrase::rate_limited),
                    {{"seconds", std::to_string(wait_ms / 1'000 + 1)}});
    case fb::RejectReason::queue_full:
    case fb::RejectReason::table_full:
      return std::string(policy.phrase(Phrase::try_later));
    case fb::RejectReason::unsupported:
      return std::string(policy.phrase(Phrase::unsupported));
    case fb::RejectReason::too_large:
      return filled(policy.phrase(Phrase::too_long), {{"size", show_bytes(limits::kTextBytesMax)}});
    default:
      return {};
  }
}

}  // namespace spine::core
