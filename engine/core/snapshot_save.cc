// Snapshot out: the tables as columns.
#include <algorithm>
#include <string_view>
#include <type_traits>
#include <vector>

#include "engine/core/columns.h"
#include "engine/core/digest.h"
#include "engine/core/snapshot.h"
#include "engine/core/tables.h"

#include "snapshot_generated.h"

namespace spine::core {
namespace {

namespace fbs = fb::snapshot;
using Builder = flatbuffers::FlatBufferBuilder;

// The cells of one column, row after row.
struct ColumnOut {
  std::uint8_t number{};
  std::vector<std::uint64_t> numbers{};
  std::vector<std::uint32_t> lengths{};
  std::vector<std::uint8_t> bytes{};

  void add(std::uint64_t cell) { numbers.push_back(cell); }
  void add(Bits128 cell) { numbers.insert(numbers.end(), {cell.hi, cell.lo}); }
  void add(std::string_view text) {
    lengths.push_back(static_cast<std::uint32_t>(text.size()));
    bytes.insert(bytes.end(), text.begin(), text.end());
  }
  // Whether every row holds the default.
  bool empty() const {
    return bytes.empty() && std::all_of(numbers.begin(), numbers.end(),
                                        [](std::uint64_t cell) { return cell == 0; });
  }
};

flatbuffers::Offset<fbs::SavedColumn> save_column(Builder& builder, const ColumnOut& column) {
  if (column.bytes.empty()) {
    const auto numbers = builder.CreateVector(column.numbers);
    return fbs::CreateSavedColumn(builder, column.number, numbers);
  }
  const auto lengths = builder.CreateVector(column.lengths);
  const auto bytes = builder.CreateVector(column.bytes);
  return fbs::CreateSavedColumn(builder, column.number, {}, lengths, bytes);
}

class TableOut {
 public:
  template <class Columns, class Row>
  void add(const Columns& columns, const Row& row) {
    std::size_t i = 0;
    columns_.resize(std::tuple_size_v<Columns>);
    for_each_column(columns, [&](const auto& column) {
      const auto& cell = cell_of(column, row);
      using Cell = std::remove_cvref_t<decltype(cell)>;
      ColumnOut& out = columns_[i++];
      out.number = column.number;
      if constexpr (kIsText<Cell>) {
        out.add(text_in(cell));
      } else if constexpr (kIsBits<Cell>) {
        out.add(cell);
      } else {
        out.add(number_of(cell));
      }
    });
    ++rows_;
  }
  flatbuffers::Offset<fbs::SavedTable> save(Builder& builder, std::string_view name) const {
    std::vector<flatbuffers::Offset<fbs::SavedColumn>> columns;
    for (const ColumnOut& column : columns_)
      if (!column.empty()) columns.push_back(save_column(builder, column));
    const auto named = builder.CreateString(name.data(), name.size());
    return fbs::CreateSavedTable(builder, named, rows_, builder.CreateVector(columns));
  }

 private:
  std::vector<ColumnOut> columns_{};
  std::uint32_t rows_{};
};

}  // namespace

void save_snapshot(const State& state, Builder& builder) {
  const Tables& tables = state.tables();
  const StateDigest own = digest(state);
  std::vector<flatbuffers::Offset<fbs::SavedTable>> saved;
  TableOut meta;
  meta.add(meta_columns(), tables);
  saved.push_back(meta.save(builder, "meta"));
  for_each_table(tables, [&](std::string_view name, const auto& table) {
    TableOut out;
    table.for_each_row([&](const auto& row) { out.add(row.columns(), row); });
    saved.push_back(out.save(builder, name));
  });
  const auto all = builder.CreateVector(saved);
  const fbs::Bits128 total{own.total.hi, own.total.lo};
  builder.Finish(fbs::CreateSnapshot(builder, kSnapshotFormat, own.version, &total, all),
                 fbs::SnapshotIdentifier());
}

}  // namespace spine::core
