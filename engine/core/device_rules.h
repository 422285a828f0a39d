// What rules and folds of devices share.
#pragma once

#include <flatbuffers/flatbuffers.h>
#include <string>

namespace spine::core {

using ScopeList = flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>;

// The scopes of an event as one text, with "," between them. nullptr = none.
std::string joined_scopes(const ScopeList* scopes);

}  // namespace spine::core
