// What an agent sees of the tools of the gateway's user: made-up installations of every kind, with
// what opens accounts beside them. The tool runs; nothing beside it can be read.
#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>

#include "adapters/agents/process/agent_view.h"
#include "adapters/agents/process/program.h"
#include "tests/unit/process/launching.h"

namespace spine::agents {
namespace {

namespace fs = std::filesystem;
using Said = std::vector<std::string>;

// The user's home is <folder>/home/me, and is hidden twice: it lies below /tmp, too.
class Prefixes : public test::GatewayWithAgent {
 protected:
  void SetUp() override {
    if (means_.bubblewrap.empty()) {
      GTEST_SKIP() << "SKIPPED, NOTHING ABOUT THE SANDBOX IS TESTED: " << means_.why_not;
    }
    // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread
    if (const char* home = std::getenv("HOME")) home_before_ = home;
    ::setenv("HOME", home().c_str(), 1);
    agent_.process.sandbox.separation = config::Separation::bubblewrap;
    agent_.workspace = folder_.at("work");
    for (const std::string file : {".npmrc", ".netrc", ".config/gh/hosts.yml", ".aws/credentials",
                                   ".local/share/keyrings/login", ".git-credentials"}) {
      secret(file);
    }
    make();
  }
  void TearDown() override {
    if (!home_before_.empty()) ::setenv("HOME", home_before_.c_str(), 1);
  }

  std::string home() const { return folder_.at("home/me"); }
  std::string at(const std::string& name) const { return home() + "/" + name; }
  void file(const std::string& name, const std::string& text) {
    folder_.write("home/me/" + name, text);
  }
  void script(const std::string& name, const std::string& text) {
    folder_.write("home/me/" + name, text, 0755);
  }
  void link(const std::string& name, const std::string& target) {
    fs::create_directories(fs::path(at(name)).parent_path());
    fs::create_symlink(target, at(name));
  }
  void secret(const std::string& name) {
    file(name, "opens an account");
    secrets_.push_back(at(name));
  }
  void set_path(const std::string& entries) {
    agent_.process.env = {{"PATH", entries + ":/usr/bin:/bin"}, {"ME", home()}};
  }
  Said run(std::vector<std::string> command_line) {
    const auto launch = prepare(std::move(command_line));
    if (!launch) return {launch.error().message};
    test::Watched agent;
    agent.start(launch->plan);
    EXPECT_TRUE(agent.run_to_exit());
    Said lines = agent.lines;
    lines.insert(lines.end(), agent.errors.begin(), agent.errors.end());
    return lines;
  }
  // The tool runs as `command`, and beside it nothing is seen.
  void expect_works(const std::string& command, const Said& expected = {"works"}) {
    EXPECT_EQ(run({command}), expected);
    // The same view as the tool has: an argument is shown like a program.
    const std::string tool =
        find_program(command, agent_.process.env.at(0).second, places_.workspace);
    agent_.process.args = {tool};
    std::string test = "for f in";
    for (const std::string& path : secrets_)
      test += " '" + path + "'";
    test += "; do if test -e $f; then echo $f is seen; fi; done; test -e " + tool + " && echo end";
    EXPECT_EQ(run({"sh", "-c", test}), Said{"end"});
    agent_.process.args = {};
  }

  std::vector<std::string> secrets_{};
  std::string home_before_{};
};

TEST_F(Prefixes, APlainToolWithItsLibrary) {
  script(".x/bin/tool", "#!/bin/sh\n. \"$(dirname \"$0\")/../lib/x/part\"\n");
  file(".x/lib/x/part", "echo works\n");
  for (const std::string name : {".x/credentials.json", ".x/share/token", ".x/etc/auth", ".x/.env"})
    secret(name);
  set_path(at(".x/bin"));
  expect_works("tool");
}

TEST_F(Prefixes, NodeOfNvmAndAPrefixOfNpm) {
  script(".nvm/versions/node/v20/bin/node", "#!/bin/sh\nexec /bin/sh \"$@\"\n");
  link(".nvm/versions/node/v20/bin/npx", "../lib/node_modules/npm/bin/npx.js");
  script(".nvm/versions/node/v20/lib/node_modules/npm/bin/npx.js", "#!/usr/bin/env node\n:\n");
  script(".npm-global/lib/node_modules/tool/cli.js",
         "#!/usr/bin/env node\ncat \"$(dirname \"$(readlink -f \"$0\")\")/data\"\n");
  file(".npm-global/lib/node_modules/tool/data", "works\n");
  link(".npm-global/bin/tool", "../lib/node_modules/tool/cli.js");
  for (const std::string name : {".npm-global/etc/npmrc", ".nvm/versions/node/v20/etc/npmrc",
                                 ".nvm/.git/config", ".npm-global/share/x"}) {
    secret(name);
  }
  set_path(at(".npm-global/bin") + ":" + at(".nvm/versions/node/v20/bin"));
  expect_works("tool");
  EXPECT_EQ(run({"npx"}), Said{});
}

TEST_F(Prefixes, ModulesOfAProject) {
  script("project/node_modules/tool/cli", "#!/bin/sh\ncat \"$ME/project/node_modules/other/x\"\n");
  file("project/node_modules/other/x", "works\n");
  link("project/node_modules/.bin/tool", "../tool/cli");
  for (const std::string name : {"project/.env", "project/.npmrc", "project/config/keys.json"})
    secret(name);
  set_path(at("project/node_modules/.bin"));
  expect_works("tool");
}

TEST_F(Prefixes, ShimsOfAsdf) {
  script(".asdf/shims/tool", "#!/bin/sh\nexec \"$ME/.asdf/bin/asdf\" exec tool\n");
  script(".asdf/bin/asdf", "#!/bin/sh\n. \"$ME/.asdf/lib/utils\"\nrun \"$2\"\n");
  file(".asdf/lib/utils", "run() { exec \"$ME/.asdf/installs/$1/1.0/bin/$1\"; }\n");
  script(".asdf/installs/tool/1.0/bin/tool", "#!/bin/sh\necho works\n");
  for (const std::string name : {".asdfrc", ".asdf/credentials", ".asdf/tmp/token"})
    secret(name);
  set_path(at(".asdf/shims"));
  expect_works("tool");
}

TEST_F(Prefixes, ShimsOfMiseAreLinksToIt) {
  script(".local/bin/mise",
         "#!/bin/sh\nexec \"$ME/.local/share/mise/installs/$(basename \"$0\")/1/bin/tool\"\n");
  link(".local/share/mise/shims/tool", "../../../bin/mise");
  script(".local/share/mise/installs/tool/1.2/bin/tool", "#!/bin/sh\necho works\n");
  link(".local/share/mise/installs/tool/1", "./1.2");
  for (const std::string name : {".local/share/mise/tokens.toml", ".config/mise/config.toml",
                                 ".local/state/mise/trusted", ".local/share/x/auth.json"}) {
    secret(name);
  }
  set_path(at(".local/share/mise/shims"));
  expect_works("tool");
}

TEST_F(Prefixes, ShimsOfVoltaAndItsImages) {
  script(".volta/bin/volta-shim",
         "#!/bin/sh\ntest -e \"$ME/.volta/layout.v4\" && exec "
         "\"$ME/.volta/tools/image/packages/tool/bin/tool\"\n");
  link(".volta/bin/tool", "volta-shim");
  file(".volta/layout.v4", "");
  script(".volta/tools/image/packages/tool/bin/tool", "#!/bin/sh\necho works\n");
  for (const std::string name : {".volta/hooks.json", ".volta/log/x", ".volta/cache/token"})
    secret(name);
  set_path(at(".volta/bin"));
  expect_works("tool");
}

TEST_F(Prefixes, PnpmWhoseFolderIsOnThePathItself) {
  script(".local/share/pnpm/tool",
         "#!/bin/sh\nexec \"$(dirname \"$0\")/global/5/node_modules/tool/cli\"\n");
  link(".local/share/pnpm/same", "tool");
  script(".local/share/pnpm/global/5/.pnpm/tool@1/node_modules/tool/cli",
         "#!/bin/sh\necho works\n");
  link(".local/share/pnpm/global/5/node_modules/tool", "../.pnpm/tool@1/node_modules/tool");
  for (const std::string name :
       {".local/share/pnpm/auth.ini", ".config/pnpm/rc", ".local/share/pnpm/state.json"}) {
    secret(name);
  }
  set_path(at(".local/share/pnpm"));
  expect_works("tool");
  expect_works("same");
}

TEST_F(Prefixes, AnEnvironmentOfPipxWithThePythonOfPyenv) {
  const std::string venv = ".local/share/pipx/venvs/tool/";
  script(".pyenv/versions/3.12/bin/python3",
         "#!/bin/sh\n. \"$ME/.pyenv/versions/3.12/lib/std\"\n"
         "exec /bin/sh \"$@\"\n");
  file(".pyenv/versions/3.12/lib/std", ":\n");
  link(venv + "bin/python", at(".pyenv/versions/3.12/bin/python3"));
  file(venv + "pyvenv.cfg", "home = x\n");
  file(venv + "lib/tool/main", "echo works\n");
  link(venv + "lib64", "lib");
  script(venv + "bin/tool", "#!" + at(venv + "bin/python") + "\ntest -e \"$ME/" + venv +
                                "pyvenv.cfg\" && . \"$ME/" + venv + "lib64/tool/main\"\n");
  link(".local/bin/tool", "../share/pipx/venvs/tool/bin/tool");
  for (const char* name : {"token", "share/x", "../../auth"})
    secret(venv + name);
  secret(".pyenv/.netrc");
  set_path(at(".local/bin"));
  expect_works("tool");
}

TEST_F(Prefixes, AProgramThatIsNamedByItsPath) {
  script(".tool/tool", "#!/bin/sh\necho works\n");
  secret(".tool/credentials.json");
  script("tool2", "#!/bin/sh\necho works\n");
  script("linked/real/tool3", "#!/bin/sh\ncat \"$ME/linked/real/data\"\n");
  file("linked/real/data", "works\n");
  link("tool3", "linked/real/tool3");
  secret("linked/secret");
  set_path("/usr/bin");
  for (const std::string name : {".tool/tool", "tool2", "tool3"})
    expect_works(at(name));
}

TEST_F(Prefixes, APackageOfNodeThatIsLinkedIn) {
  script("source/tool/bin/cli.js", "#!/bin/sh\ncat \"$ME/source/tool/dist/main\"\n");
  file("source/tool/dist/main", "works\n");
  file("source/tool/package.json", "{}\n");
  link(".npm-global/lib/node_modules/tool", at("source/tool"));
  link(".npm-global/bin/tool", "../lib/node_modules/tool/bin/cli.js");
  secret("source/keys");
  secret("source/other/.env");
  set_path(at(".npm-global/bin"));
  expect_works("tool");
}

TEST_F(Prefixes, AFileThatIsAnArgumentShowsNothingBesideIt) {
  file(".x/settings.json", "settings");
  secret(".x/auth.json");
  script("agents/mine/main.py", "import part\n");
  file("agents/mine/part.py", "a part");
  agent_.process.env = {{"PATH", "/usr/bin:/bin"}};
  agent_.process.args = {"--config", at(".x/settings.json"), at("agents/mine/main.py")};
  EXPECT_EQ(look("cat " + at(".x/settings.json")), Said{"settings"});
  EXPECT_EQ(look("cat " + at("agents/mine/part.py")), Said{"a part"});
  EXPECT_EQ(look("test -e " + at(".x/auth.json") + " || echo none"), Said{"none"});
  EXPECT_EQ(look("ls -A " + at(".x")), Said{"settings.json"});
}

// PATHs that real shells have, which must show nothing of the folders themselves.
TEST_F(Prefixes, AHomeOrAFolderOfDataOnThePathShowsNoMoreThanPrograms) {
  script("bin/tool", "#!/bin/sh\necho works\n");
  script(".config/tool/run", "#!/bin/sh\necho runs\n");
  secret(".config/tool/token");
  secret("lib-private/x");
  secret("share/x");
  set_path(home() + ":" + at("bin") + ":" + at(".config") + ":" + at(".config/tool") + ":" +
           at(".local") + ":" + at(".local/share") + ":/:" + at("missing"));
  expect_works("tool");
  expect_works("run", {"runs"});
}

TEST(Interpreter, IsReadFromTheBeginningOfAFile) {
  const test::TestFolder folder;
  const std::string tool = folder.write("bin/node", "#!/bin/sh\n", 0755);
  const auto of = [&](std::string_view text) {
    return interpreter_of(folder.write("script", text), folder.at("bin") + ":/usr/bin:/bin");
  };
  EXPECT_EQ(of("#!/bin/sh\nx"), "/bin/sh");
  EXPECT_EQ(of("#! /bin/sh -e\r\nx"), "/bin/sh");
  EXPECT_EQ(of("#!/usr/bin/env node\nx"), tool);
  EXPECT_EQ(of("#!/usr/bin/env -S A=1 node --flag\nx"), tool);
  EXPECT_EQ(of("#!/usr/bin/env no-such-program\n"), "");
  EXPECT_EQ(of("#!"), "");
  EXPECT_EQ(of("\x7f"
               "ELF"),
            "");
  EXPECT_EQ(of(""), "");
  EXPECT_EQ(interpreter_of("/nowhere", "/usr/bin"), "");
#ifdef __x86_64__
  EXPECT_EQ(interpreter_of("/bin/sh", ""), "/lib64/ld-linux-x86-64.so.2");
#endif
}

TEST(PrefixOfATool, IsToldFromAFolderOfOneProgram) {
  const test::TestFolder folder;
  folder.write("prefix/bin/tool", "");
  folder.write("prefix/lib/x", "");
  folder.write("prefix/libexec/x", "");
  folder.write("prefix/library/x", "");
  folder.write("source/bin/tool", "");
  folder.write("source/go.mod", "");
  folder.write("one/tool", "");
  EXPECT_TRUE(is_prefix(folder.at("prefix")));
  EXPECT_FALSE(is_prefix(folder.at("source")));
  EXPECT_FALSE(is_prefix(folder.at("one")));
  for (const std::string name : {".x", ".config/x", ".local/share/x", ".local/state/x", ".cache/x"})
    EXPECT_TRUE(is_prefix(folder.at(name))) << name;
  EXPECT_FALSE(is_prefix(folder.at(".local/share/x/versions")));
  EXPECT_EQ(program_parts(folder.at("prefix"), false),
            (Said{folder.at("prefix/bin"), folder.at("prefix/lib"), folder.at("prefix/libexec")}));
}

}  // namespace
}  // namespace spine::agents
