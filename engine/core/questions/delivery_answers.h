// DeliveryAnswers: deliveries with what the journal says of them.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "engine/core/model/state.h"
#include "engine/core/questions/answers.h"
#include "engine/core/questions/event_source.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/record.h"
#include "schemas/vocab/result.h"

namespace spine::core {

// Which delivery the event is about; 0 = none. REQUIRES: the event can be read.
DeliveryId delivery_of(const EventView& event);

// For one answer: what it gives borrows from it, from the state and from the source. Thread: the
// source's. Errors are the source's. Ids that are not there any more are left out.
class DeliveryAnswers {
 public:
  DeliveryAnswers(const State& state, EventSource& source) : state_(state), source_(source) {}

  // With the beginnings of their texts.
  Result<DeliveriesItem> page(const std::vector<DeliveryId>& ids);
  // Whole, with its history.
  Result<DeliveriesItem> one(const std::vector<DeliveryId>& ids);

 private:
  DeliveriesItem begin() const;
  Status add(DeliveryId id, std::size_t text_max, DeliveriesItem& item);
  Result<std::vector<EventView>> history(const DeliveryView& delivery, std::size_t events_max,
                                         Seq downto);
  Result<std::vector<EventView>> linked(const DeliveryView& delivery);
  Status find_failure(ListedDelivery& listed);
  std::string_view keep(std::string text) { return texts_.emplace_back(std::move(text)); }

  const State& state_;
  EventSource& source_;
  std::deque<std::string> texts_{};
};

}  // namespace spine::core
