// State: ownership of the tables, and what is due next.
#include "engine/core/state.h"

#include <algorithm>
#include <limits>

#include "engine/core/tables.h"

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

namespace {

constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

std::uint64_t later(std::uint64_t since_ms, std::uint64_t idle_ms) {
  return idle_ms > kNever - since_ms ? kNever : since_ms + idle_ms;
}

}  // namespace

std::uint64_t next_due_ms(const Tables& tables) {
  std::uint64_t due = kNever;
  if (!tables.runs.delays().empty()) due = tables.runs.delays().first().due_ms;
  if (const std::uint64_t asked = tables.approvals.next_due_ms(); asked != 0) {
    due = std::min(due, asked);
  }
  const std::uint64_t idle_ms = tables.policy.idle_ms_max;
  if (idle_ms != 0) {
    const std::uint32_t session = tables.sessions.idle_first();
    const std::uint32_t principal = tables.principals.idle_first();
    if (session != 0) due = std::min(due, later(tables.sessions.hot(session).active_ms, idle_ms));
    if (principal != 0)
      due = std::min(due, later(tables.principals.hot(principal).seen_ms, idle_ms));
  }
  return due == kNever ? 0 : due;
}

}  // namespace spine::core
