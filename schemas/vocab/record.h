// The header in front of every event body in a block: what journal and core both read.
#pragma once

#include <cstdint>
#include <type_traits>

#include "schemas/vocab/bytes.h"
#include "schemas/vocab/ids.h"

namespace spine {

// Who handed the input in. Stored in records: numbers are never reused.
enum class Source : std::uint16_t {
  engine = 1,     // the engine itself: start, stop, clock, deadlines, digests
  config = 2,     // openclaw.json
  websocket = 3,  // a client or a bridge on the WebSocket
  http = 4,       // an HTTP request
  loop = 5,       // timers and signals
  agent = 6,      // an agent's answer
  channel = 7,    // a message or an outcome of a channel
};

namespace record_flag {
// The first event of a journalled input: its body is the input. It is its own cause, unless it
// answers an event of the journal (a RunFinished: the RunStarted that asked for it).
inline constexpr std::uint16_t kInput = 1U << 0;
// What people say is stored sealed with the key named by key_id: see "Sealing" in event.fbs. No
// version sets it yet; readers refuse such a record with an error that says so.
inline constexpr std::uint16_t kSealed = 1U << 1;
// A flag can change what a body means: a record with an unknown one is refused, too.
inline constexpr std::uint16_t kKnown = kInput | kSealed;
}  // namespace record_flag

// 64 bytes, little-endian, 8-byte aligned, followed by body_bytes of FlatBuffer and zeros up to
// the next multiple of 8. The Seq is not stored: it is the block's first seq plus the position.
struct RecordHeader {
  std::uint32_t body_bytes{};   // without the padding
  std::uint16_t kind{};         // EventBody of event.fbs: which table the body is
  std::uint16_t flags{};        // record_flag
  std::uint16_t source{};       // Source
  std::uint16_t reserved{};     // zero
  std::uint32_t key_id{};       // sealing key; 0 = none, and only when kSealed is not set
  std::uint64_t principal{};    // PrincipalId that caused it, 0 = the engine
  std::uint64_t session{};      // SessionId it belongs to, 0 = none
  std::uint64_t cause{};        // Seq of the event that led to it; an input is its own cause
  std::uint64_t correlation{};  // Seq of the first input of the chain
  std::int64_t wall_ms{};       // Instant::wall_ms of the input
  std::uint64_t logical_ms{};   // Instant::logical_ms of the input
};
static_assert(sizeof(RecordHeader) == 64);
static_assert(std::is_trivially_copyable_v<RecordHeader>);

// One event as read from a block. Borrowed: valid as long as the block's bytes.
// body is 8-byte aligned; whoever reads from disk has run the FlatBuffers verifier on it.
struct EventView {
  Seq seq{};
  RecordHeader header{};
  ByteSpan body{};
};

}  // namespace spine
