// The answers of the fake engine.
#include "tests/unit/websocket/fake_engine.h"

#include <cstring>

#include "engine/pipeline/clock.h"
#include "schemas/event_verify.h"
#include "schemas/finished.h"
#include "schemas/vocab/limits.h"

namespace spine::test {
namespace {

using pipeline::InputHeader;
namespace input_kind = pipeline::input_kind;

std::string text_of(const flatbuffers::String* text) {
  return text == nullptr ? "" : text->str();
}

std::vector<std::uint64_t> aligned(ByteSpan body) {
  std::vector<std::uint64_t> words((body.size() + 7) / 8);
  if (!body.empty()) std::memcpy(words.data(), body.data(), body.size());
  return words;
}

}  // namespace

FakeEngine::FakeEngine(pipeline::Shared& shared, pipeline::Ingress& ingress, pipeline::Outbox& net)
    : shared_(shared), ingress_(ingress), out_(net.add_producer()) {
  shared_.epoch = Bits128{0x1111, 0x2222};
  shared_.phase.store(pipeline::Phase::ready, std::memory_order_release);
  thread_ = std::thread([this] { run(); });
}

FakeEngine::~FakeEngine() {
  stop_.store(true);
  thread_.join();
}

void FakeEngine::run() {
  std::vector<pipeline::IngressBlock*> blocks;
  while (!stop_.load()) {
    if (announce_.exchange(false)) {
      write(out_, pipeline::StoppingItem{"test"});
      out_.flush();
    }
    if (expire_.exchange(false)) expire_oldest();
    ingress_.wait(5);
    if (held_.load()) continue;
    // As the engine thread does: what waits is being worked on.
    shared_.engine_turn_ms.store(pipeline::boottime_now_ms(), std::memory_order_relaxed);
    blocks.clear();
    ingress_.drain(blocks, limits::kDrainBytesMax);
    for (pipeline::IngressBlock* block : blocks) {
      block->for_each([this](const InputHeader& header, ByteSpan body) { handle(header, body); });
      ingress_.recycle(block);
    }
    out_.flush();
  }
}

void FakeEngine::handle(const InputHeader& header, ByteSpan whole) {
  inputs_.fetch_add(1);
  if (!input_kind::journalled(header.kind)) return query(header, as_text(whole));
  const auto [body, names] = pipeline::take_apart(header, whole);
  if (!verify_event_body(header.kind, body)) {
    invalid_.fetch_add(1);
    return;
  }
  switch (static_cast<fb::EventBody>(header.kind)) {
    case fb::EventBody::ClientConnected:
      return reply(header, {.seq = Seq{seq_++}, .principal = PrincipalId{7}});
    case fb::EventBody::ClientDisconnected:
      disconnects_.fetch_add(1);
      return;
    case fb::EventBody::MessageReceived:
      return message(header, body);
    case fb::EventBody::RunAborted:
      return abort(header, names);
    case fb::EventBody::SessionReset:
      return close_session(header, names.session_key, true);
    case fb::EventBody::SessionClosed:
      return close_session(header, names.session_key, false);
    case fb::EventBody::SessionPatched:
      return patch(header, names.session_key);
    case fb::EventBody::SessionOpened:
    case fb::EventBody::DevicePaired:
    case fb::EventBody::DeviceRenamed:
    case fb::EventBody::DeviceTokenChanged:
    case fb::EventBody::DeviceRemoved:
    case fb::EventBody::ChannelPairingResolved:
    case fb::EventBody::ConfigChanged:
      return reply(header, {.seq = Seq{seq_++}});
    case fb::EventBody::ApprovalResolved:
      return resolve_approval(header, body);
    case fb::EventBody::AgentRestartRequested:
    case fb::EventBody::AgentReset:
      return change_agent(header, body);
    case fb::EventBody::ConnectsRefused:
      return note_refused(body);
    default:
      invalid_.fetch_add(1);
  }
}

void FakeEngine::note_refused(ByteSpan body) {
  const auto& refused = *flatbuffers::GetRoot<fb::ConnectsRefused>(body.data());
  for (const fb::RefusedConnects* row : *refused.refused())
    refused_connects_.fetch_add(row->count());
  refusal_reports_.fetch_add(1);
}

void FakeEngine::reply(const InputHeader& header, const core::Reply& reply,
                       std::string_view session_key, std::string_view run_key) {
  if (!header.connection) return;
  write(out_, header.connection, header.request,
        pipeline::ReplyItem{.reply = reply, .session_key = session_key, .run_key = run_key});
}

FakeEngine::Event FakeEngine::make_event(fb::EventBody kind, ByteSpan body) {
  Event event{};
  event.body = aligned(body);
  event.view.seq = Seq{seq_++};
  event.view.header.kind = static_cast<std::uint16_t>(kind);
  event.view.header.wall_ms = 1'700'000'000'000;
  event.view.header.correlation = event.view.seq.value;
  event.view.body = {reinterpret_cast<const std::byte*>(event.body.data()), body.size()};
  return event;
}

FakeEngine::Session& FakeEngine::session_of(const std::string& key) {
  const auto [at, made] = sessions_.try_emplace(key);
  Session& session = at->second;
  if (made) {
    session.key = key;
    session.agent = "main";
    session.view.id = SessionId{seq_++};
    session.view.uuid = Bits128{session.view.id.value, 1};
  }
  session.view.key = session.key;
  session.view.agent_id = session.agent;
  session.view.is_main = session.key == "agent:main:main";
  session.view.active_run_key = session.active;
  return session;
}

void FakeEngine::publish(const EventView& event, Session* session, Run* run, const Asked* asked) {
  if (!shared_.wanted(event.header.kind)) return;
  pipeline::EventItem item{};
  item.event = event;
  item.has_session = session != nullptr;
  if (session != nullptr) item.session = session->view;
  item.has_run = run != nullptr;
  if (run != nullptr) item.run = run->view;
  item.has_approval = asked != nullptr;
  if (asked != nullptr) item.approval = asked->view;
  write(out_, item);
}

bool FakeEngine::refuse(const InputHeader& header, const fb::MessageReceived& message) {
  const std::string text = text_of(message.text());
  if (text == "reject") {
    reply(header, {.code = core::ReplyCode::rejected, .reason = fb::RejectReason::not_allowed});
  } else if (text == "limit") {
    reply(header, {.code = core::ReplyCode::rate_limited, .retry_after_ms = 250});
  } else if (text == "full") {
    reply(header, {.code = core::ReplyCode::no_space});
  } else {
    return false;
  }
  return true;
}

void FakeEngine::message(const InputHeader& header, ByteSpan body) {
  const auto& message = *flatbuffers::GetRoot<fb::MessageReceived>(body.data());
  queue_mode_.store(message.queue_mode());
  untrusted_.store(message.untrusted());
  if (refuse(header, message)) return;
  if (message.via() == fb::MessageVia::channel) {
    const std::string id = text_of(message.channel()) + ":" + text_of(message.account()) + ":" +
                           text_of(message.external_id());
    const auto [at, fresh] = seen_.try_emplace(id, seq_);
    if (!fresh) {
      return reply(header, {.code = core::ReplyCode::duplicate, .seq = Seq{at->second}});
    }
    const std::string key =
        "agent:none:" + text_of(message.channel()) + ":direct:" + text_of(message.sender_id());
    return reply(header, {.seq = Seq{seq_++}}, key);
  }
  const std::string named = key_of(text_of(message.session_key()));
  if (named.empty()) return reply(header, {.code = core::ReplyCode::malformed_key});
  const std::string run_key = text_of(message.idempotency_key());
  Session& session = session_of(named);
  const auto known = runs_.find(run_key);
  if (known != runs_.end()) {
    const bool over = bool{known->second.view.ended};
    return reply(header,
                 {.code = over ? core::ReplyCode::done : core::ReplyCode::in_flight,
                  .run = known->second.view.id},
                 session.key, run_key);
  }
  session.events.push_back(make_event(fb::EventBody::MessageReceived, body));
  session.view.message_count = session.events.size();
  publish(session.events.back().view, &session, nullptr);
  if (text_of(message.text()) == "join") return join(header, session, run_key);
  start_run(header, session, run_key, message);
}

void FakeEngine::start_run(const InputHeader& header, Session& session, const std::string& key,
                           const fb::MessageReceived& message) {
  const std::uint64_t correlation = session.events.back().view.seq.value;
  Run& run = runs_[key];
  run.key = key;
  run.agent = "main";
  run.session = session.key;
  run.view = {.id = RunId{seq_++},
              .session = session.view.id,
              .message = Seq{correlation},
              .key = run.key,
              .agent_id = run.agent,
              .status = core::RunStatus::running};
  session.active = key;
  session.view.active_run_key = session.active;
  builder_.Clear();
  builder_.Finish(fb::CreateRunStarted(builder_, run.view.id.value, 1));
  const Event started = make_event(fb::EventBody::RunStarted, finished(builder_));
  publish(started.view, &session, &run);
  reply(header, {.seq = Seq{correlation}, .session = session.view.id, .run = run.view.id},
        session.key, run.key);
  const std::string text = text_of(message.text());
  if (text == "hang" || act_out(text, session, run)) return;
  builder_.Clear();
  if (text == "fail") {
    builder_.Finish(fb::CreateRunFailedDirect(builder_, run.view.id.value,
                                              fb::RunErrorKind::timeout, "it took too long", 5));
    return end_run(run, fb::EventBody::RunFailed);
  }
  for (const std::string& piece : {std::string{"echo: "}, text}) {
    if (shared_.event_interest.load() == 0) break;
    write(out_, pipeline::DeltaItem{.run = run.view.id,
                                    .run_key = run.key,
                                    .session_key = session.key,
                                    .agent_id = run.agent,
                                    .piece = piece});
  }
  builder_.Finish(fb::CreateRunFinishedDirect(
      builder_, run.view.id.value, ("echo: " + text).c_str(), "stop", 1, 2, 3, "spine", "echo"));
  end_run(run, fb::EventBody::RunFinished);
}

void FakeEngine::end_run(Run& run, fb::EventBody kind) {
  run.end = make_event(kind, finished(builder_));
  run.end.view.header.correlation = run.view.message.value;
  run.view.ended = run.end.view.seq;
  run.view.status = core::RunStatus::finished;
  Session& session = session_of(run.session);
  session.active.clear();
  session.view.active_run_key = session.active;
  session.events.push_back(run.end);
  session.events.back().view.body = {
      reinterpret_cast<const std::byte*>(session.events.back().body.data()),
      run.end.view.body.size()};
  session.view.message_count = session.events.size();
  publish(run.end.view, &session, &run);
}

void FakeEngine::abort(const InputHeader& header, const pipeline::InputNames& names) {
  Session* session = find_session(key_of(names.session_key));
  const bool other =
      session != nullptr && !names.run_key.empty() && session->active != names.run_key;
  if (session == nullptr || session->active.empty() || other) {
    return reply(header, {.code = core::ReplyCode::nothing_to_do});
  }
  Run& run = runs_[session->active];
  builder_.Clear();
  const std::vector<std::uint64_t> ids{run.view.id.value};
  builder_.Finish(fb::CreateRunAbortedDirect(builder_, &ids, fb::AbortReason::rpc));
  end_run(run, fb::EventBody::RunAborted);
  reply(header, {.seq = run.view.ended, .run = run.view.id}, session->key, run.key);
}

bool FakeEngine::query_state(const InputHeader& header, std::string_view text) {
  switch (header.kind) {
    case input_kind::kQuerySessions:
    case input_kind::kQuerySession:
      query_sessions(header, text);
      return true;
    case input_kind::kQueryMessages:
    case input_kind::kQueryHistory: {
      pipeline::HistoryItem item{};
      const std::string asked = key_of(text);
      const auto found = sessions_.find(asked);
      item.key = asked;
      item.malformed = asked.empty();
      item.found = found != sessions_.end();
      if (item.found) {
        item.session = found->second.view;
        for (const Event& event : found->second.events) {
          if (header.b == 0 || event.view.seq.value < header.b) item.events.push_back(event.view);
        }
        item.more = item.events.size() > header.a;
        if (item.more) {
          item.events.erase(item.events.begin(),
                            item.events.end() - static_cast<std::ptrdiff_t>(header.a));
        }
      }
      write(out_, header.connection, header.request, item);
      return true;
    }
    case input_kind::kQueryRun: {
      pipeline::RunItem item{};
      const auto found = runs_.find(std::string{text});
      item.found = found != runs_.end();
      if (item.found) {
        item.run = found->second.view;
        item.session_key = found->second.session;
        item.has_end = bool{item.run.ended};
        item.end = found->second.end.view;
      }
      write(out_, header.connection, header.request, item);
      return true;
    }
    default:
      return false;
  }
}

void FakeEngine::query(const InputHeader& header, std::string_view text) {
  if (query_state(header, text)) return;
  const auto answer = [&](const auto& item) {
    write(out_, header.connection, header.request, item);
  };
  switch (header.kind) {
    case input_kind::kResolveKey: {
      const std::string key = key_of(text);
      const auto code = key.empty() ? core::ReplyCode::malformed_key : core::ReplyCode::accepted;
      return reply(header, {.code = code}, key);
    }
    case input_kind::kResolveKeys:
      return resolve_keys(header, text);
    case input_kind::kQueryDevice:
    case input_kind::kQueryDevices:
      return answer(pipeline::DevicesItem{});
    case input_kind::kQueryApprovals:
      return query_approvals(header);
    case input_kind::kQueryPairing:
      return answer(pipeline::PairingItem{});
    case input_kind::kQueryRuns:
      return answer(pipeline::RunsItem{});
    case input_kind::kQueryFindSession:
      return answer(pipeline::SessionsItem{});
    case input_kind::kQueryGap:
      return answer(pipeline::GapItem{.upto = Seq{seq_}, .head = Seq{seq_}});
    case input_kind::kQueryStatus:
      return answer(pipeline::StatusItem{.applied = Seq{seq_}, .durable = Seq{seq_}});
    case input_kind::kQueryDigest: {
      pipeline::DigestItem item{};
      item.digest.seq = Seq{seq_};
      item.digest.total = Bits128{1, 2};
      item.digest.tables[0] = {.table = "sessions", .rows = 3, .digest = Bits128{3, 4}};
      item.digest.table_count = 1;
      return answer(item);
    }
    default:
      invalid_.fetch_add(1);
  }
}

}  // namespace spine::test
