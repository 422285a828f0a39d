// Columns of tables whose rows are structs with strings in them.
#pragma once

#include <string>

#include "engine/core/snapshot_columns.h"
#include "engine/core/snapshot_out.h"

namespace spine::core {

// A column of texts, read from the first row to the last.
struct TextField {
  TextReader reader;
  std::string next() { return std::string(reader.next()); }
};

template <class Table, class Row>
flatbuffers::Offset<fbs::TextColumn> texts_of(Builder& builder, const Table& table,
                                              std::string Row::*member) {
  return text_column(builder, ring_rows(table.count()),
                     [&](std::uint32_t i) { return std::string_view{table[i].*member}; });
}

template <class Cell, class Table, class Value, class Row>
flatbuffers::Offset<flatbuffers::Vector<Cell>> numbers_of(Builder& builder, const Table& table,
                                                          Value Row::*member) {
  return column<Cell>(builder, ring_rows(table.count()),
                      [&](std::uint32_t i) { return table[i].*member; });
}

}  // namespace spine::core
