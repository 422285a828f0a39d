// StateDiff: what differs between two states, row by row and field by field.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/core/model/cells.h"
#include "engine/core/model/state.h"
#include "replay/row_filter.h"

namespace spine::replay {

// A row that is not the same in both states.
struct RowChange {
  std::string_view table{};
  std::span<const core::Cell> before{};  // empty: it was added
  std::span<const core::Cell> after{};   // empty: it was removed
  std::vector<std::size_t> columns{};    // positions of the cells that differ, if both are there
};

// What nearly every event moves on, by table and field: clocks, counts of rates, order of activity,
// and the rows of the tables that recognise repeats (their field is "rows"). How many rows each.
using Bookkeeping = std::map<std::pair<std::string, std::string>, std::uint64_t>;

struct DiffReport {
  std::uint64_t added{};
  std::uint64_t removed{};
  std::uint64_t changed{};
  Bookkeeping bookkeeping{};

  bool equal() const { return added + removed + changed == 0; }
};

// Calls each(change) in order of tables and keys; what a change refers to is borrowed for the call.
// Without `all`, bookkeeping is counted and no change; a table that the filter names is shown whole
// nevertheless. Takes memory for one table of each state.
DiffReport diff_states(const core::State& before, const core::State& after, const RowFilter& filter,
                       bool all, const std::function<void(const RowChange&)>& each);

}  // namespace spine::replay
