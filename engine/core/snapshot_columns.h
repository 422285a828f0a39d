// Columns: reads the columns of a table in a snapshot and checks their lengths and ranges.
#pragma once

#include <algorithm>
#include <cstdint>
#include <flatbuffers/flatbuffers.h>
#include <limits>
#include <string_view>

#include "schemas/vocab/bytes.h"

#include "snapshot_generated.h"

namespace spine::core {

// One column of numbers: zero in every row when the snapshot has none.
template <class T>
class NumberColumn {
 public:
  NumberColumn() = default;
  explicit NumberColumn(const flatbuffers::Vector<T>* cells) : cells_(cells) {}
  T operator[](std::size_t row) const {
    return cells_ == nullptr ? T{} : cells_->Get(static_cast<flatbuffers::uoffset_t>(row));
  }
  std::size_t count() const { return cells_ == nullptr ? 0 : cells_->size(); }

 private:
  const flatbuffers::Vector<T>* cells_{};
};

class StructColumn {
 public:
  using Cells = flatbuffers::Vector<const fb::snapshot::Bits128*>;
  explicit StructColumn(const Cells* cells) : cells_(cells) {}
  const fb::snapshot::Bits128* operator[](std::size_t row) const {
    return cells_ == nullptr ? nullptr : cells_->Get(static_cast<flatbuffers::uoffset_t>(row));
  }
  std::size_t count() const { return cells_ == nullptr ? 0 : cells_->size(); }

 private:
  const Cells* cells_{};
};

// Texts are read from the first row to the last.
class TextReader {
 public:
  TextReader() = default;
  explicit TextReader(const fb::snapshot::TextColumn* column) : column_(column) {}
  std::string_view next() {
    if (column_ == nullptr) return {};
    const std::uint16_t bytes = column_->lengths()->Get(row_++);
    const char* first = reinterpret_cast<const char*>(column_->bytes()->data()) + at_;
    at_ += bytes;
    return {first, bytes};
  }

 private:
  const fb::snapshot::TextColumn* column_{};
  flatbuffers::uoffset_t row_{};
  std::size_t at_{};
};

// The first column asked for says how many rows there are; each other must have as many, or be
// absent. Use the columns only when good() says so after the last was asked for.
class Columns {
 public:
  // `applied`: no row can name a later event.
  explicit Columns(std::uint64_t applied) : applied_(applied) {}
  bool good() const { return good_; }

  // The ids of the rows: ascending, not zero.
  NumberColumn<std::uint64_t> ids(const flatbuffers::Vector<std::uint64_t>* cells,
                                  std::size_t rows_max) {
    if (!aligned(cells)) return NumberColumn<std::uint64_t>(nullptr);
    const NumberColumn<std::uint64_t> column(cells);
    rows_ = column.count();
    good_ = good_ && rows_ <= rows_max;
    std::uint64_t before = 0;
    for (std::size_t row = 0; row < rows_; ++row) {
      good_ = good_ && column[row] > before && column[row] <= applied_;
      before = column[row];
    }
    return column;
  }
  // A column that every row has.
  StructColumn rows(const StructColumn::Cells* cells, std::size_t rows_max) {
    if (!aligned(cells)) return StructColumn(nullptr);
    const StructColumn column(cells);
    rows_ = column.count();
    good_ = good_ && rows_ <= rows_max;
    return column;
  }
  StructColumn structs(const StructColumn::Cells* cells) {
    good_ = good_ && aligned(cells) && (cells == nullptr || cells->size() == rows_);
    return StructColumn(cells);
  }
  template <class T>
  NumberColumn<T> numbers(const flatbuffers::Vector<T>* cells,
                          T max = std::numeric_limits<T>::max()) {
    if (cells == nullptr || !aligned(cells)) return NumberColumn<T>(nullptr);
    good_ = good_ && cells->size() == rows_ &&
            std::all_of(cells->begin(), cells->end(), [max](T cell) { return cell <= max; });
    return NumberColumn<T>(cells);
  }
  NumberColumn<std::uint64_t> seqs(const flatbuffers::Vector<std::uint64_t>* cells) {
    return numbers(cells, applied_);
  }
  TextReader texts(const fb::snapshot::TextColumn* column, std::size_t bytes_max) {
    if (column == nullptr) return TextReader(nullptr);
    good_ = good_ && column->lengths() != nullptr && column->bytes() != nullptr &&
            column->lengths()->size() == rows_;
    if (!good_) return TextReader(nullptr);
    std::size_t bytes = 0;
    for (const std::uint16_t length : *column->lengths()) {
      good_ = good_ && length <= bytes_max;
      bytes += length;
    }
    good_ = good_ && bytes == column->bytes()->size();
    return TextReader(column);
  }

 private:
  // The FlatBuffers verifier (2.0.8) does not look at the alignment of what is in a vector.
  template <class Cells>
  bool aligned(const Cells* cells) {
    constexpr bool wide = sizeof(typename Cells::return_type) >= sizeof(std::uint64_t);
    if (wide && cells != nullptr && cells->size() != 0) good_ = good_ && is_aligned8(cells->Data());
    return good_;
  }

  std::uint64_t applied_{};
  std::size_t rows_{};
  bool good_{true};
};

}  // namespace spine::core
