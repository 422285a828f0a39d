// Answers: how runs go on and end.
#include "adapters/agents/answers.h"

#include "schemas/finished.h"
#include "schemas/vocab/bytes.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/record.h"
#include "schemas/vocab/utf8.h"

namespace spine::agents {
namespace {

constexpr auto kSource = static_cast<std::uint16_t>(Source::agent);

}  // namespace

void Answers::push(fb::EventBody kind) {
  const pipeline::InputHeader header{.kind = static_cast<std::uint16_t>(kind), .source = kSource};
  producer_.push(header, spine::finished(builder_));
}

Answers::Text Answers::text(std::string_view value, std::size_t bytes_max) {
  const std::string_view clipped = cut_text(value, bytes_max);
  return builder_.CreateString(clipped.data(), clipped.size());
}

void Answers::delta(RunId run, std::string_view piece) {
  const pipeline::InputHeader header{
      .kind = pipeline::input_kind::kRunDelta, .source = kSource, .a = run.value};
  producer_.push(header, as_bytes(cut_text(piece, limits::kTextBytesMax)));
}

void Answers::finished(RunId run, const Finished& answer) {
  builder_.Clear();
  const auto body = text(answer.text, limits::kTextBytesMax);
  const auto stop_reason = text(answer.stop_reason, limits::kNameBytesMax);
  const auto provider = text(answer.provider, limits::kNameBytesMax);
  const auto model = text(answer.model, limits::kNameBytesMax);
  builder_.Finish(fb::CreateRunFinished(builder_, run.value, body, stop_reason, answer.input_tokens,
                                        answer.output_tokens, answer.duration_ms, provider, model));
  push(fb::EventBody::RunFinished);
}

void Answers::partial(RunId run, std::uint16_t attempt, std::string_view answer) {
  if (answer.empty()) return;
  builder_.Clear();
  const auto said = text(answer, limits::kTextBytesMax);
  builder_.Finish(fb::CreatePartialAnswerRecorded(builder_, run.value, attempt, said));
  push(fb::EventBody::PartialAnswerRecorded);
}

void Answers::failed(RunId run, fb::RunErrorKind kind, std::string_view message,
                     std::uint64_t duration_ms) {
  builder_.Clear();
  const auto said = text(message, limits::kTextBytesMax);
  builder_.Finish(fb::CreateRunFailed(builder_, run.value, kind, said, duration_ms));
  push(fb::EventBody::RunFailed);
}

void Answers::interrupted(RunId run, fb::InterruptReason reason, std::string_view message,
                          std::uint64_t duration_ms) {
  builder_.Clear();
  const auto said = text(message, limits::kAgentMessageBytesMax);
  builder_.Finish(fb::CreateRunInterrupted(builder_, run.value, reason, said, duration_ms));
  push(fb::EventBody::RunInterrupted);
}

void Answers::steered(RunId queued, RunId into) {
  builder_.Clear();
  builder_.Finish(fb::CreateRunSteered(builder_, queued.value, into.value));
  push(fb::EventBody::RunSteered);
}

void Answers::bound(RunId run, std::string_view agent_session) {
  if (agent_session.size() > limits::kAgentSessionBytesMax) return;
  builder_.Clear();
  const auto ref = text(agent_session, limits::kAgentSessionBytesMax);
  builder_.Finish(fb::CreateAgentSessionBound(builder_, run.value, ref));
  push(fb::EventBody::AgentSessionBound);
}

}  // namespace spine::agents
