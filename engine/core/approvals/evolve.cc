// Questions of agents: asked, put to people, answered.
#include "engine/core/approvals/evolve.h"

namespace spine::core {

void fold_approval_requested(const Folding& fold) {
  const auto& body = fold.body<fb::ApprovalRequested>();
  Approval approval{.request = fold.seq(),
                    .run = RunId{body.run()},
                    .session = fold.session(),
                    .ask = body.ask(),
                    .kind = body.kind(),
                    .tool = cut_field(body.tool()),
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
  fold.tables.approvals.open(Seq{body.request()}, bits_of(body.uuid()), cut_field(body.code()),
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

}  // namespace spine::core
