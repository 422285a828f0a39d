// Answers: what an agent does with its tools, and what it asks to be allowed.
#include <openssl/sha.h>

#include "adapters/agents/answers.h"
#include "adapters/agents/protocols/protocol.h"
#include "engine/pipeline/clock.h"
#include "schemas/vocab/limits.h"

namespace spine::agents {
namespace {

constexpr std::size_t kOptionsMax = 16;

}  // namespace

Answers::Digested Answers::digest(RunId run, std::string_view body, bool keep) {
  Digested out{.inline_body = keep && body.size() <= limits::kToolInlineBytesMax};
  ::SHA256(reinterpret_cast<const unsigned char*>(body.data()), body.size(), out.sha256.data());
  if (out.inline_body || !keep) return out;
  builder_.Clear();
  const auto sha256 = builder_.CreateVector(out.sha256.data(), out.sha256.size());
  const auto kept = text(body, limits::kToolBodyBytesMax);
  builder_.Finish(fb::CreateBodyRecorded(builder_, run.value, sha256, body.size(), kept));
  push(fb::EventBody::BodyRecorded);
  return out;
}

void Answers::tool_called(RunId run, const ToolCall& call, bool keep) {
  const Digested body = digest(run, call.arguments, keep);
  builder_.Clear();
  const auto call_id = text(call.call_id, limits::kNameBytesMax);
  const auto name = text(call.name, limits::kNameBytesMax);
  const auto title = text(call.title, limits::kAgentMessageBytesMax);
  const auto arguments =
      text(body.inline_body ? call.arguments : std::string_view{}, limits::kToolInlineBytesMax);
  const auto sha256 = builder_.CreateVector(body.sha256.data(), body.sha256.size());
  builder_.Finish(fb::CreateToolCalled(builder_, run.value, call_id, name, title, arguments,
                                       call.arguments.size(), sha256));
  push(fb::EventBody::ToolCalled);
}

void Answers::tool_returned(RunId run, const ToolResult& result, std::uint64_t duration_ms,
                            bool keep) {
  const Digested body = digest(run, result.result, keep);
  builder_.Clear();
  const auto call_id = text(result.call_id, limits::kNameBytesMax);
  const auto name = text(result.name, limits::kNameBytesMax);
  const auto kept =
      text(body.inline_body ? result.result : std::string_view{}, limits::kToolInlineBytesMax);
  const auto sha256 = builder_.CreateVector(body.sha256.data(), body.sha256.size());
  builder_.Finish(fb::CreateToolReturned(builder_, run.value, call_id, result.is_error, kept,
                                         result.result.size(), sha256, duration_ms, name));
  push(fb::EventBody::ToolReturned);
}

void Answers::asked(RunId run, const Permission& permission) {
  builder_.Clear();
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
  builder_.Finish(fb::CreateApprovalRequested(builder_, run.value, permission.ask, permission.kind,
                                              tool, title, detail, cwd, list, &entropy));
  push(fb::EventBody::ApprovalRequested);
}

}  // namespace spine::agents
