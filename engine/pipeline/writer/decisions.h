// Decisions: the writer's state and the batch in hand; an input is decided into both.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/core/model/decide.h"
#include "engine/core/model/state.h"
#include "engine/pipeline/queues/ingress.h"
#include "engine/pipeline/queues/shared.h"
#include "engine/pipeline/writer/publisher.h"
#include "journal/batch.h"

#include "event_generated.h"

namespace spine::pipeline {

// An input the engine makes itself.
struct OwnInput {
  fb::EventBody kind{};
  ByteSpan body{};  // the FlatBuffer, of any alignment
};

// Decides, adds the events to the batch, folds them, and publishes what came of it: into outlets
// that are released when the batch is durable. Thread: engine. Steady state allocates nothing.
class Decisions {
 public:
  Decisions(Shared& shared, Outlets& out, core::State state)
      : metrics_(shared.metrics),
        state_(std::move(state)),
        publisher_(shared, out, state_, batch_) {}

  const core::State& state() const { return state_; }
  // For the journal to commit.
  journal::Batch& batch() { return batch_; }
  // The next event will have this seq: what was in the batch is durable.
  void begin(Seq first) { batch_.begin(first); }

  // The time of the inputs that follow.
  Instant now() const { return now_; }
  void set_now(Instant now) { now_ = now; }

  // A journalled input from outside, with its names (see take_apart()).
  void take(const InputHeader& header, ByteSpan whole);
  void take_own(const OwnInput& input);
  // Refuses an input without deciding it.
  void refuse(const InputHeader& header, const core::Reply& reply, std::string_view key = {}) {
    publisher_.reply(header, reply, key);
  }

 private:
  bool find_named(const InputNames& names, core::Input& input, core::KeyBuffer& key) const;
  void apply(const core::Input& input, const InputHeader& header, std::string_view key = {});
  void count(std::uint16_t kind, const core::Reply& reply);

  Metrics& metrics_;
  core::State state_;
  journal::Batch batch_{};
  core::Decision decision_{};
  Publisher publisher_;
  Instant now_{};
  std::vector<std::uint64_t> own_body_{};  // 8-aligned copy of a body of our own
};

}  // namespace spine::pipeline
