// Tests of replay state and replay diff: the text people read, and that they agree with the
// digests.
#include <cstdlib>
#include <ctime>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>

#include "engine/core/model/digest.h"
#include "replay/state/state_diff.h"
#include "schemas/vocab/show.h"
#include "tests/unit/core/life.h"
#include "tests/unit/replay/support.h"
#include "tests/unit/replay/world_journal.h"

namespace spine::replay {
namespace {

std::vector<nlohmann::json> json_lines(const std::string& text) {
  std::vector<nlohmann::json> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);)
    lines.push_back(nlohmann::json::parse(line));
  return lines;
}

class StateVerb : public ::testing::Test {
 protected:
  void SetUp() override {
    ::setenv("TZ", "UTC0", 1);
    ::tzset();
    Story story(dir_.path());
    story.created();
    story.configured();
    story.message("alice", "m1", "hello");
    story.doors();
    story.message("alice", "m2", "again");
  }
  void TearDown() override {
    ::unsetenv("TZ");
    ::tzset();
  }
  Output say(std::vector<std::string> words) const {
    words.insert(words.begin(), "replay");
    return call(words, dir_.path());
  }

  TempDir dir_{};
};

TEST_F(StateVerb, SaysWhereItIsAndHowMuchThereIs) {
  const Output output = say({"state", "--at", "7"});
  EXPECT_EQ(output.code, kExitOk) << output.err;
  auto timeline = Timeline::open(dir_.path());
  ASSERT_TRUE(timeline);
  core::State state;
  ASSERT_TRUE(timeline->fold_to(Seq{7}, state));
  EXPECT_EQ(output.out,
            "State after #7, 2023-11-14 22:13:20.004Z\n"
            "Digest " +
                show_hex(core::digest(state).total) +
                " (version 1)\n"
                "\n"
                "TABLE                   ROWS\n"
                "meta                       1\n"
                "sessions                   1\n"
                "principals                 1\n"
                "runs                       1\n"
                "duplicates                 1\n"
                "idempotency                0\n"
                "devices                    0\n"
                "pairing_requests           0\n"
                "paired_senders             0\n"
                "approvals                  0\n"
                "allowed_tools              0\n"
                "quarantined                0\n"
                "histories                  0\n"
                "channels                   0\n"
                "deliveries                 0\n"
                "migrations                 0\n"
                "bursts                     0\n"
                "previews                   0\n"
                "sends                      0\n");
}

TEST_F(StateVerb, ShowsTheRowsOfATableByTheirFields) {
  const std::string devices = say({"state", "--table", "devices"}).out;
  std::string key;
  for (int i = 0; i < 32; ++i)
    key += "ab";
  EXPECT_EQ(devices.substr(devices.find("\n\ndevices #")),
            "\n\ndevices #8 (d1)\n"
            "    paired: 8\n"
            "    device_id: \"d1\"\n"
            "    public_key: \"" +
                key +
                "\"\n"
                "    token_hash: \"" +
                key +
                "\"\n"
                "    role: \"operator\"\n"
                "    scopes: \"operator.read\"\n"
                "    label: \"phone\"\n"
                "    via: control_socket\n"
                "    approved_wall_ms: 1700000000005 (2023-11-14 22:13:20.005+00:00)\n");
  const std::string meta = say({"state", "--table", "meta"}).out;
  EXPECT_NE(meta.find("\n    policy:\n      main_key: \"main\"\n"), std::string::npos) << meta;
}

TEST_F(StateVerb, OfOneSessionShowsItsRowsAndThoseThatNameIt) {
  for (const char* name : {"agent:main:telegram:direct:alice", "5", "#5"}) {
    const std::string text = say({"state", "--session", name}).out;
    EXPECT_NE(text.find("\nsessions #5 (agent:main:telegram:direct:alice)\n"), std::string::npos);
    EXPECT_NE(text.find("\nruns #6 ("), std::string::npos) << text;
    EXPECT_EQ(text.find("sessions #9"), std::string::npos);
    EXPECT_EQ(text.find("devices #"), std::string::npos);
  }
  EXPECT_NE(say({"state", "--session", "mine"}).out.find("sessions #9 (agent:main:notes)"),
            std::string::npos)
      << "by its label";
}

TEST_F(StateVerb, AsJsonItIsEveryRowAndOneOfThemALine) {
  const auto lines = json_lines(say({"state", "--json"}).out);
  std::map<std::string, std::uint64_t> rows;
  for (std::size_t i = 1; i < lines.size(); ++i)
    ++rows[lines[i].at("table")];
  for (const auto& table : lines.at(0).at("tables"))
    EXPECT_EQ(rows[table.at("table")], table.at("rows")) << table;
  EXPECT_EQ(lines[0].at("seq"), 12);
  const auto sessions = json_lines(say({"state", "--json", "--session", "mine"}).out);
  ASSERT_EQ(sessions.size(), 2U);
  EXPECT_EQ(sessions[1].at("row").at("uuid"), "00000000-0000-0005-0000-000000000006");
  EXPECT_EQ(sessions[1].at("row").at("marks"), "pinned");
  EXPECT_EQ(sessions[1].at("row").at("conversation"), "direct");
  EXPECT_EQ(sessions[1].at("row").at("started_wall_ms"), 1'700'000'000'006);
}

TEST_F(StateVerb, WhatIsNotThereIsNamedWithWhatIs) {
  const Output table = say({"state", "--table", "sessoins"});
  EXPECT_EQ(table.code, kExitUsage);
  EXPECT_NE(table.err.find("There are: meta, sessions, principals,"), std::string::npos);
  const Output session = say({"state", "--at", "7", "--session", "mine"});
  EXPECT_EQ(session.code, kExitFailure);
  EXPECT_EQ(session.err, "Error: There is no session mine at #7, 2023-11-14 22:13:20.004Z.\n");
  const Output beyond = say({"state", "--at", "1000"});
  EXPECT_EQ(beyond.code, kExitFailure);
  EXPECT_NE(beyond.err.find("#1000 is outside the journal: it holds #1 ("), std::string::npos);
  EXPECT_EQ(say({"state", "--at", "teatime"}).code, kExitUsage);
}

TEST_F(StateVerb, DiffShowsFieldByFieldWhatChanged) {
  const Output output = say({"diff", "9", "10"});
  EXPECT_EQ(output.code, kExitDiffers);
  EXPECT_EQ(output.out,
            "From #9, 2023-11-14 22:13:20.006Z\n"
            "To   #10, 2023-11-14 22:13:20.007Z\n"
            "\n"
            "~ sessions #9 (agent:main:notes)\n"
            "    label: \"\" -> \"mine\"\n"
            "    marks: none -> pinned\n"
            "0 added, 0 removed, 1 changed\n"
            "Bookkeeping, shown with --all: meta applied, meta logical_ms, meta wall_ms\n");
  const std::string all = say({"diff", "9", "10", "--all"}).out;
  EXPECT_NE(all.find("~ meta\n    applied: 9 -> 10\n"), std::string::npos) << all;
  EXPECT_EQ(all.find("Bookkeeping"), std::string::npos);
}

TEST_F(StateVerb, DiffShowsWhatCameAndWhatWent) {
  const std::string come = say({"diff", "8", "9"}).out;
  EXPECT_NE(come.find("+ sessions #9 (agent:main:notes)\n    id: 9\n"), std::string::npos) << come;
  const std::string gone = say({"diff", "9", "8"}).out;
  EXPECT_NE(gone.find("\n- sessions #9 (agent:main:notes)\n"), std::string::npos) << gone;
  EXPECT_NE(gone.find("0 added, 1 removed, 0 changed"), std::string::npos) << gone;
}

TEST_F(StateVerb, DiffOfARecordedBodyNamesItsFieldsThatDiffer) {
  const std::string text = say({"diff", "1", "2"}).out;
  EXPECT_NE(text.find("~ meta\n    policy.agents: unset -> [\"main\"]\n"), std::string::npos)
      << text;
}

TEST_F(StateVerb, DiffOfOneSessionLeavesTheOthersOut) {
  const Output notes = say({"diff", "8", "latest", "--session", "mine"});
  EXPECT_EQ(notes.code, kExitDiffers);
  EXPECT_NE(notes.out.find("+ sessions #9"), std::string::npos) << notes.out;
  EXPECT_EQ(notes.out.find("sessions #5"), std::string::npos) << notes.out;
  EXPECT_EQ(say({"diff", "1", "2", "--session", "mine"}).code, kExitFailure);
}

TEST_F(StateVerb, DiffAsJsonHasBeforeAndAfter) {
  const auto lines = json_lines(say({"diff", "9", "10", "--json"}).out);
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0].at("from").at("seq"), 9);
  EXPECT_EQ(lines[1].at("change"), "changed");
  EXPECT_EQ(lines[1].at("id"), 9);
  EXPECT_EQ(lines[1].at("fields").at(0).at("field"), "label");
  EXPECT_EQ(lines[1].at("fields").at(0).at("before"), "");
  EXPECT_EQ(lines[1].at("fields").at(0).at("after"), "mine");
  EXPECT_FALSE(lines[2].at("equal").get<bool>());
}

TEST_F(StateVerb, AMomentDoesNotDifferFromItself) {
  for (const char* all : {"", "--all"}) {
    std::vector<std::string> words{"diff", "8", "#8"};
    if (*all != '\0') words.emplace_back(all);
    const Output output = say(words);
    EXPECT_EQ(output.code, kExitOk);
    EXPECT_NE(output.out.find("Nothing differs."), std::string::npos);
    EXPECT_EQ(output.out.find("Bookkeeping"), std::string::npos);
  }
}

// Names of tables whose digests are not the same.
std::set<std::string> tables_apart(const core::State& a, const core::State& b) {
  const core::StateDigest one = core::digest(a);
  const core::StateDigest other = core::digest(b);
  std::set<std::string> names;
  for (std::size_t i = 0; i < one.table_count; ++i)
    if (one.tables[i].digest != other.tables[i].digest) names.emplace(one.tables[i].table);
  return names;
}

TEST(StateDiff, WhatDiffersIsWhatTheDigestsSay) {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    core::Life life(seed);
    while (life.world.journal.size() < 600)
      life.step();
    const std::size_t end = life.world.journal.size();
    for (const auto& [a, b] : {std::pair{end / 2, end}, std::pair{end, end / 3},
                               std::pair{end - 1, end}, std::pair{end, end}}) {
      const core::State before = core::fold(life.world.journal, a);
      const core::State after = core::fold(life.world.journal, b);
      std::set<std::string> found;
      std::map<std::string, std::int64_t> more;
      const RowFilter everything;
      const DiffReport all =
          diff_states(before, after, everything, true, [&](const RowChange& change) {
            found.emplace(change.table);
            more[std::string(change.table)] += change.before.empty() ? 1 : 0;
            more[std::string(change.table)] -= change.after.empty() ? 1 : 0;
            if (!change.before.empty() && !change.after.empty()) {
              EXPECT_FALSE(change.columns.empty());
            }
          });
      EXPECT_EQ(found, tables_apart(before, after));
      EXPECT_EQ(all.equal(), a == b);
      EXPECT_TRUE(all.bookkeeping.empty());
      const core::StateDigest old_digest = core::digest(before);
      const core::StateDigest new_digest = core::digest(after);
      for (std::size_t i = 0; i < old_digest.table_count; ++i) {
        EXPECT_EQ(static_cast<std::int64_t>(new_digest.tables[i].rows) -
                      static_cast<std::int64_t>(old_digest.tables[i].rows),
                  more[std::string(old_digest.tables[i].table)]);
      }
      // Without `all` nothing gets lost: every table that differs is shown or counted.
      std::set<std::string> either;
      const DiffReport some =
          diff_states(before, after, everything, false,
                      [&](const RowChange& change) { either.emplace(change.table); });
      for (const auto& [name, rows] : some.bookkeeping) {
        EXPECT_GT(rows, 0U) << name.first << ' ' << name.second;
        either.emplace(name.first);
      }
      EXPECT_EQ(either, tables_apart(before, after));
    }
  }
}

}  // namespace
}  // namespace spine::replay
