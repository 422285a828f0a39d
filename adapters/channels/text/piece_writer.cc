// Marks are written when the first text in them comes, so that none is empty.
#include "adapters/channels/text/piece_writer.h"

#include <algorithm>

#include "adapters/channels/text/entities.h"
#include "schemas/vocab/check.h"

namespace spine::channels {
namespace {

constexpr std::string_view kQuoted = "> ";
constexpr std::string_view kSpaces = " \t\n";

bool at_line_start(std::string_view text) {
  return text.empty() || text.back() == '\n';
}

}  // namespace

std::size_t PieceWriter::units_of_mark(std::string_view text) const {
  return dialect_.html ? 0 : count_units(text, dialect_.count);
}

bool PieceWriter::keeps_space() const {
  for (std::size_t i = 0; i < now_.open; ++i) {
    if (mark(i).keeps_space) return true;
  }
  return dialect_.takes_markdown;
}

bool PieceWriter::in_quote() const {
  for (std::size_t i = 0; i < now_.open; ++i) {
    if (mark(i).quote) return true;
  }
  return false;
}

void PieceWriter::begin(std::size_t offset) {
  text_.clear();
  plain_.clear();
  State fresh;
  fresh.open = now_.open;
  fresh.beyond = now_.beyond;
  fresh.marks = now_.marks;
  fresh.held = now_.held;
  now_ = fresh;
  if (dialect_.takes_markdown) reopen(offset);
  added_before_ = text_.size();
}

// Marks that would take more than half of a piece are not closed and opened again.
bool PieceWriter::balances() const {
  std::size_t units = 0;
  for (std::size_t i = 0; i < now_.open; ++i) {
    units += units_of_mark(mark(i).open) + units_of_mark(mark(i).close);
  }
  return units <= units_max_ / 2;
}

// In a Markdown dialect: what a cut closed. In the middle of a quoted line its ">" comes as well.
void PieceWriter::reopen(std::size_t offset) {
  now_.written = now_.open;
  for (std::size_t i = 0; i < now_.open && balances(); ++i) {
    // Before the same character it would be another mark: "~~" and "~~" are a fence.
    const std::string_view open = mark(i).open;
    const bool merges = offset < flow_.text.size() && open.ends_with(flow_.text[offset]);
    if (!merges) write_mark(open);
  }
  const std::string_view passed = std::string_view(flow_.text).substr(passed_, offset - passed_);
  const std::size_t line_end = passed.rfind('\n');
  if (line_end != std::string_view::npos) line_begin_ = passed_ + line_end + 1;
  passed_ = offset;
  if (offset == line_begin_ || !in_quote()) return;
  const std::size_t prefix_max = std::min(offset - line_begin_, units_max_ / 8);
  const std::string_view before = std::string_view(flow_.text).substr(line_begin_, prefix_max);
  const std::size_t end = std::min(before.find_first_not_of(" >"), before.size());
  if (end < prefix_max) write_mark(before.substr(0, end));
}

// `shown`: a person sees it, so it counts and is escaped.
void PieceWriter::write(std::string_view text, bool shown) {
  if (dialect_.html && shown) {
    append_escaped(text_, text);
  } else {
    text_.append(text);
  }
  if (shown || !dialect_.html) now_.units += count_units(text, dialect_.count);
}

void PieceWriter::write_mark(std::string_view text) {
  write(text, false);
}

void PieceWriter::write_pending() {
  for (; now_.written < now_.open; ++now_.written) {
    write_mark(mark(now_.written).open);
  }
}

void PieceWriter::close_to(std::size_t count) {
  for (; now_.written > count; --now_.written) {
    write_mark(mark(now_.written - 1).close);
  }
}

// Where a mark ends with its line: closes those that are open, from the first that does.
void PieceWriter::end_line() {
  for (std::size_t i = 0; i < now_.written; ++i) {
    if (!mark(i).spans_lines) return close_to(i);
  }
}

void PieceWriter::begin_line() {
  if (dialect_.takes_markdown || !in_quote()) return;
  if (dialect_.quotes_a_line && at_line_start(text_)) write_mark(kQuoted);
  if (dialect_.html && at_line_start(plain_)) {
    plain_.append(kQuoted);
    now_.plain_units += kQuoted.size();
  }
}

void PieceWriter::prepare() {
  begin_line();
  if (!dialect_.takes_markdown) write_pending();
}

void PieceWriter::add_text(std::string_view text) {
  const bool space_counts = keeps_space();
  if (!now_.content && !space_counts) {
    text.remove_prefix(std::min(text.find_first_not_of(kSpaces), text.size()));
  }
  if (text.empty()) return;
  const std::size_t line_end = text.ends_with('\n') ? 1 : 0;
  const std::string_view body = text.substr(0, text.size() - line_end);
  const bool seen = body.find_first_not_of(kSpaces) != std::string_view::npos;
  if (!body.empty()) begin_line();
  if (seen || space_counts) prepare();
  write(body, true);
  if (line_end > 0) {
    end_line();
    write("\n", true);
  }
  if (dialect_.html) {
    plain_.append(text);
    now_.plain_units += count_units(text, dialect_.count);
  }
  now_.content = true;
  now_.visible = now_.visible || (seen && !is_blank(body));
}

void PieceWriter::add_aside(std::string_view text) {
  if (!dialect_.html) return;
  plain_.append(text);
  now_.plain_units += count_units(text, dialect_.count);
}

void PieceWriter::add_gap(std::size_t lines) {
  if (!now_.content) return;
  end_line();
  const std::string_view ends = std::string_view("\n\n").substr(0, lines);
  write(ends, true);
  if (dialect_.html) {
    plain_.append(ends);
    now_.plain_units += ends.size();
  }
}

void PieceWriter::open(std::uint32_t mark) {
  if (now_.beyond > 0 || now_.open == kOpenMax) {
    ++now_.beyond;
    return;
  }
  now_.marks[now_.open++] = mark;
  if (dialect_.takes_markdown) now_.written = now_.open;
}

void PieceWriter::close() {
  if (now_.beyond > 0) {
    --now_.beyond;
    return;
  }
  SPINE_CHECK(now_.open > 0);
  if (!dialect_.takes_markdown) close_to(now_.open - 1U);
  --now_.open;
  now_.written = std::min(now_.written, now_.open);
}

std::size_t PieceWriter::closing_units() const {
  if (dialect_.html || (dialect_.takes_markdown && !balances())) return 0;
  std::size_t units = 0;
  for (std::size_t i = 0; i < now_.written; ++i) {
    units += units_of_mark(mark(i).close);
  }
  return units;
}

std::size_t PieceWriter::room() const {
  const std::size_t used = std::max(now_.units + closing_units(), now_.plain_units);
  return used < units_max_ ? units_max_ - used : 0;
}

bool PieceWriter::fits() const {
  return now_.units + closing_units() <= units_max_ && now_.plain_units <= units_max_ &&
         (dialect_.blocks_max == 0 || now_.blocks <= dialect_.blocks_max);
}

PieceWriter::State PieceWriter::state() const {
  State state = now_;
  state.text_bytes = text_.size();
  state.plain_bytes = plain_.size();
  return state;
}

void PieceWriter::restore(const State& state) {
  now_ = state;
  text_.resize(state.text_bytes);
  plain_.resize(state.plain_bytes);
}

Piece PieceWriter::finish() {
  if (!now_.visible) return {};
  std::size_t source_end = text_.size();
  if (dialect_.takes_markdown) {
    for (std::size_t i = now_.open; i > 0 && balances(); --i) {
      std::string_view close = mark(i - 1).close;
      if (close.starts_with('\n') && at_line_start(text_)) close.remove_prefix(1);
      text_.append(close);
    }
  } else {
    const auto trim = [](std::string& text) {
      text.erase(std::min(text.find_last_not_of(kSpaces) + 1, text.size()));
    };
    if (!keeps_space()) {
      trim(text_);
      trim(plain_);
    }
    close_to(0);
  }
  return {text_, dialect_.html ? plain_ : text_, added_before_, text_.size() - source_end};
}

}  // namespace spine::channels
