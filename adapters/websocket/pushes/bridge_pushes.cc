// Deliveries out, and the outcomes that nobody else reports.
#include "adapters/websocket/pushes/bridge_pushes.h"

#include "adapters/channels/interface/delivery_text.h"
#include "adapters/websocket/protocol/inputs.h"
#include "adapters/websocket/protocol/net_log.h"
#include "adapters/websocket/protocol/respond.h"
#include "engine/core/model/enum_names.h"
#include "schemas/vocab/limits.h"

namespace spine::net {
namespace {

constexpr std::string_view kGone =
    "The bridge that delivers for it is not connected. Start it again: what waits goes out then.";

void write_pushed(JsonWriter& json, const pipeline::DeliverItem& item) {
  json.member("delivery", item.delivery.value);
  json.member("attempt", item.attempt);
  json.member("channel", item.channel);
  json.member_if("accountId", item.account);
  json.object("conversation", [&] {
    json.member("kind", core::enum_name(item.conversation));
    json.member("id", item.conversation_id);
  });
  json.member_if("threadId", item.thread);
  json.member_if("replyTo", item.reply_to);
  json.member("text", channels::text_naming_files(item));
  json.member("purpose", core::enum_name(item.purpose));
}

// The state comes first: what fails must not be pushed again at once.
void end_account(Context& net, const ServedAccount& account, fb::ChannelState state,
                 std::string_view problem) {
  const std::uint32_t slot = account.by.slot;
  net.push(build_served_state(net, account.channel, account.account, state, problem), slot, 0);
  for (const auto& [delivery, pushed] : account.open) {
    net.push(
        build_delivery_failed(net, DeliveryId{delivery}, pushed.effect,
                              {.kind = fb::DeliveryFailure::unknown,
                               .reason = "The bridge was gone before it said what became of it."}),
        slot, 0);
  }
}

}  // namespace

void push_delivery(Context& net, const pipeline::DeliverItem& item) {
  // What comes after the end was not pushed, which the next start says.
  if (net.served.ended()) return;
  const auto refuse = [&](fb::DeliveryFailure kind, std::string_view reason) {
    net.push_own(
        build_delivery_failed(net, item.delivery, item.effect, {.kind = kind, .reason = reason}));
  };
  if (!item.problem.empty()) return refuse(fb::DeliveryFailure::permanent, item.problem);
  const ServedAccount* account = net.served.find(item.channel, item.account);
  if (account == nullptr || !net.hub.writable(account->by.slot)) {
    return refuse(fb::DeliveryFailure::not_ready, kGone);
  }
  const std::uint32_t slot = account->by.slot;
  net.served.give(item.channel, item.account, item.delivery,
                  {.effect = item.effect,
                   .attempt = item.attempt,
                   .due_ms = net.now_ms() + limits::kProgramOutcomeMs});
  Push push{net, "channel.delivery"};
  push.json().object([&] { write_pushed(push.json(), item); });
  push.targeted(slot);
}

void end_bridge(Context& net, std::uint32_t slot) {
  for (const ServedAccount& account : net.served.drop(net.hub.table.ref(slot))) {
    kLog.warn("{}: its bridge is gone", account.channel);
    end_account(net, account, fb::ChannelState::down, kGone);
  }
}

void end_bridges(Context& net) {
  for (const ServedAccount& account : net.served.end())
    end_account(net, account, fb::ChannelState::stopped, {});
}

void close_late_bridges(Context& net) {
  for (const ConnectionRef late : net.served.overdue(net.now_ms())) {
    if (!net.hub.table.live(late) || !net.hub.writable(late.slot)) continue;
    net.hub.close(late.slot, close_code::kPolicy, "a delivery was not answered in time");
  }
}

}  // namespace spine::net
