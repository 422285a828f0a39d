// What may stand under agents.defaults and under each agent.
#include <array>

#include "engine/config/schema.h"

namespace spine::config {
namespace {

using enum Type;

constexpr std::array kAgent{
    Rule{"id", text},
    Rule{"default", boolean},
    Rule{"name", text},
    Rule{"workspace", text},
    Rule{"model", model},
    Rule{"model.primary", text},
    Rule{"model.fallbacks", text_list, {}, Flag::unused},
    Rule{"identity.name", text},
    Rule{"identity.emoji", text},
    Rule{"identity.*"},
    Rule{"spine.delayMs", integer, "0..600000"},  // how long the echo agent waits
    Rule{"spine.driver", choice, "echo|pi|acp|jsonl", Flag::strict},
    Rule{"spine.preset", choice, "claude|codex", Flag::strict},
    Rule{"spine.command", text, {}, Flag::strict},
    Rule{"spine.args", text_list, {}, Flag::strict},
    Rule{"spine.env.*", text},
    Rule{"spine.passEnv", text_list, {}, Flag::strict},
    Rule{"spine.cwd", text, {}, Flag::strict},
    Rule{"spine.sandbox.mode", choice, "auto|bubblewrap|user|none", Flag::strict},
    Rule{"spine.sandbox.user", text, {}, Flag::strict},
    Rule{"spine.sandbox.read", text_list, {}, Flag::strict},
    Rule{"spine.sandbox.write", text_list, {}, Flag::strict},
    Rule{"spine.sandbox.userns", boolean, {}, Flag::strict},
    Rule{"spine.instances", integer, "1..64"},
    Rule{"spine.readyMs", integer, "100..600000"},
    Rule{"spine.idleMs", integer, "0..86400000"},
    Rule{"spine.runMs", integer, "0..86400000"},
    Rule{"spine.silenceMs", integer, "0..86400000"},
    Rule{"spine.stopMs", integer, "10..60000"},
    Rule{"spine.memoryMb", integer, "0..1048576"},
    Rule{"spine.lineBytes", integer, "4096..67108864"},
    Rule{"spine.crashesMax", integer, "1..1000"},
    Rule{"spine.backOffMs", integer, "1..60000"},
    Rule{"spine.onCrash", choice, "retry|fail|leave", Flag::strict},
    Rule{"spine.attemptsMax", integer, "1..100", Flag::strict},
    Rule{"spine.approvalMs", integer, "1000..86400000", Flag::strict},
    Rule{"spine.untrustedTools", text_list, {}, Flag::strict},
    Rule{"spine.queueMode", choice, kQueueModes},
    Rule{"spine.ownPolicy", boolean, {}, Flag::strict},
    Rule{"timeoutSeconds", integer, "0..86400"},
    Rule{"skills", text_list},
};

// For an agent, for all of them, and under no agent at all.
constexpr std::array kTools{
    Rule{"tools.profile", choice, "minimal|coding|messaging|full", Flag::strict},
    Rule{"tools.allow", text_list, {}, Flag::strict},
    Rule{"tools.alsoAllow", text_list, {}, Flag::strict},
    Rule{"tools.deny", text_list, {}, Flag::strict},
    Rule{"tools.byProvider", any, {}, Flag::strict},
    Rule{"tools.exec.security", choice, "deny|allowlist|full", Flag::strict},
    Rule{"tools.exec.ask", choice, "off|on-miss|always", Flag::strict},
    Rule{"tools.exec.mode", choice, "deny|allowlist|ask|auto|full", Flag::strict},
    Rule{"tools.exec.host", choice, "auto|sandbox|gateway|node", Flag::strict},
    Rule{"tools.exec.applyPatch.workspaceOnly", boolean, {}, Flag::strict},
    Rule{"tools.exec.applyPatch.*", any, {}, Flag::unused},
    Rule{"tools.exec.*", any, {}, Flag::unused},
    Rule{"tools.fs.workspaceOnly", boolean, {}, Flag::strict},
    Rule{"tools.fs.*", any, {}, Flag::unused},
    Rule{"tools.web.search.enabled", boolean, {}, Flag::strict},
    Rule{"tools.web.search.*", any, {}, Flag::unused},
    Rule{"tools.web.fetch.enabled", boolean, {}, Flag::strict},
    Rule{"tools.web.fetch.*", any, {}, Flag::unused},
    Rule{"tools.web.*", any, {}, Flag::unused},
    Rule{"tools.sandbox.tools.allow", text_list, {}, Flag::strict},
    Rule{"tools.sandbox.tools.deny", text_list, {}, Flag::strict},
    Rule{"tools.sandbox.tools.*", any, {}, Flag::unused},
    Rule{"tools.sandbox.*", any, {}, Flag::unused},
    Rule{"tools.*", any, {}, Flag::unused},
    Rule{"sandbox.mode", choice, "off|non-main|all", Flag::strict},
    Rule{"sandbox.workspaceAccess", choice, "none|ro|rw", Flag::strict},
    Rule{"sandbox.docker.network", text, {}, Flag::strict},
    Rule{"sandbox.docker.*", any, {}, Flag::unused},
    Rule{"sandbox.*", any, {}, Flag::unused},
};

constexpr std::array<std::string_view, 42> kAgentOther{"agentDir",
                                                       "models",
                                                       "imageModel",
                                                       "imageGenerationModel",
                                                       "pdfModel",
                                                       "subagents",
                                                       "groupChat",
                                                       "humanDelay",
                                                       "heartbeat",
                                                       "memorySearch",
                                                       "params",
                                                       "thinkingDefault",
                                                       "verboseDefault",
                                                       "reasoningDefault",
                                                       "elevatedDefault",
                                                       "fastModeDefault",
                                                       "runtime",
                                                       "repoRoot",
                                                       "skipBootstrap",
                                                       "bootstrapMaxChars",
                                                       "bootstrapTotalMaxChars",
                                                       "userTimezone",
                                                       "timeFormat",
                                                       "envelopeTimezone",
                                                       "envelopeTimestamp",
                                                       "envelopeElapsed",
                                                       "contextTokens",
                                                       "contextPruning",
                                                       "contextLimits",
                                                       "compaction",
                                                       "cliBackends",
                                                       "blockStreamingDefault",
                                                       "blockStreamingBreak",
                                                       "blockStreamingChunk",
                                                       "blockStreamingCoalesce",
                                                       "mediaMaxMb",
                                                       "typingIntervalSeconds",
                                                       "typingMode",
                                                       "maxConcurrent",
                                                       "imageMaxDimensionPx",
                                                       "embeddedPi",
                                                       "silentReply"};

}  // namespace

std::span<const Rule> agent_rules() {
  return kAgent;
}

std::span<const Rule> tool_rules() {
  return kTools;
}

std::span<const std::string_view> unused_agent_keys() {
  return kAgentOther;
}

}  // namespace spine::config
