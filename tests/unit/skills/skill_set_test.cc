// Tests of adapters/skills/skill_set.h: roots, winners, eligibility, changes.
#include "adapters/skills/skill_set.h"

#include <chrono>
#include <sys/stat.h>

#include "schemas/vocab/limits.h"
#include "tests/unit/skills/support.h"

#include "event_generated.h"

namespace spine::skills {
namespace {

namespace fs = std::filesystem;

class SkillSets : public SkillsTest {
 protected:
  void add_program(const std::string& name) {
    const fs::path path = write("bin/" + name, "#!/bin/sh\n");
    fs::permissions(path, fs::perms::owner_all);
    env_["PATH"] = "/nowhere:" + at("bin");
  }
};

TEST_F(SkillSets, TheRootOfHighestPrecedenceWins) {
  const std::string roots[] = {"main/skills/", "main/.agents/skills/", "home/.agents/skills/",
                               "managed/", "extra/"};
  const std::string labels[] = {"workspace", "workspace-agents", "agents", "managed", "extra"};
  for (const std::string& root : roots)
    add(root + "tool");
  for (std::size_t i = 0; i < std::size(roots); ++i) {
    const SkillSet set = scan(request());
    const std::vector<const Skill*> given = set.for_agent("main");
    ASSERT_EQ(given.size(), 1U);
    EXPECT_EQ(given[0]->report.root, labels[i]);
    EXPECT_EQ(given[0]->directory, at(roots[i] + "tool"));
    fs::remove_all(dir_ / (roots[i] + "tool"));
  }
}

TEST_F(SkillSets, WhatLosesIsANoteAndNoFault) {
  add("managed/tool");
  const std::string loser = add("extra/tool").string();
  add("main/skills/tool");
  const SkillSet set = scan(request());
  ASSERT_EQ(set.faults().size(), 2U) << faults(set);
  EXPECT_EQ(set.faults()[0].weight, Weight::note);
  EXPECT_EQ(set.faults()[0].path, loser);
  EXPECT_NE(set.faults()[1].message.find("by the agent main"), std::string::npos) << faults(set);
  EXPECT_EQ(set.for_agent("helper")[0]->report.root, "managed");
}

TEST_F(SkillSets, AWorkspaceIsItsAgentsOwn) {
  add("main/skills/own");
  add("managed/shared");
  const SkillSet set = scan(request());
  EXPECT_EQ(names(set.for_agent("main")), "own shared");
  EXPECT_EQ(names(set.for_agent("helper")), "shared");
  EXPECT_EQ(names(set.for_agent("nobody")), "");
}

TEST_F(SkillSets, ABrokenOneDoesNotHideAGoodOne) {
  write("main/skills/tool/SKILL.md", "no front matter");
  add("managed/tool");
  const SkillSet set = scan(request());
  EXPECT_EQ(names(set.for_agent("main")), "tool");
  EXPECT_EQ(set.looked_at(), 2U);
}

TEST_F(SkillSets, AllowListsAreAllNoneOrExactlyThese) {
  add("managed/one");
  add("managed/two");
  SkillsRequest asked = request();
  asked.agents[0].allowed = std::vector<std::string>{};
  asked.agents[1].allowed = {"two", "three"};
  const SkillSet set = scan(asked);
  EXPECT_EQ(names(set.for_agent("main")), "");
  EXPECT_EQ(names(set.for_agent("helper")), "two");
}

TEST_F(SkillSets, TheSearchIsSixDeepAndEndsAtASkill) {
  add("managed/1/2/3/4/5/six");
  add("managed/1/2/3/4/5/6/seven");
  add("managed/outer/inner");
  add("managed/outer");
  add("managed/.hidden/secret");
  add("managed/node_modules/package");
  EXPECT_EQ(names(scan(request()).for_agent("main")), "outer six");
}

TEST_F(SkillSets, LinksMustStayInTheirRootUnlessAllowed) {
  add("managed/real");
  add("elsewhere/guest");
  add("repo/friend");
  fs::create_symlink(dir_ / "elsewhere/guest", dir_ / "managed/guest");
  fs::create_symlink(dir_ / "repo/friend", dir_ / "managed/friend");
  fs::create_symlink("nowhere", dir_ / "managed/broken");
  write("managed/file-link/SKILL.md", "");
  fs::remove(dir_ / "managed/file-link/SKILL.md");
  fs::create_symlink(dir_ / "elsewhere/guest/SKILL.md", dir_ / "managed/file-link/SKILL.md");
  SkillsRequest asked = request();
  asked.skills.allow_symlinks = {at("repo")};
  const SkillSet set = scan(asked);
  EXPECT_EQ(names(set.for_agent("main")), "friend real");
  EXPECT_EQ(find(set, "friend")->directory, at("repo/friend"));
  const std::string text = faults(set);
  EXPECT_NE(text.find("managed/guest:0: the link leads out of its root"), std::string::npos)
      << text;
  EXPECT_NE(text.find("managed/file-link/SKILL.md:0: the link leads out"), std::string::npos);
  EXPECT_NE(text.find("managed/broken:0: the link leads nowhere"), std::string::npos);
}

TEST_F(SkillSets, LinksInACircleEnd) {
  add("managed/group/tool");
  fs::create_symlink(dir_ / "managed", dir_ / "managed/group/up");
  fs::create_symlink(dir_ / "managed/group", dir_ / "managed/group/self");
  EXPECT_EQ(names(scan(request()).for_agent("main")), "tool");
}

TEST_F(SkillSets, OddFilesAreNamed) {
  fs::create_directories(dir_ / "managed/pipe");
  ASSERT_EQ(::mkfifo(at("managed/pipe/SKILL.md").c_str(), 0600), 0);
  write("managed/lower/skill.md", skill_text("lower"));
  write("managed/large/SKILL.md", std::string(limits::kSkillFileBytesMax + 10, 'x'));
  add("managed/renamed");
  fs::rename(dir_ / "managed/renamed", dir_ / "managed/other");
  const SkillSet set = scan(request());
  const std::string text = faults(set);
  EXPECT_NE(text.find("managed/pipe/SKILL.md:0: this is no regular file"), std::string::npos)
      << text;
  EXPECT_NE(text.find("managed/lower/skill.md:0: the file must be called"), std::string::npos)
      << text;
  EXPECT_NE(text.find("managed/large/SKILL.md:0: the file is larger"), std::string::npos) << text;
  EXPECT_NE(text.find("managed/other/SKILL.md:2: name \"renamed\" is not"), std::string::npos)
      << text;
  EXPECT_TRUE(set.skills().empty());
}

TEST_F(SkillSets, ARootHoldsNoMoreThanItMay) {
  for (std::size_t i = 0; i <= limits::kSkillsPerRootMax; ++i)
    add("managed/s" + std::to_string(i));
  const SkillSet set = scan(request());
  EXPECT_EQ(set.skills().size(), limits::kSkillsPerRootMax);
  EXPECT_NE(faults(set).find("a root may hold 512 skills"), std::string::npos);
}

TEST_F(SkillSets, WhatIsMissingIsListedWithASentence) {
  add_program("jq");
  settings_["channels.mail"] = true;
  add("managed/needy",
      R"(metadata: {"openclaw": {"os": ["darwin"], "primaryEnv": "N_KEY", "requires": {)"
      R"("bins": ["jq", "nosuch"], "anyBins": ["no-a", "no-b"], "env": ["N_KEY", "N_HOST"], )"
      R"("config": ["channels.mail", "channels.fax"]}, )"
      R"("install": [{"kind": "apt", "package": "nosuch", "bins": ["nosuch"]}]}})"
      "\n");
  const SkillSet set = scan(request());
  const pipeline::SkillReport& report = find(set, "needy")->report;
  EXPECT_FALSE(report.eligible);
  EXPECT_EQ(report.missing_bins, std::vector<std::string>{"nosuch"});
  EXPECT_EQ(report.missing_any_bins.size(), 2U);
  EXPECT_EQ(report.missing_env.size(), 2U);
  EXPECT_EQ(report.missing_config, std::vector<std::string>{"channels.fax"});
  EXPECT_EQ(report.missing_os, std::vector<std::string>{"darwin"});
  ASSERT_EQ(report.reasons.size(), 6U);
  EXPECT_NE(report.reasons[0].find("darwin only"), std::string::npos);
  EXPECT_NE(report.reasons[1].find("Install nosuch (apt)"), std::string::npos) << report.reasons[1];
  EXPECT_NE(report.reasons[3].find("skills.entries.needy.apiKey"), std::string::npos);
  EXPECT_NE(report.reasons[4].find("skills.entries.needy.env.N_HOST"), std::string::npos);
  EXPECT_EQ(names(set.for_agent("main")), "");
}

TEST_F(SkillSets, WhatIsThereMakesItEligible) {
  add_program("jq");
  add_program("b");
  env_["N_HOST"] = "h";
  settings_["x"] = true;
  add("managed/needy",
      R"(metadata: {"openclaw": {"os": ["linux", "darwin"], "primaryEnv": "N_KEY", "requires": {)"
      R"("bins": ["jq"], "anyBins": ["a", "b"], "env": ["N_KEY", "N_HOST"], "config": ["x"]}}})"
      "\n");
  SkillsRequest asked = request();
  asked.skills.entries = {{.name = "needy", .api_key = "k", .env = {{"N_MORE", "m"}}}};
  const SkillSet set = scan(asked);
  EXPECT_EQ(names(set.for_agent("main")), "needy");
  using Pair = std::pair<std::string, std::string>;
  EXPECT_EQ(find(set, "needy")->env, (std::vector<Pair>{{"N_MORE", "m"}, {"N_KEY", "k"}}));
}

TEST_F(SkillSets, AlwaysStandsAboveRequirementsAndBelowTheSwitchAndTheSystem) {
  add("managed/free", "metadata: {openclaw: {always: true, requires: {bins: [nosuch]}}}\n");
  add("managed/mac", "metadata: {openclaw: {always: true, os: [darwin]}}\n");
  SkillsRequest asked = request();
  EXPECT_EQ(names(scan(asked).for_agent("main")), "free");
  asked.skills.entries = {{.name = "free", .enabled = false}};
  const SkillSet set = scan(asked);
  EXPECT_EQ(names(set.for_agent("main")), "");
  EXPECT_TRUE(find(set, "free")->report.disabled);
}

TEST_F(SkillSets, TheVersionCountsWhatAgentsAreGiven) {
  SkillScanner scanner;
  SkillsRequest asked = request();
  add("managed/tool");
  const SkillSet first = scanner.scan(asked, nullptr);
  EXPECT_EQ(first.version(), 1U);
  const SkillSet same = scanner.scan(asked, &first);
  EXPECT_EQ(same.version(), 1U);
  write("managed/broken/SKILL.md", "x");
  const SkillSet faulty = scanner.scan(asked, &same);
  EXPECT_EQ(faulty.version(), 1U) << "a broken skill is given to nobody";
  EXPECT_NE(faulty.shown_digest(), same.shown_digest());
  add("managed/tool", {}, "does more");
  const SkillSet changed = scanner.scan(asked, &faulty);
  EXPECT_EQ(changed.version(), 2U);
  add("main/skills/tool", {}, "does more");
  const SkillSet hidden = scanner.scan(asked, &changed);
  EXPECT_EQ(hidden.version(), 3U) << "another place wins";
  asked.agents[1].allowed = std::vector<std::string>{};
  const SkillSet narrowed = scanner.scan(asked, &hidden);
  EXPECT_EQ(narrowed.version(), 4U);
  asked.skills.entries = {{.name = "tool", .env = {{"A", "1"}}}};
  EXPECT_EQ(scanner.scan(asked, &narrowed).version(), 5U);
}

TEST_F(SkillSets, ChangesAreNamedAndRecorded) {
  add("managed/gone");
  add("managed/kept");
  add("managed/other");
  const SkillSet before = scan(request());
  EXPECT_EQ(differences(nullptr, before).size(), 3U);
  EXPECT_TRUE(differences(&before, scan(request())).empty());
  fs::remove_all(dir_ / "managed/gone");
  add("managed/other", {}, "does more");
  add("main/skills/fresh");
  const SkillSet after = scan(request());
  const std::vector<SkillChange> changes = differences(&before, after);
  ASSERT_EQ(changes.size(), 3U);
  flatbuffers::FlatBufferBuilder builder;
  build_skills_changed(after, changes, builder);
  const auto* table = flatbuffers::GetRoot<fb::SkillsChanged>(builder.GetBufferPointer());
  EXPECT_EQ(table->eligible(), 3U);
  ASSERT_EQ(table->changes()->size(), 3U);
  const auto* gone = table->changes()->Get(0);
  EXPECT_EQ(gone->name()->str() + " " + gone->what()->str(), "gone removed");
  EXPECT_EQ(gone->sha256(), nullptr);
  EXPECT_EQ(table->changes()->Get(1)->what()->str(), "changed");
  const auto* fresh = table->changes()->Get(2);
  EXPECT_EQ(fresh->agent_id()->str() + " " + fresh->what()->str(), "main added");
  EXPECT_EQ(fresh->sha256()->size(), 32U);
}

TEST_F(SkillSets, OnlyTheFirstChangesAreRecorded) {
  for (std::size_t i = 0; i < limits::kSkillChangesMax + 5; ++i)
    add("managed/s" + std::to_string(i));
  const SkillSet set = scan(request());
  const std::vector<SkillChange> changes = differences(nullptr, set);
  EXPECT_EQ(changes.size(), limits::kSkillChangesMax + 5);
  flatbuffers::FlatBufferBuilder builder;
  build_skills_changed(set, changes, builder);
  EXPECT_EQ(flatbuffers::GetRoot<fb::SkillsChanged>(builder.GetBufferPointer())->changes()->size(),
            limits::kSkillChangesMax);
}

TEST_F(SkillSets, ARequestIsMadeOfAConfiguration) {
  write("openclaw.json", "");
  write(".env", "FROM_FILE=yes\n");
  const auto no_env = [](const char*) -> const char* { return nullptr; };
  auto config = config::parse(
      R"({agents: {entries: {one: {workspace: "/w"}, two: {}}}, channels: {mail: {enabled: false}},
          skills: {load: {extraDirs: ["/e"]}}})",
      dir_ / "openclaw.json", no_env);
  ASSERT_TRUE(config) << config.error().message;
  const SkillsRequest made = skills_request(*config, "/state", no_env);
  EXPECT_EQ(made.managed, at("skills"));
  ASSERT_EQ(made.agents.size(), 2U);
  EXPECT_EQ(made.agents[0].workspace, "/w");
  EXPECT_EQ(made.agents[1].workspace, "/state/agents/two/workspace");
  EXPECT_STREQ(made.env("FROM_FILE"), "yes");
  EXPECT_TRUE(made.truthy("channels.mail"));
  EXPECT_FALSE(made.truthy("channels.mail.enabled"));
  EXPECT_FALSE(made.truthy("channels.fax"));
  std::vector<std::string> labels;
  for (const SkillRoot& root : roots_of(made))
    labels.push_back(root.label + " " + root.agent_id);
  EXPECT_EQ(labels,
            (std::vector<std::string>{"workspace one", "workspace-agents one", "workspace two",
                                      "workspace-agents two", "agents ", "managed ", "extra "}));
}

}  // namespace
}  // namespace spine::skills
