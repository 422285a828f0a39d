// JoinedPieces: puts characters together again that were cut between two pieces of an answer.
#pragma once

#include <string>
#include <string_view>

#include "adapters/agents/protocols/line_mender.h"

namespace spine::agents {

class JoinedPieces {
 public:
  // The piece as it is to be shown: half a character at its end waits for the next piece. `split`:
  // of the line the piece was in. Borrowed until the next call, or from `piece`.
  std::string_view add(std::string_view piece, const SplitCharacter& split);
  // No further piece belongs to this text: U+FFFD where half a character waits, else nothing.
  std::string_view rest();

 private:
  std::string held_{};
  std::string joined_{};
};

}  // namespace spine::agents
