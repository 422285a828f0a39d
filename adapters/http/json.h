// The writer of JSON under the name that older files know it by.
#pragma once

#include "schemas/vocab/json.h"

namespace spine::http {

using spine::append_escaped;
using spine::cut_escaped;
using spine::escaped_bytes;
using spine::JsonWriter;

}  // namespace spine::http
