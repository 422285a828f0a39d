// Which settings are secrets.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "engine/config/json5/json5.h"

namespace spine::config {

// What to hide when the path is that of a setting of the type secret, or its last key names one
// (token, password, apiKey, *Token, *Secret, ...), several (tokens: its strings, for numbers are
// how many an agent may use), or a table whose values usually are (env, headers, secrets). Keys
// from the root, outermost first.
Hidden hidden_part(std::span<const std::string_view> path);
inline bool is_secret(std::span<const std::string_view> path) {
  return hidden_part(path) != Hidden::nothing;
}

// `text` with kRedacted for the "user:password" of every URL in it, and for the values of secrets
// in its query ("?token=").
std::string without_url_secrets(std::string_view text);

// In lower case without what only separates words: botToken, BOT_TOKEN and bot-token are one.
std::string folded_key(std::string_view key);

}  // namespace spine::config
