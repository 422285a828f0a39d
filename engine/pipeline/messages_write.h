// How an item gets into an outbox: sized first, then written in place.
#pragma once

#include <cstdint>

#include "engine/pipeline/messages.h"
#include "engine/pipeline/messages_codec.h"

namespace spine::pipeline {

// put_payload(sink) writes the payload; it is called twice, with a Sizer and with a Writer.
template <class PutPayload>
void write_payload(OutboxProducer& out, ItemKind kind, ConnectionRef to, std::uint64_t request,
                   PutPayload put_payload) {
  Sizer sizer;
  put_payload(sizer);
  Writer writer{out.add(OutHeader{.bytes = static_cast<std::uint32_t>(sizer.bytes()),
                                  .kind = static_cast<std::uint16_t>(kind),
                                  .connection = to,
                                  .request = request})};
  put_payload(writer);
}

}  // namespace spine::pipeline
