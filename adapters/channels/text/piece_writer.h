// PieceWriter: one piece as it grows: its text, its plain form, the marks that are open.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "adapters/channels/text/dialect.h"
#include "adapters/channels/text/flow.h"

namespace spine::channels {

// A piece that can be sent as it is.
struct Piece {
  std::string_view text{};
  // What to send where the platform refuses the marks of `text`; within the same limit. The same
  // as `text` where no other form is made: in the Markdown dialects, WhatsApp and plain text.
  std::string_view plain{};
  // In a Markdown dialect: bytes at the start and at the end of `text` that only close and reopen
  // what a cut went through. What is between them stands so in the source.
  std::size_t added_before{};
  std::size_t added_behind{};
};

// Begins anew for every piece; the marks that are open go over from one to the next. Not
// thread-safe. The flow and the dialect outlive it.
class PieceWriter {
 public:
  static constexpr std::size_t kOpenMax = 16;

  // What it takes to go back to a moment of the same piece.
  struct State {
    std::size_t text_bytes{};  // as of state()
    std::size_t plain_bytes{};
    std::size_t units{};
    std::size_t plain_units{};
    std::size_t blocks{};
    std::uint32_t held{};
    std::uint8_t open{};     // marks, in `marks`
    std::uint8_t written{};  // of them, the first so many
    std::uint8_t beyond{};   // open ones for which there was no room
    bool content{};          // something of the flow is in it
    bool visible{};
    std::array<std::uint32_t, kOpenMax> marks{};
  };

  // units_max: of a piece.
  PieceWriter(const Flow& flow, const Dialect& dialect, std::size_t units_max)
      : flow_(flow), dialect_(dialect), units_max_(units_max) {}

  // A new piece, whose first text is at this offset of the flow's: not before that of the last.
  void begin(std::size_t offset);

  void add_text(std::string_view text);
  void add_aside(std::string_view text);
  void add_gap(std::size_t lines);
  void open(std::uint32_t mark);
  void close();
  void add_blocks(std::size_t blocks) { now_.blocks += blocks; }
  void hold() { ++now_.held; }
  void release() { --now_.held; }

  // Writes what comes before a text, so that room() tells what is left for it.
  void prepare();
  // Units left; 0 also if there are too many.
  std::size_t room() const;
  bool fits() const;

  const State& now() const { return now_; }
  State state() const;
  void restore(const State& state);

  // Closes what is open and gives the piece, valid until begin().
  Piece finish();

 private:
  const MarkText& mark(std::size_t index) const { return flow_.marks[now_.marks[index]]; }
  bool keeps_space() const;
  bool in_quote() const;
  void write(std::string_view text, bool shown);
  void write_mark(std::string_view text);
  void write_pending();
  void close_to(std::size_t count);
  void end_line();
  std::size_t closing_units() const;
  std::size_t units_of_mark(std::string_view text) const;
  bool balances() const;
  void begin_line();
  void reopen(std::size_t offset);

  const Flow& flow_;
  const Dialect& dialect_;
  std::size_t units_max_;
  std::string text_{};
  std::string plain_{};
  std::size_t added_before_ = 0;
  std::size_t passed_ = 0;      // the flow's text up to here is in pieces before this one
  std::size_t line_begin_ = 0;  // of the line that holds it
  State now_{};
};

}  // namespace spine::channels
