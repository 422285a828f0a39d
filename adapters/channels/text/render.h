// An agent's Markdown made ready for a platform: pieces that can be sent, in order.
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

#include "adapters/channels/text/dialect.h"
#include "adapters/channels/text/piece_writer.h"

namespace spine::channels {

// Cuts `source` into pieces of at most units_max units as the dialect counts them; 0 and more than
// the dialect's own limit mean that, less than limits::kPieceUnitsMin means so many. Bytes that are
// not UTF-8 become U+FFFD. Nothing is left out of what can be seen, and nothing is said twice; a
// source in which nothing can be seen gives no piece. Time and memory are linear in the source.
// Pieces are borrowed for the call of `sink`. Thread: any. REQUIRES: less than 1 GiB.
void render_pieces(std::string_view source, const Dialect& dialect, std::size_t units_max,
                   const std::function<void(const Piece&)>& sink);

// Whether it has a table, a heading or maths, which only Telegram's rich messages show as such, and
// nothing that a rich message refuses: more than 20 columns, more than 16 levels.
bool needs_rich(std::string_view source);

}  // namespace spine::channels
