// OddLines: how much nonsense of an agent is borne before it is given up.
#pragma once

#include <cstdint>
#include <string_view>

#include "adapters/agents/protocols/protocol.h"

namespace spine::agents {

// `sink` outlives it.
class OddLines {
 public:
  explicit OddLines(ProtocolSink& sink) : sink_(sink) {}

  // Logs what is odd and the beginning of the line; the one beyond limits::kAgentOddLinesMax is a
  // fault.
  void note(std::string_view what, std::string_view line);
  // A line that is fine and of no use: a kind of a newer release, say. A flood of them is a fault.
  void skip(std::string_view kind);
  // An answer came: what was odd before it did no harm.
  void forgive() { count_ = skipped_ = 0; }
  // Tells the sink, once.
  void fault(std::string_view why);
  // Nothing is reported any more.
  bool faulted() const { return faulted_; }

 private:
  ProtocolSink& sink_;
  std::uint32_t count_{};
  std::uint32_t skipped_{};
  bool faulted_{};
};

}  // namespace spine::agents
