// Folding: an event on its way into the tables, for the files that say what each kind changes.
#pragma once

#include <string>
#include <string_view>

#include "engine/core/model/tables.h"
#include "schemas/fields.h"
#include "schemas/vocab/record.h"
#include "schemas/vocab/utf8.h"

namespace spine::core {

// An event that is being folded in, and the tables it is folded into.
// tables.meta.applied and .now are already those of the event.
struct Folding {
  Tables& tables;
  const EventView& event;

  Seq seq() const { return event.seq; }
  std::uint64_t logical_ms() const { return tables.meta.now.logical_ms; }
  std::int64_t wall_ms() const { return event.header.wall_ms; }
  template <class Body>
  const Body& body() const {
    return root_of<Body>(event);
  }
  SessionId session() const { return SessionId{event.header.session}; }
  // Whether an earlier event caused this one.
  bool has_cause() const { return event.header.cause != 0 && event.header.cause < seq().value; }
};

// What an event of a kind changes. Which fold is whose: engine/core/model/kinds.cc.
using Fold = void(const Folding& fold);

// Those of the engine and of the configuration.
Fold fold_journal_created, fold_engine_started, fold_engine_stopped, fold_time_zone;
Fold fold_zone_rules, fold_config;

// A text of an event within its bound, with no half of a character at its end.
inline std::string cut_field(const flatbuffers::String* text,
                             std::size_t bytes_max = limits::kNameBytesMax) {
  return std::string(cut_text(text_of(text), bytes_max));
}
// The same of what stays a view into the event, cut at the byte.
inline std::string_view cut_bytes(const flatbuffers::String* text,
                                  std::size_t bytes_max = limits::kNameBytesMax) {
  return text_of(text).substr(0, bytes_max);
}

}  // namespace spine::core
