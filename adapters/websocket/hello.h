// Hello: the payload of hello-ok, PROTOCOL section 2.2.
#pragma once

#include <cstdint>

#include "adapters/http/json.h"
#include "adapters/websocket/context.h"

namespace spine::net {

void write_hello(Context& net, std::uint32_t slot, http::JsonWriter& json);

}  // namespace spine::net
