// Harness: a child on a loop of its own, with all that it said, in order; and folders to work in.
#pragma once

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <event2/event.h>
#include <filesystem>
#include <fstream>
#include <functional>
#include <gtest/gtest.h>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "adapters/agents/process/child.h"

namespace spine::agents::test {

// A folder below /tmp that is gone at the end. Everybody may pass it.
class TestFolder {
 public:
  TestFolder() {
    std::string name = "/tmp/spine-process-XXXXXX";
    path_ = ::mkdtemp(name.data());
    std::filesystem::permissions(path_, std::filesystem::perms(0755));
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }
  std::string at(std::string_view name) const { return (path_ / name).string(); }
  std::string write(std::string_view name, std::string_view text, unsigned mode = 0644) const {
    const std::filesystem::path file = path_ / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
    std::filesystem::permissions(file, std::filesystem::perms(mode));
    return file.string();
  }

 private:
  std::filesystem::path path_{};
};

struct FreeBase {
  void operator()(event_base* base) const { event_base_free(base); }
};

// Spawns, turns the loop, and remembers.
class Watched final : public ChildEvents {
 public:
  Watched() : base_(event_base_new()) {}

  void start(ChildPlan plan) {
    if (plan.line_bytes_max == 0) plan.line_bytes_max = 1'000'000;
    if (plan.input_bytes_max == 0) plan.input_bytes_max = 1'000'000;
    if (plan.env.empty()) plan.env = {"PATH=/usr/bin:/bin"};
    auto spawned = Child::spawn(base_.get(), std::move(plan), *this);
    ASSERT_TRUE(spawned) << spawned.error().message;
    child = std::move(*spawned);
  }
  void start_shell(const std::string& script) { start({.argv = {"/bin/sh", "-c", script}}); }

  // Turns the loop until `done`; false when that takes more than 20 s.
  bool run_until(const std::function<bool()>& done) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!done()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      const timeval turn{0, 50'000};
      event_base_loopexit(base_.get(), &turn);
      event_base_loop(base_.get(), EVLOOP_ONCE);
    }
    return true;
  }
  bool run_to_exit() {
    return run_until([this] { return exits > 0; });
  }
  bool run_to_lines(std::size_t count) {
    return run_until([this, count] { return lines.size() >= count || exits > 0; });
  }

  void on_line(std::string_view line) override {
    line_bytes += line.size();
    if (keep_lines) lines.emplace_back(line);
    line_count += 1;
    if (each_line) each_line(line);
  }
  void on_stderr(std::string_view line) override { errors.emplace_back(line); }
  void on_line_too_long() override { too_long += 1; }
  void on_exit(const ChildExit& ended) override {
    exits += 1;
    exit = ended;
    if (at_exit) at_exit();
  }
  event_base* base() { return base_.get(); }

 private:
  std::unique_ptr<event_base, FreeBase> base_;

 public:
  Child::Ptr child{};
  std::vector<std::string> lines{};
  std::vector<std::string> errors{};
  std::uint64_t line_count{};
  std::uint64_t line_bytes{};
  int too_long{};
  int exits{};
  ChildExit exit{};
  bool keep_lines{true};
  std::function<void(std::string_view)> each_line{};
  std::function<void()> at_exit{};
};

inline std::string text_of(const std::string& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

// Whether a process of that number is there and no zombie.
inline bool is_alive(int pid) {
  const std::string stat = text_of("/proc/" + std::to_string(pid) + "/stat");
  const std::size_t end = stat.rfind(") ");
  return end != std::string::npos && stat[end + 2] != 'Z' && stat[end + 2] != 'X';
}

inline bool becomes_true(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
  }
  return true;
}

inline std::size_t open_descriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    count += 1;
  }
  return count;
}

}  // namespace spine::agents::test
