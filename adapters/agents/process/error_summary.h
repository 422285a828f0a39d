// error_summary: the line of a program's error output that tells why it failed.
#pragma once

#include <string>
#include <string_view>

namespace spine::agents {

// `tail`: the end of a program's stderr. Its last line that mentions an error, or else its last
// line; never a frame of a stack trace. Without terminal escapes, cut to 300 bytes; "" = none.
std::string error_summary(std::string_view tail);

// Replaces words that look like keys or tokens by [redacted]: 16 or more letters and digits mixed.
std::string hide_secrets(std::string_view text);

}  // namespace spine::agents
