// Hello: the payload of hello-ok.
#pragma once

#include <cstdint>

#include "adapters/websocket/context.h"
#include "schemas/vocab/json.h"

namespace spine::net {

// `connected` is the seq of its ClientConnected: where a later resume may start from.
void write_hello(Context& net, std::uint32_t slot, Seq connected, JsonWriter& json);

}  // namespace spine::net
