// Device pushes: about devices and senders, to those who may pair; about the configuration, to all.
#pragma once

#include <span>

#include "adapters/websocket/pushes/events.h"

namespace spine::net {

// What clients are told of devices, of senders on channels, and of the configuration.
std::span<const Renderer> device_pushes();

}  // namespace spine::net
