// Approval rules: what agents ask is decided by the configuration, or put to people.
#include <algorithm>
#include <string>

#include "engine/core/codes.h"
#include "engine/core/drafter.h"
#include "engine/core/key_buffer.h"
#include "schemas/fields.h"

namespace spine::core {
namespace {

// Of ids made because of a question (message_accept.cc and pairing_rules.cc have others).
constexpr std::uint64_t kPurposeApproval = 5;
constexpr std::uint64_t kPurposeApprovalCode = 6;
constexpr std::uint64_t kApprovalCodeTriesMax = 16;
// Longer than anybody waits, and short enough to be added to any clock.
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
    // What is to be asked about is asked about whoever wrote the words.
    if (!narrow.holds() || allowed.marks == 0) {
      return ruled(narrow.holds() ? fb::ApprovalDecision::allow_once : fb::ApprovalDecision::deny,
                   "spine.untrustedTools", narrow.entry);
    }
  }
  constexpr std::uint8_t kAlwaysAsked = 2;
  const std::string key = allowed_key(tables.meta.fingerprint_key, tool, text_of(question.title()),
                                      text_of(question.detail()));
  if (allowed.marks < kAlwaysAsked && tables.allowed_tools.has(RunId{run.id}, key)) {
    return ruled(fb::ApprovalDecision::allow_once, "allow-always", nullptr);
  }
  if (allowed.holds()) return ruled(fb::ApprovalDecision::allow_once, "tools.allow", allowed.entry);
  if (tables.approvals.full() ||
      tables.approvals.count_of(RunId{run.id}) >= limits::kApprovalsPerRunMax) {
    return ruled(fb::ApprovalDecision::deny, "too many", nullptr);
  }
  return Ruling{};
}

bool good_question(const fb::ApprovalRequested& body) {
  const auto* options = body.options();
  return text_of(body.tool()).size() <= limits::kNameBytesMax &&
         text_of(body.title()).size() <= limits::kApprovalTextBytesMax &&
         text_of(body.detail()).size() <= limits::kApprovalTextBytesMax &&
         text_of(body.cwd()).size() <= limits::kApprovalTextBytesMax &&
         (options == nullptr || options->size() <= limits::kApprovalOptionsMax);
}

// Puts the question to people. False when no code is free.
bool open_question(const Tables& tables, const Input& input, const AgentRules& rules,
                   const Why& why, Drafter& drafter) {
  const auto& body = *flatbuffers::GetRoot<fb::ApprovalRequested>(input.body.data());
  const Bits128 entropy = bits_of(body.entropy());
  const std::uint64_t request = why.cause;
  const std::uint64_t wait_ms = std::min(rules.approval_ms, kApprovalMsMax);
  for (std::uint64_t attempt = 0; attempt < kApprovalCodeTriesMax; ++attempt) {
    const PairingCode code = pairing_code(entropy, request << 8 | kPurposeApprovalCode, attempt);
    if (!code_is_free(tables, view(code), input.now.logical_ms)) continue;
    drafter.add_approval_opened(
        why,
        ApprovalOpening{.request = Seq{request},
                        .uuid = uuid_from(entropy, request << 8 | kPurposeApproval),
                        .code = view(code),
                        .expires_ms = input.now.logical_ms + wait_ms,
                        .expires_wall_ms = input.now.wall_ms + static_cast<std::int64_t>(wait_ms)});
    return true;
  }
  return false;
}

}  // namespace

void decide_approval_requested(const Tables& tables, const Input& input, Decision& decision) {
  const auto& body = *flatbuffers::GetRoot<fb::ApprovalRequested>(input.body.data());
  Reply& reply = decision.reply;
  reply.run = RunId{body.run()};
  const std::uint32_t row = tables.runs.find_running(reply.run);
  if (row == 0) {
    reply.code = ReplyCode::not_found;
    return;
  }
  if (!good_question(body)) {
    reply.code = ReplyCode::rejected;
    return;
  }
  const Run& run = tables.runs[row];
  Drafter drafter(tables, input, decision);
  Why why = why_of(run);
  reply.session = run.session;
  reply.seq = drafter.add_input(why);
  why.cause = reply.seq.value;
  Ruling ruling_now = ruling(tables, run, body);
  if (!ruling_now.decided) {
    const AgentRules& rules = tables.policy.rules_of(tables.runs.text(run.agent_id));
    if (open_question(tables, input, rules, why, drafter)) return;
    ruling_now = ruled(fb::ApprovalDecision::deny, "too many", nullptr);
  }
  drafter.add_approval_resolved(ApprovalAnswer{.request = reply.seq,
                                               .decision = ruling_now.decision,
                                               .via = fb::DecidedVia::rule,
                                               .rule = ruling_now.rule},
                                why);
}

void decide_approval_resolved(const Tables& tables, const Input& input, Decision& decision) {
  const auto& body = *flatbuffers::GetRoot<fb::ApprovalResolved>(input.body.data());
  Reply& reply = decision.reply;
  const Approval* approval = tables.approvals.find(Seq{body.request()});
  if (approval == nullptr) {
    reply.code = ReplyCode::not_found;
    return;
  }
  const bool by_person =
      body.via() == fb::DecidedVia::client || body.via() == fb::DecidedVia::control_socket;
  const bool answers = body.decision() == fb::ApprovalDecision::deny ||
                       body.decision() == fb::ApprovalDecision::allow_once ||
                       body.decision() == fb::ApprovalDecision::allow_always;
  if (!by_person || !answers || text_of(body.rule()).size() > limits::kNameBytesMax) {
    reply.code = ReplyCode::rejected;
    return;
  }
  Drafter drafter(tables, input, decision);
  Why why{.cause = approval->request.value,
          .principal = input.principal.value,
          .session = approval->session.value};
  const std::uint32_t run = tables.runs.find(approval->run);
  if (run != 0) why.correlation = tables.runs[run].correlation;
  reply.run = approval->run;
  reply.session = approval->session;
  reply.seq = drafter.add_input(why);
}

}  // namespace spine::core
