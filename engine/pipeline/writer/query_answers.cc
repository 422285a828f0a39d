// What each query is answered.
#include "engine/pipeline/writer/query_answers.h"

#include <algorithm>
#include <deque>
#include <string>

#include "engine/core/model/views.h"
#include "schemas/vocab/check.h"

namespace spine::pipeline {
namespace {

constexpr std::uint64_t kByLabel = 1;
constexpr std::uint64_t kByUuid = 2;
// Two are enough to show that the text is ambiguous.
constexpr std::size_t kFoundMax = 2;

}  // namespace

void QueryAnswers::answer(const InputHeader& header, std::string_view text, Instant now) {
  switch (header.kind) {
    case input_kind::kQuerySessions:
      return answer_sessions(header, text);
    case input_kind::kQuerySession:
      return answer_session(header, text);
    case input_kind::kResolveKey:
      return resolve_key(header, text);
    case input_kind::kResolveKeys:
      return resolve_keys(header, text);
    case input_kind::kQueryFindSession:
      return find_sessions(header, text);
    case input_kind::kQueryGap:
      ask_follower(header, ReadRequest::Kind::gap).before =
          Seq{std::max<std::uint64_t>(header.a, 1)};
      return;
    case input_kind::kQueryRuns: {
      ReadRequest& read = ask_follower(header, ReadRequest::Kind::runs);
      read.limit = header.a;
      read.ended = header.b == 1;
      return;
    }
    case input_kind::kQueryHistory:
    case input_kind::kQueryMessages:
      return answer_history(header, text);
    case input_kind::kQueryRun:
      return answer_run(header, text);
    case input_kind::kQueryStatus:
      return answer_status(header);
    case input_kind::kQueryDevice:
    case input_kind::kQueryDevices:
      return answer_devices(header, text);
    case input_kind::kQueryPairing: {
      PairingItem item{};
      core::list_pairing(state_, now.logical_ms, item.requests);
      return out_.answer(header, item);
    }
    case input_kind::kQueryApprovals: {
      ApprovalsItem item{};
      core::list_approvals(state_, item.approvals);
      return out_.answer(header, item);
    }
    case input_kind::kQueryDigest:
      // The whole state is walked for it: once per state, however many ask.
      if (digest_.seq != state_.applied()) digest_ = core::digest(state_);
      return out_.answer(header, DigestItem{digest_});
    default:
      SPINE_CHECK(false && "an input of a kind nobody handles");
  }
}

// Asks the follower, as of this moment.
ReadRequest& QueryAnswers::ask_follower(const InputHeader& header, ReadRequest::Kind kind) {
  return out_.reads.emplace_back(ReadRequest{.kind = kind,
                                             .connection = header.connection,
                                             .request = header.request,
                                             .as_of = state_.applied()});
}

void QueryAnswers::answer_devices(const InputHeader& header, std::string_view device_id) {
  DevicesItem item{};
  core::DeviceView view{};
  if (header.kind == input_kind::kQueryDevices) {
    item.total = core::list_devices(state_, static_cast<std::size_t>(header.a),
                                    static_cast<std::size_t>(header.b), item.devices);
  } else if (core::view_device(state_, device_id, view)) {
    item.devices.push_back(view);
    item.total = 1;
  }
  out_.answer(header, item);
}

void QueryAnswers::find_sessions(const InputHeader& header, std::string_view text) {
  std::vector<SessionId> ids;
  if (header.a == kByUuid) core::find_session_uuid(state_, text, kFoundMax, ids);
  const SessionId labelled =
      header.a == kByLabel ? core::find_session_label(state_, text) : SessionId{};
  if (labelled) ids.push_back(labelled);
  SessionsItem item{};
  for (const SessionId id : ids)
    core::view_session(state_, id, item.sessions.emplace_back());
  item.total = item.sessions.size();
  out_.answer(header, item);
}

void QueryAnswers::answer_sessions(const InputHeader& header, std::string_view agent_id) {
  session_ids_.clear();
  sessions_item_.sessions.clear();
  sessions_item_.as_of = state_.applied();
  sessions_item_.total = core::list_sessions(state_, agent_id, static_cast<std::size_t>(header.a),
                                             static_cast<std::size_t>(header.b), session_ids_);
  for (const SessionId id : session_ids_) {
    core::view_session(state_, id, sessions_item_.sessions.emplace_back());
  }
  out_.answer(header, sessions_item_);
}

void QueryAnswers::answer_session(const InputHeader& header, std::string_view typed) {
  core::KeyBuffer key;
  SessionsItem item{.malformed = !core::find_typed_key(state_, typed, key)};
  core::SessionView view{};
  if (!item.malformed) item.key = key.view();
  if (core::view_session(state_, core::find_session(state_, item.key), view)) {
    item.sessions.push_back(view);
  }
  item.total = item.sessions.size();
  out_.answer(header, item);
}

void QueryAnswers::answer_history(const InputHeader& header, std::string_view typed) {
  core::KeyBuffer key;
  HistoryItem missing{.malformed = !core::find_typed_key(state_, typed, key)};
  if (!missing.malformed) missing.key = key.view();
  const SessionId session = core::find_session(state_, missing.key);
  if (!session) {
    out_.answer(header, missing);
    return;
  }
  ReadRequest& read = ask_follower(header, ReadRequest::Kind::history);
  read.session = session;
  read.limit = header.a;
  read.before = Seq{header.b};
  read.lines = header.kind == input_kind::kQueryMessages ? HistoryLines::messages
                                                         : HistoryLines::messages_and_tools;
}

void QueryAnswers::resolve_key(const InputHeader& header, std::string_view typed) {
  core::KeyBuffer key;
  ReplyItem item{};
  if (core::find_typed_key(state_, typed, key)) {
    item.session_key = key.view();
    item.reply.session = core::find_session(state_, key.view());
    item.session_uuid = core::name_session(state_, item.reply.session).uuid;
  } else {
    item.reply.code = core::ReplyCode::malformed_key;
  }
  out_.answer(header, item);
}

void QueryAnswers::resolve_keys(const InputHeader& header, std::string_view list) {
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
  out_.answer(header, item);
}

void QueryAnswers::answer_run(const InputHeader& header, std::string_view run_key) {
  RunItem item{};
  const RunId id = core::find_run(state_, run_key);
  item.found = id && core::view_run(state_, id, item.run);
  if (item.found && item.run.ended) {
    ReadRequest& read = ask_follower(header, ReadRequest::Kind::run_end);
    read.as_of = item.run.ended;
    read.run = id;
    return;
  }
  core::SessionView session{};
  if (item.found && core::view_session(state_, item.run.session, session)) {
    item.session_key = session.key;
  }
  out_.answer(header, item);
}

void QueryAnswers::answer_status(const InputHeader& header) {
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
  out_.answer(header, item);
}

void QueryAnswers::forward_delta(const InputHeader& header, std::string_view piece) {
  if (shared_.event_interest.load(std::memory_order_seq_cst) == 0) return;
  core::RunView run{};
  if (!core::view_run(state_, RunId{header.a}, run)) return;
  if (run.status != core::RunStatus::running) return;
  core::SessionView session{};
  core::view_session(state_, run.session, session);
  write(out_.net, DeltaItem{.run = run.id,
                            .attempt = run.attempt,
                            .run_key = run.key,
                            .session_key = session.key,
                            .agent_id = run.agent_id,
                            .piece = piece});
}

}  // namespace spine::pipeline
