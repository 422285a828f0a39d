// Base64 and base64url of RFC 4648.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "schemas/vocab/bytes.h"

namespace spine {

// Section 4, with padding.
std::string encode_base64(ByteSpan bytes);

// Section 5, without padding.
std::string encode_base64url(ByteSpan bytes);
// None for anything but what encode_base64url() gives.
std::optional<std::string> decode_base64url(std::string_view text);

}  // namespace spine
