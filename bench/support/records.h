// MessageRecords: records of messages for a batch, without the core.
#pragma once

#include <cstdint>

#include "bench/support/bodies.h"
#include "journal/batch.h"
#include "schemas/vocab/record.h"

namespace spine::bench {

// Thread: one. Each record has its own external id; the senders rotate.
class MessageRecords {
 public:
  // Appends one record. REQUIRES: batch begun.
  void append_to(journal::Batch& batch);

 private:
  MessageBuilder builder_{};
  std::uint64_t number_{};
};

}  // namespace spine::bench
