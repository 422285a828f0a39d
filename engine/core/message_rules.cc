// Message rules: checks, in the order in which they answer.
#include "engine/core/message_rules.h"

#include "engine/core/fingerprint.h"
#include "engine/core/message_copy.h"
#include "engine/core/rate.h"
#include "engine/core/session_key.h"
#include "engine/core/typed_key.h"
#include "engine/core/words.h"

namespace spine::core {
namespace {

bool is_name_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

// Whether the words begin with a command ("/new"), or hold the agent's name as a mention.
bool names_agent(std::string_view text, std::string_view agent) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return false;
  if (text[first] == '/' && first + 1 < text.size() && is_name_letter(text[first + 1])) return true;
  for (std::size_t at = text.find('@', first); at != std::string_view::npos;
       at = text.find('@', at + 1)) {
    // "me@main.example" is an address, and "@mainly" another name.
    if (at != 0 && is_name_letter(text[at - 1])) continue;
    const std::string_view rest = text.substr(at + 1);
    const bool whole = rest.size() == agent.size() ||
                       (rest.size() > agent.size() && !is_name_letter(rest[agent.size()]));
    if (whole && same_but_case(rest.substr(0, agent.size()), agent)) return true;
  }
  return false;
}

}  // namespace

MessageRules::MessageRules(const Tables& tables, const Input& input, Decision& decision)
    : tables_(tables),
      input_(input),
      decision_(decision),
      drafter_(tables, input, decision),
      message_(*flatbuffers::GetRoot<fb::MessageReceived>(input.body.data())) {}

void decide_message(const Tables& tables, const Input& input, Decision& decision) {
  MessageRules(tables, input, decision).run();
}

void MessageRules::run() {
  if (by_channel()) {
    find_fingerprint();
    find_origin();
  }
  find_principal();
  if (is_new() && may_speak() && has_agent() && within_rate() && has_room()) accept();
}

void MessageRules::find_fingerprint() {
  if (!has_fingerprint(message_)) return;
  fingerprint_ = message_fingerprint(tables_.meta.fingerprint_key, message_);
  tables_.duplicates.prefetch(fingerprint_);
}

void MessageRules::find_origin() {
  const auto lowered = [this](std::string_view text) {
    const std::size_t first = lowered_.view().size();
    return lowered_.add_lower(text).view().substr(first);
  };
  origin_.ids = id_case(message_.exact_ids());
  const auto id = [&](const flatbuffers::String* text) {
    return origin_.ids == IdCase::exact ? text_of(text) : lowered(text_of(text));
  };
  origin_.channel = lowered(text_of(message_.channel()));
  origin_.account = id(message_.account());
  origin_.sender = id(message_.sender_id());
  origin_.conversation = message_.conversation();
  const bool from_sender =
      origin_.conversation == fb::ConversationKind::direct && !origin_.sender.empty();
  origin_.peer = from_sender ? origin_.sender : id(message_.conversation_id());
}

void MessageRules::find_principal() {
  if (!by_channel()) {
    principal_ = input_.principal;
    principal_row_ = tables_.principals.find(principal_);
    return;
  }
  principal_key_.add_escaped(origin_.channel)
      .add(":")
      .add_id_escaped(origin_.account, origin_.ids)
      .add(":")
      .add(text_of(message_.sender_id()));
  principal_key_.fit(tables_.meta.fingerprint_key);
  principal_row_ = tables_.principals.find_key(fb::PrincipalKind::sender, principal_key_.view());
  if (principal_row_ != 0) principal_ = PrincipalId{tables_.principals.cold(principal_row_).id};
}

void MessageRules::find_repeat(std::string_view key, bool& found) {
  IdempotentRequest request{};
  const Bits128 print = idempotency_fingerprint(tables_.meta.fingerprint_key, principal_, key);
  found = tables_.idempotency.find(print, input_.now.logical_ms, request);
  if (!found) return;
  const std::uint32_t run = tables_.runs.find(request.run);
  const bool open = run != 0 && tables_.runs.open(run);
  Reply& reply = decision_.reply;
  reply.code = open ? ReplyCode::in_flight : ReplyCode::done;
  reply.seq = request.message;
  reply.run = request.run;
  reply.principal = principal_;
  if (run != 0) reply.session = SessionId{tables_.runs[run].session};
}

// The message that this one repeats; 0 = it is new.
Seq MessageRules::find_original() const {
  const Seq original = tables_.duplicates.find(fingerprint_);
  if (original) return original;
  // What came before ids were exact was remembered with its account folded: a bridge that repeats
  // it after the update is answered as ever. A younger one is another account's.
  Bits128 folded{};
  if (!folded_fingerprint(tables_.meta.fingerprint_key, message_, folded)) return {};
  const Seq older = tables_.duplicates.find(folded);
  return older < tables_.meta.exact_since ? older : Seq{};
}

bool MessageRules::is_new() {
  if (has_fingerprint(message_)) {
    const Seq original = find_original();
    if (original) return reject(fb::RejectReason::duplicate, original);
  }
  const std::string_view key = text_of(message_.idempotency_key());
  bool repeated = false;
  if (!key.empty() && principal_) find_repeat(key, repeated);
  return !repeated;
}

bool MessageRules::may_speak() {
  if (!by_channel()) return true;
  const fb::RejectReason refusal = tables_.policy.refusal(origin_);
  if (refusal == fb::RejectReason::none) return true;
  return (refusal == fb::RejectReason::unpaired && is_paired()) || reject(refusal);
}

// A word in a message must not do what a method refuses: sessions.reset is for operator.admin, and
// who holds less could reset any session by a chat.send of "/reset" to it, also one that is another
// person's. On a channel the word reaches the writer's own conversation only. (Before ids were
// exact nobody recorded whether a client may.)
bool MessageRules::may_reset() const {
  return by_channel() || message_.vouched() || !message_.exact_ids();
}

bool MessageRules::has_agent() {
  const Policy& policy = tables_.policy;
  if (by_channel()) {
    agent_ = policy.agent_for(origin_);
    channel_session_key(policy, agent_, origin_, text_of(message_.thread()),
                        tables_.meta.fingerprint_key, session_key_);
  } else {
    if (!find_session_key(tables_, text_of(message_.agent_id()), text_of(message_.session_key()),
                          id_case(message_.exact_ids()), session_key_)) {
      decision_.reply.code = ReplyCode::malformed_key;
      return false;
    }
    agent_ = agent_of_key(session_key_.view());
  }
  if (!policy.agent_known(agent_)) return reject(fb::RejectReason::unknown_agent);
  session_row_ = tables_.sessions.find_key(session_key_.view());
  find_answer();
  runs_ = agent_ != kNoAgent && !message_.no_run() && !answer_.given && is_addressed();
  // What no person says is no command, and what anybody may say ends no trusted work.
  const bool spoken = message_.via() != fb::MessageVia::system && !message_.untrusted() &&
                      (trust() == fb::Trust::trusted || session_row_ == 0 ||
                       !has_trusted_work(tables_, session_row_));
  std::string_view rest;
  if (runs_ && spoken && policy.is_reset_trigger(text_of(message_.text()), rest)) {
    if (!may_reset()) {
      decision_.reply.code = ReplyCode::missing_scope;
      return false;
    }
    manual_reset_ = session_row_ != 0;
    runs_ = !rest.empty();
  }
  // Answered with this very decision: what it is about may be what the session is busy with.
  if (runs_ && message_.via() != fb::MessageVia::system && !message_.untrusted()) {
    command_ = find_command(text_of(message_.text()));
    runs_ = command_ == nullptr;
  }
  return true;
}

// Where a group wants the agent to be mentioned, the rest of its talk is kept and not answered. A
// channel that cannot tell leaves it to the words: they begin with a command, or hold "@<agent>".
bool MessageRules::is_addressed() const {
  if (!by_channel() || !tables_.policy.requires_mention(origin_)) return true;
  if (message_.mention() != fb::Mention::unknown) {
    return message_.mention() == fb::Mention::mentioned;
  }
  return names_agent(text_of(message_.text()), agent_);
}

bool MessageRules::within_rate() {
  if (principal_row_ == 0) return true;
  const PrincipalHot& principal = tables_.principals.hot(principal_row_);
  const std::uint64_t now_us = input_.now.logical_ms * kUsPerMs;
  const std::uint64_t allowed_us = tables_.policy.message_rate.allowed_at_us(principal.tat_us);
  if (allowed_us <= now_us) return true;
  if (!by_channel()) {
    decision_.reply.code = ReplyCode::rate_limited;
    decision_.reply.retry_after_ms = (allowed_us - now_us + kUsPerMs - 1) / kUsPerMs;
    decision_.reply.principal = principal_;
    return false;
  }
  if (!runs_) return true;
  if (principal.delayed >= limits::kDelayedRunsPerPrincipalMax) {
    return reject(fb::RejectReason::rate_limited);
  }
  not_before_ms_ = (allowed_us + kUsPerMs - 1) / kUsPerMs;
  return true;
}

bool MessageRules::has_room() {
  if (by_channel() && principal_row_ == 0 && tables_.principals.full()) {
    return reject(fb::RejectReason::table_full);
  }
  if (session_row_ == 0 && tables_.sessions.full()) return reject(fb::RejectReason::table_full);
  if (!has_room_to_pair()) return reject(fb::RejectReason::table_full);
  if (!runs_) return true;
  if (tables_.runs.full()) return reject(fb::RejectReason::table_full);
  const bool waits = session_row_ != 0 && !manual_reset_ &&
                     queue_mode() != fb::QueueMode::interrupt &&
                     tables_.sessions.hot(session_row_).waiting_count >= limits::kRunsPerSessionMax;
  return !waits || reject(fb::RejectReason::queue_full);
}

bool MessageRules::reject(fb::RejectReason reason, Seq original) {
  Reply& reply = decision_.reply;
  reply.code = reason == fb::RejectReason::duplicate ? ReplyCode::duplicate : ReplyCode::rejected;
  reply.reason = reason;
  reply.seq = original;
  reply.principal = principal_;
  const std::uint64_t now_us = input_.now.logical_ms * kUsPerMs;
  // A stranger is not known by being refused: then it is the bridge that the record names.
  const PrincipalId who = principal_row_ != 0 ? principal_ : input_.principal;
  const bool recorded = kRejectionRate.allowed_at_us(tables_.meta.rejection_tat_us) <= now_us;
  const Seq seq = recorded ? record_rejection(reason, original, who) : Seq{};
  if (!original) reply.seq = seq;
  if (reason == fb::RejectReason::unpaired) request_pairing(seq, who);
  return false;
}

Seq MessageRules::record_rejection(fb::RejectReason reason, Seq original, PrincipalId who) {
  auto& builder = decision_.builder();
  const auto copy = copy_message(builder, message_);
  builder.Finish(fb::CreateMessageRejected(builder, reason, original.value, copy));
  return drafter_.add_input(Why{.principal = who.value},
                            static_cast<std::uint16_t>(fb::EventBody::MessageRejected),
                            decision_.keep(builder));
}

}  // namespace spine::core
