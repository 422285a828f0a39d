// World: inputs about channels and deliveries.
#include "engine/core/model/views.h"
#include "tests/unit/core/bodies.h"
#include "tests/unit/core/world.h"

namespace spine::core {

Reply World::channel_state(fb::ChannelState to, const std::string& channel,
                           const std::string& account, const std::string& problem, bool served) {
  Builder builder;
  const auto name = text(builder, channel);
  const auto of = text(builder, account);
  const auto why = text(builder, problem);
  const auto identity = builder.CreateString("42");
  return give(
      fb::EventBody::ChannelStateChanged,
      take(builder, fb::CreateChannelStateChanged(builder, name, of, to, why, identity, served).o));
}

Reply World::channel_read(const std::string& position, const std::string& channel,
                          const std::string& account) {
  Builder builder;
  const auto name = text(builder, channel);
  const auto of = text(builder, account);
  const auto identity = builder.CreateString("42");
  const auto at = text(builder, position);
  return give(fb::EventBody::ChannelRead,
              take(builder, fb::CreateChannelRead(builder, name, of, identity, at).o));
}

Reply World::migrated(const std::string& from, const std::string& to, const std::string& channel,
                      const std::string& account) {
  Builder builder;
  const auto name = text(builder, channel);
  const auto of = text(builder, account);
  const auto before = text(builder, from);
  const auto now_id = text(builder, to);
  return give(fb::EventBody::ConversationMigrated,
              take(builder, fb::CreateConversationMigrated(builder, name, of, before, now_id).o));
}

Reply World::confirm(DeliveryId delivery) {
  DeliveryView view{};
  view_delivery(state, delivery, view);
  Builder builder;
  const auto ids = strings(builder, {"m" + std::to_string(delivery.value)});
  return give(
      fb::EventBody::DeliveryConfirmed,
      take(builder,
           fb::CreateDeliveryConfirmed(builder, delivery.value, view.attempted.value, ids).o));
}

Reply World::fail_delivery(DeliveryId delivery, fb::DeliveryFailure kind, std::uint32_t pieces,
                           std::uint64_t retry_after_ms) {
  DeliveryView view{};
  view_delivery(state, delivery, view);
  Builder builder;
  const auto reason = builder.CreateString("it did not work");
  return give(fb::EventBody::DeliveryFailed,
              take(builder, fb::CreateDeliveryFailed(builder, delivery.value, view.attempted.value,
                                                     kind, reason, retry_after_ms, pieces)
                                .o));
}

Reply World::retry_delivery(DeliveryId delivery) {
  Builder builder;
  return give(fb::EventBody::DeliveryRetryRequested,
              take(builder, fb::CreateDeliveryRetryRequested(builder, delivery.value).o));
}

Reply World::discard_delivery(DeliveryId delivery) {
  Builder builder;
  return give(fb::EventBody::DeliveryDiscarded,
              take(builder, fb::CreateDeliveryDiscarded(builder, delivery.value).o));
}

Reply World::previewed(RunId run, const std::string& platform_id) {
  Builder builder;
  const auto id = text(builder, platform_id);
  return give(fb::EventBody::DeliveryPreviewed,
              take(builder, fb::CreateDeliveryPreviewed(builder, run.value, id).o));
}

Reply World::switch_channel(fb::ChannelSwitch to, const std::string& channel,
                            const std::string& account) {
  Builder builder;
  const auto name = text(builder, channel);
  return give(
      fb::EventBody::ChannelSwitched,
      take(builder, fb::CreateChannelSwitched(builder, name, text(builder, account), to).o));
}

Reply World::send(const SendSpec& spec) {
  Builder builder;
  const auto id = text(builder, spec.to);
  const auto thread = text(builder, spec.thread);
  const auto reply_to = text(builder, spec.reply_to);
  const auto to = fb::CreateAddress(builder, fb::ConversationKind::direct, id, thread, reply_to);
  const auto channel = text(builder, spec.channel);
  const auto account = text(builder, spec.account);
  const auto words = text(builder, spec.text);
  const auto key = text(builder, spec.key);
  const Body body =
      take(builder, fb::CreateSendRequested(builder, channel, account, to, words, key).o);
  return give(Input{.kind = static_cast<std::uint16_t>(fb::EventBody::SendRequested),
                    .source = Source::websocket,
                    .principal = client},
              body, body.size() * sizeof(std::uint64_t));
}

std::vector<DeliveryId> World::attempted() const {
  Effects open;
  open_obligations(state, open);
  std::vector<DeliveryId> out;
  for (const Effect& effect : open) {
    if (effect.kind == EffectKind::deliver) out.push_back(effect.delivery);
  }
  return out;
}

}  // namespace spine::core
