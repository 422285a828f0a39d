// BodyReader: the body of a request, by its length or in chunks (RFC 9112, 6 and 7).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "adapters/http/request_head.h"

namespace spine::http {

// Pure: no sockets. Any bytes.
class BodyReader {
 public:
  enum class State : std::uint8_t { incomplete, complete, too_large, malformed };

  // Of the request of a complete head; at most `bytes_max` are kept.
  BodyReader(const RequestHead& head, std::size_t bytes_max);

  // Takes what comes next. What follows the end is not looked at.
  State read(std::string_view bytes);

  State state() const { return state_; }
  const std::string& body() const { return body_; }

 private:
  enum class Part : std::uint8_t { size, data, end_of_data, trailer };
  void read_chunks(std::string_view bytes);
  void end_line();
  void take_data(std::string_view& bytes);

  std::size_t bytes_max_;
  bool chunked_{};
  std::uint64_t left_{};  // of the body, or of the chunk
  Part part_{};
  std::string line_{};           // of the framing, as far as it has come
  std::size_t trailer_bytes_{};  // of all lines after the last chunk
  std::string body_{};
  State state_{};
};

}  // namespace spine::http
