// LineProtocol: what all have in common whose messages are objects of JSON, one a line; and how
// much nonsense of an agent is borne before it is given up.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "adapters/agents/protocols/json_in.h"
#include "adapters/agents/protocols/protocol.h"

namespace spine::agents {

// `host` outlives it.
class OddLines {
 public:
  explicit OddLines(ProtocolHost& host) : host_(host) {}

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
  // Tells the host, once.
  void fault(std::string_view why);
  // Nothing is reported any more.
  bool faulted() const { return faulted_; }

 private:
  ProtocolHost& host_;
  std::uint32_t count_{};
  std::uint32_t skipped_{};
  std::uint32_t mended_{};
  std::string last_{};
  std::vector<std::string> kinds_{};  // that are skipped, and were logged
  std::function<void()> before_fault_{};
  bool faulted_{};
};

class LineProtocol : public Protocol {
 public:
  LineProtocol(const AgentProfile& profile, ProtocolHost& host, RunEvents& events)
      : profile_(profile), host_(host), events_(events), odd_(host) {}

  void line(std::string_view text) override;
  std::string odd_line() const override { return odd_.last(); }

 protected:
  // False: lines are of no interest.
  virtual bool listens() const { return true; }
  // An object of the line `text`.
  virtual void on_message(const JsonNode& message, std::string_view text) = 0;
  // All of the line, or a part of it, cannot be read.
  virtual void on_unreadable(std::string_view text) = 0;
  // The command, and what is configured behind it.
  std::vector<std::string> plain_command(std::string_view command) const;

  const AgentProfile& profile_;
  ProtocolHost& host_;
  RunEvents& events_;
  OddLines odd_;
  JsonIn in_{};
};

}  // namespace spine::agents
