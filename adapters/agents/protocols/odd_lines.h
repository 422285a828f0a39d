// OddLines: how much nonsense of an agent is borne before it is given up.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "adapters/agents/protocols/protocol.h"

namespace spine::agents {

// `sink` outlives it.
class OddLines {
 public:
  explicit OddLines(ProtocolSink& sink) : sink_(sink) {}

  // Logs what is odd and the beginning of the line; the one beyond limits::kAgentOddLinesMax is a
  // fault.
  void note(std::string_view what, std::string_view line);
  // A line that is fine and of no use: a kind of a newer release, say. Each kind is logged once; a
  // flood of them is a fault.
  void skip(std::string_view kind);
  // The same for what is no fault in any number.
  void pass_over(std::string_view kind);
  // Logs that a line was repaired: the first one since an answer.
  void mended(std::string_view line);
  // What became of a run as it was told, before a fault that ends all telling.
  void before_fault(std::function<void()> settle) { before_fault_ = std::move(settle); }
  // An answer came: what was odd before it did no harm.
  void forgive() { count_ = skipped_ = mended_ = 0; }
  // What was odd last, for people; empty since the last answer = nothing was.
  std::string last() const { return count_ == 0 ? std::string{} : last_; }
  // Tells the sink, once.
  void fault(std::string_view why);
  // Nothing is reported any more.
  bool faulted() const { return faulted_; }

 private:
  ProtocolSink& sink_;
  std::uint32_t count_{};
  std::uint32_t skipped_{};
  std::uint32_t mended_{};
  std::string last_{};
  std::vector<std::string> kinds_{};  // that are skipped, and were logged
  std::function<void()> before_fault_{};
  bool faulted_{};
};

}  // namespace spine::agents
