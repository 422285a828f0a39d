// TraceSvg: a chain drawn as one self-contained SVG file.
#pragma once

#include <string>
#include <string_view>

#include "replay/chain.h"

namespace spine::replay {

// A row for each event: what happened on the left, when on the right, where times that nothing
// happened in are drawn short. No script, nothing loaded; light or dark as the reader's screen is.
// At most kSvgRowsMax rows: what is beyond is counted and said. `title`: of the picture.
std::string trace_svg(const Chain& chain, std::string_view title, bool all);

inline constexpr std::size_t kSvgRowsMax = 1'000;

// Text in XML: escaped, without the characters that XML cannot hold.
std::string xml_text(std::string_view text);

}  // namespace spine::replay
