// channels.status and deliveries.*: accounts of channels, what waits for them, and dead letters.
#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "adapters/websocket/methods/channel_account.h"
#include "adapters/websocket/methods/methods.h"
#include "engine/core/model/enum_names.h"
#include "schemas/fields.h"
#include "schemas/vocab/ascii.h"

#include "event_generated.h"

namespace spine::net {
namespace {

namespace input_kind = pipeline::input_kind;
using core::ChannelLoad;
using core::ListedDelivery;
using core::ReplyCode;

void write_load(JsonWriter& json, const ChannelLoad& load, std::int64_t wall_ms) {
  json.member("waiting", load.waiting);
  json.member("deadLetters", load.dead_letters);
  if (load.oldest_wall_ms == 0) return;
  json.member("oldestAt", load.oldest_wall_ms);
  json.member("oldestAgeMs", std::max<std::int64_t>(wall_ms - load.oldest_wall_ms, 0));
}

// ---- channels.status

bool runs(const ChannelLoad& load) {
  return load.state != fb::ChannelState::stopped && load.state != fb::ChannelState::logged_out;
}

// A channel of the configuration, or one that the gateway delivers to, with its accounts.
struct ShownChannel {
  std::string name{};
  bool configured{};
  bool enabled{};
  std::vector<ChannelLoad> accounts{};
};

std::vector<ShownChannel> shown_channels(const config::Config& config,
                                         const std::vector<ChannelLoad>& loads) {
  std::vector<ShownChannel> shown;
  const auto accounts_of = [&](const std::string& name) {
    std::vector<ChannelLoad> accounts;
    std::ranges::copy_if(loads, std::back_inserter(accounts),
                         [&](const ChannelLoad& load) { return same_but_case(load.name, name); });
    return accounts;
  };
  for (const config::ChannelConfig& channel : config.channels)
    shown.push_back({channel.name, true, channel.enabled, accounts_of(channel.name)});
  for (const ChannelLoad& load : loads) {
    const bool known = std::ranges::any_of(
        shown, [&](const ShownChannel& channel) { return same_but_case(channel.name, load.name); });
    if (!known)
      shown.push_back({std::string(load.name), false, false, accounts_of(std::string(load.name))});
  }
  return shown;
}

// What the loop thread knows of the account; null = nothing.
const pipeline::ChannelReport* live_of(const pipeline::ChannelsReport* report,
                                       std::string_view channel, std::string_view account) {
  if (report == nullptr) return nullptr;
  const auto found = std::ranges::find_if(report->channels, [&](const auto& live) {
    return same_but_case(live.name, channel) && live.account == account;
  });
  return found == report->channels.end() ? nullptr : &*found;
}

void write_live(JsonWriter& json, const pipeline::ChannelReport* live) {
  if (live == nullptr) return;
  json.member_if("kind", live->kind);
  json.member("inFlight", live->in_flight);
  json.member("restarts", live->restarts);
  if (live->restart_wall_ms != 0) json.member("restartAt", live->restart_wall_ms);
  if (live->last_exchange_wall_ms != 0) json.member("lastExchangeAt", live->last_exchange_wall_ms);
}

void write_account(JsonWriter& json, const ShownChannel& channel, const ChannelLoad& load,
                   const pipeline::ChannelsReport* report, const ServedAccounts* served,
                   std::int64_t wall_ms) {
  json.member("accountId", account_id(load.account));
  json.member("enabled", channel.enabled);
  json.member("configured", channel.configured);
  json.member("running", runs(load));
  json.member("connected", core::is_usable(load.state));
  json.member("state", fb::EnumNameChannelState(load.state));
  json.member("stateSince", load.since_wall_ms);
  json.member_if("identity", load.identity);
  json.member_or_null("lastError", load.problem);
  // Ours: somebody has switched it off.
  if (load.wanted != fb::ChannelSwitch::on) {
    json.member("switched", fb::EnumNameChannelSwitch(load.wanted));
  }
  if (load.served) {
    json.member("kind", "bridge");
    if (served != nullptr) json.member("inFlight", served->open(load.name, load.account));
  } else {
    write_live(json, live_of(report, channel.name, load.account));
  }
  json.object("deliveries", [&] { write_load(json, load, wall_ms); });
}

// Of a channel that nothing has been delivered to: a bridge's, or one that is not served here.
void write_unserved(JsonWriter& json, const ShownChannel& channel,
                    const pipeline::ChannelsReport* report) {
  const pipeline::ChannelReport* live = live_of(report, channel.name, {});
  json.member("accountId", account_id({}));
  json.member("enabled", channel.enabled);
  json.member("configured", channel.configured);
  json.member("running", false);
  if (live == nullptr) return;
  json.member("state", live->state);
  json.member_or_null("lastError", live->problem);
  write_live(json, live);
}

void write_channels(JsonWriter& json, const std::vector<ShownChannel>& channels,
                    const pipeline::ChannelsReport* report, const ServedAccounts* served,
                    std::int64_t wall_ms) {
  json.member("ts", wall_ms);
  json.array("channelOrder", channels,
             [&](const ShownChannel& channel) { json.value(channel.name); });
  const auto each = [&](std::string_view key, auto write) {
    json.object(key, [&] {
      for (const ShownChannel& channel : channels)
        write(channel);
    });
  };
  const auto label = [&](const ShownChannel& channel) { json.member(channel.name, channel.name); };
  each("channelLabels", label);
  each("channelDetailLabels", label);
  json.objects("channelMeta", channels, [&](const ShownChannel& channel) {
    json.member("id", channel.name);
    json.member("label", channel.name);
    json.member("detailLabel", channel.name);
  });
  each("channels", [&](const ShownChannel& channel) {
    json.object(channel.name, [&] {
      json.member("configured", channel.configured);
      json.member("enabled", channel.enabled);
      json.member("running", std::ranges::any_of(channel.accounts, runs));
    });
  });
  each("channelAccounts", [&](const ShownChannel& channel) {
    if (!channel.accounts.empty()) {
      return json.objects(channel.name, channel.accounts, [&](const ChannelLoad& load) {
        write_account(json, channel, load, report, served, wall_ms);
      });
    }
    json.array(channel.name, [&] { json.object([&] { write_unserved(json, channel, report); }); });
  });
  each("channelDefaultAccountId", [&](const ShownChannel& channel) {
    json.member(channel.name,
                account_id(channel.accounts.empty() ? std::string_view{}
                                                    : channel.accounts.front().account));
  });
}

void channels_status(Call& call) {
  call.ask(
      {.kind = input_kind::kQueryChannels},
      [only = lower_case(call.text("channel"))](Responder& to, const pipeline::ChannelsItem& item) {
        std::vector<ShownChannel> channels = shown_channels(to.net.config(), item.channels);
        if (!only.empty()) {
          std::erase_if(channels, [&](const ShownChannel& channel) {
            return !same_but_case(channel.name, only);
          });
        }
        // Of the past only what the journal says.
        const auto* report = to.as_of.seq ? nullptr : to.net.channels_report.get();
        const auto* served = to.as_of.seq ? nullptr : &to.net.served;
        to.respond([&](JsonWriter& json) {
          write_channels(json, channels, report, served, to.wall_ms());
        });
      });
}

// ---- deliveries.*

void write_delivery(JsonWriter& json, const ListedDelivery& listed) {
  const core::DeliveryView& delivery = listed.delivery;
  const bool dead = delivery.status == core::DeliveryStatus::dead;
  json.member("id", delivery.id.value);
  json.member("channel", listed.channel);
  json.member("accountId", account_id(listed.account));
  json.member("conversation", fb::EnumNameConversationKind(listed.conversation));
  json.member("conversationId", listed.conversation_id);
  json.member_if("thread", listed.thread);
  json.member_if("replyTo", listed.reply_to);
  json.member("purpose", fb::EnumNameDeliveryPurpose(delivery.purpose));
  json.member_if("runId", listed.run_key);
  json.member_if("sessionKey", listed.session_key);
  json.member("status", core::enum_name(delivery.status));
  json.member("createdAt", delivery.created_wall_ms);
  json.member("attempts", delivery.attempts);
  json.member("pieces", delivery.pieces);
  if (dead) json.member("reason", fb::EnumNameDeadLetterReason(delivery.reason));
  if (listed.not_before_wall_ms != 0) json.member("notBefore", listed.not_before_wall_ms);
  if (listed.expires_wall_ms != 0) json.member("expiresAt", listed.expires_wall_ms);
  if (listed.failed) {
    json.object("failure", [&] {
      json.member("kind", fb::EnumNameDeliveryFailure(listed.failure));
      json.member("message", listed.problem);
      json.member("at", listed.failed_wall_ms);
    });
  }
  json.member("text", listed.text);
  json.member("textBytes", listed.text_bytes);
  if (listed.text.size() < listed.text_bytes) json.member("truncated", true);
}

void write_loads(JsonWriter& json, const std::vector<ChannelLoad>& loads, std::int64_t wall_ms) {
  json.objects("channels", loads, [&](const ChannelLoad& load) {
    json.member("channel", load.name);
    json.member("accountId", account_id(load.account));
    json.member("state", fb::EnumNameChannelState(load.state));
    write_load(json, load, wall_ms);
  });
}

void deliveries_list(Call& call) {
  const std::string channel = lower_case(call.text("channel"));
  call.ask({.kind = input_kind::kQueryDeliveries,
            .text = channel,
            .a = call.number("offset"),
            .b = call.number("limit")},
           [](Responder& to, const pipeline::DeliveriesItem& item) {
             to.respond([&](JsonWriter& json) {
               json.member("ts", to.wall_ms());
               write_loads(json, item.channels, to.wall_ms());
               json.member("totalCount", item.total);
               json.objects("deadLetters", item.deliveries,
                            [&](const ListedDelivery& listed) { write_delivery(json, listed); });
             });
           });
}

void refuse_delivery(const Responder& to, std::uint64_t id, bool dead_letter) {
  to.refuse("no " + std::string(dead_letter ? "dead letter" : "delivery") + " has the id " +
                std::to_string(id) +
                (dead_letter ? " (spine dlq list)"
                             : ": it has arrived, was "
                               "discarded, or never was"),
            "DELIVERY_NOT_FOUND", "delivery_not_found");
}

// Something that happened to a delivery.
void write_step(JsonWriter& json, const EventView& event) {
  const auto kind = static_cast<fb::EventBody>(event.header.kind);
  json.member("seq", event.seq.value);
  json.member("kind", fb::EnumNameEventBody(kind));
  json.member("at", event.header.wall_ms);
  if (kind == fb::EventBody::DeliveryAttempted) {
    json.member("attempt", root_of<fb::DeliveryAttempted>(event).attempt());
  } else if (kind == fb::EventBody::DeliveryFailed) {
    const auto& failed = root_of<fb::DeliveryFailed>(event);
    json.member("failure", fb::EnumNameDeliveryFailure(failed.kind()));
    json.member("message", text_of(failed.reason()));
    json.member("pieces", failed.pieces());
    if (failed.retry_after_ms() != 0) json.member("retryAfterMs", failed.retry_after_ms());
  } else if (kind == fb::EventBody::DeliveryDeadLettered) {
    json.member("reason",
                fb::EnumNameDeadLetterReason(root_of<fb::DeliveryDeadLettered>(event).reason()));
  }
}

void deliveries_show(Call& call) {
  const std::uint64_t id = call.number("id");
  call.ask({.kind = input_kind::kQueryDelivery, .a = id},
           [id](Responder& to, const pipeline::DeliveriesItem& item) {
             if (item.deliveries.empty()) return refuse_delivery(to, id, false);
             to.respond([&](JsonWriter& json) {
               json.member("ts", to.wall_ms());
               json.object("delivery", [&] { write_delivery(json, item.deliveries.front()); });
               json.objects("history", item.history,
                            [&](const EventView& event) { write_step(json, event); });
             });
           });
}

// Hands in what somebody wants of a dead letter; `kCreate` makes its body of the id.
template <auto kCreate>
void change_delivery(Call& call) {
  const std::uint64_t id = call.number("id");
  const fb::EventBody kind =
      call.net.build([&](flatbuffers::FlatBufferBuilder& builder) { return kCreate(builder, id); });
  call.submit(kind, [id](Responder& to, const pipeline::ReplyItem& item) {
    if (item.reply.code == ReplyCode::not_found) return refuse_delivery(to, id, true);
    if (!to.accepted(item)) return;
    to.respond([&](JsonWriter& json) {
      json.member("ok", true);
      json.member("id", id);
    });
  });
}

auto create_retry(flatbuffers::FlatBufferBuilder& builder, std::uint64_t id) {
  return fb::CreateDeliveryRetryRequested(builder, id);
}
auto create_discard(flatbuffers::FlatBufferBuilder& builder, std::uint64_t id) {
  return fb::CreateDeliveryDiscarded(builder, id);
}

constexpr Param kChannel = optional_text("channel", limits::kNameBytesMax);
constexpr Param kDelivery{
    .name = "id", .type = ParamType::number, .required = true, .min = 1, .max = kNumberMax};

constexpr Method kDeliveryMethods[]{
    {"channels.status", Scope::read, {kChannel}, channels_status, kPast},
    {"deliveries.discard", Scope::admin, {kDelivery}, change_delivery<create_discard>},
    {"deliveries.list",
     Scope::read,
     {kChannel, number("limit", 0, 1'000, 50), number("offset", 0, 1'000'000, 0)},
     deliveries_list,
     kPast},
    {"deliveries.retry", Scope::admin, {kDelivery}, change_delivery<create_retry>},
    {"deliveries.show", Scope::read, {kDelivery}, deliveries_show, kPast},
};

}  // namespace

std::span<const Method> delivery_methods() {
  return kDeliveryMethods;
}

}  // namespace spine::net
