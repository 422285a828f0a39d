// journal_checked: one line out of three numbers.
#include "adapters/cli/journal_checked.h"

#include <algorithm>
#include <fmt/format.h>

#include "engine/pipeline/clock.h"
#include "schemas/vocab/show.h"

namespace spine::cli {

std::string journal_checked_text(const client::Json& journal) {
  const std::int64_t damages = journal.number("damages");
  const std::string wrong =
      damages == 0 ? "nothing wrong" : fmt::format("{} damages: spine journal verify", damages);
  const std::int64_t at_ms = journal.number("verifiedAt");
  if (at_ms == 0) {
    return fmt::format("up to #{} since the start, {}",
                       show_count(static_cast<std::uint64_t>(journal.number("verifiedSeq"))),
                       wrong);
  }
  const std::int64_t ago_ms = std::max<std::int64_t>(pipeline::wall_now_ms() - at_ms, 0);
  return fmt::format("all of it, {} ago, {}", show_duration_ms(static_cast<std::uint64_t>(ago_ms)),
                     wrong);
}

}  // namespace spine::cli
