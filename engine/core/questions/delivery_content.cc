// DeliveryContent: the request, the message it answers, the event that has the text.
#include "engine/core/questions/delivery_content.h"

#include <string_view>

#include "schemas/fields.h"

namespace spine::core {
namespace {

// The text of an event that is delivered.
std::string_view text_in(const EventView& event) {
  switch (static_cast<fb::EventBody>(event.header.kind)) {
    case fb::EventBody::RunFinished:
      return text_of(root_of<fb::RunFinished>(event).text());
    case fb::EventBody::CommandAnswered:
      return text_of(root_of<fb::CommandAnswered>(event).text());
    case fb::EventBody::SendRequested:
      return text_of(root_of<fb::SendRequested>(event).text());
    default:
      return {};
  }
}

}  // namespace

void DeliveryContent::take(const fb::Address& to) {
  conversation = to.conversation();
  conversation_id = text_of(to.conversation_id());
  thread = text_of(to.thread());
  reply_to = text_of(to.reply_to());
}

Status DeliveryContent::read_address(EventSource& source, Seq message) {
  SPINE_TRY(const EventView event, source.event_at(message));
  const fb::MessageReceived* received = is_kind(event, fb::EventBody::MessageReceived)
                                            ? &root_of<fb::MessageReceived>(event)
                                        : is_kind(event, fb::EventBody::MessageRejected)
                                            ? root_of<fb::MessageRejected>(event).message()
                                            : nullptr;
  if (received == nullptr) return ok();
  if (const fb::DeliveryTarget* target = received->deliver();
      target != nullptr && target->to() != nullptr) {
    take(*target->to());
    return ok();
  }
  conversation = received->conversation();
  const std::string_view place = text_of(received->conversation_id());
  conversation_id = place.empty() ? text_of(received->sender_id()) : place;
  thread = text_of(received->thread());
  reply_to = text_of(received->external_id());
  return ok();
}

Result<bool> DeliveryContent::read(EventSource& source, DeliveryId id) {
  *this = {};
  SPINE_TRY(const EventView event, source.event_at(Seq{id.value}));
  if (!is_kind(event, fb::EventBody::DeliveryRequested)) return false;
  const auto& request = root_of<fb::DeliveryRequested>(event);
  text = text_of(request.text());
  const fb::Address* to = request.to();
  if (to != nullptr) take(*to);
  const Seq message{to == nullptr ? request.message() : 0};
  const Seq body{request.body()};
  if (message) SPINE_TRY_STATUS(read_address(source, message));
  if (!body) return true;
  SPINE_TRY(const EventView said, source.event_at(body));
  text = text_in(said);
  return true;
}

}  // namespace spine::core
