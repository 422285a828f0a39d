// Pairing requests of senders, and their answers.
#include "engine/core/pairing/evolve.h"

namespace spine::core {

void fold_pairing_requested(const Folding& fold) {
  const auto& body = fold.body<fb::ChannelPairingRequested>();
  fold.tables.pairing_requests.add(
      PairingRequest{.request = fold.seq(),
                     .channel = cut_field(body.channel()),
                     .account = cut_field(body.account()),
                     .sender_id = cut_field(body.sender_id()),
                     .sender_name = cut_field(body.sender_name()),
                     .code = cut_field(body.code()),
                     .created_wall_ms = fold.wall_ms(),
                     .expires_ms = body.expires_ms(),
                     .expires_wall_ms = body.expires_wall_ms(),
                     .conversation_id = cut_field(body.conversation_id())},
      fold.logical_ms());
}

void fold_pairing_resolved(const Folding& fold) {
  const auto& body = fold.body<fb::ChannelPairingResolved>();
  PairingRequest request = fold.tables.pairing_requests.take(Seq{body.request()});
  PairedSenders& senders = fold.tables.paired_senders;
  if (!request.request || !body.approved() || senders.full()) return;
  // As the configuration in force says: before ids were exact, all configurations folded them.
  senders.add(PairedSender{.resolved = fold.seq(),
                           .channel = std::move(request.channel),
                           .account = std::move(request.account),
                           .sender_id = std::move(request.sender_id)},
              fold.tables.policy.ids);
}

}  // namespace spine::core
