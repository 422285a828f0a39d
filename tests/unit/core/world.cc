// World: inputs, decisions, folding.
#include "tests/unit/core/world.h"

#include <cstring>
#include <gtest/gtest.h>

#include "engine/core/model/evolve.h"
#include "schemas/event_verify.h"
#include "tests/unit/core/bodies.h"

namespace spine::core {
namespace {

flatbuffers::Offset<fb::ResetPolicy> reset_policy(Builder& builder, const ConfigSpec& spec,
                                                  std::uint32_t idle_minutes) {
  return fb::CreateResetPolicy(builder, spec.daily, spec.at_hour, idle_minutes);
}

}  // namespace

namespace {

using FilesOffset = flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<fb::Attachment>>>;

FilesOffset files_in(Builder& builder, const std::vector<FileSpec>& files) {
  if (files.empty()) return {};
  std::vector<flatbuffers::Offset<fb::Attachment>> rows;
  for (const FileSpec& file : files) {
    const auto name = text(builder, file.name);
    const auto path = text(builder, file.path);
    flatbuffers::Offset<flatbuffers::Vector<std::uint8_t>> sum;
    if (file.sum != 0) sum = builder.CreateVector(std::vector<std::uint8_t>(32, file.sum));
    rows.push_back(fb::CreateAttachment(builder, name, 0, path, 7, sum, file.problem,
                                        fb::AttachmentKind::image, file.bytes_max));
  }
  return builder.CreateVector(rows);
}

}  // namespace

Body message_body(const MessageSpec& spec, Bits128 entropy) {
  Builder builder;
  const auto channel = text(builder, spec.channel);
  const auto account = text(builder, spec.account);
  const auto sender = text(builder, spec.sender);
  const auto conversation_id = text(builder, spec.conversation_id);
  const auto thread = text(builder, spec.thread);
  const auto external_id = text(builder, spec.external_id);
  const auto words = text(builder, spec.text);
  const auto session_key = text(builder, spec.session_key);
  const auto agent_id = text(builder, spec.agent_id);
  const auto idempotency = text(builder, spec.idempotency_key);
  const auto group = text(builder, spec.group);
  const auto unsupported = text(builder, spec.unsupported);
  const FilesOffset files = files_in(builder, spec.files);
  flatbuffers::Offset<fb::DeliveryTarget> deliver;
  if (!spec.deliver_to.empty()) {
    const auto id = text(builder, spec.deliver_to);
    const auto to = fb::CreateAddress(builder, fb::ConversationKind::direct, id);
    const auto by = text(builder, "telegram");
    deliver = fb::CreateDeliveryTarget(builder, by, text(builder, "bot"), to);
  }
  fb::MessageReceivedBuilder message(builder);
  message.add_attachments(files);
  message.add_via(spec.via);
  message.add_channel(channel);
  message.add_account(account);
  message.add_sender_id(sender);
  message.add_sender_name(sender);
  message.add_conversation(spec.conversation);
  message.add_conversation_id(conversation_id);
  message.add_thread(thread);
  message.add_external_id(external_id);
  message.add_text(words);
  message.add_session_key(session_key);
  message.add_agent_id(agent_id);
  message.add_idempotency_key(idempotency);
  const fb::Bits128 bits(entropy.hi, entropy.lo);
  message.add_entropy(&bits);
  message.add_bridge(spec.bridge);
  message.add_no_run(spec.no_run);
  message.add_vouched(spec.vouched);
  message.add_queue_mode(spec.queue_mode);
  message.add_untrusted(spec.untrusted);
  message.add_exact_ids(spec.exact_ids);
  message.add_mention(spec.mention);
  message.add_group(group);
  message.add_unsupported(unsupported);
  message.add_too_large(spec.too_large);
  message.add_deliver(deliver);
  return take(builder, message.Finish().o);
}

namespace {

using PoliciesOffset =
    flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<fb::AgentPolicy>>>;

PoliciesOffset agent_policies(Builder& builder, const std::vector<AgentPolicySpec>& specs) {
  if (specs.empty()) return {};
  std::vector<flatbuffers::Offset<fb::AgentPolicy>> policies;
  for (const AgentPolicySpec& spec : specs) {
    const auto agent = text(builder, spec.agent);
    const auto allow = strings(builder, spec.allow);
    const auto deny = strings(builder, spec.deny);
    const auto untrusted = strings(builder, spec.untrusted_allow);
    policies.push_back(fb::CreateAgentPolicy(builder, agent, spec.on_crash, spec.attempts_max,
                                             spec.approval_ms, allow, deny, untrusted,
                                             spec.queue_mode));
  }
  return builder.CreateVector(policies);
}

flatbuffers::Offset<fb::ChannelPolicy> channel_policy(Builder& builder,
                                                      const ChannelSpec& channel) {
  const auto list = [&builder](const std::vector<std::string>& ids) {
    return ids.empty() ? StringsOffset{} : strings(builder, ids);
  };
  const auto name = text(builder, channel.name);
  const auto allow_from = strings(builder, channel.allow_from);
  const auto group_allow_from = list(channel.group_allow_from);
  std::vector<flatbuffers::Offset<fb::GroupPolicy>> groups;
  for (const GroupSpec& group : channel.groups) {
    const auto id = text(builder, group.id);
    groups.push_back(fb::CreateGroupPolicy(builder, id, group.disabled, group.policy.has_value(),
                                           group.policy.value_or(fb::DmPolicy{}),
                                           list(group.allow_from), group.require_mention));
  }
  flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<fb::GroupPolicy>>> groups_at;
  if (channel.lists_groups || !groups.empty()) groups_at = builder.CreateVector(groups);
  return fb::CreateChannelPolicy(builder, name, channel.dm, allow_from, channel.group,
                                 group_allow_from, channel.queue_mode, groups_at,
                                 channel.delivery_ttl_ms, channel.at_least_once);
}

}  // namespace

Body config_body(const ConfigSpec& spec) {
  Builder builder;
  std::vector<flatbuffers::Offset<fb::Binding>> bindings;
  for (const BindingSpec& binding : spec.bindings) {
    const auto agent = text(builder, binding.agent);
    const auto channel = text(builder, binding.channel);
    const auto account = text(builder, binding.account);
    const auto peer = text(builder, binding.peer);
    bindings.push_back(fb::CreateBinding(builder, agent, channel, account, binding.peer_kind, peer,
                                         binding.has_peer));
  }
  std::vector<flatbuffers::Offset<fb::ChannelPolicy>> channels;
  for (const ChannelSpec& channel : spec.channels) {
    channels.push_back(channel_policy(builder, channel));
  }
  const auto agents = builder.CreateVectorOfStrings(spec.agents);
  const auto bindings_at = builder.CreateVector(bindings);
  const auto channels_at = builder.CreateVector(channels);
  const auto triggers = builder.CreateVectorOfStrings(spec.triggers);
  const auto admins = spec.admins.empty() ? StringsOffset{} : strings(builder, spec.admins);
  const auto default_agent = text(builder, spec.default_agent);
  const auto direct = reset_policy(builder, spec, spec.idle_minutes);
  const auto group = reset_policy(builder, spec, spec.group_idle_minutes);
  const auto thread = reset_policy(builder, spec, spec.thread_idle_minutes);
  const auto policies = agent_policies(builder, spec.policies);
  std::vector<flatbuffers::Offset<fb::PhraseChosen>> phrases;
  for (const auto& [name, text] : spec.phrases)
    phrases.push_back(fb::CreatePhraseChosenDirect(builder, name.c_str(), text.c_str()));
  flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<fb::PhraseChosen>>> chosen;
  if (!phrases.empty()) chosen = builder.CreateVector(phrases);
  std::vector<flatbuffers::Offset<fb::ChannelDebounce>> debounces;
  for (const auto& [channel, ms] : spec.debounces)
    debounces.push_back(fb::CreateChannelDebounceDirect(builder, channel.c_str(), ms));
  const auto inbound =
      fb::CreateInboundPolicyDirect(builder, spec.debounce_ms, &debounces, spec.album_ms);
  fb::ConfigAppliedBuilder config(builder);
  config.add_inbound(inbound);
  config.add_dm_scope(spec.dm_scope);
  config.add_default_agent(default_agent);
  config.add_agents(agents);
  config.add_bindings(bindings_at);
  config.add_channels(channels_at);
  config.add_reset_direct(direct);
  config.add_reset_group(group);
  config.add_reset_thread(thread);
  config.add_reset_triggers(triggers);
  config.add_session_idle_days(spec.idle_days);
  config.add_messages_per_minute(spec.per_minute);
  config.add_messages_burst(spec.burst);
  config.add_group_scope_main(spec.group_scope_main);
  config.add_default_dm_policy(spec.default_dm_policy);
  config.add_admins(admins);
  if (!spec.policies.empty()) config.add_agent_policies(policies);
  config.add_queue_mode(spec.queue_mode);
  config.add_exact_ids(spec.exact_ids);
  if (!phrases.empty()) config.add_phrases(chosen);
  return take(builder, config.Finish().o);
}

World::World(const ConfigSpec& config) {
  Builder builder;
  const fb::Bits128 epoch(7, 8);
  const fb::Bits128 key(0x0123456789abcdefULL, 0xfedcba9876543210ULL);
  give(fb::EventBody::JournalCreated,
       take(builder, fb::CreateJournalCreated(builder, &epoch, &key).o));
  builder.Clear();
  const fb::Bits128 boot(3, 4);
  const auto version = builder.CreateString("1.0");
  give(fb::EventBody::EngineStarted,
       take(builder, fb::CreateEngineStarted(builder, version, &boot, 500).o));
  configure(config);
}

Reply World::give(fb::EventBody kind, const Body& body) {
  return give(Input{.kind = static_cast<std::uint16_t>(kind), .source = Source::engine}, body,
              body.size() * sizeof(std::uint64_t));
}

Reply World::give(Input input, const Body& body, std::size_t bytes) {
  input.now = now;
  input.body = {reinterpret_cast<const std::byte*>(body.data()), bytes};
  EXPECT_TRUE(verify_event_body(input.kind, input.body));
  decision.clear();
  decide(state, input, decision);
  std::vector<Record> added;
  for (const Draft& draft : decision.drafts()) {
    Record record{.header = draft.header, .words = Body((draft.body.size() + 7) / 8)};
    record.header.body_bytes = static_cast<std::uint32_t>(draft.body.size());
    std::memcpy(record.words.data(), draft.body.data(), draft.body.size());
    added.push_back(std::move(record));
  }
  for (std::size_t i = 0; i < added.size(); ++i) {
    const Seq seq = next(state.applied());
    const RecordHeader& header = added[i].header;
    EXPECT_EQ((header.flags & record_flag::kInput) != 0, i == 0);
    EXPECT_LE(header.cause, seq.value);
    EXPECT_LE(header.correlation, header.cause);
    EXPECT_NE(header.correlation, 0U);
    EXPECT_TRUE(verify_event_body(header.kind, added[i].view(seq).body));
    if (i == 0) gone.clear();
    gone.note(state, added[i].view(seq));
    evolve(state, added[i].view(seq));
    journal.push_back(added[i]);
  }
  return decision.reply;
}

Reply World::message(const MessageSpec& spec) {
  const Body body = message_body(spec, Bits128{.hi = 42, .lo = entropy++});
  const PrincipalId from = spec.via == fb::MessageVia::channel ? PrincipalId{spec.bridge} : client;
  return give(Input{.kind = static_cast<std::uint16_t>(fb::EventBody::MessageReceived),
                    .source = Source::websocket,
                    .principal = from},
              body, body.size() * sizeof(std::uint64_t));
}

Reply World::chat(const std::string& key, const std::string& words,
                  const std::string& idempotency) {
  return message(MessageSpec{.via = fb::MessageVia::chat,
                             .channel = "webchat",
                             .account = {},
                             .sender = {},
                             .text = words,
                             .session_key = key,
                             .idempotency_key = idempotency});
}

Reply World::configure(const ConfigSpec& config) {
  return give(fb::EventBody::ConfigApplied, config_body(config));
}

Reply World::connect(const std::string& token_name) {
  Builder builder;
  const auto key = builder.CreateString(token_name);
  fb::ClientConnectedBuilder connected(builder);
  connected.add_principal_kind(fb::PrincipalKind::operator_token);
  connected.add_principal_key(key);
  const Reply reply = give(fb::EventBody::ClientConnected, take(builder, connected.Finish().o));
  client = reply.principal;
  return reply;
}

Reply World::finish(RunId run, const std::string& words, const std::vector<FileSpec>& files) {
  Builder builder;
  const auto said = builder.CreateString(words);
  const FilesOffset with = files_in(builder, files);
  fb::RunFinishedBuilder finished(builder);
  finished.add_run(run.value);
  finished.add_text(said);
  finished.add_files(with);
  return give(fb::EventBody::RunFinished, take(builder, finished.Finish().o));
}

Reply World::fail(RunId run) {
  Builder builder;
  return give(fb::EventBody::RunFailed,
              take(builder, fb::CreateRunFailed(builder, run.value, fb::RunErrorKind::timeout).o));
}

Reply World::abort(SessionId session, const std::vector<std::uint64_t>& runs) {
  Builder builder;
  const auto list = builder.CreateVector(runs);
  const Body body = take(builder, fb::CreateRunAborted(builder, list).o);
  return give(Input{.kind = static_cast<std::uint16_t>(fb::EventBody::RunAborted),
                    .source = Source::websocket,
                    .principal = client,
                    .session = session},
              body, body.size() * sizeof(std::uint64_t));
}

Reply World::reset(SessionId session, Bits128 uuid) {
  Builder builder;
  const fb::Bits128 bits(uuid.hi, uuid.lo);
  const Body body =
      take(builder, fb::CreateSessionReset(builder, fb::ResetReason::manual, &bits).o);
  return give(Input{.kind = static_cast<std::uint16_t>(fb::EventBody::SessionReset),
                    .source = Source::websocket,
                    .principal = client,
                    .session = session},
              body, body.size() * sizeof(std::uint64_t));
}

Reply World::close(SessionId session) {
  Builder builder;
  const Body body = take(builder, fb::CreateSessionClosed(builder).o);
  return give(Input{.kind = static_cast<std::uint16_t>(fb::EventBody::SessionClosed),
                    .source = Source::websocket,
                    .principal = client,
                    .session = session},
              body, body.size() * sizeof(std::uint64_t));
}

Reply World::deadline() {
  Builder builder;
  return give(fb::EventBody::DeadlineReached,
              take(builder, fb::CreateDeadlineReached(builder, state.next_deadline_ms()).o));
}

Reply World::time_zone(std::int16_t offset_minutes) {
  Builder builder;
  const auto zone = builder.CreateString("Europe/Berlin");
  return give(fb::EventBody::TimeZoneChanged,
              take(builder, fb::CreateTimeZoneChanged(builder, offset_minutes, zone).o));
}

Reply World::zone_rules(std::int32_t offset_s,
                        const std::vector<std::pair<std::int64_t, std::int32_t>>& rules) {
  std::vector<std::int64_t> at;
  std::vector<std::int32_t> offsets;
  for (const auto& [instant, offset] : rules) {
    at.push_back(instant);
    offsets.push_back(offset);
  }
  Builder builder;
  return give(fb::EventBody::ZoneRules,
              take(builder, fb::CreateZoneRulesDirect(builder, "Europe/Berlin", "2026a", offset_s,
                                                      &at, &offsets, 0)
                                .o));
}

SessionView World::view(SessionId session) const {
  SessionView out{};
  view_session(state, session, out);
  return out;
}

std::string World::kinds() const {
  std::string names;
  for (const Draft& draft : decision.drafts()) {
    if (!names.empty()) names += ' ';
    names += event_kind_name(draft.header.kind);
  }
  return names;
}

State fold(const std::vector<Record>& journal, std::size_t count) {
  State state;
  for (std::size_t i = 0; i < count; ++i)
    evolve(state, journal[i].view(Seq{i + 1}));
  return state;
}

}  // namespace spine::core
