// Reading and unmasking of frames, RFC 6455 section 5.
#include "adapters/websocket/net/frame_reader.h"

#include <algorithm>
#include <cstring>

namespace spine::net {
namespace {

// Section 7.4: what may stand in a close frame.
bool may_be_sent(unsigned code) {
  if (code >= 3000) return code < 5000;
  return code >= 1000 && code < 1015 && (code < 1004 || code > 1006);
}

std::string_view as_text(std::span<const unsigned char> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

std::size_t FrameReader::header_bytes() const {
  if (have_ < 2) return 2;
  const unsigned code = header_[1] & 0x7FU;
  return 2 + length_digits(code) + 4;
}

std::uint64_t FrameReader::length() const {
  const std::size_t digits = header_bytes() - 6;
  if (digits == 0) return header_[1] & 0x7FU;
  std::uint64_t length = 0;
  for (std::size_t i = 0; i < digits; ++i)
    length = (length << 8) | header_[2 + i];
  return length;
}

std::string_view FrameReader::wrong() const {
  const bool continues = opcode() == Opcode::continuation;
  if ((header_[0] & 0x70U) != 0) return "reserved bits are set";
  if ((opcode() > Opcode::binary && !control()) || opcode() > Opcode::pong) return "unknown opcode";
  if (control() && !final()) return "a control frame is fragmented";
  if (continues && !in_message_) return "there is nothing to continue";
  if (!control() && !continues && in_message_) return "a message is not over yet";
  if (have_ < 2) return {};
  if ((header_[1] & 0x80U) == 0) return "a frame is not masked";
  const unsigned code = header_[1] & 0x7FU;
  if (control() && code > kControlBytesMax) return "a control frame is too long";
  if (code < 126 || have_ < header_bytes() - 4) return {};
  if (length() < (code == 126 ? 126U : 65'536U)) return "a length is not written shortest";
  if ((length() >> 63U) != 0) return "a length is impossible";
  return {};
}

bool FrameReader::fault(Incoming& out, std::string_view what) {
  over_ = true;
  out = {.kind = Incoming::Kind::fault, .bytes = what, .code = close_code::kProtocol};
  return true;
}

// True when the whole header is there, or it is already wrong.
bool FrameReader::take_header(std::span<unsigned char>& bytes) {
  while (have_ < header_bytes() && !bytes.empty()) {
    header_[have_++] = bytes.front();
    bytes = bytes.subspan(1);
    // Judged after each of the first two bytes and where the length ends.
    if ((have_ <= 2 || have_ == header_bytes() - 4) && !wrong().empty()) return true;
  }
  return have_ == header_bytes();
}

bool FrameReader::next(std::span<unsigned char>& bytes, Incoming& out) {
  while (!over_) {
    if (!in_payload_) {
      if (!take_header(bytes)) return false;
      if (const std::string_view what = wrong(); !what.empty()) return fault(out, what);
      left_ = length();
      in_payload_ = true;
      phase_ = 0;
      gathered_ = 0;
    }
    if (bytes.empty() && left_ != 0) return false;
    if (control() ? take_control(bytes, out) : take_payload(bytes, out)) return true;
  }
  bytes = {};
  return false;
}

std::span<unsigned char> FrameReader::take_bytes(std::span<unsigned char>& bytes) {
  const auto piece =
      bytes.first(static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size())));
  bytes = bytes.subspan(piece.size());
  unmask(piece);
  left_ -= piece.size();
  if (left_ == 0) {
    in_payload_ = false;
    have_ = 0;
  }
  return piece;
}

bool FrameReader::take_payload(std::span<unsigned char>& bytes, Incoming& out) {
  const auto piece = take_bytes(bytes);
  out = {.kind = Incoming::Kind::piece,
         .bytes = as_text(piece),
         .last = left_ == 0 && final(),
         .more_bytes = static_cast<std::size_t>(left_)};
  if (left_ == 0) in_message_ = !final();
  return true;
}

bool FrameReader::take_control(std::span<unsigned char>& bytes, Incoming& out) {
  const auto piece = take_bytes(bytes);
  std::copy(piece.begin(), piece.end(), control_.begin() + gathered_);
  gathered_ = static_cast<std::uint8_t>(gathered_ + piece.size());
  if (left_ != 0) return false;
  const std::string_view payload = as_text({control_.data(), gathered_});
  if (opcode() == Opcode::close) return report_close(payload, out);
  out = {.kind = opcode() == Opcode::ping ? Incoming::Kind::ping : Incoming::Kind::pong,
         .bytes = payload};
  return true;
}

bool FrameReader::report_close(std::string_view payload, Incoming& out) {
  over_ = true;
  const std::uint16_t code = close_code_of(payload);
  if (payload.size() == 1) return fault(out, "a close frame has half a code");
  if (!payload.empty() && !may_be_sent(code)) {
    return fault(out, "a close frame has no such code");
  }
  out = {.kind = Incoming::Kind::close, .bytes = close_reason_of(payload), .code = code};
  return true;
}

// Eight bytes at a time: this is the only work per byte that reading costs.
void FrameReader::unmask(std::span<unsigned char> bytes) {
  const unsigned char* mask = header_.data() + header_bytes() - 4;
  std::array<unsigned char, 8> turned{};
  for (std::size_t i = 0; i < turned.size(); ++i)
    turned[i] = mask[(phase_ + i) & 3U];
  std::uint64_t key = 0;
  std::memcpy(&key, turned.data(), sizeof key);
  phase_ = static_cast<std::uint8_t>((phase_ + bytes.size()) & 3U);
  if (key == 0) return;
  std::size_t at = 0;
  for (; at + sizeof key <= bytes.size(); at += sizeof key) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, sizeof word);
    word ^= key;
    std::memcpy(bytes.data() + at, &word, sizeof word);
  }
  for (; at < bytes.size(); ++at)
    bytes[at] ^= turned[at & 7U];
}

}  // namespace spine::net
