// Answers: turns what an agent says into inputs for the engine.
#pragma once

#include <cstdint>
#include <flatbuffers/flatbuffers.h>
#include <string_view>

#include "engine/pipeline/queues/ingress.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/sha256.h"

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

struct Permission;  // protocols/protocol.h
struct ToolCall;
struct ToolResult;

// A process of an agent that is ready, or is no more. Texts are borrowed for the call.
struct ProcessStarted {
  std::string_view agent_id{};
  std::uint32_t instance{};
  std::uint32_t pid{};
  std::string_view driver{};
  std::string_view version{};
  std::string_view sandbox{};
  std::uint64_t ready_ms{};
};
struct ProcessExited {
  std::string_view agent_id{};
  std::uint32_t instance{};
  std::uint32_t pid{};
  fb::AgentExitReason reason{};
  int code{};
  int signal{};
  std::uint64_t uptime_ms{};
  std::uint64_t restart_in_ms{};
  std::string_view message{};
};

// Thread: loop. The producer outlives it; whoever owns the loop flushes the producer.
class Answers {
 public:
  explicit Answers(pipeline::IngressProducer& producer) : producer_(producer) {}

  // False while the engine has as much as it may hold: whoever has a choice reads no more.
  bool has_room() { return producer_.has_room(); }
  // A piece of an answer that is being written. Never journalled.
  void delta(RunId run, std::string_view piece);
  void finished(RunId run, const Finished& answer);
  // How far an answer had come that is not finished. Nothing for an empty text.
  void partial(RunId run, std::uint16_t attempt, std::string_view answer);
  void failed(RunId run, fb::RunErrorKind kind, std::string_view message,
              std::uint64_t duration_ms);
  // It ended without an answer: whether it is tried again is decided by the core.
  void interrupted(RunId run, fb::InterruptReason reason, std::string_view message,
                   std::uint64_t duration_ms);
  // The message of `queued` went into the run `into`.
  void steered(RunId queued, RunId into);
  // The agent's own name of the conversation; too long ones are left out: it is then not resumed.
  void bound(RunId run, std::string_view agent_session);

  // What is larger than limits::kToolInlineBytesMax goes into a BodyRecorded of its own.
  // Without `keep` only their sizes and digests are recorded.
  void tool_called(RunId run, const ToolCall& call, bool keep);
  void tool_returned(RunId run, const ToolResult& result, std::uint64_t duration_ms, bool keep);
  void asked(RunId run, const Permission& permission);

  void process_started(const ProcessStarted& started);
  void process_exited(const ProcessExited& exited);
  void quarantined(std::string_view agent_id, std::uint32_t crashes, std::string_view message);

 private:
  using Text = flatbuffers::Offset<flatbuffers::String>;
  using Bytes = flatbuffers::Offset<flatbuffers::Vector<std::uint8_t>>;
  // Ends the event that was built, and begins another.
  template <class Table>
  void push(flatbuffers::Offset<Table> table);
  // REQUIRES: the builder is not within a table. Cut to bytes_max.
  Text text(std::string_view value, std::size_t bytes_max);
  Bytes bytes(const Digest256& digest);
  // The digest of `body`; the body is recorded apart if it is large, and is then not `kept`.
  struct Digested {
    Digest256 sha256{};
    bool inline_body{};
  };
  Digested digest(RunId run, std::string_view body, bool keep);
  pipeline::IngressProducer& producer_;
  flatbuffers::FlatBufferBuilder builder_{1024};
};

}  // namespace spine::agents
