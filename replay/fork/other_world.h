// OtherWorld: a state that goes on with its own decisions, where the journal's took another way.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "engine/core/model/decide.h"
#include "engine/core/model/evolve.h"
#include "engine/core/model/state.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/record.h"

namespace spine::replay {

// Numbers are given anew there: once it has gone apart, what an input names by its recorded number
// is looked up by what it is. Sessions and principals are found by their keys, runs, requests
// and deliveries by the decision that made them. Thread: one.
class OtherWorld {
 public:
  // `state`: of the moment at which the worlds part. `recorded`: the journal's state, which the
  // caller folds on; it outlives this.
  OtherWorld(core::State state, const core::State& recorded)
      : state_(std::move(state)), recorded_(recorded), parted_(state_.applied()) {}

  core::State& state() { return state_; }
  // Whether a decision differed, so that numbers do.
  bool apart() const { return apart_; }
  void part() { apart_ = true; }

  // Makes the input name what it names in this world; what is not there becomes number 0. Its body
  // is then borrowed from here, until the next call.
  void translate(core::Input& input);
  // Folds the events of a decision, or an event that was not decided here, under the next numbers.
  void fold(const core::Decision& decision);
  void fold_fact(const EventView& event);
  // Says which event of the record the last decision was about, one after the other.
  void note(const EventView& recorded);

 private:
  struct Made {
    std::uint16_t kind{};
    std::uint64_t seq{};
  };

  std::uint64_t here(std::uint64_t recorded) const;
  void translate_body(core::Input& input);

  core::State state_;
  const core::State& recorded_;
  Seq parted_;
  bool apart_{};
  std::vector<Made> made_{};  // by the last decision, of what the record has not matched yet
  // Recorded number and the one here, of what was made since; ascending by the first.
  std::vector<std::pair<std::uint64_t, std::uint64_t>> numbers_{};
  std::vector<std::uint64_t> body_{};
};

}  // namespace spine::replay
