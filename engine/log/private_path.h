// Directories and files that only their owner can read.
#pragma once

#include <filesystem>

#include "schemas/vocab/result.h"

namespace spine {

// Creates the directory and its missing parents with mode 0700, whatever the umask. What already
// exists is left as it is. Thread: any, but it changes nothing process-wide. Errors: io.
Status make_private_directories(const std::filesystem::path& directory);

// Creates the file empty with mode 0600, or takes the rights of group and others from the one that
// exists. Only regular files are touched. Errors: io.
Status make_private_file(const std::filesystem::path& file);

}  // namespace spine
