// AdminCall: one question to the running gateway with an operator's full scopes.
#pragma once

#include <string>
#include <string_view>

#include "adapters/cli/arguments.h"
#include "adapters/cli/rpc_client.h"
#include "schemas/vocab/result.h"

namespace spine::cli {

// Connects to the gateway that `common` means, through its control socket where it can, with the
// scopes operator.admin and operator.pairing.
Result<RpcClient> open_as_admin(const Common& common);

// The payload. Errc::refused, with the gateway's words, when it says no.
Result<std::string> ask(RpcClient& client, std::string_view method, const std::string& params);

}  // namespace spine::cli
