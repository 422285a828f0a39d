// OwnerAnswer: reading it out of the words, and passing it on.
#include "engine/core/pairing/owner_answer.h"

#include <algorithm>
#include <string_view>

#include "engine/core/model/tables.h"
#include "engine/core/pairing/notices.h"
#include "schemas/fields.h"
#include "schemas/vocab/ascii.h"

namespace spine::core {
namespace {

// Takes the first word off the text; empty = there is none.
std::string_view next_word(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  const std::string_view word = text.substr(0, text.find_first_of(kBlanks));
  text.remove_prefix(word.size());
  return word;
}

char upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c;
}

std::string pass_on_approval(const OwnerAnswer& answer, const Tables& tables, Drafter& drafter,
                             const Why& why) {
  drafter.add_approval_resolved(
      ApprovalAnswer{.request = answer.approval,
                     .decision = answer.approved ? fb::ApprovalDecision::allow_once
                                                 : fb::ApprovalDecision::deny,
                     .via = fb::DecidedVia::owner},
      why);
  return Notices::answered(tables, *tables.approvals.find(answer.approval), answer.approved);
}

}  // namespace

OwnerAnswer read_owner_answer(const Tables& tables, Instant now, const Origin& origin,
                              const fb::MessageReceived& message) {
  if (origin.conversation != fb::ConversationKind::direct) return {};
  // A client that may write can name any sender: an admin's answer counts only if vouched for.
  if (!message.vouched() || message.untrusted()) return {};
  std::string_view text = text_of(message.text());
  std::string_view verb = next_word(text);
  const std::string_view code = next_word(text);
  if (verb.starts_with('/')) verb.remove_prefix(1);
  const bool approves = same_but_case(verb, "approve");
  if (!approves && !same_but_case(verb, "reject") && !same_but_case(verb, "deny")) return {};
  if (code.size() != kPairingCodeBytes || !next_word(text).empty()) return {};
  OwnerAnswer answer{.given = true, .approved = approves};
  std::transform(code.begin(), code.end(), answer.code.begin(), upper);
  const bool known_letters = std::all_of(answer.code.begin(), answer.code.end(), [](char letter) {
    return kPairingAlphabet.find(letter) != std::string_view::npos;
  });
  if (!known_letters || !tables.policy.is_admin(origin)) return {};
  const PairingRequest* request =
      tables.pairing_requests.find_code(view(answer.code), now.logical_ms);
  if (request != nullptr) answer.request = request->request;
  const Approval* approval = tables.approvals.find_code(view(answer.code));
  if (approval != nullptr) answer.approval = approval->request;
  return answer;
}

std::string pass_on(const OwnerAnswer& answer, const Tables& tables, Instant now, Drafter& drafter,
                    Dispatcher& dispatcher, Why why) {
  if (answer.approval) return pass_on_approval(answer, tables, drafter, why);
  if (!answer.request) {
    BodyBuilder& builder = drafter.builder();
    const TextOffset code = builder.CreateString(view(answer.code));
    drafter.add(why, fb::CreatePairingCodeAnswered(builder, code, answer.approved));
    return Notices::unknown_code(tables, view(answer.code));
  }
  const PairingRequest& request = *tables.pairing_requests.find(answer.request, now.logical_ms);
  why.cause =
      drafter
          .add(why, fb::CreateChannelPairingResolved(drafter.builder(), request.request.value,
                                                     answer.approved, fb::ApprovedVia::owner))
          .value;
  Notices(tables, dispatcher).pairing_resolved(request, answer.approved, why);
  return Notices::answered(tables, request, answer.approved);
}

}  // namespace spine::core
