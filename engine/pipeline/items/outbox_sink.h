// OutboxSink: puts the answer to a question into an outbox.
#pragma once

#include <cstdint>

#include "engine/core/questions/answer_sink.h"
#include "engine/pipeline/queues/outbox.h"

namespace spine::pipeline {

// Thread: the producer's.
class OutboxSink : public core::AnswerSink {
 public:
  OutboxSink(OutboxProducer& out, ConnectionRef to, std::uint64_t request)
      : out_(out), to_(to), request_(request) {}

 private:
  std::byte* add(core::ItemKind kind, std::size_t bytes) override {
    return out_.add(OutHeader{.bytes = static_cast<std::uint32_t>(bytes),
                              .kind = static_cast<std::uint16_t>(kind),
                              .connection = to_,
                              .request = request_});
  }

  OutboxProducer& out_;
  ConnectionRef to_;
  std::uint64_t request_;
};

}  // namespace spine::pipeline
