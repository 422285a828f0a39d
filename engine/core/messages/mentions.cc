// Mentions: "@<agent>" as a word of its own.
#include "engine/core/messages/mentions.h"

#include "schemas/vocab/ascii.h"

namespace spine::core {
namespace {

bool is_name_letter(char c) {
  return is_letter_or_digit(c) || c == '_' || c == '-';
}

}  // namespace

bool names_agent(std::string_view text, std::string_view agent) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return false;
  if (text[first] == '/' && first + 1 < text.size() && is_name_letter(text[first + 1])) return true;
  for (std::size_t at = text.find('@', first); at != std::string_view::npos;
       at = text.find('@', at + 1)) {
    // "me@main.example" is an address, and "@mainly" another name.
    if (at != 0 && is_name_letter(text[at - 1])) continue;
    const std::string_view rest = text.substr(at + 1);
    const bool whole = rest.size() == agent.size() ||
                       (rest.size() > agent.size() && !is_name_letter(rest[agent.size()]));
    if (whole && same_but_case(rest.substr(0, agent.size()), agent)) return true;
  }
  return false;
}

}  // namespace spine::core
