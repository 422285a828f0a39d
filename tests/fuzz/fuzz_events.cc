// Fuzz target: any bytes that pass the verifier are folded, and folded to one state.
//
// links: spine_core
//
// Input: a sequence of {kind index, flags, principal, session, cause, body length (2 bytes), body}.
#include <array>
#include <cstdint>
#include <cstring>
#include <vector>

#include "engine/core/model/decide.h"
#include "engine/core/model/digest.h"
#include "engine/core/model/effects.h"
#include "engine/core/model/evolve.h"
#include "engine/core/model/snapshot.h"
#include "schemas/event_verify.h"
#include "schemas/vocab/check.h"

namespace {

using spine::Seq;

// Every kind, and one that does not exist. New ones at the end: the corpus counts from the front.
constexpr std::array<std::uint16_t, 34> kKinds{
    1,  2,  3,  4,  5,   6,   7,  20, 21,  22,  23,  40,  41,  42,  43,  44,  60,
    61, 62, 63, 64, 140, 999, 24, 45, 141, 142, 150, 151, 152, 153, 154, 155, 156};
constexpr std::size_t kHeadBytes = 7;

class Events {
 public:
  Events(const std::uint8_t* data, std::size_t bytes) : data_(data), left_(bytes) {}

  bool next(spine::RecordHeader& header, std::vector<std::uint64_t>& words) {
    if (left_ < kHeadBytes) return false;
    header = spine::RecordHeader{};
    header.kind = kKinds[data_[0] % kKinds.size()];
    header.flags = data_[1] & 1U;
    header.principal = data_[2];
    header.session = data_[3];
    header.cause = data_[4];
    header.correlation = data_[4];
    header.logical_ms = std::uint64_t{data_[1]} << (data_[2] % 56);
    std::size_t body = data_[5] + std::size_t{data_[6]} * 256;
    data_ += kHeadBytes;
    left_ -= kHeadBytes;
    body = body < left_ ? body : left_;
    words.assign((body + 7) / 8, 0);
    if (body != 0) std::memcpy(words.data(), data_, body);
    header.body_bytes = static_cast<std::uint32_t>(body);
    data_ += body;
    left_ -= body;
    return true;
  }

 private:
  const std::uint8_t* data_;
  std::size_t left_;
};

void look_at(const spine::core::State& state, const spine::EventView& event) {
  spine::core::Effects effects;
  spine::core::effects(state, {}, event, effects);
  spine::core::Input input{};
  flatbuffers::FlatBufferBuilder scratch;
  if (!spine::core::input_of(event, input, scratch)) return;
  if (!spine::core::input_kind(input.kind)) return;
  SPINE_CHECK(spine::verify_event_body(input.kind, input.body));
  spine::core::Decision decision;
  spine::core::decide(state, input, decision);
  for (const spine::core::Draft& draft : decision.drafts()) {
    SPINE_CHECK(spine::verify_event_body(draft.header.kind, draft.body));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t bytes) {
  spine::core::State first;
  spine::core::State second;
  Events events(data, bytes);
  spine::RecordHeader header{};
  std::vector<std::uint64_t> words;
  while (events.next(header, words)) {
    const spine::ByteSpan body{reinterpret_cast<const std::byte*>(words.data()), header.body_bytes};
    if (!spine::verify_event_body(header.kind, body)) continue;
    const spine::EventView event{.seq = next(first.applied()), .header = header, .body = body};
    spine::core::evolve(first, event);
    spine::core::evolve(second, event);
    look_at(first, event);
  }
  const spine::core::StateDigest digest = spine::core::digest(first);
  SPINE_CHECK(digest.total == spine::core::digest(second).total);
  if (first.applied() == Seq{}) return 0;
  flatbuffers::FlatBufferBuilder builder;
  spine::core::save_snapshot(first, builder);
  std::vector<std::uint64_t> copy((builder.GetSize() + 7) / 8);
  std::memcpy(copy.data(), builder.GetBufferPointer(), builder.GetSize());
  SPINE_CHECK(spine::core::load_snapshot(
      {reinterpret_cast<const std::byte*>(copy.data()), builder.GetSize()}, second));
  SPINE_CHECK(digest.total == spine::core::digest(second).total);
  return 0;
}
