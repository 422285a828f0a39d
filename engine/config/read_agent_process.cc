// agents.*.spine: the process of an agent, and what its runs may do.
#include <algorithm>
#include <fmt/format.h>

#include "engine/config/reading.h"
#include "schemas/vocab/limits.h"

namespace spine::config {
namespace {

constexpr std::uint64_t kMegabyte = 1024 * 1024;

Driver driver_of(std::string_view name) {
  for (const Driver driver : {Driver::pi, Driver::acp, Driver::jsonl}) {
    if (name == name_of(driver)) return driver;
  }
  return Driver::echo;
}

Separation separation_of(std::string_view name) {
  if (name == "bubblewrap") return Separation::bubblewrap;
  if (name == "user") return Separation::user;
  if (name == "none") return Separation::none;
  return Separation::automatic;
}

fb::OnCrash on_crash_of(std::string_view name) {
  if (name == "fail") return fb::OnCrash::fail;
  if (name == "leave") return fb::OnCrash::leave;
  return fb::OnCrash::retry;
}

// One agent's (or the defaults') settings, each put where it belongs if it is there.
class ProcessReader {
 public:
  ProcessReader(const Reading& reading, NodeId agent, AgentConfig& out)
      : reading_(reading), agent_(agent), out_(out) {}

  void read() {
    read_command();
    read_sandbox();
    read_bounds();
    read_rules();
  }

 private:
  NodeId at(std::string_view path) const { return reading_.below(agent_, path); }

  void take(std::string_view path, std::string& into) const {
    if (auto text = reading_.text(at(path))) into = std::move(*text);
  }
  void take(std::string_view path, std::vector<std::string>& into) const {
    if (const NodeId node = at(path); node != 0) into = reading_.texts(node);
  }
  template <class Number>
  void take(std::string_view path, Number& into, std::uint64_t unit = 1) const {
    if (const auto number = reading_.integer(at(path))) {
      into = static_cast<Number>(static_cast<std::uint64_t>(*number) * unit);
    }
  }
  void take_paths(std::string_view path, std::vector<std::string>& into) const {
    const NodeId node = at(path);
    if (node == 0) return;
    into.clear();
    for (const NodeId entry : reading_.document.children(node))
      into.push_back(reading_.path(entry).string());
  }

  void read_command() {
    AgentProcess& process = out_.process;
    if (const auto driver = reading_.text(at("spine.driver"))) process.driver = driver_of(*driver);
    take("spine.preset", process.preset);
    take("spine.command", process.command);
    take("spine.args", process.args);
    take("spine.passEnv", process.pass_env);
    if (const NodeId cwd = at("spine.cwd"); cwd != 0) process.cwd = reading_.path(cwd).string();
    const NodeId env = at("spine.env");
    if (env == 0) return;
    for (const NodeId variable : reading_.document.children(env))
      set_variable(reading_.document.key(variable), *reading_.text(variable));
  }

  void set_variable(std::string_view name, std::string value) {
    auto& env = out_.process.env;
    const auto there = std::ranges::find(env, name, &std::pair<std::string, std::string>::first);
    if (there != env.end()) {
      there->second = std::move(value);
    } else {
      env.emplace_back(name, std::move(value));
    }
  }

  void read_sandbox() {
    SandboxConfig& sandbox = out_.process.sandbox;
    if (const auto mode = reading_.text(at("spine.sandbox.mode"))) {
      sandbox.separation = separation_of(*mode);
    }
    take("spine.sandbox.user", sandbox.user);
    take_paths("spine.sandbox.read", sandbox.read);
    take_paths("spine.sandbox.write", sandbox.write);
    if (const auto may = reading_.flag(at("spine.sandbox.userns"))) sandbox.userns = *may;
  }

  void read_bounds() {
    AgentProcess& process = out_.process;
    take("spine.instances", process.instances_max);
    take("spine.readyMs", process.ready_ms);
    take("spine.idleMs", process.idle_ms);
    take("timeoutSeconds", process.run_ms, 1'000);
    take("spine.runMs", process.run_ms);
    take("spine.silenceMs", process.silence_ms);
    take("spine.stopMs", process.stop_ms);
    take("spine.memoryMb", process.memory_bytes_max, kMegabyte);
    take("spine.lineBytes", process.line_bytes_max);
    take("spine.crashesMax", process.crashes_max);
    take("spine.backOffMs", process.back_off_ms);
  }

  void read_rules() {
    if (const auto policy = reading_.text(at("spine.onCrash"))) {
      out_.on_crash = on_crash_of(*policy);
    }
    take("spine.attemptsMax", out_.attempts_max);
    take("spine.approvalMs", out_.approval_ms);
    take("spine.untrustedTools", out_.untrusted_allow);
    take("tools.allow", out_.allow);
    take("tools.deny", out_.deny);
    if (const auto mode = reading_.text(at("spine.queueMode"))) {
      out_.queue_mode = queue_mode_of(*mode);
    }
    if (const NodeId skills = at("skills"); skills != 0) out_.skills = reading_.texts(skills);
  }

  const Reading& reading_;
  NodeId agent_;
  AgentConfig& out_;
};

}  // namespace

fb::QueueMode queue_mode_of(std::string_view name) {
  if (name.starts_with("steer")) return fb::QueueMode::steer;
  if (name == "interrupt") return fb::QueueMode::interrupt;
  if (name == "collect") return fb::QueueMode::collect;
  return fb::QueueMode::followup;
}

void read_agent_process(const Reading& reading, NodeId agent, AgentConfig& out) {
  ProcessReader(reading, agent, out).read();
}

void check_agent_process(const Reading& reading, NodeId agent, const AgentConfig& config) {
  const AgentProcess& process = config.process;
  const auto complain = [&](std::string_view key, const std::string& message) {
    const NodeId node = agent == 0 ? 0 : reading.below(agent, key);
    reading.error(node != 0 ? node : agent != 0 ? agent : reading.root, message);
  };
  if (process.driver == Driver::acp && process.command.empty()) {
    complain("spine.driver", fmt::format("the agent {} has the driver acp and no spine.command: "
                                         "say which program to start.",
                                         config.id));
  }
  if (process.driver == Driver::jsonl && process.command.empty() && process.preset.empty()) {
    complain("spine.driver",
             fmt::format("the agent {} has the driver jsonl: give it spine.preset (claude or "
                         "codex) or spine.command.",
                         config.id));
  }
  if (process.driver == Driver::echo && !process.command.empty()) {
    complain("spine.command", fmt::format("the agent {} has a spine.command and no spine.driver: "
                                          "say pi, acp or jsonl.",
                                          config.id));
  }
}

void check_doors(Reading& reading) {
  const Config& config = reading.config;
  if (config.auth_mode != AuthMode::none) return;
  const auto program = std::ranges::find_if(
      config.agents, [](const AgentConfig& agent) { return agent.process.driver != Driver::echo; });
  if (program == config.agents.end()) return;
  const NodeId mode = reading.at("gateway.auth.mode");
  reading.error(mode == 0 ? reading.root : mode,
                fmt::format("gateway.auth.mode is none, and the agent {} is a program: it could "
                            "connect as you, and allow itself what it asks for. Use token, "
                            "password or pairing.",
                            program->id));
}

void read_queue_modes(Reading& reading) {
  Config& config = reading.config;
  if (const auto mode = reading.text(reading.at("messages.queue.mode"))) {
    config.queue_mode = queue_mode_of(*mode);
  }
  const NodeId by_channel = reading.at("messages.queue.byChannel");
  if (by_channel == 0) return;
  for (const NodeId entry : reading.document.children(by_channel)) {
    const std::string name = lower_case(reading.document.key(entry));
    const auto channel = std::ranges::find(config.channels, name, &ChannelConfig::name);
    if (channel == config.channels.end()) {
      reading.warn(entry, fmt::format("there is no channel {}; it is ignored.", name));
      continue;
    }
    channel->queue_mode = queue_mode_of(*reading.text(entry));
  }
}

}  // namespace spine::config
