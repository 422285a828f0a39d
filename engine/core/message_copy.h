// A copy of a message, for the record of its rejection and back.
#pragma once

#include <flatbuffers/flatbuffers.h>

#include "event_generated.h"

namespace spine::core {

// Writes the message, whole, into the builder and returns where. The builder may hold other things.
flatbuffers::Offset<fb::MessageReceived> copy_message(flatbuffers::FlatBufferBuilder& builder,
                                                      const fb::MessageReceived& message);

}  // namespace spine::core
