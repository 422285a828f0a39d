// QueryAnswers: questions, answered from the writer's state and released when what they saw is
// durable.
#pragma once

#include <string_view>

#include "engine/core/model/state.h"
#include "engine/core/questions/state_answers.h"
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
      : shared_(shared), out_(out), state_(state), journal_(journal), answers_(state) {}

  // REQUIRES: the kind is a query's.
  void answer(const InputHeader& header, std::string_view text, Instant now);
  // A text delta of an answer being written: broadcast to subscribers, never journalled.
  void forward_delta(const InputHeader& header, std::string_view piece);

 private:
  ReadRequest& ask_follower(const InputHeader& header, ReadRequest::Kind kind);
  void answer_journal(const InputHeader& header, std::string_view text);
  void answer_status(const InputHeader& header, Instant now);

  const Shared& shared_;
  Outlets& out_;
  const core::State& state_;
  const journal::Journal& journal_;
  core::StateAnswers answers_;
};

}  // namespace spine::pipeline
