// Daemon: start, serve, reload.
#include "adapters/cli/daemon.h"

#include <csignal>
#include <cstdio>
#include <flatbuffers/flatbuffers.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "adapters/agents/process/launch.h"
#include "adapters/agents/process/orphans.h"
#include "adapters/cli/agent_request.h"
#include "adapters/cli/logs.h"
#include "adapters/cli/place.h"
#include "adapters/cli/reload.h"
#include "adapters/http/control_ui.h"
#include "adapters/loop/supervisor.h"
#include "adapters/schedule/host_zone.h"
#include "adapters/websocket/gateway_identity.h"
#include "engine/config/token.h"
#include "engine/log/log.h"
#include "engine/pipeline/clock.h"
#include "schemas/finished.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"

namespace spine::cli {
namespace {

constexpr log::Logger kLog{"spine"};
constexpr log::Logger kConfigLog{"config"};

// A failed commit or sync: its outcome is unknown, so the process ends and recovery decides.
[[noreturn]] void end_process(const Error& error) {
  kLog.error("ending: {}", error.message);
  fmt::print(stderr, "Error: {}\n", printable(error.message, true));
  ::_exit(kExitFailure);
}

// Nobody of the same user may look into this process: agents may be that user. Sanitizers look.
void keep_memory_private() {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  ::prctl(PR_SET_DUMPABLE, 0);
#endif
}

// The folder of the Control UI: as configured, or of the `openclaw` on PATH.
std::string control_ui_root(const config::Config& config) {
  if (!config.control_ui.enabled) return {};
  if (!config.control_ui.root.empty()) return config.control_ui.root.string();
  return http::find_control_ui(environment("PATH")).string();
}

std::string recovery_text(const pipeline::RecoveryReport& report) {
  if (report.created) return "a new journal";
  return fmt::format(
      "{} events, {} folded{}{}", show_count(report.last.value), show_count(report.events_folded),
      report.snapshot ? fmt::format(" after the snapshot at #{}", report.snapshot.value)
                      : std::string(" from zero"),
      report.after_crash ? ", after a crash" : "");
}

}  // namespace

Daemon::Daemon(const Common& common, const DaemonOptions& options)
    : common_(common),
      options_(options),
      config_path_(common.config.empty() ? config::default_config_path(environment)
                                         : std::filesystem::absolute(common.config)),
      state_dir_(common.state_dir.empty() ? config::default_state_dir(environment)
                                          : std::filesystem::absolute(common.state_dir)) {
  shared_.started_wall_ms.store(pipeline::wall_now_ms());
  shared_.started_boottime_ms.store(pipeline::boottime_now_ms());
}

Daemon::~Daemon() = default;

Status Daemon::start() {
  keep_memory_private();
  SPINE_TRY_STATUS(read_config());
  SPINE_TRY_STATUS(start_logging());
  SPINE_TRY_STATUS(bind());
  SPINE_TRY_STATUS(take_state_dir());
  SPINE_TRY_STATUS(make_loop());
  SPINE_TRY_STATUS(recover());
  start_agents();
  announce();
  return ok();
}

// The file, then what the command line says instead.
Result<config::Config> Daemon::load_config() const {
  SPINE_TRY(config::Config config, config::load(config_path_, environment, given(common_)));
  if (common_.port) config.port = *common_.port;
  if (!common_.token.empty()) {
    config.token = common_.token;
  } else if (!common_.token_file.empty()) {
    SPINE_TRY(config.token, config::read_token_file(common_.token_file));
  }
  return config;
}

Status Daemon::read_config() {
  SPINE_TRY(config::Config config, load_config());
  configs_.push_back(std::move(config));
  steps_.done("read config", configs_.back().exists
                                 ? config_path_.string()
                                 : config_path_.string() + " is not there, defaults");
  return ok();
}

// To the terminal only: the file is in the state directory, which is not ours yet.
Status Daemon::start_logging() {
  const config::Config& config = configs_.back();
  hide_secrets(config);
  SPINE_TRY_STATUS(log::init(
      {.format = config.log_format, .level = config.log_level, .to_stderr = !options_.background}));
  steps_.done("logging", options_.background ? "to the file" : "to standard error and the file");
  return ok();
}

Status Daemon::bind() {
  const config::Config& config = configs_.back();
  net::NetOptions options{.addresses = config.bind_addresses,
                          .port = config.port,
                          .auth_mode = config.auth_mode,
                          .token = config.token,
                          .password = config.password,
                          .config = &config,
                          .version = SPINE_VERSION};
  if (config.tls.enabled) {
    options.tls = {.cert_path = config.tls.cert_path.string(),
                   .key_path = config.tls.key_path.string()};
  }
  options.trusted_proxies = config.tls.terminated_by_proxy;
  options.allowed_origins = config.control_ui.allowed_origins;
  options.public_origin = config.public_origin;
  options.control_ui = {.enabled = config.control_ui.enabled,
                        .base_path = config.control_ui.base_path,
                        .root = control_ui_root(config)};
  options.getenv_fn = environment;
  options.given = given(common_);
  // The loop thread reads the file again, as for a SIGHUP from outside.
  options.reload = [] { ::kill(::getpid(), SIGHUP); };
  SPINE_TRY(server_, net::NetServer::bind(std::move(options), shared_, ingress_));
  address_ = address_text(config, server_->port());
  steps_.done("bind", address_);
  return ok();
}

Status Daemon::take_state_dir() {
  SPINE_TRY_STATUS(config::ensure_state_dir(state_dir_));
  auto lock = config::StateLock::acquire(state_dir_);
  if (!lock) {
    if (lock.error().code != Errc::in_use) return lock.error();
    return Error{Errc::in_use, fmt::format("{}\nTo stop it: spine stop --state-dir {}",
                                           lock.error().message, state_dir_.string())};
  }
  lock_.emplace(std::move(*lock));
  SPINE_TRY_STATUS(lock_->set_port(server_->port()));
  SPINE_TRY_STATUS(take_secret());
  SPINE_TRY(net::GatewayIdentity identity, net::load_or_create_identity(state_dir_));
  server_->set_identity(std::move(identity));
  SPINE_TRY_STATUS(server_->listen_control(control_socket_path(state_dir_).string()));
  SPINE_TRY_STATUS(attach_log_file());
  steps_.open();
  for (const std::string& warning : configs_.back().warnings)
    kConfigLog.warn("{}", warning);
  steps_.done("state directory", state_dir_.string());
  return ok();
}

// What clients must show. A token that nobody gave is made; where a password decides there is none.
Status Daemon::take_secret() {
  const config::Config& config = configs_.back();
  if (config.auth_mode == config::AuthMode::password) {
    secret_place_ = "password in the configuration";
    if (given(common_).token) {
      kConfigLog.warn(
          "gateway.auth.mode is password: clients show that, and the token of the command line has "
          "no effect");
    }
    return ok();
  }
  if (!common_.token.empty()) {
    secret_place_ = "token from --token";
  } else if (!common_.token_file.empty()) {
    secret_place_ = "token in " + common_.token_file;
  } else if (!config.token.empty()) {
    secret_place_ = "token in the configuration or OPENCLAW_GATEWAY_TOKEN";
  } else {
    secret_place_ = "token in " + config::token_path(state_dir_).string();
    SPINE_TRY(std::string token, config::load_or_create_token(state_dir_));
    log::redact(token);
    server_->set_token(std::move(token));
  }
  if (config.auth_mode == config::AuthMode::none) secret_place_ = "no token is asked for";
  return ok();
}

Status Daemon::attach_log_file() {
  const config::Config& config = configs_.back();
  return log::init({.format = config.log_format,
                    .level = config.log_level,
                    .file = log_file(config, state_dir_),
                    .bytes_max = config.log_file_bytes_max,
                    .files_kept = config.log_files_kept,
                    .to_stderr = !options_.background});
}

// From here on clients are answered: come again later.
Status Daemon::make_loop() {
  SPINE_TRY(loop_, loop::LoopThread::create(shared_, ingress_));
  engine_ =
      std::make_unique<pipeline::Engine>(shared_, ingress_, server_->outbox(), loop_->outbox());
  server_->start();
  return ok();
}

Status Daemon::recover() {
  pipeline::EngineOptions options{
      .state_dir = state_dir_, .version = SPINE_VERSION, .accept_loss = options_.accept_loss};
  flatbuffers::FlatBufferBuilder builder;
  config::build_policy(configs_.back(), builder);
  options.policy = core::KeptBody{finished(builder)};
  options.zone_rules = schedule::host_zone_rules(pipeline::wall_now_ms());
  zone_ =
      std::make_unique<schedule::ZoneWatch>(loop_->base(), loop_->producer(), options.zone_rules);
  loop::notify_status("Recovering");
  loop::allow_signals();
  auto report = engine_->recover(std::move(options));
  loop::block_signals();
  if (!report) return report.error();
  for (const std::string& note : report->notes)
    kLog.warn("{}", note);
  quarantined_ = std::move(report->quarantined);
  steps_.done("journal", recovery_text(*report));
  return ok();
}

// What agents must not see.
agents::GatewayPlaces Daemon::gateway_places() const {
  return places_of_gateway(configs_.back(), state_dir_, config_path_, common_.token_file);
}

void Daemon::start_agents() {
  const std::uint32_t left = agents::sweep_orphans(agents::owner_mark(state_dir_.string()));
  if (left != 0) kLog.warn("{} processes of agents were left over and are ended", left);
  agents_ = std::make_unique<agents::AgentRegistry>(loop_->base(), loop_->producer(), shared_,
                                                    gateway_places(), std::move(quarantined_));
  agents_->apply(configs_.back().agents);
  skills_ = std::make_unique<SkillsLink>(loop_->base(), loop_->producer(), shared_, *agents_);
  skills_->apply(configs_.back(), state_dir_);
  steps_.done("agents", fmt::format("{}; {} skills", agents_->summary(), skills_->eligible()));
  loop_->start({.on_prompt = [this](const pipeline::PromptItem& item) { agents_->prompt(item); },
                .on_cancel = [this](RunId run) { agents_->cancel(run); },
                .on_steer = [this](const pipeline::SteerItem& item) { agents_->steer(item); },
                .on_answer = [this](const pipeline::AnswerItem& item) { agents_->answer(item); },
                .on_control = [this](const pipeline::ControlItem& item) { agents_->control(item); },
                .on_stop_asked = [this] { agents_->record_partials(); },
                .on_stopping = [this] { agents_->begin_stop(); },
                .ended = [this] { return agents_->ended(); },
                .on_reload = [this] { reload(); }});
  engine_->start(&end_process);
}

void Daemon::announce() {
  // Only from recovering: a stop may have been asked for already.
  auto expected = pipeline::Phase::recovering;
  shared_.phase.compare_exchange_strong(expected, pipeline::Phase::ready);
  kLog.info("ready: {} in {:.0f} ms, version {}, pid {}, {}", address_, steps_.total_ms(),
            SPINE_VERSION, ::getpid(), secret_place_);
  loop::notify_ready("Listening on " + address_);
}

void Daemon::serve() {
  engine_->join();
  server_->join();
  loop_->stop();
  zone_.reset();
  skills_.reset();
  agents_.reset();
  // What got away from its process group, where no namespace held it.
  agents::sweep_orphans(agents::owner_mark(state_dir_.string()));
  kLog.info("stopped");
  log::shutdown();
}

void Daemon::reload() {
  loop::notify_reloading();
  if (const Status opened = log::reopen(); !opened) {
    kLog.warn("{}", opened.error().message);
  }
  auto loaded = load_config();
  if (!loaded) {
    kConfigLog.error("not applied, the old configuration stays in force: {}",
                     loaded.error().message);
    push_refusal(loaded.error().message, loop_->producer());
    loop::notify_ready("Listening on " + address_);
    return;
  }
  const config::Config& before = configs_.back();
  configs_.push_back(std::move(*loaded));
  const config::Config& after = configs_.back();
  hide_secrets(after);
  const ConfigChange change = compare(before, after);
  for (const std::string& warning : after.warnings)
    kConfigLog.warn("{}", warning);
  if (change.log_level) log::set_level(after.log_level);
  if (change.agents) agents_->apply(after.agents);
  skills_->apply(after, state_dir_);
  if (change.recorded) push_policy(after, loop_->producer());
  server_->set_config(&after);
  if (!change.at_next_start.empty()) {
    kConfigLog.warn("these settings change at the next start only (spine restart): {}",
                    fmt::join(change.at_next_start, ", "));
  }
  kConfigLog.info("configuration applied: policy {}, agents {}, log level {}",
                  change.policy ? "changed" : "as before", change.agents ? "changed" : "as before",
                  change.log_level ? "changed" : "as before");
  // The net thread looks at one within a turn; that outlives no eight reloads, of which clients
  // cause thirty a minute at most. The first is what the server was bound with.
  if (configs_.size() > limits::kConfigsKept) configs_.erase(std::next(configs_.begin()));
  loop::notify_ready("Listening on " + address_);
}

}  // namespace spine::cli
