// The body of any event as JSON, by the names of event.fbs.
#pragma once

#include <cstdint>
#include <flatbuffers/minireflect.h>
#include <optional>
#include <string>
#include <string_view>

#include "schemas/vocab/record.h"

namespace spine {

// The field names and types of a kind's table; nullptr for a kind this program does not know.
const flatbuffers::TypeTable* table_of(std::uint16_t kind);

// The names of the bits that are set in that field of an event or a row, with commas between them;
// bits of a later version as a number. None = it is no field of flags.
std::optional<std::string> flag_names(std::string_view field, std::uint32_t bits);

// Appends an object with every field that is set; null for a body this program cannot read. New
// fields of the schema appear by themselves. REQUIRES: the body passed the verifier of its kind.
void append_body_json(const EventView& event, std::string& out);

}  // namespace spine
