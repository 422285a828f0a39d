// telling_line: the line of an error output that says why.
#pragma once

#include <string>
#include <string_view>

namespace spine::agents {

// Of the end of what a program wrote to stderr: its last line that speaks of an error, or else its
// last one; never the frames of a trace. Without terminal escapes, cut to some 300 bytes; "" =
// there is none.
std::string telling_line(std::string_view tail);

// Words that look like keys and tokens become [redacted]: long ones of letters and digits mixed.
std::string hide_secrets(std::string_view text);

}  // namespace spine::agents
