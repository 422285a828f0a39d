// Markdown as a flow for platforms that take it: the source itself, with the places to cut it.
#pragma once

#include <string_view>

#include "adapters/channels/text/flow.h"

namespace spine::channels {

// Fences, and marks within a line, that a cut would leave open are marks of the flow: they are
// closed before a cut and opened again behind it. REQUIRES: UTF-8 without NUL. Thread: any.
Flow markdown_flow(std::string_view source);

}  // namespace spine::channels
