// Findings: what doctor found, each with what to do about it.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace spine::cli {

enum class Grade : std::uint8_t { ok, warn, fail };

class Findings {
 public:
  void add(Grade grade, std::string subject, std::string what, std::string remedy = {});
  void ok(std::string subject, std::string what, std::string remedy = {}) {
    add(Grade::ok, std::move(subject), std::move(what), std::move(remedy));
  }
  void warn(std::string subject, std::string what, std::string remedy = {}) {
    add(Grade::warn, std::move(subject), std::move(what), std::move(remedy));
  }
  void fail(std::string subject, std::string what, std::string remedy = {}) {
    add(Grade::fail, std::move(subject), std::move(what), std::move(remedy));
  }

  // Whether one failed.
  bool failed() const { return failed_; }
  void print(bool json) const;

 private:
  struct Finding {
    Grade grade{};
    std::string subject{};
    std::string what{};
    std::string remedy{};  // empty when there is nothing to do
  };
  std::vector<Finding> list_{};
  bool failed_{};
};

}  // namespace spine::cli
