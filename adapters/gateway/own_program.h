// OwnProgram: where the running program is, and those beside it.
#pragma once

#include <filesystem>
#include <string>

#include "schemas/vocab/result.h"

namespace spine::gateway {

// The file this process runs, links resolved. Errc::io when /proc is not there.
Result<std::filesystem::path> own_program();
// `name` beside it; Errc::not_found, saying what to do, when it is not there.
Result<std::filesystem::path> sibling_program(const std::string& name);

}  // namespace spine::gateway
