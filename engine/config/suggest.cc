// Edit distance with swaps: F. J. Damerau, "A technique for computer detection and correction of
// spelling errors", 1964, in its restricted form (optimal string alignment).
#include "engine/config/suggest.h"

#include <algorithm>
#include <array>
#include <string>

namespace spine::config {
namespace {

constexpr std::size_t kNameBytesMax = 40;  // longer names are not compared

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// REQUIRES: both at most kNameBytesMax bytes.
std::size_t distance(std::string_view a, std::string_view b) {
  std::array<std::array<std::size_t, kNameBytesMax + 1>, kNameBytesMax + 1> d{};
  for (std::size_t i = 0; i <= a.size(); ++i)
    d[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j)
    d[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = a[i - 1] == b[j - 1] ? 0 : 1;
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + changed});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
      }
    }
  }
  return d[a.size()][b.size()];
}

std::string lowered(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), lower);
  return out;
}

}  // namespace

std::string_view nearest_name(std::string_view name, std::span<const std::string_view> known) {
  if (name.size() > kNameBytesMax) return {};
  const std::string wanted = lowered(name);
  std::string_view best;
  std::size_t best_distance = name.size() >= 6 ? 3 : 2;  // must be below
  for (const std::string_view candidate : known) {
    if (candidate.size() > kNameBytesMax || candidate.size() < 3) continue;
    const std::size_t apart = distance(wanted, lowered(candidate));
    if (apart < best_distance) {
      best = candidate;
      best_distance = apart;
    }
  }
  return best;
}

}  // namespace spine::config
