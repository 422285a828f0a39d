// Deciding files: those that the gateway trusts because only their owner can write them. Anybody
// else who can change such a file, or put another in its place, would control the gateway.
#pragma once

#include <cerrno>
#include <filesystem>
#include <fmt/format.h>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "schemas/vocab/limits.h"
#include "schemas/vocab/result.h"
#include "schemas/vocab/show.h"
#include "schemas/vocab/unique_fd.h"

namespace spine::config {

// Opens for reading what must be a regular file. Nothing else is waited for: a FIFO, a socket or a
// device is refused at once. Errors: not_found, io, refused.
Result<UniqueFd> open_regular(const std::filesystem::path& path);

// Whether nobody but root and this user can change the open file, or what `path` leads to: the
// file's owner and mode, and those of every folder that holds it or a link on the way to it (a
// folder such as /tmp will do, where others cannot take away what is not theirs). Errors: refused,
// naming what it is, its mode and how to mend it; io.
Status check_deciding(int fd, const std::filesystem::path& path);

// The second half alone: whether others could put something else at `path`, which need not exist.
Status check_place(const std::filesystem::path& path);

// The path without links, as far as it exists: text may be checked before it is a file.
std::filesystem::path real_path(const std::filesystem::path& path);

// Of a file that nobody else can change. Errors: not_found, invalid_argument, refused, io.
Result<std::string> read_text_file(const std::filesystem::path& path,
                                   std::size_t bytes_max = limits::kConfigBytesMax);

// What can still be read. `path` is for messages. Errors: invalid_argument when it is longer; io.
Result<std::string> read_all(int fd, const std::filesystem::path& path, std::size_t bytes_max);

// Writes a file of mode 0600, synced, in the place of what a crash may have left there. Errors: io.
Status write_draft(const std::filesystem::path& draft, std::string_view text);

// Errc::refused, with the text for people.
template <class... Args>
Error refused(fmt::format_string<Args...> text, Args&&... args) {
  return {Errc::refused, fmt::format(text, std::forward<Args>(args)...)};
}

// "Cannot open /path: Permission denied." from errno, which must still be that of the failed call.
inline Error io_error(std::string_view what, const std::filesystem::path& path) {
  return {Errc::io, fmt::format("Cannot {} {}: {}.", what, printable(path.string()),
                                std::generic_category().message(errno))};
}

}  // namespace spine::config
