// journal_checked: what /ready says of the journal being read again, for people.
#pragma once

#include <string>

#include "adapters/client/json.h"

namespace spine::cli {

// "all of it, 5 min ago, nothing wrong", or how far the first reading since the start has come.
// `journal`: that member of /ready's answer.
std::string journal_checked_text(const client::Json& journal);

}  // namespace spine::cli
