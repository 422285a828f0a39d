// Tests of what agents can do to the gateway with skills: much, slow, always new, and links.
#include <atomic>
#include <fmt/format.h>
#include <thread>

#include "adapters/skills/skill_file.h"
#include "adapters/skills/skill_folders.h"
#include "schemas/vocab/limits.h"
#include "tests/unit/skills/support.h"

namespace spine::skills {
namespace {

// Some 16 KiB of YAML, with an error when `good` is false.
std::string much_yaml(const std::string& name, bool good = true) {
  std::string list;
  for (int i = 0; i < 2'000; ++i)
    list += "abcd, ";
  return fmt::format("---\nname: {}\ndescription: d\nlist: [{}]\n{}---\n", name, list,
                     good ? "" : "metadata: 7\n");
}

class SkillStorm : public SkillsTest {
 protected:
  void fill(const std::string& root, int count, bool good) {
    for (int i = 0; i < count; ++i) {
      const std::string name = fmt::format("s{}", i);
      write(root + "/" + name + "/SKILL.md", much_yaml(name, good));
    }
  }
  // Looks until nothing is left; how many looks that took.
  int settle(SkillScanner& scanner, SkillSet& set) {
    int looks = 1;
    for (set = scanner.scan(request(), nullptr); set.incomplete() && looks < 100; ++looks)
      set = scanner.scan(request(), &set);
    return looks;
  }
};

TEST_F(SkillStorm, WhatIsNewIsReadBitByBitAndThenRemembered) {
  fill("main/skills", 200, true);
  SkillScanner scanner(SkillScanner::Pace::bounded);
  SkillSet set = scanner.scan(request(), nullptr);
  EXPECT_TRUE(set.incomplete());
  EXPECT_LT(set.skills().size(), 200U);
  EXPECT_NE(faults(set).find("not looked at this time"), std::string::npos);
  const int looks = settle(scanner, set);
  EXPECT_GT(looks, 2);
  EXPECT_LT(looks, 50);
  EXPECT_EQ(set.skills().size(), 200U);
  EXPECT_EQ(faults(set), "");
  EXPECT_EQ(settle(scanner, set), 1) << "all of it is known";
}

TEST_F(SkillStorm, FaultyFilesAreRememberedWithTheirFaults) {
  fill("main/skills", 200, false);
  add("managed/good");
  SkillScanner scanner(SkillScanner::Pace::bounded);
  SkillSet set;
  EXPECT_GT(settle(scanner, set), 2);
  const std::string first = faults(set);
  EXPECT_NE(first.find("main/skills/s199/SKILL.md:5: metadata must be a map"), std::string::npos);
  EXPECT_EQ(settle(scanner, set), 1) << "all of it is known";
  EXPECT_EQ(faults(set), first);
  EXPECT_EQ(names(set.for_agent("main")), "good");
}

TEST_F(SkillStorm, AWorkspaceTakesNoRoomFromTheRest) {
  fill("main/skills", 100, true);
  fill("helper/skills", 1, true);
  add("managed/good");
  SkillScanner scanner(SkillScanner::Pace::bounded);
  const SkillSet set = scanner.scan(request(), nullptr);
  EXPECT_TRUE(set.incomplete());
  EXPECT_EQ(names(set.for_agent("helper")), "good s0");
}

TEST_F(SkillStorm, AScanForToolsReadsAllAtOnce) {
  fill("main/skills", 150, true);
  const SkillSet set = scan(request());
  EXPECT_FALSE(set.incomplete());
  EXPECT_EQ(set.skills().size(), 150U);
}

TEST_F(SkillStorm, ReadingCostsTheYamlAndNotTheText) {
  EXPECT_EQ(read_cost_of("---\nname: a\n---\n" + std::string(100'000, 'x')), 11 + kFileCost);
  EXPECT_EQ(read_cost_of("---\n---x\nname: a\n--- \t\r\n"), 16 + kFileCost)
      << "a mark is a line of its own";
  EXPECT_EQ(read_cost_of("no mark"), kFileCost);
  EXPECT_EQ(read_cost_of("---\n" + std::string(100'000, 'x') + "\n---"), kReadCostMax);
}

TEST_F(SkillStorm, ARootMayHoldSoManyBytes) {
  const std::size_t each = limits::kSkillFileBytesMax - 100;
  const std::size_t fit = limits::kSkillRootBytesMax / each;
  for (std::size_t i = 0; i <= fit; ++i) {
    const std::string name = fmt::format("s{:03}", i);
    std::string text = skill_text(name);
    text.resize(each, ' ');
    write("main/skills/" + name + "/SKILL.md", text);
  }
  const SkillSet set = scan(request());
  EXPECT_EQ(set.skills().size(), fit);
  EXPECT_NE(faults(set).find("the SKILL.md files of a root may have 16.0 MiB"), std::string::npos)
      << faults(set);
}

// A folder that is now a folder and now a link to a secret: what was read was always in the root.
TEST_F(SkillStorm, AFolderThatBecomesALinkIsNotFollowed) {
  namespace fs = std::filesystem;
  add("main/skills/group/tool");
  write("secret/tool/SKILL.md", skill_text("tool", {}, "secret"));
  fs::create_symlink(dir_ / "secret", dir_ / "main/link");
  std::atomic<bool> over{};
  std::jthread swapper([&] {
    const fs::path place = dir_ / "main/skills/group";
    while (!over) {
      fs::rename(place, dir_ / "main/away");
      fs::rename(dir_ / "main/link", place);
      fs::rename(place, dir_ / "main/link");
      fs::rename(dir_ / "main/away", place);
    }
  });
  for (int i = 0; i < 2'000; ++i) {
    walk_root(at("main/skills"), {}, [this](const FoundSkill& found) {
      EXPECT_EQ(found.text.find("secret"), std::string::npos);
      EXPECT_EQ(found.directory, at("main/skills/group/tool"));
    });
  }
  over = true;
}

}  // namespace
}  // namespace spine::skills
