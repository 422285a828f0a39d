// What becomes of what agents ask: it is decided by the configuration, or put to people.
#include "engine/core/approvals/decide.h"

#include <algorithm>
#include <string>

#include "engine/core/pairing/notices.h"
#include "engine/core/runs/decide.h"

namespace spine::core {
namespace {

// Longer than anybody waits, and short enough to be added to any clock without overflow.
constexpr std::uint64_t kApprovalMsMax = 366ULL * 24 * 3600 * 1000;

// What the configuration says to a question.
struct Ruling {
  bool decided{};
  fb::ApprovalDecision decision{};
  std::string rule{};
};

Ruling ruled(fb::ApprovalDecision decision, std::string_view list, const std::string* entry) {
  std::string rule(list);
  if (entry != nullptr) rule += ": " + *entry;
  return Ruling{.decided = true, .decision = decision, .rule = std::move(rule)};
}

Ruling ruling(const Tables& tables, const Run& run, const fb::ApprovalRequested& question) {
  const std::string_view tool = text_of(question.tool());
  const AgentRules& rules = tables.policy.rules_of(tables.runs.text(run.agent_id));
  if (const ToolMatch denied = match_tool(rules.deny, tool); denied.holds()) {
    return ruled(fb::ApprovalDecision::deny, "tools.deny", denied.entry);
  }
  const ToolMatch allowed = match_tool(rules.allow, tool);
  if (run.trust != fb::Trust::trusted) {
    const ToolMatch narrow = match_tool(rules.untrusted_allow, tool);
    // A tool marked "!" in tools.allow has to be asked about in untrusted runs, too.
    if (!narrow.holds() || allowed.marks == 0) {
      return ruled(narrow.holds() ? fb::ApprovalDecision::allow_once : fb::ApprovalDecision::deny,
                   "spine.untrustedTools", narrow.entry);
    }
  }
  constexpr std::uint8_t kAlwaysAsked = 2;
  const std::string key = allowed_key(tables.meta.fingerprint_key, tool, text_of(question.title()),
                                      text_of(question.detail()));
  if (allowed.marks < kAlwaysAsked && tables.allowed_tools.has(run.id, key)) {
    return ruled(fb::ApprovalDecision::allow_once, "allow-always", nullptr);
  }
  if (allowed.holds()) return ruled(fb::ApprovalDecision::allow_once, "tools.allow", allowed.entry);
  if (tables.approvals.full() || tables.approvals.count_of(run.id) >= limits::kApprovalsPerRunMax) {
    return ruled(fb::ApprovalDecision::deny, "too many", nullptr);
  }
  return Ruling{};
}

bool good_question(const fb::ApprovalRequested& body) {
  const auto* options = body.options();
  return fit(limits::kNameBytesMax, body.tool()) &&
         fit(limits::kApprovalTextBytesMax, body.title(), body.detail(), body.cwd()) &&
         (options == nullptr || options->size() <= limits::kApprovalOptionsMax);
}

// Puts the question to people. False when no code is free.
bool open_question(const Tables& tables, const Input& input, const Run& run, const Why& why,
                   Drafter& drafter) {
  const Bits128 entropy = bits_of(root_of<fb::ApprovalRequested>(input.body).entropy());
  const Seq request{why.cause};
  const std::string_view agent = tables.runs.text(run.agent_id);
  const std::uint64_t now_ms = input.now.logical_ms;
  const std::uint64_t wait_ms = std::min(tables.policy.rules_of(agent).approval_ms, kApprovalMsMax);
  const auto free =
      free_code(tables, entropy, purpose_of(request, IdPurpose::approval_code), now_ms);
  if (!free) return false;
  const fb::Bits128 uuid = put_bits(uuid_from(entropy, purpose_of(request, IdPurpose::approval)));
  BodyBuilder& builder = drafter.builder();
  const TextOffset code = builder.CreateString(view(*free));
  const Seq opened = drafter.add(
      why, fb::CreateApprovalOpened(builder, request.value, &uuid, code, now_ms + wait_ms,
                                    input.now.wall_ms + static_cast<std::int64_t>(wait_ms)));
  const auto& body = root_of<fb::ApprovalRequested>(input.body);
  Why told = why;
  told.cause = opened.value;
  Dispatcher dispatcher(tables, input.now, drafter);
  Notices(tables, dispatcher)
      .approval_asked({.tool = text_of(body.tool()),
                       .title = text_of(body.title()),
                       .detail = text_of(body.detail()),
                       .code = view(*free)},
                      agent, wait_ms, told);
  return true;
}

}  // namespace

void decide_approval_requested(const Tables& tables, const Input& input, Decision& decision) {
  const auto& body = root_of<fb::ApprovalRequested>(input.body);
  Drafter drafter(tables, input, decision);
  const Run* run = drafter.add_run_input(RunId{body.run()}, good_question(body));
  if (run == nullptr) return;
  Why why = why_of(*run);
  why.cause = decision.reply.seq.value;
  Ruling answer = ruling(tables, *run, body);
  if (!answer.decided) {
    if (open_question(tables, input, *run, why, drafter)) return;
    answer = ruled(fb::ApprovalDecision::deny, "too many", nullptr);
  }
  drafter.add_approval_resolved(ApprovalAnswer{.request = decision.reply.seq,
                                               .decision = answer.decision,
                                               .via = fb::DecidedVia::rule,
                                               .rule = answer.rule},
                                why);
}

void decide_approval_resolved(const Tables& tables, const Input& input, Decision& decision) {
  const auto& body = root_of<fb::ApprovalResolved>(input.body);
  const Approval* approval = tables.approvals.find(Seq{body.request()});
  if (approval == nullptr) return decision.refuse(ReplyCode::not_found);
  const bool by_person =
      body.via() == fb::DecidedVia::client || body.via() == fb::DecidedVia::control_socket;
  const bool answers = body.decision() == fb::ApprovalDecision::deny ||
                       body.decision() == fb::ApprovalDecision::allow_once ||
                       body.decision() == fb::ApprovalDecision::allow_always;
  if (!by_person || !answers || !fit(limits::kNameBytesMax, body.rule())) {
    return decision.refuse(ReplyCode::rejected);
  }
  Drafter drafter(tables, input, decision);
  Why why = drafter.why_of_question(*approval, approval->request);
  why.principal = input.principal.value;
  Reply& reply = decision.reply;
  reply.run = approval->run;
  reply.session = approval->session;
  reply.seq = drafter.add_input(why);
}

}  // namespace spine::core
