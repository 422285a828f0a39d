// Entropy: random numbers and secrets.
#pragma once

#include <array>
#include <cstddef>
#include <string>

#include "schemas/vocab/ids.h"
#include "schemas/vocab/uuid.h"

namespace spine::net {

// Reads from getrandom(2) in pages: one system call for 256 numbers. Thread: net.
class Entropy {
 public:
  Bits128 next();

 private:
  std::array<Bits128, 256> pool_{};
  std::size_t left_{};
};

// A token for a device: like the gateway's own, it cannot be guessed.
std::string new_device_token();

}  // namespace spine::net
