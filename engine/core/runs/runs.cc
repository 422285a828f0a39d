// Runs: rows, indexes, the list of ended ones, delays.
#include "engine/core/runs/runs.h"

#include "schemas/vocab/limits.h"

namespace spine::core {

Runs::Runs(TextArena& texts)
    : texts_(&texts), rows_(kRowsMax), runs_(kRowsMax + 1), links_(kRowsMax) {}

std::uint32_t Runs::find(RunId id) const {
  if (!id) return 0;
  return by_id_.find(hash_id(id.value), [&](std::uint32_t row) { return runs_[row].id == id; });
}

std::uint32_t Runs::find_key(std::string_view key) const {
  std::uint32_t latest = 0;
  by_key_.find(hash_text(seed_, key), [&](std::uint32_t row) {
    const bool same = texts_->view(runs_[row].key) == key;
    if (same && (latest == 0 || runs_[row].id > runs_[latest].id)) latest = row;
    return false;
  });
  return latest;
}

std::uint32_t Runs::add(const Row& from) {
  const std::uint32_t row = rows_.take();
  runs_[row] = Run{};
  Run& run = runs_[row];
  copy_row(Row::columns(), from, Run::columns(), run,
           [&](std::string_view text) { return texts_->put(text); });
  run.status = RunStatus::queued;
  by_id_.insert(hash_id(run.id.value), row);
  by_key_.insert(hash_text(seed_, texts_->view(run.key)), row);
  ++open_count_;
  if (run.channel) ++routed_count_;
  return row;
}

bool Runs::restore(const Row& from) {
  if (from.status == RunStatus::unknown || rows_.full()) return false;
  runs_[add(from)].status = from.status;
  return true;
}

Runs::Row Runs::copy(std::uint32_t row) const {
  Row copy;
  copy_row(Run::columns(), runs_[row], Row::columns(), copy,
           [&](Text text) { return texts_->view(text); });
  return copy;
}

void Runs::start(std::uint32_t row) {
  runs_[row].status = RunStatus::running;
  ++running_count_;
}

void Runs::end(std::uint32_t row, RunStatus status, Seq ended) {
  Run& run = runs_[row];
  if (open(row)) {
    set_delay_armed(row, false);
    --open_count_;
    if (run.channel) --routed_count_;
    if (run.status == RunStatus::running) --running_count_;
  } else {
    links_.remove(ended_, row);
  }
  run.status = status;
  run.ended = ended;
  run.session_row = 0;
  links_.insert(ended_, row, [&](std::uint32_t other) {
    if (runs_[other].ended != run.ended) return runs_[other].ended > run.ended;
    return runs_[other].id > run.id;
  });
  if (rows_.used() - open_count_ > limits::kRunsFinishedKept) forget(ended_.first);
}

void Runs::forget(std::uint32_t row) {
  Run& run = runs_[row];
  links_.remove(ended_, row);
  by_id_.erase(hash_id(run.id.value), row);
  by_key_.erase(hash_text(seed_, texts_->view(run.key)), row);
  drop_texts(Run::columns(), run, *texts_);
  run = Run{};
  rows_.give_back(row);
}

void Runs::set_delay_armed(std::uint32_t row, bool armed) {
  const Run& run = runs_[row];
  if (run.not_before_ms == 0) return;
  const Deadline deadline{.due_ms = run.not_before_ms, .id = run.id.value, .row = row};
  if (armed) {
    delays_.insert(deadline);
  } else {
    delays_.erase(deadline);
  }
}

std::size_t Runs::bytes() const {
  return rows_.end() * (sizeof(Run) + sizeof(RowLink) + 8) + delays_.size() * kDelayBytes +
         by_id_.bytes() + by_key_.bytes();
}

}  // namespace spine::core
