// Answers: turns what an agent reports into input events for the engine.
#pragma once

#include <cstdint>
#include <flatbuffers/flatbuffers.h>
#include <span>
#include <string>
#include <string_view>

#include "engine/pipeline/queues/ingress.h"
#include "schemas/vocab/bytes.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/sha256.h"

#include "event_generated.h"

namespace spine::agents {

// The result of a successful run. Texts are borrowed for the call, and cut to bounds of limits.h.
struct Finished {
  std::string_view text{};
  std::string_view stop_reason{"stop"};
  std::string_view provider{};
  std::string_view model{};
  std::uint64_t input_tokens{};
  std::uint64_t output_tokens{};
  std::uint64_t duration_ms{};
};

// A file that goes with an answer, durably in the media folder.
struct AnswerFile {
  std::string path{};  // as the answer names it
  std::string mime_type{};
  Digest256 sha256{};
  std::uint64_t bytes{};
};

struct Permission;  // protocols/protocol.h
struct ToolCall;
struct ToolResult;

// An agent process that became ready, or that has exited. Texts are borrowed for the call.
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

  // Backpressure: false while the engine's input queue is full. Callers stop reading if they can.
  bool has_room() { return producer_.has_room(); }
  // A piece of an answer in progress, for streaming to clients. Never journalled.
  void delta(RunId run, std::string_view piece);
  void finished(RunId run, const Finished& answer, std::span<const AnswerFile> files = {});
  // The text so far of an answer that was not finished. Does nothing for an empty text.
  void partial(RunId run, std::uint16_t attempt, std::string_view answer);
  void failed(RunId run, fb::RunErrorKind kind, std::string_view message,
              std::uint64_t duration_ms);
  // The run ended without an answer; the core decides whether it is retried.
  void interrupted(RunId run, fb::InterruptReason reason, std::string_view message,
                   std::uint64_t duration_ms);
  // The agent took the message of the run `queued` into the running run `into`.
  void steered(RunId queued, RunId into);
  // The agent's own id of the conversation. One that is too long is dropped, so cannot be resumed.
  void bound(RunId run, std::string_view agent_session);

  // A body larger than limits::kToolInlineBytesMax goes into a BodyRecorded event of its own.
  // Without `keep` only size and digest of the body are recorded.
  void tool_called(RunId run, const ToolCall& call, bool keep);
  void tool_returned(RunId run, const ToolResult& result, std::uint64_t duration_ms, bool keep);
  void asked(RunId run, const Permission& permission);

  void process_started(const ProcessStarted& started);
  void process_exited(const ProcessExited& exited);
  void quarantined(std::string_view agent_id, std::uint32_t crashes, std::string_view message);

 private:
  using Text = flatbuffers::Offset<flatbuffers::String>;
  using Bytes = flatbuffers::Offset<flatbuffers::Vector<std::uint8_t>>;
  // Pushes the event that was built, and clears the builder.
  template <class Table>
  void push(flatbuffers::Offset<Table> table);
  // `value` cut to bytes_max. REQUIRES: no table is open in the builder.
  Text text(std::string_view value, std::size_t bytes_max);
  Bytes bytes(const Digest256& digest);
  using Files = flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<fb::Attachment>>>;
  Files list(std::span<const AnswerFile> files);
  // The digest of `body`. A large body is recorded as an event of its own, and not inline.
  struct Digested {
    Digest256 sha256{};
    bool inline_body{};
  };
  Digested digest(RunId run, std::string_view body, bool keep);
  pipeline::IngressProducer& producer_;
  flatbuffers::FlatBufferBuilder builder_{1024};
};

}  // namespace spine::agents
