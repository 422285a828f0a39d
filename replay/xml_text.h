// Text in XML, for pictures and for reports to other programs.
#pragma once

#include <string>
#include <string_view>

namespace spine::replay {

// Escaped, for elements and attributes; what XML cannot hold becomes U+FFFD.
std::string xml_text(std::string_view text);

}  // namespace spine::replay
