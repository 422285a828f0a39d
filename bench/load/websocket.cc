// The client side of RFC 6455, as far as a load generator needs it.
#include "bench/load/websocket.h"

#include <algorithm>
#include <cstring>

namespace spine::bench {
namespace {

char mask_byte(std::uint32_t mask, std::size_t position) {
  return static_cast<char>((mask >> ((position & 3U) * 8)) & 0xFFU);
}

void append_header(std::string& out, std::uint8_t opcode, std::size_t bytes, std::uint32_t mask) {
  out.push_back(static_cast<char>(0x80U | opcode));
  if (bytes < 126) {
    out.push_back(static_cast<char>(0x80U | bytes));
  } else if (bytes < 65536) {
    out.push_back(static_cast<char>(0x80U | 126U));
    out.push_back(static_cast<char>(bytes >> 8));
    out.push_back(static_cast<char>(bytes & 0xFFU));
  } else {
    out.push_back(static_cast<char>(0x80U | 127U));
    for (int shift = 56; shift >= 0; shift -= 8) {
      out.push_back(static_cast<char>((std::uint64_t{bytes} >> shift) & 0xFFU));
    }
  }
  for (std::size_t i = 0; i < 4; ++i)
    out.push_back(mask_byte(mask, i));
}

}  // namespace

void append_upgrade(std::string& out, std::string_view host, std::uint16_t port) {
  out += "GET / HTTP/1.1\r\nHost: ";
  out += host;
  out += ':';
  out += std::to_string(port);
  out +=
      "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: c3BpbmUtYmVuY2gtbG9hZA==\r\nSec-WebSocket-Version: 13\r\n\r\n";
}

std::size_t upgrade_answer(std::string_view in, bool& switched) {
  const auto end = in.find("\r\n\r\n");
  if (end == std::string_view::npos) return 0;
  switched = in.starts_with("HTTP/1.1 101");
  return end + 4;
}

void append_frame(std::string& out, std::uint8_t opcode, std::string_view payload,
                  std::uint32_t mask) {
  append_header(out, opcode, payload.size(), mask);
  for (std::size_t i = 0; i < payload.size(); ++i) {
    out.push_back(static_cast<char>(payload[i] ^ mask_byte(mask, i)));
  }
}

FrameTemplate::FrameTemplate(std::string_view payload, std::uint32_t mask) {
  append_frame(frame_, 1, payload, mask);
  const std::size_t header = frame_.size() - payload.size();
  std::size_t at = payload.find('#');
  while (at != std::string_view::npos) {
    Slot slot{.offset = header + at, .mask = {}};
    for (std::size_t i = 0; i < kDigits; ++i)
      slot.mask[i] = mask_byte(mask, at + i);
    slots_.push_back(slot);
    at = payload.find('#', at + kDigits);
  }
}

void FrameTemplate::append(std::string& out, std::uint64_t id) const {
  const std::size_t at = out.size();
  out.append(frame_);
  const auto digits = digits_of(id);
  for (const auto& slot : slots_) {
    for (std::size_t i = 0; i < kDigits; ++i) {
      out[at + slot.offset + i] = static_cast<char>(digits[i] ^ slot.mask[i]);
    }
  }
}

ServerFrame parse_frame(std::string_view in) {
  ServerFrame frame;
  if (in.size() < 2) return frame;
  const auto byte = [in](std::size_t i) { return static_cast<std::uint8_t>(in[i]); };
  frame.opcode = byte(0) & 0x0FU;
  frame.final = (byte(0) & 0x80U) != 0;
  std::uint64_t bytes = byte(1) & 0x7FU;
  std::size_t header = 2;
  if (bytes >= 126) {
    const std::size_t extra = bytes == 126 ? 2 : 8;
    if (in.size() < header + extra) return frame;
    bytes = 0;
    for (std::size_t i = 0; i < extra; ++i)
      bytes = (bytes << 8) | byte(header + i);
    header += extra;
  }
  if (in.size() - header < bytes) return frame;
  frame.payload = in.substr(header, bytes);
  frame.bytes = header + bytes;
  return frame;
}

std::array<char, FrameTemplate::kDigits> digits_of(std::uint64_t id) {
  std::array<char, FrameTemplate::kDigits> digits;
  for (std::size_t i = digits.size(); i-- > 0; id /= 10) {
    digits[i] = static_cast<char>('0' + id % 10);
  }
  return digits;
}

std::uint64_t number_of(std::string_view text) {
  std::uint64_t number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') break;
    number = number * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return number;
}

std::string sample_text(std::size_t bytes, std::uint32_t seed) {
  static constexpr std::string_view kWords[] = {
      "please ", "look ",  "at ",    "the ",    "report ", "from ", "yesterday, ", "then ",
      "tell ",   "Maria ", "that ",  "we ",     "meet ",   "at ",   "half ",       "past ",
      "nine; ",  "the ",   "train ", "leaves ", "early ",  "and ",  "it ",         "rains. "};
  std::string text;
  text.reserve(bytes + 16);
  while (text.size() < bytes) {
    seed = seed * 1664525U + 1013904223U;
    text += kWords[(seed >> 16) % std::size(kWords)];
  }
  text.resize(bytes);
  std::replace(text.end() - 1, text.end(), ' ', '.');
  return text;
}

}  // namespace spine::bench
