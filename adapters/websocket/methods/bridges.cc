// channels.serve and channels.outcome: a client delivers for an account of a channel as long as it
// is connected.
#include <algorithm>
#include <string>
#include <vector>

#include "adapters/websocket/methods/channel_account.h"
#include "adapters/websocket/methods/methods.h"
#include "adapters/websocket/protocol/inputs.h"
#include "schemas/fields.h"
#include "schemas/vocab/ascii.h"
#include "schemas/vocab/utf8.h"

namespace spine::net {
namespace {

using core::ReplyCode;
using Taken = ServedAccounts::Taken;

// Whether the gateway runs accounts of the channel itself.
bool runs_itself(const Context& net, std::string_view channel) {
  const pipeline::ChannelsReport* report = net.channels_report.get();
  return report != nullptr && std::ranges::any_of(report->channels, [&](const auto& live) {
           return same_but_case(live.name, channel) && !live.kind.empty();
         });
}

void refuse_taken(const Responder& to, std::string_view channel) {
  to.refuse("the gateway delivers to channel \"" + std::string(channel) +
                "\" itself: take it out of the configuration, or serve one of another name",
            "CHANNEL_TAKEN", "channel_taken");
}

void refuse_serving(const Responder& to, const std::string& channel, Taken taken) {
  const bool another = taken == Taken::by_another;
  to.refuse({.code = error_code::kUnavailable,
             .message = another ? "another connection serves that account of channel \"" + channel +
                                      "\": close it, or try again when it is gone"
                        : to.net.served.ended() ? "the gateway stops: try again when it runs again"
                                                : "too many accounts are served: end some",
             .details = another ? details_of("ACCOUNT_SERVED", "account_served")
                                : details_of("NOT_SERVED", "no_room"),
             .retryable = true});
}

void channels_serve(Call& call) {
  Context& net = call.net;
  const std::string channel = lower_case(call.text("channel"));
  const std::string account{call.text("accountId")};
  if (runs_itself(net, channel)) return refuse_taken(call, channel);
  const Taken taken = net.served.serve(channel, account, call.ref());
  if (taken == Taken::by_another || taken == Taken::no_room) {
    return refuse_serving(call, channel, taken);
  }
  call.submit(build_served_state(net, channel, account, fb::ChannelState::connected, {}),
              [=](Responder& to, const pipeline::ReplyItem& item) {
                const ReplyCode code = item.reply.code;
                const bool known = code == ReplyCode::nothing_to_do;
                if (!known && code != ReplyCode::accepted) to.net.served.drop(channel, account);
                if (code == ReplyCode::rejected && item.reply.reason == fb::RejectReason::none) {
                  return refuse_taken(to, channel);
                }
                if (!known && !to.accepted(item)) return;
                to.respond([&](JsonWriter& json) {
                  json.member("channel", channel);
                  json.member("accountId", account_id(account));
                  json.member("served", true);
                });
              });
}

// not_ready is not a bridge's to say: whether it is connected says it.
bool read_failure(std::string_view word, fb::DeliveryFailure& kind) {
  for (const fb::DeliveryFailure each : fb::EnumValuesDeliveryFailure()) {
    if (each == fb::DeliveryFailure::not_ready || word != fb::EnumNameDeliveryFailure(each)) {
      continue;
    }
    kind = each;
    return true;
  }
  return false;
}
bool is_failure(std::string_view word) {
  fb::DeliveryFailure kind{};
  return read_failure(word, kind);
}

// The platform's ids; false, with the complaint, when they are none.
bool read_ids(Call& call, std::vector<std::string>& ids) {
  if (!call.given("ids")) return true;
  for (const simdjson::dom::element id : call.list("ids")) {
    std::string_view text;
    if (id.get(text) != simdjson::SUCCESS || text.size() > limits::kNameBytesMax ||
        ids.size() == limits::kPlatformIdsMax) {
      call.complain("ids", "must be texts of at most " + std::to_string(limits::kNameBytesMax) +
                               " bytes, at most " + std::to_string(limits::kPlatformIdsMax));
      return false;
    }
    ids.emplace_back(text);
  }
  return true;
}

void channels_outcome(Call& call) {
  Context& net = call.net;
  if (!call.given("ok")) return call.complain("ok", "must say whether it was sent");
  const bool sent = call.boolean("ok");
  fb::DeliveryFailure kind{};
  std::vector<std::string> ids;
  if (!sent && !read_failure(call.text("kind"), kind)) {
    return call.complain("kind", "must say how it failed where ok is false");
  }
  if (!read_ids(call, ids)) return;
  const DeliveryId delivery{call.number("delivery")};
  const auto pushed = net.served.take(call.ref(), delivery, call.number("attempt"));
  if (!pushed) {
    return call.refuse("this connection has no delivery " + std::to_string(delivery.value) +
                           " to answer: it was answered, or is another attempt",
                       "DELIVERY_NOT_FOUND", "delivery_not_found");
  }
  const fb::EventBody outcome =
      sent ? build_delivery_confirmed(net, delivery, pushed->effect, ids)
           : build_delivery_failed(net, delivery, pushed->effect,
                                   {.kind = kind,
                                    .reason = call.text("reason"),
                                    .retry_after_ms = call.number("retryAfterMs"),
                                    .platform_ids = ids});
  call.submit(outcome, [delivery](Responder& to, const pipeline::ReplyItem& item) {
    if (!to.accepted(item)) return;
    to.respond([&](JsonWriter& json) { json.member("delivery", delivery.value); });
  });
}

constexpr Param kAnswered{
    .name = "delivery", .type = ParamType::number, .required = true, .min = 1, .max = kNumberMax};
constexpr Param kKind{.name = "kind",
                      .max = limits::kNameBytesMax,
                      .fits = is_failure,
                      .or_else = "must be retryable, rate_limited, permanent or unknown"};
constexpr ParamList kOutcome{kAnswered,
                             number("attempt", 0, 0xffff, 0),
                             boolean("ok"),
                             list("ids"),
                             kKind,
                             optional_text("reason", limits::kAgentMessageBytesMax),
                             number("retryAfterMs", 0, kNumberMax, 0)};
constexpr ParamList kServing{required_text("channel", limits::kNameBytesMax),
                             optional_text("accountId", limits::kNameBytesMax)};

constexpr Method kBridgeMethods[]{
    {"channels.outcome", Scope::write, kOutcome, channels_outcome},
    {"channels.serve", Scope::write, kServing, channels_serve},
};

}  // namespace

std::span<const Method> bridge_methods() {
  return kBridgeMethods;
}

}  // namespace spine::net
