// Which lines of the log are about an agent.
#include "adapters/cli/logs.h"

#include <gtest/gtest.h>
#include <sstream>

namespace spine::cli {
namespace {

TEST(LogLines, WhatAnAgentSaysAndWhatIsSaidOfItIsAboutIt) {
  const std::string time = "2026-11-23T01:00:00.000+00:00 ";
  EXPECT_TRUE(about_agent(time + "INFO  agent/pi: loading", "pi"));
  EXPECT_TRUE(about_agent(time + "WARN  agents: pi: ended by signal 9, starts again", "pi"));
  EXPECT_TRUE(about_agent(time + "WARN  agents: the agent \"pi\" is in quarantine", "pi"));
  EXPECT_FALSE(about_agent(time + "INFO  agent/pi-two: loading", "pi"));
  EXPECT_FALSE(about_agent(time + "INFO  agents: pi-two: ready", "pi"));
  EXPECT_FALSE(about_agent(time + "INFO  net: the pipe of pi", "pi"));
  EXPECT_FALSE(about_agent("no log line at all", "pi"));
  EXPECT_FALSE(about_agent("", "pi"));
  EXPECT_TRUE(about_agent("anything", ""));
}

TEST(LogLines, LinesInJsonAreReadToo) {
  const auto line = [](const std::string& subsystem, const std::string& message) {
    return R"({"time":"t","level":"info","subsystem":")" + subsystem + R"(","message":")" +
           message + R"(","_meta":{"date":"t","logLevelName":"INFO","name":"x main"}})";
  };
  EXPECT_TRUE(about_agent(line("agent/main", "says: hello"), "main"));
  EXPECT_TRUE(about_agent(line("agents", "main: ready"), "main"));
  EXPECT_FALSE(about_agent(line("agents", "other: ready"), "main"));
  EXPECT_FALSE(about_agent(line("net", "main"), "main"));
}

TEST(LogLines, TheLastOnesAreKept) {
  std::istringstream file{
      "t INFO agents: a: one\nt INFO net: two\nt INFO agent/a: three\nt INFO agents: a: four\n"};
  const auto lines = last_lines(file, 2, "a");
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0], "t INFO agent/a: three");
  EXPECT_EQ(lines[1], "t INFO agents: a: four");
  std::istringstream again{"one\ntwo\n"};
  EXPECT_TRUE(last_lines(again, 0, "").empty());
}

}  // namespace
}  // namespace spine::cli
