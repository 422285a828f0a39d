// World: inputs about devices, pairing and what clients do to sessions.
#include "tests/unit/core/bodies.h"
#include "tests/unit/core/world.h"

namespace spine::core {
namespace {

flatbuffers::Offset<flatbuffers::Vector<std::uint8_t>> key_of(Builder& builder, std::size_t bytes,
                                                              std::uint8_t byte) {
  return builder.CreateVector(std::vector<std::uint8_t>(bytes, byte));
}

Input client_input(const World& world, fb::EventBody kind, SessionId session) {
  return Input{.kind = static_cast<std::uint16_t>(kind),
               .source = Source::websocket,
               .principal = world.client,
               .session = session};
}

}  // namespace

Reply World::connect_device(const std::string& device_id) {
  Builder builder;
  const auto key = builder.CreateString(device_id);
  fb::ClientConnectedBuilder connected(builder);
  connected.add_principal_kind(fb::PrincipalKind::device);
  connected.add_principal_key(key);
  return give(fb::EventBody::ClientConnected, take(builder, connected.Finish().o));
}

Reply World::pair_device(const DeviceSpec& spec) {
  Builder builder;
  const auto id = text(builder, spec.id);
  const auto key = key_of(builder, spec.key_bytes, 1);
  const auto token = key_of(builder, spec.token_bytes, 2);
  const auto role = builder.CreateString("operator");
  const auto scopes = strings(builder, spec.scopes);
  const auto label = text(builder, spec.label);
  const auto client_id = builder.CreateString("cli");
  const auto address = builder.CreateString("10.0.0.7");
  fb::DevicePairedBuilder device(builder);
  device.add_device_id(id);
  device.add_public_key(key);
  device.add_token_hash(token);
  device.add_role(role);
  device.add_scopes(scopes);
  device.add_label(label);
  device.add_client_id(client_id);
  device.add_address(address);
  device.add_via(fb::ApprovedVia::client);
  return give(fb::EventBody::DevicePaired, take(builder, device.Finish().o));
}

Reply World::rename_device(const std::string& device_id, const std::string& label) {
  Builder builder;
  const auto id = text(builder, device_id);
  const auto name = text(builder, label);
  return give(fb::EventBody::DeviceRenamed,
              take(builder, fb::CreateDeviceRenamed(builder, id, name).o));
}

Reply World::change_token(const std::string& device_id, std::size_t token_bytes,
                          const std::vector<std::string>& scopes) {
  Builder builder;
  const auto id = text(builder, device_id);
  const auto token = key_of(builder, token_bytes, 3);
  const auto list = strings(builder, scopes);
  return give(fb::EventBody::DeviceTokenChanged,
              take(builder, fb::CreateDeviceTokenChanged(builder, id, token, list).o));
}

Reply World::remove_device(const std::string& device_id) {
  Builder builder;
  const auto id = text(builder, device_id);
  return give(fb::EventBody::DeviceRemoved, take(builder, fb::CreateDeviceRemoved(builder, id).o));
}

Reply World::resolve_pairing(Seq request, bool approved) {
  Builder builder;
  return give(fb::EventBody::ChannelPairingResolved,
              take(builder, fb::CreateChannelPairingResolved(builder, request.value, approved,
                                                             fb::ApprovedVia::client)
                                .o));
}

Reply World::open_session(const SessionSpec& spec) {
  Builder builder;
  const auto key = text(builder, spec.key);
  const auto agent = text(builder, spec.agent);
  const auto label = text(builder, spec.label);
  const fb::Bits128 uuid(spec.uuid.hi, spec.uuid.lo);
  fb::SessionOpenedBuilder session(builder);
  session.add_key(key);
  session.add_agent_id(agent);
  session.add_label(label);
  if (spec.uuid) session.add_uuid(&uuid);
  const Body body = take(builder, session.Finish().o);
  return give(client_input(*this, fb::EventBody::SessionOpened, {}), body, body.size() * 8);
}

Reply World::rewind_session(SessionId session, Seq to, std::uint64_t message_count) {
  Builder builder;
  const fb::Bits128 uuid(++entropy, 7);
  const Body body =
      take(builder, fb::CreateSessionRewound(builder, to.value, &uuid, message_count).o);
  return give(client_input(*this, fb::EventBody::SessionRewound, session), body, body.size() * 8);
}

Reply World::fork_session(SessionId session, Seq at, const std::string& label,
                          std::uint64_t message_count) {
  Builder builder;
  const auto named = text(builder, label);
  const fb::Bits128 uuid(++entropy, 8);
  fb::SessionOpenedBuilder opened(builder);
  opened.add_uuid(&uuid);
  opened.add_label(named);
  opened.add_forked_at(at.value);
  opened.add_message_count(message_count);
  const Body body = take(builder, opened.Finish().o);
  return give(client_input(*this, fb::EventBody::SessionOpened, session), body, body.size() * 8);
}

Reply World::patch_session(SessionId session, const PatchSpec& spec) {
  Builder builder;
  std::uint32_t fields = 0;
  std::uint32_t marks = 0;
  const auto named = [&](const std::optional<std::string>& value, fb::SessionField field) {
    if (!value) return flatbuffers::Offset<flatbuffers::String>{};
    fields |= static_cast<std::uint32_t>(field);
    return text(builder, *value);
  };
  const auto marked = [&](const std::optional<bool>& value, fb::SessionField field,
                          fb::SessionMark mark) {
    if (!value) return;
    fields |= static_cast<std::uint32_t>(field);
    if (*value) marks |= static_cast<std::uint32_t>(mark);
  };
  const auto label = named(spec.label, fb::SessionField::label);
  const auto thinking = named(spec.thinking_level, fb::SessionField::thinking_level);
  const auto model = named(spec.model, fb::SessionField::model);
  marked(spec.archived, fb::SessionField::archived, fb::SessionMark::archived);
  marked(spec.pinned, fb::SessionField::pinned, fb::SessionMark::pinned);
  marked(spec.unread, fb::SessionField::unread, fb::SessionMark::unread);
  const Body body =
      take(builder, fb::CreateSessionPatched(builder, fields, label, thinking, model, marks).o);
  return give(client_input(*this, fb::EventBody::SessionPatched, session), body, body.size() * 8);
}

Reply World::refused_connects(std::size_t kinds) {
  Builder builder;
  std::vector<flatbuffers::Offset<fb::RefusedConnects>> rows;
  for (std::size_t i = 0; i < kinds; ++i) {
    const auto from = builder.CreateString("public");
    const auto reason = builder.CreateString("AUTH_TOKEN_MISMATCH");
    rows.push_back(fb::CreateRefusedConnects(builder, from, reason, i + 1));
  }
  const auto list = builder.CreateVector(rows);
  return give(fb::EventBody::ConnectsRefused,
              take(builder, fb::CreateConnectsRefused(builder, 5, list).o));
}

Reply World::config_changed(std::size_t paths) {
  Builder builder;
  const auto list = strings(builder, std::vector<std::string>(paths, "gateway.rate_limit.burst"));
  fb::ConfigChangedBuilder changed(builder);
  changed.add_paths(list);
  return give(fb::EventBody::ConfigChanged, take(builder, changed.Finish().o));
}

}  // namespace spine::core
