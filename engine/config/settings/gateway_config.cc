// gateway: reading it and refusing what contradicts itself or is insecure.
#include "engine/config/settings/gateway_config.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fmt/format.h>
#include <optional>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "engine/config/settings/schema.h"
#include "engine/config/settings/setting.h"
#include "engine/config/source/deciding_file.h"
#include "engine/config/source/reading.h"
#include "schemas/vocab/addresses.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"

namespace spine::config {
namespace {

namespace fs = std::filesystem;
using enum Type;
using enum Applies;
using enum Settable;

Value show_bind(const void* config) {
  const std::vector<std::string>& addresses = static_cast<const Config*>(config)->bind_addresses;
  if (addresses == Config{}.bind_addresses) return std::string{"loopback"};
  return fmt::format("{}", fmt::join(addresses, ", "));
}

constexpr Accepts kAuthModes = one_of({{"token", AuthMode::token},
                                       {"password", AuthMode::password},
                                       {"pairing", AuthMode::pairing},
                                       {"none", AuthMode::none}});
// Both spellings of where it listens.
constexpr Member kBind{.get = show_bind};
constexpr Member kHost{.get = [](const void* config) -> Value {
                         return static_cast<const Config*>(config)->bind_addresses.front();
                       },
                       .spelling_of = show_bind};

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
    Setting{
        "gateway.auth.admin_channels", text_list, in<&Config::admin_channels>,
        "who is told of requests for pairing and permission and may answer them: \"<channel>\" or "
        "\"<channel>:<sender id>\""},
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
    remote("gateway.rate_limit.burst", whole(1, 1'000'000), in<&Config::messages_burst>,
           "messages of a sender at once"),
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
    // No command of a node and no tool is called through the gateway, so these denials hold.
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

// Nothing when it is no number of a port.
std::optional<std::uint16_t> port_of(std::string_view text) {
  std::uint16_t port{};
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, port);
  return read.ec == std::errc{} && read.ptr == end ? std::optional{port} : std::nullopt;
}

void read_port(Reading& reading) {
  const char* wanted = reading.environment.find("OPENCLAW_GATEWAY_PORT");
  if (wanted == nullptr || *wanted == '\0') return;
  if (const auto port = port_of(wanted)) {
    reading.config.port = *port;
    return;
  }
  reading.findings.error(
      fmt::format("The environment variable OPENCLAW_GATEWAY_PORT is \"{}\"; it must be a whole "
                  "number from 0 to 65535.",
                  printable(std::string_view{wanted}.substr(0, 60))));
}

// From the environment, else from the file. One that the file sets to "" is a mistake, and refused.
void read_secret(const Reading& reading, std::string_view key, const char* variable,
                 std::string& secret) {
  const std::string path = fmt::format("gateway.auth.{}", key);
  if (reading.environment.stands_in_for(key)) {
    // The file's value is not used, and may hold the name of an unset variable.
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

// TLS: checked before any socket is opened.

// The text of a PEM file that gateway.tls.enabled needs; an error, and nothing, when it cannot be
// used.
std::optional<std::string> pem_text(const Reading& reading, std::string_view key,
                                    const fs::path& path, bool is_secret) {
  const NodeId id = reading.at(key);
  const std::string name = printable(path.string());
  struct stat info {};
  const bool known = ::stat(path.c_str(), &info) == 0;
  // Our own file must be for us alone; one of root's may be for a group that we are in.
  const mode_t others = info.st_uid == 0 && ::geteuid() != 0 ? 037U : 077U;
  if (path.empty()) {
    reading.error(id != 0 ? id : reading.at("gateway.tls.enabled"),
                  "gateway.tls.enabled is true and there is no {}; name the PEM file, or set "
                  "gateway.tls.enabled to false.",
                  key);
  } else if (known && !S_ISREG(info.st_mode)) {
    reading.error(id, "{}: {} is not a regular file.", key, name);
  } else if (known && is_secret && (info.st_mode & others) != 0) {
    reading.error(id,
                  "{}: {} can be read or changed by others (mode {:04o}), so the key is not "
                  "secret. Run `chmod 600 {}`; if others may have read it, make a new key.",
                  key, name, info.st_mode & 07777U, name);
  } else {
    Result<std::string> text = read_text_file(path);
    if (text) return std::move(*text);
    reading.error(id, "{}: {}", key, text.error().message);
  }
  return std::nullopt;
}

void check_proxies(const Reading& reading) {
  const NodeId ours = reading.at("gateway.tls.terminatedByProxy");
  const NodeId id = ours != 0 ? ours : reading.at("gateway.trustedProxies");
  std::vector<std::string>& proxies = reading.config.tls.terminated_by_proxy;
  for (const std::string& text : proxies) {
    const auto range = parse_ip_range(text);
    // A shorter prefix would trust far more addresses than any proxy has.
    const bool narrow = range && range->bits >= (range->address.is_v4() ? 96 + 8 : 16);
    if (narrow) continue;
    reading.error(
        id,
        "\"{}\" among the trusted proxies {}; write the proxy's own address (\"10.0.0.7\") or its "
        "network (\"10.0.0.0/24\").",
        printable(text.substr(0, 60)),
        !range ? "is not an address"
               : "is a large part of all addresses, and whoever is in it could say to be anybody");
  }
  sort_unique(proxies);
  if (proxies.size() > limits::kConfigProxiesMax) {
    reading.error(id, "more than {} trusted proxies.", limits::kConfigProxiesMax);
  }
}

void check_tls(const Reading& reading) {
  check_proxies(reading);
  const TlsConfig& tls = reading.config.tls;
  if (!tls.enabled) return;
  const bool has_files =
      reading.at("gateway.tls.certPath") != 0 && reading.at("gateway.tls.keyPath") != 0;
  const NodeId generate = reading.at("gateway.tls.autoGenerate");
  if (reading.flag(generate).value_or(false) && !has_files) {
    reading.error(generate,
                  "gateway.tls.autoGenerate: this version makes no certificates; make one with "
                  "`openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "
                  "-days 365 -subj /CN=$(hostname) -keyout key.pem -out cert.pem` and name both "
                  "files in gateway.tls.certPath and gateway.tls.keyPath.");
  }
  if (const NodeId authorities = reading.at("gateway.tls.caPath"); authorities != 0) {
    reading.error(authorities,
                  "gateway.tls.caPath: this version does not ask clients for certificates, so it "
                  "would let in those you mean to keep out; take it out.");
  }
  constexpr std::string_view kCert = "gateway.tls.certPath";
  const auto cert = pem_text(reading, kCert, tls.cert_path, false);
  if (cert && cert->find("-----BEGIN CERTIFICATE-----") == std::string::npos) {
    reading.error(reading.at(kCert), "{}: {} holds no certificate in PEM form.", kCert,
                  printable(tls.cert_path.string()));
  }
  constexpr std::string_view kKey = "gateway.tls.keyPath";
  const auto key = pem_text(reading, kKey, tls.key_path, true);
  const std::string name = printable(tls.key_path.string());
  if (key && key->find("PRIVATE KEY-----") == std::string::npos) {
    reading.error(reading.at(kKey), "{}: {} holds no private key in PEM form.", kKey, name);
  } else if (key && key->find("ENCRYPTED") != std::string::npos) {
    reading.error(reading.at(kKey),
                  "{}: the key in {} has a passphrase, which nobody can give at a start; take it "
                  "off with `openssl pkey`.",
                  kKey, name);
  }
}

// Listening: in both spellings; beyond this machine only with TLS and authentication.

// What a spelling says about the addresses to listen on.
struct Listen {
  NodeId id{};
  std::string_view key{};
  std::vector<std::string> addresses{};  // empty: not known what is meant
};

// "localhost" or an address; the usual names of loopback all mean both loopback addresses. Else
// empty.
std::vector<std::string> addresses_of(std::string_view host) {
  const std::string name = lower_case(host);
  if (name == "localhost" || name == "127.0.0.1" || name == "::1" || name == "[::1]") {
    return Config{}.bind_addresses;
  }
  const auto ip = parse_ip(name);
  if (!ip) return {};
  return {show_ip(*ip)};
}

// bind, with customBindHost where bind asks for it.
Listen listen_of_bind(const Reading& reading) {
  const NodeId bind = reading.at("gateway.bind");
  const NodeId custom = reading.at("gateway.customBindHost");
  const auto mode = reading.text(bind);
  if (mode == "custom") {
    if (custom != 0) {
      return {custom, "gateway.customBindHost", addresses_of(*reading.text(custom))};
    }
    reading.error(bind,
                  "gateway.bind is \"custom\" and there is no gateway.customBindHost; add it, or "
                  "use \"loopback\".");
    return {};
  }
  if (custom != 0) {
    reading.warn(
        custom, "gateway.customBindHost is used only with gateway.bind \"custom\"; it is ignored.");
  }
  if (!mode) return {};
  Listen listen{bind, "gateway.bind", {}};
  if (mode == "lan") listen.addresses = {"0.0.0.0", "::"};
  // OpenClaw's "auto" prefers loopback, which is always there.
  if (mode == "loopback" || mode == "auto") listen.addresses = Config{}.bind_addresses;
  return listen;
}

bool refuse_if_unknown(const Reading& reading, const Listen& listen) {
  if (listen.id == 0 || !listen.addresses.empty()) return false;
  if (listen.key == "gateway.bind") {
    reading.error(listen.id,
                  "gateway.bind is \"tailnet\", and this version does not look for a tailnet's "
                  "address; use \"custom\" with the address in gateway.customBindHost, or "
                  "\"loopback\" behind `tailscale serve`.");
    return true;
  }
  reading.error(
      listen.id,
      "{} is {}; it must be an address such as \"192.168.1.2\" or \"::1\", or \"localhost\".",
      listen.key, describe(reading.document, listen.id));
  return true;
}

void refuse_if_open(const Reading& reading, const Listen& listen) {
  const bool beyond = std::ranges::any_of(listen.addresses, [](const std::string& address) {
    const auto ip = parse_ip(address);
    return !ip || !is_loopback(*ip);
  });
  if (listen.id == 0 || !beyond) return;
  // What is missing to keep others out.
  const Config& config = reading.config;
  std::string missing;
  if (config.auth_mode == AuthMode::none) {
    missing =
        "gateway.auth.mode is \"none\", so everybody who can reach it would be let in (use "
        "\"token\", \"password\" or \"pairing\")";
  }
  if (!config.tls.enabled && config.tls.terminated_by_proxy.empty()) {
    if (!missing.empty()) missing += "; and ";
    missing += "there is no TLS, so secrets and messages could be read on the way";
  }
  if (missing.empty()) return;
  reading.error(listen.id,
                "{} is {}, which others than this machine can reach: {}. Either give the gateway a "
                "certificate (gateway.tls.enabled, gateway.tls.certPath and gateway.tls.keyPath), "
                "or use \"loopback\" and come in through an SSH tunnel or a proxy that speaks TLS "
                "(its address in gateway.tls.terminatedByProxy).",
                listen.key, describe(reading.document, listen.id), missing);
}

void read_listen(Reading& reading) {
  const NodeId host = reading.at("gateway.host");
  Listen by_host;
  if (host != 0) by_host = {host, "gateway.host", addresses_of(*reading.text(host))};
  const Listen by_bind = listen_of_bind(reading);
  if (by_host.id != 0 && by_bind.id != 0 && by_host.addresses != by_bind.addresses) {
    return disagree(reading, {by_host.id, by_host.key}, {by_bind.id, by_bind.key});
  }
  if (refuse_if_unknown(reading, by_host) || refuse_if_unknown(reading, by_bind)) return;
  refuse_if_open(reading, by_bind.id != 0 ? by_bind : by_host);
  if (by_host.id != 0) reading.config.bind_addresses = by_host.addresses;
  if (by_bind.id != 0) reading.config.bind_addresses = by_bind.addresses;
}

// Origins: which web pages may talk to the gateway from a browser.

// "scheme://host[:port]" and nothing else. REQUIRES: lower case.
bool is_origin(std::string_view text) {
  const std::size_t mark = text.find("://");
  if (mark == std::string_view::npos) return false;
  if (!is_plain(text.substr(0, mark), "+-.") || is_digit(text[0])) return false;
  const std::string_view rest = text.substr(mark + 3);
  const bool bracketed = rest.starts_with('[');
  const std::size_t host_end = bracketed ? rest.find(']') : 0;
  if (host_end == std::string_view::npos) return false;
  const std::size_t colon = rest.find(':', host_end);
  const std::string_view host = rest.substr(0, colon);
  const bool named =
      bracketed ? parse_ip(host).has_value() : host.size() <= 253 && is_plain(host, "-._");
  return named && (colon == std::string_view::npos || port_of(rest.substr(colon + 1)).value_or(0));
}

// What a browser leaves out of an Origin header.
std::string without_usual_port(std::string origin) {
  if (origin.starts_with("http://") && origin.ends_with(":80")) origin.resize(origin.size() - 3);
  if (origin.starts_with("https://") && origin.ends_with(":443")) origin.resize(origin.size() - 4);
  return origin;
}

void check_origins(const Reading& reading, std::vector<std::string>& origins) {
  const NodeId id = reading.at("gateway.controlUi.allowedOrigins");
  for (std::string& origin : origins) {
    const std::string shown = printable(origin.substr(0, 60));
    origin = without_usual_port(lower_case(origin));
    if (origin.find('*') != std::string::npos) {
      reading.error(id,
                    "gateway.controlUi.allowedOrigins has \"{}\", which would let pages of others "
                    "talk to the gateway in the name of who looks at them; name each origin, such "
                    "as \"https://gateway.example.org\".",
                    shown);
    } else if (!is_origin(origin)) {
      reading.error(id,
                    "gateway.controlUi.allowedOrigins has \"{}\"; it must be scheme://host or "
                    "scheme://host:port and nothing more, such as \"https://gateway.example.org\".",
                    shown);
    }
  }
  if (origins.size() > limits::kConfigOriginsMax) {
    reading.error(id, "more than {} allowed origins.", limits::kConfigOriginsMax);
  }
}

void check_base_path(const Reading& reading, std::string& base_path) {
  while (base_path.ends_with('/'))
    base_path.pop_back();
  if (base_path.empty()) return;
  if (!is_plain(base_path, "/-_.~") || base_path.front() != '/' ||
      base_path.find("//") != std::string::npos || base_path.find("/.") != std::string::npos ||
      base_path.size() > limits::kNameBytesMax) {
    reading.error(reading.at("gateway.controlUi.basePath"),
                  "gateway.controlUi.basePath must be a path such as \"/spine\": letters, digits, "
                  "- _ ~ and dots, each part behind one slash and not beginning with a dot.");
  }
}

void check_control_ui(Reading& reading) {
  ControlUiConfig& ui = reading.config.control_ui;
  check_base_path(reading, ui.base_path);
  std::error_code code;
  if (!ui.root.empty() && !std::filesystem::is_directory(ui.root, code)) {
    reading.error(reading.at("gateway.controlUi.root"),
                  "gateway.controlUi.root: {} is not a directory.", printable(ui.root.string()));
  }
  check_origins(reading, ui.allowed_origins);
  std::string& origin = reading.config.public_origin;
  if (origin.empty()) return;
  origin = lower_case(origin);
  if (origin.ends_with('/')) origin.pop_back();
  const bool web = origin.starts_with("http://") || origin.starts_with("https://");
  if (!web || !is_origin(origin)) {
    reading.error(reading.at("gateway.publicOrigin"),
                  "gateway.publicOrigin must be https://host or https://host:port (or http://) and "
                  "nothing more.");
  }
  origin = without_usual_port(origin);
}

struct AdminEntry {
  std::string channel{};  // lower case; empty = any
  std::string sender{};   // empty = not said
};

AdminEntry split_entry(std::string_view text) {
  const std::size_t colon = text.find(':');
  return {lower_case(text.substr(0, colon)),
          colon == std::string_view::npos ? std::string{} : std::string{text.substr(colon + 1)}};
}

// Why the sender cannot be an admin; empty when it can. Matrix ids ("@me:example.org") are ids.
std::string_view objection(std::string_view sender) {
  if (sender == "*") return "everybody would be an admin";
  const bool name = (sender.starts_with('@') && sender.find(':') == std::string_view::npos) ||
                    sender.find_first_of("# \t\r\n") != std::string_view::npos;
  if (name) {
    return "this is a name, and names can be changed and then taken by somebody else, who would be "
           "an admin; write the immutable id that the channel gives the person, such as "
           "\"telegram:123456789\"";
  }
  if (sender.empty() || sender.size() > limits::kNameBytesMax || sender != printable(sender)) {
    return "this is no sender's id";
  }
  return {};
}

class AdminReader {
 public:
  explicit AdminReader(Reading& reading)
      : reading_(reading),
        list_(reading.at("gateway.auth.admin_channels")),
        owners_(reading.at("commands.ownerAllowFrom")) {}

  void read() {
    Config& config = reading_.config;
    for (const std::string& text : config.admin_channels) {
      const AdminEntry entry = split_entry(text);
      if (entry.channel.empty() || entry.channel.size() > limits::kNameBytesMax ||
          entry.channel.starts_with('@')) {
        refuse(list_, text, "it must be \"<channel>\" or \"<channel>:<sender id>\"");
      } else if (text.find(':') != std::string::npos) {
        add(list_, text, entry);
      } else {
        add_owners(entry.channel);
      }
    }
    sort_unique(config.admins);
    if (config.admins.size() > limits::kConfigAdminsMax) {
      reading_.error(list_, "more than {} admins.", limits::kConfigAdminsMax);
    }
  }

 private:
  void refuse(NodeId id, std::string_view text, std::string_view why) {
    reading_.error(id, "{} has \"{}\"; {}.",
                   id == list_ ? "gateway.auth.admin_channels" : "commands.ownerAllowFrom",
                   printable(text.substr(0, 60)), why);
  }

  void add(NodeId id, std::string_view text, const AdminEntry& entry) {
    const std::string_view why = objection(entry.sender);
    if (!why.empty()) return refuse(id, text, why);
    reading_.config.admins.push_back(fmt::format("{}:{}", entry.channel, entry.sender));
  }

  // An owner without a channel is one on every channel that is listed.
  void add_owners(const std::string& channel) {
    const std::string prefix = channel + ":";
    bool found = false;
    for (const std::string& owner : reading_.texts(owners_)) {
      // ids may hold colons themselves: what stands before the first is a channel if it is a name.
      const AdminEntry entry = split_entry(owner);
      const bool bare = owner.find(':') == std::string::npos || owner.starts_with('@');
      if (!bare && entry.channel != channel) continue;
      found = true;
      add(owners_, owner, {channel, bare ? owner : entry.sender});
    }
    if (!found) {
      reading_.warn(list_,
                    "gateway.auth.admin_channels names {} alone and commands.ownerAllowFrom has "
                    "nobody of it, so it has no admin; add \"{}:<sender id>\".",
                    printable(channel), printable(channel));
    }
  }

  Reading& reading_;
  NodeId list_;
  NodeId owners_;
};

}  // namespace

constinit const SettingTable kGatewayTable{kAtRoot, kGateway};

void read_gateway(Reading& reading) {
  read_port(reading);
  read_auth(reading);
  check_tls(reading);
  read_listen(reading);
  check_control_ui(reading);
  const NodeId mode = reading.at("gateway.mode");
  if (reading.text(mode) == "remote") {
    reading.warn(mode, "gateway.mode \"remote\" has no effect in this version.");
  }
  if (reading.at("gateway.auth.admin_channels") != 0) AdminReader(reading).read();
}

void check_agents_need_credentials(Reading& reading) {
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
