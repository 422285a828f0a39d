// Show: how values are shown to people, and how text written by others is made safe to print.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "schemas/vocab/bytes.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/json.h"

namespace spine {

// All of these may be called from any thread; results are owned by the caller.

// "2026-11-22 15:37:27.123+01:00": the host's zone with its offset from UTC at that moment.
std::string show_time(std::int64_t wall_ms);

// "0 B", "512 B", "1.5 KiB", "12.3 MiB": powers of 1024.
std::string show_bytes(std::uint64_t bytes);

// "850 ms", "12.3 s", "5 min 3 s", "3 h 12 min", "4 d 2 h".
std::string show_duration_ms(std::uint64_t ms);

// "12,345,678".
std::string show_count(std::uint64_t n);

// Lower-case hexadecimal.
std::string show_hex(ByteSpan bytes);
std::string show_hex(Bits128 value);

// Text of others for a terminal: C0 and C1 control characters, DEL, bytes that are not UTF-8 and
// characters that reorder or break lines become visible escapes such as \n, \x1b or \u202e.
// keep_newlines lets '\n' and '\t' through.
std::string printable(std::string_view text, bool keep_newlines = false);

}  // namespace spine
