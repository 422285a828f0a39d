// converse: a whole conversation with another server, for what has to be there before a run.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "schemas/vocab/result.h"

namespace spine::bench {

// Sends all, and reads until `until` has been seen: what was read. Times out after 10 s.
Result<std::string> converse(const std::string& host, std::uint16_t port, std::string_view text,
                             std::string_view until);

}  // namespace spine::bench
