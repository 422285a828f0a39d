// Home directory, by the environment or the database of users.
#include "schemas/vocab/home.h"

#include <array>
#include <pwd.h>
#include <string_view>
#include <unistd.h>

namespace spine {

namespace fs = std::filesystem;

fs::path home_directory(GetEnv getenv_fn) {
  const char* home = getenv_fn("HOME");
  if (home != nullptr && *home != '\0') return home;
  std::array<char, 4096> buffer;
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(::getuid(), &entry, buffer.data(), buffer.size(), &found) == 0 &&
      found != nullptr && entry.pw_dir != nullptr) {
    return entry.pw_dir;
  }
  return "/";
}

std::optional<fs::path> path_from_env(const char* name, GetEnv getenv_fn) {
  const char* value = getenv_fn(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  const std::string_view text = value;
  if (text.starts_with("~/")) return home_directory(getenv_fn) / text.substr(2);
  return fs::path(text);
}

fs::path default_state_dir(GetEnv getenv_fn) {
  if (const auto path = path_from_env("OPENCLAW_STATE_DIR", getenv_fn)) return *path / "spine";
  return home_directory(getenv_fn) / ".openclaw" / "spine";
}

}  // namespace spine
