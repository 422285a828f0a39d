// What becomes of requests for pairing that are answered (those that messages make, and answers
// given in messages: decide_message).
#include "engine/core/pairing/decide.h"

namespace spine::core {

void decide_pairing_resolved(const Tables& tables, const Input& input, Decision& decision) {
  const auto& body = root_of<fb::ChannelPairingResolved>(input.body);
  const PairingRequest* request =
      tables.pairing_requests.find(Seq{body.request()}, input.now.logical_ms);
  if (request == nullptr) return decision.refuse(ReplyCode::not_found);
  if (body.approved() && !tables.paired_senders.has_room(*request, tables.policy.ids)) {
    return decision.refuse(ReplyCode::rejected, fb::RejectReason::table_full);
  }
  decide_within(true, tables, input, decision);
}

}  // namespace spine::core
