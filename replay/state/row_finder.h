// Row finder: which row of the state people mean by a word and a name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/core/model/state.h"
#include "replay/timeline/timeline.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/result.h"

namespace spine::replay {

// "session" is sessions, "agent" quarantined, "engine" meta, and so on; a table is itself.
// Errc::invalid_argument lists what there is; so it does for tables whose rows have no number.
Result<std::string> table_of_noun(std::string_view noun);

// 5 of "5" and "#5"; nothing of any other name.
std::optional<std::uint64_t> number_of_name(std::string_view name);

// The key of the row that `name` names: its number ("5", "#5"), or, exactly, a key, id, UUID, code,
// label or name of a person that it has, looked for in that order. 0 = there is none.
// Errc::invalid_argument when several have that name.
// REQUIRES: the table is one of table_of_noun(), and not meta.
Result<std::uint64_t> find_row(const core::State& state, const std::string& table,
                               std::string_view name);

// When a row was there.
struct RowLife {
  std::uint64_t key{};
  Seq made{};     // the event that made it
  Seq removed{};  // the first after which it was gone; 0 = it is there still
};

// The row that was the last to have that name at any moment up to the event `at` (of several at
// once the youngest), which may have lost it since, or be gone. A key is the seq of the event that
// made the row and never comes again, so the row was there from that event on without a gap until
// it was removed: the place is found with the help of snapshots.
Result<std::optional<RowLife>> find_earlier(Timeline& timeline, const std::string& table,
                                            std::string_view name, Seq at);

}  // namespace spine::replay
