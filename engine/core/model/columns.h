// Columns: what a column of a table is, and how to walk over all of a row.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "engine/core/base/text_arena.h"
#include "schemas/vocab/bytes.h"
#include "schemas/vocab/ids.h"

namespace spine::core {

// The bound of a column of numbers: any that its type can hold, or the seq of an event that the
// state has folded in (or 0).
inline constexpr std::uint64_t kAnyNumber = ~std::uint64_t{0};
inline constexpr std::uint64_t kSeqOfState = kAnyNumber - 1;

// One column of a row type, which lists them all in columns(), in order of their numbers. Digests,
// snapshots, copies for readers and the bound of memory follow from that list.
template <class Cell>
struct Column {
  std::uint8_t number;    // in digests and snapshots: never changed, never given to another column
  std::string_view name;  // for people, unique in the row
  Cell cell;              // member of the row, or function that gives a reference to what it is
  std::uint64_t max;      // of texts: bytes of UTF-8; of numbers: the highest value
};

template <class Cell>
constexpr Column<Cell> column(std::uint8_t number, std::string_view name, Cell cell,
                              std::uint64_t max = kAnyNumber) {
  return {number, name, cell, max};
}

template <class Columns, class Visit>
constexpr void for_each_column(const Columns& columns, Visit visit) {
  std::apply([&](const auto&... each) { (visit(each), ...); }, columns);
}

// ---- What a cell holds: a text, 128 bits, or a number.

template <class Cell>
inline constexpr bool kIsText = std::is_convertible_v<const Cell&, std::string_view> ||
                                std::is_same_v<Cell, Text> || requires(const Cell& cell) {
  cell.body();
};
template <class Cell>
inline constexpr bool kIsBits = std::is_same_v<Cell, Bits128>;

// Of a text that is not in the arena. What is made of a recorded body has that as its text.
template <class Cell>
std::string_view text_in(const Cell& cell) {
  if constexpr (std::is_convertible_v<const Cell&, std::string_view>) {
    return cell;
  } else {
    return as_text(cell.body());
  }
}

template <class Cell>
constexpr std::uint64_t number_of(const Cell& cell) {
  if constexpr (std::is_integral_v<Cell> || std::is_enum_v<Cell>) {
    return static_cast<std::uint64_t>(cell);
  } else {
    return cell.value;  // an Id
  }
}

// False when the cell cannot hold the number.
template <class Cell>
constexpr bool set_number(Cell& cell, std::uint64_t number) {
  if constexpr (std::is_integral_v<Cell> || std::is_enum_v<Cell>) {
    cell = static_cast<Cell>(number);
  } else {
    cell.value = number;
  }
  return number_of(cell) == number;
}

// ---- Rows

// A row that stands in two places: what every message touches, and the rest.
template <class Hot, class Cold>
struct SplitRow {
  Hot& hot;
  Cold& cold;
};
template <class Hot, class Cold>
SplitRow(Hot&, Cold&) -> SplitRow<Hot, Cold>;

template <class Cell, class Row>
requires std::is_invocable_v<Cell, Row&>
constexpr auto& cell_of(const Column<Cell>& column, Row& row) {
  return std::invoke(column.cell, row);
}
template <class Cell, class Hot, class Cold>
constexpr auto& cell_of(const Column<Cell>& column, const SplitRow<Hot, Cold>& row) {
  if constexpr (std::is_invocable_v<Cell, Hot&>) {
    return std::invoke(column.cell, row.hot);
  } else {
    return std::invoke(column.cell, row.cold);
  }
}

// Shows visit(number of the column, value) for every cell: a text, 128 bits, or a number.
template <class Columns, class Row, class Visit>
void for_each_value(const Columns& columns, const Row& row, Visit visit) {
  for_each_column(columns, [&](const auto& column) {
    const auto& cell = cell_of(column, row);
    using Held = std::remove_cvref_t<decltype(cell)>;
    if constexpr (kIsText<Held>) {
      visit(column.number, text_in(cell));
    } else if constexpr (kIsBits<Held>) {
      visit(column.number, cell);
    } else {
      visit(column.number, number_of(cell));
    }
  });
}

// Copies every cell between rows of one kind whose texts are of different types: texts by
// text_of(text of `from`).
template <class FromColumns, class ToColumns, class From, class To, class TextOf>
void copy_row(const FromColumns& from_columns, const From& from, const ToColumns& to_columns,
              To&& to, TextOf text_of) {
  [&]<std::size_t... i>(std::index_sequence<i...>) {
    const auto copy = [&](const auto& source, const auto& target) {
      const auto& cell = cell_of(source, from);
      if constexpr (kIsText<std::remove_cvref_t<decltype(cell)>>) {
        cell_of(target, to) = text_of(cell);
      } else {
        cell_of(target, to) = cell;
      }
    };
    (copy(std::get<i>(from_columns), std::get<i>(to_columns)), ...);
  }
  (std::make_index_sequence<std::tuple_size_v<FromColumns>>{});
}

// Gives back the places of all texts of a row.
template <class Columns, class Row>
void drop_texts(const Columns& columns, Row&& row, TextArena& texts) {
  for_each_column(columns, [&](const auto& column) {
    auto& cell = cell_of(column, row);
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(cell)>, Text>) texts.drop(cell);
  });
}

// ---- The bound of memory of one row's texts.

// How many texts a row has, and how many bytes they take at most, in the arena or as strings.
template <class Row, class Columns>
constexpr std::size_t count_texts(const Columns& columns) {
  std::size_t count = 0;
  for_each_column(columns, [&](const auto& column) {
    using Held = std::remove_cvref_t<decltype(cell_of(column, std::declval<Row&>()))>;
    count += kIsText<Held> ? 1 : 0;
  });
  return count;
}

template <class Row, class Columns>
constexpr std::size_t text_bytes_max(const Columns& columns) {
  std::size_t bytes = 0;
  for_each_column(columns, [&](const auto& column) {
    using Held = std::remove_cvref_t<decltype(cell_of(column, std::declval<Row&>()))>;
    if constexpr (std::is_same_v<Held, Text>) {
      bytes += text_bytes_worst(column.max);
    } else if constexpr (kIsText<Held>) {
      bytes += column.max;
    }
  });
  return bytes;
}

}  // namespace spine::core
