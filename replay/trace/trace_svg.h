// TraceSvg: a chain drawn as one self-contained SVG file.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "replay/trace/chain.h"

namespace spine::replay {

// A row for each event: what happened on the left, when on the right, where times that nothing
// happened in are drawn short. No script, nothing loaded; light or dark as the reader's screen is.
// At most `rows_max` rows: what is beyond is counted and said. `title`: of the picture.
inline constexpr std::size_t kSvgRowsMax = 1'000;
std::string trace_svg(const Chain& chain, std::string_view title, bool all,
                      std::size_t rows_max = kSvgRowsMax);

}  // namespace spine::replay
