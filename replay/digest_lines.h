// Digest lines: the digests of a journal's states as a text, and two such texts compared.
#pragma once

#include <string>

#include "replay/common.h"
#include "schemas/vocab/result.h"

namespace spine::replay {

// Reads two files of {"seq":12,"digest":"..."} lines, ascending, as `replay digests` prints them,
// side by side and of any length: compares every seq that both have, and prints the first that
// differs. kExitDiffers when there is one. Errc::invalid_argument names a line that is none;
// Errc::not_found when they have no seq in common.
Result<int> compare_digest_files(const Common& common, const std::string& a, const std::string& b);

}  // namespace spine::replay
