// Rows of questions under way.
#include "adapters/websocket/pending.h"

#include <algorithm>

namespace spine::net {

void PendingRequest::set_id(std::string_view id) {
  long_id_.clear();
  if (id.size() > id_.size()) {
    long_id_ = id;
    return;
  }
  std::copy(id.begin(), id.end(), id_.begin());
  id_bytes_ = static_cast<std::uint8_t>(id.size());
}

std::uint32_t PendingTable::take_row() {
  if (free_.empty()) {
    rows_.emplace_back();
    return static_cast<std::uint32_t>(rows_.size() - 1);
  }
  const std::uint32_t row = free_.back();
  free_.pop_back();
  return row;
}

PendingRequest& PendingTable::at(std::uint64_t number) {
  SPINE_CHECK(number != 0 && number <= rows_.size());
  return rows_[number - 1];
}

void PendingTable::remove(std::uint64_t number) {
  at(number).then.clear();
  free_.push_back(static_cast<std::uint32_t>(number - 1));
}

}  // namespace spine::net
