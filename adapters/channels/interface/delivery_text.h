// What is sent where files cannot be.
#pragma once

#include <string>

#include "engine/pipeline/items/messages.h"

namespace spine::channels {

// The text of a delivery, with a line that names each of its files.
std::string text_naming_files(const pipeline::DeliverItem& delivery);

}  // namespace spine::channels
