// message.action and send: texts that clients have sent to conversations of channels, and what was
// said there.
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "adapters/websocket/methods/channel_account.h"
#include "adapters/websocket/methods/channel_target.h"
#include "adapters/websocket/methods/delivered_message.h"
#include "adapters/websocket/methods/methods.h"
#include "adapters/websocket/protocol/inputs.h"
#include "adapters/websocket/protocol/rows.h"
#include "schemas/fields.h"

namespace spine::net {
namespace {

namespace input_kind = pipeline::input_kind;
using core::ReplyCode;

// Less than what clients wait for an answer.
constexpr std::uint64_t kOutcomeMs = 8'000;
constexpr std::uint64_t kReadMessages = 20;

// What is to be sent, and where to.
struct WantedSend {
  SendPlace place{};
  std::string text{};
  std::string key{};
};

// Parameters of other clients that this gateway does not send: rather refused than left out.
constexpr std::size_t kReadTextBytes = 8 * limits::kKiB;  // of one message that is read
constexpr const char* kNotSent[]{"media",    "mediaUrl",     "mediaUrls",  "path",
                                 "filePath", "buffer",       "buttons",    "components",
                                 "card",     "presentation", "gifPlayback"};

fb::EventBody build_send(Context& net, const WantedSend& wanted) {
  return net.build([&](flatbuffers::FlatBufferBuilder& builder) {
    const auto to = put_address(builder, wanted.place);
    const auto channel = put_text(builder, wanted.place.channel);
    const auto account = put_text(builder, wanted.place.account);
    const auto text = put_text(builder, wanted.text);
    return fb::CreateSendRequested(builder, channel, account, to, text,
                                   put_text(builder, wanted.key));
  });
}

// It is recorded: the answer is what becomes of it. Where nothing can be sent now, that it waits.
struct Requested {
  std::shared_ptr<SendWaiter> waiter{};
  bool usable{};

  void operator()(Responder& to, const pipeline::ReplyItem& item) const {
    const ReplyCode code = item.reply.code;
    if (code != ReplyCode::in_flight && code != ReplyCode::done && !to.accepted(item)) return;
    waiter->delivery = item.reply.delivery;
    waiter->deadline_ms = to.net.now_ms() + kOutcomeMs;
    // Registered before it asks, so that an outcome between the two is not missed.
    if (usable && !to.net.sends.wait(*waiter)) {
      to.net.shared.metrics.rate_limited.add();
      return to.refuse_rate_limited("waiting", "too many requests wait for deliveries", 1'000);
    }
    to.ask({.kind = input_kind::kQuerySend, .a = waiter->delivery.value},
           [kept = waiter, waits = usable](Responder& client, const pipeline::SendItem& send) {
             SendWaiter taken{};
             if (!waits) return answer_send(client.net, *kept, send);
             if (!send.has_end || !client.net.sends.take_one(client.ref(), client.id, taken))
               return;
             answer_send(client.net, taken, send);
           });
  }
};

void send_to(Call& call, std::shared_ptr<WantedSend> wanted) {
  call.ask(
      {.kind = input_kind::kQueryChannels},
      [wanted = std::move(wanted)](Responder& to, const pipeline::ChannelsItem& item) {
        const auto account = find_account(to, item.channels, wanted->place);
        if (!account) return;
        const auto waiter =
            std::make_shared<SendWaiter>(SendWaiter{.connection = to.ref(),
                                                    .id = std::string(to.id),
                                                    .key = wanted->key,
                                                    .channel = wanted->place.channel,
                                                    .account = wanted->place.account,
                                                    .conversation_id = wanted->place.id});
        to.submit(build_send(to.net, *wanted), Requested{waiter, core::is_usable(account->state)});
      });
}

// The place that the object names, or the complaint that it names none.
std::optional<SendPlace> needed_place(Params& params, std::string_view channel,
                                      std::string_view account) {
  auto place = read_place(params, channel, kSendNames);
  if (!place && params.ok())
    params.complain("to", "must name a conversation: an id, or <channel>:<id>");
  if (place && place->account.empty()) place->account = account;
  return place;
}

// Reads what is to be sent out of `params`, and sends it.
void send_text(Call& call, Params& params, std::string_view channel, std::string_view account) {
  auto place = needed_place(params, channel, account);
  for (const char* name : kNotSent) {
    if (params.asks(name)) params.complain(name, "is not served here: only text is sent");
  }
  const std::string_view text = params.text(required_text("message", limits::kTextBytesMax));
  if (!place || !params.ok()) return;
  send_to(call, std::make_shared<WantedSend>(
                    WantedSend{.place = std::move(*place),
                               .text = std::string(text),
                               .key = std::string(call.text("idempotencyKey"))}));
}

// What was said in the session of that conversation, the latest last.
void read_session(Responder& to, const SendPlace& place, std::string_view session,
                  std::uint64_t limit) {
  to.ask({input_kind::kQueryHistory, session, limit},
         [channel = place.channel, id = place.id](Responder& client,
                                                  const pipeline::HistoryItem& item) {
           client.respond([&](JsonWriter& json) {
             json.member("ok", !item.malformed);
             json.member("channel", channel);
             json.member("to", id);
             json.member("sessionKey", item.found ? item.session.key : item.key);
             json.array("messages", [&] {
               for (const EventView& event : item.events)
                 write_read_row(json, event, kReadTextBytes);
             });
             json.member("hasMore", item.found && item.more);
           });
         });
}

void read_messages(Call& call, Params& params, std::string_view channel, std::string_view account) {
  const auto place = needed_place(params, channel, account);
  const std::uint64_t limit =
      params.number(number("limit", 1, limits::kHistoryMessagesMax, kReadMessages));
  if (!place || !params.ok()) return;
  call.ask({.kind = input_kind::kQueryChannels}, [kept = std::make_shared<SendPlace>(*place),
                                                  limit](Responder& to,
                                                         const pipeline::ChannelsItem& item) {
    if (!find_account(to, item.channels, *kept)) return;
    ask_conversation(to, *kept, [kept, limit](Responder& client, const pipeline::ReplyItem& reply) {
      read_session(client, *kept, reply.session_key, limit);
    });
  });
}

void message_action(Call& call) {
  const std::string_view action = call.text("action");
  if (action != "send" && action != "read") {
    return call.refuse("message.action: action \"" + std::string(action) +
                           "\" is not served here (served: send, read)",
                       "ACTION_NOT_SERVED", "action_not_served");
  }
  Params params = call.params.object("params", true);
  if (!params.ok()) return;
  std::string_view channel = call.text("channel");
  if (channel.empty()) channel = params.text(optional_text("channel", limits::kNameBytesMax));
  const auto act = action == "send" ? send_text : read_messages;
  act(call, params, channel, call.text("accountId"));
}

void send_message_to(Call& call) {
  send_text(call, call.params, call.text("channel"), {});
}

constexpr Param kSendChannel = optional_text("channel", limits::kNameBytesMax);
constexpr Param kSendKey = required_text("idempotencyKey", limits::kIdempotencyKeyBytesMax);

constexpr Method kSendMethods[]{
    {"message.action",
     Scope::write,
     {required_text("action", limits::kNameBytesMax), kSendChannel,
      optional_text("accountId", limits::kNameBytesMax), kSendKey},
     message_action},
    {"send", Scope::write, {kSendChannel, kSendKey}, send_message_to},
};

}  // namespace

std::span<const Method> send_methods() {
  return kSendMethods;
}

}  // namespace spine::net
