// Framing of outgoing messages, RFC 6455 section 5.2.
#include "adapters/websocket/frame_buffer.h"

#include "schemas/vocab/check.h"

namespace spine::net {
namespace {

// Room kept in front of a payload whose length is not known yet.
constexpr std::size_t kShortHeader = 2;
constexpr std::size_t kCompactBytes = 1U << 20;

std::size_t put_header(char* at, Opcode opcode, std::size_t bytes) {
  at[0] = static_cast<char>(0x80U | static_cast<unsigned>(opcode));
  const std::size_t header = frame_header_bytes(bytes);
  if (header == 2) {
    at[1] = static_cast<char>(bytes);
    return header;
  }
  at[1] = static_cast<char>(header == 4 ? 126 : 127);
  const std::size_t digits = header - 2;
  for (std::size_t i = 0; i < digits; ++i) {
    at[2 + i] = static_cast<char>((bytes >> (8 * (digits - 1 - i))) & 0xFF);
  }
  return header;
}

}  // namespace

std::size_t frame_header_bytes(std::size_t payload_bytes) {
  if (payload_bytes < 126) return 2;
  return payload_bytes < 65'536 ? 4 : 10;
}

std::size_t frame_bytes(std::span<const unsigned char> at) {
  const std::size_t code = at[1] & 0x7FU;
  if (code < 126) return 2 + code;
  const std::size_t digits = code == 126 ? 2 : 8;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < digits; ++i)
    bytes = (bytes << 8) | at[2 + i];
  return 2 + digits + bytes;
}

FrameBuffer::FrameBuffer() : bytes_(kFrontBytes, '\0') {}

std::string& FrameBuffer::begin_frame() {
  frame_ = bytes_.size();
  bytes_.append(kShortHeader, '\0');
  return bytes_;
}

void FrameBuffer::end_frame(Opcode opcode) {
  const std::size_t payload = bytes_.size() - frame_ - kShortHeader;
  const std::size_t header = frame_header_bytes(payload);
  // A length that does not fit the short header moves the payload: only frames of 126 B or more.
  if (header != kShortHeader) bytes_.insert(frame_ + kShortHeader, header - kShortHeader, '\0');
  put_header(bytes_.data() + frame_, opcode, payload);
}

void FrameBuffer::append(Opcode opcode, std::string_view payload) {
  begin_frame().append(payload);
  end_frame(opcode);
}

std::span<unsigned char> FrameBuffer::next(std::size_t bytes_max) {
  auto* from = reinterpret_cast<unsigned char*>(bytes_.data()) + start_;
  const std::span<unsigned char> all{from, pending_bytes()};
  if (all.size() <= bytes_max) return all;
  std::size_t end = frame_bytes(all);
  while (end < all.size()) {
    const std::size_t frame = frame_bytes(all.subspan(end));
    if (end + frame > bytes_max) break;
    end += frame;
  }
  return all.first(end);
}

void FrameBuffer::consumed(std::size_t bytes) {
  SPINE_CHECK(bytes <= pending_bytes());
  start_ += bytes;
  if (empty()) {
    clear();
    return;
  }
  if (start_ >= kCompactBytes && start_ * 2 >= bytes_.size()) {
    bytes_.erase(kFrontBytes, start_ - kFrontBytes);
    start_ = kFrontBytes;
  }
}

void FrameBuffer::clear() {
  bytes_.resize(kFrontBytes);
  start_ = kFrontBytes;
}

}  // namespace spine::net
