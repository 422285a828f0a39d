// Cells by the lists of columns.
#include "engine/core/model/cells.h"

#include <type_traits>

#include "engine/core/model/columns.h"
#include "engine/core/model/enum_names.h"
#include "engine/core/model/tables.h"

namespace spine::core {
namespace {

class CellList {
 public:
  template <class Columns, class Row>
  std::span<const Cell> of(const Columns& columns, const Row& row) {
    cells_.clear();
    for_each_column(columns, [&](const auto& column) { add(column.name, cell_of(column, row)); });
    return cells_;
  }

 private:
  template <class Value>
  void add(std::string_view column, const Value& value) {
    Cell& cell = cells_.emplace_back(Cell{.column = column});
    if constexpr (kIsText<Value>) {
      const std::string_view text = text_in(value);
      cell.value = text;
      cell.is_default = text.empty();
    } else if constexpr (kIsBits<Value>) {
      cell.value = value;
      cell.is_default = !value;
    } else {
      cell.value = number_of(value);
      cell.is_default = number_of(value) == 0;
      if constexpr (std::is_enum_v<Value>) cell.name = enum_name(value);
    }
  }

  std::vector<Cell> cells_{};
};

// Whether it is what `key` says, if that is a number.
bool has_key(std::span<const Cell> cells, std::uint64_t key) {
  const auto* number = std::get_if<std::uint64_t>(&cells.front().value);
  return number != nullptr && *number == key;
}

template <class Table, class Id>
bool visit_found(const Table& table, std::string_view name, Id id, const VisitRow& visit) {
  const std::uint32_t at = table.find(id);
  if (at == 0) return false;
  const auto row = table.copy(at);
  CellList cells;
  visit(name, cells.of(row.columns(), row));
  return true;
}

}  // namespace

void visit_rows(const State& state, std::string_view table, const VisitRow& visit) {
  const Tables& tables = state.tables();
  CellList cells;
  if (table.empty() || table == "meta") visit("meta", cells.of(meta_columns(), tables));
  for_each_table(tables, [&](std::string_view name, const auto& rows) {
    if (!table.empty() && table != name) return;
    rows.for_each_row([&](const auto& row) { visit(name, cells.of(row.columns(), row)); });
  });
}

bool visit_row(const State& state, std::string_view table, std::uint64_t key,
               const VisitRow& visit) {
  const Tables& tables = state.tables();
  if (table == "sessions") return visit_found(tables.sessions, table, SessionId{key}, visit);
  if (table == "runs") return visit_found(tables.runs, table, RunId{key}, visit);
  if (table == "principals") return visit_found(tables.principals, table, PrincipalId{key}, visit);
  bool found = false;
  visit_rows(state, table, [&](std::string_view name, std::span<const Cell> cells) {
    if (found || name != table || !has_key(cells, key)) return;
    found = true;
    visit(name, cells);
  });
  return found;
}

std::vector<std::string_view> table_names() {
  std::vector<std::string_view> names{"meta"};
  std::apply([&](const auto&... each) { (names.push_back(each.first), ...); }, table_list());
  return names;
}

std::vector<std::string_view> column_names(std::string_view table) {
  std::vector<std::string_view> names;
  const auto add = [&](const auto& columns) {
    for_each_column(columns, [&](const auto& column) { names.push_back(column.name); });
  };
  if (table == "meta") add(meta_columns());
  const auto add_of = [&]<class Table>(std::string_view name, Table Tables::*) {
    if (name == table) add(Table::Row::columns());
  };
  std::apply([&](const auto&... each) { (add_of(each.first, each.second), ...); }, table_list());
  return names;
}

}  // namespace spine::core
