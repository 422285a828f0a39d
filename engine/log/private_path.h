// Files only their owner can read; directories are in schemas/vocab/files.h.
#pragma once

#include <filesystem>

#include "schemas/vocab/files.h"
#include "schemas/vocab/result.h"

namespace spine {

// Creates the file empty with mode 0600, or takes the rights of group and others from the one that
// exists. Only regular files are touched. Errors: io.
Status make_private_file(const std::filesystem::path& file);

}  // namespace spine
