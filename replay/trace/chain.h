// Chain: everything that followed from one input, as a tree of causes, with what it asked the
// outside for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/core/model/effects.h"
#include "replay/timeline/event_text.h"
#include "replay/timeline/timeline.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/record.h"
#include "schemas/vocab/result.h"

namespace spine::replay {

// Work outside that an event asked for.
struct Asked {
  std::string text{};  // "prompt to agent main"
  bool obligation{};   // it must happen: it stays open until an event closes it
  Seq closed{};        // that event; 0 = there is none
};

// An event of a chain.
struct Step {
  static constexpr std::size_t kNone = SIZE_MAX;

  Seq seq{};
  RecordHeader header{};
  std::string kind{};                   // its name
  std::string summary{};                // see summaries.h
  std::string by{};                     // who caused it, if that is not who caused its parent
  std::size_t parent{kNone};            // among the steps
  std::vector<std::size_t> children{};  // ascending
  std::vector<Asked> asked{};
  std::vector<std::uint64_t> runs{};  // that it is about
  DeliveryId delivery{};              // likewise; 0 = none
  RunId answers{};                    // DeliveryRequested: whose answer it is
  Seq attempted{};                    // DeliveryConfirmed, DeliveryFailed: the attempt that it ends
  bool rate_limited{};                // DeliveryFailed: the platform asked for a pause
  bool failure{};
  bool routine{};
  bool guest{};  // of another chain: it ends or takes over a run of this one
};

// Which part of the journal a chain is gathered from, and for which event.
struct ChainQuery {
  Seq of{};            // any event of the chain
  Seq upto{};          // later events are not looked at; 0 = all
  bool effects{true};  // also what was asked of agents: takes folds of the state
};

// Thread: one.
class Chain {
 public:
  // Beyond this the steps are counted, not kept.
  static constexpr std::size_t kStepsMax = 50'000;

  // A chain has no last event that could be known: an answer may come after a year. So every event
  // from its input to `upto` is looked at, by its header alone: 10 M of them take about a second.
  // An event belongs to it by its correlation; and those of other chains that are about a run of
  // this one while it is open (it was aborted, or merged into another) are its guests.
  static Result<Chain> gather(Timeline& timeline, Names& names, const ChainQuery& query);
  // From the event `of` back to its input by causes alone: the latest is the last.
  static Result<Chain> path_up(Timeline& timeline, Names& names, Seq of);

  // Ascending by seq. The first is the input, if the journal still has it.
  const std::vector<Step>& steps() const { return steps_; }
  // Of the event that was asked for.
  std::size_t asked_for() const { return asked_for_; }
  Seq root() const { return root_; }
  Seq upto() const { return upto_; }
  std::uint64_t left_out() const { return left_out_; }
  // Why effects are not shown; empty = they are.
  const std::string& without_effects() const { return without_effects_; }

  // Logical time from the first step to this one.
  std::uint64_t since_ms(const Step& step) const;
  std::uint64_t duration_ms() const { return steps_.empty() ? 0 : since_ms(steps_.back()); }
  // Obligations that nothing has closed, and steps that are failures.
  std::size_t open_count() const;
  std::size_t failure_count() const;

 private:
  Chain() = default;
  Status walk(Timeline& timeline, Names& names, Seq of);
  bool is_guest(const EventView& event);
  void add(const EventView& event, Names& names, bool guest);
  void follow_runs(const Step& step);
  void link(Names& names);
  Status find_effects(Timeline& timeline);
  Seq closing(std::size_t step, const core::Effect& effect) const;

  Seq root_{};
  Seq upto_{};
  std::vector<Step> steps_{};
  std::size_t asked_for_{};
  std::uint64_t left_out_{};
  std::string without_effects_{};
  std::vector<std::uint64_t> open_runs_{};  // of this chain, while it is walked; ascending
  std::vector<std::uint64_t> sessions_{};   // of those runs
};

}  // namespace spine::replay
