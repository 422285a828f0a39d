// http_get: one GET request to the gateway's port.
#pragma once

#include <string>
#include <string_view>

#include "adapters/client/rpc_client.h"
#include "schemas/vocab/result.h"

namespace spine::client {

// The value of a header in the head of an HTTP message, without its last line's end; `name` in
// lower case. Empty when absent.
std::string header_value(std::string_view head, std::string_view name);

struct HttpResponse {
  int status{};
  std::string body{};  // at most 1 MiB of it
};

// Errors as Socket's; Errc::corrupt when the answer is not HTTP.
Result<HttpResponse> http_get(const Target& target, const std::string& path, Deadline deadline);

}  // namespace spine::client
