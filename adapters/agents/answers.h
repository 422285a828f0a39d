// Answers: turns what an agent says into inputs for the engine.
#pragma once

#include <cstdint>
#include <flatbuffers/flatbuffers.h>
#include <string_view>

#include "engine/pipeline/ingress.h"
#include "schemas/vocab/ids.h"

#include "event_generated.h"

namespace spine::agents {

// How a run ended well. Texts are borrowed for the call; too long ones are cut to limits.h.
struct Finished {
  std::string_view text{};
  std::string_view stop_reason{"stop"};
  std::string_view provider{};
  std::string_view model{};
  std::uint64_t input_tokens{};
  std::uint64_t output_tokens{};
  std::uint64_t duration_ms{};
};

// Thread: loop. The producer outlives it; whoever owns the loop flushes the producer.
class Answers {
 public:
  explicit Answers(pipeline::IngressProducer& producer) : producer_(producer) {}

  // A piece of an answer that is being written. Never journalled.
  void delta(RunId run, std::string_view piece);
  void finished(RunId run, const Finished& answer);
  void failed(RunId run, fb::RunErrorKind kind, std::string_view message,
              std::uint64_t duration_ms);

 private:
  void push(fb::EventBody kind);
  pipeline::IngressProducer& producer_;
  flatbuffers::FlatBufferBuilder builder_{1024};
};

// The longest start of `text` of at most `bytes_max` that does not cut a UTF-8 character.
std::string_view clip_utf8(std::string_view text, std::size_t bytes_max);

}  // namespace spine::agents
