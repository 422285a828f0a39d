// Writes until a piece is full, and goes back to the best place it has passed.
#include "adapters/channels/text/piece_cutter.h"

#include <algorithm>

#include "schemas/vocab/check.h"
#include "schemas/vocab/utf8.h"

namespace spine::channels {
namespace {

using Kind = Step::Kind;

// The part of a piece that must be full for a cut of this quality, as 1/n. By Cut.
constexpr std::array<std::size_t, kCuts> kShareOf = {1, 2, 2, 2, 2, 3, 4};

}  // namespace

std::size_t PieceCutter::cut(const Sink& sink) {
  std::size_t pieces = 0;
  while (at_.step < flow_.steps.size()) {
    const Place began = at_;
    writer_.begin(offset());
    saved_.fill(std::nullopt);
    while (at_.step < flow_.steps.size() && take(flow_.steps[at_.step])) {
      ++at_.step;
      at_.byte = 0;
    }
    if (at_.step < flow_.steps.size()) {
      retreat();
      SPINE_CHECK(at_.step > began.step || at_.byte > began.byte);
    }
    const Piece piece = writer_.finish();
    if (piece.text.empty()) continue;
    sink(piece);
    ++pieces;
  }
  return pieces;
}

// Of the text that comes next.
std::size_t PieceCutter::offset() const {
  for (std::size_t i = at_.step; i < flow_.steps.size(); ++i) {
    const Step& step = flow_.steps[i];
    if (step.kind == Kind::text || step.kind == Kind::glue) {
      return step.begin + (i == at_.step ? at_.byte : 0);
    }
  }
  return flow_.text.size();
}

bool PieceCutter::take(const Step& step) {
  switch (step.kind) {
    case Kind::text:
      return take_text(step);
    case Kind::glue:
    case Kind::aside:
      return take_whole(step);
    default:
      return take_mark(step);
  }
}

bool PieceCutter::take_text(const Step& step) {
  // A chunk of more bytes than this is longer than a piece.
  const std::size_t bytes_max = std::min(units_max_, flow_.text.size()) * 4 + 4;
  for (std::size_t begin = step.begin + at_.byte; begin < step.end;) {
    const Chunk chunk = next_chunk(flow_.text, begin, step.end, bytes_max);
    overflow_ = {writer_.state(), std::string_view(flow_.text).substr(begin, chunk.end - begin)};
    writer_.add_text(overflow_.text);
    if (!writer_.fits()) return false;
    begin = chunk.end;
    at_.byte = begin - step.begin;
    const bool within_line = chunk.cut == Cut::word || chunk.cut == Cut::sentence;
    const bool misread =
        within_line && dialect_.takes_markdown && would_begin_block(flow_.text, begin);
    if (chunk.cut != Cut::none && !misread) save(chunk.cut);
  }
  return true;
}

bool PieceCutter::take_whole(const Step& step) {
  const std::size_t begin = step.begin + at_.byte;
  const std::string_view text = std::string_view(flow_.text).substr(begin, step.end - begin);
  overflow_ = {writer_.state(), step.kind == Kind::glue ? text : std::string_view{}};
  if (step.kind == Kind::glue) {
    writer_.add_text(text);
  } else {
    writer_.add_aside(text);
  }
  return writer_.fits();
}

bool PieceCutter::take_mark(const Step& step) {
  overflow_ = {writer_.state(), {}};
  switch (step.kind) {
    case Kind::start:
      save(static_cast<Cut>(step.value));
      writer_.add_blocks(step.begin);
      break;
    case Kind::gap:
      writer_.add_gap(step.value);
      break;
    case Kind::open:
      writer_.open(step.begin);
      break;
    case Kind::close:
      writer_.close();
      break;
    case Kind::hold:
      writer_.hold();
      break;
    default:
      writer_.release();
  }
  return writer_.fits();
}

void PieceCutter::save(Cut cut) {
  if (!writer_.now().content) return;
  const Cut as = writer_.now().held > 0 ? Cut::held : cut;
  saved_[static_cast<std::size_t>(as)] = Saved{writer_.state(), at_};
}

const PieceCutter::Saved* PieceCutter::best() const {
  for (std::size_t i = kCuts; i-- > 0;) {
    if (saved_[i] && saved_[i]->state.units >= units_max_ / kShareOf[i]) return &*saved_[i];
  }
  return nullptr;
}

const PieceCutter::Saved* PieceCutter::latest() const {
  const Saved* found = nullptr;
  for (const std::optional<Saved>& each : saved_) {
    if (each && (found == nullptr || each->state.units >= found->state.units)) found = &*each;
  }
  return found;
}

void PieceCutter::retreat_to(const Saved& saved) {
  writer_.restore(saved.state);
  at_ = saved.place;
}

// The piece is too long by overflow_.text, or by a mark: goes back to where it is to end.
void PieceCutter::retreat() {
  if (const Saved* const saved = best()) return retreat_to(*saved);
  const Saved* const saved = latest();
  const bool fits_next = count_units(overflow_.text, dialect_.count) <= units_max_ / 2;
  if (saved != nullptr && fits_next) return retreat_to(*saved);
  if (cut_characters()) return;
  if (saved != nullptr) return retreat_to(*saved);
  // Nothing to go back to, and no text to cut: marks alone do not fill a piece, so there is text.
  writer_.restore(overflow_.before);
  SPINE_CHECK(writer_.now().content);
}

// Ends the piece inside overflow_.text.
bool PieceCutter::cut_characters() {
  std::string_view text = overflow_.text;
  if (text.empty()) return false;
  writer_.restore(overflow_.before);
  const bool content = writer_.now().content;
  writer_.prepare();
  const std::size_t room = writer_.room();
  std::size_t bytes = fit_graphemes(text, dialect_.count, room);
  if (bytes == 0) {
    // Nothing more fits: the piece ends before this text, if it may.
    writer_.restore(overflow_.before);
    if (content && is_boundary(flow_.text, offset())) return true;
    // One character is longer than what is left of a piece.
    if (content && room < units_max_ / 2) return false;
    writer_.prepare();
    while (bytes < text.size() && count_units(text.substr(0, bytes + 1), dialect_.count) <= room)
      ++bytes;
  }
  bytes = cut_text(text, bytes).size();
  if (bytes == 0) return false;
  writer_.add_text(text.substr(0, bytes));
  at_.byte += bytes;
  return true;
}

}  // namespace spine::channels
