// Framing of outgoing messages, RFC 6455 section 5.2.
#include "adapters/websocket/protocol/frame_buffer.h"

#include "schemas/vocab/check.h"

namespace spine::net {
namespace {

// Room kept in front of a payload whose length is not known yet.
constexpr std::size_t kShortHeader = 2;
constexpr std::size_t kCompactBytes = 1U << 20;

}  // namespace

std::size_t frame_header_bytes(std::size_t payload_bytes) {
  return 2 + length_digits(length_code(payload_bytes));
}

std::size_t frame_bytes(std::span<const unsigned char> at) {
  FrameHead head{};
  const std::size_t bytes =
      read_frame_head({reinterpret_cast<const char*>(at.data()), at.size()}, head);
  return bytes + static_cast<std::size_t>(head.payload_bytes);
}

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
  put_frame_head(bytes_.data() + frame_, {.opcode = opcode, .payload_bytes = payload});
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

}  // namespace spine::net
