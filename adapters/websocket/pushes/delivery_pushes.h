// Renderers of outcomes of deliveries, which only those get who wait for one.
#pragma once

#include <span>

#include "adapters/websocket/pushes/events.h"

namespace spine::net {

std::span<const Renderer> delivery_pushes();

}  // namespace spine::net
