// PieceCutter: cuts a flow into pieces, each within the limit, at the best place there is.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <optional>
#include <string_view>

#include "adapters/channels/text/dialect.h"
#include "adapters/channels/text/flow.h"
#include "adapters/channels/text/piece_writer.h"

namespace spine::channels {

// Prefers an end of a block to one of an item, a line, a sentence, a word, as long as the piece is
// not too short by that; then between two characters as people see them, and only inside of one
// that is longer than a piece. Time is linear in the flow. Not thread-safe; the flow and the
// dialect outlive it.
class PieceCutter {
 public:
  using Sink = std::function<void(const Piece&)>;

  // REQUIRES: units_max >= limits::kPieceUnitsMin.
  PieceCutter(const Flow& flow, const Dialect& dialect, std::size_t units_max)
      : flow_(flow), dialect_(dialect), units_max_(units_max), writer_(flow, dialect, units_max) {}

  // Each piece in order; borrowed for the call. One in which nothing is to be seen is left out.
  // Gives how many there were.
  std::size_t cut(const Sink& sink);

 private:
  struct Place {
    std::size_t step{};
    std::size_t byte{};  // within the text of the step
  };
  struct Saved {
    PieceWriter::State state{};
    Place place{};
  };
  // The text that did not fit, and the moment before it.
  struct Overflow {
    PieceWriter::State before{};
    std::string_view text{};
  };

  bool take(const Step& step);
  bool take_text(const Step& step);
  bool take_whole(const Step& step);
  bool take_mark(const Step& step);
  void save(Cut cut);
  void retreat();
  void retreat_to(const Saved& saved);
  const Saved* best() const;
  const Saved* latest() const;
  bool cut_characters();
  std::size_t offset() const;

  const Flow& flow_;
  const Dialect& dialect_;
  std::size_t units_max_;
  PieceWriter writer_;
  Place at_{};
  std::array<std::optional<Saved>, kCuts> saved_{};
  Overflow overflow_{};
};

}  // namespace spine::channels
