// World: inputs about what agents do, ask and are.
#include "tests/unit/core/bodies.h"
#include "tests/unit/core/world.h"

namespace spine::core {

Reply World::interrupt(RunId run, fb::InterruptReason reason) {
  Builder builder;
  const auto said = builder.CreateString("The process ended by signal 9.");
  return give(fb::EventBody::RunInterrupted,
              take(builder, fb::CreateRunInterrupted(builder, run.value, reason, said).o));
}

Reply World::steer(RunId queued, RunId into) {
  Builder builder;
  return give(fb::EventBody::RunSteered,
              take(builder, fb::CreateRunSteered(builder, queued.value, into.value).o));
}

Reply World::tool_called(RunId run, const std::string& name, std::size_t arguments_bytes) {
  Builder builder;
  const auto call = builder.CreateString("c1");
  const auto tool = text(builder, name);
  const auto title = builder.CreateString("a title");
  const auto arguments = text(builder, std::string(arguments_bytes, 'x'));
  return give(fb::EventBody::ToolCalled,
              take(builder, fb::CreateToolCalled(builder, run.value, call, tool, title, arguments,
                                                 arguments_bytes)
                                .o));
}

Reply World::tool_returned(RunId run, const std::string& name) {
  Builder builder;
  const auto call = builder.CreateString("c1");
  const auto result = builder.CreateString("ok");
  const auto tool = text(builder, name);
  fb::ToolReturnedBuilder returned(builder);
  returned.add_run(run.value);
  returned.add_call_id(call);
  returned.add_result(result);
  returned.add_name(tool);
  return give(fb::EventBody::ToolReturned, take(builder, returned.Finish().o));
}

Reply World::body_recorded(RunId run) {
  Builder builder;
  const auto kept = builder.CreateString("the beginning");
  fb::BodyRecordedBuilder recorded(builder);
  recorded.add_run(run.value);
  recorded.add_bytes(100'000);
  recorded.add_text(kept);
  return give(fb::EventBody::BodyRecorded, take(builder, recorded.Finish().o));
}

Reply World::partial_answer(RunId run, std::uint16_t attempt, const std::string& answer) {
  Builder builder;
  const auto said = builder.CreateString(answer);
  fb::PartialAnswerRecordedBuilder partial(builder);
  partial.add_run(run.value);
  partial.add_attempt(attempt);
  partial.add_text(said);
  return give(fb::EventBody::PartialAnswerRecorded, take(builder, partial.Finish().o));
}

Reply World::ask(RunId run, const std::string& tool, std::uint64_t number) {
  Builder builder;
  const auto id = builder.CreateString("allow");
  const auto option = fb::CreateApprovalOption(builder, id, id, fb::ApprovalDecision::allow_always);
  const auto options = builder.CreateVector(&option, 1);
  const auto name = text(builder, tool);
  const auto title = builder.CreateString("run a command");
  const auto detail = builder.CreateString("rm -rf /tmp/x");
  const auto cwd = builder.CreateString("/work");
  const fb::Bits128 random(++entropy, 99);
  return give(
      fb::EventBody::ApprovalRequested,
      take(builder, fb::CreateApprovalRequested(builder, run.value, number, fb::ApprovalKind::exec,
                                                name, title, detail, cwd, options, &random)
                        .o));
}

Reply World::answer(Seq request, fb::ApprovalDecision given, fb::DecidedVia via) {
  Builder builder;
  const Body body = take(builder, fb::CreateApprovalResolved(builder, request.value, given, via).o);
  return give(Input{.kind = static_cast<std::uint16_t>(fb::EventBody::ApprovalResolved),
                    .source = Source::websocket,
                    .principal = client},
              body, body.size() * 8);
}

Reply World::bind(RunId run, const std::string& ref) {
  Builder builder;
  const auto name = text(builder, ref);
  return give(fb::EventBody::AgentSessionBound,
              take(builder, fb::CreateAgentSessionBound(builder, run.value, name).o));
}

Reply World::agent_started(const std::string& agent) {
  Builder builder;
  const auto id = text(builder, agent);
  return give(fb::EventBody::AgentStarted,
              take(builder, fb::CreateAgentStarted(builder, id, 1, 4711).o));
}

Reply World::agent_exited(const std::string& agent) {
  Builder builder;
  const auto id = text(builder, agent);
  return give(fb::EventBody::AgentExited,
              take(builder, fb::CreateAgentExited(builder, id, 1, 4711).o));
}

Reply World::quarantine(const std::string& agent) {
  Builder builder;
  const auto id = text(builder, agent);
  return give(fb::EventBody::AgentQuarantined,
              take(builder, fb::CreateAgentQuarantined(builder, id, 5).o));
}

Reply World::reset_agent(const std::string& agent) {
  Builder builder;
  const auto id = text(builder, agent);
  return give(fb::EventBody::AgentReset, take(builder, fb::CreateAgentReset(builder, id).o));
}

Reply World::restart_agent(const std::string& agent) {
  Builder builder;
  const auto id = text(builder, agent);
  return give(fb::EventBody::AgentRestartRequested,
              take(builder, fb::CreateAgentRestartRequested(builder, id).o));
}

Reply World::skills_changed(std::size_t changes) {
  Builder builder;
  std::vector<flatbuffers::Offset<fb::SkillChange>> rows;
  for (std::size_t i = 0; i < changes; ++i) {
    const auto name = builder.CreateString("skill" + std::to_string(i));
    const auto what = builder.CreateString("added");
    rows.push_back(fb::CreateSkillChange(builder, name, 0, what));
  }
  const auto list = builder.CreateVector(rows);
  return give(fb::EventBody::SkillsChanged,
              take(builder, fb::CreateSkillsChanged(builder, 2, 1, list).o));
}

Reply World::retry(RunId run, bool forced, const std::string& given) {
  Builder builder;
  const auto key =
      builder.CreateString(given.empty() ? "retry" + std::to_string(++entropy) : given);
  const Body body = take(builder, fb::CreateRunRetryRequested(builder, run.value, key, forced).o);
  return give(Input{.kind = static_cast<std::uint16_t>(fb::EventBody::RunRetryRequested),
                    .source = Source::websocket,
                    .principal = client},
              body, body.size() * 8);
}

}  // namespace spine::core
