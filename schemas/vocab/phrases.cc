// Blanks: finding them, and filling them in.
#include "schemas/vocab/phrases.h"

#include <algorithm>

#include "schemas/vocab/ascii.h"
#include "schemas/vocab/utf8.h"

namespace spine {
namespace {

// The word of the blank that begins there: "{word}"; empty = there is none.
std::string_view blank_at(std::string_view text, std::size_t at) {
  if (text[at] != '{') return {};
  const std::size_t end = text.find('}', at);
  if (end == std::string_view::npos) return {};
  const std::string_view word = text.substr(at + 1, end - at - 1);
  return std::ranges::all_of(word, [](char c) { return is_letter(c); }) ? word : std::string_view{};
}

// Whether the word is one of a list with blanks between them.
bool has_word(std::string_view words, std::string_view word) {
  while (!words.empty()) {
    const std::size_t end = std::min(words.find(' '), words.size());
    if (words.substr(0, end) == word) return true;
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return false;
}

}  // namespace

std::string phrase_fault(const PhraseRow& row, std::string_view text) {
  if (text.find_first_not_of(" \t\n") == std::string_view::npos) return "must not be empty";
  if (text.size() > kPhraseBytesMax) return "must have at most 1,000 bytes";
  if (!is_utf8(text)) return "must be UTF-8";
  bool needed = row.needed.empty();
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '{' && text[at] != '}') continue;
    const std::string_view word = blank_at(text, at);
    if (word.empty()) return "has a brace that is not of a word such as {name}";
    if (!has_word(row.blanks, word)) {
      std::string fault = "has {" + std::string(word) + "}, which is not filled in there";
      return row.blanks.empty() ? fault : fault + "; known are: " + std::string(row.blanks);
    }
    needed = needed || word == row.needed;
    at += word.size() + 1;
  }
  return needed ? std::string{} : "must have {" + std::string(row.needed) + "}";
}

std::string filled(std::string_view text, std::initializer_list<Blank> blanks) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const std::string_view word = blank_at(text, at);
    const auto* blank = std::ranges::find(blanks, word, &Blank::word);
    if (word.empty() || blank == blanks.end()) {
      out += text[at];
      continue;
    }
    out += blank->value;
    at += word.size() + 1;
  }
  return out;
}

}  // namespace spine
