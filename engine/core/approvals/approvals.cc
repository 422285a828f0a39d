// Approvals: the tables of questions and of tools allowed for a run.
#include "engine/core/approvals/approvals.h"

#include <algorithm>

#include "engine/core/base/key_buffer.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/siphash.h"

namespace spine::core {

const Approval* Approvals::find(Seq id) const {
  return find_row([&](const Approval& row) { return row.open() && row.request == id; });
}

const Approval* Approvals::find_code(std::string_view code) const {
  return find_row([&](const Approval& row) { return row.open() && row.code == code; });
}

const Approval* Approvals::find_any(Seq id) const {
  return find_row([&](const Approval& row) { return row.request == id; });
}

Approval Approvals::take(Seq id) {
  return take_row([&](const Approval& row) { return row.request == id; });
}

bool Approvals::full() const {
  return rows_.size() >= limits::kApprovalsMax && rows_[limits::kApprovalsMax - 1].open();
}

std::size_t Approvals::count_of(RunId run) const {
  return static_cast<std::size_t>(
      std::count_if(rows_.begin(), rows_.end(),
                    [&](const Approval& row) { return row.open() && row.run == run; }));
}

std::uint64_t Approvals::next_due_ms() const {
  std::uint64_t due = 0;
  for (const Approval& row : rows_) {
    if (row.open() && (due == 0 || row.expires_ms < due)) due = row.expires_ms;
  }
  return due;
}

void Approvals::ask(Approval approval) {
  if (!rows_.empty() && !rows_.back().open()) rows_.pop_back();
  rows_.push_back(std::move(approval));
}

void Approvals::open(Seq id, Bits128 uuid, std::string_view code, std::uint64_t expires_ms,
                     std::int64_t expires_wall_ms) {
  if (rows_.empty() || rows_.back().request != id || rows_.back().open()) return;
  if (rows_.size() > limits::kApprovalsMax || code.empty()) {
    rows_.pop_back();
    return;
  }
  Approval& row = rows_.back();
  row.uuid = uuid;
  row.code = code;
  row.expires_ms = std::max<std::uint64_t>(expires_ms, 1);
  row.expires_wall_ms = expires_wall_ms;
}

bool Approvals::restore(Approval approval) {
  if (!rows_.empty() && !rows_.back().open()) return false;
  if (approval.open() && full()) return false;
  rows_.push_back(std::move(approval));
  return true;
}

std::string allowed_key(Bits128 secret, std::string_view tool, std::string_view title,
                        std::string_view detail) {
  std::string parts = lower_case(tool);
  // Length-prefixed, so that different parts never give the same text.
  for (const std::string_view part : {title, detail})
    parts.append(1, '\n').append(std::to_string(part.size())).append(1, ':').append(part);
  const UuidText digits = uuid_text(siphash128(secret, as_bytes(std::string_view{parts})));
  return {digits.data(), digits.size()};
}

bool AllowedTools::has(RunId run, std::string_view key) const {
  return std::any_of(rows_.begin(), rows_.end(),
                     [&](const AllowedTool& row) { return row.run == run && row.key == key; });
}

void AllowedTools::add(RunId run, Seq resolved, std::string_view key) {
  const auto beside = std::count_if(rows_.begin(), rows_.end(),
                                    [&](const AllowedTool& row) { return row.run == run; });
  if (full() || has(run, key) ||
      static_cast<std::size_t>(beside) >= limits::kAllowedToolsPerRunMax) {
    return;
  }
  rows_.push_back(AllowedTool{.resolved = resolved, .run = run, .key = std::string(key)});
}

void AllowedTools::forget(RunId run) {
  std::erase_if(rows_, [&](const AllowedTool& row) { return row.run == run; });
}

}  // namespace spine::core
