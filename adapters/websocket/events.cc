// What each kind of event means to those who watch.
#include "adapters/websocket/events.h"

#include <algorithm>
#include <cstring>
#include <iterator>

#include "adapters/websocket/health.h"
#include "adapters/websocket/respond.h"
#include "adapters/websocket/rows.h"
#include "schemas/fields.h"
#include "schemas/vocab/check.h"

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

// What clients are told of each kind (engine/core/kinds.cc says who they are).
struct Events::Renderer {
  fb::EventBody kind{};
  void (Events::*render)(const EventItem& item){};
};

constexpr Events::Renderer Events::kRenderers[]{
    {fb::EventBody::MessageReceived, &Events::message},
    {fb::EventBody::SessionOpened, &Events::session_opened},
    {fb::EventBody::SessionPatched, &Events::session_patched},
    {fb::EventBody::SessionReset, &Events::session_reset},
    {fb::EventBody::SessionClosed, &Events::session_closed},
    {fb::EventBody::CommandAnswered, &Events::command_answered},
    {fb::EventBody::RunQueued, &Events::run_queued},
    {fb::EventBody::RunStarted, &Events::run_started},
    {fb::EventBody::RunFinished, &Events::run_finished},
    {fb::EventBody::RunFailed, &Events::run_failed},
    {fb::EventBody::RunAborted, &Events::run_aborted},
    {fb::EventBody::RunInterrupted, &Events::run_interrupted},
    {fb::EventBody::RunsMerged, &Events::run_merged},
    {fb::EventBody::ToolCalled, &Events::tool_called},
    {fb::EventBody::ToolReturned, &Events::tool_returned},
    {fb::EventBody::ApprovalOpened, &Events::approval_opened},
    {fb::EventBody::ApprovalResolved, &Events::approval_resolved},
    {fb::EventBody::DevicePaired, &Events::devices},
    {fb::EventBody::DeviceRenamed, &Events::devices},
    {fb::EventBody::DeviceTokenChanged, &Events::devices},
    {fb::EventBody::DeviceRemoved, &Events::devices},
    {fb::EventBody::ConfigChanged, &Events::config_changed},
    {fb::EventBody::ChannelPairingRequested, &Events::channel_pairing},
    {fb::EventBody::ChannelPairingResolved, &Events::channel_pairing},
    {fb::EventBody::PairingCodeAnswered, &Events::code_answered},
};

const Events::Renderer* Events::renderer_of(std::uint16_t kind) {
  const auto* at = std::find_if(std::begin(kRenderers), std::end(kRenderers),
                                [kind](const Renderer& row) { return is_kind(kind, row.kind); });
  return at == std::end(kRenderers) ? nullptr : at;
}

bool Events::renders(std::uint16_t kind) {
  return renderer_of(kind) != nullptr;
}

void Events::tell(const EventItem& item) {
  ordinal_ = item.part * kOrdinalsPerPart;
  const Renderer* renderer = renderer_of(item.event.header.kind);
  SPINE_CHECK(renderer != nullptr);
  (this->*renderer->render)(item);
}

void Events::message(const EventItem& item) {
  if (!item.has_session) return;
  const std::string_view key = text_of(root_of<fb::MessageReceived>(item.event).idempotency_key());
  push_changed(item, "", "send", key);
  push_message(item, key);
}

void Events::session_opened(const EventItem& item) {
  if (item.has_session) push_changed(item, "", "create", "");
}
void Events::session_patched(const EventItem& item) {
  push_changed(item, "", "patch", "");
}
void Events::session_reset(const EventItem& item) {
  push_changed(item, "", "reset", "");
}
void Events::session_closed(const EventItem& item) {
  push_changed(item, "", "delete", "");
}
void Events::run_queued(const EventItem& item) {
  live_run(item);
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
