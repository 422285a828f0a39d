// Counts what operator new is asked for, in programs that link allocations.cc.
#pragma once

#include <cstdint>

namespace spine::bench {

// Calls of any operator new by this thread since it started.
std::uint64_t allocations();

}  // namespace spine::bench
