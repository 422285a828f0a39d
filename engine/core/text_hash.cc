// Hash of texts by libxxhash.
#include "engine/core/text_hash.h"

#include <xxhash.h>

namespace spine::core {

std::uint32_t hash_text(std::uint64_t seed, std::string_view text) {
  return static_cast<std::uint32_t>(XXH3_64bits_withSeed(text.data(), text.size(), seed));
}

}  // namespace spine::core
