// Table: pads cells to the widest of their column.
#include "adapters/cli/table.h"

#include <algorithm>
#include <utility>

#include "schemas/vocab/check.h"
#include "schemas/vocab/show.h"
#include "schemas/vocab/utf8.h"

namespace spine::cli {
Table::Table(std::vector<std::string> header) {
  rows_.push_back(std::move(header));
}

void Table::add(std::vector<std::string> cells) {
  SPINE_CHECK(cells.size() == rows_[0].size());
  for (std::string& cell : cells)
    cell = printable(cell);
  rows_.push_back(std::move(cells));
}

std::string Table::text() const {
  std::vector<std::size_t> widths(rows_[0].size());
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], count_characters(row[i]));
  }
  std::string out;
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      out += row[i];
      if (i + 1 < row.size()) out.append(widths[i] - count_characters(row[i]) + 2, ' ');
    }
    out += '\n';
  }
  return out;
}

void Facts::add(std::string name, std::string value) {
  facts_.emplace_back(std::move(name), printable(value));
}

std::string Facts::text() const {
  std::size_t widest = 0;
  for (const auto& [name, value] : facts_)
    widest = std::max(widest, count_characters(name));
  std::string out;
  for (const auto& [name, value] : facts_) {
    out += "  " + name + std::string(widest - count_characters(name) + 2, ' ') + value + "\n";
  }
  return out;
}

}  // namespace spine::cli
