// The version of the layout of snapshots.
#pragma once

#include <cstdint>

namespace spine::core {

// Raised when a snapshot needs more than an added column to be understood.
inline constexpr std::uint32_t kSnapshotFormat = 1;

}  // namespace spine::core
