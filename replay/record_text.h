// record_text: one event as text for people, or as one line of JSON.
#pragma once

#include <string>

#include "replay/names.h"
#include "schemas/vocab/record.h"

namespace spine::replay {

// Several lines: seq, time and kind; then why and who; then each field that is set, by its name in
// event.fbs. Ends with a newline. The body must have passed the verifier of its kind.
std::string record_text(const EventView& event, Names& names);

// The same as one JSON object without a newline:
// {"seq","time","wallMs","logicalMs","kind","source","input","cause","correlation",
//  "principal":{"id","kind","key","name"}|null,"session":{"id","key"}|null,"body":{...}}
std::string record_json(const EventView& event, Names& names);

}  // namespace spine::replay
