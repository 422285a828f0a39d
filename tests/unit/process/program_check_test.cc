// ProgramCheck: what is really missing is named, from inside of the agent's view.
#include <filesystem>
#include <gtest/gtest.h>

#include "adapters/agents/process/program.h"
#include "tests/unit/process/launching.h"

namespace spine::agents {
namespace {

testing::AssertionResult has(const std::string& text, std::string_view part) {
  if (text.find(part) != std::string::npos) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "\"" << text << "\" has no \"" << part << "\"";
}

class ProgramCheck : public test::GatewayWithAgent {
 protected:
  // Without a view, as far as a refusal goes.
  std::string refused(const std::string& program, const std::string& path = "/usr/bin:/bin") {
    const Status status =
        check_interpreter(program, path, [this](const std::string& at) { return at != hidden_; });
    return status ? "" : status.error().message;
  }

  std::string hidden_{};
};

TEST_F(ProgramCheck, SaysWhyAFileIsNoProgram) {
  make();
  means_ = {"", "", false, "no bubblewrap"};
  const std::string plain = folder_.write("bin/plain", "#!/bin/sh\n", 0644);
  EXPECT_TRUE(has(refusal({plain}), plain + " is not executable; run: chmod +x " + plain));
  std::filesystem::create_symlink("gone", folder_.at("bin/link"));
  EXPECT_TRUE(has(refusal({folder_.at("bin/link")}), "is a link to gone, which is not there"));
  EXPECT_TRUE(has(refusal({folder_.at("bin")}), "is a folder"));
  agent_.process.env = {{"PATH", folder_.at("bin")}};
  EXPECT_TRUE(has(refusal({"plain"}), plain + " is not executable"));
  EXPECT_TRUE(has(refusal({"link"}), folder_.at("bin/link") + " is a link to gone"));
  EXPECT_TRUE(has(refusal({"nothing"}), "is not on the agent's PATH"));
  // One further along the PATH does.
  agent_.process.env = {{"PATH", folder_.at("bin") + ":" + folder_.at("more")}};
  folder_.write("more/plain", "#!/bin/sh\n", 0755);
  EXPECT_EQ(refusal({"plain"}), "");
}

TEST_F(ProgramCheck, NamesTheInterpreterThatIsMissing) {
  const auto script = [this](std::string_view first) {
    return folder_.write("bin/script", std::string(first) + "\n", 0755);
  };
  EXPECT_EQ(refused(script("#!/bin/sh -e")), "");
  EXPECT_EQ(refused(script("#! /usr/bin/env sh")), "");
  EXPECT_EQ(refused(script("#!/usr/bin/env -S A=b sh -x")), "");
  EXPECT_EQ(refused(script("no script at all")), "");
  EXPECT_TRUE(
      has(refused(script("#!/opt/no/python3")), "names, /opt/no/python3 is not there: install it"));
  EXPECT_TRUE(has(refused(script("#!/usr/bin/env no-such-thing")),
                  "its interpreter no-such-thing is not on the agent's PATH (/usr/bin:/bin)"));
  EXPECT_TRUE(has(refused(script("#!/bin/sh\r")), "end as on Windows"));
  const std::string plain = folder_.write("bin/plain", "", 0644);
  EXPECT_TRUE(has(refused(script("#!" + plain)), "is not executable"));
}

TEST_F(ProgramCheck, AnInterpreterThatIsNotSeenDoesNotCount) {
  folder_.write("own/tool", "#!/bin/sh\n", 0755);
  hidden_ = folder_.at("own/tool");
  const std::string direct = folder_.write("bin/a", "#!" + hidden_ + "\n", 0755);
  EXPECT_TRUE(has(refused(direct), "is not seen in its sandbox"));
  const std::string by_env = folder_.write("bin/b", "#!/usr/bin/env tool\n", 0755);
  EXPECT_TRUE(has(refused(by_env, folder_.at("own")), "is not seen in its sandbox"));
  folder_.write("other/tool", "#!/bin/sh\n", 0755);
  EXPECT_EQ(refused(by_env, folder_.at("own") + ":" + folder_.at("other")), "");
}

TEST_F(ProgramCheck, IsAskedInTheViewOfTheAgent) {
  make();
  if (means_.bubblewrap.empty())
    GTEST_SKIP() << "SKIPPED, VIEWS ARE NOT TESTED: " << means_.why_not;
  folder_.write("keys/tool", "#!/bin/sh\n", 0755);
  const std::string script =
      folder_.write("bin/script", "#!" + folder_.at("gateway/state/x") + "\n", 0755);
  folder_.write("gateway/state/x", "#!/bin/sh\n", 0755);
  EXPECT_TRUE(has(refusal({script}), "is not seen in its sandbox"));
}

TEST_F(ProgramCheck, NamesTheLoaderOfABinary) {
  EXPECT_EQ(refused("/bin/true"), "");
  std::string binary = test::text_of("/bin/true");
  const std::size_t at = binary.find("/lib64/ld-linux-x86-64.so.2");
  if (at == std::string::npos) GTEST_SKIP() << "SKIPPED, LOADERS ARE NOT TESTED: no amd64";
  binary.replace(at, 27, "/lib64/ld-musl-nowhere.so.9");
  const std::string program = folder_.write("bin/musl", binary, 0755);
  EXPECT_TRUE(has(refused(program), "the loader it was built for, /lib64/ld-musl-nowhere.so.9 is"));
  EXPECT_EQ(refused(folder_.write("bin/short", binary.substr(0, 100), 0755)), "");
}

}  // namespace
}  // namespace spine::agents
