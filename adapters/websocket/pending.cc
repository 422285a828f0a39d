// Rows of requests in flight.
#include "adapters/websocket/pending.h"

#include <algorithm>

#include "schemas/vocab/check.h"

namespace spine::net {

void PendingRequest::set_id(std::string_view id) {
  if (id.size() <= id_.size()) {
    std::copy(id.begin(), id.end(), id_.begin());
    id_bytes_ = static_cast<std::uint8_t>(id.size());
    return;
  }
  extra().id = id;
  id_bytes_ = kLong;
}

std::uint64_t PendingTable::add(ConnectionRef connection, const Method* method,
                                std::string_view id) {
  std::uint32_t row = 0;
  if (free_.empty()) {
    row = static_cast<std::uint32_t>(rows_.size());
    rows_.emplace_back();
  } else {
    row = free_.back();
    free_.pop_back();
  }
  PendingRequest& request = rows_[row];
  request.connection = connection;
  request.method = method;
  request.step = 0;
  request.set_id(id);
  return std::uint64_t{row} + 1;
}

PendingRequest& PendingTable::at(std::uint64_t number) {
  SPINE_CHECK(number != 0 && number <= rows_.size());
  return rows_[number - 1];
}

void PendingTable::remove(std::uint64_t number) {
  at(number).more.reset();
  free_.push_back(static_cast<std::uint32_t>(number - 1));
}

}  // namespace spine::net
