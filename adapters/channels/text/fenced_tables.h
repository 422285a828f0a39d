// Tables of Markdown as blocks of code, for platforms that take Markdown but show no tables.
#pragma once

#include <string>
#include <string_view>

namespace spine::channels {

// The same source, with a fenced grid in the place of each table. One that stands behind the marker
// of an item stays as it is. REQUIRES: UTF-8 without NUL. Thread: any.
std::string with_fenced_tables(std::string_view source);

}  // namespace spine::channels
