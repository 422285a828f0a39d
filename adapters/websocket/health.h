// Health and presence as the protocol shows them: in hello-ok, in answers and in pushes.
#pragma once

#include "adapters/http/json.h"
#include "adapters/websocket/context.h"
#include "engine/pipeline/messages.h"

namespace spine::net {

// The payload of `health`. `recent` may be null: then the lists of recent sessions are empty.
void write_health(Context& net, http::JsonWriter& json, const pipeline::SessionsItem* recent);
// The array of PresenceEntry: the gateway itself first, then at most kPresenceListedMax clients.
void write_presence(Context& net, http::JsonWriter& json);

}  // namespace spine::net
