// self: where this program and its sibling lie.
#pragma once

#include <filesystem>

#include "schemas/vocab/result.h"

namespace spine::cli {

// The file this process runs, links resolved. Errc::io when /proc is not there.
Result<std::filesystem::path> own_program();
// `name` beside it; Errc::not_found, saying what to do, when it is not there.
Result<std::filesystem::path> sibling_program(const std::string& name);

}  // namespace spine::cli
