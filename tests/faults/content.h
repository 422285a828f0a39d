// What the fault tests write: every event's text follows from its seq, so it can be checked later.
#pragma once

#include <flatbuffers/flatbuffers.h>
#include <string>

#include "journal/batch.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/record.h"

#include "event_generated.h"

namespace spine::faults {

inline constexpr Bits128 kContentEpoch{.hi = 0xFA17, .lo = 0x5EED};

// Mostly short, sometimes larger than a page, rarely larger than a block.
inline std::string text_content(Seq seq) {
  std::string text = "event " + std::to_string(seq.value) + " ";
  const std::uint64_t mixed = seq.value * 0x9E3779B97F4A7C15ULL >> 40;
  std::size_t bytes = mixed % 200;
  if (mixed % 50 == 7) bytes = 5'000 + mixed % 3'000;
  if (mixed % 900 == 3) bytes = 70'000 + mixed % 30'000;
  while (text.size() < bytes)
    text += static_cast<char>('a' + (text.size() * 7 + mixed) % 26);
  return text;
}

inline std::string snapshot_content(Seq seq) {
  std::string text = "state at " + std::to_string(seq.value) + " ";
  for (int i = 0; i < 500; ++i)
    text += text_content(Seq{seq.value % 100 + 1}).substr(0, 20);
  return text;
}

inline void append_content(journal::Batch& batch) {
  const Seq seq = next(batch.last());
  const std::string text = text_content(seq);
  flatbuffers::FlatBufferBuilder builder(256);
  const auto content = builder.CreateString(text);
  fb::MessageReceivedBuilder table(builder);
  table.add_text(content);
  builder.Finish(table.Finish());
  RecordHeader header;
  header.kind = static_cast<std::uint16_t>(fb::EventBody::MessageReceived);
  header.flags = record_flag::kInput;
  header.cause = seq.value;
  header.correlation = seq.value;
  header.wall_ms = static_cast<std::int64_t>(seq.value);
  const auto* start = reinterpret_cast<const std::byte*>(builder.GetBufferPointer());
  batch.append(header, {start, builder.GetSize()});
}

}  // namespace spine::faults
