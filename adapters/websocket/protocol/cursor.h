// Cursor: a client's position in the stream of pushes: the last one it saw.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "schemas/vocab/ids.h"

namespace spine::net {

// Opaque to clients: "<epoch hex>.<seq>.<ordinal>".
struct Cursor {
  Bits128 epoch{};
  Seq seq{};
  std::uint32_t ordinal{};
};
// Above every ordinal an event can have: all of it was seen.
inline constexpr std::uint32_t kWholeEvent = 0xFFFF'FFFF;

// False when the text is no cursor of Spine's.
bool parse_cursor(std::string_view text, Cursor& out);
void append_cursor(std::string& out, const Cursor& cursor);
// A cursor behind the whole event.
std::string cursor_text(Bits128 epoch, Seq seq);

}  // namespace spine::net
