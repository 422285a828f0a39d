// VersionRange: the ranges of versions a package.json names, as npm understands them.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace spine::agents {

using Version = std::array<std::uint32_t, 3>;

// "v22.19.0", "22.19": what is left out is 0. False when it starts with no number.
bool parse_version(std::string_view text, Version& version);

// Whether `range` (">=22.19.0", "^20.1 || >=22", ">=18 <23", "20.x", "*") holds it. What is not
// understood holds: a check of ours must not keep an agent from starting.
bool range_holds(std::string_view range, const Version& version);

}  // namespace spine::agents
