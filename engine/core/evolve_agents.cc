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

}  // namespace

void fold_approval_requested(const Folding& fold) {
  const auto& body = fold.body<fb::ApprovalRequested>();
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
  const auto& body = fold.body<fb::ApprovalOpened>();
  fold.tables.approvals.open(Seq{body.request()}, bits_of(body.uuid()),
                             cut_text(text_of(body.code()), limits::kNameBytesMax),
                             body.expires_ms(), body.expires_wall_ms());
}

void fold_approval_resolved(const Folding& fold) {
  const auto& body = fold.body<fb::ApprovalResolved>();
  Tables& tables = fold.tables;
  const Approval approval = tables.approvals.take(Seq{body.request()});
  if (!approval.request || body.decision() != fb::ApprovalDecision::allow_always) return;
  // For as long as the run lives.
  const std::uint32_t run = tables.runs.find_running(approval.run);
  if (run == 0) return;
  tables.allowed_tools.add(
      approval.run, fold.seq(),
      allowed_key(tables.meta.fingerprint_key, approval.tool, approval.title, approval.detail));
}

void fold_agent_session(const Folding& fold) {
  const auto& body = fold.body<fb::AgentSessionBound>();
  Tables& tables = fold.tables;
  const std::uint32_t run = tables.runs.find_running(RunId{body.run()});
  if (run == 0) return;
  tables.sessions.set_agent_session(tables.runs[run].session_row, text_of(body.ref()));
}

void fold_agent_quarantined(const Folding& fold) {
  fold.tables.quarantine.add(
      fold.seq(),
      cut_text(text_of(fold.body<fb::AgentQuarantined>().agent_id()), limits::kNameBytesMax));
}

void fold_agent_reset(const Folding& fold) {
  fold.tables.quarantine.remove(text_of(fold.body<fb::AgentReset>().agent_id()));
}

}  // namespace spine::core
