// FrameReader: the frames one client sends, read and judged by RFC 6455, section 5.
// libwebsockets 4.1.6 takes unmasked frames and does not say that they were: so it is given the
// bytes of a connection as they are, and frames are read here.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "schemas/vocab/frames.h"

namespace spine::net {

struct Incoming {
  enum class Kind : std::uint8_t { piece, ping, pong, close, fault };
  Kind kind{};
  std::string_view bytes{};  // of a message, or the payload of a control frame; what is wrong
  bool last{};               // the message ends with this piece
  std::size_t more_bytes{};  // of the same frame, known to follow
  std::uint16_t code{};      // of a close; 1005 = it gave none. Of a fault: what to close with
};

// Pure. Thread: net.
class FrameReader {
 public:
  // Takes what `bytes` starts with off it. False when all was taken and nothing is to be reported.
  // Payloads are unmasked where they lie; `out` borrows until the next call. After a fault or a
  // close the rest is taken without being looked at: a stream that was broken once has no frames.
  bool next(std::span<unsigned char>& bytes, Incoming& out);

  // Whether nothing that comes in is looked at any more.
  bool over() const { return over_; }

 private:
  bool take_header(std::span<unsigned char>& bytes);
  // What is there of the payload, unmasked.
  std::span<unsigned char> take_bytes(std::span<unsigned char>& bytes);
  bool take_payload(std::span<unsigned char>& bytes, Incoming& out);
  bool take_control(std::span<unsigned char>& bytes, Incoming& out);
  bool report_close(std::string_view payload, Incoming& out);
  bool fault(Incoming& out, std::string_view what);
  // What the bytes of a header gathered so far make impossible; empty = nothing.
  std::string_view wrong() const;
  std::size_t header_bytes() const;
  std::uint64_t length() const;
  void unmask(std::span<unsigned char> bytes);
  Opcode opcode() const { return static_cast<Opcode>(header_[0] & 0x0FU); }
  bool control() const { return (header_[0] & 0x08U) != 0; }
  bool final() const { return (header_[0] & 0x80U) != 0; }

  static constexpr std::size_t kControlBytesMax = 125;

  std::uint64_t left_{};  // of the payload
  std::array<unsigned char, kFrameHeadBytesMax> header_{};
  std::uint8_t have_{};  // bytes of the header
  bool in_payload_{};
  bool in_message_{};  // a fragment came, its last one did not
  bool over_{};
  std::uint8_t phase_{};     // of the mask
  std::uint8_t gathered_{};  // bytes of a control frame
  std::array<unsigned char, kControlBytesMax> control_{};
};

}  // namespace spine::net
