// Views: what agents ask, and which of them are in quarantine.
#include <algorithm>

#include "engine/core/tables.h"
#include "engine/core/views.h"

namespace spine::core {
namespace {

ApprovalView approval_view(const Tables& tables, const Approval& approval) {
  ApprovalView view;
  copy_row(approval.columns(), approval, view.columns(), view,
           [](std::string_view text) { return text; });
  if (const std::uint32_t run = tables.runs.find(view.run); run != 0) {
    view.run_key = tables.runs.text(tables.runs[run].key);
    view.agent_id = tables.runs.text(tables.runs[run].agent_id);
  }
  if (const std::uint32_t session = tables.sessions.find(view.session); session != 0) {
    view.session_key = tables.sessions.text(tables.sessions.cold(session).key);
  }
  return view;
}

}  // namespace

bool view_approval(const State& state, Seq request, ApprovalView& out) {
  const Approval* approval = state.tables().approvals.find(request);
  if (approval == nullptr) return false;
  out = approval_view(state.tables(), *approval);
  return true;
}

bool view_question(const State& state, Seq request, ApprovalView& out) {
  const Approval* approval = state.tables().approvals.find_any(request);
  if (approval == nullptr) return false;
  out = approval_view(state.tables(), *approval);
  return true;
}

Seq find_approval(const State& state, Bits128 uuid) {
  const Approval* approval = state.tables().approvals.find_uuid(uuid);
  return approval == nullptr ? Seq{} : approval->request;
}

void list_approvals(const State& state, std::vector<ApprovalView>& out) {
  const Approvals& approvals = state.tables().approvals;
  for (std::size_t i = 0; i < approvals.count(); ++i) {
    if (approvals[i].open()) out.push_back(approval_view(state.tables(), approvals[i]));
  }
}

void list_quarantined(const State& state, std::vector<std::string_view>& out) {
  const auto first = static_cast<std::ptrdiff_t>(out.size());
  const Quarantine& quarantine = state.tables().quarantine;
  for (std::size_t i = 0; i < quarantine.count(); ++i)
    out.push_back(quarantine[i].agent_id);
  std::sort(out.begin() + first, out.end());
}

}  // namespace spine::core
