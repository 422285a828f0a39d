// Verification of event bodies by kind, and the names of the kinds.
#include "schemas/event_verify.h"

#include <flatbuffers/flatbuffers.h>
#include <string>

#include "event_generated.h"

namespace spine {
namespace {

// Deeper than any table of event.fbs nests (MessageRejected > MessageReceived > Attachment).
constexpr flatbuffers::uoffset_t kDepthMax = 16;
// More than limits::kBindingsMax bindings, every channel and every group of one ConfigApplied, the
// event with the most tables; a larger number only costs time.
constexpr flatbuffers::uoffset_t kTablesMax = 16'384;

// Where the elements of a vector begin; null if there are none.
template <class Vector>
const void* elements_of(const Vector* vector) {
  return vector == nullptr || vector->size() == 0 ? nullptr : vector->Data();
}

// The vector of the kind whose elements take 8 bytes each. REQUIRES: a kind has one at most.
const void* wide_elements(std::uint16_t kind, const std::uint8_t* body) {
  switch (static_cast<fb::EventBody>(kind)) {
    case fb::EventBody::RunAborted:
      return elements_of(flatbuffers::GetRoot<fb::RunAborted>(body)->runs());
    case fb::EventBody::RunsMerged:
      return elements_of(flatbuffers::GetRoot<fb::RunsMerged>(body)->runs());
    case fb::EventBody::RunStarted:
      return elements_of(flatbuffers::GetRoot<fb::RunStarted>(body)->collected());
    case fb::EventBody::ZoneRules:
      return elements_of(flatbuffers::GetRoot<fb::ZoneRules>(body)->at_s());
    default:
      return nullptr;
  }
}

// The verifier checks the alignment of a vector's length, not of its elements: those of 8 bytes
// could be at any multiple of 4.
bool wide_vectors_aligned(std::uint16_t kind, const std::uint8_t* body) {
  const void* elements = wide_elements(kind, body);
  return elements == nullptr || is_aligned8(elements);
}

// Empty for a number that is no kind. EventBody has 8 bits: a larger number must not be truncated
// to a known kind.
const char* name_of(std::uint16_t kind) {
  const bool possible = kind != 0 && kind <= static_cast<std::uint16_t>(fb::EventBody::MAX);
  return possible ? fb::EnumNameEventBody(static_cast<fb::EventBody>(kind)) : "";
}

// Most events are messages: inlined, the checks of their fields take a quarter of the time.
[[gnu::flatten]] bool verify_message(flatbuffers::Verifier& verifier, const std::uint8_t* root) {
  return verifier.VerifyTable(reinterpret_cast<const fb::MessageReceived*>(root));
}

bool verify_table(flatbuffers::Verifier& verifier, const std::uint8_t* root, std::uint16_t kind) {
  const auto body = static_cast<fb::EventBody>(kind);
  return body == fb::EventBody::MessageReceived ? verify_message(verifier, root)
                                                : fb::VerifyEventBody(verifier, root, body);
}

}  // namespace

bool event_is_readable(const EventView& event) {
  constexpr auto kHarmless = static_cast<std::uint16_t>(record_flag::kInput);
  return (event.header.flags & ~kHarmless) == 0 && verify_event_body(event.header.kind, event.body);
}

Error unreadable_event(const EventView& event) {
  const RecordHeader& h = event.header;
  const std::string name = "event " + std::to_string(event.seq.value);
  const std::string kind(event_kind_name(h.kind));
  if (const int unknown = h.flags & ~record_flag::kKnown; unknown != 0) {
    return Error{Errc::newer_format, name + " has flags " + std::to_string(unknown) +
                                         ", which this version of Spine does not know"};
  }
  if (kind.empty()) {
    return Error{Errc::newer_format, name + " is of kind " + std::to_string(h.kind) +
                                         ", which this version of Spine does not know"};
  }
  if ((h.flags & record_flag::kSealed) != 0) {
    return Error{Errc::newer_format, name + " (" + kind + ") is sealed with key " +
                                         std::to_string(h.key_id) +
                                         ", and this version of Spine opens no sealed events"};
  }
  return Error{Errc::corrupt, name + " is not a valid " + kind};
}

bool verify_event_body(std::uint16_t kind, ByteSpan body) {
  if (*name_of(kind) == '\0') return false;
  // The verifier of FlatBuffers 2.0.8 checks alignment relative to the buffer only.
  if (!is_aligned8(body.data())) return false;
  if (body.size() < sizeof(flatbuffers::uoffset_t) || body.size() >= FLATBUFFERS_MAX_BUFFER_SIZE) {
    return false;
  }
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(body.data());
  flatbuffers::Verifier verifier(bytes, body.size(), kDepthMax, kTablesMax);
  const flatbuffers::uoffset_t root = verifier.VerifyOffset(0);
  if (root == 0 || !verify_table(verifier, bytes + root, kind)) return false;
  return wide_vectors_aligned(kind, bytes);
}

std::string_view event_kind_name(std::uint16_t kind) {
  return name_of(kind);
}

std::uint16_t event_kind_of(std::string_view name) {
  for (const fb::EventBody kind : fb::EnumValuesEventBody()) {
    const auto number = static_cast<std::uint16_t>(kind);
    if (!name.empty() && event_kind_name(number) == name) return number;
  }
  return 0;
}

}  // namespace spine
