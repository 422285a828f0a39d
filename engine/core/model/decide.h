// decide: what an input leads to. May say no, may change between releases; yields events.
#pragma once

#include <cstdint>
#include <flatbuffers/flatbuffers.h>
#include <span>
#include <vector>

#include "engine/core/model/state.h"
#include "schemas/vocab/bytes.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/record.h"

#include "event_generated.h"

namespace spine::core {

// A journalled input: the body is the event it will become, already verified (FlatBuffers table of
// `kind`, texts within limits.h). Borrowed for the call.
struct Input {
  std::uint16_t kind{};  // EventBody number; one of those input_kind() accepts
  Source source{};
  PrincipalId principal{};  // of the connection that handed it in; 0 = none
  // SessionReset, SessionRewound, SessionClosed, SessionPatched: which. RunAborted with an empty
  // list: whose open runs. SessionOpened: from which it is forked, unless its body says so. Else 0.
  SessionId session{};
  RunId run{};  // RunAborted with an empty list: this run of the session only, if it is set.
                // RunRetryRequested: which, unless its body says so
  Instant now{};
  ByteSpan body{};
};

// Whether events of this kind can be the first event of an input.
bool input_kind(std::uint16_t kind);

using BodyBuilder = flatbuffers::FlatBufferBuilder;
using TextOffset = flatbuffers::Offset<flatbuffers::String>;

// How a request ended, for whoever made it. Not recorded: it follows from the events.
enum class ReplyCode : std::uint8_t {
  accepted,        // events were made; seq is the first of them
  duplicate,       // channel message seen before; seq is the original
  in_flight,       // idempotency key seen before, its run is still open
  done,            // idempotency key seen before, its run has ended
  rejected,        // see reason
  rate_limited,    // ask again after retry_after_ms
  not_found,       // no such session, run, device, pairing request, question or agent
  nothing_to_do,   // e.g. abort without an open run
  refused_main,    // the main session cannot be deleted
  no_space,        // the disk is full; retryable (engine thread, not decide)
  label_taken,     // another open session has this label
  malformed_key,   // no session can have the key that was typed
  missing_scope,   // a command of the message needs an admin scope
  run_open,        // the run's message is being worked on, by reply.run
  run_answered,    // the run's message has been answered, by reply.run: only force does it again
  left_behind,     // the run's message is in no session's present conversation
  before_history,  // the seq lies before the session's history, which begins at reply.seq
  after_history,   // the seq lies behind the session's history, which ends at reply.seq
  history_full,    // the session was rewound and forked too often, or too many sessions were
};

struct Reply {
  ReplyCode code{ReplyCode::accepted};
  fb::RejectReason reason{fb::RejectReason::none};
  std::uint64_t retry_after_ms{};
  Seq seq{};            // of the input's event, or of the original
  SessionId session{};  // may be one that the same decision opens
  RunId run{};          // started, queued, or found
  // ClientConnected: whose connection it is; may be one that the same decision adds.
  PrincipalId principal{};
  // The live request of a sender that was refused as unpaired; 0 = there is none.
  Seq pairing{};
  bool pairing_new{};     // the same decision made it
  DeliveryId delivery{};  // SendRequested: the delivery of it; 0 = another kind of input
};

// An event that is about to happen. header is complete but for body_bytes.
struct Draft {
  RecordHeader header{};
  ByteSpan body{};  // Borrowed: the input's body, or inside the decision's arena
};

// The outcome of decide. Reused from input to input: steady state allocates nothing.
// Thread: engine.
class Decision {
 public:
  void clear();

  std::span<const Draft> drafts() const { return drafts_; }
  Reply reply{};

  // Used by the rules: the reply of an input that is refused.
  void refuse(ReplyCode code, fb::RejectReason reason = fb::RejectReason::none) {
    reply.code = code;
    reply.reason = reason;
  }
  // Seqs are assigned in order of adding, from state.applied() + 1 on.
  void add(const RecordHeader& header, ByteSpan body) { drafts_.push_back({header, body}); }
  std::size_t count() const { return drafts_.size(); }
  // A cleared builder; finish() keeps what was built in it until clear().
  BodyBuilder& builder();
  ByteSpan finish(flatbuffers::Offset<void> root);

 private:
  std::vector<Draft> drafts_{};
  BodyBuilder builder_{1024};
  std::vector<std::vector<std::uint64_t>> kept_{};  // 8-aligned copies, reused
  std::size_t kept_count_{};
};

// Pure. In the common case nothing is refused or derived: there is one draft, the input.
// REQUIRES: input_kind(input.kind), decision cleared, body verified.
void decide(const State& state, const Input& input, Decision& decision);

// The input an event came from, if the event is the first of one (record_flag::kInput).
// False for derived events. input.body is borrowed from the event, or, for a MessageRejected (whose
// input was a MessageReceived), from `scratch`, which is then cleared first.
bool input_of(const EventView& event, Input& input, BodyBuilder& scratch);

}  // namespace spine::core
