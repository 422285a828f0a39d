// Typed keys: which session an input names, among those of the state.
#pragma once

#include <string_view>

#include "engine/core/key_buffer.h"
#include "engine/core/tables.h"

namespace spine::core {

// By the rule that held when the input was recorded: typed_session_key, or with everything folded.
// No `agent`: the default one. False: no session can have that name.
bool find_session_key(const Tables& tables, std::string_view agent, std::string_view typed,
                      IdCase ids, KeyBuffer& key);

}  // namespace spine::core
