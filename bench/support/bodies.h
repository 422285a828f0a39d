// Bodies: FlatBuffers of the inputs that benchmarks feed, built the way adapters build them.
#pragma once

#include <cstdint>
#include <flatbuffers/flatbuffers.h>
#include <string>
#include <vector>

#include "schemas/vocab/bytes.h"
#include "schemas/vocab/ids.h"

namespace spine::bench {

inline constexpr std::size_t kMessageBytes = 256;  // text of a sample message

// The finished table of a builder, 8-byte aligned. Copies into storage that is kept between calls.
class AlignedBody {
 public:
  ByteSpan copy(const flatbuffers::FlatBufferBuilder& builder);

 private:
  std::vector<std::uint64_t> words_{};
};

struct MessageIds {
  std::uint64_t number{};  // becomes the external id: unique
  std::uint32_t sender{};  // which of the senders
  Bits128 entropy{};
};

// Builds MessageReceived bodies: channel "bench", text of 256 B, ids in fixed-width digits.
class MessageBuilder {
 public:
  MessageBuilder();
  // Borrowed until the next build().
  ByteSpan build(const MessageIds& ids);

 private:
  flatbuffers::FlatBufferBuilder builder_{1024};
  AlignedBody body_{};
  std::string text_{};
  std::string external_id_{};
  std::string sender_{};
};

// Each clears and finishes the builder. The policy binds channel "bench" to agent `none`, lets
// everybody speak, and has no rate limit.
void build_journal_created(flatbuffers::FlatBufferBuilder& builder, Bits128 epoch);
void build_engine_started(flatbuffers::FlatBufferBuilder& builder);
void build_policy(flatbuffers::FlatBufferBuilder& builder);

}  // namespace spine::bench
