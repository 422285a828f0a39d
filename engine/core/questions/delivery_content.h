// DeliveryContent: what and where to a delivery is sent, out of the journal.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/core/messages/media_lines.h"
#include "engine/core/questions/event_source.h"
#include "schemas/vocab/bytes.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/result.h"

#include "event_generated.h"

namespace spine::core {

// A file that goes with the text: its content lies in the media folder.
struct DeliveryFile {
  std::string name{};
  std::string mime_type{};
  Digest256 sha256{};
  std::uint64_t bytes{};
  fb::AttachmentKind kind{};
};
// Where the answer to a message goes: to the conversation in which it was said, unless it says
// itself. Borrowed from its event.
struct MessagePlace {
  fb::ConversationKind conversation{};
  std::string_view conversation_id{};
  std::string_view thread{};
  std::string_view external_id{};  // of the message that is replied to
};
// Of a MessageReceived, or of one that was rejected; of another event none.
MessagePlace place_of(const EventView& event);

// Copies: events are borrowed from their source. Thread: the source's.
struct DeliveryContent {
  fb::ConversationKind conversation{};
  std::string conversation_id{};
  std::string thread{};
  std::string reply_to{};  // the platform's id of the message that is answered
  std::string text{};      // without the lines that name the files
  std::vector<DeliveryFile> files{};

  // False when no DeliveryRequested bears that id. Errors are the source's.
  Result<bool> read(EventSource& source, DeliveryId id);

 private:
  void take(const fb::Address& to);
  Status read_address(EventSource& source, Seq message);
  void take_files(const Files* from);
};

}  // namespace spine::core
