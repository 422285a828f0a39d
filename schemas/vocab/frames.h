// Frames: WebSocket frames as both sides write and read them, RFC 6455 sections 5.2 and 7.4.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace spine {

enum class Opcode : std::uint8_t {
  continuation = 0,
  text = 1,
  binary = 2,
  close = 8,
  ping = 9,
  pong = 10,
};

// What a close frame says; some are never sent.
namespace close_code {
inline constexpr std::uint16_t kNormal = 1000;
inline constexpr std::uint16_t kProtocol = 1002;
inline constexpr std::uint16_t kUnsupported = 1003;
inline constexpr std::uint16_t kNoCode = 1005;  // never sent: a close frame without a code
inline constexpr std::uint16_t kNone = 1006;    // never sent: the connection just went away
inline constexpr std::uint16_t kBadPayload = 1007;
inline constexpr std::uint16_t kPolicy = 1008;
inline constexpr std::uint16_t kTooBig = 1009;
inline constexpr std::uint16_t kRestart = 1012;
inline constexpr std::uint16_t kTryLater = 1013;
}  // namespace close_code

// What stands in front of a payload. As received the opcode may be none of those above.
struct FrameHead {
  Opcode opcode{Opcode::text};
  bool final{true};
  bool masked{};
  std::uint8_t reserved{};  // RSV1 to RSV3, where they stand: 0x70
  std::uint32_t mask{};     // byte i of the payload is changed by byte i modulo 4, the lowest first
  std::uint64_t payload_bytes{};
};

inline constexpr std::size_t kFrameHeadBytesMax = 14;

// The byte of the mask that falls on byte `at` of a payload.
constexpr char mask_byte(std::uint32_t mask, std::size_t at) {
  return static_cast<char>((mask >> ((at & 3U) * 8)) & 0xFFU);
}

// Bytes of the length behind the first two bytes of a head. `code`: the length's seven bits there.
constexpr std::size_t length_digits(std::size_t code) {
  return code < 126 ? 0 : code == 126 ? 2 : 8;
}
constexpr std::size_t length_code(std::uint64_t payload_bytes) {
  return payload_bytes < 126 ? static_cast<std::size_t>(payload_bytes)
                             : (payload_bytes < 65'536 ? 126U : 127U);
}

// Writes the head, at most kFrameHeadBytesMax bytes; how many.
inline std::size_t put_frame_head(char* at, const FrameHead& head) {
  const std::size_t code = length_code(head.payload_bytes);
  const unsigned first = (head.final ? 0x80U : 0U) | head.reserved;
  at[0] = static_cast<char>(first | static_cast<unsigned>(head.opcode));
  at[1] = static_cast<char>((head.masked ? 0x80U : 0U) | code);
  std::size_t bytes = 2;
  for (std::size_t digits = length_digits(code); digits-- > 0; ++bytes)
    at[bytes] = static_cast<char>((head.payload_bytes >> (8 * digits)) & 0xFFU);
  for (std::size_t i = 0; head.masked && i < 4; ++i)
    at[bytes++] = mask_byte(head.mask, i);
  return bytes;
}

// Reads the head at the front of `in`: its bytes, 0 = there are not enough yet.
inline std::size_t read_frame_head(std::string_view in, FrameHead& head) {
  const auto byte = [in](std::size_t i) { return static_cast<unsigned char>(in[i]); };
  if (in.size() < 2) return 0;
  const std::size_t code = byte(1) & 0x7FU;
  const std::size_t digits = length_digits(code);
  head.masked = (byte(1) & 0x80U) != 0;
  const std::size_t mask_at = 2 + digits;
  const std::size_t bytes = mask_at + (head.masked ? 4 : 0);
  if (in.size() < bytes) return 0;
  head.opcode = static_cast<Opcode>(byte(0) & 0x0FU);
  head.final = (byte(0) & 0x80U) != 0;
  head.reserved = byte(0) & 0x70U;
  head.payload_bytes = digits == 0 ? code : 0;
  for (std::size_t i = 0; i < digits; ++i)
    head.payload_bytes = (head.payload_bytes << 8) | byte(2 + i);
  head.mask = 0;
  for (std::size_t i = mask_at; i < bytes; ++i)
    head.mask |= std::uint32_t{byte(i)} << (8 * (i - mask_at));
  return bytes;
}

// Appends a whole frame; `head.payload_bytes` follows from the payload.
void append_frame(std::string& out, FrameHead head, std::string_view payload);

struct Frame {
  FrameHead head{};
  std::string_view payload{};  // as it lies there: masked if the head says so
  std::size_t bytes{};         // of the whole frame; 0 = it is not all there yet
};
// The frame at the front of `in`. Judges nothing.
Frame parse_frame(std::string_view in);

// The payload without its mask.
std::string unmasked(const Frame& frame);

// What a close frame's payload says: its code, kNoCode when it has none, and its reason.
std::uint16_t close_code_of(std::string_view payload);
inline std::string_view close_reason_of(std::string_view payload) {
  return payload.size() < 2 ? std::string_view{} : payload.substr(2);
}

}  // namespace spine
