// The body of any event as JSON, by the names of event.fbs.
#pragma once

#include <cstdint>
#include <flatbuffers/minireflect.h>
#include <string>

#include "schemas/vocab/record.h"

namespace spine {

// The field names and types of a kind's table; nullptr for a kind this program does not know.
const flatbuffers::TypeTable* table_of(std::uint16_t kind);

// Appends an object with every field that is set; null for a body this program cannot read. New
// fields of the schema appear by themselves. REQUIRES: the body passed the verifier of its kind.
void append_body_json(const EventView& event, std::string& out);

}  // namespace spine
