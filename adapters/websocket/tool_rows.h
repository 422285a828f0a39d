// Rows of tools in histories.
#pragma once

#include <cstdint>
#include <string_view>

#include "adapters/http/json.h"
#include "schemas/vocab/record.h"

namespace spine::net {

// The row of a ToolCalled or ToolReturned, as transcripts of the agent runtime have them. `body` is
// the BodyRecorded that holds the beginning of what is too large for the event; may be null.
void write_tool(http::JsonWriter& json, const EventView& event, std::string_view run_key,
                const EventView* body);

}  // namespace spine::net
