// Digest: canonical bytes of every table through XXH3-128.
#include "engine/core/model/digest.h"

#include <cstring>
#include <memory>
#include <xxhash.h>

#include "engine/core/model/columns.h"
#include "engine/core/model/tables.h"

namespace spine::core {
namespace {

// Writes the cells of one table. A cell is its column's number (engine/core/model/rows.h), then the
// value: integers as 8 bytes little-endian, 128 bits as hi and lo, texts with 4 bytes of length in
// front. Zero and empty values are left out. A row begins with column 0, which is always written
// (its id or fingerprint), so rows cannot run into each other.
class Cells {
 public:
  Cells() : state_(XXH3_createState()) {
    SPINE_CHECK(state_ != nullptr);
    XXH3_128bits_reset(state_.get());
  }

  void cell(std::uint8_t column, std::uint64_t value) {
    if (value == 0 && column != 0) return;
    put_tag(column);
    put_word(value);
  }
  void cell(std::uint8_t column, Bits128 value) {
    if (!value && column != 0) return;
    put_tag(column);
    put_word(value.hi);
    put_word(value.lo);
  }
  void cell(std::uint8_t column, std::string_view text) {
    if (text.empty()) return;
    put_tag(column);
    put_text(text);
  }
  void put_text(std::string_view text) {
    const auto bytes = static_cast<std::uint32_t>(text.size());
    put(&bytes, sizeof(bytes));
    put(text.data(), text.size());
  }
  void put_word(std::uint64_t value) { put(&value, sizeof(value)); }

  Bits128 finish() {
    flush();
    const XXH128_hash_t hash = XXH3_128bits_digest(state_.get());
    return Bits128{.hi = hash.high64, .lo = hash.low64};
  }

 private:
  void put_tag(std::uint8_t column) { put(&column, 1); }
  void put(const void* data, std::size_t bytes) {
    if (bytes > buffer_.size() - used_) flush();
    if (bytes > buffer_.size()) {
      XXH3_128bits_update(state_.get(), data, bytes);
      return;
    }
    std::memcpy(buffer_.data() + used_, data, bytes);
    used_ += bytes;
  }
  void flush() {
    XXH3_128bits_update(state_.get(), buffer_.data(), used_);
    used_ = 0;
  }

  struct Free {
    void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
  };
  std::unique_ptr<XXH3_state_t, Free> state_;
  std::array<char, 4096> buffer_{};
  std::size_t used_{};
};

template <class Columns, class Row>
void put_row(const Columns& columns, const Row& row, Cells& cells) {
  for_each_value(columns, row, [&](std::uint8_t number, auto value) { cells.cell(number, value); });
}

}  // namespace

StateDigest digest(const State& state) {
  const Tables& tables = state.tables();
  StateDigest out{.seq = tables.meta.applied};
  Cells total;
  const auto add = [&](std::string_view name, std::uint64_t rows, Cells& cells) {
    SPINE_CHECK(out.table_count < kDigestTablesMax);
    const Bits128 digest = cells.finish();
    out.tables[out.table_count++] = {.table = name, .rows = rows, .digest = digest};
    if (rows == 0) return;  // a table that is new and empty changes no total
    total.put_text(name);
    total.put_word(rows);
    total.put_word(digest.hi);
    total.put_word(digest.lo);
  };
  Cells meta;
  put_row(meta_columns(), tables, meta);
  add("meta", 1, meta);
  for_each_table(tables, [&](std::string_view name, const auto& table) {
    Cells cells;
    table.for_each_row([&](const auto& row) { put_row(row.columns(), row, cells); });
    add(name, table.count(), cells);
  });
  out.total = total.finish();
  return out;
}

}  // namespace spine::core
