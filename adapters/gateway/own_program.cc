// Where programs are: the running one, and those beside it.
#include "adapters/gateway/own_program.h"

#include <fmt/format.h>
#include <system_error>

namespace spine::gateway {

Result<std::filesystem::path> own_program() {
  std::error_code error;
  std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) {
    return Error{Errc::io,
                 fmt::format("Cannot find out where this program is: {}.", error.message())};
  }
  return program;
}

Result<std::filesystem::path> sibling_program(const std::string& name) {
  SPINE_TRY(const std::filesystem::path own, own_program());
  std::filesystem::path sibling = own.parent_path() / name;
  std::error_code ignored;
  if (std::filesystem::exists(sibling, ignored)) return sibling;
  return Error{Errc::not_found, fmt::format("{} is missing beside {}. Build or install it again: "
                                            "engine/up --build-only",
                                            name, own.string())};
}

}  // namespace spine::gateway
