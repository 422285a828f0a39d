// What inputs about sessions lead to.
#pragma once

#include "engine/core/model/drafter.h"

namespace spine::core {

Rule decide_session_open, decide_session_patch, decide_session_reset, decide_session_close;
Rule decide_session_rewind;

}  // namespace spine::core
