// Cells in one text, with the ends of each; columns as wide as their widest cell.
#include "adapters/channels/text/table_grid.h"

#include <algorithm>

#include "adapters/channels/text/entities.h"
#include "adapters/channels/text/text_units.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/utf8.h"

namespace spine::channels {
namespace {

constexpr std::string_view kBetweenColumns = " | ";
constexpr std::string_view kBetweenRules = "-+-";

}  // namespace

void TableGrid::enter_block(MD_BLOCKTYPE type, const void* detail) {
  if (type != MD_BLOCK_TH && type != MD_BLOCK_TD) return;
  in_cell_ = true;
  if (type == MD_BLOCK_TH) {
    aligns_.push_back(static_cast<const MD_BLOCK_TD_DETAIL*>(detail)->align);
  }
}

void TableGrid::leave_block(MD_BLOCKTYPE type) {
  if (type == MD_BLOCK_TH || type == MD_BLOCK_TD) end_cell();
}

void TableGrid::end_cell() {
  const std::size_t begin = cells_.empty() ? 0 : cells_.back().end;
  const std::size_t width = display_width(std::string_view(text_).substr(begin));
  cells_.push_back({static_cast<std::uint32_t>(text_.size()), static_cast<std::uint32_t>(width)});
  links_.clear();
  in_cell_ = false;
}

void TableGrid::enter_span(MD_SPANTYPE type, const void* detail) {
  if (type == MD_SPAN_A) {
    links_.push_back(
        {attribute_text(static_cast<const MD_SPAN_A_DETAIL*>(detail)->href), text_.size()});
  } else if (type == MD_SPAN_IMG) {
    links_.push_back(
        {attribute_text(static_cast<const MD_SPAN_IMG_DETAIL*>(detail)->src), text_.size()});
  } else if (type == MD_SPAN_LATEXMATH) {
    text_ += "$";
  } else if (type == MD_SPAN_LATEXMATH_DISPLAY) {
    text_ += "$$";
  }
}

void TableGrid::leave_span(MD_SPANTYPE type) {
  if (type == MD_SPAN_LATEXMATH) text_ += "$";
  if (type == MD_SPAN_LATEXMATH_DISPLAY) text_ += "$$";
  if ((type != MD_SPAN_A && type != MD_SPAN_IMG) || links_.empty()) return;
  const Link link = std::move(links_.back());
  links_.pop_back();
  const std::string_view shown = std::string_view(text_).substr(link.begin);
  if (link.target.empty() || shown == link.target) return;
  text_ += shown.empty() ? link.target : " (" + link.target + ")";
}

void TableGrid::text(MD_TEXTTYPE type, std::string_view text) {
  if (!in_cell_) return;
  switch (type) {
    case MD_TEXT_NULLCHAR:
      text_ += kReplacement;
      break;
    case MD_TEXT_BR:
    case MD_TEXT_SOFTBR:
      text_ += ' ';
      break;
    case MD_TEXT_ENTITY:
      append_entity(text_, text);
      break;
    default:
      text_ += text;
  }
}

std::string_view TableGrid::cell_text(std::size_t index) const {
  const std::size_t begin = index == 0 ? 0 : cells_[index - 1].end;
  return std::string_view(text_).substr(begin, cells_[index].end - begin);
}

std::vector<std::size_t> TableGrid::widths() const {
  std::vector<std::size_t> widths(columns_, 1);
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    const std::size_t width = std::min<std::size_t>(cells_[i].width, limits::kTableColumnWidthMax);
    widths[i % columns_] = std::max(widths[i % columns_], width);
  }
  return widths;
}

void TableGrid::append_row(std::string& out, std::size_t row,
                           const std::vector<std::size_t>& widths) const {
  for (std::size_t column = 0; column < columns_; ++column) {
    const std::size_t index = row * columns_ + column;
    const std::size_t width = cells_[index].width;
    const std::size_t room = widths[column] > width ? widths[column] - width : 0;
    const MD_ALIGN align = column < aligns_.size() ? aligns_[column] : MD_ALIGN_DEFAULT;
    std::size_t before = 0;
    if (align == MD_ALIGN_RIGHT) before = room;
    if (align == MD_ALIGN_CENTER) before = room / 2;
    if (column > 0) out.append(kBetweenColumns);
    out.append(before, ' ');
    out.append(cell_text(index));
    out.append(room - before, ' ');
  }
  while (!out.empty() && out.back() == ' ')
    out.pop_back();
}

std::string TableGrid::text_in_columns() const {
  std::string out;
  if (columns_ == 0) return out;
  const std::vector<std::size_t> wide = widths();
  const std::size_t rows = cells_.size() / columns_;
  for (std::size_t row = 0; row < rows; ++row) {
    if (row > 0) out += '\n';
    append_row(out, row, wide);
    if (row != 0) continue;
    out += '\n';
    for (std::size_t column = 0; column < columns_; ++column) {
      if (column > 0) out.append(kBetweenRules);
      out.append(wide[column], '-');
    }
  }
  return out;
}

}  // namespace spine::channels
