// http_get: HTTP/1.1 with Connection: close, so that the body ends where the connection does.
#include "adapters/cli/http_get.h"

#include <cstdlib>
#include <fmt/format.h>

#include "schemas/vocab/addresses.h"
#include "schemas/vocab/limits.h"

namespace spine::cli {
namespace {

// The value of a header in the head of a response; names in lower case. Empty when absent.
std::string header_value(const std::string& head, std::string_view name) {
  std::string names = head;
  for (char& c : names)
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  const std::size_t at = names.find(fmt::format("\r\n{}:", name));
  if (at == std::string::npos) return {};
  const std::size_t from = head.find_first_not_of(' ', at + name.size() + 3);
  return head.substr(from, head.find('\r', from) - from);
}

}  // namespace

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
    const std::string length = header_value(in.substr(0, head_end + 2), "content-length");
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

}  // namespace spine::cli
