// Hello: the payload of hello-ok, PROTOCOL section 2.2.
#pragma once

#include <cstdint>

#include "adapters/http/json.h"
#include "adapters/websocket/context.h"

namespace spine::net {

// `connected` is the seq of its ClientConnected: where a later resume may start from.
void write_hello(Context& net, std::uint32_t slot, Seq connected, http::JsonWriter& json);

}  // namespace spine::net
