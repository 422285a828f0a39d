// Where Spine's files are unless somebody says otherwise.
#pragma once

#include <filesystem>
#include <optional>

namespace spine {

// getenv(3), or what a test has in its place.
using GetEnv = const char* (*)(const char* name);

// $HOME, or what the system says, or "/". Thread: any.
std::filesystem::path home_directory(GetEnv getenv_fn);

// The variable as a path, "~/" meaning the home directory; none when it is unset or empty.
std::optional<std::filesystem::path> path_from_env(const char* name, GetEnv getenv_fn);

// ~/.openclaw/spine, or $OPENCLAW_STATE_DIR/spine.
std::filesystem::path default_state_dir(GetEnv getenv_fn);

}  // namespace spine
