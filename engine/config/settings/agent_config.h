// The agents section: what each is, how its process is run, and what it may do; and the bindings
// that choose among them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/config/settings/tool_policy.h"

#include "event_generated.h"

namespace spine::config {

enum class Driver : std::uint8_t { echo, pi, acp, jsonl };
// As openclaw.json and reports spell them.
inline constexpr std::array<std::string_view, 4> kDriverNames{"echo", "pi", "acp", "jsonl"};
constexpr std::string_view name_of(Driver driver) {
  return kDriverNames[static_cast<std::size_t>(driver)];
}
// What stands between an agent and the machine. automatic: the first that is possible.
enum class Separation : std::uint8_t { automatic, bubblewrap, user, none };

// agents.*.spine.sandbox. Paths are absolute.
struct SandboxConfig {
  Separation separation{Separation::automatic};
  std::string user{};  // whose uid its processes get when the gateway is root; empty = nobody
  std::vector<std::string> read{};   // shown to it read-only, beside what it needs to run
  std::vector<std::string> write{};  // shown to it writable, beside its workspace
  bool userns{};                     // its programs may make user name spaces

  bool operator==(const SandboxConfig&) const = default;
};

// agents.*.spine: how an agent's process is started, watched and limited.
struct AgentProcess {
  Driver driver{Driver::echo};
  std::string preset{};   // jsonl: "claude", "codex"; empty = args as they stand
  std::string command{};  // looked up on the PATH the agent gets; empty = the driver's own
  std::vector<std::string> args{};  // put behind what the driver itself needs
  std::vector<std::pair<std::string, std::string>> env{};  // beside the allow-listed ones; secret
  std::vector<std::string> pass_env{};  // names of variables of the gateway it gets, too
  std::string cwd{};                    // empty = its workspace
  SandboxConfig sandbox{};
  std::uint32_t instances_max{4};     // processes at one time
  std::uint64_t ready_ms{30'000};     // until it must have said that it is ready
  std::uint64_t idle_ms{600'000};     // without work, then it is ended; 0 = never
  std::uint64_t run_ms{3'600'000};    // one run, then it failed with timeout; 0 = no bound
  std::uint64_t silence_ms{600'000};  // nothing heard of it, then it failed; 0 = no bound
  std::uint64_t stop_ms{5'000};       // between cancel, SIGTERM and SIGKILL, each
  std::uint64_t memory_bytes_max{2'147'483'648};  // of all its processes; 0 = no bound
  std::uint32_t line_bytes_max{16'777'216};       // of one line of its output
  std::uint32_t crashes_max{5};                   // in a row, without an answer between: quarantine
  std::uint32_t back_off_ms{500};                 // after the first crash; doubles up to a minute

  bool operator==(const AgentProcess&) const = default;
};

struct AgentConfig {
  std::string id{};
  std::string name{};
  std::string emoji{};
  std::string workspace{};                  // absolute; "" = <state-dir>/agents/<id>/workspace
  std::string model_primary{"spine/echo"};  // "provider/model"
  std::uint32_t echo_delay_ms{};  // agents.entries.<id>.spine.delayMs: the echo agent waits
  AgentProcess process{};
  // agents.*.skills: absent = all that are eligible, empty = none, else exactly these.
  std::optional<std::vector<std::string>> skills{};
  // How its runs are dealt with: recorded in the journal (fb::AgentPolicy).
  fb::OnCrash on_crash{fb::OnCrash::retry};
  std::uint16_t attempts_max{3};
  std::uint64_t approval_ms{300'000};
  // agents.*.tools.allow: used without asking; "!" entries, from tools.exec, come before it.
  std::vector<std::string> allow{};
  // agents.*.tools.deny, and all else that narrows: see ToolMatch in core/model/policy.h.
  std::vector<std::string> deny{};
  std::vector<std::string> untrusted_allow{};  // agents.*.spine.untrustedTools
  fb::QueueMode queue_mode{fb::QueueMode::unset};
  ToolPolicy tool_policy{};

  bool operator==(const AgentConfig&) const = default;
};

struct BindingConfig {
  std::string agent_id{};
  std::string channel{};  // lower case
  std::string account{};  // empty = any
  bool has_peer{};
  fb::ConversationKind peer_kind{};
  std::string peer_id{};
};

extern const SettingTable kAgentListTable;
extern const SettingTable kAgentTable;
void read_agents(Reading& reading);
extern const SettingTable kBindingListTable;
extern const SettingTable kBindingTable;
void read_bindings(Reading& reading);  // after read_agents()

}  // namespace spine::config
