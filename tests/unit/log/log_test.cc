// Tests of engine/log/log.h: shapes of lines, levels, files, secrets.
#include "engine/log/log.h"

#include <cstdlib>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <iterator>
#include <sys/stat.h>
#include <thread>
#include <vector>

namespace spine::log {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

constexpr Logger kLogger{"engine"};

class Log : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "spine_log_XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    dir_ = pattern;
  }

  void TearDown() override {
    shutdown();
    std::filesystem::remove_all(dir_);
  }

  LogOptions options(Format format = Format::text) const {
    return {.format = format, .file = dir_ / "logs" / "spine.log", .to_stderr = false};
  }

  static std::string text_of(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  std::string text() const { return text_of(dir_ / "logs" / "spine.log"); }

  static unsigned mode_of(const std::filesystem::path& path) {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 0777U : 0U;
  }

  std::filesystem::path dir_{};
};

TEST_F(Log, TextLineHasTimeWithOffsetLevelAndSubsystem) {
  ASSERT_TRUE(init(options()));
  kLogger.info("listening on {}:{}", "127.0.0.1", 18789);
  EXPECT_THAT(text(),
              MatchesRegex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{3}"
                           "[+-][0-9]{2}:[0-9]{2} INFO  engine: listening on "
                           "127[.]0[.]0[.]1:18789\n"));
}

TEST_F(Log, JsonLineHasTheFieldsReadersOfTslogLookFor) {
  ASSERT_TRUE(init(options(Format::json)));
  kLogger.warn("a \"quoted\" \\ path");
  const std::string line = text();
  EXPECT_THAT(line, HasSubstr(R"(","level":"warn","subsystem":"engine",)"));
  EXPECT_THAT(line, HasSubstr(R"("message":"a \"quoted\" \\ path",)"));
  EXPECT_THAT(line, HasSubstr(R"("logLevelName":"WARN","name":"{\"subsystem\":\"engine\"}"}})"
                              "\n"));
  EXPECT_THAT(line,
              ContainsRegex("^[{]\"time\":\"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{12}[+-][0-9]{2}"
                            ":[0-9]{2}\""));
}

TEST_F(Log, TimesFollowTheZoneOfTheHost) {
  ::setenv("TZ", "IST-5:30", 1);
  ::tzset();
  ASSERT_TRUE(init(options()));
  kLogger.info("here");
  ::unsetenv("TZ");
  ::tzset();
  EXPECT_THAT(text(), HasSubstr("+05:30 INFO"));
}

TEST_F(Log, LinesBelowTheLevelAreNotWritten) {
  ASSERT_TRUE(init(options()));
  kLogger.debug("hidden");
  set_level(Level::debug);
  kLogger.debug("shown");
  kLogger.trace("hidden too");
  EXPECT_THAT(text(), HasSubstr("shown"));
  EXPECT_THAT(text(), Not(HasSubstr("hidden")));
  EXPECT_FALSE(enabled(Level::trace));
}

TEST_F(Log, ControlCharactersCannotForgeALine) {
  ASSERT_TRUE(init(options()));
  kLogger.info("name {}", "x\n2026 ERROR engine: forged \x1b[31m");
  EXPECT_THAT(text(), HasSubstr("name x\\n2026 ERROR engine: forged \\x1b[31m\n"));
  EXPECT_EQ(std::ranges::count(text(), '\n'), 1);
}

TEST_F(Log, SecretNeverAppears) {
  redact("s3cr3t-token-value");
  ASSERT_TRUE(init(options(Format::json)));
  kLogger.info("auth s3cr3t-token-value and again s3cr3t-token-value.");
  EXPECT_THAT(text(), HasSubstr("auth [redacted] and again [redacted]."));
}

TEST_F(Log, FileAndDirectoryAreForTheOwnerAlone) {
  ASSERT_TRUE(init(options()));
  EXPECT_EQ(mode_of(dir_ / "logs" / "spine.log"), 0600U);
  EXPECT_EQ(mode_of(dir_ / "logs"), 0700U);
  EXPECT_EQ(current_file(), dir_ / "logs" / "spine.log");
}

TEST_F(Log, LargeFileIsRotatedAndOldOnesGo) {
  LogOptions small = options();
  small.bytes_max = 1000;
  small.files_kept = 2;
  ASSERT_TRUE(init(small));
  for (int i = 0; i < 100; ++i)
    kLogger.info("line {:04} {}", i, std::string(60, 'x'));
  EXPECT_THAT(text(), HasSubstr("line 0099"));
  EXPECT_LE(std::filesystem::file_size(dir_ / "logs" / "spine.log"), 1000U);
  EXPECT_EQ(mode_of(dir_ / "logs" / "spine.1.log"), 0600U);
  EXPECT_TRUE(std::filesystem::exists(dir_ / "logs" / "spine.2.log"));
  EXPECT_FALSE(std::filesystem::exists(dir_ / "logs" / "spine.3.log"));
}

TEST_F(Log, ReopenFollowsTheNameAfterTheFileWasMovedAway) {
  ASSERT_TRUE(init(options()));
  kLogger.info("before");
  std::filesystem::rename(dir_ / "logs" / "spine.log", dir_ / "moved");
  kLogger.info("still the old one");
  ASSERT_TRUE(reopen());
  kLogger.info("after");
  EXPECT_THAT(text_of(dir_ / "moved"), HasSubstr("still the old one"));
  EXPECT_THAT(text(), HasSubstr("after"));
  EXPECT_THAT(text(), Not(HasSubstr("before")));
}

TEST_F(Log, FileThatCannotBeWrittenIsAnErrorAndTheOldOneStays) {
  ASSERT_TRUE(init(options()));
  LogOptions bad = options();
  bad.file = dir_ / "logs" / "spine.log" / "below-a-file.log";
  const Status status = init(bad);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Errc::io);
  EXPECT_THAT(status.error().message, HasSubstr("spine.log"));
  kLogger.info("still here");
  EXPECT_THAT(text(), HasSubstr("still here"));
}

TEST_F(Log, LinesOfSeveralThreadsStayWhole) {
  ASSERT_TRUE(init(options()));
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < 50; ++i)
        kLogger.info("thread {} line {} end", t, i);
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  std::ifstream in(dir_ / "logs" / "spine.log");
  int lines = 0;
  for (std::string line; std::getline(in, line); ++lines) {
    EXPECT_THAT(line, ContainsRegex("thread [0-9] line [0-9]+ end$"));
  }
  EXPECT_EQ(lines, 200);
}

}  // namespace
}  // namespace spine::log
