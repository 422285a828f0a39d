// Finds the lines of each table by the texts of its cells.
#include "adapters/channels/text/fenced_tables.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "adapters/channels/text/markdown.h"
#include "adapters/channels/text/source_lines.h"
#include "adapters/channels/text/table_grid.h"

namespace spine::channels {
namespace {

struct FoundTable {
  std::size_t first_line{};
  std::size_t lines{};  // header, rule, rows
  bool in_item{};
  std::string grid{};
};

class TableFinder final : public MarkdownReader {
 public:
  explicit TableFinder(const SourceLines& lines) : lines_(lines) {}

  void enter_block(MD_BLOCKTYPE type, const void* detail) override {
    if (type == MD_BLOCK_TABLE) {
      const auto& table = *static_cast<const MD_BLOCK_TABLE_DETAIL*>(detail);
      grid_.emplace(table);
      first_line_.reset();
      rows_ = 0;
      body_rows_ = table.body_row_count;
    }
    if (type == MD_BLOCK_LI) ++items_;
    if (!grid_) return;
    if (type == MD_BLOCK_TR) ++rows_;
    grid_->enter_block(type, detail);
  }

  void leave_block(MD_BLOCKTYPE type) override {
    if (type == MD_BLOCK_LI) --items_;
    if (!grid_) return;
    grid_->leave_block(type);
    if (type != MD_BLOCK_TABLE) return;
    if (first_line_) {
      found_.push_back({*first_line_, 2 + body_rows_, items_ > 0, grid_->text_in_columns()});
    }
    grid_.reset();
  }

  void enter_span(MD_SPANTYPE type, const void* detail) override {
    if (grid_) grid_->enter_span(type, detail);
  }
  void leave_span(MD_SPANTYPE type) override {
    if (grid_) grid_->leave_span(type);
  }

  void text(MD_TEXTTYPE type, std::string_view text, std::optional<std::size_t> at) override {
    if (!grid_) return;
    grid_->text(type, text);
    if (!at || first_line_) return;
    // The rule stands between the header and the rows, and is told as neither.
    const std::size_t above = rows_ == 1 ? 0 : rows_;
    const std::size_t line = lines_.at(*at);
    if (line >= above) first_line_ = line - above;
  }

  const std::vector<FoundTable>& found() const { return found_; }

 private:
  const SourceLines& lines_;
  std::optional<TableGrid> grid_{};
  std::optional<std::size_t> first_line_{};
  std::size_t items_ = 0;  // that are open
  std::size_t rows_ = 0;
  std::size_t body_rows_ = 0;
  std::vector<FoundTable> found_{};
};

// The longest run of backticks in it.
std::size_t backticks_in(std::string_view text) {
  std::size_t longest = 0;
  std::size_t run = 0;
  for (const char c : text) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return longest;
}

void append_fenced(std::string& out, std::string_view grid, std::string_view prefix) {
  const std::string fence(std::max<std::size_t>(backticks_in(grid) + 1, 3), '`');
  out.append(prefix).append(fence).append("\n").append(prefix);
  for (const char c : grid) {
    out.push_back(c);
    if (c == '\n') out.append(prefix);
  }
  out.append("\n").append(prefix).append(fence).append("\n");
}

}  // namespace

std::string with_fenced_tables(std::string_view source) {
  const SourceLines lines(source);
  TableFinder finder(lines);
  if (!read_markdown(source, finder)) return std::string(source);
  std::string out;
  std::size_t done = 0;
  for (const FoundTable& table : finder.found()) {
    const std::size_t begin = lines.begin(table.first_line);
    const std::string_view header = lines.text(table.first_line);
    const std::size_t column = std::min(header.find_first_not_of(" \t>"), header.size());
    // In the first line of an item its marker would be lost.
    const bool item = table.in_item && !header.substr(column).starts_with('|');
    const std::string prefix = lines.continued_prefix(table.first_line, column);
    if (begin < done || item || prefix.size() != column) continue;
    out.append(source.substr(done, begin - done));
    append_fenced(out, table.grid, prefix);
    done = lines.begin(table.first_line + table.lines);
  }
  out.append(source.substr(done));
  return out;
}

}  // namespace spine::channels
