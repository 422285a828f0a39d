// Hash of the texts that tables are indexed by.
#pragma once

#include <cstdint>
#include <string_view>

namespace spine::core {

// XXH3 (Y. Collet) with a seed out of the journal's secret key: outsiders choose the texts, but not
// where they collide. Never stored: only the place in an index depends on it.
std::uint32_t hash_text(std::uint64_t seed, std::string_view text);

}  // namespace spine::core
