// TableGrid: a table of Markdown as text in columns, for platforms that show none.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/channels/text/markdown.h"

namespace spine::channels {

// Reads one table: is told what MarkdownReader is, from its enter_block(MD_BLOCK_TABLE) on. Marks
// of cells are left out, links are text with the URL behind it. Not thread-safe.
class TableGrid {
 public:
  // Begins a table.
  explicit TableGrid(const MD_BLOCK_TABLE_DETAIL& detail) : columns_(detail.col_count) {}

  void enter_block(MD_BLOCKTYPE type, const void* detail);
  void leave_block(MD_BLOCKTYPE type);
  void enter_span(MD_SPANTYPE type, const void* detail);
  void leave_span(MD_SPANTYPE type);
  void text(MD_TEXTTYPE type, std::string_view text);

  // The grid, lines ended by "\n" but for the last. REQUIRES: all of the table was told.
  std::string text_in_columns() const;

 private:
  struct Cell {
    std::uint32_t end{};  // of its text in text_; it begins where the one before ends
    std::uint32_t width{};
  };
  struct Link {
    std::string target{};
    std::size_t begin{};  // of its text
  };

  std::string_view cell_text(std::size_t index) const;
  void end_cell();
  std::vector<std::size_t> widths() const;
  void append_row(std::string& out, std::size_t row, const std::vector<std::size_t>& widths) const;

  std::size_t columns_;
  bool in_cell_ = false;
  std::string text_{};
  std::vector<Cell> cells_{};  // row by row
  std::vector<MD_ALIGN> aligns_{};
  std::vector<Link> links_{};  // open ones
};

}  // namespace spine::channels
