// The client side of RFC 6455: upgrade, masked frames made ahead, and frames from the server.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace spine::bench {

// Appends the HTTP upgrade request. The answer's status is checked, its accept key is not: the
// servers measured here are ours to start.
void append_upgrade(std::string& out, std::string_view host, std::uint16_t port);

// Length of the upgrade's answer when it is complete; 0 = more bytes are needed.
// `switched` says whether it is 101.
std::size_t upgrade_answer(std::string_view in, bool& switched);

// Appends one masked frame. opcode: 1 text, 9 ping, 10 pong.
void append_frame(std::string& out, std::uint8_t opcode, std::string_view payload,
                  std::uint32_t mask);

// A text frame made once, in which every run of kDigits '#' is replaced by a number when sent.
class FrameTemplate {
 public:
  static constexpr std::size_t kDigits = 10;

  // REQUIRES: payload holds no '#' but in runs of kDigits.
  FrameTemplate(std::string_view payload, std::uint32_t mask);
  // Appends the frame with `id` in the places, leading zeros included.
  void append(std::string& out, std::uint64_t id) const;

 private:
  struct Slot {
    std::size_t offset{};              // in frame_
    std::array<char, kDigits> mask{};  // the key as it falls on these bytes
  };
  std::string frame_{};
  std::vector<Slot> slots_{};
};

struct ServerFrame {
  std::uint8_t opcode{};
  bool final{};
  std::string_view payload{};
  std::size_t bytes{};  // header included; 0 = more bytes are needed
};

// The frame at the front of `in`. Servers do not mask.
ServerFrame parse_frame(std::string_view in);

// `id` as kDigits decimal digits, leading zeros included.
std::array<char, FrameTemplate::kDigits> digits_of(std::uint64_t id);
// The digits at the front of `text` as a number; 0 when there are none.
std::uint64_t number_of(std::string_view text);

// `bytes` of printable text that needs no escape, the same for the same seed.
std::string sample_text(std::size_t bytes, std::uint32_t seed);

}  // namespace spine::bench
