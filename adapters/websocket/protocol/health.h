// Health and presence as the protocol shows them: in hello-ok, in answers and in pushes.
#pragma once

#include "adapters/websocket/protocol/context.h"
#include "engine/pipeline/items/messages.h"
#include "schemas/vocab/json.h"

namespace spine::net {

// The payload of `health`. `recent` may be null: then the lists of recent sessions are empty.
void write_health(Context& net, JsonWriter& json, const pipeline::SessionsItem* recent);
// The array of PresenceEntry: the gateway itself first, then at most kPresenceListedMax clients.
void write_presence(Context& net, JsonWriter& json);

}  // namespace spine::net
