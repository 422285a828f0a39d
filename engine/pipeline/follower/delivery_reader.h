// DeliveryReader: what and where to a delivery is sent, out of the journal.
#pragma once

#include <string>

#include "engine/core/model/state.h"
#include "engine/pipeline/items/messages.h"
#include "journal/reader.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/result.h"

namespace spine::pipeline {

// Thread: follower. REQUIRES: the reader was renewed and sees what the state holds.
class DeliveryReader {
 public:
  DeliveryReader(const core::State& state, journal::Reader& reader)
      : state_(state), reader_(reader) {}

  // False when the attempt that `effect` began is not the delivery's any more.
  Result<bool> read(DeliveryId id, EffectId effect);
  // What was read; borrowed until the next read.
  const DeliverItem& item() const { return item_; }

 private:
  Status read_address(Seq message);
  Status read_text(Seq body);

  const core::State& state_;
  journal::Reader& reader_;
  DeliverItem item_{};
  core::ChannelView channel_{};
  // Events are borrowed from the reader until the next one is read.
  std::string conversation_id_{};
  std::string thread_{};
  std::string reply_to_{};
  std::string text_{};
};

}  // namespace spine::pipeline
