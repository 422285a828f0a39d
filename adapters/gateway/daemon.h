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
#include "adapters/channels/host/host.h"
#include "adapters/gateway/gateway_place.h"
#include "adapters/gateway/media_link.h"
#include "adapters/gateway/skills_link.h"
#include "adapters/hooks/hook_server.h"
#include "adapters/loop/loop.h"
#include "adapters/past/answer_pool.h"
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
  // Notes that the step has ended, and its outcome.
  void done(std::string_view step, std::string_view outcome);
  // The log is open: writes the kept steps; later ones are logged at once.
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

// The differences of two configurations: parts that apply at once, and the names of settings that
// change only at the next start.
struct ConfigChange {
  bool recorded{};  // the ConfigApplied event differs, perhaps only in the file's hash
  bool policy{};    // that event differs in more than the hash
  bool agents{};
  bool log_level{};
  std::vector<std::string> at_next_start{};
};
ConfigChange compare(const config::Config& before, const config::Config& after);

// Redacts the secrets of `config` in the log from now on.
void hide_secrets(const config::Config& config);

struct DaemonOptions {
  bool accept_loss{};  // start although events are known to be lost
  bool background{};   // no output to the terminal
  bool dumpable{};     // debuggers of the same user may attach
};

// Thread: main, but for reload().
class Daemon {
 public:
  Daemon(const Common& common, const DaemonOptions& options);
  ~Daemon();

  // Runs the steps of a start, in order. Nothing is written before the port is bound, nor to the
  // journal before the state directory is locked. Errors are texts for people, of the step that
  // failed.
  Status start();
  // Returns after a graceful shutdown: SIGTERM, SIGINT.
  void serve();
  const std::filesystem::path& state_dir() const { return state_dir_; }

 private:
  Status read_config();
  Status start_logging();
  Status bind();
  Status take_state_dir();
  Status make_loop();
  Status make_hooks();
  void place_hooks();
  Status recover();
  void open_media();
  void connect_channels();
  void start_agents();
  void start_loop();
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
  std::string secret_place_{};  // which secret clients need and where it is, never its value
  StepLog steps_{};
  // The last one is in force; the net thread may still read earlier ones. Thread: main until the
  // loop starts, the loop thread afterwards.
  std::list<config::Config> configs_{};  // the first, and the latest few
  pipeline::Shared shared_{};
  pipeline::Ingress ingress_{};
  std::optional<state_dir::StateLock> lock_{};
  std::vector<std::string> quarantined_{};  // agents that were in quarantine at the last stop
  std::vector<core::ChannelView> known_channels_{};  // accounts, as they were at the last stop
  std::unique_ptr<loop::LoopThread> loop_{};
  std::unique_ptr<hooks::HookServer> hooks_{};  // outlives the net thread, which calls it
  std::unique_ptr<net::NetServer> server_{};
  std::unique_ptr<pipeline::Engine> engine_{};
  std::unique_ptr<schedule::ZoneWatch> zone_{};
  std::unique_ptr<past::AnswerPool> past_{};
  std::unique_ptr<MediaLink> media_{};  // null = the folder cannot be used
  std::unique_ptr<agents::AgentRegistry> agents_{};
  std::unique_ptr<SkillsLink> skills_{};
  std::unique_ptr<channels::ChannelHost> channels_{};
};

}  // namespace spine::gateway
