// Channels: found by walking over a few rows.
#include "engine/core/channels/channels.h"

#include <algorithm>
#include <utility>

namespace spine::core {

const ChannelRow* Channels::find(ChannelId id) const {
  return find_row([&](const ChannelRow& row) { return row.id == id; });
}

const ChannelRow* Channels::find(std::string_view name, std::string_view account) const {
  return find_row(
      [&](const ChannelRow& row) { return row.name == name && row.account == account; });
}

ChannelRow* Channels::find(std::string_view name, std::string_view account) {
  const auto at = std::find_if(rows_.begin(), rows_.end(), [&](const ChannelRow& row) {
    return row.name == name && row.account == account;
  });
  return at == rows_.end() ? nullptr : &*at;
}

void Channels::add(ChannelRow row) {
  if (full() || std::as_const(*this).find(row.name, row.account) != nullptr) return;
  rows_.push_back(std::move(row));
}

void Channels::stop_all(std::int64_t wall_ms) {
  for (ChannelRow& row : rows_) {
    if (row.state == fb::ChannelState::stopped) continue;
    row.state = fb::ChannelState::stopped;
    row.since_wall_ms = wall_ms;
    row.problem.clear();
  }
}

}  // namespace spine::core
