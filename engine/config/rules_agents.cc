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
    Rule{"timeoutSeconds", integer, "0..86400"},
    Rule{"skills", text_list},
    Rule{"tools.allow", text_list, {}, Flag::strict},
    Rule{"tools.deny", text_list, {}, Flag::strict},
    Rule{"tools.*", any, {}, Flag::unused},
};

constexpr std::array<std::string_view, 43> kAgentOther{"agentDir",
                                                       "models",
                                                       "imageModel",
                                                       "imageGenerationModel",
                                                       "pdfModel",
                                                       "subagents",
                                                       "sandbox",
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

std::span<const std::string_view> unused_agent_keys() {
  return kAgentOther;
}

}  // namespace spine::config
