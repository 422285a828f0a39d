// ProgramLines: the codec.
#include "adapters/channels/program/program_lines.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <optional>
#include <utility>

#include "adapters/channels/interface/delivery_text.h"
#include "engine/core/model/enum_names.h"
#include "schemas/vocab/json.h"
#include "schemas/vocab/limits.h"

namespace spine::channels {
namespace {

constexpr std::array<std::pair<std::string_view, fb::ChannelState>, 5> kStates{
    {{"starting", fb::ChannelState::starting},
     {"connected", fb::ChannelState::connected},
     {"degraded", fb::ChannelState::degraded},
     {"down", fb::ChannelState::down},
     {"logged_out", fb::ChannelState::logged_out}}};

// not_ready is not a program's to say: a state says it.
constexpr std::array<std::pair<std::string_view, fb::DeliveryFailure>, 4> kFailures{
    {{"retryable", fb::DeliveryFailure::retryable},
     {"rate_limited", fb::DeliveryFailure::rate_limited},
     {"permanent", fb::DeliveryFailure::permanent},
     {"unknown", fb::DeliveryFailure::unknown}}};

constexpr std::array<std::pair<std::string_view, fb::ConversationKind>, 3> kConversations{
    {{"direct", fb::ConversationKind::direct},
     {"group", fb::ConversationKind::group},
     {"channel", fb::ConversationKind::channel}}};

template <class Table>
auto word_of(const Table& table, std::string_view word) {
  using Value = decltype(table.front().second);
  const auto found = std::ranges::find(table, word, &Table::value_type::first);
  return found == table.end() ? std::optional<Value>{} : std::optional<Value>{found->second};
}

bool is_blank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

Said wrong(std::string why) {
  return SaidWrong{std::move(why)};
}

// "" = they are good.
std::string read_attachments(const JsonNode& list, Message& message) {
  std::string why;
  list.each([&](const JsonNode& item) {
    const Attachment& attachment =
        message.attachments.emplace_back(Attachment{.name = item.text("name"),
                                                    .mime_type = item.text("mimeType"),
                                                    .url = item.text("url"),
                                                    .bytes = item.number("bytes")});
    if (!item.is_object()) why = "an attachment is no object";
    for (const std::string_view text : {attachment.name, attachment.mime_type, attachment.url}) {
      if (text.size() > limits::kAttachmentTextBytesMax)
        why = "a text of an attachment is too long";
    }
  });
  if (list.there() && !list.is_array()) why = "attachments is no list";
  if (message.attachments.size() > limits::kAttachmentsMax) {
    why = fmt::format("it has more than {} attachments", limits::kAttachmentsMax);
  }
  return why;
}

Said read_state(const JsonNode& said) {
  const auto state = word_of(kStates, said.text("state"));
  if (!state) return wrong("state is none of starting, connected, degraded, down, logged_out");
  if (said.text("identity").size() > limits::kNameBytesMax) return wrong("identity is too long");
  return SaidState{*state, said.text("problem"), said.text("identity")};
}

Said read_delivered(const JsonNode& said) {
  SaidDelivered out{.delivery = DeliveryId{said["delivery"].our_id()}};
  if (!out.delivery) return wrong("delivery is not the id of one");
  said["ids"].each([&](const JsonNode& id) {
    if (id.is_text()) {
      out.ids.emplace_back(id.text());
    } else if (const std::uint64_t number = id.our_id(); number != 0) {
      out.ids.push_back(std::to_string(number));
    }
  });
  if (out.ids.size() > limits::kPlatformIdsMax) out.ids.resize(limits::kPlatformIdsMax);
  return out;
}

Said read_failed(const JsonNode& said) {
  const DeliveryId delivery{said["delivery"].our_id()};
  if (!delivery) return wrong("delivery is not the id of one");
  const auto kind = word_of(kFailures, said.text("kind"));
  if (!kind) return wrong("kind is none of retryable, rate_limited, permanent, unknown");
  return SaidFailed{delivery, *kind, said.text("reason"), said.number("retryAfterMs")};
}

}  // namespace

Said ProgramReader::read(std::string_view line) {
  if (is_blank(line)) return SaidNothing{};
  text_.assign(line);
  simdjson::dom::element root;
  switch (parser_.parse(text_, root)) {
    case JsonParser::Fault::none:
      break;
    case JsonParser::Fault::not_json:
      return wrong("it is not JSON");
    default:
      return wrong("it is too large");
  }
  const JsonNode said{root};
  if (!said.is_object()) return wrong("it is no JSON object");
  const std::string_view type = said.text("type");
  if (type.empty()) return wrong("it has no type");
  if (type == "message") return read_message(said);
  if (type == "state") return read_state(said);
  if (type == "delivered") return read_delivered(said);
  if (type == "failed") return read_failed(said);
  return SaidOther{type};
}

Said ProgramReader::read_message(const JsonNode& said) {
  const JsonNode sender = said["sender"];
  const JsonNode conversation = said["conversation"];
  ids_ = {said.their_id("id"),     sender.their_id("id"),    conversation.their_id("id"),
          said.their_id("thread"), said.their_id("replyTo"), said.their_id("position")};
  const auto too_long = [](std::string_view id) { return id.size() > limits::kNameBytesMax; };
  if (std::ranges::any_of(ids_, too_long) || too_long(sender.text("name"))) {
    return wrong(fmt::format("an id or a name has more than {} bytes", limits::kNameBytesMax));
  }
  const auto kind = word_of(kConversations, conversation.text("kind"));
  if (!kind) return wrong("conversation.kind is none of direct, group, channel");
  if (ids_[0].empty() || ids_[1].empty() || ids_[2].empty()) {
    return wrong("a message needs id, sender.id and conversation.id");
  }
  const std::uint64_t timestamp_ms = said.number("timestamp");
  if (timestamp_ms > static_cast<std::uint64_t>(limits::kTimestampMsMax)) {
    return wrong("timestamp is no time in milliseconds");
  }
  SaidMessage out;
  Message& message = out.message;
  message = {.sender_id = ids_[1],
             .sender_name = sender.text("name"),
             .conversation = *kind,
             .conversation_id = ids_[2],
             .thread = ids_[3],
             .external_id = ids_[0],
             .text = said.text("text"),
             .reply_to = ids_[4],
             .timestamp_ms = static_cast<std::int64_t>(timestamp_ms),
             .untrusted = said.flag("untrusted"),
             .group = said.text("group"),
             .unsupported = said.text("unsupported")};
  if (said["mention"].there()) {
    message.mention = said.flag("mention") ? fb::Mention::mentioned : fb::Mention::not_mentioned;
  }
  if (std::string why = read_attachments(said["attachments"], message); !why.empty()) {
    return wrong(std::move(why));
  }
  if (too_long(message.group) || too_long(message.unsupported)) {
    return wrong(fmt::format("group or unsupported has more than {} bytes", limits::kNameBytesMax));
  }
  if (message.text.empty() && message.attachments.empty() && message.unsupported.empty()) {
    return wrong("a message needs text, attachments or unsupported");
  }
  out.position = ids_[5];
  return out;
}

std::string start_line(std::string_view channel, std::string_view account,
                       std::string_view position, std::string_view identity) {
  return json_object([&](JsonWriter& json) {
    json.member("type", "start");
    json.member("channel", channel);
    json.member_if("account", account);
    json.member_if("position", position);
    json.member_if("identity", identity);
  });
}

std::string deliver_line(const Delivery& delivery) {
  return json_object([&](JsonWriter& json) {
    json.member("type", "deliver");
    json.member("delivery", std::to_string(delivery.delivery.value));
    json.member("attempt", delivery.attempt);
    json.object("conversation", [&] {
      json.member("kind", core::enum_name(delivery.conversation));
      json.member("id", delivery.conversation_id);
    });
    json.member_if("thread", delivery.thread);
    json.member_if("replyTo", delivery.reply_to);
    json.member("text", text_naming_files(delivery));
    json.member("purpose", core::enum_name(delivery.purpose));
  });
}

std::string acknowledged_line(std::string_view position) {
  return json_object([&](JsonWriter& json) {
    json.member("type", "acknowledged");
    json.member("position", position);
  });
}

std::string working_line(const Work& work, bool working) {
  return json_object([&](JsonWriter& json) {
    json.member("type", "working");
    json.object("conversation", [&] {
      json.member("kind", core::enum_name(work.conversation));
      json.member("id", work.conversation_id);
    });
    json.member_if("thread", work.thread);
    json.member("working", working);
  });
}

std::string stop_line() {
  return json_object([](JsonWriter& json) { json.member("type", "stop"); });
}

}  // namespace spine::channels
