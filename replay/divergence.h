// Divergence: a recorded decision that would be taken otherwise, and how that is told.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/core/model/decide.h"
#include "replay/event_text.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/json.h"
#include "schemas/vocab/record.h"

namespace spine::replay {

// A field of an event that is decided otherwise; text as journal dump shows it, empty = absent.
struct DivergentField {
  std::string name{};
  std::string expected{};  // as recorded
  std::string got{};       // as decided now
};

struct Divergence {
  Seq input{};  // of the recorded input whose decision differs
  std::uint16_t input_kind{};
  Seq seq{};             // of the first recorded event that differs, or behind which one is missing
  std::uint16_t kind{};  // of that event; of the one that is missing
  std::int64_t wall_ms{};
  Seq cause{};
  PrincipalId principal{};
  SessionId session{};
  std::vector<std::uint16_t> expected{};  // kinds of the recorded events, at most kKindsMax
  std::vector<std::uint16_t> got{};       // kinds of those decided now, likewise
  std::vector<DivergentField> fields{};   // of the event that differs, when both have one
  std::string reason{};                   // one line
  const char* on_purpose{};               // what a release changed; null = nothing explains it

  static constexpr std::size_t kKindsMax = 64;
};

// The fields in which two events of one kind differ, those of the header last. In worlds that went
// apart numbers and ids made from them always differ: `apart` leaves them out.
std::vector<DivergentField> changes_of(const EventView& expected, const EventView& got, bool apart);

// Whether they say the same: the same bytes, or the same values in all fields.
bool says_the_same(const EventView& expected, const EventView& got, bool apart);

// Why the decision differs at that event, in a line; null = there is none on that side.
std::string reason_of(const EventView* expected, const EventView* got, const core::Reply& reply,
                      const std::vector<DivergentField>& fields);

// Several lines, with a newline at the end.
std::string divergence_text(const Divergence& divergence, Names& names);
// Writes the members of its object:
// {"input","inputKind","seq","kind","time","wallMs","cause","principal","session","sessionKey",
//  "expected":[..],"got":[..],"fields":[{"name","expected","got"}],"reason","onPurpose":text|null}
void write_divergence(const Divergence& divergence, Names& names, JsonWriter& json);

}  // namespace spine::replay
