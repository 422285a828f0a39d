// gateway: its port, who may come in, and how fast; where it listens, its TLS and its pages have
// files of their own.
#include <algorithm>
#include <charconv>
#include <fmt/format.h>

#include "engine/config/reading.h"
#include "engine/config/setting.h"
#include "schemas/vocab/show.h"

namespace spine::config {
namespace {

using enum Type;
using enum Applies;
using enum Settable;

constexpr Accepts kAuthModes = one_of({{"token", AuthMode::token},
                                       {"password", AuthMode::password},
                                       {"pairing", AuthMode::pairing},
                                       {"none", AuthMode::none}});
// Both spellings of where it listens; see listen.cc.
constexpr Member kBind{.get = show_bind};
constexpr Member kHost{.get = show_host};

constexpr std::array kGateway{
    Setting{"gateway.mode", words("local", "remote"), not_kept, "only \"local\" has an effect",
            restart},
    Setting{"gateway.bind", words("loopback", "lan", "auto", "tailnet", "custom"), kBind,
            "who can reach the gateway", restart},
    Setting{"gateway.host", text, kHost, "the address to listen on, instead of gateway.bind",
            restart},
    Setting{"gateway.customBindHost", text, not_kept,
            "the address to listen on with gateway.bind \"custom\"", restart},
    Setting{"gateway.port", whole(0, 65'535), in<&Config::port>,
            "the TCP port; 0 takes any free one", restart},
    Setting{"gateway.auth", object, not_kept, "who may come in", restart, locally, Flag::strict},
    Setting{"gateway.auth.mode", kAuthModes, in<&Config::auth_mode>, "what a client has to show",
            restart},
    Setting{"gateway.auth.type", kAuthModes, in<&Config::auth_mode>,
            "the same as gateway.auth.mode", restart},
    Setting{"gateway.auth.token", secret, in<&Config::token>,
            "the shared token, instead of a generated one", restart},
    Setting{"gateway.auth.password", secret, in<&Config::password>,
            "the password that mode \"password\" asks for", restart},
    Setting{"gateway.auth.admin_channels", text_list, in<&Config::admin_channels>,
            "who may answer pairing requests: \"<channel>\" or \"<channel>:<sender id>\""},
    unused("gateway.auth.allowTailscale", boolean),
    // Beyond these bounds secrets could be guessed: a thousand attempts, a window that forgets at
    // once, no waiting.
    Setting{"gateway.auth.rateLimit.maxAttempts", whole(1, 100),
            in<&Config::auth_rate_limit, &AuthRateLimit::max_attempts>,
            "failed attempts of an address before it has to wait", restart},
    Setting{"gateway.auth.rateLimit.windowMs", whole(10'000, 86'400'000),
            in<&Config::auth_rate_limit, &AuthRateLimit::window_ms>,
            "the time in which they are counted", restart},
    Setting{"gateway.auth.rateLimit.lockoutMs", whole(10'000, 86'400'000),
            in<&Config::auth_rate_limit, &AuthRateLimit::lockout_ms>,
            "how long it then has to wait", restart},
    Setting{"gateway.auth.rateLimit.exemptLoopback", boolean,
            in<&Config::auth_rate_limit, &AuthRateLimit::exempt_loopback>,
            "whether this machine is not counted", restart},
    Setting{"gateway.rate_limit.requests_per_minute", whole(0, 1'000'000),
            in<&Config::messages_per_minute>, "messages of a sender in a minute; 0 = any number",
            live, remotely_above_zero},
    Setting{"gateway.rate_limit.burst", whole(1, 1'000'000), in<&Config::messages_burst>,
            "messages of a sender at once", live, remotely},
    Setting{"gateway.tls", object, not_kept, "TLS of the port", restart, locally, Flag::strict},
    Setting{"gateway.tls.enabled", boolean, in<&Config::tls, &TlsConfig::enabled>,
            "whether the port speaks TLS", restart},
    Setting{"gateway.tls.autoGenerate", boolean, not_kept,
            "refused without both files: no certificates are made", restart},
    Setting{"gateway.tls.certPath", path, in<&Config::tls, &TlsConfig::cert_path>,
            "the PEM file of the certificate, then those that signed it", restart},
    Setting{"gateway.tls.keyPath", path, in<&Config::tls, &TlsConfig::key_path>,
            "the PEM file of its key, without a passphrase", restart},
    Setting{"gateway.tls.caPath", path, not_kept, "refused: clients are not asked for certificates",
            restart},
    Setting{"gateway.trustedProxies", text_list, in<&Config::tls, &TlsConfig::terminated_by_proxy>,
            "addresses and networks of proxies that speak TLS for the gateway", restart},
    Setting{"gateway.tls.terminatedByProxy", text_list,
            in<&Config::tls, &TlsConfig::terminated_by_proxy>, "the same as gateway.trustedProxies",
            restart},
    Setting{"gateway.publicOrigin", text, in<&Config::public_origin>,
            "https://host[:port] as people reach it", restart},
    Setting{"gateway.controlUi.enabled", boolean,
            in<&Config::control_ui, &ControlUiConfig::enabled>,
            "whether there are pages for browsers", restart},
    Setting{"gateway.controlUi.basePath", text,
            in<&Config::control_ui, &ControlUiConfig::base_path>,
            "the path of the pages, such as /spine", restart},
    Setting{"gateway.controlUi.root", path, in<&Config::control_ui, &ControlUiConfig::root>,
            "a folder of files that replace the built-in pages", restart},
    Setting{"gateway.controlUi.allowedOrigins", text_list,
            in<&Config::control_ui, &ControlUiConfig::allowed_origins>,
            "origins of pages that may talk to the gateway from a browser", restart},
    unused("gateway.controlUi.*"),
    unused("gateway.remote", object),
    Setting{"gateway.remote.url|tlsFingerprint", text},
    Setting{"gateway.remote.token|password", secret},
    Setting{"gateway.remote.*"},
    unused("gateway.allowRealIpFallback", boolean),
    // No command of a node and no tool is called by way of the gateway: what is denied is not done.
    decides("gateway.nodes.denyCommands", text_list, not_kept,
            "kept: no command of a node is called through the gateway"),
    decides("gateway.tools.deny", text_list, not_kept,
            "kept: no tool is called through the gateway"),
    unused("gateway.nodes.*"),
    unused("gateway.tools.*"),
    unused("gateway.http|reload|tailscale|push|terminal|securityHeaders"),
    unused("gateway.handshakeTimeoutMs", whole(1, 3'600'000)),
    unused("gateway.channelHealthCheckMinutes|channelStaleEventThresholdMinutes|"
           "channelMaxRestartsPerHour",
           whole(0, 100'000)),
};

void read_port(Reading& reading) {
  const char* wanted = reading.environment.find("OPENCLAW_GATEWAY_PORT");
  if (wanted == nullptr || *wanted == '\0') return;
  const std::string_view text = wanted;
  std::uint16_t port{};
  const auto read = std::from_chars(text.data(), text.data() + text.size(), port);
  if (read.ec == std::errc{} && read.ptr == text.data() + text.size()) {
    reading.config.port = port;
    return;
  }
  reading.findings.error(
      fmt::format("The environment variable OPENCLAW_GATEWAY_PORT is \"{}\"; it must be a whole "
                  "number from 0 to 65535.",
                  printable(text.substr(0, 60))));
}

// Of the environment, else of the file. One that is set to nothing is a mistake nobody should run
// with.
void read_secret(const Reading& reading, std::string_view key, const char* variable,
                 std::string& secret) {
  const std::string path = fmt::format("gateway.auth.{}", key);
  if (reading.environment.stands_in_for(key)) {
    // It may hold a variable that is not set: it is not what clients must show.
    secret.clear();
  } else if (const NodeId id = reading.at(path); id != 0 && secret.empty()) {
    reading.error(id, "{} is empty; write the secret, or take the key out.", path);
  }
  const char* value = reading.environment.find(variable);
  if (value != nullptr && *value != '\0') secret = value;
}

void read_auth(Reading& reading) {
  Config& config = reading.config;
  const NodeId type = reading.at("gateway.auth.type");
  const NodeId mode = reading.at("gateway.auth.mode");
  read_secret(reading, "token", "OPENCLAW_GATEWAY_TOKEN", config.token);
  read_secret(reading, "password", "OPENCLAW_GATEWAY_PASSWORD", config.password);
  const bool has_token = !config.token.empty() || reading.environment.given().token;
  if (mode == 0 && type == 0 && !config.password.empty() && !has_token) {
    config.auth_mode = AuthMode::password;
  }
  if (config.auth_mode == AuthMode::password && config.password.empty()) {
    reading.error(mode != 0 ? mode : type,
                  "the gateway is to ask for a password and there is no gateway.auth.password; add "
                  "it, or use \"token\".");
  }
}

}  // namespace

constinit const SettingTable kGatewayTable{kAtRoot, kGateway};

void read_gateway(Reading& reading) {
  read_port(reading);
  read_auth(reading);
  check_tls(reading);
  read_listen(reading);
  check_control_ui(reading);
  const NodeId mode = reading.at("gateway.mode");
  if (reading.text(mode) != "remote") return;
  reading.warn(mode, "gateway.mode \"remote\" has no effect in this version.");
}

void check_doors(Reading& reading) {
  const Config& config = reading.config;
  if (config.auth_mode != AuthMode::none) return;
  const auto program = std::ranges::find_if(
      config.agents, [](const AgentConfig& agent) { return agent.process.driver != Driver::echo; });
  if (program == config.agents.end()) return;
  const NodeId mode = reading.at("gateway.auth.mode");
  reading.error(mode == 0 ? reading.root : mode,
                "gateway.auth.mode is none, and the agent {} is a program: it could connect as "
                "you, and allow itself what it asks for. Use token, password or pairing.",
                program->id);
}

}  // namespace spine::config
