// The body of any event as JSON, by the names of event.fbs.
#pragma once

#include <string>

#include "schemas/vocab/record.h"

namespace spine {

// Appends an object with every field that is set; null for a body this program cannot read. New
// fields of the schema appear by themselves. REQUIRES: the body passed the verifier of its kind.
void append_body_json(const EventView& event, std::string& out);

}  // namespace spine
