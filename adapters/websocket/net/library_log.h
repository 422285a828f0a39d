// What libwebsockets says, in our log.
#pragma once

namespace spine::net {

// From now on its errors are lines of the log. Thread: any, once.
void log_library();

}  // namespace spine::net
