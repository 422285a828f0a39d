// One pass of md4c's callbacks; what a block is on a platform without blocks is decided here.
#include "adapters/channels/text/rendered_flow.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "adapters/channels/text/entities.h"
#include "adapters/channels/text/markdown.h"
#include "adapters/channels/text/table_grid.h"
#include "schemas/vocab/ascii.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/utf8.h"

namespace spine::channels {
namespace {

using Kind = Step::Kind;

constexpr std::string_view kBullet = "\xE2\x80\xA2 ";
constexpr std::string_view kTaskOpen = "\xE2\x98\x90 ";
constexpr std::string_view kTaskDone = "\xE2\x98\x91 ";
constexpr std::string_view kRule =
    "\xE2\x80\x94\xE2\x80\x94\xE2\x80\x94\xE2\x80\x94\xE2\x80\x94\xE2\x80\x94\xE2\x80\x94\xE2\x80"
    "\x94";

struct List {
  bool ordered{};
  bool tight{};
  unsigned next{};
};

struct Link {
  std::string target{};
  std::size_t text_begin{};
  bool marked{};
};

class RenderedFlow final : public MarkdownReader {
 public:
  RenderedFlow(std::string_view source, const Dialect& dialect, std::size_t url_units_max)
      : source_(source), dialect_(dialect), url_units_max_(url_units_max) {}

  void enter_block(MD_BLOCKTYPE type, const void* detail) override;
  void leave_block(MD_BLOCKTYPE type) override;
  void enter_span(MD_SPANTYPE type, const void* detail) override;
  void leave_span(MD_SPANTYPE type) override;
  void text(MD_TEXTTYPE type, std::string_view text, std::optional<std::size_t> at) override;

  Flow take() && { return std::move(flow_); }

 private:
  void begin_block();
  void begin_item(const MD_BLOCK_LI_DETAIL& item);
  void begin_list(List list);
  void begin_code(const MD_BLOCK_CODE_DETAIL& code);
  void end_block() {
    gap_ = std::max<std::uint8_t>(gap_, !lists_.empty() && lists_.back().tight ? 1 : 2);
  }
  void indent(std::size_t depth);
  void new_line();
  void add_text(std::string_view text);
  void open(Mark mark) { open(mark, form_of(mark)); }
  void open(Mark mark, MarkText text);
  void close(Mark mark);
  MarkText form_of(Mark mark) const;
  void open_link(const MD_ATTRIBUTE& target);
  void close_link();

  std::string_view source_;
  const Dialect& dialect_;
  std::size_t url_units_max_;
  Flow flow_{};
  std::vector<List> lists_{};
  std::vector<Link> links_{};
  std::optional<TableGrid> table_{};
  std::array<std::size_t, kMarks> depth_{};  // how often each mark is open; it is written once
  std::size_t quotes_ = 0;
  std::size_t source_end_ = 0;  // of what was last told of the source
  std::uint8_t gap_ = 0;        // line ends that are due before what comes next
};

MarkText RenderedFlow::form_of(Mark mark) const {
  const MarkForm form = dialect_.marks[static_cast<std::size_t>(mark)];
  MarkText text{.open = std::string(form.open), .close = std::string(form.close)};
  text.keeps_space = mark == Mark::block;
  text.quote = mark == Mark::quote;
  text.spans_lines = !dialect_.marks_a_line || mark == Mark::block || mark == Mark::quote;
  return text;
}

void RenderedFlow::open(Mark mark, MarkText text) {
  if (depth_[static_cast<std::size_t>(mark)]++ > 0) return;
  flow_.add_open(std::move(text));
}

void RenderedFlow::close(Mark mark) {
  if (--depth_[static_cast<std::size_t>(mark)] > 0) return;
  flow_.add(Kind::close);
}

void RenderedFlow::add_text(std::string_view text) {
  const std::size_t begin = flow_.text.size();
  flow_.text.append(text);
  const bool goes_on = !flow_.steps.empty() && flow_.steps.back().kind == Kind::text &&
                       flow_.steps.back().end == begin;
  if (goes_on) {
    flow_.steps.back().end = static_cast<std::uint32_t>(flow_.text.size());
  } else if (!text.empty()) {
    flow_.add(Kind::text, begin, flow_.text.size());
  }
}

void RenderedFlow::indent(std::size_t depth) {
  const std::size_t begin = flow_.text.size();
  flow_.text.append(2 * std::min(depth, limits::kListIndentsMax), ' ');
  if (flow_.text.size() > begin) flow_.add(Kind::glue, begin, flow_.text.size());
}

void RenderedFlow::new_line() {
  add_text("\n");
  indent(lists_.size());
}

void RenderedFlow::begin_block() {
  if (gap_ == 0) return;
  const bool outermost = lists_.empty() && quotes_ == 0;
  flow_.add_start(outermost ? Cut::block : Cut::item, 1);
  flow_.add(Kind::gap, 0, 0, gap_);
  gap_ = 0;
  indent(lists_.size());
}

void RenderedFlow::begin_list(List list) {
  // A tight item has its text without a paragraph that would end.
  if (!lists_.empty() && gap_ == 0 && !flow_.steps.empty() &&
      flow_.steps.back().kind != Kind::glue) {
    gap_ = 1;
  }
  lists_.push_back(list);
}

void RenderedFlow::begin_item(const MD_BLOCK_LI_DETAIL& item) {
  List& list = lists_.back();
  if (gap_ > 0) {
    const bool outermost = lists_.size() == 1 && quotes_ == 0 && gap_ > 1;
    flow_.add_start(outermost ? Cut::block : Cut::item, 1);
    flow_.add(Kind::gap, 0, 0, gap_);
    gap_ = 0;
    indent(lists_.size() - 1);
  }
  const std::size_t begin = flow_.text.size();
  if (list.ordered) {
    flow_.text.append(std::to_string(list.next++)).append(". ");
  }
  if (item.is_task != 0) {
    flow_.text.append(item.task_mark == ' ' ? kTaskOpen : kTaskDone);
  } else if (!list.ordered) {
    flow_.text.append(kBullet);
  }
  flow_.add(Kind::glue, begin, flow_.text.size());
}

void RenderedFlow::begin_code(const MD_BLOCK_CODE_DETAIL& code) {
  begin_block();
  MarkText text = form_of(Mark::block);
  const std::string language = attribute_text(code.lang);
  const bool named = !language.empty() && language.size() <= limits::kFenceLanguageBytesMax &&
                     is_plain(language, "+-#._");
  if (dialect_.html && named) {
    text.open = "<pre><code class=\"language-" + language + "\">";
    text.close = "</code></pre>";
  }
  open(Mark::block, std::move(text));
}

void RenderedFlow::enter_block(MD_BLOCKTYPE type, const void* detail) {
  if (table_) return table_->enter_block(type, detail);
  switch (type) {
    case MD_BLOCK_QUOTE:
      begin_block();
      ++quotes_;
      open(Mark::quote);
      break;
    case MD_BLOCK_UL:
      begin_list({false, static_cast<const MD_BLOCK_UL_DETAIL*>(detail)->is_tight != 0, 0});
      break;
    case MD_BLOCK_OL: {
      const auto* const list = static_cast<const MD_BLOCK_OL_DETAIL*>(detail);
      begin_list({true, list->is_tight != 0, list->start});
      break;
    }
    case MD_BLOCK_LI:
      begin_item(*static_cast<const MD_BLOCK_LI_DETAIL*>(detail));
      break;
    case MD_BLOCK_HR:
      begin_block();
      add_text(kRule);
      break;
    case MD_BLOCK_H:
      begin_block();
      open(Mark::bold);
      break;
    case MD_BLOCK_CODE:
      begin_code(*static_cast<const MD_BLOCK_CODE_DETAIL*>(detail));
      break;
    case MD_BLOCK_P:
      begin_block();
      break;
    case MD_BLOCK_TABLE:
      begin_block();
      open(Mark::block);
      table_.emplace(*static_cast<const MD_BLOCK_TABLE_DETAIL*>(detail));
      break;
    default:
      break;
  }
}

void RenderedFlow::leave_block(MD_BLOCKTYPE type) {
  if (table_ && type != MD_BLOCK_TABLE) return table_->leave_block(type);
  switch (type) {
    case MD_BLOCK_QUOTE:
      close(Mark::quote);
      --quotes_;
      break;
    case MD_BLOCK_UL:
    case MD_BLOCK_OL:
      lists_.pop_back();
      break;
    case MD_BLOCK_LI:
      gap_ = std::max<std::uint8_t>(gap_, 1);
      return;
    case MD_BLOCK_H:
      close(Mark::bold);
      break;
    case MD_BLOCK_CODE:
      // The last line of code ends with the block.
      if (!flow_.steps.empty() && flow_.steps.back().kind == Kind::text &&
          flow_.text.ends_with('\n')) {
        flow_.text.pop_back();
        --flow_.steps.back().end;
      }
      close(Mark::block);
      break;
    case MD_BLOCK_TABLE:
      add_text(table_->text_in_columns());
      table_.reset();
      close(Mark::block);
      break;
    case MD_BLOCK_HR:
    case MD_BLOCK_P:
      break;
    default:
      return;
  }
  end_block();
}

void RenderedFlow::open_link(const MD_ATTRIBUTE& target) {
  Link link{.target = attribute_text(target)};
  const bool nested = depth_[static_cast<std::size_t>(Mark::link)] > 0;
  link.marked = dialect_.html && !nested && is_link_target(link.target) &&
                count_units(link.target, dialect_.count) <= url_units_max_;
  if (link.marked) {
    MarkText text = form_of(Mark::link);
    text.open = "<a href=\"";
    append_escaped(text.open, link.target);
    text.open += "\">";
    open(Mark::link, std::move(text));
  }
  link.text_begin = flow_.text.size();
  links_.push_back(std::move(link));
}

void RenderedFlow::close_link() {
  const Link link = std::move(links_.back());
  links_.pop_back();
  const std::string_view shown = std::string_view(flow_.text).substr(link.text_begin);
  const bool told = shown == link.target || "mailto:" + std::string(shown) == link.target;
  if (shown.empty()) {
    add_text(link.target);
  } else if (!link.target.empty() && !told) {
    const std::string behind = " (" + link.target + ")";
    if (link.marked) {
      const std::size_t begin = flow_.text.size();
      flow_.text.append(behind);
      flow_.add(Kind::aside, begin, flow_.text.size());
    } else {
      add_text(behind);
    }
  }
  if (link.marked) close(Mark::link);
}

void RenderedFlow::enter_span(MD_SPANTYPE type, const void* detail) {
  if (table_) return table_->enter_span(type, detail);
  if (type == MD_SPAN_LATEXMATH) return add_text("$");
  if (type == MD_SPAN_LATEXMATH_DISPLAY) return add_text("$$");
  flow_.add(Kind::hold);
  switch (type) {
    case MD_SPAN_EM:
      return open(Mark::italic);
    case MD_SPAN_STRONG:
      return open(Mark::bold);
    case MD_SPAN_DEL:
      return open(Mark::strike);
    case MD_SPAN_CODE:
      return open(Mark::code);
    case MD_SPAN_A:
      return open_link(static_cast<const MD_SPAN_A_DETAIL*>(detail)->href);
    case MD_SPAN_IMG:
      return open_link(static_cast<const MD_SPAN_IMG_DETAIL*>(detail)->src);
    default:
      return;
  }
}

void RenderedFlow::leave_span(MD_SPANTYPE type) {
  if (table_) return table_->leave_span(type);
  if (type == MD_SPAN_LATEXMATH) return add_text("$");
  if (type == MD_SPAN_LATEXMATH_DISPLAY) return add_text("$$");
  switch (type) {
    case MD_SPAN_EM:
      close(Mark::italic);
      break;
    case MD_SPAN_STRONG:
      close(Mark::bold);
      break;
    case MD_SPAN_DEL:
      close(Mark::strike);
      break;
    case MD_SPAN_CODE:
      close(Mark::code);
      break;
    case MD_SPAN_A:
    case MD_SPAN_IMG:
      close_link();
      break;
    default:
      break;
  }
  flow_.add(Kind::release);
}

void RenderedFlow::text(MD_TEXTTYPE type, std::string_view text, std::optional<std::size_t> at) {
  if (table_) return table_->text(type, text);
  // LaTeX stays as it is: \( \) and \[ \] are no escapes.
  const bool escaped = at && *at > 0 && *at != source_end_ && source_[*at - 1] == '\\';
  if (escaped && type == MD_TEXT_NORMAL &&
      std::string_view("()[]").find(text.front()) != std::string_view::npos) {
    add_text("\\");
  }
  if (at) source_end_ = *at + text.size();
  switch (type) {
    case MD_TEXT_NULLCHAR:
      return add_text(kReplacement);
    case MD_TEXT_BR:
    case MD_TEXT_SOFTBR:
      return new_line();
    case MD_TEXT_ENTITY: {
      std::string resolved;
      append_entity(resolved, text);
      return add_text(resolved);
    }
    default:
      return add_text(text);
  }
}

}  // namespace

Flow rendered_flow(std::string_view source, const Dialect& dialect, std::size_t url_units_max) {
  RenderedFlow flow(source, dialect, url_units_max);
  // Where more would be said than the source says, it is shown as it was written.
  return read_markdown(source, flow) ? std::move(flow).take() : Flow::of(source);
}

}  // namespace spine::channels
