// Verification of event bodies by kind, and the names of the kinds.
#include "schemas/event_verify.h"

#include <array>
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

constexpr auto kKindMax = static_cast<std::uint16_t>(fb::EventBody::MAX);

// Kinds are sparse: this tells in one look-up which numbers are taken.
constexpr std::size_t kKindCount = std::size_t{kKindMax} + 1;

std::array<std::string_view, kKindCount> make_names() {
  std::array<std::string_view, kKindCount> names{};
  for (const fb::EventBody kind : fb::EnumValuesEventBody()) {
    if (kind == fb::EventBody::NONE) continue;
    names[static_cast<std::size_t>(kind)] = fb::EnumNameEventBody(kind);
  }
  return names;
}

const std::array<std::string_view, kKindCount>& names_by_kind() {
  static const std::array<std::string_view, kKindCount> names = make_names();
  return names;
}

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

// The verifier looks at the place of a vector's length, not of its elements: those of 8 bytes could
// stand at any multiple of 4.
bool wide_vectors_aligned(std::uint16_t kind, const std::uint8_t* body) {
  const void* elements = wide_elements(kind, body);
  return elements == nullptr || is_aligned8(elements);
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
  if (event_kind_name(kind).empty()) return false;
  // The verifier of FlatBuffers 2.0.8 checks alignment relative to the buffer only.
  if (!is_aligned8(body.data())) return false;
  if (body.size() < sizeof(flatbuffers::uoffset_t) || body.size() >= FLATBUFFERS_MAX_BUFFER_SIZE) {
    return false;
  }
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(body.data());
  flatbuffers::Verifier verifier(bytes, body.size(), kDepthMax, kTablesMax);
  const flatbuffers::uoffset_t root = verifier.VerifyOffset(0);
  if (root == 0) return false;
  if (!fb::VerifyEventBody(verifier, bytes + root, static_cast<fb::EventBody>(kind))) return false;
  return wide_vectors_aligned(kind, bytes);
}

std::string_view event_kind_name(std::uint16_t kind) {
  return kind < kKindCount ? names_by_kind()[kind] : std::string_view{};
}

std::uint16_t event_kind_of(std::string_view name) {
  if (name.empty()) return 0;
  const auto& names = names_by_kind();
  for (std::size_t kind = 1; kind < names.size(); ++kind) {
    if (names[kind] == name) return static_cast<std::uint16_t>(kind);
  }
  return 0;
}

}  // namespace spine
