// pick: the one thing of many that somebody means who types its id, the start of it, or its code.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "schemas/vocab/result.h"

namespace spine::cli {

// How one thing is named.
struct Named {
  std::string id{};                  // whole, or by its first characters
  std::vector<std::string> whole{};  // whole alone, in any case: a code
};

// The place in `all` of what `which` names. Errors: Errc::invalid_argument when it begins more than
// one id, Errc::not_found with the text `none` when nothing is called so.
Result<std::size_t> pick(const std::vector<Named>& all, const std::string& which,
                         const std::string& none);

}  // namespace spine::cli
