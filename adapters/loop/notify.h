// Notify: tells systemd how the daemon is. Does nothing when systemd did not start it.
#pragma once

#include <cstdint>
#include <string_view>

namespace spine::loop {

// Thread: any.
void notify_ready(std::string_view status);
void notify_status(std::string_view status);
void notify_stopping();
void notify_reloading();
void notify_alive();

}  // namespace spine::loop
