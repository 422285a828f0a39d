// The shared token: who holds it is the operator. Kept in <state-dir>/token unless the
// configuration gives one.
#pragma once

#include <filesystem>
#include <string>

#include "schemas/vocab/result.h"

namespace spine::state_dir {

// 32 random bytes as base64url without padding: 43 characters. Errors: io.
Result<std::string> make_token();

// Reads <state_dir>/token, or makes it (mode 0600, created exclusively, synced with its directory).
// REQUIRES: the directory exists. Errors: refused when others can read it or it is not ours;
// corrupt when it holds no token; io. Safe against a second process doing the same.
Result<std::string> load_or_create_token(const std::filesystem::path& state_dir);

// Reads a file that holds a secret and perhaps a line end: the state directory's token, or what
// --token-file names. Errors: as above, and not_found.
Result<std::string> read_token_file(const std::filesystem::path& file);

std::filesystem::path token_path(const std::filesystem::path& state_dir);

}  // namespace spine::state_dir
