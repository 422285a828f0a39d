// The table of protocols, and functions that they share.
#include "adapters/agents/protocols/protocol.h"

#include <algorithm>
#include <array>

#include "adapters/agents/protocols/acp.h"
#include "adapters/agents/protocols/jsonl.h"
#include "adapters/agents/protocols/pi.h"
#include "schemas/vocab/ascii.h"
#include "schemas/vocab/check.h"

namespace spine::agents {
namespace {

using config::Driver;

constexpr ProtocolTraits kOneShot{.one_shot = true};
// Searched in order: the first row that fits a driver is taken.
constexpr std::array kKinds{
    ProtocolKind{Driver::pi,
                 "",
                 {.steers = true, .skills_at_start = true, .sees_images = true},
                 make_pi_protocol},
    ProtocolKind{Driver::acp,
                 "",
                 {.sessions_at_once = kAcpRunsAtOnce, .sees_images = true},
                 make_acp_protocol},
    ProtocolKind{Driver::jsonl, "claude", kOneShot, make_claude_protocol},
    ProtocolKind{Driver::jsonl, "codex", kOneShot, make_codex_protocol},
    ProtocolKind{Driver::jsonl, "", kOneShot, make_lines_protocol},
};

struct ErrorWords {
  std::string_view words{};  // in lower case
  fb::RunErrorKind kind{};
};

// The first that is found decides.
constexpr std::array kErrorWords{
    ErrorWords{"context length", fb::RunErrorKind::context_length},
    ErrorWords{"context_length", fb::RunErrorKind::context_length},
    ErrorWords{"context window", fb::RunErrorKind::context_length},
    ErrorWords{"prompt is too long", fb::RunErrorKind::context_length},
    ErrorWords{"maximum context", fb::RunErrorKind::context_length},
    ErrorWords{"rate limit", fb::RunErrorKind::rate_limit},
    ErrorWords{"rate_limit", fb::RunErrorKind::rate_limit},
    ErrorWords{"too many requests", fb::RunErrorKind::rate_limit},
    ErrorWords{"overloaded", fb::RunErrorKind::rate_limit},
    ErrorWords{"429", fb::RunErrorKind::rate_limit},
    ErrorWords{"timed out", fb::RunErrorKind::timeout},
    ErrorWords{"timeout", fb::RunErrorKind::timeout},
    ErrorWords{"refus", fb::RunErrorKind::refusal},
    ErrorWords{"content policy", fb::RunErrorKind::refusal},
    ErrorWords{"content_filter", fb::RunErrorKind::refusal},
};

void append_xml(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      default:
        out += c;
    }
  }
}

}  // namespace

const ProtocolKind& protocol_kind(Driver driver, std::string_view preset) {
  const auto kind = std::ranges::find_if(kKinds, [&](const ProtocolKind& row) {
    return row.driver == driver && (row.preset.empty() || row.preset == preset);
  });
  SPINE_CHECK(kind != kKinds.end());
  return *kind;
}

fb::RunErrorKind classify_error(std::string_view text) {
  const std::string lower = lower_case(text.substr(0, 4'096));
  for (const ErrorWords& entry : kErrorWords) {
    if (lower.find(entry.words) != std::string::npos) return entry.kind;
  }
  return fb::RunErrorKind::unknown;
}

std::string plain_prompt(const AgentProfile& profile, std::string_view text) {
  if (profile.trust != fb::Trust::untrusted) return std::string(text);
  // Programs may trim anything but visible ASCII (control characters, Unicode blanks).
  const auto is_blank = [](char c) { return c <= ' ' || c > '~'; };
  std::size_t first = 0;
  while (first < text.size() && is_blank(text[first]))
    ++first;
  const bool command = first < text.size() && (text[first] == '/' || text[first] == '!');
  return (command ? "Message: " : "") + std::string(text);
}

// In the format that Pi uses.
std::string skills_block(const std::vector<SkillHandOver>& skills) {
  const auto told = [](const SkillHandOver& skill) { return skill.model_invocable; };
  if (std::ranges::none_of(skills, told)) return {};
  std::string block =
      "These skills hold instructions for particular tasks. When a task fits a skill's "
      "description, read the file at its location first and follow it; paths in it are relative "
      "to its folder.\n\n<available_skills>\n";
  for (const SkillHandOver& skill : skills) {
    if (!told(skill)) continue;
    block += "  <skill>\n    <name>";
    append_xml(block, skill.name);
    block += "</name>\n    <description>";
    append_xml(block, skill.description);
    block += "</description>\n    <location>";
    append_xml(block, skill.directory);
    block += "/SKILL.md</location>\n  </skill>\n";
  }
  block += "</available_skills>\n\n";
  return block;
}

}  // namespace spine::agents
