// Both ways to read a channel.message, and the answer to it.
#include "adapters/websocket/methods/channel_message.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "adapters/websocket/protocol/inputs.h"
#include "adapters/websocket/protocol/respond.h"
#include "adapters/websocket/protocol/rows.h"
#include "schemas/vocab/limits.h"

namespace spine::net {
namespace {

namespace ondemand = simdjson::ondemand;
using simdjson::SUCCESS;

bool conversation_kind(std::string_view name, fb::ConversationKind& kind) {
  static constexpr std::array<std::string_view, 3> kNames{"direct", "group", "channel"};
  static_assert(static_cast<std::size_t>(fb::ConversationKind::MAX) + 1 == kNames.size());
  const auto* found = std::ranges::find(kNames, name);
  if (found != kNames.end()) kind = static_cast<fb::ConversationKind>(found - kNames.begin());
  return found != kNames.end();
}

bool is_conversation_kind(std::string_view name) {
  fb::ConversationKind kind{};
  return conversation_kind(name, kind);
}
constexpr Param kConversationKind{.name = "kind",
                                  .required = true,
                                  .max = limits::kNameBytesMax,
                                  .fits = is_conversation_kind,
                                  .or_else = "must be equal to one of the allowed values"};

fb::Mention mention_of(bool mentioned) {
  return mentioned ? fb::Mention::mentioned : fb::Mention::not_mentioned;
}

bool name_fits(std::string_view text) {
  return text.size() <= limits::kNameBytesMax;
}
bool id_fits(std::string_view text) {
  return !text.empty() && name_fits(text);
}

// Everything the general way would check.
bool complete(const ChannelMessage& message) {
  return id_fits(message.channel) && name_fits(message.account) && id_fits(message.sender_id) &&
         name_fits(message.sender_name) && id_fits(message.conversation_id) &&
         name_fits(message.thread) && id_fits(message.external_id) && name_fits(message.reply_to) &&
         !message.text.empty() && message.text.size() <= limits::kTextBytesMax &&
         message.timestamp_ms > 0 && message.timestamp_ms <= limits::kTimestampMsMax;
}

// A member's name as it stands in the text, unescaped. A name written with escapes equals nothing
// here, which leaves the frame to the general way.
class RawKey {
 public:
  explicit RawKey(const char* text) : text_(text) {}
  // Reads at most one byte more than the name: the text is padded.
  template <std::size_t N>
  bool is(const char (&name)[N]) const {
    return std::memcmp(text_, name, N - 1) == 0 && text_[N - 1] == '"';
  }

 private:
  const char* text_;
};

// Calls f(key, value) for each member; false as soon as f says so or the text is not JSON.
template <class F>
bool each_member(ondemand::object object, F f) {
  for (auto field : object) {
    simdjson::ondemand::raw_json_string key;
    ondemand::value value;
    if (field.key().get(key) != SUCCESS || field.value().get(value) != SUCCESS) return false;
    if (!f(RawKey{key.raw()}, value)) return false;
  }
  return true;
}

bool text_into(ondemand::value& value, std::string_view& out) {
  return out.data() == nullptr && value.get_string().get(out) == SUCCESS;
}

template <class F>
bool object_into(ondemand::value& value, F f) {
  ondemand::object object;
  return value.get_object().get(object) == SUCCESS && each_member(object, f);
}

bool read_sender(ondemand::value& value, ChannelMessage& message) {
  return object_into(value, [&](RawKey key, ondemand::value& member) {
    if (key.is("id")) return text_into(member, message.sender_id);
    if (key.is("name")) return text_into(member, message.sender_name);
    return false;
  });
}

bool read_conversation(ondemand::value& value, ChannelMessage& message) {
  std::string_view kind;
  const bool fine = object_into(value, [&](RawKey key, ondemand::value& member) {
    if (key.is("kind")) return text_into(member, kind);
    if (key.is("id")) return text_into(member, message.conversation_id);
    return false;
  });
  return fine && conversation_kind(kind, message.conversation);
}

bool read_content(ondemand::value& value, ChannelMessage& message) {
  return object_into(value, [&](RawKey key, ondemand::value& member) {
    return key.is("text") && text_into(member, message.text);
  });
}

bool read_member(RawKey key, ondemand::value& value, ChannelMessage& message) {
  if (key.is("channel")) return text_into(value, message.channel);
  if (key.is("account")) return text_into(value, message.account);
  if (key.is("sender")) return read_sender(value, message);
  if (key.is("conversation")) return read_conversation(value, message);
  if (key.is("thread")) return text_into(value, message.thread);
  if (key.is("externalId")) return text_into(value, message.external_id);
  if (key.is("content")) return read_content(value, message);
  if (key.is("replyTo")) return text_into(value, message.reply_to);
  if (key.is("timestamp")) return value.get_int64().get(message.timestamp_ms) == SUCCESS;
  if (key.is("queueMode")) {
    std::string_view mode;
    return text_into(value, mode) && parse_queue_mode(mode, message.queue_mode);
  }
  if (key.is("mentioned")) {
    bool mentioned{};
    if (value.get_bool().get(mentioned) != SUCCESS) return false;
    message.mention = mention_of(mentioned);
    return true;
  }
  if (key.is("untrusted")) return value.get_bool().get(message.untrusted) == SUCCESS;
  return false;
}

std::string_view member_text(simdjson::dom::element element, const char* key) {
  std::string_view text;
  if (element[key].get(text) != SUCCESS) return {};
  return text;
}

// False when the message says nothing of any.
bool read_attachments(Params& content, ChannelMessage& message) {
  simdjson::dom::array given;
  if (!content.array("attachments", given)) return false;
  if (given.size() > limits::kAttachmentsMax) {
    content.complain("attachments", "must NOT have more than 64 items");
    return true;
  }
  for (const simdjson::dom::element element : given) {
    if (!element.is_object()) content.complain("attachments", "items must be objects");
    channels::Attachment& attachment = message.attachments.emplace_back();
    attachment = {.name = member_text(element, "name"),
                  .mime_type = member_text(element, "mimeType"),
                  .url = member_text(element, "url")};
    if (element["bytes"].get(attachment.bytes) != SUCCESS) attachment.bytes = 0;
    for (const std::string_view text : {attachment.name, attachment.mime_type, attachment.url}) {
      if (text.size() > limits::kAttachmentTextBytesMax) {
        content.complain("attachments", "texts must NOT have more than 8192 bytes");
      }
    }
  }
  return true;
}

// The bridge tells the sender the code, once: when isNew.
void refuse_unpaired(Responder& to, const pipeline::ReplyItem& item) {
  to.refuse({.code = error_code::kForbidden,
             .message = "the sender is not paired",
             .details = json_object([&](JsonWriter& json) {
               json.member("code", "MESSAGE_REJECTED");
               json.member("reason", "unpaired");
               json.object("pairing", [&] {
                 json.member("requestId", std::to_string(item.reply.pairing.value));
                 json.member("code", item.pairing_code);
                 json.member("expiresAt", item.pairing_expires_wall_ms);
                 json.member("isNew", item.reply.pairing_new);
               });
             })});
}

void answer_channel_message(Responder& to, const pipeline::ReplyItem& item) {
  const core::Reply& reply = item.reply;
  if (reply.code == core::ReplyCode::rejected && reply.pairing) return refuse_unpaired(to, item);
  const bool duplicate = reply.code == core::ReplyCode::duplicate;
  if (!duplicate && !to.accepted(item)) return;
  to.respond([&](JsonWriter& json) {
    if (duplicate) json.member("duplicate", true);
    json.member("seq", reply.seq.value);
    if (duplicate) return;
    json.member("sessionKey", item.session_key);
    json.member_if("runId", item.run_key);
    write_command(json, item);
    write_waits_behind(json, item, to.net.wall_ms);
  });
}

}  // namespace

bool parse_queue_mode(std::string_view name, fb::QueueMode& mode) {
  struct Name {
    std::string_view name{};
    fb::QueueMode mode{};
  };
  static constexpr std::array<Name, 7> kNames{{{"followup", fb::QueueMode::followup},
                                               {"queue", fb::QueueMode::followup},
                                               {"steer", fb::QueueMode::steer},
                                               {"steer-backlog", fb::QueueMode::steer},
                                               {"steer+backlog", fb::QueueMode::steer},
                                               {"interrupt", fb::QueueMode::interrupt},
                                               {"collect", fb::QueueMode::collect}}};
  const auto* found = std::ranges::find(kNames, name, &Name::name);
  if (found != kNames.end()) mode = found->mode;
  return found != kNames.end();
}

bool is_queue_mode(std::string_view name) {
  fb::QueueMode mode{};
  return parse_queue_mode(name, mode);
}

fb::QueueMode queue_mode_of(std::string_view name) {
  fb::QueueMode mode{};
  parse_queue_mode(name, mode);
  return mode;
}

bool ChannelMessageReader::read(const PaddedText& frame, std::string_view& id,
                                ChannelMessage& message) {
  const std::string_view text = frame.text();
  // Large messages take the general way: the parsers' memory stays small.
  if (text.size() > 64 * limits::kKiB) return false;
  ondemand::document document;
  ondemand::object object;
  const simdjson::padded_string_view padded{text.data(), text.size(), frame.capacity()};
  if (parser_.iterate(padded).get(document) != SUCCESS) return false;
  if (document.get_object().get(object) != SUCCESS) return false;
  return read_frame(object, id, message) &&
         document.current_location().error() == simdjson::OUT_OF_BOUNDS && complete(message);
}

bool ChannelMessageReader::read_frame(ondemand::object object, std::string_view& id,
                                      ChannelMessage& message) {
  std::string_view type;
  std::string_view method;
  bool params = false;
  const bool fine = each_member(object, [&](RawKey key, ondemand::value& value) {
    if (key.is("type")) return text_into(value, type) && type == "req";
    if (key.is("id")) return text_into(value, id);
    if (key.is("method")) return text_into(value, method) && method == "channel.message";
    if (!key.is("params") || params || method.empty()) return false;
    params = true;
    return object_into(value, [&](RawKey name, ondemand::value& member) {
      return read_member(name, member, message);
    });
  });
  return fine && params && !type.empty() && !id.empty() && id.size() <= 256;
}

void read_channel_message(Params& params, ChannelMessage& message) {
  const auto id = [](Params& from, const char* key) {
    return from.text(required_text(key, limits::kNameBytesMax));
  };
  const auto name = [](Params& from, const char* key) {
    return from.text(optional_text(key, limits::kNameBytesMax));
  };
  message.channel = id(params, "channel");
  message.account = name(params, "account");
  Params sender = params.object("sender", true);
  message.sender_id = id(sender, "id");
  message.sender_name = name(sender, "name");
  Params conversation = params.object("conversation", true);
  conversation_kind(conversation.text(kConversationKind), message.conversation);
  message.conversation_id = id(conversation, "id");
  message.thread = name(params, "thread");
  message.external_id = id(params, "externalId");
  Params content = params.object("content", true);
  const bool attached = read_attachments(content, message);
  message.text = content.text(attached ? optional_text("text", limits::kTextBytesMax)
                                       : required_text("text", limits::kTextBytesMax));
  message.reply_to = name(params, "replyTo");
  message.timestamp_ms = static_cast<std::int64_t>(params.number(
      {.name = "timestamp", .required = true, .min = 1, .max = limits::kTimestampMsMax}));
  message.queue_mode = queue_mode_of(params.text(kQueueMode));
  message.untrusted = params.boolean("untrusted", false);
  const bool mentioned = params.boolean("mentioned", false);
  if (params.has("mentioned") && !params.is_null("mentioned")) {
    message.mention = mention_of(mentioned);
  }
}

void accept_channel_message(const Responder& from, const ChannelMessage& message) {
  Context& net = from.net;
  const channels::Bridge bridge{.principal = PrincipalId{net.hub.table.principal[from.slot]},
                                .vouches = from.may(Scope::admin)};
  channels::build_message(message, net.entropy.next(), bridge, net.builder);
  from.submit(fb::EventBody::MessageReceived, answer_channel_message);
}

}  // namespace spine::net
