// StateFacts: the tables of the state as what predicates speak of.
#pragma once

#include <cstdint>
#include <functional>

#include "engine/core/model/state.h"
#include "engine/core/predicate/predicate.h"

namespace spine::core {

// The first record is "meta"; names of tables and fields are those of cells.h.
const Vocabulary& state_vocabulary();

// Quick: counts, and single rows of sessions and runs, by key or number. any(), all() and count()
// with a test look at every row. Thread: that of the state.
class StateFacts final : public Facts {
 public:
  // Borrows the state, which may change between questions.
  explicit StateFacts(const State& state) : state_(state) {}

  std::uint64_t count(std::size_t table) const override;
  void each(std::size_t table, const std::function<bool(const FactRow&)>& visit) const override;
  void find(std::size_t table, const FactValue& key,
            const std::function<void(const FactRow&)>& visit) const override;

 private:
  const State& state_;
};

}  // namespace spine::core
