// Deliveries: rows, lanes, what is ready, the list of dead letters.
#include "engine/core/deliveries/deliveries.h"

namespace spine::core {

Deliveries::Deliveries() : rows_(kRowsMax), deliveries_(kRowsMax + 1), links_(kRowsMax) {}

std::uint32_t Deliveries::find(DeliveryId id) const {
  if (!id) return 0;
  return by_id_.find(hash_id(id.value),
                     [&](std::uint32_t row) { return deliveries_[row].id == id; });
}

std::uint32_t Deliveries::find_answer(RunId run) const {
  for (std::uint32_t row = 1; row < rows_.end(); ++row) {
    const Row& delivery = deliveries_[row];
    if (delivery.id && delivery.run == run && !delivery.preview) return row;
  }
  return 0;
}

std::uint32_t Deliveries::first_of(ChannelId channel, std::uint64_t lane) const {
  const auto at = lanes_.find(LaneKey{channel, lane});
  return at == lanes_.end() ? 0 : at->second.first;
}

const std::set<Deadline>* Deliveries::ready(ChannelId channel) const {
  const auto at = outlets_.find(channel);
  return at == outlets_.end() ? nullptr : &at->second.ready;
}

std::uint32_t Deliveries::in_flight(ChannelId channel) const {
  const auto at = outlets_.find(channel);
  return at == outlets_.end() ? 0 : at->second.in_flight;
}

std::uint32_t Deliveries::take(const Row& from) {
  const std::uint32_t row = rows_.take();
  deliveries_[row] = from;
  deliveries_[row].status = DeliveryStatus::unknown;
  by_id_.insert(hash_id(from.id.value), row);
  return row;
}

void Deliveries::add(const Row& from) {
  const std::uint32_t row = take(from);
  set_status(row, DeliveryStatus::waiting);
  line_up(row);
}

bool Deliveries::restore(const Row& from) {
  const bool dead = from.status == DeliveryStatus::dead;
  if (rows_.full() || from.status == DeliveryStatus::unknown || dead != bool{from.ended} ||
      // One decision may bury many before it makes room for them.
      (dead && dead_count_ >= limits::kDeadLettersKept + limits::kDeadlinesPerTurnMax)) {
    return false;
  }
  const std::uint32_t row = take(from);
  set_status(row, from.status);
  if (dead) {
    add_dead(row);
    return true;
  }
  line_up(row);
  if (from.status == DeliveryStatus::attempted) count_attempted(from.channel, true);
  return true;
}

bool Deliveries::makes_sense() const {
  for (std::uint32_t row = 1; row < rows_.end(); ++row) {
    const Row& delivery = deliveries_[row];
    if (!delivery.id || delivery.status != DeliveryStatus::attempted) continue;
    if (first_of(delivery.channel, delivery.lane) != row || !delivery.attempted) return false;
  }
  return true;
}

// Keeps what follows from it: whether the row can expire.
void Deliveries::set_status(std::uint32_t row, DeliveryStatus status) {
  Row& delivery = deliveries_[row];
  const Deadline expiry{.due_ms = delivery.expires_ms, .id = delivery.id.value, .row = row};
  if (delivery.status == DeliveryStatus::waiting) expiries_.erase(expiry);
  delivery.status = status;
  if (status == DeliveryStatus::waiting) expiries_.insert(expiry);
}

void Deliveries::set_ready(std::uint32_t row, bool ready) {
  const Row& delivery = deliveries_[row];
  if (row == 0 || delivery.status != DeliveryStatus::waiting) return;
  const Deadline deadline{
      .due_ms = delivery.not_before_ms, .id = delivery.queued.value, .row = row};
  std::set<Deadline>& all = outlets_[delivery.channel].ready;
  if (ready) {
    all.insert(deadline);
  } else {
    all.erase(deadline);
  }
}

void Deliveries::count_attempted(ChannelId channel, bool in) {
  const std::uint32_t step = in ? 1U : ~0U;
  outlets_[channel].in_flight += step;
  attempted_count_ += step;
}

void Deliveries::line_up(std::uint32_t row) {
  RowEnds& lane = lanes_[key_of(deliveries_[row])];
  set_ready(lane.first, false);
  links_.insert(lane, row, [&](std::uint32_t other) {
    return deliveries_[other].queued > deliveries_[row].queued;
  });
  set_ready(lane.first, true);
}

void Deliveries::leave_line(std::uint32_t row) {
  const auto lane = lanes_.find(key_of(deliveries_[row]));
  set_ready(lane->second.first, false);
  links_.remove(lane->second, row);
  if (lane->second.first == 0) {
    lanes_.erase(lane);
  } else {
    set_ready(lane->second.first, true);
  }
}

void Deliveries::add_dead(std::uint32_t row) {
  links_.insert(dead_, row, [&](std::uint32_t other) {
    return deliveries_[other].ended > deliveries_[row].ended;
  });
  ++dead_count_;
}

void Deliveries::attempt(std::uint32_t row, Seq attempted) {
  Row& delivery = deliveries_[row];
  if (delivery.status != DeliveryStatus::waiting ||
      first_of(delivery.channel, delivery.lane) != row) {
    return;
  }
  set_ready(row, false);
  set_status(row, DeliveryStatus::attempted);
  delivery.attempted = attempted;
  if (delivery.attempts != 0xffff) ++delivery.attempts;
  count_attempted(delivery.channel, true);
}

void Deliveries::fail(std::uint32_t row, std::uint32_t pieces, bool counts) {
  Row& delivery = deliveries_[row];
  if (delivery.status != DeliveryStatus::attempted) return;
  count_attempted(delivery.channel, false);
  set_status(row, DeliveryStatus::waiting);
  delivery.pieces = pieces > delivery.pieces ? pieces : delivery.pieces;
  if (!counts && delivery.attempts != 0) --delivery.attempts;
  set_ready(row, true);
}

void Deliveries::postpone(std::uint32_t row, std::uint64_t not_before_ms) {
  Row& delivery = deliveries_[row];
  if (delivery.status != DeliveryStatus::waiting) return;
  const bool first = first_of(delivery.channel, delivery.lane) == row;
  if (first) set_ready(row, false);
  delivery.not_before_ms = not_before_ms;
  if (first) set_ready(row, true);
}

void Deliveries::bury(std::uint32_t row, Seq ended, fb::DeadLetterReason reason) {
  Row& delivery = deliveries_[row];
  if (delivery.status != DeliveryStatus::waiting) return;
  leave_line(row);
  set_status(row, DeliveryStatus::dead);
  delivery.ended = ended;
  delivery.reason = reason;
  add_dead(row);
}

void Deliveries::revive(std::uint32_t row, Seq queued, std::uint64_t expires_ms) {
  Row& delivery = deliveries_[row];
  if (delivery.status != DeliveryStatus::dead) return;
  links_.remove(dead_, row);
  --dead_count_;
  delivery.expires_ms = expires_ms;
  set_status(row, DeliveryStatus::waiting);
  delivery.queued = queued;
  delivery.not_before_ms = 0;
  delivery.attempts = 0;
  delivery.ended = Seq{};
  delivery.reason = {};
  line_up(row);
}

void Deliveries::remove(std::uint32_t row) {
  Row& delivery = deliveries_[row];
  if (row == 0 || !delivery.id) return;
  if (delivery.status == DeliveryStatus::dead) {
    links_.remove(dead_, row);
    --dead_count_;
  } else {
    if (delivery.status == DeliveryStatus::attempted) count_attempted(delivery.channel, false);
    leave_line(row);
  }
  set_status(row, DeliveryStatus::unknown);
  by_id_.erase(hash_id(delivery.id.value), row);
  delivery = Row{};
  rows_.give_back(row);
}

std::size_t Deliveries::bytes() const {
  return std::size_t{rows_.end()} * (sizeof(Row) + sizeof(RowLink) + 8) + by_id_.bytes() +
         lanes_.size() * (sizeof(LaneKey) + sizeof(RowEnds) + 40);
}

}  // namespace spine::core
