// finished: the bytes of a FlatBuffer that has just been built.
#pragma once

#include <flatbuffers/flatbuffers.h>

#include "schemas/vocab/bytes.h"

namespace spine {

// REQUIRES: builder.Finish() was called. Valid until the builder is next used. The start is aligned
// to 4 bytes only: who hands it to a reader copies it to where 8 are kept.
inline ByteSpan finished(const flatbuffers::FlatBufferBuilder& builder) {
  return {reinterpret_cast<const std::byte*>(builder.GetBufferPointer()), builder.GetSize()};
}

}  // namespace spine
