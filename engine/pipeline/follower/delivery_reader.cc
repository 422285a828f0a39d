// DeliveryReader: the request, the message it answers, the event that has the text.
#include "engine/pipeline/follower/delivery_reader.h"

#include "engine/core/model/views.h"
#include "schemas/fields.h"

#include "event_generated.h"

namespace spine::pipeline {
namespace {

// The text of an event that is delivered.
std::string_view text_in(const EventView& event) {
  switch (static_cast<fb::EventBody>(event.header.kind)) {
    case fb::EventBody::RunFinished:
      return text_of(root_of<fb::RunFinished>(event).text());
    case fb::EventBody::RunFailed:
      return text_of(root_of<fb::RunFailed>(event).message());
    case fb::EventBody::CommandAnswered:
      return text_of(root_of<fb::CommandAnswered>(event).text());
    default:
      return {};
  }
}

}  // namespace

Status DeliveryReader::read_address(Seq message) {
  SPINE_TRY(const EventView event, reader_.event_at(message));
  const fb::MessageReceived* received = is_kind(event, fb::EventBody::MessageReceived)
                                            ? &root_of<fb::MessageReceived>(event)
                                        : is_kind(event, fb::EventBody::MessageRejected)
                                            ? root_of<fb::MessageRejected>(event).message()
                                            : nullptr;
  if (received == nullptr) return ok();
  item_.conversation = received->conversation();
  const std::string_view conversation = text_of(received->conversation_id());
  conversation_id_ = conversation.empty() ? text_of(received->sender_id()) : conversation;
  thread_ = text_of(received->thread());
  reply_to_ = text_of(received->external_id());
  return ok();
}

Status DeliveryReader::read_text(Seq body) {
  SPINE_TRY(const EventView event, reader_.event_at(body));
  text_ = text_in(event);
  return ok();
}

Result<bool> DeliveryReader::read(DeliveryId id, EffectId effect) {
  core::DeliveryView delivery{};
  if (!core::view_delivery(state_, id, delivery) || delivery.attempted != effect.seq ||
      delivery.status != core::DeliveryStatus::attempted ||
      !core::view_channel(state_, delivery.channel, channel_)) {
    return false;
  }
  item_ = DeliverItem{.effect = effect,
                      .delivery = id,
                      .run = delivery.run,
                      .attempt = delivery.attempts,
                      .pieces = delivery.pieces,
                      .purpose = delivery.purpose,
                      .channel = channel_.name,
                      .account = channel_.account};
  SPINE_TRY(const EventView event, reader_.event_at(Seq{id.value}));
  if (!is_kind(event, fb::EventBody::DeliveryRequested)) return false;
  const auto& request = root_of<fb::DeliveryRequested>(event);
  text_ = text_of(request.text());
  if (const fb::Address* to = request.to(); to != nullptr) {
    item_.conversation = to->conversation();
    conversation_id_ = text_of(to->conversation_id());
    thread_ = text_of(to->thread());
    reply_to_ = text_of(to->reply_to());
  }
  const Seq message{request.message()};
  const Seq body{request.body()};
  const bool answers = request.to() == nullptr;
  if (answers && message) SPINE_TRY_STATUS(read_address(message));
  if (body) SPINE_TRY_STATUS(read_text(body));
  item_.conversation_id = conversation_id_;
  item_.thread = thread_;
  item_.reply_to = reply_to_;
  item_.text = text_;
  return true;
}

}  // namespace spine::pipeline
