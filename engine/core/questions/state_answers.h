// StateAnswers: answers to questions from the state alone, live or as it was.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "engine/core/model/digest.h"
#include "engine/core/model/state.h"
#include "engine/core/questions/answer_sink.h"
#include "engine/core/questions/answers.h"
#include "engine/core/questions/journal_answers.h"
#include "engine/core/questions/question.h"
#include "schemas/vocab/ids.h"

namespace spine::core {

// Thread: that of the state's owner. The state outlives it.
class StateAnswers {
 public:
  explicit StateAnswers(const State& state) : state_(state) {}

  // What a question of question_kind is answered with; none for any other number.
  static std::optional<ItemKind> kind_of_answer(std::uint16_t question);
  // Adds the answer to the sink; or, adding nothing, what JournalAnswers has to read for it.
  // `now`: requests that have expired by then are not listed. REQUIRES:
  // kind_of_answer(question.kind).
  std::optional<JournalRead> answer(const Question& question, Instant now, AnswerSink& sink);
  // What kQueryCounts is answered. Borrowed from the state until its next evolve.
  CountsItem counts(Instant now) const;

 private:
  void answer_sessions(const Question& question, AnswerSink& sink);
  void answer_session(std::string_view typed, AnswerSink& sink);
  void resolve_key(std::string_view typed, AnswerSink& sink);
  void resolve_keys(std::string_view list, AnswerSink& sink);
  void resolve_conversation(const Question& question, AnswerSink& sink);
  void find_sessions(const Question& question, AnswerSink& sink);
  std::optional<JournalRead> answer_send(DeliveryId delivery, AnswerSink& sink);
  void answer_devices(const Question& question, AnswerSink& sink);
  std::optional<JournalRead> answer_history(const Question& question, AnswerSink& sink);
  std::optional<JournalRead> answer_deliveries(const Question& question);
  std::optional<JournalRead> answer_run(std::string_view run_key, AnswerSink& sink);

  const State& state_;
  SessionsItem sessions_item_{};  // of the last list, for its memory
  std::vector<SessionId> session_ids_{};
  StateDigest digest_{};  // the last one asked for
};

}  // namespace spine::core
