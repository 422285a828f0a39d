// Putting back: what was redacted when a configuration was shown, put back when it comes in.
#pragma once

#include <string>
#include <string_view>

#include "engine/config/changes.h"
#include "schemas/vocab/result.h"

namespace spine::config {

// `text`, from which `now` was parsed, with the values of `old` in the places of kRedacted: a value
// at the same path, elements of a list by their place if both lists are of one length, and the user
// and password of a URL that is otherwise the same. Errors, invalid_argument: a kRedacted without
// such a value, and one in a key or a comment.
Result<std::string> put_secrets_back(std::string_view text, Tree now, Tree old);

}  // namespace spine::config
