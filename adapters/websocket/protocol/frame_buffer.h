// FrameBuffer: the output queue of one connection: WebSocket frames, framed by us.
// One write per message is what limits libwebsockets' throughput; framing here lets everything a
// connection gets in a turn leave in one write.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "schemas/vocab/frames.h"

namespace spine::net {

// Thread: net. Steady state allocates nothing: the memory stays with the buffer.
class FrameBuffer {
 public:
  FrameBuffer() : bytes_(kFrontBytes, '\0') {}

  // Append the payload to the returned string, and nothing else, until end_frame().
  std::string& begin_frame();
  void end_frame(Opcode opcode = Opcode::text);
  void append(Opcode opcode, std::string_view payload) {
    begin_frame().append(payload);
    end_frame(opcode);
  }

  bool empty() const { return start_ == bytes_.size(); }
  std::size_t pending_bytes() const { return bytes_.size() - start_; }
  std::size_t capacity() const { return bytes_.capacity(); }

  // The next whole frames, together at most `bytes_max` unless the first alone is larger.
  // Never part of a frame: where output is dropped, it is dropped between two frames.
  // Borrowed until the next call; kFrontBytes writable bytes lie in front.
  std::span<unsigned char> next(std::size_t bytes_max);
  void consumed(std::size_t bytes);
  void clear() {
    bytes_.resize(kFrontBytes);
    start_ = kFrontBytes;
  }

  static constexpr std::size_t kFrontBytes = 16;  // LWS_PRE

 private:
  std::string bytes_;
  std::size_t start_{kFrontBytes};
  std::size_t frame_{};  // where the open frame's header goes
};

// Bytes of the header of an unmasked frame (2, 4 or 10).
std::size_t frame_header_bytes(std::size_t payload_bytes);

// Bytes of the whole frame that starts at `at`: header and payload. REQUIRES: an unmasked frame.
std::size_t frame_bytes(std::span<const unsigned char> at);

}  // namespace spine::net
