// http_get: HTTP/1.1 with Connection: close, so that the body ends where the connection does.
#include "adapters/client/http_get.h"

#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>

#include "schemas/vocab/addresses.h"
#include "schemas/vocab/ascii.h"
#include "schemas/vocab/limits.h"

namespace spine::client {

std::string header_value(std::string_view head, std::string_view name) {
  const std::size_t at = lower_case(head).find(fmt::format("\r\n{}:", name));
  if (at == std::string::npos) return {};
  const std::string_view rest = head.substr(at + name.size() + 3);
  const std::string_view value = rest.substr(std::min(rest.find_first_not_of(' '), rest.size()));
  return std::string{value.substr(0, value.find('\r'))};
}

Result<HttpResponse> http_get(const Target& target, const std::string& path, Deadline deadline) {
  SPINE_TRY(Socket socket, connect_to(target, deadline));
  SPINE_TRY_STATUS(socket.write_all(
      fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nAccept: */*\r\n\r\n", path,
                  show_host_port(target.address, target.port)),
      deadline));
  std::string in;
  std::size_t head_end = std::string::npos;
  std::size_t body_bytes = limits::kMiB;
  while (in.size() < limits::kMiB) {
    if (head_end != std::string::npos && in.size() - head_end - 4 >= body_bytes) break;
    SPINE_TRY(const std::size_t n, socket.read_some(in, deadline));
    if (n == 0) break;
    if (head_end != std::string::npos) continue;
    head_end = in.find("\r\n\r\n");
    if (head_end == std::string::npos) continue;
    const std::string length = header_value(in.substr(0, head_end), "content-length");
    if (!length.empty()) body_bytes = std::strtoull(length.c_str(), nullptr, 10);
  }
  if (head_end == std::string::npos || !in.starts_with("HTTP/1.") || in.size() < 12) {
    return Error{Errc::corrupt, fmt::format("What listens on {} does not speak HTTP.",
                                            show_host_port(target.address, target.port))};
  }
  HttpResponse response{.status = std::atoi(in.c_str() + 9), .body = in.substr(head_end + 4)};
  if (response.body.size() > body_bytes) response.body.resize(body_bytes);
  return response;
}

}  // namespace spine::client
