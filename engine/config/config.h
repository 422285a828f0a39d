// Config: openclaw.json as Spine understands it, after defaults, spellings and includes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "engine/config/settings/agent_config.h"
#include "engine/config/settings/channel_config.h"
#include "engine/config/settings/gateway_config.h"
#include "engine/config/settings/other_settings.h"
#include "engine/config/settings/session_config.h"
#include "engine/config/settings/skill_config.h"
#include "engine/config/source/findings.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/result.h"

#include "event_generated.h"

namespace spine::config {

struct Config {
  // gateway
  std::vector<std::string> bind_addresses{"127.0.0.1", "::1"};
  std::uint16_t port{18789};
  TlsConfig tls{};
  ControlUiConfig control_ui{};
  std::string public_origin{};  // "https://host[:port]" as people reach it; empty = not said
  AuthRateLimit auth_rate_limit{};
  AuthMode auth_mode{AuthMode::pairing};
  std::string token{};     // secret; empty = the generated one in <state-dir>/token
  std::string password{};  // secret
  std::vector<std::string> admin_channels{};  // as written: "telegram", "telegram:123"
  std::vector<std::string> admins{};          // "<channel>:<sender id>", sorted, each once
  std::uint32_t messages_per_minute{60};      // 0 = off
  std::uint32_t messages_burst{10};
  // session
  fb::DmScope dm_scope{fb::DmScope::per_channel_peer};
  bool group_scope_main{};
  std::string main_key{"main"};
  Reset reset_direct{};
  Reset reset_group{};
  Reset reset_thread{};
  std::vector<std::string> reset_triggers{"/new", "/reset"};
  std::uint32_t session_idle_days{30};
  // people and agents
  fb::DmPolicy default_dm_policy{fb::DmPolicy::pairing};
  fb::DmPolicy default_group_policy{fb::DmPolicy::allowlist};  // channels.defaults.groupPolicy
  std::vector<ChannelConfig> channels{};
  std::vector<AgentConfig> agents{};  // never empty: at least "main"
  std::string default_agent{"main"};
  std::vector<BindingConfig> bindings{};
  fb::QueueMode queue_mode{fb::QueueMode::followup};  // messages.queue.mode
  std::uint32_t debounce_ms{};                        // messages.inbound.debounceMs
  std::vector<ChannelWait> debounces{};               // messages.inbound.byChannel
  std::uint32_t album_ms{1'500};                      // messages.inbound.albumMs
  LanguageChoice language{};                          // messages.language
  std::array<std::string, kPhrases.size()> phrases{english_phrases()};  // messages.<name>
  SkillsConfig skills{};
  std::vector<CronConfig> crons{};
  // logging
  LogFormat log_format{LogFormat::text};
  LogLevel log_level{LogLevel::info};
  std::string log_file{};  // empty = <state-dir>/logs/spine.log
  std::uint64_t log_file_bytes_max{16ULL * 1024 * 1024};
  std::uint32_t log_files_kept{5};
  // where it came from
  std::filesystem::path path{};
  bool exists{};
  // The file's own values (before $include) as JSON on several lines, secrets redacted and without
  // its comments, which may hold some; "" when there is no file.
  std::string raw{};
  std::string redacted_json{};          // parsed, as strict JSON, secrets redacted
  Bits128 hash{};                       // of the text
  Bits128 shown{};                      // of redacted_json
  std::vector<std::string> warnings{};  // one sentence each: unknown keys and the like
};

using GetEnv = const char* (*)(const char* name);

// What the command line gives, so that the file need not have it.
struct Given {
  bool token{};  // --token or --token-file: gateway.auth.token is not looked at
};

// Reads and checks. A missing file is the default configuration (exists = false). Errors name file,
// line, column and key, one a line: Errc::invalid_argument; io when the file cannot be read. The
// environment is read through `getenv_fn`, for tests; variables that it lacks are taken from .env
// beside the file and from ~/.openclaw/.env; OPENCLAW_GATEWAY_PORT, OPENCLAW_GATEWAY_TOKEN and
// OPENCLAW_GATEWAY_PASSWORD win over the file. Thread: any, without shared state.
Result<Config> load(const std::filesystem::path& path, GetEnv getenv_fn, Given given = {});
// The same from text; `path` is for messages and for $include.
Result<Config> parse(std::string_view text, const std::filesystem::path& path, GetEnv getenv_fn,
                     Given given = {});

// The hash of the file in config.get, by which an edit says which text it was made from. Keyed per
// process.
Bits128 text_hash(std::string_view text);
// The hash of the redacted text: the same in every process, for the journal.
Bits128 shown_hash(std::string_view redacted);

// Everything wrong or odd in the file, for `spine config validate`: no error among them means that
// load() would succeed.
std::vector<Finding> validate(const std::filesystem::path& path, GetEnv getenv_fn);

// What stands at "gateway.port", "channels.telegram.allowFrom" or "bindings.0.agentId", as strict
// JSON with secrets redacted: from the file, or the value in force for what it does not name and a
// Config keeps. "" gives the whole file. Errors: not_found, invalid_argument.
Result<std::string> get_path(const Config& config, std::string_view dotted_path);

// The settings that differ and wait for the next start, in the order of the tables.
std::vector<std::string> waiting_for_start(const Config& before, const Config& after);

// The values of the settings that are secrets, some of them empty: they must never be logged.
std::vector<std::string> secrets_of(const Config& config);

// What decisions depend on, as the ConfigApplied event's table. Finishes `builder`. The same Config
// gives the same bytes. A channel that is not enabled becomes one whose policies are `disabled`.
// What channels.defaults say of groups in channels that are not named is written as a channel "*".
void build_policy(const Config& config, flatbuffers::FlatBufferBuilder& builder);

// ~/.openclaw/openclaw.json, or OPENCLAW_CONFIG_PATH; and ~/.openclaw/spine, or
// $OPENCLAW_STATE_DIR/spine.
std::filesystem::path default_config_path(GetEnv getenv_fn);
std::filesystem::path default_state_dir(GetEnv getenv_fn);

}  // namespace spine::config
