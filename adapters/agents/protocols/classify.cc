// classify_error: what kind of failure an agent's words tell of.
#include <algorithm>
#include <array>
#include <string>

#include "adapters/agents/protocols/protocol.h"
#include "schemas/vocab/ascii.h"

namespace spine::agents {
namespace {

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

}  // namespace

fb::RunErrorKind classify_error(std::string_view text) {
  const std::string lower = lower_case(text.substr(0, 4'096));
  for (const ErrorWords& entry : kErrorWords) {
    if (lower.find(entry.words) != std::string::npos) return entry.kind;
  }
  return fb::RunErrorKind::unknown;
}

}  // namespace spine::agents
