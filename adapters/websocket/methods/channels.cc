// channels.start, channels.stop and channels.logout: whether an account runs, which stays so until
// somebody says otherwise.
#include <algorithm>
#include <string>

#include "adapters/websocket/methods/channel_account.h"
#include "adapters/websocket/methods/methods.h"
#include "schemas/fields.h"
#include "schemas/vocab/ascii.h"

namespace spine::net {
namespace {

using core::ReplyCode;
using fb::ChannelSwitch;

// What the configuration says of the channel; null = nothing.
const config::ChannelConfig* configured(const config::Config& config, std::string_view name) {
  const auto found = std::ranges::find_if(
      config.channels, [&](const auto& channel) { return same_but_case(channel.name, name); });
  return found == config.channels.end() ? nullptr : &*found;
}

// Whether the configuration lets the channel run; else the request is refused.
bool may_start(const Responder& to, std::string_view channel) {
  const config::ChannelConfig* found = configured(to.net.config(), channel);
  if (found != nullptr && found->enabled) return true;
  const std::string key = "channels." + std::string(channel);
  to.refuse(found == nullptr
                ? "the configuration has no " + key + " any more: put it back to start the channel"
                : key + ".enabled is false: set it to true to start the channel",
            "CHANNEL_DISABLED", "channel_disabled");
  return false;
}

void refuse_served(const Responder& to, std::string_view channel) {
  to.refuse(
      "a bridge delivers for channel \"" + std::string(channel) + "\": start or stop that program",
      "CHANNEL_SERVED", "channel_served");
}

void write_switched(JsonWriter& json, const ChannelAccount& account, ChannelSwitch wanted,
                    bool changed) {
  json.member("channel", account.channel);
  json.member("accountId", account_id(account.account));
  if (wanted == ChannelSwitch::on) json.member("started", true);
  if (wanted == ChannelSwitch::off) json.member("stopped", true);
  if (wanted == ChannelSwitch::logged_out) {
    // The credential belongs to the person who wrote it into the configuration.
    json.member("cleared", false);
    json.member("loggedOut", true);
    json.member("remedy", "The account is stopped. Its credential is still in channels." +
                              account.channel +
                              " of the configuration: remove it there, and revoke it at the "
                              "platform.");
  }
  json.member("changed", changed);
}

template <ChannelSwitch kWanted>
void switch_channel(Call& call) {
  call.ask(
      {.kind = pipeline::input_kind::kQueryChannels},
      [channel = std::string(call.text("channel")), name = std::string(call.text("accountId"))](
          Responder& to, const pipeline::ChannelsItem& item) {
        const auto account = find_account(to, item.channels, channel, name);
        if (!account) return;
        if (account->served) return refuse_served(to, account->channel);
        if (kWanted == ChannelSwitch::on && !may_start(to, account->channel)) return;
        const fb::EventBody kind = to.net.build([&](flatbuffers::FlatBufferBuilder& builder) {
          const auto of = put_text(builder, account->channel);
          return fb::CreateChannelSwitched(builder, of, put_text(builder, account->account),
                                           kWanted);
        });
        to.submit(kind, [account = *account](Responder& client, const pipeline::ReplyItem& reply) {
          const bool changed = reply.reply.code == ReplyCode::accepted;
          if (reply.reply.code != ReplyCode::nothing_to_do && !client.accepted(reply)) return;
          client.respond(
              [&](JsonWriter& json) { write_switched(json, account, kWanted, changed); });
        });
      });
}

constexpr ParamList kSwitched{required_text("channel", limits::kNameBytesMax),
                              optional_text("accountId", limits::kNameBytesMax)};

constexpr Method kChannelMethods[]{
    {"channels.start", Scope::admin, kSwitched, switch_channel<ChannelSwitch::on>},
    {"channels.stop", Scope::admin, kSwitched, switch_channel<ChannelSwitch::off>},
    {"channels.logout", Scope::admin, kSwitched, switch_channel<ChannelSwitch::logged_out>},
};

}  // namespace

std::span<const Method> channel_methods() {
  return kChannelMethods;
}

}  // namespace spine::net
