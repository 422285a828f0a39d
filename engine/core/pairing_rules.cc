// Pairing rules: unknown senders ask to be let in, and are answered.
#include <algorithm>
#include <array>

#include "engine/core/codes.h"
#include "engine/core/fingerprint.h"
#include "engine/core/message_rules.h"
#include "engine/core/words.h"

namespace spine::core {
namespace {

// Tries until a code is free; among 512 of 2^40 the first one is.
constexpr std::uint64_t kCodeTriesMax = 16;
// Of ids made because of a message (message_accept.cc has the others).
constexpr std::uint64_t kPurposeCode = 4;

char upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c;
}

}  // namespace

void decide_pairing_resolved(const Tables& tables, const Input& input, Decision& decision) {
  const auto& body = *flatbuffers::GetRoot<fb::ChannelPairingResolved>(input.body.data());
  const PairingRequest* request =
      tables.pairing_requests.find(Seq{body.request()}, input.now.logical_ms);
  Reply& reply = decision.reply;
  if (request == nullptr) {
    reply.code = ReplyCode::not_found;
    return;
  }
  const SenderPlace sender{request->channel, request->account, request->sender_id,
                           tables.policy.ids};
  if (body.approved() && tables.paired_senders.full() && !tables.paired_senders.has(sender)) {
    reply.code = ReplyCode::rejected;
    reply.reason = fb::RejectReason::table_full;
    return;
  }
  Drafter drafter(tables, input, decision);
  reply.seq = drafter.add_input(Why{.principal = input.principal.value});
}

SenderPlace MessageRules::place() const {
  return {origin_.channel, origin_.account, origin_.sender, origin_.ids};
}

// Whether a sender that the policy does not name is known otherwise. Groups are not opened by it.
bool MessageRules::is_paired() const {
  if (origin_.conversation != fb::ConversationKind::direct || origin_.sender.empty()) return false;
  return tables_.paired_senders.has(place()) || tables_.policy.is_admin(origin_);
}

// The request of a sender that was refused: the one there is, or a new one if the refusal was
// recorded. What strangers cause is bounded by the rate of recorded refusals and the table's size.
void MessageRules::request_pairing(Seq rejection, PrincipalId who) {
  if (origin_.conversation != fb::ConversationKind::direct || origin_.sender.empty()) return;
  const std::uint64_t now_ms = input_.now.logical_ms;
  const PairingRequests& requests = tables_.pairing_requests;
  if (const PairingRequest* there = requests.find_sender(place(), now_ms); there != nullptr) {
    decision_.reply.pairing = there->request;
    return;
  }
  if (!rejection || !requests.has_room(place(), now_ms)) return;
  const Bits128 entropy = bits_of(message_.entropy());
  const Seq seq = drafter_.next_seq();
  for (std::uint64_t attempt = 0; attempt < kCodeTriesMax; ++attempt) {
    const PairingCode code = pairing_code(entropy, seq.value << 8 | kPurposeCode, attempt);
    if (!code_is_free(tables_, view(code), now_ms)) continue;
    const Why why{.cause = rejection.value, .correlation = rejection.value, .principal = who.value};
    decision_.reply.pairing = drafter_.add_pairing_request(
        why, PairingDraft{.channel = text_of(message_.channel()),
                          .account = text_of(message_.account()),
                          .sender_id = text_of(message_.sender_id()),
                          .sender_name = text_of(message_.sender_name()),
                          .code = view(code),
                          .expires_ms = now_ms + limits::kPairingMs,
                          .expires_wall_ms =
                              input_.now.wall_ms + static_cast<std::int64_t>(limits::kPairingMs),
                          .exact_ids = message_.exact_ids()});
    decision_.reply.pairing_new = true;
    return;
  }
}

// An admin's "approve CODE", "reject CODE" or "deny CODE", in a direct message.
void MessageRules::find_answer() {
  if (!by_channel() || origin_.conversation != fb::ConversationKind::direct) return;
  // Whoever may write may name any sender: an admin's word counts only from who could say it too.
  if (!message_.vouched() || message_.untrusted()) return;
  std::string_view text = text_of(message_.text());
  std::string_view verb = next_word(text);
  const std::string_view code = next_word(text);
  if (verb.starts_with('/')) verb.remove_prefix(1);
  const bool approves = same_but_case(verb, "approve");
  if (!approves && !same_but_case(verb, "reject") && !same_but_case(verb, "deny")) return;
  if (code.size() != kPairingCodeBytes || !next_word(text).empty()) return;
  PairingAnswer answer{.given = true, .approved = approves};
  std::transform(code.begin(), code.end(), answer.code.begin(), upper);
  const bool known_letters = std::all_of(answer.code.begin(), answer.code.end(), [](char letter) {
    return kPairingAlphabet.find(letter) != std::string_view::npos;
  });
  if (!known_letters || !tables_.policy.is_admin(origin_)) return;
  const PairingRequest* request =
      tables_.pairing_requests.find_code(view(answer.code), input_.now.logical_ms);
  if (request != nullptr) answer.request = request->request;
  const Approval* approval = tables_.approvals.find_code(view(answer.code));
  if (approval != nullptr) answer.approval = approval->request;
  answer_ = answer;
}

// Whether a sender that is let in has a place in the table.
bool MessageRules::has_room_to_pair() const {
  if (!answer_.approved || !answer_.request || !tables_.paired_senders.full()) return true;
  const PairingRequest* request =
      tables_.pairing_requests.find(answer_.request, input_.now.logical_ms);
  return tables_.paired_senders.has(
      {request->channel, request->account, request->sender_id, tables_.policy.ids});
}

void MessageRules::pass_answer_on(const Why& why) {
  if (!answer_.given) return;
  const Why reason{.cause = why.cause, .correlation = why.correlation, .principal = why.principal};
  if (answer_.approval) {
    drafter_.add_approval_resolved(
        ApprovalAnswer{.request = answer_.approval,
                       .decision = answer_.approved ? fb::ApprovalDecision::allow_once
                                                    : fb::ApprovalDecision::deny,
                       .via = fb::DecidedVia::owner},
        reason);
  } else if (answer_.request) {
    drafter_.add_pairing_resolved(reason, answer_.request, answer_.approved,
                                  fb::ApprovedVia::owner);
  } else {
    drafter_.add_code_answered(reason, view(answer_.code), answer_.approved);
  }
}

}  // namespace spine::core
