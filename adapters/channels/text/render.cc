// Source -> flow -> pieces.
#include "adapters/channels/text/render.h"

#include <algorithm>
#include <string>

#include "adapters/channels/text/fenced_tables.h"
#include "adapters/channels/text/flow.h"
#include "adapters/channels/text/markdown.h"
#include "adapters/channels/text/markdown_flow.h"
#include "adapters/channels/text/piece_cutter.h"
#include "adapters/channels/text/rendered_flow.h"
#include "schemas/vocab/limits.h"

namespace spine::channels {
namespace {

// What Telegram takes in a rich message.
constexpr std::size_t kRichColumnsMax = 20;
constexpr std::size_t kRichLevelsMax = 16;

// Of a piece, so that the URL of a link does not fill it.
constexpr std::size_t kUrlShare = 4;

class RichNeeds final : public MarkdownReader {
 public:
  void enter_block(MD_BLOCKTYPE type, const void* detail) override {
    ++level_;
    deepest_ = std::max(deepest_, level_);
    needed_ = needed_ || type == MD_BLOCK_H || type == MD_BLOCK_TABLE;
    if (type != MD_BLOCK_TABLE) return;
    const auto* const table = static_cast<const MD_BLOCK_TABLE_DETAIL*>(detail);
    refused_ = refused_ || table->col_count > kRichColumnsMax;
  }
  void leave_block(MD_BLOCKTYPE /*type*/) override { --level_; }
  void enter_span(MD_SPANTYPE type, const void* /*detail*/) override {
    ++level_;
    deepest_ = std::max(deepest_, level_);
    needed_ = needed_ || type == MD_SPAN_LATEXMATH_DISPLAY;
    maths_ = type == MD_SPAN_LATEXMATH;
  }
  void leave_span(MD_SPANTYPE /*type*/) override {
    --level_;
    maths_ = false;
  }
  void text(MD_TEXTTYPE /*type*/, std::string_view text,
            std::optional<std::size_t> /*at*/) override {
    // Between two amounts of money there are words; in maths there is more.
    if (maths_ && text.find_first_of("\\^_={}") != std::string_view::npos) needed_ = true;
  }

  bool answer() const { return needed_ && !refused_ && deepest_ <= kRichLevelsMax; }

 private:
  std::size_t level_ = 0;
  std::size_t deepest_ = 0;
  bool needed_ = false;
  bool refused_ = false;
  bool maths_ = false;
};

std::size_t units_of_piece(const Dialect& dialect, std::size_t units_max) {
  const std::size_t most = dialect.units_max == 0 ? std::size_t{1} << 30U : dialect.units_max;
  const std::size_t wanted = units_max == 0 ? most : std::min(units_max, most);
  return std::max(wanted, limits::kPieceUnitsMin);
}

}  // namespace

void render_pieces(std::string_view source, const Dialect& dialect, std::size_t units_max,
                   const std::function<void(const Piece&)>& sink) {
  const std::size_t units = units_of_piece(dialect, units_max);
  const std::string text = repair_utf8(source);
  if (is_blank(text)) return;
  const auto flow_of = [&] {
    if (!dialect.takes_markdown) {
      return rendered_flow(text, dialect, std::min(limits::kLinkUnitsMax, units / kUrlShare));
    }
    return dialect.tables ? markdown_flow(text) : markdown_flow(with_fenced_tables(text));
  };
  const Flow flow = flow_of();
  if (PieceCutter(flow, dialect, units).cut(sink) > 0) return;
  // Marks of Markdown and nothing in them, such as "#": shown as it was written.
  const Flow marks = Flow::of(text);
  PieceCutter(marks, dialect, units).cut(sink);
}

bool needs_rich(std::string_view source) {
  const std::string text = repair_utf8(source);
  RichNeeds needs;
  return read_markdown(text, needs) && needs.answer();
}

}  // namespace spine::channels
