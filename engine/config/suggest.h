// nearest_name: the known name that a mistyped one was probably meant to be.
#pragma once

#include <span>
#include <string_view>

namespace spine::config {

// Empty when none is near: equal but for case, or one slip (a letter added, lost, changed, or two
// swapped) in short names, two in names of six letters or more.
std::string_view nearest_name(std::string_view name, std::span<const std::string_view> known);

}  // namespace spine::config
