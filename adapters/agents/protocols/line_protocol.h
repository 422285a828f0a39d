// LineProtocol: base of the protocols with one JSON object per line; OddLines: how many malformed
// lines of an agent are tolerated.
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

  // Logs what is odd and the beginning of the line; more than limits::kAgentOddLinesMax are a
  // fault.
  void note(std::string_view what, std::string_view line);
  // A valid line of an unknown kind, e.g. of a newer release. Each kind is logged once; a flood of
  // them is a fault.
  void skip(std::string_view kind);
  // The same, but any number of them is tolerated.
  void pass_over(std::string_view kind);
  // Logs that a line was repaired: the first one since an answer.
  void mended(std::string_view line);
  // `settle` is called before a fault, to report the end of runs: nothing is reported afterwards.
  void before_fault(std::function<void()> settle) { before_fault_ = std::move(settle); }
  // An answer came: resets the counts.
  void forgive() { count_ = skipped_ = mended_ = 0; }
  // The last odd line, for people; empty = none since the last answer.
  std::string last() const { return count_ == 0 ? std::string{} : last_; }
  // Reports the fault to the host; only the first one.
  void fault(std::string_view why);
  // A fault was reported: nothing else is reported any more.
  bool faulted() const { return faulted_; }

 private:
  ProtocolHost& host_;
  std::uint32_t count_{};
  std::uint32_t skipped_{};
  std::uint32_t mended_{};
  std::string last_{};
  std::vector<std::string> kinds_{};  // skipped ones that were logged
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
  // False: lines are ignored.
  virtual bool listens() const { return true; }
  // An object of the line `text`.
  virtual void on_message(const JsonNode& message, std::string_view text) = 0;
  // The line, or a part of it, cannot be read.
  virtual void on_unreadable(std::string_view text) = 0;
  // The command with its configured arguments.
  std::vector<std::string> plain_command(std::string_view command) const;

  const AgentProfile& profile_;
  ProtocolHost& host_;
  RunEvents& events_;
  OddLines odd_;
  JsonIn in_{};
};

}  // namespace spine::agents
