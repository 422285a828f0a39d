// The table of every setting Spine knows: those of the documented short form, and those of
// OpenClaw's openclaw.json.
#include <array>
#include <string>
#include <vector>

#include "engine/config/schema.h"

namespace spine::config {
namespace {

using enum Type;

constexpr std::string_view kDmPolicies = "open|allowlist|disabled|pairing";
constexpr std::string_view kGroupPolicies = "open|allowlist|disabled";

constexpr std::array kGateway{
    Rule{"gateway.mode", choice, "local|remote"},
    Rule{"gateway.host", text},
    Rule{"gateway.port", integer, "0..65535"},
    Rule{"gateway.bind", choice, "loopback|lan|auto|tailnet|custom"},
    Rule{"gateway.customBindHost", text},
    Rule{"gateway.auth", object, {}, Flag::strict},
    Rule{"gateway.auth.type", choice, "token|password|pairing|none"},
    Rule{"gateway.auth.mode", choice, "token|password|pairing|none"},
    Rule{"gateway.auth.token", text},
    Rule{"gateway.auth.password", text},
    Rule{"gateway.auth.admin_channels", text_list},
    Rule{"gateway.auth.allowTailscale", boolean, {}, Flag::unused},
    // Beyond these bounds secrets could be guessed: a thousand attempts, a window that forgets at
    // once, no waiting.
    Rule{"gateway.auth.rateLimit.maxAttempts", integer, "1..100"},
    Rule{"gateway.auth.rateLimit.windowMs", integer, "10000..86400000"},
    Rule{"gateway.auth.rateLimit.lockoutMs", integer, "10000..86400000"},
    Rule{"gateway.auth.rateLimit.exemptLoopback", boolean},
    Rule{"gateway.rate_limit.requests_per_minute", integer, "0..1000000"},
    Rule{"gateway.rate_limit.burst", integer, "1..1000000"},
    Rule{"gateway.tls", object, {}, Flag::strict},
    Rule{"gateway.tls.enabled", boolean},
    Rule{"gateway.tls.autoGenerate", boolean},
    Rule{"gateway.tls.certPath", text},
    Rule{"gateway.tls.keyPath", text},
    Rule{"gateway.tls.caPath", text},
    Rule{"gateway.tls.terminatedByProxy", text_list},
    Rule{"gateway.publicOrigin", text},
    Rule{"gateway.controlUi.enabled", boolean},
    Rule{"gateway.controlUi.basePath", text},
    Rule{"gateway.controlUi.root", text},
    Rule{"gateway.controlUi.allowedOrigins", text_list},
    Rule{"gateway.controlUi.*", any, {}, Flag::unused},
    Rule{"gateway.remote", object, {}, Flag::unused},
    Rule{"gateway.remote.url", text},
    Rule{"gateway.remote.token", text},
    Rule{"gateway.remote.password", text},
    Rule{"gateway.remote.tlsFingerprint", text},
    Rule{"gateway.remote.*"},
    Rule{"gateway.http", any, {}, Flag::unused},
    Rule{"gateway.reload", any, {}, Flag::unused},
    Rule{"gateway.trustedProxies", text_list},
    Rule{"gateway.allowRealIpFallback", boolean, {}, Flag::unused},
    // No command of a node and no tool is called by way of the gateway: what is denied is not done.
    Rule{"gateway.nodes.denyCommands", text_list, {}, Flag::strict},
    Rule{"gateway.nodes.*", any, {}, Flag::unused},
    Rule{"gateway.tools.deny", text_list, {}, Flag::strict},
    Rule{"gateway.tools.*", any, {}, Flag::unused},
    Rule{"gateway.tailscale", any, {}, Flag::unused},
    Rule{"gateway.push", any, {}, Flag::unused},
    Rule{"gateway.terminal", any, {}, Flag::unused},
    Rule{"gateway.securityHeaders", any, {}, Flag::unused},
    Rule{"gateway.handshakeTimeoutMs", integer, "1..3600000", Flag::unused},
    Rule{"gateway.channelHealthCheckMinutes", integer, "0..100000", Flag::unused},
    Rule{"gateway.channelStaleEventThresholdMinutes", integer, "0..100000", Flag::unused},
    Rule{"gateway.channelMaxRestartsPerHour", integer, "0..100000", Flag::unused},
};

constexpr std::array kSession{
    Rule{"session.scope", choice, "per-sender|global"},
    Rule{"session.dmScope", choice, "main|per-peer|per-channel-peer|per-account-channel-peer"},
    Rule{"session.groupScope", choice, "per-group|main"},
    Rule{"session.mainKey", text},
    Rule{"session.identityLinks", object, {}, Flag::unused},
    Rule{"session.identityLinks.*", ids},
    Rule{"session.idleMinutes", integer, "1..5256000"},
    Rule{"session.resetTriggers", text_list},
    Rule{"session.resetByChannel", object, {}, Flag::unused},
    Rule{"session.resetByChannel.*"},
    Rule{"session.maintenance.mode", choice, "enforce|warn"},
    Rule{"session.maintenance.pruneAfter", duration},
    Rule{"session.maintenance.pruneDays", integer, "1..36500"},
    Rule{"session.maintenance.maxEntries", integer, "1..100000000", Flag::unused},
    Rule{"session.maintenance.*", any, {}, Flag::unused},
    Rule{"session.sendPolicy", object, {}, Flag::strict},
    Rule{"session.sendPolicy.default", choice, "allow|deny"},
    Rule{"session.sendPolicy.rules", list},
    Rule{"session.sendPolicy.rules.[].action", choice, "allow|deny"},
    Rule{"session.sendPolicy.rules.[].match.channel", text},
    Rule{"session.sendPolicy.rules.[].match.chatType", choice, "direct|group|channel"},
    Rule{"session.sendPolicy.rules.[].match.keyPrefix", text},
    Rule{"session.sendPolicy.rules.[].match.rawKeyPrefix", text},
    Rule{"session.store", any, {}, Flag::unused},
    Rule{"session.typingIntervalSeconds", number, {}, Flag::unused},
    Rule{"session.typingMode", text, {}, Flag::unused},
    Rule{"session.parentForkMaxTokens", number, {}, Flag::unused},
    Rule{"session.threadBindings", any, {}, Flag::unused},
    Rule{"session.agentToAgent", any, {}, Flag::unused},
};

constexpr std::array kPeople{
    Rule{"bindings", list},
    Rule{"bindings.[].agentId", text},
    Rule{"bindings.[].type", text},
    Rule{"bindings.[].comment", text},
    Rule{"bindings.[].session", any, {}, Flag::unused},
    Rule{"bindings.[].match", object, {}, Flag::strict},
    Rule{"bindings.[].match.channel", text},
    Rule{"bindings.[].match.accountId", text},
    Rule{"bindings.[].match.peer.kind", choice, "direct|dm|group|channel"},
    Rule{"bindings.[].match.peer.id"},
    Rule{"bindings.[].match.guildId"},
    Rule{"bindings.[].match.teamId"},
    Rule{"bindings.[].match.roles"},
    Rule{"commands.ownerAllowFrom", ids},
    Rule{"commands.*", any, {}, Flag::unused},
    Rule{"messages.queue.mode", choice, kQueueModes},
    Rule{"messages.queue.byChannel.*", choice, kQueueModes},
    Rule{"messages.queue.*", any, {}, Flag::unused},
    Rule{"messages.*", any, {}, Flag::unused},
    Rule{"crons", object, {}, Flag::unused},
    Rule{"crons.*.schedule", text},
    Rule{"crons.*.action", text},
    Rule{"channels", object},
    Rule{"channels.defaults.dmPolicy", choice, kDmPolicies, Flag::strict},
    Rule{"channels.defaults.groupPolicy", choice, kGroupPolicies, Flag::strict},
    Rule{"channels.defaults.heartbeat", any, {}, Flag::unused},
    Rule{"channels.modelByChannel", any, {}, Flag::unused},
    Rule{"logging.level", choice, "trace|debug|info|warn|error|fatal|silent"},
    Rule{"logging.format", choice, "text|json"},
    Rule{"logging.file", text},
    Rule{"logging.maxFileBytes", integer, "4096..1099511627776"},
    Rule{"logging.maxFiles", integer, "0..1000"},
    Rule{"logging.consoleLevel", text, {}, Flag::unused},
    Rule{"logging.consoleStyle", text, {}, Flag::unused},
    Rule{"logging.redactSensitive", text, {}, Flag::unused},
    Rule{"logging.redactPatterns", text_list, {}, Flag::unused},
};

constexpr std::array kSkills{
    Rule{"skills.allowBundled", text_list, {}, Flag::unused},
    Rule{"skills.load.extraDirs", text_list},
    Rule{"skills.load.allowSymlinkTargets", text_list},
    Rule{"skills.load.watch", boolean},
    Rule{"skills.load.watchDebounceMs", integer, "0..60000"},
    Rule{"skills.install", any, {}, Flag::unused},
    Rule{"skills.limits", any, {}, Flag::unused},
    Rule{"skills.workshop", any, {}, Flag::unused},
    Rule{"skills.entries", object},
    Rule{"skills.entries.*.enabled", boolean},
    Rule{"skills.entries.*.apiKey"},  // text, or what this version leaves alone
    Rule{"skills.entries.*.env", object},
    Rule{"skills.entries.*.env.*", text},
    Rule{"skills.entries.*.config"},  // for the skill, and for requires.config
};

// About the file itself.
constexpr std::array<std::string_view, 3> kFileSections{"$schema", "meta", "wizard"};

// Whole sections that exist in OpenClaw and that Spine leaves alone.
constexpr std::array<std::string_view, 30> kOtherSections{
    "env",        "secrets",   "auth",      "models",       "plugins",     "hooks",
    "cron",       "audio",     "media",     "talk",         "tts",         "browser",
    "ui",         "web",       "memory",    "mcp",          "acp",         "nodeHost",
    "canvasHost", "discovery", "approvals", "broadcast",    "diagnostics", "update",
    "cli",        "voicewake", "surfaces",  "accessGroups", "proxy",       "users"};

// For a channel and for each of its accounts.
constexpr std::array kChannel{
    Rule{"enabled", boolean},
    Rule{"name"},
    Rule{"dmPolicy", choice, kDmPolicies, Flag::strict},
    Rule{"groupPolicy", choice, kGroupPolicies, Flag::strict},
    Rule{"allowFrom", ids, {}, Flag::strict},
    Rule{"groupAllowFrom", ids, {}, Flag::strict},
    Rule{"requireMention", boolean, {}, Flag::strict},
    Rule{"groups", object},
    Rule{"groups.*.enabled", boolean, {}, Flag::strict},
    Rule{"groups.*.allow", boolean, {}, Flag::strict},
    Rule{"groups.*.groupPolicy", choice, kGroupPolicies, Flag::strict},
    Rule{"groups.*.allowFrom", ids, {}, Flag::strict},
    Rule{"groups.*.requireMention", boolean, {}, Flag::strict},
    Rule{"groups.*.topics.*.enabled", boolean, {}, Flag::strict},
    Rule{"groups.*.topics.*.groupPolicy", choice, kGroupPolicies, Flag::strict},
    Rule{"groups.*.topics.*.allowFrom", ids, {}, Flag::strict},
    Rule{"groups.*.topics.*.*", any, {}, Flag::adapter},
    Rule{"groups.*.name", any, {}, Flag::adapter},
    Rule{"groups.*.skills", any, {}, Flag::adapter},
    Rule{"groups.*.systemPrompt", any, {}, Flag::adapter},
    Rule{"groups.*.tools", object, {}, Flag::strict},
    Rule{"groups.*.tools.*", any},
    Rule{"groups.*.toolsBySender", object, {}, Flag::strict},
    Rule{"groups.*.toolsBySender.*", any},
    Rule{"groups.*.historyLimit", any, {}, Flag::adapter},
    Rule{"dm.enabled", boolean},
    Rule{"dm.policy", choice, kDmPolicies, Flag::strict},
    Rule{"dm.allowFrom", ids, {}, Flag::strict},
    Rule{"dm.groupEnabled", boolean, {}, Flag::adapter},
    Rule{"dm.groupChannels", ids, {}, Flag::adapter},
    Rule{"dm.replyToMode", text, {}, Flag::adapter},
};

// Settings of real channels, for their adapters.
constexpr std::array<std::string_view, 60> kChannelOther{
    "guilds",         "teams",          "channels",
    "direct",         "topics",         "botToken",
    "token",          "tokenFile",      "appToken",
    "userToken",      "signingSecret",  "apiKey",
    "account",        "accountId",      "phoneNumber",
    "phoneNumberId",  "accessToken",    "verifyToken",
    "appSecret",      "authDir",        "defaultTo",
    "defaultAccount", "webhookUrl",     "webhookSecret",
    "webhookPath",    "webhookHost",    "webhookPort",
    "apiRoot",        "apiUrl",         "baseUrl",
    "httpUrl",        "mode",           "proxy",
    "network",        "retry",          "timeoutSeconds",
    "historyLimit",   "dmHistoryLimit", "dms",
    "textChunkLimit", "chunkMode",      "streaming",
    "streamMode",     "blockStreaming", "blockStreamingCoalesce",
    "mediaMaxMb",     "actions",        "reactionNotifications",
    "reactionLevel",  "replyToMode",    "markdown",
    "linkPreview",    "capabilities",   "customCommands",
    "commands",       "configWrites",   "heartbeat",
    "responsePrefix", "ackReaction",    "selfChatMode"};

constexpr std::array kReset{
    Rule{"mode", choice, "none|daily|idle"},
    Rule{"atHour", integer, "0..23"},
    Rule{"idleMinutes", integer, "1..5256000"},
};

// Rules made of a prefix and a name; owns their paths.
class Table {
 public:
  Table() {
    // The paths must not move once rules point at them.
    paths_.reserve(1'200);
    add(kGateway);
    add(kSession);
    add(kPeople);
    add(kSkills);
    add(tool_rules());
    add("", kFileSections, Flag::plain);
    add("", kOtherSections, Flag::unused);
    for (const std::string_view prefix : {"channels.*.", "channels.*.accounts.*."}) {
      add(prefix, kChannel);
      add(prefix, kChannelOther, Flag::adapter);
    }
    for (const std::string_view prefix :
         {"agents.defaults.", "agents.entries.*.", "agents.entries.[].", "agents.list.[]."}) {
      add(prefix, agent_rules());
      add(prefix, tool_rules());
      add(prefix, unused_agent_keys(), Flag::unused);
    }
    rules_.push_back({.path = "agents.entries", .type = object_or_list});
    rules_.push_back({.path = "agents.list", .type = list});
    for (const std::string_view prefix :
         {"session.reset.", "session.resetByType.direct.", "session.resetByType.dm.",
          "session.resetByType.group.", "session.resetByType.thread."}) {
      add(prefix, kReset);
    }
  }

  std::span<const Rule> rules() const { return rules_; }

 private:
  void add(std::span<const Rule> rules) { rules_.insert(rules_.end(), rules.begin(), rules.end()); }

  void add(std::string_view prefix, std::span<const Rule> rules) {
    for (Rule rule : rules) {
      rule.path = joined(prefix, rule.path);
      rules_.push_back(rule);
    }
  }

  void add(std::string_view prefix, std::span<const std::string_view> names, Flag flag) {
    for (const std::string_view name : names)
      rules_.push_back({.path = joined(prefix, name), .flag = flag});
  }

  std::string_view joined(std::string_view prefix, std::string_view name) {
    SPINE_CHECK(paths_.size() < paths_.capacity());
    paths_.push_back(std::string{prefix} + std::string{name});
    return paths_.back();
  }

  std::vector<std::string> paths_{};
  std::vector<Rule> rules_{};
};

}  // namespace

std::span<const Rule> all_rules() {
  static const Table table;
  return table.rules();
}

}  // namespace spine::config
