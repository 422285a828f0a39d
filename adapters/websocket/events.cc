// What each kind of event means to those who watch.
#include "adapters/websocket/events.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "adapters/websocket/agent_methods.h"
#include "adapters/websocket/health.h"
#include "adapters/websocket/respond.h"
#include "adapters/websocket/rows.h"

namespace spine::net {

using pipeline::EventItem;

namespace {

constexpr std::uint32_t kOrdinalsPerPart = 16;
// Where the numbers of a run start that is told again and is not known any more: more pieces than
// that no answer is shown in.
constexpr std::uint64_t kPastRunSeq = std::uint64_t{1} << 20U;

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

void Events::hold(const EventItem& item) {
  Held& held = this->held();
  held.event = item.event;
  held.body.resize(align8(item.event.body.size()) / 8);
  std::memcpy(held.body.data(), item.event.body.data(), item.event.body.size());
  held.event.body = {reinterpret_cast<const std::byte*>(held.body.data()), item.event.body.size()};
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

LiveRun* Events::live_run(const EventItem& item) {
  if (!item.has_run) return nullptr;
  const std::string_view session = item.has_session ? item.session.key : std::string_view{};
  if (resuming_ == nullptr) {
    return net_.runs.watch(item.run.id, item.run.key, session, item.run.agent_id);
  }
  LiveRun* run = resuming_->runs.watch(item.run.id, item.run.key, session, item.run.agent_id);
  if (run == nullptr || run->seq != 0) return run;
  // Numbers of a run only grow: above all it was told live.
  const LiveRun* live = net_.runs.find(item.run.id);
  run->seq = live == nullptr ? kPastRunSeq : live->seq;
  return run;
}

// Nothing more will come of the run.
void Events::ended(const EventItem& item, const LiveRun& run) {
  if (resuming_ != nullptr) return resuming_->runs.forget(item.run.id);
  answer_waiters(net_, run.key, item.event);
  net_.runs.forget(item.run.id);
}

void Events::run_started(const EventItem& item) {
  LiveRun* run = live_run(item);
  if (run == nullptr) return;
  push_changed(item, "start", "", run->key);
  std::string more = ",\"startedAt\":" + std::to_string(item.event.header.wall_ms);
  lifecycle(*run, "start", more, item.event.seq);
}

void Events::run_finished(const EventItem& item) {
  LiveRun* run = live_run(item);
  if (run == nullptr) return;
  const auto& body = *flatbuffers::GetRoot<fb::RunFinished>(item.event.body.data());
  const std::string_view text = text_of(body.text());
  if (run->text.empty() && !text.empty()) {
    // Nothing was shown while it was written: clients still expect the text on the stream once.
    data_.clear();
    http::JsonWriter data{data_};
    data.begin_object();
    data.member("text", text);
    data.member("delta", text);
    data.end_object();
    push_agent(*run, "assistant", data_, Seq{});
  }
  lifecycle(*run, "end", ",\"endedAt\":" + std::to_string(item.event.header.wall_ms),
            item.event.seq);
  push_message(item, run->key);
  push_changed(item, "end", "", run->key);
  const std::string_view stop = text_of(body.stop_reason());
  members_.clear();
  http::JsonWriter json{members_};
  json.member("stopReason", stop.empty() ? std::string_view{"stop"} : stop);
  json.key("message");
  write_message(json, item.event, run->key);
  push_chat(*run, "final", members_, item.event.seq);
  ended(item, *run);
}

void Events::run_failed(const EventItem& item) {
  LiveRun* run = live_run(item);
  if (run == nullptr) return;
  const auto& body = *flatbuffers::GetRoot<fb::RunFailed>(item.event.body.data());
  const std::string_view error = text_of(body.message());
  members_.clear();
  http::JsonWriter more{members_};
  more.member("error", error);
  lifecycle(*run, "error", "," + members_, item.event.seq);
  push_changed(item, "end", "", run->key);
  members_.clear();
  http::JsonWriter json{members_};
  json.member("errorMessage", error.empty() ? std::string_view{"the run failed"} : error);
  json.member("errorKind", error_kind_name(body.kind()));
  push_chat(*run, "error", members_, item.event.seq);
  ended(item, *run);
}

// One item per run that was stopped.
void Events::run_aborted(const EventItem& item) {
  LiveRun* run = live_run(item);
  if (run == nullptr) return;
  lifecycle(*run, "end", ",\"aborted\":true", item.event.seq);
  push_changed(item, "end", "", run->key);
  members_.clear();
  http::JsonWriter json{members_};
  json.member("stopReason", "rpc");
  json.key("message");
  write_assistant_text(json, run->text, item.event.header.wall_ms);
  push_chat(*run, "aborted", members_, item.event.seq);
  ended(item, *run);
}

void Events::delta(const pipeline::DeltaItem& item) {
  LiveRun* run = net_.runs.watch(item.run, item.run_key, item.session_key, item.agent_id);
  // Each delta repeats the text so far; a very long one is told by its final message.
  if (run == nullptr || !net_.runs.append_text(*run, item.piece)) return;
  data_.clear();
  http::JsonWriter data{data_};
  data.begin_object();
  data.member("text", run->text);
  data.member("delta", item.piece);
  data.end_object();
  push_agent(*run, "assistant", data_, Seq{});
  members_.clear();
  http::JsonWriter json{members_};
  json.member("deltaText", item.piece);
  json.key("message");
  write_assistant_text(json, run->text, net_.wall_ms);
  push_chat(*run, "delta", members_, Seq{});
}

void Events::lifecycle(LiveRun& run, std::string_view phase, std::string_view more, Seq cursor) {
  data_.clear();
  http::JsonWriter data{data_};
  data.begin_object();
  data.member("phase", phase);
  data_ += more;
  data.end_object();
  push_agent(run, "lifecycle", data_, cursor);
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
