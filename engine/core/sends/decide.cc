// Sends: is it a repetition, is there such an account, is there room.
#include "engine/core/sends/decide.h"

#include "engine/core/base/rate.h"
#include "engine/core/deliveries/dispatcher.h"
#include "engine/core/sends/sends.h"

namespace spine::core {
namespace {

bool good_address(const fb::Address* to) {
  return to != nullptr && !text_of(to->conversation_id()).empty() &&
         to->conversation() <= fb::ConversationKind::MAX &&
         fit(limits::kNameBytesMax, to->conversation_id(), to->thread(), to->reply_to());
}

bool good_send(const fb::SendRequested& body) {
  return !text_of(body.idempotency_key()).empty() && !text_of(body.text()).empty() &&
         fit(limits::kIdempotencyKeyBytesMax, body.idempotency_key()) &&
         fit(limits::kTextBytesMax, body.text()) && good_address(body.to());
}

}  // namespace

void decide_send(const Tables& tables, const Input& input, Decision& decision) {
  const auto& body = root_of<fb::SendRequested>(input.body);
  Reply& reply = decision.reply;
  reply.principal = input.principal;
  SendRow before{};
  const Bits128 print = send_fingerprint(tables.meta.fingerprint_key, input.principal,
                                         text_of(body.idempotency_key()));
  if (tables.sends.find(print, input.now.logical_ms, before)) {
    decision.refuse(before.ended ? ReplyCode::done : ReplyCode::in_flight);
    reply.seq = before.request;
    reply.delivery = before.delivery();
    return;
  }
  const ChannelRow* channel =
      tables.channels.find(text_of(body.channel()), text_of(body.account()));
  if (channel == nullptr) return decision.refuse(ReplyCode::not_found);
  if (!good_send(body)) return decision.refuse(ReplyCode::rejected);
  const std::uint32_t principal = tables.principals.find(input.principal);
  const std::uint64_t tat_us = principal == 0 ? 0 : tables.principals.hot(principal).tat_us;
  const std::uint64_t allowed_us = tables.policy.message_rate.allowed_at_us(tat_us);
  if (const std::uint64_t now_us = input.now.logical_ms * kUsPerMs; allowed_us > now_us) {
    reply.retry_after_ms = (allowed_us - now_us + kUsPerMs - 1) / kUsPerMs;
    return decision.refuse(ReplyCode::rate_limited);
  }
  if (!Dispatcher::has_room(tables)) {
    return decision.refuse(ReplyCode::rejected, fb::RejectReason::table_full);
  }
  Drafter drafter(tables, input, decision);
  reply.seq = drafter.add_input(Why{.principal = input.principal.value});
  // The state knows it by its place behind the request.
  reply.delivery = DeliveryId{drafter.next_seq().value};
  Dispatcher(tables, input.now, drafter)
      .request({.route = route_to(tables, *channel, text_of(body.to()->conversation_id())),
                .to = address_of(body.to()),
                .body = reply.seq,
                .purpose = fb::DeliveryPurpose::sent},
               {.cause = reply.seq.value,
                .correlation = reply.seq.value,
                .principal = input.principal.value});
}

}  // namespace spine::core
