// State: ownership of the tables.
#include "engine/core/model/state.h"

#include "engine/core/model/deadlines.h"

namespace spine::core {

State::State() : tables_(std::make_unique<Tables>()) {}
State::~State() = default;
State::State(State&&) noexcept = default;
State& State::operator=(State&&) noexcept = default;

Seq State::applied() const {
  return tables_->meta.applied;
}
Instant State::now() const {
  return tables_->meta.now;
}
std::uint64_t State::next_deadline_ms() const {
  return next_due_ms(*tables_);
}
Bits128 State::epoch() const {
  return tables_->meta.epoch;
}

}  // namespace spine::core
