// HookPath: the address of a channel's webhook.
#pragma once

#include <optional>
#include <string_view>

namespace spine::http {

// Borrowed from the path.
struct HookPath {
  std::string_view channel{};
  std::string_view account{};  // empty = the only one
};

// Reads "/channels/<channel>/webhook" and ".../webhook/<account>"; none for anything else.
std::optional<HookPath> parse_hook_path(std::string_view path);

}  // namespace spine::http
