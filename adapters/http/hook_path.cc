// HookPath: its three or four parts.
#include "adapters/http/hook_path.h"

#include "schemas/vocab/ascii.h"

namespace spine::http {

std::optional<HookPath> parse_hook_path(std::string_view path) {
  constexpr std::string_view kStart = "/channels/";
  if (!path.starts_with(kStart)) return std::nullopt;
  path.remove_prefix(kStart.size());
  const HookPath found{.channel = take_part(path, '/')};
  const std::string_view word = take_part(path, '/');
  const bool one_part = path.find('/') == std::string_view::npos;
  if (found.channel.empty() || word != "webhook" || !one_part) return std::nullopt;
  return HookPath{.channel = found.channel, .account = path};
}

}  // namespace spine::http
