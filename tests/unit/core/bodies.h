// How tests build the bodies of inputs.
#pragma once

#include <cstring>
#include <flatbuffers/flatbuffers.h>
#include <string>
#include <vector>

#include "tests/unit/core/world.h"

namespace spine::core {

using Builder = flatbuffers::FlatBufferBuilder;

inline Body take(Builder& builder, flatbuffers::uoffset_t root) {
  builder.Finish(flatbuffers::Offset<void>(root));
  Body body((builder.GetSize() + 7) / 8);
  std::memcpy(body.data(), builder.GetBufferPointer(), builder.GetSize());
  return body;
}

inline flatbuffers::Offset<flatbuffers::String> text(Builder& builder, const std::string& value) {
  return value.empty() ? flatbuffers::Offset<flatbuffers::String>{} : builder.CreateString(value);
}

using StringsOffset =
    flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>>;

inline StringsOffset strings(Builder& builder, const std::vector<std::string>& values) {
  return builder.CreateVectorOfStrings(values);
}

}  // namespace spine::core
