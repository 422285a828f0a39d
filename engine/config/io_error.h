// io_error: what the operating system refused, as a sentence.
#pragma once

#include <cerrno>
#include <filesystem>
#include <fmt/format.h>
#include <string_view>
#include <system_error>

#include "schemas/vocab/result.h"
#include "schemas/vocab/show.h"

namespace spine::config {

// "Cannot open /path: Permission denied." from errno, which must still be that of the failed call.
inline Error io_error(std::string_view what, const std::filesystem::path& path) {
  return {Errc::io, fmt::format("Cannot {} {}: {}.", what, printable(path.string()),
                                std::generic_category().message(errno))};
}

}  // namespace spine::config
