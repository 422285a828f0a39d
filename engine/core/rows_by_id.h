// rows_by_id: the order in which a table is digested and saved, whatever rows its entries are in.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace spine::core {

// The live rows of `table`, ascending by id.
template <class Table>
std::vector<std::uint32_t> rows_by_id(const Table& table) {
  std::vector<std::uint32_t> rows;
  rows.reserve(table.count());
  for (std::uint32_t row = 1; row < table.end(); ++row) {
    if (table.live(row)) rows.push_back(row);
  }
  std::sort(rows.begin(), rows.end(),
            [&](std::uint32_t a, std::uint32_t b) { return table.id_of(a) < table.id_of(b); });
  return rows;
}

}  // namespace spine::core
