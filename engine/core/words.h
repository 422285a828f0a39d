// Words: what people type to the gateway itself, taken apart.
#pragma once

#include <algorithm>
#include <string_view>

#include "schemas/vocab/ascii.h"

namespace spine::core {

// Takes the first word off the text; empty = there is none.
inline std::string_view next_word(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  const std::string_view word = text.substr(0, text.find_first_of(kBlanks));
  text.remove_prefix(word.size());
  return word;
}

}  // namespace spine::core
