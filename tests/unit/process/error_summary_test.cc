// error_summary: the reason in what a program wrote to stderr, and no secret in it.
#include "adapters/agents/process/error_summary.h"

#include <gtest/gtest.h>

namespace spine::agents {
namespace {

TEST(ErrorSummary, IsTheLastOneThatSpeaksOfAnError) {
  EXPECT_EQ(error_summary("Unknown provider \"x\"\n"), "Unknown provider \"x\"");
  EXPECT_EQ(error_summary("Error: boom\nbye\n"), "Error: boom");
  EXPECT_EQ(error_summary("starting\nready soon\n\n"), "ready soon");
  EXPECT_EQ(error_summary("\x1b[31mfatal:\x1b[0m no model\r\n"), "fatal: no model");
  EXPECT_EQ(
      error_summary("node:internal/modules:1\n  throw err;\n  ^\n\nError: Cannot find module "
                    "'/x/cli.js'\n    at Module._load (node:internal:1:2)\n\nNode.js v20.1.0\n"),
      "Error: Cannot find module '/x/cli.js'");
  EXPECT_EQ(
      error_summary("Traceback (most recent call last):\n  File \"/a.py\", line 1, in <module>\n"
                    "    import missing_thing\nModuleNotFoundError: No module named 'x'\n"),
      "ModuleNotFoundError: No module named 'x'");
  EXPECT_EQ(error_summary(""), "");
  EXPECT_EQ(error_summary(" \n---\n"), "");
  EXPECT_EQ(error_summary(std::string(5'000, 'x')).size(), 300U);
}

TEST(ErrorSummary, WhatLooksLikeAKeyIsLeftOut) {
  EXPECT_EQ(hide_secrets("Incorrect API key: sk-abc123DEF456ghi789jkl0."),
            "Incorrect API key: sk-[redacted].");
  EXPECT_EQ(hide_secrets("Unknown model claude-3-5-sonnet-20241022"),
            "Unknown model claude-3-5-sonnet-20241022");
  EXPECT_EQ(hide_secrets("no model at /usr/lib/node_modules/pi/dist/main2.js"),
            "no model at /usr/lib/node_modules/pi/dist/main2.js");
  EXPECT_EQ(hide_secrets("Unknown provider \"anthropic-vertex\""),
            "Unknown provider \"anthropic-vertex\"");
  EXPECT_EQ(hide_secrets(""), "");
}

}  // namespace
}  // namespace spine::agents
