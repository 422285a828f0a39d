// Tests of adapters/skills/skill_file.h: each rule of the format and the sentence of its fault.
#include "adapters/skills/skill_file.h"

#include <gtest/gtest.h>

#include "schemas/vocab/limits.h"
#include "tests/unit/skills/support.h"

namespace spine::skills {
namespace {

struct RuleCase {
  std::string text{};
  std::uint32_t line{};
  std::string_view message{};  // a part of it
  Weight weight{Weight::error};
};

void expect_fault(const RuleCase& rule) {
  const SkillFile file = read_skill_file(rule.text);
  bool found = false;
  std::string all;
  for (const Fault& fault : file.faults) {
    found = found || (fault.line == rule.line && fault.weight == rule.weight &&
                      fault.message.find(rule.message) != std::string::npos);
    all += std::to_string(fault.line) + ": " + fault.message + "\n";
  }
  EXPECT_TRUE(found) << "wanted " << rule.line << ": " << rule.message << "\ngot\n"
                     << all << "in\n"
                     << rule.text.substr(0, 300);
  EXPECT_EQ(file.usable(), all.empty() || rule.weight != Weight::error);
}

std::string front(std::string_view lines) {
  return "---\n" + std::string(lines) + "---\nbody\n";
}

TEST(SkillFile, EveryBreachOfARuleIsNamedWithItsLine) {
  const std::string good = "name: a\ndescription: b\n";
  const RuleCase cases[] = {
      {"", 1, "front matter is missing"},
      {"# Only text\n", 1, "front matter is missing"},
      {"---\nname: a\n", 1, "not closed"},
      {front(""), 2, "front matter is empty"},
      {front("- a\n- b\n"), 2, "not a map"},
      {front("just words\n"), 2, "not a map"},
      {front("description: b\n"), 1, "name is missing"},
      {front("name:\ndescription: b\n"), 2, "name is empty"},
      {front("name: 12\ndescription: b\n"), 2, "name must be text, and is a number"},
      {front("name: true\ndescription: b\n"), 2, "name must be text, and is true or false"},
      {front("name: [a]\ndescription: b\n"), 2, "name must be text, and is a list"},
      {front("description: b\nname: " + std::string(65, 'a') + "\n"), 3, "65 characters"},
      {front("name: Bad_Name\ndescription: b\n"), 2, "lower-case letters"},
      {front("name: \"sm\u00f8rre\"\ndescription: b\n"), 2, "lower-case letters"},
      {front("name: -a\ndescription: b\n"), 2, "begin or end with a hyphen"},
      {front("name: a-\ndescription: b\n"), 2, "begin or end with a hyphen"},
      {front("name: a--b\ndescription: b\n"), 2, "two hyphens"},
      {front("name: a\n"), 1, "description is missing"},
      {front("name: a\ndescription: \" \"\n"), 3, "description is empty"},
      {front("name: a\ndescription: {b: c}\n"), 3, "description must be text, and is a map"},
      {front("name: a\ndescription: " + std::string(1'025, 'x') + "\n"), 3, "1025 characters"},
      {front(good + "license: 3\n"), 4, "license must be text", Weight::warning},
      {front(good + "compatibility: [x]\n"), 4, "compatibility must be text", Weight::warning},
      {front(good + "compatibility: " + std::string(501, 'x') + "\n"), 4, "501 characters",
       Weight::warning},
      {front(good + "allowed-tools: {a: b}\n"), 4, "allowed-tools", Weight::warning},
      {front(good + "user-invocable: maybe\n"), 4, "true or false", Weight::warning},
      {front(good + "description: c\n"), 4, "description appears twice", Weight::warning},
      {front(good + "metadata: words\n"), 4, "metadata must be a map"},
      {front(good + "metadata:\n  openclaw: 5\n"), 5, "metadata.openclaw must be a map"},
      {front(good + "metadata:\n  openclaw:\n    requires: [jq]\n"), 6, "requires must be a map"},
      {front(good + "metadata:\n  openclaw:\n    requires:\n      bins: {a: b}\n"), 7,
       "requires.bins must be a list"},
      {front(good + "metadata:\n  openclaw:\n    requires:\n      moons: [two]\n"), 7,
       "requires.moons is not known", Weight::warning},
      {front(good + "metadata:\n  openclaw:\n    os: {a: b}\n"), 6, "metadata.openclaw.os"},
      {front(good + "metadata:\n  openclaw:\n    always: maybe\n"), 6, "always must be",
       Weight::warning},
      {front(good + "metadata:\n  openclaw:\n    install: [{kind: dvd}]\n"), 6, "needs a kind",
       Weight::warning},
  };
  for (const RuleCase& rule : cases)
    expect_fault(rule);
}

TEST(SkillFile, SeveralFaultsOfOneFileAreAllNamed) {
  const SkillFile file = read_skill_file(front("name: -Bad--name\nlicense: 4\n"));
  EXPECT_EQ(file.faults.size(), 5U);  // characters, edge, double, description, license
}

TEST(SkillFile, BytesThatAreNotUtf8AreNamedWithTheirLine) {
  expect_fault({"---\nname: a\ndescription: b\n---\nok\n\xff\n", 6, "not UTF-8"});
  expect_fault({"---\nname: \xc3\n---\n", 2, "not UTF-8"});
}

TEST(SkillFile, WhatIsTooLargeIsNotRead) {
  expect_fault({std::string(limits::kSkillFileBytesMax + 1, 'x'), 0, "larger than 256.0 KiB"});
  expect_fault({front("a: " + std::string(limits::kSkillFrontMatterBytesMax, 'x') + "\n"), 1,
                "front matter is larger"});
}

TEST(SkillFile, AGoodOneHasNoFault) {
  const SkillFile file = read_skill_file(
      "\xef\xbb\xbf---\r\nname: pdf-tools\r\ndescription: |\r\n  Two\r\n  lines.\r\nlicense: "
      "MIT\r\n"
      "allowed-tools: Bash(git:*) Read\r\nhomepage: https://x.example\r\n"
      "disable-model-invocation: yes\r\nuser-invocable: false\r\n---\r\n# Text\r\n");
  EXPECT_TRUE(file.faults.empty()) << file.faults.front().message;
  EXPECT_EQ(file.name, "pdf-tools");
  EXPECT_EQ(file.description, "Two\nlines.\n");
  EXPECT_EQ(file.key, "pdf-tools");
  EXPECT_EQ(file.homepage, "https://x.example");
  EXPECT_FALSE(file.model_invocable);
  EXPECT_FALSE(file.user_invocable);
}

TEST(SkillFile, MetadataMayBeJsonAFlowMapOrBlockYaml) {
  const std::string_view spellings[] = {
      R"(metadata: {"openclaw":{"emoji":"\ud83e\udd16","requires":{"bins":["jq","rg"]},"os":["linux"]}})"
      "\n",
      "metadata:\n  {\n    \"openclaw\":\n      {\n        \"emoji\": \"\xf0\x9f\xa4\x96\",\n      "
      "  "
      "\"requires\": "
      "{ \"bins\": [\"jq\", \"rg\"] },\n        \"os\": [\"linux\"],\n      },\n  }\n",
      "metadata:\n  openclaw:\n    emoji: \xf0\x9f\xa4\x96\n    requires:\n      bins:\n        - "
      "jq\n        "
      "- rg\n"
      "    os: linux\n",
      R"(metadata: '{"clawdbot":{"emoji":"\ud83e\udd16","requires":{"bins":"jq, rg"},"os":["linux"]}})"
      "'\n"};
  for (const std::string_view spelling : spellings) {
    const SkillFile file = read_skill_file(skill_text("a", spelling));
    EXPECT_TRUE(file.faults.empty()) << file.faults.front().message << spelling;
    EXPECT_EQ(file.emoji, "\xf0\x9f\xa4\x96") << spelling;
    EXPECT_EQ(file.bins, (std::vector<std::string>{"jq", "rg"})) << spelling;
    EXPECT_EQ(file.os, std::vector<std::string>{"linux"}) << spelling;
  }
}

TEST(SkillFile, TheRestOfTheMetadataIsRead) {
  const SkillFile file = read_skill_file(skill_text(
      "a",
      R"(metadata: {"openclaw": {"always": true, "skillKey": "k", "primaryEnv": "K_KEY", )"
      R"("homepage": "https://y", "requires": {"anyBins": ["x"], "env": ["K_KEY"], )"
      R"("config": ["channels.a"]}, "install": [{"kind": "brew", "formula": "jq", "bins": ["jq"]}, )"
      R"({"id": "n", "kind": "node", "label": "By npm"}]}})"
      "\n"));
  EXPECT_TRUE(file.faults.empty());
  EXPECT_TRUE(file.always);
  EXPECT_EQ(file.key, "k");
  EXPECT_EQ(file.primary_env, "K_KEY");
  EXPECT_EQ(file.any_bins.size() + file.env.size() + file.config.size(), 3U);
  ASSERT_EQ(file.install.size(), 2U);
  EXPECT_EQ(file.install[0].id, "brew-0");
  EXPECT_EQ(file.install[0].label, "Install jq (brew)");
  EXPECT_EQ(file.install[1].label, "By npm");
}

TEST(SkillFile, LinesThatAreNoYamlAreReadOneByOneWithAWarning) {
  const std::string text = front(
      "name: a\ndescription: Use when: the user says \"x\": y\n"
      "metadata: {\"openclaw\": {\"requires\": {\"bins\": [\"jq\"]}}}\n");
  expect_fault({text, 3, "not YAML", Weight::warning});
  const SkillFile file = read_skill_file(text);
  EXPECT_EQ(file.name, "a");
  EXPECT_EQ(file.description, "Use when: the user says \"x\": y");
  EXPECT_EQ(file.bins, std::vector<std::string>{"jq"});
}

TEST(SkillFile, NothingThatCanBeReadOfBrokenYamlIsAnError) {
  expect_fault({front("{{{ : \n"), 3, "not YAML"});
}

TEST(SkillFile, AliasesAndNestingAreBounded) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string last = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + last;
    for (int k = 0; k < 9; ++k)
      bomb += ", " + last;
    bomb += "]\n";
  }
  expect_fault({front("name: a\ndescription: b\n" + bomb), 2, "nested too deep or repeats"});
  expect_fault({front("name: a\ndescription: b\nx: &x [*x]\n"), 2, "nested too deep or repeats"});
  expect_fault({front("x: " + std::string(20'000, '[') + "\n"), 2, "nested too deep or repeats"});
}

TEST(SkillFile, ControlCharactersOfOthersAreNotRepeated) {
  const SkillFile file = read_skill_file(front("name: \"a\\e[31m\"\ndescription: b\n"));
  ASSERT_EQ(file.faults.size(), 1U);
  EXPECT_EQ(file.faults[0].message.find('\x1b'), std::string::npos);
}

TEST(SkillFile, TheNameIsThatOfTheFolder) {
  std::vector<Fault> faults;
  const SkillFile file = read_skill_file(skill_text("a"));
  check_folder_name(file, "a", faults);
  EXPECT_TRUE(faults.empty());
  check_folder_name(file, "b", faults);
  ASSERT_EQ(faults.size(), 1U);
  EXPECT_EQ(faults[0].line, 2U);
}

}  // namespace
}  // namespace spine::skills
