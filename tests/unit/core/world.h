// World: a state with a journal in memory, driven by inputs that are easy to write down.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/core/model/decide.h"
#include "engine/core/model/effects.h"
#include "engine/core/model/state.h"
#include "engine/core/model/views.h"
#include "schemas/vocab/record.h"

namespace spine::core {

// An event as a journal keeps it.
struct Record {
  RecordHeader header{};
  std::vector<std::uint64_t> words{};  // the body, 8-aligned
  EventView view(Seq seq) const {
    return EventView{.seq = seq,
                     .header = header,
                     .body = {reinterpret_cast<const std::byte*>(words.data()), header.body_bytes}};
  }
};

// A MessageReceived; what is left empty stays absent.
// A file of a message or of an answer; its sum is one byte repeated, 0 = its content is not there.
struct FileSpec {
  std::string name{"cat.jpg"};
  std::string path{};
  std::uint8_t sum{};
  fb::AttachmentProblem problem{};
  std::uint64_t bytes_max{};
};

struct MessageSpec {
  fb::MessageVia via{fb::MessageVia::channel};
  std::string channel{"telegram"};
  std::string account{"bot"};
  std::string sender{"alice"};
  fb::ConversationKind conversation{fb::ConversationKind::direct};
  std::string conversation_id{};
  std::string thread{};
  std::string external_id{};
  std::string text{"hello"};
  std::string session_key{};
  std::string agent_id{};
  std::string idempotency_key{};
  std::string deliver_to{};  // a person on "telegram", account "bot"
  std::uint64_t bridge{};
  bool no_run{};
  bool vouched{true};
  fb::QueueMode queue_mode{};
  bool untrusted{};
  bool exact_ids{};
  fb::Mention mention{};
  std::string group{};
  std::string unsupported{};
  std::uint64_t too_large{};
  std::vector<FileSpec> files{};
};

// A SendRequested.
struct SendSpec {
  std::string channel{"telegram"};
  std::string account{"bot"};
  std::string to{"alice"};
  std::string thread{};
  std::string reply_to{};
  std::string text{"hello"};
  std::string key{"k"};
};

// A DevicePaired; keys are one byte repeated.
struct DeviceSpec {
  std::string id{"d1"};
  std::vector<std::string> scopes{"operator.read", "operator.write"};
  std::string label{"phone"};
  std::size_t key_bytes{32};
  std::size_t token_bytes{32};
};

// A SessionOpened as an input.
struct SessionSpec {
  std::string key{};
  std::string agent{};
  std::string label{};
  Bits128 uuid{.hi = 5, .lo = 6};
};

// A SessionPatched; what is set counts.
struct PatchSpec {
  std::optional<std::string> label{};
  std::optional<std::string> thinking_level{};
  std::optional<std::string> model{};
  std::optional<bool> archived{};
  std::optional<bool> pinned{};
  std::optional<bool> unread{};
};

struct GroupSpec {
  std::string id{};
  bool disabled{};
  std::optional<fb::DmPolicy> policy{};
  std::vector<std::string> allow_from{};  // empty = absent
  bool require_mention{};
};

struct ChannelSpec {
  std::string name{};
  fb::DmPolicy dm{};
  std::vector<std::string> allow_from{};
  std::vector<std::string> group_allow_from{};  // empty = absent
  fb::DmPolicy group{};
  fb::QueueMode queue_mode{};
  std::uint64_t delivery_ttl_ms{3'600'000};
  bool at_least_once{};
  std::vector<GroupSpec> groups{};  // empty = absent
  bool lists_groups{};              // there, even if empty
};

// An AgentPolicy.
struct AgentPolicySpec {
  std::string agent{"main"};
  fb::OnCrash on_crash{};
  std::uint16_t attempts_max{3};
  std::uint64_t approval_ms{300'000};
  std::vector<std::string> allow{};
  std::vector<std::string> deny{};
  std::vector<std::string> untrusted_allow{};
  fb::QueueMode queue_mode{};
};

struct BindingSpec {
  std::string agent{};
  std::string channel{};
  std::string account{};
  bool has_peer{};
  fb::ConversationKind peer_kind{};
  std::string peer{};
};

// A ConfigApplied. No limit of the rate unless a test is about it.
struct ConfigSpec {
  fb::DmScope dm_scope{fb::DmScope::per_channel_peer};
  std::vector<std::string> agents{"main", "work"};
  std::string default_agent{"main"};
  std::vector<BindingSpec> bindings{};
  std::vector<ChannelSpec> channels{};
  bool daily{};
  std::uint8_t at_hour{4};
  std::uint32_t idle_minutes{};
  std::uint32_t group_idle_minutes{};
  std::uint32_t thread_idle_minutes{};
  std::vector<std::string> triggers{"/new", "/reset"};
  std::uint32_t idle_days{30};
  std::uint32_t per_minute{0};
  std::uint32_t burst{10};
  bool group_scope_main{};
  fb::DmPolicy default_dm_policy{};
  std::vector<std::string> admins{};
  std::vector<AgentPolicySpec> policies{};
  fb::QueueMode queue_mode{};
  bool exact_ids{};
  std::vector<std::pair<std::string, std::string>> phrases{};
  std::uint32_t debounce_ms{};
  std::vector<std::pair<std::string, std::uint32_t>> debounces{};  // of channels
  std::uint32_t album_ms{1'500};
};

using Body = std::vector<std::uint64_t>;

// Bodies of inputs.
Body message_body(const MessageSpec& spec, Bits128 entropy);
Body config_body(const ConfigSpec& spec);

class World {
 public:
  // With JournalCreated, EngineStarted and a ConfigApplied in the journal.
  explicit World(const ConfigSpec& config = {});

  // Decides, checks what every decision must hold, and folds the drafts in.
  Reply give(Input input, const Body& body, std::size_t bytes);
  Reply give(fb::EventBody kind, const Body& body);

  Reply message(const MessageSpec& spec);
  Reply chat(const std::string& key, const std::string& text, const std::string& idempotency = {});
  Reply configure(const ConfigSpec& config);
  Reply connect(const std::string& token_name);
  Reply finish(RunId run, const std::string& text = "done",
               const std::vector<FileSpec>& files = {});
  Reply fail(RunId run);
  Reply abort(SessionId session, const std::vector<std::uint64_t>& runs = {});
  Reply reset(SessionId session, Bits128 uuid = {});
  Reply close(SessionId session);
  Reply deadline();
  Reply time_zone(std::int16_t offset_minutes);
  // `rules` of a zone: pairs of an instant (Unix seconds) and the offset from then on (seconds).
  Reply zone_rules(std::int32_t offset_s,
                   const std::vector<std::pair<std::int64_t, std::int32_t>>& rules);

  Reply connect_device(const std::string& device_id);
  Reply pair_device(const DeviceSpec& spec);
  Reply rename_device(const std::string& device_id, const std::string& label);
  // `scopes` and a token of as many bytes; none = revoked.
  Reply change_token(const std::string& device_id, std::size_t token_bytes,
                     const std::vector<std::string>& scopes = {});
  Reply remove_device(const std::string& device_id);
  Reply resolve_pairing(Seq request, bool approved);
  Reply open_session(const SessionSpec& spec);
  Reply rewind_session(SessionId session, Seq to, std::uint64_t message_count = 0);
  // `at` of 0: of all of it.
  Reply fork_session(SessionId session, Seq at = Seq{}, const std::string& label = {},
                     std::uint64_t message_count = 0);
  Reply patch_session(SessionId session, const PatchSpec& spec);
  Reply refused_connects(std::size_t kinds);
  Reply config_changed(std::size_t paths);

  // World of agents (world_agents.cc)
  Reply interrupt(RunId run, fb::InterruptReason reason);
  Reply steer(RunId queued, RunId into);
  Reply tool_called(RunId run, const std::string& name, std::size_t arguments_bytes = 2);
  Reply tool_returned(RunId run, const std::string& name);
  Reply body_recorded(RunId run);
  Reply partial_answer(RunId run, std::uint16_t attempt, const std::string& text);
  Reply ask(RunId run, const std::string& tool, std::uint64_t ask = 1);
  Reply answer(Seq request, fb::ApprovalDecision decision,
               fb::DecidedVia via = fb::DecidedVia::client);
  Reply bind(RunId run, const std::string& ref);
  Reply agent_started(const std::string& agent);
  Reply agent_exited(const std::string& agent);
  Reply quarantine(const std::string& agent);
  Reply reset_agent(const std::string& agent);
  Reply restart_agent(const std::string& agent);
  Reply skills_changed(std::size_t changes);
  // A key of its own for each request, unless one is given.
  Reply retry(RunId run, bool forced = false, const std::string& key = {});

  // World of channels (world_channels.cc)
  Reply channel_state(fb::ChannelState state, const std::string& channel = "telegram",
                      const std::string& account = "bot", const std::string& problem = {},
                      bool served = false);
  Reply channel_read(const std::string& position, const std::string& channel = "telegram",
                     const std::string& account = "bot");
  Reply migrated(const std::string& from, const std::string& to,
                 const std::string& channel = "telegram", const std::string& account = "bot");
  // Of the present attempt.
  Reply confirm(DeliveryId delivery);
  Reply fail_delivery(DeliveryId delivery, fb::DeliveryFailure kind, std::uint32_t pieces = 0,
                      std::uint64_t retry_after_ms = 0);
  Reply retry_delivery(DeliveryId delivery);
  Reply discard_delivery(DeliveryId delivery);
  Reply previewed(RunId run, const std::string& platform_id);
  Reply switch_channel(fb::ChannelSwitch to, const std::string& channel = "telegram",
                       const std::string& account = "bot");
  Reply send(const SendSpec& spec);
  // Those that are attempted now, by the seq of the attempt.
  std::vector<DeliveryId> attempted() const;

  void advance_ms(std::uint64_t ms) {
    now.logical_ms += ms;
    now.wall_ms += static_cast<std::int64_t>(ms);
  }
  SessionId session(const std::string& key) const { return find_session(state, key); }
  SessionView view(SessionId session) const;
  RunId active(const std::string& key) const { return view(session(key)).active_run; }

  // Kinds of the last decision's events, e.g. "MessageReceived SessionOpened".
  std::string kinds() const;
  EventView last(std::size_t back = 0) const {
    const std::size_t at = journal.size() - 1 - back;
    return journal[at].view(Seq{at + 1});
  }

  // What an event of the last decision asks for.
  Effects asked_for(const EventView& event) const {
    Effects out;
    effects(state, gone, event, out);
    return out;
  }

  State state{};
  Departures gone{};  // with the last decision
  std::vector<Record> journal{};
  Decision decision{};
  Instant now{.wall_ms = 1'790'000'000'000, .logical_ms = 1'000};
  PrincipalId client{};  // of chat and session inputs
  std::uint64_t entropy{1};
};

// The fold of a journal from zero, up to `count` events.
State fold(const std::vector<Record>& journal, std::size_t count);

// The last decision with what matters of each event, e.g. "RunStarted(hello)": runs are shown as
// the text of their message.
std::string show_drafts(const World& world);
std::string show_reply(const Reply& reply);

}  // namespace spine::core
