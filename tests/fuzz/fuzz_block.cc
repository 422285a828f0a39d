// Fuzzes blocks and event bodies: bytes from a disk that may hold anything.
// links: spine_journal
//
// Three questions per input. Are arbitrary bytes, as they are and dressed up with a right header
// and checksum, read without harm? Is a block made of the input verified, with every record as it
// was put in? Is that block refused after a change a checksum of 32 bits must find?
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <flatbuffers/flatbuffers.h>
#include <vector>

#include "journal/batch.h"
#include "journal/block.h"
#include "schemas/event_verify.h"
#include "schemas/vocab/check.h"

#include "event_generated.h"

namespace {

using namespace spine;
using journal::Batch;
using journal::BlockHeader;
using journal::BlockView;

// Bytes in storage that starts at a multiple of 8.
struct Aligned {
  std::vector<std::uint64_t> words{};
  std::size_t bytes{};
  explicit Aligned(ByteSpan from) : words(align8(from.size()) / 8 + 1), bytes(from.size()) {
    if (!from.empty()) std::memcpy(words.data(), from.data(), from.size());
  }
  MutableByteSpan view() { return {reinterpret_cast<std::byte*>(words.data()), bytes}; }
};

volatile std::uint64_t sink = 0;

void touch(const flatbuffers::String* text) {
  if (text != nullptr) sink = sink + text->size() + static_cast<unsigned char>(text->c_str()[0]);
}

void read_message(const fb::MessageReceived& message) {
  touch(message.text());
  touch(message.channel());
  touch(message.sender_id());
  if (message.entropy() != nullptr) sink = sink + message.entropy()->hi();
  if (message.attachments() == nullptr) return;
  for (const fb::Attachment* attachment : *message.attachments()) {
    touch(attachment->name());
    sink = sink + attachment->bytes() + static_cast<std::size_t>(attachment->problem());
    if (attachment->sha256() != nullptr && attachment->sha256()->size() != 0) {
      sink = sink + attachment->sha256()->Get(attachment->sha256()->size() - 1);
    }
  }
}

void read_policy(const fb::ConfigApplied& policy) {
  if (policy.bindings() != nullptr) {
    for (const fb::Binding* binding : *policy.bindings())
      touch(binding->agent_id());
  }
  if (policy.agents() != nullptr) {
    for (const flatbuffers::String* agent : *policy.agents())
      touch(agent);
  }
}

// Reads fields as the core does after verification.
void read_body(std::uint16_t kind, ByteSpan body) {
  switch (static_cast<fb::EventBody>(kind)) {
    case fb::EventBody::MessageReceived:
      return read_message(*flatbuffers::GetRoot<fb::MessageReceived>(body.data()));
    case fb::EventBody::MessageRejected: {
      const auto* message = flatbuffers::GetRoot<fb::MessageRejected>(body.data())->message();
      if (message != nullptr) read_message(*message);
      return;
    }
    case fb::EventBody::ConfigApplied:
      return read_policy(*flatbuffers::GetRoot<fb::ConfigApplied>(body.data()));
    case fb::EventBody::RunAborted: {
      const auto* runs = flatbuffers::GetRoot<fb::RunAborted>(body.data())->runs();
      if (runs != nullptr) {
        for (const std::uint64_t run : *runs)
          sink = sink + run;
      }
      return;
    }
    default:
      return;
  }
}

void walk(const BlockView& block) {
  for (std::uint32_t i = 0; i < block.count(); ++i) {
    const EventView event = block.event(i);
    SPINE_CHECK(event.body.data() >= block.bytes().data());
    SPINE_CHECK(event.body.data() + event.body.size() <=
                block.bytes().data() + block.bytes().size());
    if (event_is_readable(event)) read_body(event.header.kind, event.body);
  }
}

void seal(MutableByteSpan block) {
  auto header = load<BlockHeader>(block.data());
  header.crc32c = journal::block_crc32c(block);
  store(block.data(), header);
}

void try_arbitrary(ByteSpan input) {
  Aligned raw(input);
  Seq first{1};
  if (input.size() >= sizeof(BlockHeader)) {
    first = Seq{load<BlockHeader>(input.data()).first_seq};
  }
  if (const auto block = BlockView::verify(raw.view(), first)) walk(*block);
  if (input.size() < sizeof(BlockHeader)) return;
  // What the first checks ask for, so that the later ones are reached.
  auto header = load<BlockHeader>(raw.view().data());
  header.magic = journal::kBlockMagic;
  const bool has_flags = header.version % 2 == 0;
  header.version = has_flags ? journal::kFormatVersion : 1;
  header.flags = has_flags ? header.flags & journal::block_flag::kKnown : 0;
  header.bytes = static_cast<std::uint32_t>(input.size());
  store(raw.view().data(), header);
  seal(raw.view());
  if (const auto block = BlockView::verify(raw.view(), first)) walk(*block);
}

// Cuts the input into bodies: one byte of length, then that many bytes.
void try_round_trip(ByteSpan input, Batch& batch) {
  std::vector<ByteSpan> bodies;
  batch.begin(Seq{1});
  while (!input.empty()) {
    const std::size_t wanted = 1 + std::to_integer<std::size_t>(input[0]);
    const ByteSpan body = input.subspan(1, std::min(wanted, input.size()) - 1);
    RecordHeader header;
    header.kind = std::to_integer<std::uint16_t>(input[0]);
    batch.append(header, body);
    bodies.push_back(body);
    input = input.subspan(1 + body.size());
  }
  batch.finish();
  std::size_t index = 0;
  for (std::size_t b = 0; b < batch.block_count(); ++b) {
    seal(batch.block(b));
    const auto block = BlockView::verify(batch.block(b), batch.block_first(b));
    SPINE_CHECK(block.has_value());
    walk(*block);
    for (std::uint32_t i = 0; i < block->count(); ++i, ++index) {
      SPINE_CHECK(std::ranges::equal(block->event(i).body, bodies[index]));
    }
  }
  SPINE_CHECK(index == bodies.size());
}

// A change within one byte is found by every CRC, wherever it is.
void try_mutation(ByteSpan input, Batch& batch) {
  const MutableByteSpan block = batch.block(0);
  for (std::size_t i = 0; i + 2 < input.size() && i < 30; i += 3) {
    const std::size_t at =
        (std::to_integer<std::size_t>(input[i]) << 8 | std::to_integer<std::size_t>(input[i + 1])) %
        block.size();
    if (input[i + 2] == std::byte{0}) continue;
    block[at] ^= input[i + 2];
    SPINE_CHECK(!BlockView::verify(block, batch.block_first(0)).has_value());
    block[at] ^= input[i + 2];
  }
  SPINE_CHECK(BlockView::verify(block, batch.block_first(0)).has_value());
}

void try_body(ByteSpan input) {
  Aligned body(input.subspan(1));
  const auto kind = std::to_integer<std::uint16_t>(input[0]);
  if (verify_event_body(kind, body.view())) read_body(kind, body.view());
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name is libFuzzer's
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Batch batch;
  const ByteSpan input{reinterpret_cast<const std::byte*>(data), size};
  try_arbitrary(input);
  if (input.empty()) return 0;
  try_body(input);
  try_round_trip(input, batch);
  try_mutation(input, batch);
  return 0;
}
