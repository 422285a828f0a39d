// evolve: events of what agents ask, of their own names of conversations, and of quarantine.
#include <algorithm>

#include "engine/core/evolve_rows.h"
#include "schemas/fields.h"
#include "schemas/vocab/utf8.h"

namespace spine::core {
namespace {

std::string cut_field(const flatbuffers::String* text, std::size_t bytes_max) {
  return std::string(cut_text(text_of(text), bytes_max));
}

template <class Body>
const Body& agent_body(const Folding& fold) {
  return *flatbuffers::GetRoot<Body>(fold.event.body.data());
}

void fold_approval_requested(const Folding& fold) {
  const auto& body = agent_body<fb::ApprovalRequested>(fold);
  Approval approval{.request = fold.seq(),
                    .run = RunId{body.run()},
                    .session = SessionId{fold.event.header.session},
                    .ask = body.ask(),
                    .kind = body.kind(),
                    .tool = cut_field(body.tool(), limits::kNameBytesMax),
                    .title = cut_field(body.title(), limits::kApprovalTextBytesMax),
                    .detail = cut_field(body.detail(), limits::kApprovalTextBytesMax),
                    .cwd = cut_field(body.cwd(), limits::kApprovalTextBytesMax),
                    .created_wall_ms = fold.wall_ms()};
  if (body.options() != nullptr) {
    for (const fb::ApprovalOption* option : *body.options())
      approval.options |= 1U << (static_cast<std::uint32_t>(option->decision()) & 31U);
  }
  fold.tables.approvals.ask(std::move(approval));
}

void fold_approval_opened(const Folding& fold) {
  const auto& body = agent_body<fb::ApprovalOpened>(fold);
  fold.tables.approvals.open(Seq{body.request()}, bits_of(body.uuid()),
                             cut_text(text_of(body.code()), limits::kNameBytesMax),
                             body.expires_ms(), body.expires_wall_ms());
}

void fold_approval_resolved(const Folding& fold) {
  const auto& body = agent_body<fb::ApprovalResolved>(fold);
  Tables& tables = fold.tables;
  if (!tables.approvals.resolve(Seq{body.request()})) return;
  if (body.decision() != fb::ApprovalDecision::allow_always) return;
  // For as long as the run lives.
  const Approval& approval = tables.approvals.resolved();
  const std::uint32_t run = tables.runs.find_running(approval.run);
  if (run == 0) return;
  tables.allowed_tools.add(
      approval.run, fold.seq(),
      allowed_key(tables.meta.fingerprint_key, approval.tool, approval.title, approval.detail));
}

void fold_agent_session(const Folding& fold) {
  const auto& body = agent_body<fb::AgentSessionBound>(fold);
  Tables& tables = fold.tables;
  const std::uint32_t run = tables.runs.find_running(RunId{body.run()});
  if (run == 0) return;
  tables.sessions.set_agent_session(tables.runs[run].session_row, text_of(body.ref()));
}

}  // namespace

bool fold_agent_event(const Folding& fold) {
  switch (static_cast<fb::EventBody>(fold.event.header.kind)) {
    case fb::EventBody::ApprovalRequested:
      fold_approval_requested(fold);
      return true;
    case fb::EventBody::ApprovalOpened:
      fold_approval_opened(fold);
      return true;
    case fb::EventBody::ApprovalResolved:
      fold_approval_resolved(fold);
      return true;
    case fb::EventBody::AgentSessionBound:
      fold_agent_session(fold);
      return true;
    case fb::EventBody::AgentQuarantined:
      fold.tables.quarantine.add(
          fold.seq(), cut_text(text_of(agent_body<fb::AgentQuarantined>(fold).agent_id()),
                               limits::kNameBytesMax));
      return true;
    case fb::EventBody::AgentReset:
      fold.tables.quarantine.remove(text_of(agent_body<fb::AgentReset>(fold).agent_id()));
      return true;
    case fb::EventBody::ToolCalled:
    case fb::EventBody::ToolReturned:
    case fb::EventBody::BodyRecorded:
    case fb::EventBody::AgentStarted:
    case fb::EventBody::AgentExited:
    case fb::EventBody::AgentRestartRequested:
    case fb::EventBody::SkillsChanged:
    case fb::EventBody::PartialAnswerRecorded:
      return true;  // facts for readers of the journal; the tables do not depend on them
    default:
      return false;
  }
}

}  // namespace spine::core
