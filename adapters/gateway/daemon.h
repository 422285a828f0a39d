// Daemon: the composition root. Makes the parts in the order of a start and ends them in reverse.
#pragma once

#include <chrono>
#include <filesystem>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/agents/registry.h"
#include "adapters/gateway/gateway_place.h"
#include "adapters/gateway/skills_link.h"
#include "adapters/loop/loop.h"
#include "adapters/schedule/host_zone.h"
#include "adapters/websocket/net/server.h"
#include "engine/config/config.h"
#include "engine/pipeline/engine.h"
#include "engine/pipeline/queues/ingress.h"
#include "engine/state_dir/state_dir.h"
#include "schemas/vocab/result.h"

namespace spine::gateway {

// The steps of a start, each with the time it took. Thread: main. Steps are kept until there is a
// log to write them to.
class StepLog {
 public:
  StepLog();
  // The step that has just ended, and what came of it.
  void done(std::string_view step, std::string_view outcome);
  // From now on steps are logged at once; those kept come first.
  void open();
  double total_ms() const;

 private:
  struct Step {
    std::string name{};
    std::string outcome{};
    double ms{};
  };
  using Clock = std::chrono::steady_clock;
  static void write(const Step& step);
  std::vector<Step> kept_{};
  bool open_{};
  Clock::time_point start_{};
  Clock::time_point last_{};
};

// What of two configurations differs: the part that applies at once, and the settings (by name)
// that wait for the next start.
struct ConfigChange {
  bool recorded{};  // the ConfigApplied event differs, if only in the file's hash
  bool policy{};    // what it says differs
  bool agents{};
  bool log_level{};
  std::vector<std::string> at_next_start{};
};
ConfigChange compare(const config::Config& before, const config::Config& after);

// From now on the secrets of `config` stand in no line of the log.
void hide_secrets(const config::Config& config);

struct DaemonOptions {
  bool accept_loss{};  // go on although events are known to be gone
  bool background{};   // nothing goes to the terminal
  bool dumpable{};     // debuggers of the same user may look into it
};

// Thread: main, but for reload().
class Daemon {
 public:
  Daemon(const Common& common, const DaemonOptions& options);
  ~Daemon();

  // The steps of a start, in order. Nothing is written before the port is ours, and nothing to the
  // journal before the state directory is. Errors are for a person; their first step is the last
  // thing that happened.
  Status start();
  // Returns after an orderly stop: SIGTERM, SIGINT.
  void serve();
  const std::filesystem::path& state_dir() const { return state_dir_; }

 private:
  Status read_config();
  Status start_logging();
  Status bind();
  Status take_state_dir();
  Status make_loop();
  Status recover();
  void start_agents();
  void announce();
  Status take_secret();
  Result<config::Config> load_config() const;
  Status init_log(const std::filesystem::path& file) const;
  void reload();  // Thread: loop

  const Common& common_;
  DaemonOptions options_{};
  std::filesystem::path config_path_{};
  std::filesystem::path state_dir_{};
  std::string address_{};       // for people, e.g. ws://127.0.0.1:18789
  std::string secret_place_{};  // what clients need and where it is, never the secret itself
  StepLog steps_{};
  // The one in force is the last; the net thread may still read those before. Thread: main until
  // the loop starts, the loop thread afterwards.
  std::list<config::Config> configs_{};  // the first, and the latest few
  pipeline::Shared shared_{};
  pipeline::Ingress ingress_{};
  std::optional<state_dir::StateLock> lock_{};
  std::vector<std::string> quarantined_{};  // agents that were in quarantine at the last stop
  std::unique_ptr<loop::LoopThread> loop_{};
  std::unique_ptr<net::NetServer> server_{};
  std::unique_ptr<pipeline::Engine> engine_{};
  std::unique_ptr<schedule::ZoneWatch> zone_{};
  std::unique_ptr<agents::AgentRegistry> agents_{};
  std::unique_ptr<SkillsLink> skills_{};
};

}  // namespace spine::gateway
