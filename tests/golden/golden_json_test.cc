// Golden JSON: what every verb of spine-replay prints with --json about a golden journal.
//
// json/<name>.json holds the exit code and the output of one command of kCommands. What differs
// from run to run (durations, the folder) is blotted out. A file that is missing is written by
// running this test with SPINE_GOLDEN_UPDATE=1, which touches nothing else: after a change on
// purpose, remove the file first.
#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <fmt/format.h>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "tests/golden/golden.h"
#include "tests/unit/replay/support.h"
#include "tests/unit/replay/world_journal.h"

namespace spine::replay {
namespace {

namespace fs = std::filesystem;

struct Command {
  const char* name{};   // of its file
  const char* words{};  // {} = the folder that the journal is in
  const char* input{""};
};

// Of the journal 0006-life-with-exact-ids.
constexpr Command kCommands[]{
    {"journal-info", "journal info"},
    {"journal-verify", "journal verify"},
    {"journal-dump", "journal dump --from 1 --to 25"},
    {"journal-tail", "journal tail --last 3 --no-follow"},
    {"replay-verify", "replay verify"},
    {"replay-state", "replay state --at 40"},
    {"replay-state-rows", "replay state --at 200 --table sessions"},
    {"replay-diff", "replay diff 200 220"},
    {"replay-blame", "replay blame engine policy"},
    {"replay-digests", "replay digests --every 1000"},
    {"replay-bisect", "replay bisect --test sessions.count>3"},
    {"replay-step", "replay step --at 100", "next\nshow meta\nwhy\ndiff\n"},
    {"replay-trace", "replay trace 12"},
    {"replay-explain", "replay explain 18"},
    {"replay-fork", "replay fork --at 1 --to 400"},
    {"replay-rehearse", "replay rehearse {}"},
    {"replay-bundle", "replay bundle --around 100 --before 20 --after 20 --out {}/bundle"},
};

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream stream(text);
  return {std::istream_iterator<std::string>(stream), {}};
}

// Puts 0 in the place of each text or number that stands behind `name`.
void blot(std::string& text, std::string_view name) {
  for (std::size_t at = text.find(name); at != std::string::npos; at = text.find(name, at)) {
    at += name.size();
    const std::size_t value = text.find_first_not_of(" \n", at);
    if (value == std::string::npos) return;
    const std::size_t end = text[value] == '"' ? text.find('"', value + 1) + 1
                                               : text.find_first_not_of("0123456789.", value);
    if (end != value) text.replace(at, end - at, "0");
  }
}

// The exit code, then the output without what differs from run to run.
std::string shown(const Command& command, const fs::path& dir) {
  std::vector<std::string> words = words_of(fmt::format(fmt::runtime(command.words), dir.string()));
  words.push_back("--json");
  const Output output = call(words, dir, fmt::format("{}\n", command.input));
  EXPECT_EQ(output.err.find("Error"), std::string::npos) << output.err;
  std::string text = output.out;
  for (std::size_t at = text.find(dir.string()); at != std::string::npos;
       at = text.find(dir.string(), at))
    text.replace(at, dir.string().size(), "DIR");
  for (const char* member : {"seconds", "eventsPerSecond", "fileBytes", "program", "rules"})
    blot(text, fmt::format("\"{}\":", member));
  return fmt::format("exit code {}\n{}", output.code, text);
}

class GoldenJson : public testing::Test {
 protected:
  GoldenJson() {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
    write_journal(
        core::read_journal(fs::path(SPINE_GOLDEN_DIR) / "0006-life-with-exact-ids.journal"),
        dir_.path());
  }
  TempDir dir_{};
};

TEST_F(GoldenJson, EveryVerbPrintsWhatItDid) {
  const fs::path folder = fs::path(SPINE_GOLDEN_DIR) / "json";
  for (const Command& command : kCommands) {
    SCOPED_TRACE(command.words);
    const fs::path file = folder / (std::string(command.name) + ".json");
    const std::string now = shown(command, dir_.path());
    if (!fs::exists(file) && std::getenv("SPINE_GOLDEN_UPDATE") != nullptr) {
      fs::create_directories(folder);
      std::ofstream(file, std::ios::binary) << now;
    }
    EXPECT_EQ(now, core::slurp(file));
  }
}

// A JSON value a line, or one over several.
TEST(GoldenJsonFiles, AreJson) {
  for (const fs::path& path : core::golden_files(".json", "json")) {
    std::istringstream lines(core::slurp(path));
    std::string line;
    std::getline(lines, line);
    EXPECT_TRUE(line.starts_with("exit code ")) << path;
    const std::string rest{std::istreambuf_iterator<char>(lines), {}};
    if (nlohmann::json::accept(rest)) continue;
    std::istringstream values(rest);
    std::size_t count = 0;
    for (; std::getline(values, line); ++count)
      EXPECT_TRUE(nlohmann::json::accept(line)) << path << ": " << line;
    EXPECT_GT(count, 1U) << path;
  }
}

TEST(GoldenJsonFiles, AreOfEveryVerb) {
  EXPECT_EQ(core::golden_files(".json", "json").size(), std::size(kCommands));
  std::set<std::string> verbs;
  for (const Command& command : kCommands) {
    const std::vector<std::string> words = words_of(command.words);
    verbs.insert(words[0] + " " + words[1]);
  }
#define SPINE_REPLAY_TITLE(words, help)
#define SPINE_REPLAY(words, function, help) \
  EXPECT_EQ(verbs.contains(words), *(help) != '\0') << (words);
#include "replay/verb_table.h"
#undef SPINE_REPLAY_TITLE
#undef SPINE_REPLAY
}

}  // namespace
}  // namespace spine::replay
