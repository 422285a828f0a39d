// http_get: one GET request to the gateway's port.
#pragma once

#include <cstdint>
#include <string>

#include "adapters/cli/rpc_client.h"
#include "schemas/vocab/result.h"

namespace spine::cli {

struct HttpResponse {
  int status{};
  std::string body{};  // at most 1 MiB of it
};

// Errors as Socket's; Errc::corrupt when the answer is not HTTP.
Result<HttpResponse> http_get(const Target& target, const std::string& path, Deadline deadline);

}  // namespace spine::cli
