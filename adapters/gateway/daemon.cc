// Daemon: start, serve, reload.
#include "adapters/gateway/daemon.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <flatbuffers/flatbuffers.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "adapters/agents/process/launch.h"
#include "adapters/agents/process/orphans.h"
#include "adapters/gateway/own_program.h"
#include "adapters/http/control_ui.h"
#include "adapters/loop/supervisor.h"
#include "adapters/websocket/net/gateway_identity.h"
#include "engine/config/edit/redact.h"
#include "engine/log/log.h"
#include "engine/pipeline/clock.h"
#include "engine/state_dir/restored_mark.h"
#include "engine/state_dir/token.h"
#include "schemas/fields.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/record.h"
#include "schemas/vocab/show.h"

#include "event_generated.h"

namespace spine::gateway {
namespace {

constexpr log::Logger kLog{"spine"};
constexpr log::Logger kConfigLog{"config"};

// A failed commit or fsync has an unknown outcome: end the process, so that recovery finds out.
[[noreturn]] void end_process(const Error& error) {
  kLog.error("ending: {}", error.message);
  fmt::print(stderr, "Error: {}\n", printable(error.message, true));
  ::_exit(EXIT_FAILURE);
}

std::string recovery_text(const pipeline::RecoveryReport& report) {
  if (report.created) return "a new journal";
  return fmt::format(
      "{} events, {} folded{}{}", show_count(report.last.value), show_count(report.events_folded),
      report.snapshot ? fmt::format(" after the snapshot at #{}", report.snapshot.value)
                      : std::string(" from zero"),
      report.after_crash ? ", after a crash" : "");
}

// Shorter ones would hide ordinary words.
constexpr std::size_t kSecretBytesMin = 8;

// The ConfigApplied event.
flatbuffers::FlatBufferBuilder policy_of(const config::Config& config) {
  flatbuffers::FlatBufferBuilder builder;
  config::build_policy(config, builder);
  return builder;
}

// The same as bytes, without the file's hash.
std::string policy_bytes(config::Config config) {
  config.shown = {};
  const flatbuffers::FlatBufferBuilder policy = policy_of(config);
  return {reinterpret_cast<const char*>(policy.GetBufferPointer()), policy.GetSize()};
}

// Sends the event to the engine as an input.
void push(fb::EventBody kind, const flatbuffers::FlatBufferBuilder& event,
          pipeline::IngressProducer& producer) {
  producer.push({.kind = static_cast<std::uint16_t>(kind),
                 .source = static_cast<std::uint16_t>(Source::config)},
                finished(event));
}

constexpr log::Logger kStartLog{"start"};

double ms_between(std::chrono::steady_clock::time_point from,
                  std::chrono::steady_clock::time_point to) {
  return std::chrono::duration<double, std::milli>(to - from).count();
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
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  // No ptrace by processes of the same user, as agents may run as it. Not with sanitizers.
  if (!options_.dumpable) ::prctl(PR_SET_DUMPABLE, 0);
#endif
  SPINE_TRY_STATUS(read_config());
  SPINE_TRY_STATUS(start_logging());
  if (options_.dumpable) kLog.warn("debuggers of this user may look into it (--dumpable)");
  SPINE_TRY_STATUS(bind());
  SPINE_TRY_STATUS(take_state_dir());
  SPINE_TRY_STATUS(make_loop());
  SPINE_TRY_STATUS(recover());
  open_media();
  connect_channels();
  start_agents();
  start_loop();
  announce();
  return ok();
}

// The file's configuration, with overrides of the command line.
Result<config::Config> Daemon::load_config() const {
  SPINE_TRY(config::Config config, config::load(config_path_, environment, given(common_)));
  if (common_.port) config.port = *common_.port;
  if (!common_.token.empty()) {
    config.token = common_.token;
  } else if (!common_.token_file.empty()) {
    SPINE_TRY(config.token, state_dir::read_token_file(common_.token_file));
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

// To the terminal only: the file is in the state directory, which is not locked yet.
Status Daemon::start_logging() {
  hide_secrets(configs_.back());
  SPINE_TRY_STATUS(init_log({}));
  steps_.done("logging", options_.background ? "to the file" : "to standard error and the file");
  return ok();
}

Status Daemon::bind() {
  const config::Config& config = configs_.back();
  // The folder of the Control UI: as configured, or of the `openclaw` on PATH.
  std::filesystem::path ui_root = config.control_ui.root;
  if (config.control_ui.enabled && ui_root.empty()) {
    ui_root = http::find_control_ui(environment("PATH"));
  }
  net::NetOptions options{.addresses = config.bind_addresses,
                          .port = config.port,
                          .auth_mode = config.auth_mode,
                          .token = config.token,
                          .password = config.password,
                          .config = &config,
                          .version = SPINE_VERSION,
                          .trusted_proxies = config.tls.terminated_by_proxy,
                          .allowed_origins = config.control_ui.allowed_origins,
                          .public_origin = config.public_origin,
                          .control_ui = {.enabled = config.control_ui.enabled,
                                         .base_path = config.control_ui.base_path,
                                         .root = config.control_ui.enabled ? ui_root.string() : ""},
                          .getenv_fn = environment,
                          .given = given(common_),
                          // The loop thread reads the file again, as for a SIGHUP from outside.
                          .reload = [] { ::kill(::getpid(), SIGHUP); }};
  if (!config::webhook_listener(config.channels)) {
    options.take_hook = [this](UniqueFd& fd, std::string_view address) {
      return hooks_->take(fd, address);
    };
  }
  if (config.tls.enabled) {
    options.tls = {.cert_path = config.tls.cert_path.string(),
                   .key_path = config.tls.key_path.string()};
  }
  SPINE_TRY(server_, net::NetServer::bind(std::move(options), shared_, ingress_));
  address_ = address_text(config, server_->port());
  steps_.done("bind", address_);
  return ok();
}

Status Daemon::take_state_dir() {
  SPINE_TRY_STATUS(state_dir::ensure_state_dir(state_dir_));
  auto lock = state_dir::StateLock::acquire(state_dir_);
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
  SPINE_TRY_STATUS(init_log(log_file(configs_.back(), state_dir_)));
  steps_.open();
  for (const std::string& warning : configs_.back().warnings)
    kConfigLog.warn("{}", warning);
  steps_.done("state directory", state_dir_.string());
  return ok();
}

// The secret that clients present. A missing token is generated, except in password mode.
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
    secret_place_ = "token in " + state_dir::token_path(state_dir_).string();
    SPINE_TRY(std::string token, state_dir::load_or_create_token(state_dir_));
    log::redact(token);
    server_->set_token(std::move(token));
  }
  if (config.auth_mode == config::AuthMode::none) secret_place_ = "no token is asked for";
  return ok();
}

Status Daemon::init_log(const std::filesystem::path& file) const {
  const config::Config& config = configs_.back();
  return log::init({.format = config.log_format,
                    .level = config.log_level,
                    .file = file,
                    .bytes_max = config.log_file_bytes_max,
                    .files_kept = config.log_files_kept,
                    .to_stderr = !options_.background});
}

// From here on clients get an answer: "starting, try again later".
Status Daemon::make_loop() {
  SPINE_TRY(loop_, loop::LoopThread::create(shared_, ingress_));
  engine_ =
      std::make_unique<pipeline::Engine>(shared_, ingress_, server_->outbox(), loop_->outbox());
  past_ = std::make_unique<past::AnswerPool>(
      loop_->base(),
      past::AnswerPool::Options{.program = [] { return sibling_program("spine-replay"); },
                                .state_dir = state_dir_},
      server_->outbox().add_producer(), shared_);
  SPINE_TRY_STATUS(make_hooks());
  server_->start();
  return ok();
}

// The net thread gives it connections from its start on.
Status Daemon::make_hooks() {
  SPINE_TRY(hooks_,
            hooks::HookServer::create(loop_->base(), [this](const channels::Webhook& request,
                                                            const channels::AnswerWebhook& answer) {
              channels_->webhook(request, answer);
            }));
  const config::Config& config = configs_.back();
  const auto own = config::webhook_listener(config.channels);
  if (!own) return ok();
  SPINE_TRY_STATUS(hooks_->listen(own->address, own->port, config.tls.terminated_by_proxy));
  place_hooks();
  kLog.info("webhooks of channels are served at http://{} alone", hooks_->listens_at());
  return ok();
}

void Daemon::place_hooks() {
  std::vector<hooks::HookAlias> aliases;
  for (const config::ChannelConfig& channel : configs_.back().channels) {
    for (const config::TelegramAccount& account : channel.telegram) {
      if (account.webhook_path.empty()) continue;
      aliases.push_back(
          {.path = account.webhook_path, .channel = channel.name, .account = account.name});
    }
  }
  hooks_->set_aliases(std::move(aliases));
}

Status Daemon::recover() {
  pipeline::EngineOptions options{
      .state_dir = state_dir_, .version = SPINE_VERSION, .accept_loss = options_.accept_loss};
  options.restored = state_dir::has_restored_mark(state_dir_);
  options.policy = core::KeptBody{finished(policy_of(configs_.back()))};
  options.zone_rules = schedule::host_zone_rules(pipeline::wall_now_ms());
  zone_ =
      std::make_unique<schedule::ZoneWatch>(loop_->base(), loop_->producer(), options.zone_rules);
  loop::notify_status("Recovering");
  loop::allow_signals();
  auto report = engine_->recover(std::move(options));
  loop::block_signals();
  if (!report) return report.error();
  // One that stays makes the next start refuse the cursors of this one, too: no more than that.
  const Status unmarked = state_dir::remove_restored_mark(state_dir_);
  if (!unmarked) kLog.warn("{}", unmarked.error().message);
  for (const std::string& note : report->notes)
    kLog.warn("{}", note);
  quarantined_ = std::move(report->quarantined);
  known_channels_ = std::move(report->channels);
  steps_.done("journal", recovery_text(*report));
  return ok();
}

// Without it messages come in without their files, and say so.
void Daemon::open_media() {
  auto media = MediaLink::open(loop_->base(), shared_, state_dir_ / media::kMediaFolder);
  if (!media) return kLog.warn("files of messages are not kept: {}", media.error().message);
  media_ = std::move(*media);
}

// Programs of channels carry the same mark as those of agents: what is left over is ended first.
void Daemon::connect_channels() {
  const std::uint32_t left = agents::sweep_orphans(agents::owner_mark(state_dir_.string()));
  if (left != 0) kLog.warn("{} processes of agents or channels were left over and are ended", left);
  channels_ = std::make_unique<channels::ChannelHost>(
      loop_->base(), loop_->producer(), shared_,
      places_of_gateway(configs_.back(), state_dir_, config_path_, common_.token_file),
      std::move(known_channels_), media_ == nullptr ? nullptr : &media_->keeper());
  channels_->apply(configs_.back().channels);
  steps_.done("connect channels", channels_->summary());
}

void Daemon::start_agents() {
  agents_ = std::make_unique<agents::AgentRegistry>(
      loop_->base(), loop_->producer(), shared_,
      places_of_gateway(configs_.back(), state_dir_, config_path_, common_.token_file),
      std::move(quarantined_), media_ == nullptr ? nullptr : &media_->keeper());
  agents_->apply(configs_.back().agents);
  skills_ = std::make_unique<SkillsLink>(loop_->base(), loop_->producer(), shared_, *agents_);
  skills_->apply(configs_.back(), state_dir_);
  steps_.done("agents", fmt::format("{}; {} skills", agents_->summary(), skills_->eligible()));
}

void Daemon::start_loop() {
  loop_->start(
      {.on_prompt = [this](const pipeline::PromptItem& item) { agents_->prompt(item); },
       .on_cancel = [this](RunId run) { agents_->cancel(run); },
       .on_steer = [this](const pipeline::SteerItem& item) { agents_->steer(item); },
       .on_answer = [this](const pipeline::AnswerItem& item) { agents_->answer(item); },
       .on_control = [this](const pipeline::ControlItem& item) { agents_->control(item); },
       .on_deliver = [this](const pipeline::DeliverItem& item) { channels_->deliver(item); },
       .on_read = [this](const pipeline::ReadUpToItem& item) { channels_->read_up_to(item); },
       .on_work = [this](const pipeline::WorkItem& item) { channels_->work(item); },
       .on_delta = [this](const pipeline::DeltaItem& item) { channels_->delta(item); },
       .on_switch = [this](const pipeline::SwitchItem& item) { channels_->switch_to(item); },
       .on_past =
           [this](ConnectionRef to, std::uint64_t request, const pipeline::PastQuestionItem& item) {
             past_->ask(to, request, item.line);
           },
       .on_stop_signal = [this] { channels_->begin_stop(); },
       .drained = [this] { return channels_->drained(); },
       .on_stop_asked =
           [this] {
             channels_->stop();
             hooks_->stop();
             agents_->record_partials();
             server_->hand_in_rest();
           },
       .on_stopping =
           [this] {
             past_->stop();
             agents_->begin_stop();
           },
       .ended = [this] { return agents_->ended() && channels_->ended(); },
       .on_reload = [this] { reload(); }});
  engine_->start(&end_process);
}

void Daemon::announce() {
  // Only from `recovering`, as a stop may have been requested already.
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
  hooks_.reset();
  channels_.reset();
  skills_.reset();
  agents_.reset();
  media_.reset();
  past_.reset();
  // Processes that left their process group, where there was no pid name space.
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
    flatbuffers::FlatBufferBuilder refused;
    refused.Finish(fb::CreateConfigRefusedDirect(refused, loaded.error().message.c_str()));
    push(fb::EventBody::ConfigRefused, refused, loop_->producer());
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
  channels_->apply(after.channels);
  place_hooks();
  if (change.recorded) {
    push(fb::EventBody::ConfigApplied, policy_of(after), loop_->producer());
  }
  server_->set_config(&after);
  if (!change.at_next_start.empty()) {
    kConfigLog.warn("these settings change at the next start only (spine restart): {}",
                    fmt::join(change.at_next_start, ", "));
  }
  kConfigLog.info("configuration applied: policy {}, agents {}, log level {}",
                  change.policy ? "changed" : "as before", change.agents ? "changed" : "as before",
                  change.log_level ? "changed" : "as before");
  // The net thread uses a configuration for one turn only, in which kConfigsKept reloads cannot
  // happen (clients may cause 30 a minute). The first is kept: the server was bound with it.
  if (configs_.size() > limits::kConfigsKept) configs_.erase(std::next(configs_.begin()));
  loop::notify_ready("Listening on " + address_);
}

ConfigChange compare(const config::Config& before, const config::Config& after) {
  ConfigChange change;
  change.policy = policy_bytes(before) != policy_bytes(after);
  change.recorded = change.policy || before.hash != after.hash;
  change.agents = before.agents != after.agents;
  change.log_level = before.log_level != after.log_level;
  change.at_next_start = config::waiting_for_start(before, after);
  return change;
}

void hide_secrets(const config::Config& config) {
  const auto hide = [](const std::string& value) {
    if (value.size() >= kSecretBytesMin) log::redact(value);
  };
  const auto names_secret = [](std::string_view name) { return config::is_secret({&name, 1}); };
  for (const std::string& secret : config::secrets_of(config))
    log::redact(secret);
  for (const config::ChannelConfig& channel : config.channels) {
    for (const auto& [name, value] : channel.program.env) {
      if (names_secret(name)) hide(value);
    }
    for (const config::TelegramAccount& account : channel.telegram) {
      hide(account.token);
      hide(account.webhook_secret);
    }
  }
  for (const config::AgentConfig& agent : config.agents) {
    for (const auto& [name, value] : agent.process.env) {
      if (names_secret(name)) hide(value);
    }
    for (const std::string& name : agent.process.pass_env) {
      // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing of ours changes the environment
      const char* value = names_secret(name) ? std::getenv(name.c_str()) : nullptr;
      if (value != nullptr) hide(value);
    }
  }
  for (const config::SkillEntryConfig& entry : config.skills.entries) {
    hide(entry.api_key);
    for (const auto& [name, value] : entry.env)
      hide(value);
  }
}

StepLog::StepLog() : start_(Clock::now()), last_(start_) {}

void StepLog::done(std::string_view step, std::string_view outcome) {
  const auto now = Clock::now();
  Step entry{std::string(step), std::string(outcome), ms_between(last_, now)};
  last_ = now;
  if (open_) {
    write(entry);
  } else {
    kept_.push_back(std::move(entry));
  }
}

void StepLog::open() {
  open_ = true;
  for (const Step& step : kept_)
    write(step);
  kept_.clear();
}

double StepLog::total_ms() const {
  return ms_between(start_, Clock::now());
}

void StepLog::write(const Step& step) {
  kStartLog.info("{}: {} ({:.1f} ms)", step.name, step.outcome, step.ms);
}

}  // namespace spine::gateway
