// What each kind of event means to those who watch.
#include "adapters/websocket/events.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "adapters/websocket/health.h"
#include "adapters/websocket/respond.h"
#include "adapters/websocket/rows.h"

namespace spine::net {

using pipeline::EventItem;

namespace {

constexpr std::uint32_t kOrdinalsPerPart = 16;

}  // namespace

void Events::event(const EventItem& item) {
  net_.last_live = std::max(net_.last_live, item.event.seq);
  resuming_ = nullptr;
  tell(item);
}

void Events::past_event(Resuming& resuming, const EventItem& item) {
  resuming_ = &resuming;
  tell(item);
  resuming_ = nullptr;
}

void Events::tell(const EventItem& item) {
  ordinal_ = item.part * kOrdinalsPerPart;
  switch (static_cast<fb::EventBody>(item.event.header.kind)) {
    case fb::EventBody::MessageReceived:
      if (!item.has_session && item.event.header.session != 0) return hold(item);
      return message(item);
    case fb::EventBody::SessionOpened:
      if (!item.has_session) return;
      deliver_held(item.session);
      ordinal_ = 0;
      return push_changed(item, "", "create", "");
    case fb::EventBody::SessionPatched:
      return push_changed(item, "", "patch", "");
    case fb::EventBody::SessionReset:
      return push_changed(item, "", "reset", "");
    case fb::EventBody::SessionClosed:
      return push_changed(item, "", "delete", "");
    case fb::EventBody::RunQueued:
      live_run(item);
      return;
    case fb::EventBody::RunStarted:
      return run_started(item);
    case fb::EventBody::RunFinished:
      return run_finished(item);
    case fb::EventBody::RunFailed:
      return run_failed(item);
    case fb::EventBody::RunAborted:
      return run_aborted(item);
    case fb::EventBody::RunInterrupted:
      return run_interrupted(item);
    case fb::EventBody::RunsMerged:
      return run_merged(item);
    case fb::EventBody::CommandAnswered:
      return command_answered(item);
    case fb::EventBody::ToolCalled:
      return tool_called(item);
    case fb::EventBody::ToolReturned:
      return tool_returned(item);
    case fb::EventBody::ApprovalOpened:
      return approval_opened(item);
    case fb::EventBody::ApprovalResolved:
      return approval_resolved(item);
    case fb::EventBody::DevicePaired:
    case fb::EventBody::DeviceRenamed:
    case fb::EventBody::DeviceTokenChanged:
    case fb::EventBody::DeviceRemoved:
      return devices(item);
    case fb::EventBody::ConfigChanged:
      return config_changed(item);
    case fb::EventBody::ChannelPairingRequested:
    case fb::EventBody::ChannelPairingResolved:
      return channel_pairing(item);
    case fb::EventBody::PairingCodeAnswered:
      return code_answered(item);
    default:
      return;
  }
}

void Events::Held::keep(const EventView& other) {
  event = other;
  body.resize(align8(other.body.size()) / 8);
  std::memcpy(body.data(), other.body.data(), other.body.size());
  event.body = {reinterpret_cast<const std::byte*>(body.data()), other.body.size()};
}

void Events::hold(const EventItem& item) {
  held().keep(item.event);
}

void Events::deliver_held(const core::SessionView& session) {
  const EventView event = std::exchange(held().event, EventView{});
  if (!event.seq || event.header.session != session.id.value) return;
  EventItem item{};
  item.event = event;
  item.has_session = true;
  item.session = session;
  ordinal_ = 0;
  message(item);
}

void Events::message(const EventItem& item) {
  if (!item.has_session) return;
  const auto& body = *flatbuffers::GetRoot<fb::MessageReceived>(item.event.body.data());
  const std::string_view key = text_of(body.idempotency_key());
  push_changed(item, "", "send", key);
  push_message(item, key);
}

void Events::tick() {
  Push push{net_, "tick"};
  push.json().begin_object();
  push.json().member("ts", net_.wall_ms);
  push.json().end_object();
  for (std::uint32_t slot = 0; slot < net_.hub.table.slots(); ++slot) {
    if (net_.hub.table.stage[slot] == Stage::open) push.to(slot);
  }
}

void Events::shutdown(std::string_view reason) {
  Push push{net_, "shutdown"};
  push.json().begin_object();
  push.json().member("reason", "gateway stopping");
  push.json().member_if("detail", reason);
  push.json().end_object();
  for (std::uint32_t slot = 0; slot < net_.hub.table.slots(); ++slot) {
    if (net_.hub.table.stage[slot] == Stage::open) push.to(slot);
  }
}

void Events::health() {
  ++net_.health_version;
  Push push{net_, "health"};
  push.with_state_version();
  write_health(net_, push.json(), nullptr);
  for (std::uint32_t slot = 0; slot < net_.hub.table.slots(); ++slot) {
    if (net_.hub.table.stage[slot] == Stage::open) push.to(slot);
  }
}

void Events::presence() {
  ++net_.presence_version;
  if (net_.interested.empty()) return;
  Push push{net_, "presence"};
  push.with_state_version();
  push.json().begin_object();
  push.json().key("presence");
  write_presence(net_, push.json());
  push.json().end_object();
  for (const std::uint32_t slot : net_.interested)
    push.to(slot);
}

}  // namespace spine::net
