// DeliveryContent: what and where to a delivery is sent, out of the journal.
#pragma once

#include <string>

#include "engine/core/questions/event_source.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/result.h"

#include "event_generated.h"

namespace spine::core {

// Copies: events are borrowed from their source. Thread: the source's.
struct DeliveryContent {
  fb::ConversationKind conversation{};
  std::string conversation_id{};
  std::string thread{};
  std::string reply_to{};  // the platform's id of the message that is answered
  std::string text{};

  // False when no DeliveryRequested bears that id. Errors are the source's.
  Result<bool> read(EventSource& source, DeliveryId id);

 private:
  void take(const fb::Address& to);
  Status read_address(EventSource& source, Seq message);
};

}  // namespace spine::core
