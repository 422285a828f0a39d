// Markdown as a flow for platforms with marks of their own: Telegram's HTML, WhatsApp, plain text.
#pragma once

#include <cstddef>
#include <string_view>

#include "adapters/channels/text/dialect.h"
#include "adapters/channels/text/flow.h"

namespace spine::channels {

// Links whose URL takes more than url_units_max are text. REQUIRES: UTF-8 without NUL;
// !dialect.takes_markdown. Thread: any.
Flow rendered_flow(std::string_view source, const Dialect& dialect, std::size_t url_units_max);

}  // namespace spine::channels
