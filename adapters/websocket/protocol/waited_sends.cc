// Waiters of deliveries, and what they are answered.
#include "adapters/websocket/protocol/waited_sends.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include "adapters/websocket/protocol/respond.h"
#include "schemas/fields.h"
#include "schemas/vocab/limits.h"

#include "event_generated.h"

namespace spine::net {

bool WaitedSends::wait(SendWaiter waiter) {
  const auto mine = std::ranges::count_if(
      waiters_, [&](const SendWaiter& other) { return other.connection == waiter.connection; });
  if (waiters_.size() >= limits::kSendWaitersMax ||
      static_cast<std::size_t>(mine) >= limits::kSendWaitersPerConnectionMax) {
    return false;
  }
  waiters_.push_back(std::move(waiter));
  tell_engine();
  return true;
}

// seq_cst: before the question whose answer must not be out of date is pushed (Shared).
void WaitedSends::tell_engine() {
  interest_.store(static_cast<std::uint32_t>(waiters_.size()), std::memory_order_seq_cst);
}

template <class F>
std::vector<SendWaiter> WaitedSends::take_if(F f) {
  const auto keep = std::stable_partition(waiters_.begin(), waiters_.end(),
                                          [&](const SendWaiter& waiter) { return !f(waiter); });
  std::vector<SendWaiter> taken(std::make_move_iterator(keep),
                                std::make_move_iterator(waiters_.end()));
  waiters_.erase(keep, waiters_.end());
  tell_engine();
  return taken;
}

std::vector<SendWaiter> WaitedSends::take(DeliveryId delivery) {
  return take_if([&](const SendWaiter& waiter) { return waiter.delivery == delivery; });
}

std::vector<SendWaiter> WaitedSends::take_due(std::uint64_t now_ms) {
  return take_if([&](const SendWaiter& waiter) { return waiter.deadline_ms <= now_ms; });
}

void WaitedSends::drop(ConnectionRef connection) {
  take_if([&](const SendWaiter& waiter) { return waiter.connection == connection; });
}

bool WaitedSends::take_one(ConnectionRef connection, std::string_view id, SendWaiter& out) {
  const auto found = std::ranges::find_if(waiters_, [&](const SendWaiter& waiter) {
    return waiter.connection == connection && waiter.id == id;
  });
  if (found == waiters_.end()) return false;
  out = std::move(*found);
  waiters_.erase(found);
  tell_engine();
  return true;
}

std::uint64_t WaitedSends::next_deadline_ms() const {
  const auto first = std::ranges::min_element(waiters_, {}, &SendWaiter::deadline_ms);
  return first == waiters_.end() ? 0 : first->deadline_ms;
}

namespace {

using core::SendItem;
using Texts = flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>;

void write_place(JsonWriter& json, const SendWaiter& waiter) {
  json.member("runId", waiter.key);
  json.member("channel", waiter.channel);
  json.member("accountId", waiter.account.empty() ? "default" : waiter.account);
  json.member("to", waiter.conversation_id);
  json.member("chatId", waiter.conversation_id);
  json.member("deliveryId", waiter.delivery.value);
}

void answer_sent(const Responder& to, const SendWaiter& waiter, const Texts* ids) {
  to.respond([&](JsonWriter& json) {
    json.member("ok", true);
    write_place(json, waiter);
    json.member("status", "sent");
    if (ids == nullptr || ids->size() == 0) return;
    json.member("messageId", text_of(ids->Get(0)));
    json.array("messageIds", [&] {
      for (const flatbuffers::String* id : *ids)
        json.value(text_of(id));
    });
  });
}

void answer_waiting(const Responder& to, const SendWaiter& waiter) {
  to.respond([&](JsonWriter& json) {
    json.member("ok", true);
    write_place(json, waiter);
    json.member("status", "queued");
    json.member("queued", true);
  });
}

std::string why_dead(const SendItem& item) {
  switch (root_of<fb::DeliveryDeadLettered>(item.end).reason()) {
    case fb::DeadLetterReason::expired:
      return "it could not be sent in time";
    case fb::DeadLetterReason::unknown:
      return "it may have arrived, and is not sent twice";
    case fb::DeadLetterReason::permanent:
      break;
  }
  return "the platform refused it";
}

void refuse_dead(const Responder& to, const SendWaiter& waiter, const SendItem& item) {
  const std::string id = std::to_string(waiter.delivery.value);
  std::string message = waiter.channel + ": " + why_dead(item);
  if (item.has_failure)
    message.append(": ").append(text_of(root_of<fb::DeliveryFailed>(item.failure).reason()));
  message += " (kept as a dead letter: spine dlq show " + id + ")";
  to.refuse({.code = error_code::kUnavailable,
             .message = std::move(message),
             .details = json_object([&](JsonWriter& json) {
               json.member("code", "DELIVERY_FAILED");
               json.member("reason", fb::EnumNameDeadLetterReason(
                                         root_of<fb::DeliveryDeadLettered>(item.end).reason()));
               json.member("deliveryId", waiter.delivery.value);
             })});
}

// Asks what became of it, for one who does not wait any more.
void ask_outcome(Context& net, SendWaiter waiter) {
  const std::uint32_t slot = waiter.connection.slot;
  if (!net.hub.table.live(waiter.connection) || !net.hub.writable(slot)) return;
  const auto kept = std::make_shared<const SendWaiter>(std::move(waiter));
  Responder{net, slot, kept->id}.ask(
      {.kind = pipeline::input_kind::kQuerySend, .a = kept->delivery.value},
      [kept](Responder& to, const SendItem& item) { answer_send(to.net, *kept, item); });
}

}  // namespace

void answer_send(Context& net, const SendWaiter& waiter, const SendItem& item) {
  const std::uint32_t slot = waiter.connection.slot;
  if (!net.hub.table.live(waiter.connection) || !net.hub.writable(slot)) return;
  const Responder to{net, slot, waiter.id};
  if (!item.has_end) return answer_waiting(to, waiter);
  if (is_kind(item.end, fb::EventBody::DeliveryConfirmed))
    return answer_sent(to, waiter, root_of<fb::DeliveryConfirmed>(item.end).platform_ids());
  refuse_dead(to, waiter, item);
}

void answer_sends(Context& net, DeliveryId delivery) {
  for (SendWaiter& waiter : net.sends.take(delivery))
    ask_outcome(net, std::move(waiter));
}

void answer_late_sends(Context& net) {
  const std::uint64_t next = net.sends.next_deadline_ms();
  if (next == 0 || next > net.now_ms()) return;
  for (SendWaiter& waiter : net.sends.take_due(net.now_ms()))
    ask_outcome(net, std::move(waiter));
}

}  // namespace spine::net
