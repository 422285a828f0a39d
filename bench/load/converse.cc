// converse: one connection, closed at the end.
#include "bench/load/converse.h"

#include "adapters/client/socket.h"

namespace spine::bench {

Result<std::string> converse(const std::string& host, std::uint16_t port, std::string_view text,
                             std::string_view until) {
  const client::Deadline deadline = client::in_ms(10'000);
  SPINE_TRY(client::Socket socket, client::Socket::connect(host, port, deadline));
  SPINE_TRY_STATUS(socket.write_all(text, deadline));
  std::string answer;
  while (answer.find(until) == std::string::npos) {
    SPINE_TRY(const std::size_t n, socket.read_some(answer, deadline));
    if (n == 0) return Error{Errc::unavailable, "The server hung up; it said: " + answer};
  }
  return answer;
}

}  // namespace spine::bench
