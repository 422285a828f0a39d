// Codes: made of letters and digits that look like no other.
#include "engine/core/codes.h"

#include <span>

#include "schemas/vocab/siphash.h"

namespace spine::core {

PairingCode pairing_code(Bits128 entropy, std::uint64_t purpose, std::uint64_t attempt) {
  const std::array<std::uint64_t, 2> words{purpose, attempt};
  std::uint64_t bits = siphash128(entropy, std::as_bytes(std::span(words))).lo;
  PairingCode code{};
  for (char& letter : code) {
    letter = kPairingAlphabet[bits % kPairingAlphabet.size()];
    bits /= kPairingAlphabet.size();
  }
  return code;
}

bool code_is_free(const Tables& tables, std::string_view code, std::uint64_t now_ms) {
  return tables.pairing_requests.find_code(code, now_ms) == nullptr &&
         tables.approvals.find_code(code) == nullptr;
}

}  // namespace spine::core
