// Answers: how runs go on and end, what agents do with their tools and ask, and their processes.
#include "adapters/agents/answers.h"

#include "adapters/agents/protocols/protocol.h"
#include "engine/pipeline/clock.h"
#include "schemas/fields.h"
#include "schemas/vocab/bytes.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/record.h"
#include "schemas/vocab/utf8.h"

namespace spine::agents {
namespace {

constexpr auto kSource = static_cast<std::uint16_t>(Source::agent);

constexpr std::size_t kOptionsMax = 16;

// How people are shown a file of that content.
fb::AttachmentKind kind_of(std::string_view mime_type) {
  if (mime_type.starts_with("image/")) return fb::AttachmentKind::image;
  if (mime_type == "audio/ogg") return fb::AttachmentKind::voice;
  if (mime_type.starts_with("audio/")) return fb::AttachmentKind::audio;
  if (mime_type.starts_with("video/")) return fb::AttachmentKind::video;
  return fb::AttachmentKind::document;
}

}  // namespace

template <class Table>
void Answers::push(flatbuffers::Offset<Table> table) {
  builder_.Finish(table);
  const auto kind = static_cast<std::uint16_t>(fb::EventBodyTraits<Table>::enum_value);
  producer_.push({.kind = kind, .source = kSource}, spine::finished(builder_));
  builder_.Clear();
}

Answers::Text Answers::text(std::string_view value, std::size_t bytes_max) {
  const std::string_view clipped = cut_text(value, bytes_max);
  return builder_.CreateString(clipped.data(), clipped.size());
}

Answers::Bytes Answers::bytes(const Digest256& digest) {
  return builder_.CreateVector(reinterpret_cast<const std::uint8_t*>(digest.data()), digest.size());
}

void Answers::delta(RunId run, std::string_view piece) {
  const pipeline::InputHeader header{
      .kind = pipeline::input_kind::kRunDelta, .source = kSource, .a = run.value};
  producer_.push(header, as_bytes(cut_text(piece, limits::kTextBytesMax)));
}

Answers::Files Answers::list(std::span<const AnswerFile> files) {
  if (files.empty()) return {};
  std::vector<flatbuffers::Offset<fb::Attachment>> rows;
  for (const AnswerFile& file : files) {
    const std::string_view path = file.path;
    const auto name = text(path.substr(path.rfind('/') + 1), limits::kNameBytesMax);
    const auto mime_type = text(file.mime_type, limits::kNameBytesMax);
    const auto url = text(path, limits::kAttachmentTextBytesMax);
    const auto sha256 = bytes(file.sha256);
    rows.push_back(fb::CreateAttachment(builder_, name, mime_type, url, file.bytes, sha256,
                                        fb::AttachmentProblem::none, kind_of(file.mime_type)));
  }
  return builder_.CreateVector(rows);
}

void Answers::finished(RunId run, const Finished& answer, std::span<const AnswerFile> files) {
  const Files rows = list(files);
  const auto body = text(answer.text, limits::kTextBytesMax);
  const auto stop_reason = text(answer.stop_reason, limits::kNameBytesMax);
  const auto provider = text(answer.provider, limits::kNameBytesMax);
  const auto model = text(answer.model, limits::kNameBytesMax);
  push(fb::CreateRunFinished(builder_, run.value, body, stop_reason, answer.input_tokens,
                             answer.output_tokens, answer.duration_ms, provider, model, 0, rows));
}

void Answers::partial(RunId run, std::uint16_t attempt, std::string_view answer) {
  if (answer.empty()) return;
  push(fb::CreatePartialAnswerRecorded(builder_, run.value, attempt,
                                       text(answer, limits::kTextBytesMax)));
}

void Answers::failed(RunId run, fb::RunErrorKind kind, std::string_view message,
                     std::uint64_t duration_ms) {
  push(fb::CreateRunFailed(builder_, run.value, kind, text(message, limits::kTextBytesMax),
                           duration_ms));
}

void Answers::interrupted(RunId run, fb::InterruptReason reason, std::string_view message,
                          std::uint64_t duration_ms) {
  push(fb::CreateRunInterrupted(builder_, run.value, reason,
                                text(message, limits::kAgentMessageBytesMax), duration_ms));
}

void Answers::steered(RunId queued, RunId into) {
  push(fb::CreateRunSteered(builder_, queued.value, into.value));
}

void Answers::bound(RunId run, std::string_view agent_session) {
  if (agent_session.size() > limits::kAgentSessionBytesMax) return;
  push(fb::CreateAgentSessionBound(builder_, run.value,
                                   text(agent_session, limits::kAgentSessionBytesMax)));
}

Answers::Digested Answers::digest(RunId run, std::string_view body, bool keep) {
  Digested out{.sha256 = sha256_of(body),
               .inline_body = keep && body.size() <= limits::kToolInlineBytesMax};
  if (out.inline_body || !keep) return out;
  const auto sha256 = bytes(out.sha256);
  const auto kept = text(body, limits::kToolBodyBytesMax);
  push(fb::CreateBodyRecorded(builder_, run.value, sha256, body.size(), kept));
  return out;
}

void Answers::tool_called(RunId run, const ToolCall& call, bool keep) {
  const Digested body = digest(run, call.arguments, keep);
  const auto call_id = text(call.call_id, limits::kNameBytesMax);
  const auto name = text(call.name, limits::kNameBytesMax);
  const auto title = text(call.title, limits::kAgentMessageBytesMax);
  const auto arguments =
      text(body.inline_body ? call.arguments : std::string_view{}, limits::kToolInlineBytesMax);
  const auto sha256 = bytes(body.sha256);
  push(fb::CreateToolCalled(builder_, run.value, call_id, name, title, arguments,
                            call.arguments.size(), sha256));
}

void Answers::tool_returned(RunId run, const ToolResult& result, std::uint64_t duration_ms,
                            bool keep) {
  const Digested body = digest(run, result.result, keep);
  const auto call_id = text(result.call_id, limits::kNameBytesMax);
  const auto name = text(result.name, limits::kNameBytesMax);
  const auto kept =
      text(body.inline_body ? result.result : std::string_view{}, limits::kToolInlineBytesMax);
  const auto sha256 = bytes(body.sha256);
  push(fb::CreateToolReturned(builder_, run.value, call_id, result.is_error, kept,
                              result.result.size(), sha256, duration_ms, name));
}

void Answers::asked(RunId run, const Permission& permission) {
  std::vector<flatbuffers::Offset<fb::ApprovalOption>> options;
  for (const PermissionOption& option : permission.options) {
    if (options.size() == kOptionsMax) break;
    const auto id = text(option.id, limits::kNameBytesMax);
    const auto name = text(option.name, limits::kNameBytesMax);
    options.push_back(fb::CreateApprovalOption(builder_, id, name, option.decision));
  }
  const auto list = builder_.CreateVector(options);
  const auto tool = text(permission.tool, limits::kNameBytesMax);
  const auto title = text(permission.title, limits::kAgentMessageBytesMax);
  const auto detail = text(permission.detail, limits::kToolInlineBytesMax);
  const auto cwd = text(permission.cwd, limits::kToolInlineBytesMax);
  const Bits128 random = pipeline::random128();
  const fb::Bits128 entropy(random.hi, random.lo);
  push(fb::CreateApprovalRequested(builder_, run.value, permission.ask, permission.kind, tool,
                                   title, detail, cwd, list, &entropy));
}

void Answers::process_started(const ProcessStarted& started) {
  const auto agent = text(started.agent_id, limits::kNameBytesMax);
  const auto driver = text(started.driver, limits::kNameBytesMax);
  const auto version = text(started.version, limits::kNameBytesMax);
  const auto sandbox = text(started.sandbox, limits::kNameBytesMax);
  push(fb::CreateAgentStarted(builder_, agent, started.instance, started.pid, driver, version,
                              sandbox, started.ready_ms));
}

void Answers::process_exited(const ProcessExited& exited) {
  const auto agent = text(exited.agent_id, limits::kNameBytesMax);
  const auto message = text(exited.message, limits::kAgentMessageBytesMax);
  push(fb::CreateAgentExited(builder_, agent, exited.instance, exited.pid, exited.reason,
                             exited.code, static_cast<std::uint8_t>(exited.signal),
                             exited.uptime_ms, exited.restart_in_ms, message));
}

void Answers::quarantined(std::string_view agent_id, std::uint32_t crashes,
                          std::string_view message) {
  const auto agent = text(agent_id, limits::kNameBytesMax);
  const auto said = text(message, limits::kAgentMessageBytesMax);
  push(fb::CreateAgentQuarantined(builder_, agent, crashes, said));
}

}  // namespace spine::agents
