// The table of methods: every namespace's, by name.
#pragma once

#include <span>
#include <string_view>

#include "adapters/websocket/protocol/context.h"

namespace spine::net {

// All methods that are served, by name ascending.
std::span<const Method> methods();
// nullptr when there is no such method.
const Method* find_method(std::string_view name);

}  // namespace spine::net
