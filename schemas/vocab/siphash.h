// SipHash-2-4 with 128-bit output: fingerprints that cannot be made to collide without the key.
// J.-P. Aumasson, D. J. Bernstein, "SipHash: a fast short-input PRF", 2012, and the reference
// implementation's 128-bit variant.
#pragma once

#include "schemas/vocab/bytes.h"
#include "schemas/vocab/ids.h"

namespace spine {

Bits128 siphash128(Bits128 key, ByteSpan data);

}  // namespace spine
