// What becomes of requests for pairing that are answered (those that messages make, and answers
// given in messages: decide_message).
#include "engine/core/pairing/decide.h"

#include "engine/core/pairing/notices.h"

namespace spine::core {

void decide_pairing_resolved(const Tables& tables, const Input& input, Decision& decision) {
  const auto& body = root_of<fb::ChannelPairingResolved>(input.body);
  const PairingRequest* request =
      tables.pairing_requests.find(Seq{body.request()}, input.now.logical_ms);
  if (request == nullptr) return decision.refuse(ReplyCode::not_found);
  if (body.approved() && !tables.paired_senders.has_room(*request, tables.policy.ids)) {
    return decision.refuse(ReplyCode::rejected, fb::RejectReason::table_full);
  }
  Drafter drafter(tables, input, decision);
  const Why why{.principal = input.principal.value};
  decision.reply.seq = drafter.add_input(why);
  Dispatcher dispatcher(tables, input.now, drafter);
  Notices(tables, dispatcher)
      .pairing_resolved(*request, body.approved(),
                        {.cause = decision.reply.seq.value,
                         .correlation = decision.reply.seq.value,
                         .principal = input.principal.value});
}

}  // namespace spine::core
