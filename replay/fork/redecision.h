// Redecision: the recorded inputs of a fork, decided again by this program's rules or under another
// policy, and compared with what was recorded.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "engine/core/model/decide.h"
#include "engine/core/model/rules.h"
#include "engine/core/model/state.h"
#include "replay/fork/divergence.h"
#include "replay/fork/fork_report.h"
#include "replay/fork/other_world.h"
#include "replay/timeline/timeline.h"
#include "schemas/vocab/bytes.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/record.h"
#include "schemas/vocab/result.h"

namespace spine::replay {

struct ForkOptions {
  // Goes on with its own decisions: what would have been. Otherwise every decision is taken on the
  // recorded state, so that a difference does not lead to others.
  bool decide{};
  // A ConfigApplied, verified; empty = the policies as they were recorded. Borrowed.
  ByteSpan policy{};
  std::span<const core::RulesChange> changes{core::rules_changes()};
  // Whether differences in what is decided of that input are wanted; empty = all are.
  std::function<bool(const EventView& input)> wanted{};
  // Divergences that are kept, and as many of those on purpose: these are no reason to leave others
  // out. All are counted.
  std::size_t kept_max{100};
};

// Thread: one. The caller folds the recorded events into `recorded` and shows each one before.
class Redecision {
 public:
  // `recorded`: the state at which the fork begins. `rules`: the version that was recorded last.
  // `own`: the same state once more, if options.decide. All that is borrowed outlives this.
  Redecision(core::State& recorded, std::uint32_t rules, std::optional<core::State> own,
             const ForkOptions& options);

  // REQUIRES: event.seq == next(recorded.applied()), and it is readable.
  void before(const EventView& event);
  // After the last event, which ends a decision.
  ForkReport finish();

 private:
  void begin(const EventView& event);
  void compare(const EventView& event);
  // An event in which the decision differs; null = there is none on that side.
  void diverges(const EventView* expected, const core::Draft* draft);
  // What explains it; null = nothing does.
  const char* purpose_of(const Divergence& divergence, const core::Draft* draft) const;
  void end();
  void keep();
  void note_kind(std::vector<std::uint16_t>& kinds, std::uint16_t kind) const;
  // Whether one more of that sort is kept.
  bool has_room(bool on_purpose) const {
    return (on_purpose ? report_.on_purpose : report_.differ) < options_.kept_max;
  }
  bool apart() const { return other_ && other_->apart(); }

  core::State& recorded_;
  ForkOptions options_;
  std::optional<OtherWorld> other_{};
  ForkReport report_{};
  std::uint32_t rules_;
  bool policy_undone_{};  // a recorded ConfigApplied takes the place of options.policy

  core::Input input_{};
  core::Decision decision_{};
  core::BodyBuilder scratch_{};
  bool undecided_{true};  // what is recorded was not decided here: it began before, or has no rule
  bool deciding_{};       // events of a decision are compared
  bool wanted_{};         // and a difference in it counts
  std::size_t compared_{};
  Seq last_{};
  std::vector<std::uint16_t> kinds_{};  // of the recorded events of the decision
  RecordHeader input_header_{};
  Seq input_seq_{};
  std::optional<Divergence> divergence_{};
};

// Decides again what is recorded behind `at`, up to the end of the decision that holds `upto`.
// Errors: those of the timeline; Errc::not_found when `at` is beyond the end.
Result<ForkReport> fork_journal(Timeline& timeline, Seq at, Seq upto, const ForkOptions& options);

}  // namespace spine::replay
