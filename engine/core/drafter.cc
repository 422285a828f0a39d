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
  const auto root = fb::CreateChannelPairingRequested(builder, channel, account, sender_id,
                                                      sender_name, code, request.expires_ms,
                                                      request.expires_wall_ms, request.exact_ids);
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

Seq Drafter::add_command_answered(const Why& why, std::string_view command, std::string_view text) {
  auto& builder = decision_.builder();
  const auto name = string_of(builder, command);
  const auto root = fb::CreateCommandAnswered(builder, name, string_of(builder, text));
  return add(fb::EventBody::CommandAnswered, 0, why, finish(builder, root.o));
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

}  // namespace spine::core
