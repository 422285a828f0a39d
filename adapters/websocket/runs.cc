// Live runs and waiters.
#include "adapters/websocket/runs.h"

#include <algorithm>
#include <utility>

#include "schemas/vocab/limits.h"

namespace spine::net {

LiveRun* RunTable::watch(RunId id, std::string_view key, std::string_view session_key,
                         std::string_view agent_id) {
  if (LiveRun* run = find(id)) return run;
  if (runs_.size() >= limits::kRunsOpenMax) return nullptr;
  LiveRun& run = runs_[id.value];
  run.key = key;
  run.session_key = session_key;
  run.agent_id = agent_id;
  return &run;
}

LiveRun* RunTable::find(RunId id) {
  const auto found = runs_.find(id.value);
  return found == runs_.end() ? nullptr : &found->second;
}

bool RunTable::append_text(LiveRun& run, std::string_view piece) {
  if (run.text_full) return false;
  if (run.text.size() + piece.size() > limits::kLiveTextBytesMax ||
      text_bytes_ + piece.size() > limits::kLiveTextBytesAllMax) {
    run.text_full = true;
    return false;
  }
  run.text += piece;
  text_bytes_ += piece.size();
  return true;
}

void RunTable::start_over(LiveRun& run) {
  text_bytes_ -= run.text.size();
  run.text.clear();
  run.text_full = false;
  run.replace = true;
}

void RunTable::forget(RunId id) {
  const auto found = runs_.find(id.value);
  if (found == runs_.end()) return;
  text_bytes_ -= found->second.text.size();
  runs_.erase(found);
}

void RunTable::forget_all() {
  runs_.clear();
  text_bytes_ = 0;
}

bool RunTable::wait(Waiter waiter) {
  if (waiters_.size() >= limits::kWaitersMax) return false;
  std::size_t& mine = waiting_by_slot_[waiter.connection.slot];
  if (mine >= limits::kWaitersPerConnectionMax) return false;
  ++mine;
  waiters_.push_back(std::move(waiter));
  return true;
}

void RunTable::uncount(const Waiter& waiter) {
  const auto found = waiting_by_slot_.find(waiter.connection.slot);
  if (found != waiting_by_slot_.end() && --found->second == 0) waiting_by_slot_.erase(found);
}

template <class F>
std::vector<Waiter> RunTable::take_if(F f) {
  std::vector<Waiter> taken;
  const auto keep = std::stable_partition(waiters_.begin(), waiters_.end(),
                                          [&](const Waiter& waiter) { return !f(waiter); });
  taken.assign(std::make_move_iterator(keep), std::make_move_iterator(waiters_.end()));
  waiters_.erase(keep, waiters_.end());
  for (const Waiter& waiter : taken)
    uncount(waiter);
  return taken;
}

std::vector<Waiter> RunTable::take(std::string_view run_key) {
  return take_if([&](const Waiter& waiter) { return waiter.run_key == run_key; });
}

void RunTable::merge(std::string_view run_key, std::string_view into_key) {
  for (Waiter& waiter : waiters_) {
    if (waiter.run_key != run_key) continue;
    if (waiter.asked_key.empty()) waiter.asked_key = waiter.run_key;
    waiter.run_key = into_key;
  }
}

std::vector<Waiter> RunTable::take_due(std::uint64_t now_ms) {
  return take_if([&](const Waiter& waiter) {
    return waiter.deadline_ms != 0 && waiter.deadline_ms <= now_ms;
  });
}

void RunTable::drop(ConnectionRef connection) {
  take_if([&](const Waiter& waiter) { return waiter.connection == connection; });
}

bool RunTable::take_one(ConnectionRef connection, std::string_view id, Waiter& out) {
  const auto found = std::find_if(waiters_.begin(), waiters_.end(), [&](const Waiter& waiter) {
    return waiter.connection == connection && waiter.id == id;
  });
  if (found == waiters_.end()) return false;
  out = std::move(*found);
  waiters_.erase(found);
  uncount(out);
  return true;
}

std::uint64_t RunTable::next_deadline_ms() const {
  std::uint64_t next = 0;
  for (const Waiter& waiter : waiters_) {
    if (waiter.deadline_ms != 0 && (next == 0 || waiter.deadline_ms < next)) {
      next = waiter.deadline_ms;
    }
  }
  return next;
}

}  // namespace spine::net
