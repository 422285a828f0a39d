// The gateway's own Ed25519 key, made once and kept in the state directory.
#pragma once

#include <filesystem>

#include "adapters/websocket/protocol/options.h"
#include "schemas/vocab/result.h"

namespace spine::net {

// Reads <state_dir>/identity.pem (PKCS #8, mode 0600), or makes it. REQUIRES: the directory is
// ours. Errors: corrupt when the file holds no such key; io.
Result<GatewayIdentity> load_or_create_identity(const std::filesystem::path& state_dir);

}  // namespace spine::net
