// HTML's character references in Markdown, and the other way: text escaped for HTML.
#pragma once

#include <string>
#include <string_view>

namespace spine::channels {

// Appends what a reference such as "&amp;" or "&#x41;" stands for; one that is not known as it is.
// Thread: any.
void append_entity(std::string& out, std::string_view reference);

// Appends `text` with & < > " as references.
void append_escaped(std::string& out, std::string_view text);

}  // namespace spine::channels
