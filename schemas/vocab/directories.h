// Directories only their owner may enter, and names in them that survive power loss.
#pragma once

#include <filesystem>
#include <string_view>

#include "schemas/vocab/result.h"

namespace spine {

// Of an errno value: Errc::refused, no_space, not_found or io.
Errc class_of_errno(int code);

// "<path> cannot be <doing>: <reason>." of an errno value, of its class.
Error path_error(int code, std::string_view doing, const std::filesystem::path& path);

// Makes the names in the directory durable: created, renamed and removed ones.
Status sync_dir(const std::filesystem::path& dir);

// Creates the directory and its missing parents with mode 0700, whatever the umask, durably. What
// already exists is left as it is. Thread: any, but it changes nothing process-wide.
Status make_private_directories(const std::filesystem::path& directory);

}  // namespace spine
