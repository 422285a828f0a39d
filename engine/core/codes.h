// Codes that people read to each other: of pairing requests, and of what agents ask.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "engine/core/pairing.h"
#include "engine/core/tables.h"
#include "schemas/vocab/ids.h"

namespace spine::core {

using PairingCode = std::array<char, kPairingCodeBytes>;

inline std::string_view view(const PairingCode& code) {
  return {code.data(), code.size()};
}

// A code out of recorded entropy: the same for the same purpose and attempt.
PairingCode pairing_code(Bits128 entropy, std::uint64_t purpose, std::uint64_t attempt);

// Whether neither a live pairing request nor an open question of an agent has that code.
bool code_is_free(const Tables& tables, std::string_view code, std::uint64_t now_ms);

}  // namespace spine::core
