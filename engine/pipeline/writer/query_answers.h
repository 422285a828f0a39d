// QueryAnswers: reads, answered from the writer's state and released when what they saw is durable.
#pragma once

#include <string_view>
#include <vector>

#include "engine/core/model/digest.h"
#include "engine/core/model/state.h"
#include "engine/pipeline/queues/ingress.h"
#include "engine/pipeline/queues/shared.h"
#include "engine/pipeline/writer/publisher.h"
#include "journal/journal.h"

namespace spine::pipeline {

// What the state does not hold is read from the journal by the follower. Thread: engine.
class QueryAnswers {
 public:
  QueryAnswers(const Shared& shared, Outlets& out, const core::State& state,
               const journal::Journal& journal)
      : shared_(shared), out_(out), state_(state), journal_(journal) {}

  // REQUIRES: the kind is a query's.
  void answer(const InputHeader& header, std::string_view text, Instant now);
  // A text delta of an answer being written: broadcast to subscribers, never journalled.
  void forward_delta(const InputHeader& header, std::string_view piece);

 private:
  ReadRequest& ask_follower(const InputHeader& header, ReadRequest::Kind kind);
  void answer_sessions(const InputHeader& header, std::string_view agent_id);
  void answer_session(const InputHeader& header, std::string_view typed);
  void answer_history(const InputHeader& header, std::string_view typed);
  void resolve_key(const InputHeader& header, std::string_view typed);
  void resolve_keys(const InputHeader& header, std::string_view list);
  void find_sessions(const InputHeader& header, std::string_view text);
  void answer_run(const InputHeader& header, std::string_view run_key);
  void answer_status(const InputHeader& header);
  void answer_devices(const InputHeader& header, std::string_view device_id);

  const Shared& shared_;
  Outlets& out_;
  const core::State& state_;
  const journal::Journal& journal_;
  SessionsItem sessions_item_{};  // of the last list, for its memory
  std::vector<SessionId> session_ids_{};
  core::StateDigest digest_{};  // the last one asked for
};

}  // namespace spine::pipeline
