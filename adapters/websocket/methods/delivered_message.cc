// DeliveredMessage: which account, which conversation, which session; then the message.
#include "adapters/websocket/methods/delivered_message.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "adapters/websocket/methods/channel_account.h"
#include "adapters/websocket/methods/channel_target.h"
#include "schemas/fields.h"
#include "schemas/vocab/ascii.h"

namespace spine::net {
namespace {

namespace input_kind = pipeline::input_kind;

// How far back it is looked for a message of a channel.
constexpr std::uint64_t kMessagesBack = 100;

struct DeliveredCall {
  DeliveredMessage message{};
  Replied then{};
};
using Kept = std::shared_ptr<DeliveredCall>;

void hand_in_delivered(Responder& to, const Kept& kept) {
  const DeliveredMessage& message = kept->message;
  const fb::EventBody kind = build_operator_message(to.net, to.slot,
                                                    {.via = message.via,
                                                     .session_key = message.session_key,
                                                     .agent_id = message.agent_id,
                                                     .text = message.text,
                                                     .idempotency_key = message.idempotency_key,
                                                     .queue_mode = message.queue_mode,
                                                     .deliver = &message.place});
  to.submit(kind, [kept](Responder& client, const pipeline::ReplyItem& item) {
    kept->then(client, item);
  });
}

// The account must be there; the session is that of the conversation unless one was named.
void find_its_session(Responder& to, const Kept& kept) {
  to.ask({.kind = input_kind::kQueryChannels},
         [kept](Responder& client, const pipeline::ChannelsItem& item) {
           DeliveredMessage& message = kept->message;
           if (!find_account(client, item.channels, message.place)) return;
           if (!message.session_key.empty() || !message.agent_id.empty())
             return hand_in_delivered(client, kept);
           ask_conversation(client, message.place,
                            [kept](Responder& known, const pipeline::ReplyItem& reply) {
                              kept->message.session_key = reply.session_key;
                              hand_in_delivered(known, kept);
                            });
         });
}

// Whether the place is where the message came from: then it is taken.
bool take_place(const Context& net, const EventView& event, SendPlace& place) {
  if (!is_kind(event, fb::EventBody::MessageReceived)) return false;
  const auto& message = root_of<fb::MessageReceived>(event);
  const std::string channel = lower_case(text_of(message.channel()));
  const bool own =
      message.via() == fb::MessageVia::channel &&
      (message.bridge() == 0 || net.served.find(channel, text_of(message.account())) != nullptr);
  if (!own || (!place.channel.empty() && place.channel != channel)) return false;
  const std::string_view id = text_of(message.conversation_id());
  place.channel = channel;
  place.account = text_of(message.account());
  place.conversation = message.conversation();
  place.id = id.empty() ? text_of(message.sender_id()) : id;
  if (place.thread.empty()) place.thread = text_of(message.thread());
  return true;
}

// Where the session was last written to from.
void find_last_place(Call& call, const Kept& kept) {
  call.ask({input_kind::kQueryMessages, kept->message.session_key, kMessagesBack},
           [kept](Responder& to, const pipeline::HistoryItem& item) {
             if (item.malformed) return to.refuse_key(kept->message.session_key);
             SendPlace& place = kept->message.place;
             const bool found = std::any_of(
                 item.events.rbegin(), item.events.rend(),
                 [&](const EventView& event) { return take_place(to.net, event, place); });
             if (found) return find_its_session(to, kept);
             to.refuse("nobody has written to session \"" + kept->message.session_key +
                           "\" from a channel lately: say where to deliver, by `channel` and `to`",
                       "NO_ROUTE", "no_route");
           });
}

}  // namespace

bool wants_delivery(Call& call) {
  return call.params.boolean("deliver", false);
}

void submit_delivered(Call& call, DeliveredMessage message, Replied then) {
  Params& params = call.params;
  std::string_view channel = params.text(optional_text("replyChannel", limits::kNameBytesMax));
  if (channel.empty()) channel = params.text(optional_text("channel", limits::kNameBytesMax));
  if (channel == "last") channel = {};
  auto place = read_place(params, channel, kDeliverNames);
  if (!params.ok()) return;
  if (place) {
    message.place = std::move(*place);
  } else {
    message.place.channel = lower_case(channel);
    message.place.thread = params.id("threadId");
    if (message.session_key.empty()) {
      message.session_key =
          message.agent_id.empty() ? "main" : "agent:" + std::string(message.agent_id) + ":main";
    }
  }
  const bool known = place.has_value();
  const auto kept =
      std::make_shared<DeliveredCall>(DeliveredCall{std::move(message), std::move(then)});
  if (!call.may_ask()) return;
  known ? find_its_session(call, kept) : find_last_place(call, kept);
}

void ask_conversation(const Responder& to, const SendPlace& place, Replied then) {
  core::KeyList names;
  for (const std::string_view name :
       {std::string_view{place.channel}, std::string_view{place.account},
        std::string_view{place.id}, std::string_view{place.thread}})
    names.add(name);
  to.ask({.kind = input_kind::kResolveConversation,
          .text = names.view(),
          .a = static_cast<std::uint64_t>(place.conversation)},
         [then = std::move(then)](Responder& client, const pipeline::ReplyItem& item) {
           then(client, item);
         });
}

}  // namespace spine::net
