// The walk over a body by flatc's tables of names, and the stand-ins.
#include "replay/bundle/redaction.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <flatbuffers/flatbuffers.h>
#include <flatbuffers/minireflect.h>

#include "engine/core/messages/commands.h"
#include "engine/core/model/digest.h"
#include "engine/core/model/evolve.h"
#include "engine/core/model/snapshot.h"
#include "engine/core/model/views.h"
#include "replay/timeline/event_text.h"
#include "schemas/event_verify.h"
#include "schemas/fields.h"
#include "schemas/vocab/check.h"
#include "schemas/vocab/siphash.h"
#include "schemas/vocab/uuid.h"

#include "event_generated.h"

namespace spine::replay {
namespace {

using flatbuffers::TypeTable;

// Longer ones differ by 128 bits of their hash, so that nothing has to be remembered.
constexpr std::size_t kRememberedMax = 48;
constexpr std::size_t kTypeBytes = 4;
// "<text:" and ">" with enough digits between.
constexpr std::size_t kTypedMin = kTypeBytes + 7;

struct PeopleField {
  const TypeTable* table;
  std::string_view field;
};

bool is_people(const TypeTable* table, std::string_view field) {
  static const std::array kFields{
#define SPINE_PEOPLE(table, field) PeopleField{fb::table##TypeTable(), #field},
#include "people_generated.h"
#undef SPINE_PEOPLE
      // What programs say of people's words, or a file that people wrote: nothing decides by it,
      // and
      // it is never sealed.
      PeopleField{fb::AgentExitedTypeTable(), "message"},
      PeopleField{fb::AgentQuarantinedTypeTable(), "message"},
      PeopleField{fb::ApprovalOptionTypeTable(), "name"},
      PeopleField{fb::ConfigChangedTypeTable(), "diff"},
      PeopleField{fb::ConfigRefusedTypeTable(), "problem"},
  };
  return std::ranges::any_of(
      kFields, [&](const PeopleField& each) { return each.table == table && each.field == field; });
}

// "name" for what somebody or something is called, else "text".
std::string_view type_of(std::string_view field) {
  return field.ends_with("name") || field == "label" || field == "title" ? "name" : "text";
}

// Shows every field of a body that is marked, with the table it is in.
template <class Visit>
class PeopleWalk {
 public:
  explicit PeopleWalk(Visit visit) : visit_(visit) {}

  // `all`: everything in it, as the field that it stands in is marked.
  void walk(std::uint8_t* body, const TypeTable* type, bool all) {
    auto* table = reinterpret_cast<flatbuffers::Table*>(body);
    for (std::size_t i = 0; i < type->num_elems; ++i) {
      const auto offset = flatbuffers::FieldIndexToOffset(static_cast<flatbuffers::voffset_t>(i));
      std::uint8_t* place = table->GetAddressOf(offset);
      if (place == nullptr) continue;
      field(place, type, i, all || is_people(type, type->names[i]));
    }
  }

 private:
  static std::uint8_t* target(std::uint8_t* place) {
    return place + flatbuffers::ReadScalar<flatbuffers::uoffset_t>(place);
  }
  static std::span<std::uint8_t> bytes_at(std::uint8_t* vector) {
    return {vector + sizeof(flatbuffers::uoffset_t),
            flatbuffers::ReadScalar<flatbuffers::uoffset_t>(vector)};
  }

  void field(std::uint8_t* place, const TypeTable* type, std::size_t i, bool people) {
    const flatbuffers::TypeCode code = type->type_codes[i];
    const bool is_text = code.base_type == flatbuffers::ET_STRING;
    const bool is_table = code.base_type == flatbuffers::ET_SEQUENCE && code.sequence_ref >= 0 &&
                          type->type_refs[code.sequence_ref]()->st == flatbuffers::ST_TABLE;
    const auto one = [&](std::uint8_t* at) {
      if (is_table) return walk(at, type->type_refs[code.sequence_ref](), people);
      if (people) visit_(type, std::string_view{type->names[i]}, bytes_at(at), is_text);
    };
    const bool is_bytes = code.base_type == flatbuffers::ET_UCHAR && code.sequence_ref < 0;
    if (code.is_repeating == 0) {
      if (is_text || is_table) one(target(place));
    } else if (is_text || is_table) {
      std::uint8_t* vector = target(place);
      const auto count = flatbuffers::ReadScalar<flatbuffers::uoffset_t>(vector);
      for (flatbuffers::uoffset_t at = 1; at <= count; ++at)
        one(target(vector + at * sizeof(flatbuffers::uoffset_t)));
    } else if (is_bytes) {
      one(target(place));
    }
  }

  Visit visit_;
};

// How much of a message's text, from its start, the core decides by.
std::size_t decisive_bytes(std::string_view text, const core::State& state) {
  if (core::find_command(text) != nullptr) return text.size();
  std::string_view rest;
  if (!core::is_reset_trigger(state, text, rest)) return 0;
  return rest.empty() ? text.size() : static_cast<std::size_t>(rest.data() - text.data());
}

// Makes a recorded digest the one of `state`, if it was made by the same algorithm.
void record_digest(std::uint8_t* body, const core::State& state) {
  auto* recorded = flatbuffers::GetMutableRoot<fb::StateDigested>(body);
  if (recorded->version() != core::kDigestVersion) return;
  const core::StateDigest own = core::digest(state);
  const auto put = [](const fb::Bits128* place, Bits128 value) {
    const fb::Bits128 bits(value.hi, value.lo);
    // The bytes are of our own copy.
    if (place != nullptr) std::memcpy(const_cast<fb::Bits128*>(place), &bits, sizeof(bits));
  };
  put(recorded->digest(), own.total);
  if (recorded->tables() == nullptr) return;
  for (const fb::TableDigest* table : *recorded->tables())
    for (std::size_t i = 0; i < own.table_count; ++i)
      if (own.tables[i].table == text_of(table->table()))
        put(table->digest(), own.tables[i].digest);
}

}  // namespace

std::string StandIns::make(std::string_view type, std::string_view text,
                           std::uint64_t attempt) const {
  const Bits128 hash = siphash128({.hi = key_.hi ^ attempt, .lo = key_.lo}, as_bytes(text));
  if (text.size() >= kTypedMin) {
    std::string made = "<" + std::string(type) + ":";
    append_hex(made, hash);
    made.resize(std::max(made.size(), text.size()), '.');
    made.resize(text.size() - 1);
    return made + ">";
  }
  constexpr std::string_view kLetters =
      "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  std::string made;
  std::uint64_t left = hash.lo;
  for (std::size_t i = 0; i < text.size(); ++i, left /= kLetters.size())
    made += kLetters[left % kLetters.size()];
  return made;
}

void StandIns::replace(std::string_view type, std::span<char> text) {
  SPINE_CHECK(type.size() == kTypeBytes);
  const std::string_view own{text.data(), text.size()};
  std::string made;
  if (own.size() > kRememberedMax) {
    made = make(type, own, 0);
  } else if (const auto known = short_.find(own); known != short_.end()) {
    made = known->second;
  } else {
    constexpr std::uint64_t kAttemptsMax = 1'000;
    std::uint64_t attempt = 0;
    made = make(type, own, attempt);
    while (attempt < kAttemptsMax && (made == own || taken_.contains(made)))
      made = make(type, own, ++attempt);
    taken_.insert(made);
    short_.emplace(std::string(own), made);
  }
  std::ranges::copy(made, text.begin());
}

void StandIns::replace_bytes(MutableByteSpan bytes) const {
  const std::vector<std::byte> own(bytes.begin(), bytes.end());
  std::array<std::uint64_t, 2> hash{};
  for (std::size_t at = 0; at < bytes.size(); at += sizeof(hash)) {
    const Bits128 bits = siphash128({.hi = key_.hi, .lo = key_.lo ^ (at + 1)}, own);
    hash = {bits.hi, bits.lo};
    std::memcpy(bytes.data() + at, hash.data(), std::min(sizeof(hash), bytes.size() - at));
  }
}

Status Redaction::begin(core::State& state) {
  if (!state.applied()) return ok();
  return core::replace_people_texts(state, [&](std::string_view column, std::span<char> text) {
    stand_ins_.replace(type_of(column), text);
  });
}

void Redaction::redact_event(const EventView& event, const core::State& state) {
  auto* body = const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(event.body.data()));
  const auto visit = [&](const TypeTable* table, std::string_view field,
                         std::span<std::uint8_t> bytes, bool is_text) {
    if (!is_text) return stand_ins_.replace_bytes(std::as_writable_bytes(bytes));
    std::span<char> text(reinterpret_cast<char*>(bytes.data()), bytes.size());
    if (table == fb::MessageReceivedTypeTable() && field == "text") {
      text = text.subspan(decisive_bytes({text.data(), text.size()}, state));
    }
    if (!text.empty()) stand_ins_.replace(type_of(field), text);
  };
  PeopleWalk<decltype(visit)>(visit).walk(
      body + flatbuffers::ReadScalar<flatbuffers::uoffset_t>(body), table_of(event.header.kind),
      false);
  if (is_kind(event, fb::EventBody::StateDigested)) record_digest(body, state);
}

Result<MutableByteSpan> Redaction::redact(const journal::BlockView& block, core::State& state) {
  const ByteSpan whole = block.bytes();
  words_.assign(align8(whole.size()) / 8, 0);
  std::memcpy(words_.data(), whole.data(), whole.size());
  const MutableByteSpan copy = std::as_writable_bytes(std::span(words_)).first(whole.size());
  for (std::uint32_t i = 0; i < block.count(); ++i) {
    EventView event = block.event(i);
    if (!event_is_readable(event)) return unreadable_event(event);
    event.body =
        copy.subspan(static_cast<std::size_t>(event.body.data() - whole.data()), event.body.size());
    redact_event(event, state);
    core::evolve(state, event);
  }
  return copy;
}

}  // namespace spine::replay
