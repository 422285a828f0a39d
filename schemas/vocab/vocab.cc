// Out-of-line parts of the shared vocabulary: check failures and error names.
#include <cstdio>
#include <cstdlib>

#include "schemas/vocab/check.h"
#include "schemas/vocab/result.h"

namespace spine {

void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "spine: internal error at %s:%d: check failed: %s\n", file, line, condition);
  std::abort();
}

std::string_view errc_name(Errc code) {
  switch (code) {
    case Errc::invalid_argument:
      return "invalid_argument";
    case Errc::not_found:
      return "not_found";
    case Errc::in_use:
      return "in_use";
    case Errc::refused:
      return "refused";
    case Errc::no_space:
      return "no_space";
    case Errc::io:
      return "io";
    case Errc::corrupt:
      return "corrupt";
    case Errc::newer_format:
      return "newer_format";
    case Errc::unavailable:
      return "unavailable";
    case Errc::timed_out:
      return "timed_out";
  }
  return "unknown";
}

}  // namespace spine
