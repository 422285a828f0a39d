// Lines of messages: how verbs print what was said in a session.
#pragma once

#include "adapters/client/json.h"

namespace spine::cli {

// A row of chat.history: who, when and what, on lines of its own.
void print_message(const client::Json& message);

}  // namespace spine::cli
