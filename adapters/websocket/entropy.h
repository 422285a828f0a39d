// Entropy: random numbers from the kernel, and the text form of UUIDs.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "schemas/vocab/ids.h"

namespace spine::net {

// Reads from getrandom(2) in pages: one system call for 256 numbers. Thread: net.
class Entropy {
 public:
  Bits128 next();

 private:
  std::array<Bits128, 256> pool_{};
  std::size_t left_{};
};

// `bits` with version 4 and variant bits of RFC 4122 set.
Bits128 as_uuid(Bits128 bits);
// "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx".
void append_uuid(std::string& out, Bits128 uuid);
std::string uuid_text(Bits128 uuid);
// 32 lower-case hex digits.
void append_hex(std::string& out, Bits128 bits);
std::string hex_text(Bits128 bits);

// Whether the two are equal; takes as long wherever they differ. An empty secret equals nothing.
bool secret_equal(std::string_view given, std::string_view secret);

}  // namespace spine::net
