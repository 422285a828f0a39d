// kLog: the subsystem that lines of this folder carry in the log.
#pragma once

#include "engine/log/log.h"

namespace spine::net {

inline constexpr log::Logger kLog{"net"};

}  // namespace spine::net
