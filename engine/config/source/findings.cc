// Collects findings up to their bound.
#include "engine/config/source/findings.h"

#include <fmt/format.h>

#include "schemas/vocab/limits.h"

namespace spine::config {

void Findings::add(Severity severity, std::string text) {
  std::size_t& count = severity == Severity::error ? errors_ : warnings_;
  if (++count <= limits::kConfigFindingsMax) all_.push_back({severity, std::move(text)});
}

void Findings::warn_first(std::string text) {
  if (++warnings_ <= limits::kConfigFindingsMax) {
    all_.insert(all_.begin(), {Severity::warning, std::move(text)});
  }
}

Error Findings::as_error() const {
  SPINE_CHECK(has_errors());
  Error error{Errc::invalid_argument, {}};
  for (const Finding& finding : all_) {
    if (finding.severity != Severity::error) continue;
    if (!error.message.empty()) error.message.push_back('\n');
    error.message += finding.text;
  }
  if (errors_ > limits::kConfigFindingsMax) {
    error.message += fmt::format("\n... and {} more.", errors_ - limits::kConfigFindingsMax);
  }
  return error;
}

std::vector<std::string> Findings::warnings() const {
  std::vector<std::string> texts;
  for (const Finding& finding : all_) {
    if (finding.severity == Severity::warning) texts.push_back(finding.text);
  }
  if (warnings_ > limits::kConfigFindingsMax) {
    texts.push_back(fmt::format("... and {} more warnings about the configuration.",
                                warnings_ - limits::kConfigFindingsMax));
  }
  return texts;
}

}  // namespace spine::config
