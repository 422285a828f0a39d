// FrameReader: the frames one client sends, read and judged by RFC 6455, section 5.
// libwebsockets 4.1.6 accepts unmasked frames without reporting it: so it only passes on the raw
// bytes of a connection, and frames are read here.
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
  // Consumes the next item from the front of `bytes`. False when all was consumed and there is
  // nothing to report. Payloads are unmasked in place; `out` borrows until the next call. After a
  // fault or a close the rest is discarded: the frame boundaries of a broken stream are unknown.
  bool next(std::span<unsigned char>& bytes, Incoming& out);

  // Whether all further input is discarded.
  bool over() const { return over_; }

 private:
  bool take_header(std::span<unsigned char>& bytes);
  // The part of the payload that `bytes` holds, unmasked.
  std::span<unsigned char> take_bytes(std::span<unsigned char>& bytes);
  bool take_payload(std::span<unsigned char>& bytes, Incoming& out);
  bool take_control(std::span<unsigned char>& bytes, Incoming& out);
  bool report_close(std::string_view payload, Incoming& out);
  bool fault(Incoming& out, std::string_view what);
  // What is wrong with the bytes of a header gathered so far; empty = nothing.
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
  bool in_message_{};  // a fragment came, the final one has not
  bool over_{};
  std::uint8_t phase_{};     // of the mask
  std::uint8_t gathered_{};  // bytes of a control frame
  std::array<unsigned char, kControlBytesMax> control_{};
};

}  // namespace spine::net
