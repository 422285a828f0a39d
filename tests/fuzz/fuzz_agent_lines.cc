// Arbitrary lines of an agent in each of the protocols: nothing crashes, nothing is told of a run
// that is over, and after a fault nothing is told at all.

// links: spine_agent_protocols

#include <cstdint>
#include <cstdlib>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "adapters/agents/protocols/acp.h"
#include "adapters/agents/protocols/protocol.h"
#include "schemas/vocab/utf8.h"

namespace {

using namespace spine;
using namespace spine::agents;

void expect(bool condition) {
  if (!condition) std::abort();
}

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t bytes = decode_utf8(text, at).bytes;
    if (bytes == 0) return false;
    at += bytes;
  }
  return true;
}

class FuzzSink final : public ProtocolHost, public RunEvents {
 public:
  void write(std::string_view line) override {
    expect(!one_line || line.find('\n') == std::string_view::npos);
  }
  void close_input() override {}
  void ready(std::string_view) override { is_ready = true; }
  void bound(RunId run, std::string_view name) override {
    expect_open(run);
    expect(!name.empty());
  }
  void delta(RunId run, std::string_view piece) override {
    expect_open(run);
    expect(!piece.empty() && is_utf8(piece));
  }
  void tool_called(RunId run, const ToolCall& call) override {
    expect_open(run);
    expect(!call.call_id.empty());
  }
  void tool_returned(RunId run, const ToolResult& result) override {
    expect_open(run);
    expect(!result.call_id.empty());
  }
  void asked(RunId run, const Permission& permission) override {
    expect_open(run);
    expect(asks.insert(permission.ask).second);
  }
  void steered(RunId, RunId into) override { expect_open(into); }
  void finished(RunId run, const Finished& answer) override {
    expect(is_utf8(answer.text));
    end(run);
  }
  void failed(RunId run, fb::RunErrorKind, std::string_view message) override {
    expect(!message.empty());
    end(run);
  }
  void settled(RunId run) override {
    expect(cancelled.contains(run.value));
    end(run);
  }
  void call_back(std::uint64_t token, std::uint64_t ms) override {
    expect(!faulted && token != 0 && ms <= 1'000);
    waiting.push_back(token);
  }
  void run_on_file_thread(std::function<std::string()> work, std::size_t) override {
    write(work());
  }
  void fault(std::string_view) override {
    expect(!faulted);
    faulted = true;
  }
  void log(std::string_view) override { expect(!faulted); }

  std::set<std::uint64_t> open{};
  std::set<std::uint64_t> cancelled{};
  std::set<std::uint64_t> asks{};
  std::vector<std::uint64_t> waiting{};  // to be called back
  bool is_ready{};
  bool faulted{};
  bool one_line{};  // what is written is JSON

 private:
  void expect_open(RunId run) { expect(!faulted && open.contains(run.value)); }
  void end(RunId run) {
    expect_open(run);
    open.erase(run.value);
  }
};

class NoFiles final : public FileAccess {
 public:
  Result<std::string> read(std::string_view, std::uint64_t, std::uint64_t) override {
    return std::string("text");
  }
  Status write(std::string_view, std::string_view) override { return ok(); }
};

struct World {
  Protocol& protocol;
  const ProtocolTraits& traits;
  FuzzSink& sink;
  std::uint64_t next_run{5};
};

// Lines that begin with "!" are what the gateway does; the others are what the agent writes.
void act(World& world, char what) {
  Protocol& protocol = world.protocol;
  FuzzSink& sink = world.sink;
  const ProtocolTraits& traits = world.traits;
  const bool room = sink.open.size() < traits.sessions_at_once;
  const std::uint64_t last = world.next_run - 1;
  if ((what == 'p' || what == 'o') && sink.is_ready && !sink.faulted && room) {
    if (traits.one_shot && world.next_run > 5) return;
    const RunId run{world.next_run++};
    sink.open.insert(run.value);
    protocol.prompt({.run = run, .agent_session = what == 'o' ? "old" : "", .text = "hi"});
  } else if (what == 's' && traits.steers) {
    protocol.steer(RunId{1'000}, RunId{last}, "left");
  } else if (what == 'c') {
    sink.cancelled.insert(last);
    protocol.cancel(RunId{last});
  } else if (what == 't') {
    const std::vector<std::uint64_t> due = std::exchange(sink.waiting, {});
    for (const std::uint64_t token : due)
      protocol.called_back(token);
  } else if (what == 'y' || what == 'n') {
    protocol.answer(1, what == 'y' ? fb::ApprovalDecision::allow_once : fb::ApprovalDecision::deny);
  }
}

void live(Protocol& protocol, const ProtocolTraits& traits, FuzzSink& sink, std::string_view text) {
  World world{protocol, traits, sink};
  protocol.begin();
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.size() == 2 && line[0] == '!') {
      act(world, line[1]);
    } else {
      protocol.line(line);
    }
  }
  protocol.ended(false, "the text ended");
  if (traits.one_shot && !sink.faulted) expect(sink.open.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  AgentProfile profile{.agent_id = "main", .workspace = "/desk", .data_dir = "/data"};
  FuzzSink sink;
  const int kind = data[0] % 5;
  sink.one_line = kind < 3;
  if (kind == 1) {
    AcpProtocol protocol{profile, sink, sink, std::make_shared<NoFiles>()};
    live(protocol, protocol_kind(config::Driver::acp).traits, sink, text);
    return 0;
  }
  if (kind == 3) profile.preset = "claude";
  if (kind == 4) profile.preset = "codex";
  const ProtocolKind& row =
      protocol_kind(kind == 0 ? config::Driver::pi : config::Driver::jsonl, profile.preset);
  live(*row.make(profile, sink, sink), row.traits, sink, text);
  return 0;
}
