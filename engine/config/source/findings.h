// Findings: what is wrong or odd in a configuration, each as one sentence with its place.
#pragma once

#include <string>
#include <vector>

#include "schemas/vocab/result.h"

namespace spine::config {

enum class Severity : std::uint8_t { warning, error };

// text: "file:line:column: what; what to do." or, for what does not come from a file, without the
// place.
struct Finding {
  Severity severity{};
  std::string text{};
};

// Bounded: after kConfigFindingsMax of a kind only their number is kept.
class Findings {
 public:
  void error(std::string text) { add(Severity::error, std::move(text)); }
  void warn(std::string text) { add(Severity::warning, std::move(text)); }

  // Before all others.
  void warn_first(std::string text);

  bool has_errors() const { return errors_ != 0; }
  const std::vector<Finding>& all() const { return all_; }

  // Errors joined, one a line. REQUIRES: has_errors().
  Error as_error() const;
  std::vector<std::string> warnings() const;

 private:
  void add(Severity severity, std::string text);

  std::vector<Finding> all_{};
  std::size_t errors_{};
  std::size_t warnings_{};
};

}  // namespace spine::config
