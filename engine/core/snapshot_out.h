// Columns of a snapshot on their way out.
#pragma once

#include <algorithm>
#include <cstdint>
#include <flatbuffers/flatbuffers.h>
#include <string_view>
#include <vector>

#include "schemas/vocab/ids.h"

#include "snapshot_generated.h"

namespace spine::core {

using Builder = flatbuffers::FlatBufferBuilder;
using Rows = std::vector<std::uint32_t>;
namespace fbs = fb::snapshot;

inline fbs::Bits128 fbs_bits(Bits128 bits) {
  return fbs::Bits128(bits.hi, bits.lo);
}

// A column of integers; none when every row holds zero.
template <class T, class CellOf>
flatbuffers::Offset<flatbuffers::Vector<T>> column(Builder& builder, const Rows& rows,
                                                   CellOf cell_of) {
  std::vector<T> cells;
  cells.reserve(rows.size());
  for (const std::uint32_t row : rows)
    cells.push_back(static_cast<T>(cell_of(row)));
  if (std::all_of(cells.begin(), cells.end(), [](T cell) { return cell == T{}; })) return {};
  return builder.CreateVector(cells);
}

template <class CellOf>
flatbuffers::Offset<flatbuffers::Vector<const fbs::Bits128*>> bits_column(Builder& builder,
                                                                          const Rows& rows,
                                                                          CellOf cell_of) {
  std::vector<fbs::Bits128> cells;
  cells.reserve(rows.size());
  for (const std::uint32_t row : rows)
    cells.push_back(fbs_bits(cell_of(row)));
  return builder.CreateVectorOfStructs(cells);
}

template <class TextOf>
flatbuffers::Offset<fbs::TextColumn> text_column(Builder& builder, const Rows& rows,
                                                 TextOf text_of) {
  std::vector<std::uint16_t> lengths;
  std::vector<std::uint8_t> bytes;
  lengths.reserve(rows.size());
  for (const std::uint32_t row : rows) {
    const std::string_view text = text_of(row);
    lengths.push_back(static_cast<std::uint16_t>(text.size()));
    bytes.insert(bytes.end(), text.begin(), text.end());
  }
  if (bytes.empty()) return {};
  const auto lengths_at = builder.CreateVector(lengths);
  return fbs::CreateTextColumn(builder, lengths_at, builder.CreateVector(bytes));
}

// Entries of a table without row numbers of its own: of a ring, of a vector.
inline Rows ring_rows(std::uint32_t count) {
  Rows rows(count);
  for (std::uint32_t i = 0; i < count; ++i)
    rows[i] = i;
  return rows;
}

}  // namespace spine::core
