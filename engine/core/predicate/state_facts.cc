// StateFacts by the lists of columns.
#include "engine/core/predicate/state_facts.h"

#include <string_view>
#include <type_traits>

#include "engine/core/model/columns.h"
#include "engine/core/model/enum_names.h"
#include "engine/core/model/tables.h"

namespace spine::core {
namespace {

constexpr std::size_t kMeta = 0;  // its place in the vocabulary; the tables follow

// ---- The vocabulary

template <class Value>
std::vector<std::string_view> names_of() {
  std::vector<std::string_view> names;
  if constexpr (std::is_enum_v<Value>) {
    constexpr int kValuesMax = 64;
    for (int value = 0; value < kValuesMax; ++value)
      names.push_back(enum_name(static_cast<Value>(value)));
    while (!names.empty() && names.back().empty())
      names.pop_back();
  }
  return names;
}

template <class Row, class Columns>
std::vector<Field> fields_of(const Columns& columns) {
  std::vector<Field> fields;
  for_each_column(columns, [&](const auto& column) {
    using Value = std::remove_cvref_t<decltype(cell_of(column, std::declval<Row&>()))>;
    const FieldType type = kIsText<Value>   ? FieldType::text
                           : kIsBits<Value> ? FieldType::bits
                                            : FieldType::number;
    fields.push_back({.name = column.name, .type = type, .names = names_of<Value>()});
  });
  return fields;
}

// Rows of a table that has an index by text, or so few that it needs none.
template <class Table>
constexpr bool kKeyedByText = std::is_same_v<Table, Sessions> || std::is_same_v<Table, Runs> ||
                              std::is_same_v<Table, Devices> || std::is_same_v<Table, Quarantine>;

Vocabulary make_vocabulary() {
  Vocabulary vocabulary;
  vocabulary.push_back({.name = "meta", .fields = fields_of<const Tables>(meta_columns())});
  const auto add = [&]<class Table>(std::string_view name, Table Tables::*) {
    using Row = typename Table::Row;
    const bool plural = name.ends_with('s');
    vocabulary.push_back({.name = name,
                          .one = plural ? name.substr(0, name.size() - 1) : std::string_view{},
                          .keyed_by_text = kKeyedByText<Table>,
                          .fields = fields_of<const Row>(Row::columns())});
  };
  std::apply([&](const auto&... each) { (add(each.first, each.second), ...); }, table_list());
  return vocabulary;
}

// ---- Rows

template <class Columns, class Row>
class RowOf final : public FactRow {
 public:
  RowOf(const Columns& columns, const Row& row) : columns_(columns), row_(row) {}

  FactValue at(std::size_t field) const override {
    FactValue value;
    std::size_t i = 0;
    for_each_column(columns_, [&](const auto& column) {
      if (i++ == field) value = value_of(cell_of(column, row_));
    });
    return value;
  }

 private:
  template <class Value>
  static FactValue value_of(const Value& value) {
    if constexpr (kIsText<Value>) {
      return text_in(value);
    } else if constexpr (kIsBits<Value>) {
      return value;
    } else {
      return static_cast<std::int64_t>(number_of(value));
    }
  }

  const Columns& columns_;
  const Row& row_;
};

template <class Columns, class Row, class Visit>
auto show(const Columns& columns, const Row& row, const Visit& visit) {
  return visit(RowOf(columns, row));
}

// In any order: no predicate depends on it.
template <class Table, class Visit>
void each_row(const Table& table, const Visit& visit) {
  constexpr auto kColumns = Table::Row::columns();
  if constexpr (requires { table.copy(1U); }) {
    for (std::uint32_t row = 1; row < table.end(); ++row)
      if (table.live(row) && !show(kColumns, table.copy(row), visit)) return;
  } else {
    bool more = true;
    table.for_each_row([&](const auto& row) { more = more && show(kColumns, row, visit); });
  }
}

// Whether the row's number, or what names it among few, is that key.
template <class Row>
bool has_key(const Row& row, const FactValue& key) {
  constexpr auto kColumns = Row::columns();
  if (RowOf(kColumns, row).at(0) == key) return true;
  if constexpr (requires { row.device_id; })
    return FactValue(std::string_view(row.device_id)) == key;
  if constexpr (std::is_same_v<Row, QuarantinedAgent>) {
    return FactValue(std::string_view(row.agent_id)) == key;
  }
  return false;
}

template <class Table, class Visit>
void find_row(const Table& table, const FactValue& key, const Visit& visit) {
  constexpr auto kColumns = Table::Row::columns();
  const auto* number = std::get_if<std::int64_t>(&key);
  const auto* text = std::get_if<std::string_view>(&key);
  if constexpr (requires { table.copy(1U); }) {
    std::uint32_t row = 0;
    if (number != nullptr && *number > 0) {
      row = table.find(decltype(Table::Row::id){static_cast<std::uint64_t>(*number)});
    }
    if constexpr (kKeyedByText<Table>) {
      if (text != nullptr) row = table.find_key(*text);
    }
    if (row != 0) show(kColumns, table.copy(row), visit);
  } else {
    bool found = false;
    table.for_each_row([&](const auto& row) {
      if (found || !has_key(row, key)) return;
      found = true;
      show(kColumns, row, visit);
    });
  }
}

// Calls act(table) for the one at that place of the vocabulary.
template <class Act>
void with_table(const Tables& tables, std::size_t place, Act act) {
  std::size_t i = kMeta;
  for_each_table(tables, [&](std::string_view, const auto& table) {
    if (++i == place) act(table);
  });
}

}  // namespace

const Vocabulary& state_vocabulary() {
  static const Vocabulary vocabulary = make_vocabulary();
  return vocabulary;
}

std::uint64_t StateFacts::count(std::size_t table) const {
  std::uint64_t count = table == kMeta ? 1 : 0;
  with_table(state_.tables(), table, [&](const auto& rows) { count = rows.count(); });
  return count;
}

void StateFacts::each(std::size_t table, const std::function<bool(const FactRow&)>& visit) const {
  const Tables& tables = state_.tables();
  if (table == kMeta) {
    show(meta_columns(), tables, visit);
    return;
  }
  with_table(tables, table, [&](const auto& rows) { each_row(rows, visit); });
}

void StateFacts::find(std::size_t table, const FactValue& key,
                      const std::function<void(const FactRow&)>& visit) const {
  with_table(state_.tables(), table, [&](const auto& rows) { find_row(rows, key, visit); });
}

}  // namespace spine::core
