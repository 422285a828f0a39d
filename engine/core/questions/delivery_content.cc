// DeliveryContent: the request, the message it answers, the event that has the text.
#include "engine/core/questions/delivery_content.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "schemas/fields.h"

namespace spine::core {
namespace {

// The files of an event that is delivered; null = there are none.
const Files* files_in(const EventView& event) {
  return is_kind(event, fb::EventBody::RunFinished) ? root_of<fb::RunFinished>(event).files()
                                                    : nullptr;
}

// The text of an event that is delivered.
std::string_view text_in(const EventView& event) {
  switch (static_cast<fb::EventBody>(event.header.kind)) {
    case fb::EventBody::RunFinished:
      return text_of(root_of<fb::RunFinished>(event).text());
    case fb::EventBody::CommandAnswered:
      return text_of(root_of<fb::CommandAnswered>(event).text());
    case fb::EventBody::DeliveryRequested:
      return text_of(root_of<fb::DeliveryRequested>(event).text());
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

MessagePlace place_of(const EventView& event) {
  const fb::MessageReceived* received = is_kind(event, fb::EventBody::MessageReceived)
                                            ? &root_of<fb::MessageReceived>(event)
                                        : is_kind(event, fb::EventBody::MessageRejected)
                                            ? root_of<fb::MessageRejected>(event).message()
                                            : nullptr;
  if (received == nullptr) return {};
  const fb::DeliveryTarget* target = received->deliver();
  if (target != nullptr && target->to() != nullptr) {
    const fb::Address& to = *target->to();
    return {.conversation = to.conversation(),
            .conversation_id = text_of(to.conversation_id()),
            .thread = text_of(to.thread()),
            .external_id = text_of(to.reply_to())};
  }
  const std::string_view place = text_of(received->conversation_id());
  return {.conversation = received->conversation(),
          .conversation_id = place.empty() ? text_of(received->sender_id()) : place,
          .thread = text_of(received->thread()),
          .external_id = text_of(received->external_id())};
}

Status DeliveryContent::read_address(EventSource& source, Seq message) {
  SPINE_TRY(const EventView event, source.event_at(message));
  const MessagePlace place = place_of(event);
  conversation = place.conversation;
  conversation_id = place.conversation_id;
  thread = place.thread;
  reply_to = place.external_id;
  return ok();
}

void DeliveryContent::take_files(const Files* from) {
  if (from == nullptr) return;
  for (const fb::Attachment* file : *from) {
    const ByteSpan sum = spine::bytes_of(file->sha256());
    DeliveryFile taken{.name = std::string(text_of(file->name())),
                       .mime_type = std::string(text_of(file->mime_type())),
                       .bytes = file->bytes(),
                       .kind = file->kind()};
    if (sum.size() != taken.sha256.size()) continue;
    std::copy(sum.begin(), sum.end(), taken.sha256.begin());
    files.push_back(std::move(taken));
  }
}

Result<bool> DeliveryContent::read(EventSource& source, DeliveryId id) {
  *this = {};
  SPINE_TRY(const EventView event, source.event_at(Seq{id.value}));
  if (!is_kind(event, fb::EventBody::DeliveryRequested)) return false;
  const auto& request = root_of<fb::DeliveryRequested>(event);
  text = text_of(request.text());
  take_files(request.files());
  const fb::Address* to = request.to();
  if (to != nullptr) take(*to);
  const Seq message{to == nullptr ? request.message() : 0};
  const Seq body{request.body()};
  if (message) SPINE_TRY_STATUS(read_address(source, message));
  if (!body) return true;
  SPINE_TRY(const EventView said, source.event_at(body));
  take_files(files_in(said));
  text = without_media_lines(text_in(said), files_in(said));
  return true;
}

}  // namespace spine::core
