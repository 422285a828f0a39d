// Runs: rows, indexes, the list of ended ones, delays.
#include "engine/core/runs.h"

#include "engine/core/text_hash.h"
#include "schemas/vocab/limits.h"

namespace spine::core {
namespace {

constexpr std::uint32_t kRunRowsMax = limits::kRunsOpenMax + limits::kRunsFinishedKept;

static_assert(sizeof(Run) + sizeof(RowLink) + sizeof(Deadline) + 2 * 32 + 8 <=
              limits::kRunBytes - 2 * limits::kNameTextBytes);

}  // namespace

Runs::Runs(TextArena& texts)
    : texts_(&texts),
      rows_(kRunRowsMax),
      runs_(kRunRowsMax + 1),
      links_(kRunRowsMax),
      delays_(kRunRowsMax) {}

std::uint32_t Runs::find(RunId id) const {
  if (!id) return 0;
  return by_id_.find(hash_id(id.value),
                     [&](std::uint32_t row) { return runs_[row].id == id.value; });
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

std::uint32_t Runs::add(const RunSeed& seed) {
  const std::uint32_t row = rows_.take();
  runs_[row] = Run{};
  Run& run = runs_[row];
  run.id = seed.id.value;
  run.key = texts_->put(seed.key);
  run.agent = texts_->put(seed.agent);
  run.status = RunStatus::queued;
  by_id_.insert(hash_id(run.id), row);
  by_key_.insert(hash_text(seed_, texts_->view(run.key)), row);
  ++open_count_;
  return row;
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
    if (run.status == RunStatus::running) --running_count_;
  } else {
    links_.remove(ended_, row);
  }
  run.status = status;
  run.ended = ended.value;
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
  by_id_.erase(hash_id(run.id), row);
  by_key_.erase(hash_text(seed_, texts_->view(run.key)), row);
  texts_->drop(run.key);
  texts_->drop(run.agent);
  run = Run{};
  rows_.give_back(row);
}

void Runs::set_delay_armed(std::uint32_t row, bool armed) {
  if (armed == delays_.contains(row)) return;
  if (armed) {
    delays_.push(Deadline{.due_ms = runs_[row].not_before_ms, .id = runs_[row].id, .row = row});
  } else {
    delays_.remove(row);
  }
}

std::size_t Runs::bytes() const {
  return rows_.end() * (sizeof(Run) + sizeof(RowLink) + 8) + delays_.bytes() + by_id_.bytes() +
         by_key_.bytes();
}

}  // namespace spine::core
