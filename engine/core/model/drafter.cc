// Drafter: headers and bodies of derived events.
#include "engine/core/model/drafter.h"

#include <algorithm>

#include "engine/core/runs/decide.h"

namespace spine::core {

Seq Drafter::add(std::uint16_t kind, std::uint16_t flags, const Why& why, ByteSpan body) {
  const Seq seq = next_seq();
  RecordHeader header{};
  header.body_bytes = static_cast<std::uint32_t>(body.size());
  header.kind = kind;
  header.flags = flags;
  header.source = static_cast<std::uint16_t>(input_.source);
  header.principal = why.principal;
  header.session = why.session;
  header.cause = why.cause != 0 ? why.cause : seq.value;
  header.correlation = why.correlation != 0 ? why.correlation : seq.value;
  header.wall_ms = input_.now.wall_ms;
  header.logical_ms = input_.now.logical_ms;
  decision_.add(header, body);
  return seq;
}

const Run* Drafter::add_run_input(RunId id, bool within_bounds) {
  Reply& reply = decision_.reply;
  reply.run = id;
  const std::uint32_t row = tables_.runs.find_running(id);
  if (row == 0 || !within_bounds) {
    reply.code = row == 0 ? ReplyCode::not_found : ReplyCode::rejected;
    return nullptr;
  }
  const Run& run = tables_.runs[row];
  reply.session = run.session;
  reply.seq = add_input(why_of(run));
  return &run;
}

flatbuffers::Offset<fb::SessionOpened> Drafter::session_body(const SessionDraft& session) {
  BodyBuilder& b = builder();
  const auto key = b.CreateString(session.key);
  const auto agent = b.CreateString(session.agent);
  const auto channel = b.CreateString(session.channel);
  const auto name = b.CreateString(session.name);
  const auto label = put_text(b, session.label);
  const fb::Bits128 uuid = put_bits(session.uuid);
  return fb::CreateSessionOpened(b, key, agent, &uuid, session.conversation, channel, name, label,
                                 0, session.forked_from.value, session.forked_at.value,
                                 session.message_count);
}

std::vector<std::uint64_t> Drafter::collect(std::uint32_t run_row, std::uint64_t now_ms,
                                            const std::vector<std::uint64_t>& gone) const {
  const Run& run = tables_.runs[run_row];
  std::vector<std::uint64_t> collected;
  if (run.queue_mode != fb::QueueMode::collect) return collected;
  std::size_t messages = tables_.bursts.further_messages(run.id).size();
  const SessionHot& session = tables_.sessions.hot(run.session_row);
  for (std::uint32_t row = session.waiting.first; row != 0; row = tables_.runs.next(row)) {
    const Run& other = tables_.runs[row];
    if (row == run_row || other.queue_mode != fb::QueueMode::collect) continue;
    if (other.not_before_ms > now_ms) continue;
    // One answer goes to one conversation.
    if (other.channel != run.channel || other.lane != run.lane) continue;
    // An untrusted message is never answered with the tools of a trusted run.
    if (run.trust == fb::Trust::trusted && other.trust != fb::Trust::trusted) continue;
    if (std::binary_search(gone.begin(), gone.end(), other.id.value)) continue;
    messages += 1 + tables_.bursts.further_messages(other.id).size();
    if (messages > limits::kRunsCollectedMax) break;
    collected.push_back(other.id.value);
  }
  return collected;
}

void Drafter::start_run(std::uint32_t run_row, std::uint64_t now_ms,
                        const std::vector<std::uint64_t>& gone) {
  const Run& run = tables_.runs[run_row];
  Why why = why_of(run);
  why.cause = run.id.value;
  const std::vector<std::uint64_t> collected = collect(run_row, now_ms, gone);
  std::vector<std::uint64_t> messages = tables_.bursts.further_messages(run.id);
  for (const std::uint64_t id : collected) {
    messages.push_back(tables_.runs[tables_.runs.find(RunId{id})].message.value);
    const auto more = tables_.bursts.further_messages(RunId{id});
    messages.insert(messages.end(), more.begin(), more.end());
  }
  if (messages.empty()) return add_run_started(why, run.id, run.previous);
  BodyBuilder& b = builder();
  const auto list = b.CreateVector(messages);
  why.cause = add(why, fb::CreateRunStarted(b, run.id.value, 1, list)).value;
  if (!collected.empty()) add_runs_merged(why, collected, run.id);
}

void Drafter::add_run_started(const Why& why, RunId run, Seq previous) {
  add(why, fb::CreateRunStarted(builder(), run.value, 1, 0, previous.value));
}

void Drafter::add_runs_merged(const Why& why, const std::vector<std::uint64_t>& runs, RunId into) {
  BodyBuilder& b = builder();
  const auto list = b.CreateVector(runs);
  add(why, fb::CreateRunsMerged(b, list, into.value));
}

flatbuffers::Offset<fb::RunAborted> Drafter::abort_body(const std::uint64_t* runs,
                                                        std::size_t count, fb::AbortReason reason) {
  BodyBuilder& b = builder();
  const auto list = b.CreateVector(runs, count);
  return fb::CreateRunAborted(b, list, reason);
}

void Drafter::add_runs_aborted(const Why& why, const std::vector<std::uint64_t>& runs,
                               fb::AbortReason reason) {
  for (std::size_t first = 0; first < runs.size(); first += kRunsPerAbort) {
    const std::size_t count = std::min(kRunsPerAbort, runs.size() - first);
    add(why, abort_body(runs.data() + first, count, reason));
  }
  for (const std::uint64_t run : runs)
    add_withdrawals(why.cause, run);
}

Why Drafter::why_of_question(const Approval& approval, Seq cause) const {
  Why why = why_of(tables_.runs[tables_.runs.find(approval.run)]);
  why.cause = cause.value;
  if (why.correlation == 0) why.correlation = cause.value;  // its run is gone
  why.session = approval.session.value;
  return why;
}

void Drafter::add_approval_resolved(const ApprovalAnswer& answer, Why why) {
  if (why.session == 0) {
    const Approval* approval = tables_.approvals.find(answer.request);
    if (approval != nullptr) why.session = approval->session.value;
  }
  BodyBuilder& b = builder();
  const auto rule = put_text(b, answer.rule);
  add(why, fb::CreateApprovalResolved(b, answer.request.value, answer.decision, answer.via, rule));
}

void Drafter::add_withdrawals(std::uint64_t cause, std::uint64_t run_id) {
  for (const Approval& approval : tables_.approvals) {
    if (!approval.open() || approval.run.value != run_id) continue;
    add_approval_resolved({.request = approval.request,
                           .decision = fb::ApprovalDecision::withdrawn,
                           .via = fb::DecidedVia::run_end},
                          why_of_question(approval, Seq{cause}));
  }
}

namespace {

using AttachmentOffset = flatbuffers::Offset<fb::Attachment>;
using Attachments = flatbuffers::Vector<AttachmentOffset>;

using BytesOffset = flatbuffers::Offset<flatbuffers::Vector<std::uint8_t>>;

BytesOffset copy_bytes(BodyBuilder& builder, const flatbuffers::Vector<std::uint8_t>* from) {
  return from == nullptr ? BytesOffset{} : builder.CreateVector(from->data(), from->size());
}

flatbuffers::Offset<Attachments> copy_attachments(BodyBuilder& builder, const Attachments* from) {
  if (from == nullptr) return {};
  std::vector<AttachmentOffset> copies;
  copies.reserve(from->size());
  for (const fb::Attachment* attachment : *from) {
    const TextOffset name = builder.CreateString(attachment->name());
    const TextOffset mime_type = builder.CreateString(attachment->mime_type());
    const TextOffset url = builder.CreateString(attachment->url());
    const auto sha256 = copy_bytes(builder, attachment->sha256());
    copies.push_back(fb::CreateAttachment(builder, name, mime_type, url, attachment->bytes(),
                                          sha256, attachment->problem(), attachment->kind(),
                                          attachment->bytes_max()));
  }
  return builder.CreateVector(copies);
}

flatbuffers::Offset<fb::DeliveryTarget> copy_target(BodyBuilder& builder,
                                                    const fb::DeliveryTarget* target) {
  if (target == nullptr) return 0;
  const TextOffset channel = put_text(builder, text_of(target->channel()));
  const TextOffset account = put_text(builder, text_of(target->account()));
  return fb::CreateDeliveryTarget(builder, channel, account, copy_address(builder, target->to()));
}

}  // namespace

flatbuffers::Offset<fb::Address> copy_address(BodyBuilder& builder, const fb::Address* address) {
  if (address == nullptr) return 0;
  const TextOffset conversation_id = put_text(builder, text_of(address->conversation_id()));
  const TextOffset thread = put_text(builder, text_of(address->thread()));
  const TextOffset reply_to = put_text(builder, text_of(address->reply_to()));
  return fb::CreateAddress(builder, address->conversation(), conversation_id, thread, reply_to);
}

flatbuffers::Offset<fb::MessageReceived> copy_message(BodyBuilder& builder,
                                                      const fb::MessageReceived& message) {
  const TextOffset channel = builder.CreateString(message.channel());
  const TextOffset account = builder.CreateString(message.account());
  const TextOffset sender_id = builder.CreateString(message.sender_id());
  const TextOffset sender_name = builder.CreateString(message.sender_name());
  const TextOffset conversation_id = builder.CreateString(message.conversation_id());
  const TextOffset thread = builder.CreateString(message.thread());
  const TextOffset external_id = builder.CreateString(message.external_id());
  const TextOffset text = builder.CreateString(message.text());
  const auto attachments = copy_attachments(builder, message.attachments());
  const TextOffset reply_to = builder.CreateString(message.reply_to());
  const TextOffset session_key = builder.CreateString(message.session_key());
  const TextOffset agent_id = builder.CreateString(message.agent_id());
  const TextOffset idempotency_key = builder.CreateString(message.idempotency_key());
  const BytesOffset sealed = copy_bytes(builder, message.sealed());
  const TextOffset group = builder.CreateString(message.group());
  const TextOffset unsupported = builder.CreateString(message.unsupported());
  const auto deliver = copy_target(builder, message.deliver());

  return fb::CreateMessageReceived(
      builder, message.via(), channel, account, sender_id, sender_name, message.conversation(),
      conversation_id, thread, external_id, text, attachments, reply_to, message.platform_ms(),
      session_key, agent_id, idempotency_key, message.entropy(), message.bridge(),
      message.fingerprint(), message.no_run(), message.vouched(), message.queue_mode(),
      message.untrusted(), message.exact_ids(), message.mention(), message.person(), sealed, group,
      unsupported, message.too_large(), deliver);
}

}  // namespace spine::core
