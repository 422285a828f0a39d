// Deciding files: what the gateway believes because it is written in a file of its owner's. Whoever
// else can change such a file, or put another in its place, decides in the owner's stead.
#pragma once

#include <filesystem>

#include "schemas/vocab/result.h"
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

}  // namespace spine::config
