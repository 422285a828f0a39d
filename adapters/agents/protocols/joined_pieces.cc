// Halves are compared as bytes: of UTF-8, or of surrogates that were encoded as if they were some.
#include "adapters/agents/protocols/joined_pieces.h"

#include "schemas/vocab/utf8.h"

namespace spine::agents {
namespace {

char32_t surrogate(std::string_view bytes) {
  return 0xD000U | (static_cast<char32_t>(bytes[1] & 0x3F) << 6U) |
         static_cast<char32_t>(bytes[2] & 0x3F);
}

bool is_surrogate(std::string_view bytes) {
  return bytes.size() == 3 && bytes[0] == '\xED' && static_cast<unsigned char>(bytes[1]) >= 0xA0;
}

// What both make together; "" = no character.
std::string together(const std::string& first, const std::string& second) {
  std::string whole = first + second;
  if (is_surrogate(first) && is_surrogate(second)) {
    whole.clear();
    append_utf8(whole,
                0x10000U + ((surrogate(first) & 0x3FFU) << 10U) + (surrogate(second) & 0x3FFU));
    return whole;
  }
  return decode_utf8(whole, 0).bytes == whole.size() ? whole : std::string{};
}

}  // namespace

std::string_view JoinedPieces::add(std::string_view piece, const SplitCharacter& split) {
  const bool ends = !split.tail.empty() && piece.ends_with(kReplacement);
  if (held_.empty() && !ends) return piece;
  joined_.clear();
  std::string held;
  held.swap(held_);
  if (!held.empty() && !piece.empty()) {
    const bool begins = !split.head.empty() && piece.starts_with(kReplacement);
    const std::string whole = begins ? together(held, split.head) : std::string{};
    if (begins && whole.empty() && piece.size() == kReplacement.size() && ends &&
        held.size() + split.head.size() < 4) {
      held_ = held + split.head;  // one character in three pieces
      return {};
    }
    joined_ = whole.empty() ? std::string(kReplacement) : whole;
    if (!whole.empty()) piece.remove_prefix(kReplacement.size());
  } else if (!held.empty()) {
    held_.swap(held);
    return {};
  }
  if (ends && piece.ends_with(kReplacement)) {
    held_ = split.tail;
    piece.remove_suffix(kReplacement.size());
  }
  joined_ += piece;
  return joined_;
}

std::string_view JoinedPieces::rest() {
  const bool half = !held_.empty();
  held_.clear();
  return half ? kReplacement : std::string_view{};
}

}  // namespace spine::agents
