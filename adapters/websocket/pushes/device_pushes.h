// Device pushes: what is told to those who may pair, and to all of the configuration.
#pragma once

#include <span>

#include "adapters/websocket/pushes/events.h"

namespace spine::net {

// What clients are told of devices, of senders on channels, and of the configuration.
std::span<const Renderer> device_pushes();

}  // namespace spine::net
