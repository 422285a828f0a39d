// What is a command begins with the first character that programs do not trim away.
#include "adapters/agents/protocols/plain_prompt.h"

namespace spine::agents {

std::string plain_prompt(const AgentProfile& profile, std::string_view text) {
  if (profile.trust != fb::Trust::untrusted) return std::string(text);
  // Whatever is no visible ASCII might be trimmed: control characters, and blanks of Unicode.
  const auto is_blank = [](char c) { return c <= ' ' || c > '~'; };
  std::size_t first = 0;
  while (first < text.size() && is_blank(text[first]))
    ++first;
  const bool command = first < text.size() && (text[first] == '/' || text[first] == '!');
  return (command ? "Message: " : "") + std::string(text);
}

}  // namespace spine::agents
