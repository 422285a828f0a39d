// Message: its event body.
#include "adapters/channels/interface/message.h"

#include "schemas/fields.h"

namespace spine::channels {
namespace {

using Attachments = flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<fb::Attachment>>>;

Attachments build_attachments(const Message& message, flatbuffers::FlatBufferBuilder& builder) {
  if (message.attachments.empty()) return 0;
  std::vector<flatbuffers::Offset<fb::Attachment>> rows;
  for (const Attachment& attachment : message.attachments) {
    const auto name = put_text(builder, attachment.name);
    const auto mime_type = put_text(builder, attachment.mime_type);
    const auto url = put_text(builder, attachment.url);
    flatbuffers::Offset<flatbuffers::Vector<std::uint8_t>> sha256;
    if (attachment.sha256) {
      const std::string_view bytes = as_text(*attachment.sha256);
      sha256 =
          builder.CreateVector(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    }
    rows.push_back(fb::CreateAttachment(builder, name, mime_type, url, attachment.bytes, sha256,
                                        attachment.problem, attachment.kind, attachment.bytes_max));
  }
  return builder.CreateVector(rows);
}

}  // namespace

void build_message(const Message& message, Bits128 entropy, Bridge bridge,
                   flatbuffers::FlatBufferBuilder& builder) {
  builder.Clear();
  const auto channel = put_text(builder, message.channel);
  const auto account = put_text(builder, message.account);
  const auto sender_id = put_text(builder, message.sender_id);
  const auto sender_name = put_text(builder, message.sender_name);
  const auto conversation_id = put_text(builder, message.conversation_id);
  const auto thread = put_text(builder, message.thread);
  const auto external_id = put_text(builder, message.external_id);
  const auto text = put_text(builder, message.text);
  const auto attachments = build_attachments(message, builder);
  const auto reply_to = put_text(builder, message.reply_to);
  const auto group = put_text(builder, message.group);
  const auto unsupported = put_text(builder, message.unsupported);
  const fb::Bits128 random = put_bits(entropy);
  fb::MessageReceivedBuilder table{builder};
  table.add_platform_ms(message.timestamp_ms);
  table.add_too_large(message.too_large);
  table.add_bridge(bridge.principal.value);
  table.add_channel(channel);
  table.add_account(account);
  table.add_sender_id(sender_id);
  table.add_sender_name(sender_name);
  table.add_conversation_id(conversation_id);
  table.add_thread(thread);
  table.add_external_id(external_id);
  table.add_text(text);
  table.add_attachments(attachments);
  table.add_reply_to(reply_to);
  table.add_group(group);
  table.add_unsupported(unsupported);
  table.add_entropy(&random);
  table.add_via(fb::MessageVia::channel);
  table.add_conversation(message.conversation);
  table.add_vouched(bridge.vouches);
  table.add_queue_mode(message.queue_mode);
  table.add_untrusted(message.untrusted);
  table.add_exact_ids(true);
  table.add_mention(message.mention);
  builder.Finish(table.Finish());
}

}  // namespace spine::channels
