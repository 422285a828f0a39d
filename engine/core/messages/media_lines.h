// Media lines: how an agent's answer names files that go with it: a line "MEDIA:<path>".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "event_generated.h"

namespace spine::core {

// The path that a line of an answer names; empty when it names none. Borrowed. Marks around it
// (`backticks`, quotes) are not part of it.
std::string_view media_line_path(std::string_view line);
// Those of all lines of the text, in order, each once. Borrowed.
std::vector<std::string_view> media_paths(std::string_view text);

using Files = flatbuffers::Vector<flatbuffers::Offset<fb::Attachment>>;
// The text without the lines that name one of these files (Attachment.url is the path as it was
// named): they are sent instead. Null = there are none.
std::string without_media_lines(std::string_view text, const Files* files);

// Adds a line that stands for a file where it cannot be shown: "[file cat.jpg, 2.0 KiB]".
void add_file_line(std::string& text, std::string_view name, std::uint64_t bytes);

}  // namespace spine::core
