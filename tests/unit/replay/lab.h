// A journal made to order: any configuration, any message, runs that end as the test says.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "engine/core/model/effects.h"
#include "engine/core/model/views.h"
#include "schemas/fields.h"
#include "tests/unit/replay/story.h"

namespace spine::replay {

// What a message of the lab says; the defaults are a person's direct message on telegram.
struct LabMessage {
  std::string sender{"alice"};
  std::string id{"m1"};
  std::string text{"hello"};
  std::string channel{"telegram"};
  std::string group{};        // empty = a direct message
  std::string session_key{};  // set = chat.send of a client to that session
  std::string key{};          // idempotency key
  fb::QueueMode queue_mode{};
  bool no_run{};
  bool vouched{};
};

// What the configuration of the lab says.
struct LabConfig {
  std::vector<std::string> agents{"main"};
  std::string channel_agent{};  // a binding of telegram to it
  fb::DmPolicy dm{};
  fb::DmPolicy group{};
  bool require_mention{};
  bool lists_groups{};  // only the group "g1"
  std::vector<std::string> admins{};
  std::uint32_t per_minute{60};
  std::uint32_t burst{10};
  fb::OnCrash on_crash{};
};

class Lab : public Story {
 public:
  explicit Lab(const std::filesystem::path& state_dir, const LabConfig& config = {})
      : Story(state_dir) {
    created();
    configure(config);
  }

  void configure(const LabConfig& config) {
    input(fb::EventBody::ConfigApplied, Source::config, [&](auto& b) {
      std::vector<flatbuffers::Offset<fb::Binding>> bindings;
      if (!config.channel_agent.empty()) {
        bindings.push_back(fb::CreateBindingDirect(b, config.channel_agent.c_str(), "telegram"));
      }
      std::vector<flatbuffers::Offset<fb::GroupPolicy>> groups;
      if (config.lists_groups || config.require_mention) {
        groups.push_back(fb::CreateGroupPolicyDirect(b, config.lists_groups ? "g1" : "*", false,
                                                     false, {}, nullptr, config.require_mention));
      }
      const std::vector<flatbuffers::Offset<fb::ChannelPolicy>> channels{
          fb::CreateChannelPolicyDirect(b, "telegram", config.dm, nullptr, config.group, nullptr,
                                        {}, groups.empty() ? nullptr : &groups)};
      const auto strings = [&](const std::vector<std::string>& list) {
        return b.CreateVectorOfStrings(list);
      };
      const auto agents = strings(config.agents);
      const auto admins = strings(config.admins);
      const auto triggers = strings({"/new"});
      const auto bound = b.CreateVector(bindings);
      const auto listed = b.CreateVector(channels);
      const std::vector<flatbuffers::Offset<fb::AgentPolicy>> policies{
          fb::CreateAgentPolicyDirect(b, "main", config.on_crash)};
      const auto rules = b.CreateVector(policies);
      const auto agent = b.CreateString(config.agents.front());
      fb::ConfigAppliedBuilder table(b);
      table.add_agents(agents);
      table.add_default_agent(agent);
      table.add_bindings(bound);
      table.add_channels(listed);
      table.add_reset_triggers(triggers);
      table.add_admins(admins);
      table.add_messages_per_minute(config.per_minute);
      table.add_messages_burst(config.burst);
      table.add_exact_ids(true);
      table.add_agent_policies(rules);
      return table.Finish().Union();
    });
  }

  // The seq of its event.
  Seq say(const LabMessage& message) {
    const fb::Bits128 entropy(last().value + 77, 3);
    const Seq seq = next(last());
    const bool chat = !message.session_key.empty();
    input(fb::EventBody::MessageReceived, Source::websocket, [&](auto& b) {
      const auto kind =
          message.group.empty() ? fb::ConversationKind::direct : fb::ConversationKind::group;
      const std::string& where = message.group.empty() ? message.sender : message.group;
      return fb::CreateMessageReceivedDirect(
                 b, chat ? fb::MessageVia::chat : fb::MessageVia::channel, message.channel.c_str(),
                 "default", message.sender.c_str(), message.sender.c_str(), kind, where.c_str(), "",
                 message.id.c_str(), message.text.c_str(), nullptr, "", 1'700'000'000'000,
                 message.session_key.c_str(), "", message.key.c_str(), &entropy, 0, 0,
                 message.no_run, message.vouched, message.queue_mode, false, true)
          .Union();
    });
    return seq;
  }
  // The open run that was queued last, and the first.
  RunId latest_run() const { return open_runs().back(); }
  RunId first_run() const { return open_runs().front(); }

  void finish(RunId run, const std::string& text, std::uint64_t ms = 20) {
    input(fb::EventBody::RunFinished, Source::agent, [&](auto& b) {
      return fb::CreateRunFinishedDirect(b, run.value, text.c_str(), "end_turn", 1, 2, ms).Union();
    });
  }
  void fail(RunId run, const std::string& why) {
    input(fb::EventBody::RunFailed, Source::agent, [&](auto& b) {
      return fb::CreateRunFailedDirect(b, run.value, fb::RunErrorKind::timeout, why.c_str(), 30)
          .Union();
    });
  }
  void retry(RunId run) {
    input(fb::EventBody::RunRetryRequested, Source::websocket, [&](auto& b) {
      return fb::CreateRunRetryRequestedDirect(b, run.value, "another-try").Union();
    });
  }
  void interrupt(RunId run, fb::InterruptReason reason = fb::InterruptReason::agent_crash) {
    input(fb::EventBody::RunInterrupted, Source::agent, [&](auto& b) {
      return fb::CreateRunInterruptedDirect(b, run.value, reason, "signal 11", 40).Union();
    });
  }
  void abort(RunId run) {
    const std::vector<std::uint64_t> runs{run.value};
    input(fb::EventBody::RunAborted, Source::websocket, [&](auto& b) {
      return fb::CreateRunAbortedDirect(b, &runs, fb::AbortReason::rpc).Union();
    });
  }
  void steer(RunId run, RunId into) {
    input(fb::EventBody::RunSteered, Source::agent,
          [&](auto& b) { return fb::CreateRunSteered(b, run.value, into.value).Union(); });
  }
  void use_tool(RunId run, const std::string& name, const std::string& title, bool fails = false) {
    input(fb::EventBody::ToolCalled, Source::agent, [&](auto& b) {
      return fb::CreateToolCalledDirect(b, run.value, "c1", name.c_str(), title.c_str()).Union();
    });
    pass(120);
    input(fb::EventBody::ToolReturned, Source::agent, [&](auto& b) {
      return fb::CreateToolReturnedDirect(b, run.value, "c1", fails, "out", 3, nullptr, 120,
                                          name.c_str())
          .Union();
    });
  }
  void ask(RunId run, const std::string& tool) {
    const fb::Bits128 entropy(11, 12);
    input(fb::EventBody::ApprovalRequested, Source::agent, [&](auto& b) {
      return fb::CreateApprovalRequestedDirect(b, run.value, 1, {}, tool.c_str(), "May I?",
                                               "rm -rf build", "/", nullptr, &entropy)
          .Union();
    });
  }
  void agent_exits(const std::string& agent, fb::AgentExitReason reason, int code) {
    input(fb::EventBody::AgentExited, Source::agent, [&](auto& b) {
      return fb::CreateAgentExitedDirect(b, agent.c_str(), 1, 4711, reason, code, 0, 900, 0,
                                         "segfault")
          .Union();
    });
  }
  void quarantine(const std::string& agent) {
    input(fb::EventBody::AgentQuarantined, Source::agent, [&](auto& b) {
      return fb::CreateAgentQuarantinedDirect(b, agent.c_str(), 5, "it crashed").Union();
    });
  }
  void channel(fb::ChannelState to, const char* problem = "") {
    input(fb::EventBody::ChannelStateChanged, Source::channel, [&](auto& b) {
      return fb::CreateChannelStateChangedDirect(b, "telegram", "default", to, problem, "42")
          .Union();
    });
  }
  // The delivery that is attempted.
  core::DeliveryView attempted() const {
    core::Effects open;
    core::open_obligations(state(), open);
    core::DeliveryView delivery{};
    for (const core::Effect& effect : open)
      core::view_delivery(state(), effect.delivery, delivery);
    EXPECT_TRUE(delivery.id) << "nothing is being delivered";
    return delivery;
  }
  void confirm(const std::vector<std::string>& platform_ids = {"tg-1"}) {
    const core::DeliveryView delivery = attempted();
    input(fb::EventBody::DeliveryConfirmed, Source::channel, [&](auto& b) {
      const auto ids = b.CreateVectorOfStrings(platform_ids);
      return fb::CreateDeliveryConfirmed(b, delivery.id.value, delivery.attempted.value, ids)
          .Union();
    });
  }
  void fail_delivery(fb::DeliveryFailure kind, const char* reason = "it did not work",
                     std::uint64_t retry_after_ms = 0) {
    const core::DeliveryView delivery = attempted();
    input(fb::EventBody::DeliveryFailed, Source::channel, [&](auto& b) {
      return fb::CreateDeliveryFailedDirect(b, delivery.id.value, delivery.attempted.value, kind,
                                            reason, retry_after_ms)
          .Union();
    });
  }
  void retry_delivery(DeliveryId delivery) {
    input(fb::EventBody::DeliveryRetryRequested, Source::websocket,
          [&](auto& b) { return fb::CreateDeliveryRetryRequested(b, delivery.value).Union(); });
  }
  void discard_delivery(DeliveryId delivery) {
    input(fb::EventBody::DeliveryDiscarded, Source::websocket,
          [&](auto& b) { return fb::CreateDeliveryDiscarded(b, delivery.value).Union(); });
  }
  void start_engine(bool after_crash = false) {
    const fb::Bits128 boot(1, 1);
    input(fb::EventBody::EngineStarted, Source::engine, [&](auto& b) {
      return fb::CreateEngineStartedDirect(b, "1.2.3", &boot, 5, after_crash, 4000).Union();
    });
  }
  void stop_engine() {
    input(fb::EventBody::EngineStopped, Source::engine,
          [](auto& b) { return fb::CreateEngineStoppedDirect(b, "SIGTERM").Union(); });
  }
  void reach_deadline() {
    input(fb::EventBody::DeadlineReached, Source::engine, [&](auto& b) {
      return fb::CreateDeadlineReached(b, state().next_deadline_ms()).Union();
    });
  }
  void close_session(SessionId session) {
    input(
        fb::EventBody::SessionClosed, Source::websocket,
        [](auto& b) { return fb::CreateSessionClosed(b, fb::CloseReason::deleted).Union(); },
        session);
  }
  // A rejection past the core: of a full table, or of a version that knows more reasons.
  Seq record_rejection(fb::RejectReason reason) {
    flatbuffers::FlatBufferBuilder b;
    const auto message = fb::CreateMessageReceivedDirect(b, fb::MessageVia::channel, "telegram");
    b.Finish(fb::CreateMessageRejected(b, reason, 0, message));
    const Seq seq = next(last());
    record({.kind = kind_number(fb::EventBody::MessageRejected),
            .flags = record_flag::kInput,
            .source = static_cast<std::uint16_t>(Source::websocket),
            .cause = seq.value,
            .correlation = seq.value,
            .wall_ms = 1'700'000'000'000},
           finished(b));
    return seq;
  }
  using Story::pass;

 private:
  std::vector<RunId> open_runs() const {
    std::vector<RunId> runs;
    core::list_open_runs(state(), 10'000, runs);
    EXPECT_FALSE(runs.empty()) << "no run is open";
    return runs.empty() ? std::vector<RunId>{RunId{}} : runs;
  }
};

}  // namespace spine::replay
