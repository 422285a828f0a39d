// What the tests of engine/config share: a directory per test, an environment of their own.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <gtest/gtest.h>
#include <map>
#include <string>
#include <string_view>
#include <sys/stat.h>

#include "engine/config/config.h"

namespace spine::config {

// The environment that `test_getenv` shows; the process's own is never looked at.
inline std::map<std::string, std::string, std::less<>>& test_env() {
  static std::map<std::string, std::string, std::less<>> variables;
  return variables;
}

inline const char* test_getenv(const char* name) {
  const auto it = test_env().find(std::string_view{name});
  return it == test_env().end() ? nullptr : it->second.c_str();
}

// A configuration, and what is said about it.
struct Case {
  std::string_view text{};
  std::string_view wanted{};
};

class ConfigTest : public ::testing::Test {
 protected:
  void SetUp() override {
    test_env() = {{"HOME", "/home/someone"}};
    std::string pattern = (std::filesystem::temp_directory_path() / "spine_config_XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    dir_ = std::filesystem::canonical(pattern);
  }

  void TearDown() override { std::filesystem::remove_all(dir_); }

  std::filesystem::path write(const std::string& name, std::string_view text) const {
    const std::filesystem::path path = dir_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }

  static unsigned mode_of(const std::filesystem::path& path) {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 0777U : 0U;
  }

  // The configuration of a text that must be right.
  static Config parsed(std::string_view text) {
    Result<Config> config = parse(text, "c.json", test_getenv);
    EXPECT_TRUE(config) << (config ? "" : config.error().message);
    return config ? std::move(*config) : Config{};
  }

  // What is said about a text that must be refused.
  static std::string refusal(std::string_view text) {
    const Result<Config> config = parse(text, "c.json", test_getenv);
    EXPECT_FALSE(config) << "accepted: " << text;
    if (config) return {};
    EXPECT_EQ(config.error().code, Errc::invalid_argument);
    return config.error().message;
  }

  // The warnings of a text that must be right, one a line.
  static std::string warnings(std::string_view text) {
    std::string out;
    for (const std::string& warning : parsed(text).warnings)
      out += warning + "\n";
    return out;
  }

  std::filesystem::path dir_{};
};

}  // namespace spine::config
