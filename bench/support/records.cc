// MessageRecords: records of messages for a batch.
#include "bench/support/records.h"

#include "event_generated.h"

namespace spine::bench {

void MessageRecords::append_to(journal::Batch& batch) {
  const auto body =
      builder_.build({.number = ++number_, .sender = static_cast<std::uint32_t>(number_ % 64)});
  RecordHeader header;
  header.kind = static_cast<std::uint16_t>(fb::EventBody::MessageReceived);
  header.flags = record_flag::kInput;
  header.source = static_cast<std::uint16_t>(Source::websocket);
  header.wall_ms = 1'790'000'000'000;
  header.logical_ms = number_;
  batch.append(header, body);
}

}  // namespace spine::bench
