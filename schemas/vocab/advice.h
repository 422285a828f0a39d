// Advice that several messages give.
#pragma once

namespace spine {

// What helps when the journal is damaged. A part of a sentence, without its end.
inline constexpr const char* kBringBackABackup = "bring back a backup: spine restore DIR --replace";

}  // namespace spine
