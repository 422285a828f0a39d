// Cells: the state as named values, for tools that print, search and compare it.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/core/model/state.h"
#include "schemas/vocab/ids.h"

namespace spine::core {

// A text is any bytes.
using CellValue = std::variant<std::uint64_t, Bits128, std::string_view>;

struct Cell {
  std::string_view column{};  // its name: static storage
  CellValue value{};          // texts are borrowed for the call
  std::string_view name{};    // of an enum's value, e.g. "direct"; else empty: static storage
  bool is_default{};          // as in a row that was just made: zero or empty
};

// `cells`: those of one row, in the order of the columns; the first is its key, unique in the
// table.
using VisitRow = std::function<void(std::string_view table, std::span<const Cell> cells)>;

// Shows the rows of a table, ascending as in digests; all tables if `table` is empty, "meta" first,
// which has one row, of single values.
void visit_rows(const State& state, std::string_view table, const VisitRow& visit);

// Shows the row whose key is that number. False when there is none. Quick for sessions, runs and
// principals; of other tables it looks through all rows.
bool visit_row(const State& state, std::string_view table, std::uint64_t key,
               const VisitRow& visit);

// In the order of visit_rows(); static storage. No columns: there is no such table.
std::vector<std::string_view> table_names();
std::vector<std::string_view> column_names(std::string_view table);

}  // namespace spine::core
