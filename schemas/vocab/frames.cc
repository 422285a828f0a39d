// Whole WebSocket frames: a head and a payload.
#include "schemas/vocab/frames.h"

#include <array>

namespace spine {

void append_frame(std::string& out, FrameHead head, std::string_view payload) {
  head.payload_bytes = payload.size();
  std::array<char, kFrameHeadBytesMax> bytes{};
  out.append(bytes.data(), put_frame_head(bytes.data(), head));
  const std::size_t from = out.size();
  out.append(payload);
  if (!head.masked) return;
  for (std::size_t i = 0; i < payload.size(); ++i)
    out[from + i] = static_cast<char>(out[from + i] ^ mask_byte(head.mask, i));
}

Frame parse_frame(std::string_view in) {
  Frame frame{};
  const std::size_t head = read_frame_head(in, frame.head);
  if (head == 0 || in.size() - head < frame.head.payload_bytes) return frame;
  frame.payload = in.substr(head, static_cast<std::size_t>(frame.head.payload_bytes));
  frame.bytes = head + frame.payload.size();
  return frame;
}

std::string unmasked(const Frame& frame) {
  std::string payload{frame.payload};
  for (std::size_t i = 0; frame.head.masked && i < payload.size(); ++i)
    payload[i] = static_cast<char>(payload[i] ^ mask_byte(frame.head.mask, i));
  return payload;
}

std::uint16_t close_code_of(std::string_view payload) {
  if (payload.size() < 2) return close_code::kNoCode;
  return static_cast<std::uint16_t>((static_cast<unsigned char>(payload[0]) << 8U) |
                                    static_cast<unsigned char>(payload[1]));
}

}  // namespace spine
