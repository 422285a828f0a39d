// Reads: answered by the engine thread from its state, released when what they saw is durable.
#include <algorithm>

#include "engine/core/digest.h"
#include "engine/core/views.h"
#include "engine/pipeline/engine_thread.h"
#include "schemas/vocab/limits.h"

namespace spine::pipeline {
namespace {

constexpr std::uint64_t kByLabel = 1;
constexpr std::uint64_t kByUuid = 2;
// More than one is as good as many: the question was not precise.
constexpr std::size_t kFoundMax = 2;

DevicesItem device_named(const core::State& state, std::string_view device_id) {
  DevicesItem item{};
  core::DeviceView view{};
  if (core::view_device(state, device_id, view)) item.devices.push_back(view);
  item.total = item.devices.size();
  return item;
}

DevicesItem devices_page(const core::State& state, const InputHeader& header) {
  DevicesItem item{};
  item.total = core::list_devices(state, static_cast<std::size_t>(header.a),
                                  static_cast<std::size_t>(header.b), item.devices);
  return item;
}

PairingItem pairing_requests(const core::State& state, std::uint64_t now_ms) {
  PairingItem item{};
  core::list_pairing(state, now_ms, item.requests);
  return item;
}

ApprovalsItem open_approvals(const core::State& state) {
  ApprovalsItem item{};
  core::list_approvals(state, item.approvals);
  return item;
}

SessionsItem found_sessions(const core::State& state, std::uint64_t how, std::string_view text) {
  std::vector<SessionId> ids;
  if (how == kByUuid) core::find_session_uuid(state, text, kFoundMax, ids);
  const SessionId labelled = how == kByLabel ? core::find_session_label(state, text) : SessionId{};
  if (labelled) ids.push_back(labelled);
  SessionsItem item{};
  for (const SessionId id : ids)
    core::view_session(state, id, item.sessions.emplace_back());
  item.total = item.sessions.size();
  return item;
}

}  // namespace

void EngineThread::answer_query(const InputHeader& header, std::string_view text) {
  switch (header.kind) {
    case input_kind::kQuerySessions:
      answer_sessions(header, text);
      break;
    case input_kind::kQuerySession:
      answer_session(header, text);
      break;
    case input_kind::kResolveKey:
      resolve_key(header, text);
      break;
    case input_kind::kResolveKeys:
      resolve_keys(header, text);
      break;
    case input_kind::kQueryGap:
      reads_.push_back(ReadRequest{.kind = ReadRequest::Kind::gap,
                                   .connection = header.connection,
                                   .request = header.request,
                                   .as_of = state_.applied(),
                                   .before = Seq{std::max<std::uint64_t>(header.a, 1)}});
      break;
    case input_kind::kQueryHistory:
    case input_kind::kQueryMessages:
      answer_history(header, text);
      break;
    case input_kind::kQueryRun:
      answer_run(header, text);
      break;
    case input_kind::kQueryStatus:
      answer_status(header);
      break;
    case input_kind::kQueryDevice:
      write(net_, header.connection, header.request, device_named(state_, text));
      break;
    case input_kind::kQueryDevices:
      write(net_, header.connection, header.request, devices_page(state_, header));
      break;
    case input_kind::kQueryPairing:
      write(net_, header.connection, header.request, pairing_requests(state_, now_.logical_ms));
      break;
    case input_kind::kQueryApprovals:
      write(net_, header.connection, header.request, open_approvals(state_));
      break;
    case input_kind::kQueryRuns:
      reads_.push_back(ReadRequest{.kind = ReadRequest::Kind::runs,
                                   .connection = header.connection,
                                   .request = header.request,
                                   .as_of = state_.applied(),
                                   .limit = header.a});
      break;
    case input_kind::kQueryFindSession:
      write(net_, header.connection, header.request, found_sessions(state_, header.a, text));
      break;
    case input_kind::kQueryDigest:
      // The whole state is walked for it: once per state, however many ask.
      if (digest_.seq != state_.applied()) digest_ = core::digest(state_);
      write(net_, header.connection, header.request, DigestItem{digest_});
      break;
    default:
      SPINE_CHECK(false && "an input of a kind nobody handles");
  }
}

void EngineThread::answer_sessions(const InputHeader& header, std::string_view agent_id) {
  session_ids_.clear();
  sessions_item_.sessions.clear();
  sessions_item_.as_of = state_.applied();
  sessions_item_.total = core::list_sessions(state_, agent_id, static_cast<std::size_t>(header.a),
                                             static_cast<std::size_t>(header.b), session_ids_);
  for (const SessionId id : session_ids_) {
    core::view_session(state_, id, sessions_item_.sessions.emplace_back());
  }
  write(net_, header.connection, header.request, sessions_item_);
}

void EngineThread::answer_session(const InputHeader& header, std::string_view typed) {
  core::KeyBuffer key;
  SessionsItem item{.malformed = !core::find_typed_key(state_, typed, key)};
  core::SessionView view{};
  if (!item.malformed) item.key = key.view();
  if (core::view_session(state_, core::find_session(state_, item.key), view)) {
    item.sessions.push_back(view);
  }
  item.total = item.sessions.size();
  write(net_, header.connection, header.request, item);
}

void EngineThread::answer_history(const InputHeader& header, std::string_view typed) {
  core::KeyBuffer key;
  HistoryItem missing{.malformed = !core::find_typed_key(state_, typed, key)};
  if (!missing.malformed) missing.key = key.view();
  const SessionId session = core::find_session(state_, missing.key);
  if (!session) {
    write(net_, header.connection, header.request, missing);
    return;
  }
  reads_.push_back(ReadRequest{.kind = ReadRequest::Kind::history,
                               .connection = header.connection,
                               .request = header.request,
                               .as_of = state_.applied(),
                               .session = session,
                               .limit = header.a,
                               .before = Seq{header.b},
                               .lines = header.kind == input_kind::kQueryMessages
                                            ? HistoryLines::messages
                                            : HistoryLines::messages_and_tools});
}

void EngineThread::resolve_key(const InputHeader& header, std::string_view typed) {
  core::KeyBuffer key;
  core::Reply answer{};
  if (core::find_typed_key(state_, typed, key)) {
    answer.session = core::find_session(state_, key.view());
  } else {
    key.clear();
    answer.code = core::ReplyCode::malformed_key;
  }
  reply(header, answer, key.view());
}

void EngineThread::resolve_keys(const InputHeader& header, std::string_view list) {
  std::deque<std::string> keys;  // the views below borrow from them
  SessionsItem item{};
  KeyList::for_each(list, [&](std::string_view typed) {
    core::KeyBuffer key;
    item.malformed = item.malformed || !core::find_typed_key(state_, typed, key);
    core::SessionView& view = item.sessions.emplace_back();
    if (core::view_session(state_, core::find_session(state_, key.view()), view)) return;
    view.key = keys.emplace_back(key.view());
  });
  if (item.malformed) item.sessions.clear();
  item.total = item.sessions.size();
  write(net_, header.connection, header.request, item);
}

void EngineThread::answer_run(const InputHeader& header, std::string_view run_key) {
  RunItem item{};
  const RunId id = core::find_run(state_, run_key);
  item.found = id && core::view_run(state_, id, item.run);
  if (item.found && item.run.ended) {
    reads_.push_back(ReadRequest{.kind = ReadRequest::Kind::run_end,
                                 .connection = header.connection,
                                 .request = header.request,
                                 .as_of = item.run.ended,
                                 .run = id});
    return;
  }
  core::SessionView session{};
  if (item.found && core::view_session(state_, item.run.session, session)) {
    item.session_key = session.key;
  }
  write(net_, header.connection, header.request, item);
}

void EngineThread::answer_status(const InputHeader& header) {
  const Metrics& metrics = shared_.metrics;
  StatusItem item{};
  item.counts = core::count_state(state_);
  item.applied = state_.applied();
  item.durable = journal_.durable();
  item.follower_applied = Seq{metrics.follower_applied_seq.get()};
  item.indexed = Seq{metrics.index_applied_seq.get()};
  item.snapshot = Seq{metrics.snapshot_seq.get()};
  item.epoch = journal_.epoch();
  item.journal_bytes = journal_.file_bytes();
  write(net_, header.connection, header.request, item);
}

// A piece of an answer being written: pushed to whoever watches, never journalled.
void EngineThread::forward_delta(const InputHeader& header, std::string_view piece) {
  if (shared_.event_interest.load(std::memory_order_seq_cst) == 0) return;
  core::RunView run{};
  if (!core::view_run(state_, RunId{header.a}, run)) return;
  if (run.status != core::RunStatus::running) return;
  core::SessionView session{};
  core::view_session(state_, run.session, session);
  write(net_, DeltaItem{.run = run.id,
                        .attempt = run.attempt,
                        .run_key = run.key,
                        .session_key = session.key,
                        .agent_id = run.agent_id,
                        .piece = piece});
}

}  // namespace spine::pipeline
