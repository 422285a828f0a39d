// How the views of rows travel in payloads.
#pragma once

#include <cstdint>

#include "engine/core/views.h"
#include "engine/pipeline/messages_codec.h"

namespace spine::pipeline {

// What of a view has a fixed size, one struct per kind of row.
struct SessionFixed {
  SessionId id{};
  Bits128 uuid{};
  std::int64_t started_wall_ms{};
  std::int64_t updated_wall_ms{};
  Seq history_first{};
  Seq history_last{};
  std::uint64_t message_count{};
  RunId active_run{};
  std::uint32_t runs_waiting{};
  std::uint32_t conversation{};
  std::uint32_t marks{};
  std::uint32_t is_main{};
};

template <class Sink>
void put(Sink& sink, const core::SessionView& view) {
  sink.pod(SessionFixed{view.id, view.uuid, view.started_wall_ms, view.updated_wall_ms,
                        view.history_first, view.history_last, view.message_count, view.active_run,
                        view.runs_waiting, static_cast<std::uint32_t>(view.conversation),
                        view.marks, view.is_main ? 1U : 0U});
  sink.text(view.key);
  sink.text(view.agent_id);
  sink.text(view.channel);
  sink.text(view.display_name);
  sink.text(view.label);
  sink.text(view.thinking_level);
  sink.text(view.model);
  sink.text(view.active_run_key);
  sink.text(view.agent_session);
}

inline void get(Parser& parser, core::SessionView& view) {
  const auto fixed = parser.pod<SessionFixed>();
  view.id = fixed.id;
  view.uuid = fixed.uuid;
  view.started_wall_ms = fixed.started_wall_ms;
  view.updated_wall_ms = fixed.updated_wall_ms;
  view.history_first = fixed.history_first;
  view.history_last = fixed.history_last;
  view.message_count = fixed.message_count;
  view.active_run = fixed.active_run;
  view.runs_waiting = fixed.runs_waiting;
  view.conversation = static_cast<fb::ConversationKind>(fixed.conversation);
  view.marks = fixed.marks;
  view.is_main = fixed.is_main != 0;
  view.key = parser.text();
  view.agent_id = parser.text();
  view.channel = parser.text();
  view.display_name = parser.text();
  view.label = parser.text();
  view.thinking_level = parser.text();
  view.model = parser.text();
  view.active_run_key = parser.text();
  view.agent_session = parser.text();
}

struct RunFixed {
  RunId id{};
  SessionId session{};
  Seq message{};
  Seq ended{};
  std::int64_t started_wall_ms{};
  std::int64_t ended_wall_ms{};
  std::uint32_t status{};
  std::uint16_t attempt{};
  std::uint16_t trust{};
};

template <class Sink>
void put(Sink& sink, const core::RunView& view) {
  sink.pod(RunFixed{view.id, view.session, view.message, view.ended, view.started_wall_ms,
                    view.ended_wall_ms, static_cast<std::uint32_t>(view.status), view.attempt,
                    static_cast<std::uint16_t>(view.trust)});
  sink.text(view.key);
  sink.text(view.agent_id);
}

inline void get(Parser& parser, core::RunView& view) {
  const auto fixed = parser.pod<RunFixed>();
  view.id = fixed.id;
  view.session = fixed.session;
  view.message = fixed.message;
  view.ended = fixed.ended;
  view.started_wall_ms = fixed.started_wall_ms;
  view.ended_wall_ms = fixed.ended_wall_ms;
  view.status = static_cast<core::RunStatus>(fixed.status);
  view.attempt = fixed.attempt;
  view.trust = static_cast<fb::Trust>(fixed.trust);
  view.key = parser.text();
  view.agent_id = parser.text();
}

struct DeviceFixed {
  std::int64_t approved_wall_ms{};
  std::int64_t last_seen_wall_ms{};
  Seq paired{};
  std::uint64_t via{};
};

template <class Sink>
void put(Sink& sink, const core::DeviceView& view) {
  sink.pod(DeviceFixed{view.approved_wall_ms, view.last_seen_wall_ms, view.paired,
                       static_cast<std::uint64_t>(view.via)});
  sink.text(view.device_id);
  sink.text(view.label);
  sink.text(view.role);
  sink.text(view.scopes);
  sink.text(view.client_id);
  sink.text(view.client_mode);
  sink.text(view.platform);
  sink.text(view.device_family);
  sink.text(view.address);
  sink.span(view.public_key);
  sink.span(view.token_hash);
}

inline void get(Parser& parser, core::DeviceView& view) {
  const auto fixed = parser.pod<DeviceFixed>();
  view.approved_wall_ms = fixed.approved_wall_ms;
  view.last_seen_wall_ms = fixed.last_seen_wall_ms;
  view.paired = fixed.paired;
  view.via = static_cast<fb::ApprovedVia>(fixed.via);
  view.device_id = parser.text();
  view.label = parser.text();
  view.role = parser.text();
  view.scopes = parser.text();
  view.client_id = parser.text();
  view.client_mode = parser.text();
  view.platform = parser.text();
  view.device_family = parser.text();
  view.address = parser.text();
  view.public_key = parser.span();
  view.token_hash = parser.span();
}

template <class Sink>
void put(Sink& sink, const core::PairingView& view) {
  sink.pod(view.request);
  sink.pod(view.created_wall_ms);
  sink.pod(view.expires_wall_ms);
  sink.text(view.channel);
  sink.text(view.account);
  sink.text(view.sender_id);
  sink.text(view.sender_name);
  sink.text(view.code);
}

inline void get(Parser& parser, core::PairingView& view) {
  view.request = parser.pod<Seq>();
  view.created_wall_ms = parser.pod<std::int64_t>();
  view.expires_wall_ms = parser.pod<std::int64_t>();
  view.channel = parser.text();
  view.account = parser.text();
  view.sender_id = parser.text();
  view.sender_name = parser.text();
  view.code = parser.text();
}

struct ApprovalFixed {
  Seq request{};
  Bits128 uuid{};
  RunId run{};
  SessionId session{};
  std::int64_t created_wall_ms{};
  std::int64_t expires_wall_ms{};
  std::uint32_t kind{};
  std::uint32_t options{};
};

template <class Sink>
void put(Sink& sink, const core::ApprovalView& view) {
  sink.pod(ApprovalFixed{view.request, view.uuid, view.run, view.session, view.created_wall_ms,
                         view.expires_wall_ms, static_cast<std::uint32_t>(view.kind),
                         view.options});
  for (const std::string_view text : {view.run_key, view.session_key, view.agent_id, view.tool,
                                      view.title, view.detail, view.cwd, view.code}) {
    sink.text(text);
  }
}

inline void get(Parser& parser, core::ApprovalView& view) {
  const auto fixed = parser.pod<ApprovalFixed>();
  view.request = fixed.request;
  view.uuid = fixed.uuid;
  view.run = fixed.run;
  view.session = fixed.session;
  view.created_wall_ms = fixed.created_wall_ms;
  view.expires_wall_ms = fixed.expires_wall_ms;
  view.kind = static_cast<fb::ApprovalKind>(fixed.kind);
  view.options = fixed.options;
  for (std::string_view* text : {&view.run_key, &view.session_key, &view.agent_id, &view.tool,
                                 &view.title, &view.detail, &view.cwd, &view.code}) {
    *text = parser.text();
  }
}

}  // namespace spine::pipeline
