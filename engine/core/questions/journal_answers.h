// JournalAnswers: answers to questions whose answer the state does not hold as a whole.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/core/model/state.h"
#include "engine/core/questions/answer_sink.h"
#include "engine/core/questions/event_source.h"
#include "engine/core/questions/history.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/result.h"

namespace spine::core {

// What has to be read for the answer to a question.
struct JournalRead {
  enum class Kind : std::uint8_t { history, run_end, runs, deliveries, delivery, send_end };
  Kind kind{};
  SessionId session{};    // history
  std::uint64_t limit{};  // history, runs: as many at most
  Seq before{};           // history: only older ones, 0 = from the end; send_end: that event
  HistoryLines lines{};   // history
  RunId run{};            // run_end
  bool ended{};           // runs: the last ones that ended, not the open ones
  // deliveries, delivery: which; of how many in all.
  std::vector<DeliveryId> deliveries{};
  std::uint64_t total{};
};

// Thread: the source's. REQUIRES: the source has the events up to the state's.
class JournalAnswers {
 public:
  JournalAnswers(const State& state, EventSource& source) : state_(state), source_(source) {}

  // Adds the answer to the sink. Errors are the source's: then nothing was added.
  Status answer(const JournalRead& read, AnswerSink& sink);

 private:
  Result<RunItem> read_end(RunId id);
  Result<SendItem> read_send(Seq end);
  Result<RunsItem> read_runs(std::uint64_t limit, bool ended);

  const State& state_;
  EventSource& source_;
};

}  // namespace spine::core
