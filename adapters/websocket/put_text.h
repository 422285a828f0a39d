// put_text: a string field of a FlatBuffer that is left out when there is nothing in it.
#pragma once

#include <flatbuffers/flatbuffers.h>
#include <string_view>

namespace spine::net {

// Offset 0, which adds nothing, for an empty text.
inline flatbuffers::Offset<flatbuffers::String> put_text(flatbuffers::FlatBufferBuilder& builder,
                                                         std::string_view text) {
  if (text.empty()) return 0;
  return builder.CreateString(text.data(), text.size());
}

}  // namespace spine::net
