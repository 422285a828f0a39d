// Both tables in order of their keys, and then in one walk.
#include "replay/state_diff.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "engine/core/model/digest.h"
#include "replay/cell_text.h"
#include "schemas/vocab/ids.h"

namespace spine::replay {
namespace {

using Cells = std::span<const core::Cell>;

struct VolatileField {
  std::string_view table{};
  std::string_view field{};
};
constexpr std::array kVolatileFields{
    VolatileField{"meta", "applied"},         VolatileField{"meta", "wall_ms"},
    VolatileField{"meta", "logical_ms"},      VolatileField{"meta", "rejection_tat_us"},
    VolatileField{"sessions", "active_ms"},   VolatileField{"sessions", "active_seq"},
    VolatileField{"principals", "tat_us"},    VolatileField{"principals", "active_ms"},
    VolatileField{"principals", "active_seq"}};
constexpr std::array<std::string_view, 2> kVolatileTables{"duplicates", "idempotency"};

bool is_volatile(std::string_view table, std::string_view field) {
  return std::ranges::any_of(kVolatileFields, [&](const VolatileField& known) {
    return known.table == table && known.field == field;
  });
}

// The wanted rows of one table, by key. Texts stay where they are in the state, which does not
// change meanwhile.
class SortedTable {
 public:
  SortedTable(const core::State& state, std::string_view table, const RowFilter& filter)
      : columns_(core::column_names(table).size()) {
    core::visit_rows(state, table, [&](std::string_view name, Cells cells) {
      if (!filter.wanted(name, cells)) return;
      keys_.push_back(row_key(name, cells));
      cells_.insert(cells_.end(), cells.begin(), cells.end());
    });
    order_.resize(keys_.size());
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    if (!std::ranges::is_sorted(keys_)) {
      std::ranges::sort(order_, {}, [&](std::size_t i) { return keys_[i]; });
    }
  }

  std::size_t rows() const { return order_.size(); }
  Bits128 key(std::size_t i) const { return keys_[order_[i]]; }
  Cells row(std::size_t i) const { return Cells(cells_).subspan(order_[i] * columns_, columns_); }

 private:
  std::size_t columns_;
  std::vector<Bits128> keys_{};
  std::vector<core::Cell> cells_{};
  std::vector<std::size_t> order_{};
};

// How many rows are not the same in both, for tables of many small rows of which no more is said:
// of each only its key is kept, and a number made of its other cells.
class RowCount {
 public:
  static std::uint64_t differing(const core::State& before, const core::State& after,
                                 std::string_view table) {
    const std::vector<Small> old_rows = gather(before, table);
    const std::vector<Small> new_rows = gather(after, table);
    std::uint64_t count = 0;
    std::size_t j = 0;
    for (const Small& row : old_rows) {
      for (; j < new_rows.size() && new_rows[j].key < row.key; ++j)
        ++count;
      const bool same_key = j < new_rows.size() && new_rows[j].key == row.key;
      count += same_key && new_rows[j].rest == row.rest ? 0 : 1;
      j += same_key ? 1 : 0;
    }
    return count + (new_rows.size() - j);
  }

 private:
  struct Small {
    Bits128 key{};
    std::uint64_t rest{};
  };

  static std::vector<Small> gather(const core::State& state, std::string_view table) {
    constexpr std::uint64_t kPrime = 0x100000001b3;
    std::vector<Small> rows;
    core::visit_rows(state, table, [&](std::string_view name, Cells cells) {
      Small row{.key = row_key(name, cells)};
      for (const core::Cell& cell : cells)
        if (const auto* number = std::get_if<std::uint64_t>(&cell.value))
          row.rest = row.rest * kPrime + *number;
      rows.push_back(row);
    });
    std::ranges::sort(rows, {}, &Small::key);
    return rows;
  }
};

class Comparison {
 public:
  Comparison(const core::State& before, const core::State& after, const RowFilter& filter, bool all,
             const std::function<void(const RowChange&)>& each)
      : before_(before), after_(after), filter_(filter), all_(all), each_(each) {}

  void table(std::string_view name) {
    // What is asked for by name is shown, however often it changes.
    const bool whole = all_ || filter_.table == name;
    if (!whole && std::ranges::find(kVolatileTables, name) != kVolatileTables.end()) {
      // None of their rows is a session's.
      if (!filter_.of_sessions) {
        report.bookkeeping[{std::string(name), "rows"}] =
            RowCount::differing(before_, after_, name);
      }
      return;
    }
    const SortedTable before(before_, name, filter_);
    const SortedTable after(after_, name, filter_);
    std::size_t i = 0;
    std::size_t j = 0;
    while (i < before.rows() || j < after.rows()) {
      const bool gone = j == after.rows() || (i < before.rows() && before.key(i) < after.key(j));
      const bool come = !gone && (i == before.rows() || after.key(j) < before.key(i));
      const Cells old_row = come ? Cells{} : before.row(i);
      const Cells new_row = gone ? Cells{} : after.row(j);
      row({.table = name, .before = old_row, .after = new_row}, whole);
      i += come ? 0 : 1;
      j += gone ? 0 : 1;
    }
  }

  DiffReport report{};

 private:
  void row(RowChange change, bool whole) {
    if (!change.before.empty() && !change.after.empty()) {
      fields(change, whole);
      if (change.columns.empty()) return;
    }
    ++(change.before.empty()  ? report.added
       : change.after.empty() ? report.removed
                              : report.changed);
    each_(change);
  }

  void fields(RowChange& change, bool whole) {
    for (std::size_t i = 0; i < change.before.size(); ++i) {
      const std::string_view field = change.before[i].column;
      if (change.before[i].value == change.after[i].value) continue;
      if (whole || !is_volatile(change.table, field)) {
        change.columns.push_back(i);
      } else {
        ++report.bookkeeping[{std::string(change.table), std::string(field)}];
      }
    }
  }

  const core::State& before_;
  const core::State& after_;
  const RowFilter& filter_;
  bool all_;
  const std::function<void(const RowChange&)>& each_;
};

}  // namespace

DiffReport diff_states(const core::State& before, const core::State& after, const RowFilter& filter,
                       bool all, const std::function<void(const RowChange&)>& each) {
  Comparison comparison(before, after, filter, all, each);
  const core::StateDigest old_digest = core::digest(before);
  const core::StateDigest new_digest = core::digest(after);
  for (std::size_t i = 0; i < new_digest.table_count; ++i) {
    const std::string_view name = new_digest.tables[i].table;
    if (!filter.wanted_table(name)) continue;
    // Most tables are the same in both, and need not be gone through.
    if (old_digest.tables[i].digest == new_digest.tables[i].digest) continue;
    comparison.table(name);
  }
  return comparison.report;
}

}  // namespace spine::replay
