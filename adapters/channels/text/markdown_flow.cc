// Where blocks, fences and spans stand in the source follows from the texts md4c points to.
#include "adapters/channels/text/markdown_flow.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "adapters/channels/text/markdown.h"
#include "adapters/channels/text/source_lines.h"
#include "schemas/vocab/ascii.h"
#include "schemas/vocab/limits.h"

namespace spine::channels {
namespace {

using Kind = Step::Kind;

// A fenced block of code while it is read.
struct Fence {
  char character{};
  std::string language{};
  std::size_t lines{};                  // of code, as counted so far
  std::optional<std::size_t> opener{};  // its line in the source
};

// A span within a line: what it is, and whether its mark is in the flow.
struct Span {
  MD_SPANTYPE type{};
  bool open{};
};

class MarkdownFlow final : public MarkdownReader {
 public:
  explicit MarkdownFlow(std::string_view source) : source_(source), lines_(source) {}

  void enter_block(MD_BLOCKTYPE type, const void* detail) override;
  void leave_block(MD_BLOCKTYPE type) override;
  void enter_span(MD_SPANTYPE type, const void* detail) override;
  void leave_span(MD_SPANTYPE type) override;
  void text(MD_TEXTTYPE type, std::string_view text, std::optional<std::size_t> at) override;

  Flow take() && {
    advance(source_.size());
    flow_.text = source_;
    return std::move(flow_);
  }

 private:
  void advance(std::size_t to);
  void begin_block_at(std::size_t line);
  void release_at(std::size_t offset);
  void open_spans(std::size_t at);
  void read_code(std::optional<std::size_t> at, std::string_view text);
  void add_fence(const Fence& fence);
  std::optional<std::size_t> find_opener(char character) const;
  MarkText mark_of(MD_SPANTYPE type, std::size_t at) const;

  std::string_view source_;
  SourceLines lines_;
  Flow flow_{};
  std::size_t done_ = 0;        // the source up to here is in the flow
  std::size_t text_end_ = 0;    // of the last text told
  std::size_t next_line_ = 0;   // the first that no block told so far holds
  std::size_t containers_ = 0;  // quotes and items that are open
  std::size_t quotes_ = 0;
  std::size_t rows_ = 0;    // of the table that is open
  std::size_t blocks_ = 0;  // entered since the last start
  bool block_begins_ = false;
  bool line_has_text_ = false;  // the block has told a text
  bool held_ = false;
  bool ended_ = false;  // by a fence that is open to the end of the source
  std::optional<Fence> fence_{};
  std::vector<Span> spans_{};
};

void MarkdownFlow::advance(std::size_t to) {
  if (to <= done_) return;
  flow_.add(Kind::text, done_, to);
  done_ = to;
}

void MarkdownFlow::begin_block_at(std::size_t line) {
  advance(lines_.begin(line));
  const Cut inside = rows_ > 1 ? Cut::line : Cut::item;
  flow_.add_start(containers_ == 0 && rows_ <= 1 ? Cut::block : inside, blocks_);
  blocks_ = 0;
  block_begins_ = false;
}

void MarkdownFlow::release_at(std::size_t offset) {
  if (!held_) return;
  advance(offset);
  flow_.add(Kind::release);
  held_ = false;
}

void MarkdownFlow::enter_block(MD_BLOCKTYPE type, const void* detail) {
  switch (type) {
    case MD_BLOCK_DOC:
    case MD_BLOCK_THEAD:
    case MD_BLOCK_TBODY:
    case MD_BLOCK_TH:
    case MD_BLOCK_TD:
      return;
    case MD_BLOCK_TABLE:
      rows_ = 0;
      break;
    case MD_BLOCK_TR:
      ++rows_;
      break;
    case MD_BLOCK_QUOTE:
      // The mark has no text of its own: it tells the cutter to begin a line anew with its ">".
      if (quotes_++ == 0) flow_.add_open({.quote = true});
      ++containers_;
      break;
    case MD_BLOCK_LI:
      ++containers_;
      break;
    case MD_BLOCK_CODE: {
      const auto* const code = static_cast<const MD_BLOCK_CODE_DETAIL*>(detail);
      if (code->fence_char != 0) {
        fence_ = Fence{.character = code->fence_char, .language = attribute_text(code->lang)};
      }
      break;
    }
    default:
      break;
  }
  ++blocks_;
  block_begins_ = true;
  line_has_text_ = false;
}

void MarkdownFlow::leave_block(MD_BLOCKTYPE type) {
  if (type == MD_BLOCK_THEAD || type == MD_BLOCK_TBODY || type == MD_BLOCK_TH ||
      type == MD_BLOCK_TD || ended_) {
    return;
  }
  if (type == MD_BLOCK_TABLE) rows_ = 0;
  if (fence_) {
    add_fence(*std::exchange(fence_, std::nullopt));
    return;
  }
  if (line_has_text_) {
    const std::size_t line = lines_.at(text_end_);
    release_at(lines_.end(line));
    next_line_ = std::max(next_line_, line + 1);
  }
  if (type == MD_BLOCK_LI) --containers_;
  if (type == MD_BLOCK_QUOTE) {
    --containers_;
    advance(std::min(source_.size(), lines_.begin(next_line_)));
    if (--quotes_ == 0) flow_.add(Kind::close);
  }
}

void MarkdownFlow::enter_span(MD_SPANTYPE type, const void* /*detail*/) {
  spans_.push_back({type, false});
  if (held_ || (block_begins_ && !line_has_text_)) return;
  advance(text_end_);
  flow_.add(Kind::hold);
  held_ = true;
}

void MarkdownFlow::leave_span(MD_SPANTYPE /*type*/) {
  if (spans_.back().open) {
    advance(text_end_);
    flow_.add(Kind::close);
  }
  spans_.pop_back();
}

// What stands around the text of a span, as it is written in the source. One character before the
// text is looked at; what cannot be told from it is the usual form.
MarkText MarkdownFlow::mark_of(MD_SPANTYPE type, std::size_t at) const {
  const char before = at > 0 ? source_[at - 1] : '\0';
  std::string mark;
  switch (type) {
    case MD_SPAN_EM:
      mark = before == '_' ? "_" : "*";
      break;
    case MD_SPAN_STRONG:
      mark = before == '_' ? "__" : "**";
      break;
    case MD_SPAN_DEL:
      mark = before == '~' && at > 1 && source_[at - 2] != '~' ? "~" : "~~";
      break;
    case MD_SPAN_CODE: {
      std::size_t end = at;
      while (end > 0 && kBlanks.find(source_[end - 1]) != std::string_view::npos)
        --end;
      std::size_t begin = end;
      while (begin > 0 && source_[begin - 1] == '`')
        --begin;
      mark = std::string(std::max<std::size_t>(end - begin, 1), '`');
      break;
    }
    default:
      break;
  }
  return {.open = mark, .close = mark};
}

void MarkdownFlow::open_spans(std::size_t at) {
  if (spans_.empty() || spans_.back().open) return;
  if (!held_) {
    flow_.add(Kind::hold);
    held_ = true;
  }
  advance(at);
  for (std::size_t i = 0; i < spans_.size() && i < limits::kMarkdownMarksMax; ++i) {
    Span& span = spans_[i];
    if (span.open) continue;
    flow_.add_open(mark_of(span.type, at));
    span.open = true;
  }
}

void MarkdownFlow::text(MD_TEXTTYPE /*type*/, std::string_view text,
                        std::optional<std::size_t> at) {
  if (fence_) return read_code(at, text);
  if (!at || *at < text_end_) return;
  if (block_begins_) begin_block_at(lines_.at(*at));
  if (spans_.empty()) release_at(*at);
  open_spans(*at);
  text_end_ = *at + text.size();
  line_has_text_ = true;
}

// Every line of code ends with a line end that is not in the source.
void MarkdownFlow::read_code(std::optional<std::size_t> at, std::string_view text) {
  if (at) {
    text_end_ = *at + text.size();
    const std::size_t line = lines_.at(*at);
    if (!fence_->opener && line > fence_->lines) fence_->opener = line - fence_->lines - 1;
  } else if (text == "\n") {
    ++fence_->lines;
  }
}

std::optional<std::size_t> MarkdownFlow::find_opener(char character) const {
  for (std::size_t line = next_line_; line < lines_.count(); ++line) {
    if (lines_.fence(line, character).run >= 3) return line;
  }
  return {};
}

void MarkdownFlow::add_fence(const Fence& fence) {
  const std::optional<std::size_t> opener =
      fence.opener ? fence.opener : find_opener(fence.character);
  if (!opener) return;
  begin_block_at(*opener);
  const FenceLine begins = lines_.fence(*opener, fence.character);
  const std::size_t code_end = std::min(*opener + 1 + fence.lines, lines_.count());
  const bool closed =
      code_end < lines_.count() && lines_.closes(code_end, *opener, fence.character);
  next_line_ = code_end + (closed ? 1 : 0);
  if (begins.run < 3 || begins.run > limits::kFenceRunMax) return;

  const std::string prefix =
      containers_ == 0 ? "" : lines_.continued_prefix(*opener, begins.column);
  const std::string run(begins.run, fence.character);
  const bool named = fence.language.size() <= limits::kFenceLanguageBytesMax &&
                     fence.language.find('`') == std::string::npos;
  const std::size_t run_end = lines_.begin(*opener) + begins.column + begins.run;
  if (run_end < done_) return;
  // Neither the fence nor the line of the language is cut from the code while there is a choice.
  flow_.add(Kind::glue, done_, run_end);
  done_ = run_end;
  flow_.add_open({.open = prefix + run + (named ? fence.language : "") + "\n",
                  .close = "\n" + prefix + run,
                  .keeps_space = true});
  const std::size_t code_begin = lines_.begin(*opener + 1);
  if (code_begin > done_) flow_.add(Kind::glue, done_, code_begin);
  done_ = std::max(done_, code_begin);
  if (code_end >= lines_.count()) {
    // Not closed to the end of the source: the last piece closes it.
    advance(source_.size());
    ended_ = true;
    return;
  }
  const std::size_t end = lines_.begin(code_end);
  if (closed && end > done_) {
    advance(end - 1);
    flow_.add(Kind::glue, done_, end);
    done_ = end;
  }
  advance(end);
  flow_.add(Kind::close);
}

}  // namespace

Flow markdown_flow(std::string_view source) {
  MarkdownFlow flow(source);
  return read_markdown(source, flow) ? std::move(flow).take() : Flow::of(source);
}

}  // namespace spine::channels
