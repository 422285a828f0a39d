// What each kind of event means to those who watch.
#include "adapters/websocket/events.h"

#include <algorithm>
#include <cstring>

#include "adapters/websocket/agent_methods.h"
#include "adapters/websocket/health.h"
#include "adapters/websocket/respond.h"
#include "adapters/websocket/rows.h"

namespace spine::net {

using pipeline::EventItem;

void Events::event(const EventItem& item) {
  switch (static_cast<fb::EventBody>(item.event.header.kind)) {
    case fb::EventBody::MessageReceived:
      if (!item.has_session && item.event.header.session != 0) return hold(item);
      return message(item);
    case fb::EventBody::SessionOpened:
      if (!item.has_session) return;
      push_changed(item, "", "create", "");
      return deliver_held(item.session);
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
    default:
      return;
  }
}

void Events::hold(const EventItem& item) {
  held_ = item.event;
  held_body_.resize(align8(item.event.body.size()) / 8);
  std::memcpy(held_body_.data(), item.event.body.data(), item.event.body.size());
  held_.body = {reinterpret_cast<const std::byte*>(held_body_.data()), item.event.body.size()};
}

void Events::deliver_held(const core::SessionView& session) {
  if (!held_.seq || held_.header.session != session.id.value) return;
  EventItem item{};
  item.event = held_;
  item.has_session = true;
  item.session = session;
  held_ = EventView{};
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
  return net_.runs.watch(item.run.id, item.run.key, session, item.run.agent_id);
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
    push_agent(*run, "assistant", data_, item.event.seq);
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
  answer_waiters(net_, run->key, item.event);
  net_.runs.forget(item.run.id);
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
  answer_waiters(net_, run->key, item.event);
  net_.runs.forget(item.run.id);
}

void Events::run_aborted(const EventItem& item) {
  const auto& body = *flatbuffers::GetRoot<fb::RunAborted>(item.event.body.data());
  if (body.runs() == nullptr) return;
  for (const std::uint64_t id : *body.runs()) {
    const bool told = item.has_run && item.run.id.value == id;
    LiveRun* run = told ? live_run(item) : net_.runs.find(RunId{id});
    if (run == nullptr) continue;
    lifecycle(*run, "end", ",\"aborted\":true", item.event.seq);
    if (item.has_session) push_changed(item, "end", "", run->key);
    members_.clear();
    http::JsonWriter json{members_};
    json.member("stopReason", "rpc");
    json.key("message");
    write_assistant_text(json, run->text, item.event.header.wall_ms);
    push_chat(*run, "aborted", members_, item.event.seq);
    answer_waiters(net_, run->key, item.event);
    net_.runs.forget(RunId{id});
  }
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

bool Events::watches(std::uint32_t slot, std::string_view session_key) const {
  const Connections& table = net_.hub.table;
  if (table.flag(slot, connection_flag::kAllSessions)) return true;
  const std::vector<std::string>& keys = table.client[slot]->keys;
  return std::find(keys.begin(), keys.end(), session_key) != keys.end();
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
