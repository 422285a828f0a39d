// Channels: which of their facts are recorded, and what waits for one that is connected.
#include "engine/core/channels/decide.h"

#include "engine/core/deliveries/dispatcher.h"

namespace spine::core {
namespace {

// Whether the state says something new of the channel.
bool is_news(const fb::ChannelStateChanged& body, const ChannelRow& channel) {
  return channel.state != body.state() || channel.problem != text_of(body.problem()) ||
         channel.served != body.served() ||
         (body.identity() != nullptr && channel.identity != text_of(body.identity()));
}

// No client speaks for an account that the gateway runs itself.
bool is_taken(const fb::ChannelStateChanged& body, const ChannelRow& channel) {
  return body.served() && !channel.served && channel.state != fb::ChannelState::stopped;
}

}  // namespace

void decide_channel_state(const Tables& tables, const Input& input, Decision& decision) {
  const auto& body = root_of<fb::ChannelStateChanged>(input.body);
  const std::string_view name = text_of(body.channel());
  const ChannelRow* channel = tables.channels.find(name, text_of(body.account()));
  if (channel != nullptr && !is_news(body, *channel)) {
    return decision.refuse(ReplyCode::nothing_to_do);
  }
  if (channel != nullptr && is_taken(body, *channel)) {
    return decision.refuse(ReplyCode::rejected);
  }
  if (channel == nullptr && tables.channels.full()) {
    return decision.refuse(ReplyCode::rejected, fb::RejectReason::table_full);
  }
  if (name.empty() ||
      !fit(limits::kNameBytesMax, body.channel(), body.account(), body.identity()) ||
      !fit(limits::kKeyBytesMax, body.problem())) {
    return decision.refuse(ReplyCode::rejected);
  }
  Drafter drafter(tables, input, decision);
  decision.reply.seq = drafter.add_input(Why{.principal = input.principal.value});
  if (channel == nullptr) return;
  ChannelRow after = *channel;
  after.state = body.state();
  if (after.usable()) {
    Dispatcher(tables, input.now, drafter).dispatch(after, decision.reply.seq);
  }
}

void decide_channel_read(const Tables& tables, const Input& input, Decision& decision) {
  const auto& body = root_of<fb::ChannelRead>(input.body);
  const ChannelRow* channel =
      tables.channels.find(text_of(body.channel()), text_of(body.account()));
  if (channel == nullptr) return decision.refuse(ReplyCode::not_found);
  if (channel->position == text_of(body.position()) &&
      channel->position_of == text_of(body.identity())) {
    return decision.refuse(ReplyCode::nothing_to_do);
  }
  decide_within(fit(limits::kNameBytesMax, body.identity(), body.position()), tables, input,
                decision);
}

void decide_migrated(const Tables& tables, const Input& input, Decision& decision) {
  const auto& body = root_of<fb::ConversationMigrated>(input.body);
  const std::string_view from = text_of(body.from());
  const std::string_view to = text_of(body.to());
  const bool named = !from.empty() && !to.empty() && !text_of(body.channel()).empty();
  const bool fits =
      fit(limits::kNameBytesMax, body.channel(), body.account(), body.from(), body.to());
  const bool known = from == to || tables.migrations.now(text_of(body.channel()),
                                                         text_of(body.account()), from) == to;
  if (named && fits && known) {
    return decision.refuse(ReplyCode::nothing_to_do);
  }
  decide_within(named && fits, tables, input, decision);
}

void decide_channel_switched(const Tables& tables, const Input& input, Decision& decision) {
  const auto& body = root_of<fb::ChannelSwitched>(input.body);
  const ChannelRow* channel =
      tables.channels.find(text_of(body.channel()), text_of(body.account()));
  if (channel == nullptr) return decision.refuse(ReplyCode::not_found);
  if (channel->wanted == body.to()) return decision.refuse(ReplyCode::nothing_to_do);
  decide_within(body.to() <= fb::ChannelSwitch::MAX, tables, input, decision);
}

}  // namespace spine::core
