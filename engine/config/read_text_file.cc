// Reads a file that people write, whatever it turns out to be.
#include <array>
#include <cerrno>
#include <fmt/format.h>
#include <system_error>
#include <unistd.h>

#include "engine/config/deciding_file.h"
#include "engine/config/source.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/unique_fd.h"

namespace spine::config {
namespace {

Result<std::string> read_all(int fd, const std::filesystem::path& path) {
  std::string text;
  std::array<char, std::size_t{64} * 1024> buffer;
  while (true) {
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      return Error{Errc::io, fmt::format("Cannot read {}: {}.", path.string(),
                                         std::generic_category().message(errno))};
    }
    if (got == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(got));
    if (text.size() > limits::kConfigBytesMax) {
      return Error{Errc::invalid_argument,
                   fmt::format("{} has more than {} bytes; make it smaller.", path.string(),
                               limits::kConfigBytesMax)};
    }
  }
}

}  // namespace

Result<std::string> read_text_file(const std::filesystem::path& path) {
  SPINE_TRY(const UniqueFd fd, open_regular(path));
  SPINE_TRY_STATUS(check_deciding(fd.get(), path));
  return read_all(fd.get(), path);
}

}  // namespace spine::config
