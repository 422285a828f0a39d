// pick: whole names first, then beginnings.
#include "adapters/cli/pick.h"

#include <algorithm>
#include <fmt/format.h>
#include <optional>

#include "schemas/vocab/ascii.h"
#include "schemas/vocab/show.h"

namespace spine::cli {
namespace {

bool is_whole(const Named& names, const std::string& which) {
  return names.id == which || std::ranges::any_of(names.whole, [&](const std::string& name) {
           return same_but_case(name, which);
         });
}

}  // namespace

Result<std::size_t> pick(const std::vector<Named>& all, const std::string& which,
                         const std::string& none) {
  std::optional<std::size_t> begun;
  std::size_t count = 0;
  for (std::size_t i = 0; i < all.size() && !which.empty(); ++i) {
    if (is_whole(all[i], which)) return i;
    if (!all[i].id.starts_with(which)) continue;
    begun = i;
    ++count;
  }
  if (count == 1) return *begun;
  if (count == 0) return Error{Errc::not_found, none};
  return Error{
      Errc::invalid_argument,
      fmt::format("\"{}\" is the beginning of more than one; give more of it.", printable(which))};
}

}  // namespace spine::cli
