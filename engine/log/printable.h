// printable: text of others made safe for a terminal, a log line, a file name in a sentence.
#pragma once

#include <string>
#include <string_view>

namespace spine {

// Valid UTF-8 on one line: control characters (C0, DEL, C1), line and paragraph separators and the
// marks that reorder text become visible escapes (\n, \x1b, \u202e); bytes that are not UTF-8
// become \xNN. Everything else is kept. Thread: any.
std::string printable(std::string_view text);

}  // namespace spine
