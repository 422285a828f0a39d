// userns_need_of: what is told by names, and what is not.
#include "adapters/agents/process/userns_needs.h"

#include <filesystem>
#include <gtest/gtest.h>

#include "tests/unit/process/harness.h"

namespace spine::agents {
namespace {

std::string need(const std::string& program, const std::vector<std::string>& args = {}) {
  const auto found = userns_need_of(program, args);
  return found ? found->name : "";
}

TEST(UsernsNeeds, AreToldByProgramsLinksArgumentsAndPackages) {
  EXPECT_EQ(need("/usr/bin/chromium"), "chromium");
  EXPECT_EQ(need("/usr/bin/sh"), "");
  EXPECT_EQ(need("/usr/bin/npx", {"-y", "chrome-devtools-mcp@latest"}), "chrome-devtools-mcp");
  EXPECT_EQ(need("/usr/bin/npx", {"@playwright/mcp"}), "@playwright/mcp");
  EXPECT_EQ(need("/usr/bin/tool", {"--model", "codex-mini", "bwrapper"}), "");
  const test::TestFolder folder;
  folder.write("lib/codex/bin/codex.js", "");
  std::filesystem::create_symlink("lib/codex/bin/codex.js", folder.at("mine"));
  EXPECT_EQ(need(folder.at("mine")), "codex");
  folder.write("agent/package.json", R"({"dependencies": {"puppeteer" : "^22"}})");
  EXPECT_EQ(need(folder.write("agent/bin/agent", "")), "puppeteer");
  folder.write("agent/package.json", R"({"description": "no \"puppeteer\"", "keywords":
                                      ["puppeteer"]})");
  EXPECT_EQ(need(folder.at("agent/bin/agent")), "");
}

}  // namespace
}  // namespace spine::agents
