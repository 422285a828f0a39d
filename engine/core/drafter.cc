// Drafter: headers and bodies of derived events.
#include "engine/core/drafter.h"

#include <algorithm>

namespace spine::core {
namespace {

fb::Bits128 fb_bits(Bits128 bits) {
  return fb::Bits128(bits.hi, bits.lo);
}

flatbuffers::Offset<flatbuffers::String> string_of(flatbuffers::FlatBufferBuilder& builder,
                                                   std::string_view text) {
  return builder.CreateString(text.data(), text.size());
}

}  // namespace

Seq Drafter::add(fb::EventBody kind, std::uint16_t flags, const Why& why, ByteSpan body) {
  const Seq seq = next_seq();
  RecordHeader header{};
  header.body_bytes = static_cast<std::uint32_t>(body.size());
  header.kind = static_cast<std::uint16_t>(kind);
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

ByteSpan Drafter::finish(flatbuffers::FlatBufferBuilder& builder, flatbuffers::uoffset_t root) {
  builder.Finish(flatbuffers::Offset<void>(root));
  return decision_.keep(builder);
}

Seq Drafter::add_input(const Why& why, std::uint16_t kind, ByteSpan body) {
  return add(static_cast<fb::EventBody>(kind), record_flag::kInput, why, body);
}

Seq Drafter::add_principal(const Why& why, const PrincipalDraft& principal) {
  auto& builder = decision_.builder();
  const auto root =
      fb::CreatePrincipalAdded(builder, principal.kind, string_of(builder, principal.key),
                               string_of(builder, principal.name), principal.charged);
  return add(fb::EventBody::PrincipalAdded, 0, why, finish(builder, root.o));
}

Seq Drafter::add_principal_expired(const Why& why, PrincipalId principal) {
  auto& builder = decision_.builder();
  const auto root = fb::CreatePrincipalExpired(builder, principal.value);
  return add(fb::EventBody::PrincipalExpired, 0, why, finish(builder, root.o));
}

Seq Drafter::add_session(const Why& why, const SessionDraft& session) {
  return add(fb::EventBody::SessionOpened, 0, why, session_body(session));
}

ByteSpan Drafter::session_body(const SessionDraft& session) {
  auto& builder = decision_.builder();
  const auto key = string_of(builder, session.key);
  const auto agent = string_of(builder, session.agent);
  const auto channel = string_of(builder, session.channel);
  const auto name = string_of(builder, session.name);
  const auto label = session.label.empty() ? flatbuffers::Offset<flatbuffers::String>{}
                                           : string_of(builder, session.label);
  const fb::Bits128 uuid = fb_bits(session.uuid);
  const auto root = fb::CreateSessionOpened(builder, key, agent, &uuid, session.conversation,
                                            channel, name, label);
  return finish(builder, root.o);
}

Seq Drafter::add_pairing_request(const Why& why, const PairingDraft& request) {
  auto& builder = decision_.builder();
  const auto channel = string_of(builder, request.channel);
  const auto account = string_of(builder, request.account);
  const auto sender_id = string_of(builder, request.sender_id);
  const auto sender_name = string_of(builder, request.sender_name);
  const auto code = string_of(builder, request.code);
  const auto root =
      fb::CreateChannelPairingRequested(builder, channel, account, sender_id, sender_name, code,
                                        request.expires_ms, request.expires_wall_ms);
  return add(fb::EventBody::ChannelPairingRequested, 0, why, finish(builder, root.o));
}

Seq Drafter::add_pairing_resolved(const Why& why, Seq request, bool approved, fb::ApprovedVia via) {
  auto& builder = decision_.builder();
  const auto root = fb::CreateChannelPairingResolved(builder, request.value, approved, via);
  return add(fb::EventBody::ChannelPairingResolved, 0, why, finish(builder, root.o));
}

Seq Drafter::add_code_answered(const Why& why, std::string_view code, bool approved) {
  auto& builder = decision_.builder();
  const auto root = fb::CreatePairingCodeAnswered(builder, string_of(builder, code), approved);
  return add(fb::EventBody::PairingCodeAnswered, 0, why, finish(builder, root.o));
}

Seq Drafter::add_session_reset(const Why& why, fb::ResetReason reason, Bits128 uuid) {
  auto& builder = decision_.builder();
  const fb::Bits128 bits = fb_bits(uuid);
  const auto root = fb::CreateSessionReset(builder, reason, &bits);
  return add(fb::EventBody::SessionReset, 0, why, finish(builder, root.o));
}

Seq Drafter::add_session_closed(const Why& why, fb::CloseReason reason) {
  auto& builder = decision_.builder();
  const auto root = fb::CreateSessionClosed(builder, reason);
  return add(fb::EventBody::SessionClosed, 0, why, finish(builder, root.o));
}

Seq Drafter::add_run(const Why& why, const RunDraft& run) {
  auto& builder = decision_.builder();
  const auto key = string_of(builder, run.key);
  const auto agent = string_of(builder, run.agent);
  const auto root = fb::CreateRunQueued(builder, key, agent, run.message.value, run.not_before_ms);
  return add(fb::EventBody::RunQueued, 0, why, finish(builder, root.o));
}

Seq Drafter::add_run_started(std::uint32_t run_row) {
  const Run& run = tables_.runs[run_row];
  return add_run_started(Why{.cause = run.id,
                             .correlation = run.correlation,
                             .principal = run.principal,
                             .session = run.session},
                         RunId{run.id});
}

Seq Drafter::add_run_started(const Why& why, RunId run) {
  auto& builder = decision_.builder();
  const auto root = fb::CreateRunStarted(builder, run.value, 1);
  return add(fb::EventBody::RunStarted, 0, why, finish(builder, root.o));
}

ByteSpan Drafter::abort_body(const std::uint64_t* runs, std::size_t count, fb::AbortReason reason) {
  auto& builder = decision_.builder();
  const auto list = builder.CreateVector(runs, count);
  const auto root = fb::CreateRunAborted(builder, list, reason);
  return finish(builder, root.o);
}

void Drafter::add_runs_aborted(const Why& why, const std::vector<std::uint64_t>& runs,
                               fb::AbortReason reason) {
  for (std::size_t first = 0; first < runs.size(); first += kRunsPerAbort) {
    const std::size_t count = std::min(kRunsPerAbort, runs.size() - first);
    add(fb::EventBody::RunAborted, 0, why, abort_body(runs.data() + first, count, reason));
  }
}

std::vector<std::uint64_t> open_runs(const Tables& tables, std::uint32_t session_row) {
  std::vector<std::uint64_t> runs;
  const SessionHot& session = tables.sessions.hot(session_row);
  if (session.running != 0) runs.push_back(tables.runs[session.running].id);
  for (std::uint32_t row = session.waiting.first; row != 0; row = tables.runs.next(row)) {
    runs.push_back(tables.runs[row].id);
  }
  std::sort(runs.begin(), runs.end());
  return runs;
}

std::uint32_t next_due_run(const Tables& tables, std::uint32_t session_row, std::uint64_t now_ms,
                           const std::vector<std::uint64_t>& gone) {
  const SessionHot& session = tables.sessions.hot(session_row);
  for (std::uint32_t row = session.waiting.first; row != 0; row = tables.runs.next(row)) {
    const Run& run = tables.runs[row];
    if (run.not_before_ms > now_ms) continue;
    if (!std::binary_search(gone.begin(), gone.end(), run.id)) return row;
  }
  return 0;
}

}  // namespace spine::core
