// RecordingSink: a process and its runs: keeps what it is told as short lines of text, in order,
// and holds a protocol to its promises.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <set>
#include <string>
#include <vector>

#include "adapters/agents/protocols/protocol.h"

namespace spine::agents {

class RecordingSink final : public ProtocolHost, public RunEvents {
 public:
  void write(std::string_view line) override { add(fmt::format("> {}", line), false); }
  void close_input() override { add("close_input", false); }
  void ready(std::string_view version) override { add(fmt::format("ready [{}]", version)); }
  void bound(RunId run, std::string_view agent_session) override {
    add(fmt::format("bound {} {}", run.value, agent_session));
  }
  void delta(RunId run, std::string_view piece) override {
    expect_open(run);
    if (count_deltas) {
      delta_bytes += piece.size();
    } else {
      add(fmt::format("delta {} [{}]", run.value, piece));
    }
  }
  void tool_called(RunId run, const ToolCall& call) override {
    expect_open(run);
    add(fmt::format("called {} {} {} [{}] {}", run.value, call.call_id, call.name, call.title,
                    call.arguments));
  }
  void tool_returned(RunId run, const ToolResult& result) override {
    expect_open(run);
    add(fmt::format("returned {} {} {} {} {}", run.value, result.call_id, result.name,
                    result.is_error ? "error" : "ok", result.result));
  }
  void asked(RunId run, const Permission& permission) override {
    expect_open(run);
    std::string options;
    for (const PermissionOption& option : permission.options) {
      options += fmt::format(" {}={}({})", fb::EnumNameApprovalDecision(option.decision), option.id,
                             option.name);
    }
    add(fmt::format("asked {} {} {} {} [{}] [{}]{}", run.value, permission.ask,
                    fb::EnumNameApprovalKind(permission.kind), permission.tool, permission.title,
                    permission.detail, options));
  }
  void steered(RunId queued, RunId into) override {
    add(fmt::format("steered {} into {}", queued.value, into.value));
  }
  void finished(RunId run, const Finished& answer) override {
    end(run);
    add(fmt::format("finished {} {} [{}] {}/{} {}+{}", run.value, answer.stop_reason, answer.text,
                    answer.provider, answer.model, answer.input_tokens, answer.output_tokens));
  }
  void failed(RunId run, fb::RunErrorKind kind, std::string_view message) override {
    end(run);
    EXPECT_FALSE(message.empty());
    add(fmt::format("failed {} {} {}", run.value, fb::EnumNameRunErrorKind(kind), message));
  }
  void settled(RunId run) override {
    end(run);
    add(fmt::format("settled {}", run.value));
  }
  void call_back(std::uint64_t token, std::uint64_t ms) override {
    calls_back.push_back({token, ms});
  }
  void run_on_file_thread(std::function<std::string()> work, std::size_t) override {
    write(work());
  }
  void fault(std::string_view why) override {
    add(fmt::format("fault {}", why));
    faulted = true;
  }
  void log(std::string_view text) override {
    EXPECT_FALSE(faulted);
    logs.emplace_back(text);
  }

  // What was told since the last call.
  std::vector<std::string> take() { return std::exchange(told, {}); }
  // The same, without what was written to the agent.
  std::vector<std::string> take_reports() {
    std::vector<std::string> reports = take();
    std::erase_if(reports, [](const std::string& line) { return line.starts_with("> "); });
    return reports;
  }

  // Tokens that wait, and after how many milliseconds they are due.
  struct CallBack {
    std::uint64_t token{};
    std::uint64_t ms{};
  };
  std::vector<CallBack> calls_back{};
  std::vector<std::string> told{};
  std::vector<std::string> logs{};
  std::size_t delta_bytes{};
  bool count_deltas{};
  bool faulted{};

 private:
  void add(std::string line, bool report = true) {
    EXPECT_FALSE(faulted && report) << line;
    told.push_back(std::move(line));
  }
  void expect_open(RunId run) {
    EXPECT_NE(run.value, 0U);
    EXPECT_FALSE(ended_.contains(run.value)) << "run " << run.value << " has ended";
  }
  void end(RunId run) {
    expect_open(run);
    ended_.insert(run.value);
  }

  std::set<std::uint64_t> ended_{};
};

inline AgentProfile profile_of_tests() {
  return {.agent_id = "main",
          .workspace = "/desk",
          .data_dir = "/data",
          .model = "ours/scripted",
          .trust = fb::Trust::trusted,
          .untrusted_tools = {"read", "grep"},
          .skills = {{.name = "tea", .description = "Makes <tea> & more", .directory = "/s/tea"}},
          .skills_version = 1};
}

using Lines = std::vector<std::string>;

}  // namespace spine::agents
