// A copy of a message, field by field (a unit test holds it to the schema's number of fields).
#include "engine/core/message_copy.h"

#include <vector>

namespace spine::core {
namespace {

using TextOffset = flatbuffers::Offset<flatbuffers::String>;

TextOffset copy_text(flatbuffers::FlatBufferBuilder& builder, const flatbuffers::String* text) {
  return text == nullptr ? TextOffset{} : builder.CreateString(text);
}

using AttachmentOffset = flatbuffers::Offset<fb::Attachment>;
using Attachments = flatbuffers::Vector<AttachmentOffset>;

flatbuffers::Offset<Attachments> copy_attachments(flatbuffers::FlatBufferBuilder& builder,
                                                  const Attachments* from) {
  if (from == nullptr) return {};
  std::vector<AttachmentOffset> copies;
  copies.reserve(from->size());
  for (const fb::Attachment* attachment : *from) {
    const TextOffset name = copy_text(builder, attachment->name());
    const TextOffset mime_type = copy_text(builder, attachment->mime_type());
    const TextOffset url = copy_text(builder, attachment->url());
    copies.push_back(fb::CreateAttachment(builder, name, mime_type, url, attachment->bytes()));
  }
  return builder.CreateVector(copies);
}

}  // namespace

flatbuffers::Offset<fb::MessageReceived> copy_message(flatbuffers::FlatBufferBuilder& builder,
                                                      const fb::MessageReceived& message) {
  const TextOffset channel = copy_text(builder, message.channel());
  const TextOffset account = copy_text(builder, message.account());
  const TextOffset sender_id = copy_text(builder, message.sender_id());
  const TextOffset sender_name = copy_text(builder, message.sender_name());
  const TextOffset conversation_id = copy_text(builder, message.conversation_id());
  const TextOffset thread = copy_text(builder, message.thread());
  const TextOffset external_id = copy_text(builder, message.external_id());
  const TextOffset text = copy_text(builder, message.text());
  const auto attachments = copy_attachments(builder, message.attachments());
  const TextOffset reply_to = copy_text(builder, message.reply_to());
  const TextOffset session_key = copy_text(builder, message.session_key());
  const TextOffset agent_id = copy_text(builder, message.agent_id());
  const TextOffset idempotency_key = copy_text(builder, message.idempotency_key());
  const auto sealed =
      message.sealed() == nullptr
          ? flatbuffers::Offset<flatbuffers::Vector<std::uint8_t>>{}
          : builder.CreateVector(message.sealed()->data(), message.sealed()->size());

  fb::MessageReceivedBuilder copy(builder);
  copy.add_via(message.via());
  copy.add_channel(channel);
  copy.add_account(account);
  copy.add_sender_id(sender_id);
  copy.add_sender_name(sender_name);
  copy.add_conversation(message.conversation());
  copy.add_conversation_id(conversation_id);
  copy.add_thread(thread);
  copy.add_external_id(external_id);
  copy.add_text(text);
  copy.add_attachments(attachments);
  copy.add_reply_to(reply_to);
  copy.add_platform_ms(message.platform_ms());
  copy.add_session_key(session_key);
  copy.add_agent_id(agent_id);
  copy.add_idempotency_key(idempotency_key);
  if (message.entropy() != nullptr) copy.add_entropy(message.entropy());
  copy.add_bridge(message.bridge());
  if (message.fingerprint() != nullptr) copy.add_fingerprint(message.fingerprint());
  copy.add_no_run(message.no_run());
  copy.add_vouched(message.vouched());
  copy.add_queue_mode(message.queue_mode());
  copy.add_untrusted(message.untrusted());
  copy.add_exact_ids(message.exact_ids());
  copy.add_mention(message.mention());
  copy.add_person(message.person());
  copy.add_sealed(sealed);
  return copy.Finish();
}

}  // namespace spine::core
