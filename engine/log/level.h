// Level and Format: how much is logged and in which shape.
#pragma once

#include <cstdint>

namespace spine::log {

enum class Level : std::uint8_t { trace, debug, info, warn, error };
enum class Format : std::uint8_t { text, json };

}  // namespace spine::log
