// What runs of the fake engine's agent do besides answering, and what it asks.
#include "schemas/finished.h"
#include "tests/unit/websocket/fake_engine.h"

namespace spine::test {

using pipeline::InputHeader;

void FakeEngine::publish_built(fb::EventBody kind, Session* session, Run* run) {
  const Event event = make_event(kind, finished(builder_));
  publish(event.view, session, run);
}

void FakeEngine::delta(const Session& session, const Run& run, std::string_view piece) {
  if (shared_.event_interest.load() == 0) return;
  write(out_, pipeline::DeltaItem{.run = run.view.id,
                                  .attempt = run.view.attempt,
                                  .run_key = run.key,
                                  .session_key = session.key,
                                  .agent_id = run.agent,
                                  .piece = piece});
}

bool FakeEngine::act_out(const std::string& text, Session& session, Run& run) {
  builder_.Clear();
  if (text == "give up") {
    builder_.Finish(fb::CreateRunFailedDirect(builder_, run.view.id.value, fb::RunErrorKind::crash,
                                              "the agent ended.", 5, fb::RunOutcome::quarantined,
                                              3));
    end_run(run, fb::EventBody::RunFailed);
  } else if (text == "crash") {
    crash_once(session, run);
  } else if (text == "late") {
    Run late = run;
    late.view.id = RunId{run.view.id.value + 1'000'000};
    late.view.attempt = 3;
    late.key = "late";
    delta(session, late, "the rest");
  } else if (text == "tool") {
    use_tool(session, run);
  } else if (text == "ask") {
    ask(session, run, fb::ApprovalKind::exec);
  } else if (text == "ask plugin") {
    ask(session, run, fb::ApprovalKind::plugin);
  } else {
    return false;
  }
  return true;
}

void FakeEngine::crash_once(Session& session, Run& run) {
  delta(session, run, "half an ans");
  builder_.Clear();
  builder_.Finish(fb::CreateRunInterruptedDirect(
      builder_, run.view.id.value, fb::InterruptReason::agent_crash, "ended by signal 9", 7));
  publish_built(fb::EventBody::RunInterrupted, &session, &run);
  builder_.Clear();
  builder_.Finish(fb::CreateRunStarted(builder_, run.view.id.value, 2));
  publish_built(fb::EventBody::RunStarted, &session, &run);
  delta(session, run, "whole");
  delta(session, run, " answer");
  builder_.Clear();
  builder_.Finish(fb::CreateRunFinishedDirect(builder_, run.view.id.value, "whole answer", "stop"));
  end_run(run, fb::EventBody::RunFinished);
}

void FakeEngine::use_tool(Session& session, Run& run) {
  builder_.Clear();
  builder_.Finish(fb::CreateToolCalledDirect(builder_, run.view.id.value, "call-1", "bash",
                                             "List files", R"({"command":"ls"})", 16));
  publish_built(fb::EventBody::ToolCalled, &session, &run);
  builder_.Clear();
  builder_.Finish(fb::CreateToolReturnedDirect(builder_, run.view.id.value, "call-1", false,
                                               "a.txt", 5, nullptr, 12, "bash"));
  publish_built(fb::EventBody::ToolReturned, &session, &run);
  // Not JSON, and a result that is too large for its event.
  builder_.Clear();
  builder_.Finish(fb::CreateToolCalledDirect(builder_, run.view.id.value, "call-2", "odd", "",
                                             "not { json", 10));
  publish_built(fb::EventBody::ToolCalled, &session, &run);
  builder_.Clear();
  builder_.Finish(fb::CreateToolReturnedDirect(builder_, run.view.id.value, "call-2", true, "",
                                               900'000, nullptr, 12, "odd"));
  publish_built(fb::EventBody::ToolReturned, &session, &run);
  builder_.Clear();
  builder_.Finish(fb::CreateRunFinishedDirect(builder_, run.view.id.value, "done", "stop"));
  end_run(run, fb::EventBody::RunFinished);
}

// The run that is being worked on takes the message in and ends; the message's own run ends with
// it.
void FakeEngine::join(const InputHeader& header, Session& session, const std::string& key) {
  Run& into = runs_[session.active];
  Run& run = runs_[key];
  run.key = key;
  run.agent = "main";
  run.session = session.key;
  run.view = {.id = RunId{seq_++},
              .session = session.view.id,
              .key = run.key,
              .agent_id = run.agent,
              .status = core::RunStatus::queued};
  builder_.Clear();
  builder_.Finish(fb::CreateRunQueuedDirect(builder_, key.c_str(), "main"));
  publish_built(fb::EventBody::RunQueued, &session, &run);
  reply(header, {.seq = Seq{seq_++}, .session = session.view.id, .run = run.view.id}, session.key,
        run.key);
  builder_.Clear();
  builder_.Finish(fb::CreateRunFinishedDirect(builder_, into.view.id.value, "for both", "stop"));
  end_run(into, fb::EventBody::RunFinished);
  builder_.Clear();
  const std::vector<std::uint64_t> merged{run.view.id.value};
  builder_.Finish(fb::CreateRunsMergedDirect(builder_, &merged, into.view.id.value));
  run.end = make_event(fb::EventBody::RunsMerged, finished(builder_));
  run.view.ended = run.end.view.seq;
  publish(run.end.view, &session, &run);
}

void FakeEngine::ask(Session& session, Run& run, fb::ApprovalKind kind) {
  const std::uint64_t request = seq_++;
  Asked& asked = asked_[request];
  asked.run = run.key;
  asked.session = session.key;
  const bool exec = kind == fb::ApprovalKind::exec;
  const auto bit = [](fb::ApprovalDecision decision) {
    return 1U << static_cast<unsigned>(decision);
  };
  asked.view.request = Seq{request};
  asked.view.uuid = Bits128{0x1234'5678'0000'4000ULL, 0x8000'0000'0000'0000ULL + request};
  asked.view.kind = kind;
  asked.view.options = bit(fb::ApprovalDecision::allow_once) | bit(fb::ApprovalDecision::deny) |
                       (exec ? bit(fb::ApprovalDecision::allow_always) : 0U);
  asked.view.run = run.view.id;
  asked.view.session = session.view.id;
  asked.view.run_key = asked.run;
  asked.view.session_key = asked.session;
  asked.view.agent_id = "main";
  asked.view.tool = exec ? "bash" : "edit";
  asked.view.title = exec ? "Run a command" : "Edit notes.txt";
  asked.view.detail = exec ? "rm -rf build" : "";
  asked.view.cwd = "/work";
  asked.view.code = exec ? "K7QX2MNP" : "ABCD2345";
  asked.view.created_wall_ms = 1'700'000'000'000;
  asked.view.expires_wall_ms = 1'700'000'300'000;
  const fb::Bits128 uuid{asked.view.uuid.hi, asked.view.uuid.lo};
  builder_.Clear();
  builder_.Finish(fb::CreateApprovalOpenedDirect(builder_, request, &uuid, "K7QX2MNP", 300'000,
                                                 asked.view.expires_wall_ms));
  const Event event = make_event(fb::EventBody::ApprovalOpened, finished(builder_));
  publish(event.view, &session, &run, &asked);
}

void FakeEngine::publish_resolved(std::uint64_t request, fb::ApprovalDecision decision,
                                  fb::DecidedVia via) {
  const Asked asked = asked_.at(request);
  asked_.erase(request);
  builder_.Clear();
  builder_.Finish(fb::CreateApprovalResolved(builder_, request, decision, via));
  const Event event = make_event(fb::EventBody::ApprovalResolved, finished(builder_));
  Asked told = asked;
  told.view.run_key = told.run;
  told.view.session_key = told.session;
  publish(event.view, &session_of(told.session), &runs_[told.run], &told);
}

void FakeEngine::expire_oldest() {
  if (asked_.empty()) return;
  publish_resolved(asked_.begin()->first, fb::ApprovalDecision::expired, fb::DecidedVia::deadline);
  out_.flush();
}

void FakeEngine::resolve_approval(const InputHeader& header, ByteSpan body) {
  const auto& resolved = *flatbuffers::GetRoot<fb::ApprovalResolved>(body.data());
  if (!asked_.contains(resolved.request())) {
    return reply(header, {.code = core::ReplyCode::not_found});
  }
  decided_via_.store(resolved.via());
  publish_resolved(resolved.request(), resolved.decision(), resolved.via());
  reply(header, {.seq = Seq{seq_++}});
}

void FakeEngine::query_approvals(const InputHeader& header) {
  pipeline::ApprovalsItem item{};
  for (const auto& [request, asked] : asked_)
    item.approvals.push_back(asked.view);
  write(out_, header.connection, header.request, item);
}

// There is nothing to release; a restart is always possible.
void FakeEngine::change_agent(const InputHeader& header, ByteSpan body) {
  if (header.kind == static_cast<std::uint16_t>(fb::EventBody::AgentReset)) {
    return reply(header, {.code = core::ReplyCode::nothing_to_do});
  }
  const auto& wanted = *flatbuffers::GetRoot<fb::AgentRestartRequested>(body.data());
  if (wanted.agent_id() == nullptr || wanted.agent_id()->size() == 0) {
    return reply(header, {.code = core::ReplyCode::not_found});
  }
  reply(header, {.seq = Seq{seq_++}});
}

}  // namespace spine::test
