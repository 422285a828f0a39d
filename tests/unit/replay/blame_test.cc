// Tests of replay blame: the event named is the one at which the value changes, for every field.
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

#include "journal/scan.h"
#include "replay/state/cell_text.h"
#include "replay/state/field_history.h"
#include "replay/state/row_finder.h"
#include "schemas/vocab/uuid.h"
#include "tests/unit/core/life.h"
#include "tests/unit/replay/support.h"
#include "tests/unit/replay/world_journal.h"

namespace spine::replay {
namespace {

// Table, key, column.
using FieldName = std::tuple<std::string, std::uint64_t, std::string>;
struct FieldFate {
  std::uint64_t seq{};  // of its last change
  std::string json{};
  std::string before{};  // "" = the row was not there
};
using Fates = std::map<FieldName, FieldFate>;

// Whether its rows can be named by a number.
bool is_numbered(std::string_view table) {
  return table != "duplicates" && table != "idempotency";
}

// Notes what changed with the last event, of rows that are there.
void note_changes(const core::State& state, Fates& fates) {
  Fates now;
  core::visit_rows(state, {}, [&](std::string_view table, std::span<const core::Cell> cells) {
    if (!is_numbered(table)) return;
    for (const core::Cell& cell : cells) {
      const FieldName name{table, row_key(table, cells).lo, cell.column};
      const std::string json = cell_json(cell);
      const auto old = fates.find(name);
      if (old != fates.end() && old->second.json == json) {
        now[name] = old->second;
      } else {
        now[name] = {state.applied().value, json, old == fates.end() ? "" : old->second.json};
      }
    }
  });
  fates = std::move(now);
}

void expect_last(Timeline& timeline, const FieldName& name, const FieldFate& fate, Seq at) {
  const auto& [table, key, column] = name;
  const auto change = FieldHistory(timeline, table, key, column).last(at);
  ASSERT_TRUE(change) << change.error().message;
  const std::string what = table + " #" + std::to_string(key) + " " + column;
  if (fate.seq == 0) {
    EXPECT_FALSE(*change) << what;
    return;
  }
  ASSERT_TRUE(*change) << what;
  EXPECT_EQ((*change)->seq.value, fate.seq) << what;
  EXPECT_EQ((*change)->after.json, fate.json) << what;
  EXPECT_EQ((*change)->before.there, !fate.before.empty()) << what;
  EXPECT_EQ((*change)->before.json, fate.before) << what;
}

class EveryField : public ::testing::TestWithParam<bool> {};

TEST_P(EveryField, IsBlamedOnTheEventThatChangedItLast) {
  const TempDir dir;
  core::Life life(11);
  while (life.world.journal.size() < 90)
    life.step();
  ASSERT_NO_FATAL_FAILURE(write_journal(life.world.journal, dir.path()));
  if (GetParam()) write_snapshots(dir.path(), {Seq{30}, Seq{31}, Seq{70}});
  auto timeline = Timeline::open(dir.path());
  ASSERT_TRUE(timeline);
  core::State state;
  Fates fates;
  note_changes(state, fates);
  for (auto& [name, fate] : fates)
    fate.seq = 0;
  for (Seq seq{1}; seq <= timeline->last(); seq = next(seq)) {
    core::evolve(state, life.world.journal[seq.value - 1].view(seq));
    note_changes(state, fates);
  }
  EXPECT_GT(fates.size(), 200U);
  for (const auto& [name, fate] : fates)
    ASSERT_NO_FATAL_FAILURE(expect_last(*timeline, name, fate, timeline->last()));
}

INSTANTIATE_TEST_SUITE_P(WithAndWithoutSnapshots, EveryField, ::testing::Bool());

TEST(FieldHistory, AValueThatWentAwayAndCameBackIsBlamedOnItsReturn) {
  const TempDir dir;
  core::World world;
  world.open_session({.key = "agent:main:notes", .agent = "main"});
  const SessionId session = world.session("agent:main:notes");
  std::vector<std::uint64_t> set;
  for (const char* label : {"a", "b", "a"}) {
    world.patch_session(session, {.label = label});
    set.push_back(world.last().seq.value);
  }
  world.configure({});
  ASSERT_NO_FATAL_FAILURE(write_journal(world.journal, dir.path()));
  // The label is the same in both snapshots.
  write_snapshots(dir.path(), {Seq{set[0]}, Seq{set[2]}});
  auto timeline = Timeline::open(dir.path());
  ASSERT_TRUE(timeline);
  FieldHistory history(*timeline, "sessions", session.value, "label");
  const auto last = history.last(timeline->last());
  ASSERT_TRUE(last);
  ASSERT_TRUE(*last);
  EXPECT_EQ((*last)->seq.value, set[2]);
  EXPECT_EQ((*last)->before.text, "\"b\"");
  std::vector<std::uint64_t> all;
  ASSERT_TRUE(history.all(
      timeline->last(), [&](const FieldChange& change) { all.push_back(change.seq.value); },
      [] {}));
  EXPECT_EQ(all, (std::vector<std::uint64_t>{session.value, set[0], set[1], set[2]}));
}

TEST(RowFinder, ARowThatIsGoneIsKnownByTheEventsThatMadeAndRemovedIt) {
  for (const bool snapshots : {false, true}) {
    const TempDir dir;
    core::World world;
    std::vector<std::uint64_t> made;
    std::vector<std::uint64_t> removed;
    for (int i = 0; i < 2; ++i) {
      world.open_session({.key = "agent:main:notes", .agent = "main"});
      made.push_back(world.session("agent:main:notes").value);
      world.configure({});
      world.close(SessionId{made.back()});
      removed.push_back(world.last().seq.value);
      world.configure({});
    }
    ASSERT_NO_FATAL_FAILURE(write_journal(world.journal, dir.path()));
    if (snapshots) write_snapshots(dir.path(), {Seq{made[0]}, Seq{made[1]}, Seq{removed[1]}});
    auto timeline = Timeline::open(dir.path());
    ASSERT_TRUE(timeline);
    const auto expect = [&](const std::string& name, std::size_t which) {
      const auto life = find_earlier(*timeline, "sessions", name, timeline->last());
      ASSERT_TRUE(life);
      ASSERT_TRUE(*life) << name;
      EXPECT_EQ((*life)->made.value, made[which]) << name;
      EXPECT_EQ((*life)->removed.value, removed[which]) << name;
    };
    expect("agent:main:notes", 1);
    expect(std::to_string(made[0]), 0);
    expect("#" + std::to_string(made[1]), 1);
    const auto never = find_earlier(*timeline, "sessions", "agent:main:nothing", timeline->last());
    ASSERT_TRUE(never);
    EXPECT_FALSE(*never);
    const Output output =
        call({"replay", "blame", "session", std::to_string(made[0]), "label"}, dir.path());
    EXPECT_EQ(output.code, kExitFailure);
    EXPECT_NE(output.err.find("it was there from #" + std::to_string(made[0]) + " (SessionOpened,"),
              std::string::npos)
        << output.err;
    EXPECT_NE(output.err.find("to #" + std::to_string(removed[0]) + " (SessionClosed,"),
              std::string::npos)
        << output.err;
    EXPECT_NE(output.err.find("Ask with --at " + std::to_string(removed[0] - 1)),
              std::string::npos);
  }
}

// Columns by which people name rows, and what those are called.
const std::map<std::string, std::vector<std::string>, std::less<>> kNaming{
    {"sessions", {"key", "uuid", "label", "display_name"}},
    {"runs", {"key"}},
    {"principals", {"key", "name"}},
    {"devices", {"device_id", "label"}},
    {"approvals", {"uuid", "code"}},
    {"pairing_requests", {"code", "sender_id", "sender_name"}},
    {"paired_senders", {"sender_id"}},
    {"quarantined", {"agent_id"}},
    {"allowed_tools", {"key"}}};

// For each table and name: the last row that had it, the youngest of those it named best.
using Holders = std::map<std::pair<std::string, std::string>, std::uint64_t>;

void note_names(const core::State& state, Holders& holders) {
  std::map<std::pair<std::string, std::string>, std::pair<std::size_t, std::uint64_t>> now;
  core::visit_rows(state, {}, [&](std::string_view table, std::span<const core::Cell> cells) {
    const auto naming = kNaming.find(table);
    if (naming == kNaming.end()) return;
    for (std::size_t i = 0; i < naming->second.size(); ++i) {
      const auto& value = find_cell(cells, naming->second[i])->value;
      std::string name;
      if (const auto* text = std::get_if<std::string_view>(&value)) name = *text;
      if (const auto* bits = std::get_if<Bits128>(&value); bits != nullptr && *bits)
        name = uuid_string(*bits);
      if (name.empty()) continue;
      const std::pair best{i, row_key(table, cells).lo};
      const auto [at, added] = now.try_emplace({std::string(table), name}, best);
      if (!added && best.first <= at->second.first) at->second = best;
    }
  });
  for (const auto& [name, best] : now)
    holders[name] = best.second;
}

class EveryName : public ::testing::TestWithParam<bool> {};

TEST_P(EveryName, FindsTheLastRowThatHadIt) {
  Holders holders;
  std::size_t later = 0;
  for (std::uint64_t seed = 21; seed < 25; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const TempDir dir;
    core::Life life(seed);
    while (life.world.journal.size() < 400)
      life.step();
    ASSERT_NO_FATAL_FAILURE(write_journal(life.world.journal, dir.path()));
    if (GetParam()) write_snapshots(dir.path(), {Seq{60}, Seq{61}, Seq{200}, Seq{333}});
    auto timeline = Timeline::open(dir.path());
    ASSERT_TRUE(timeline);
    holders.clear();
    core::State state;
    for (Seq seq{1}; seq <= timeline->last(); seq = next(seq)) {
      core::evolve(state, life.world.journal[seq.value - 1].view(seq));
      note_names(state, holders);
    }
    for (const auto& [name, key] : holders) {
      if (number_of_name(name.second)) continue;  // means a row's number first
      const auto life_of = find_earlier(*timeline, name.first, name.second, timeline->last());
      ASSERT_TRUE(life_of) << life_of.error().message;
      ASSERT_TRUE(*life_of) << name.first << " " << name.second;
      EXPECT_EQ((*life_of)->key, key) << name.first << " " << name.second;
      const bool there = core::visit_row(state, name.first, key, [](auto, auto) {});
      EXPECT_EQ((*life_of)->removed == Seq{}, there) << name.first << " " << name.second;
      later += name.first == "approvals" || !there ? 1 : 0;
    }
  }
  EXPECT_GT(holders.size(), 20U);
  EXPECT_GT(later, 20U) << "names that a search of the last state does not find";
}

INSTANTIATE_TEST_SUITE_P(WithAndWithoutSnapshots, EveryName, ::testing::Bool());

TEST(RowFinder, NamesThatCameLaterFindRowsThatAreGoneOrCalledOtherwiseNow) {
  const TempDir dir;
  core::World world;
  world.connect("token");
  world.open_session({.key = "agent:main:notes", .agent = "main"});
  const SessionId notes = world.session("agent:main:notes");
  world.patch_session(notes, {.label = "first name"});
  world.patch_session(notes, {.label = "second name"});
  const core::Reply said = world.chat("main", "hello");
  world.ask(said.run, "bash");
  const auto& opened = root_of<fb::ApprovalOpened>(world.last());
  const Seq request{opened.request()};
  const std::string code = opened.code()->str();
  const std::string uuid = uuid_string(bits_of(opened.uuid()));
  world.answer(request, fb::ApprovalDecision::allow_once);
  const Seq answered = world.last().seq;
  world.message({.sender = "carol"});
  world.configure({});
  ASSERT_NO_FATAL_FAILURE(write_journal(world.journal, dir.path()));
  const auto blame = [&](const char* noun, const std::string& name, const char* field) {
    return call({"replay", "blame", noun, name, field}, dir.path());
  };
  for (const std::string& name : {code, uuid}) {
    const Output gone = blame("approval", name, "tool");
    EXPECT_EQ(gone.code, kExitFailure);
    EXPECT_TRUE(has(gone.err,
                    "it was there from #" + std::to_string(request.value) + " (ApprovalRequested,"))
        << gone.err;
    EXPECT_TRUE(has(gone.err, "to #" + std::to_string(answered.value) + " (ApprovalResolved,"))
        << gone.err;
  }
  const Output renamed = blame("session", "first name", "label");
  EXPECT_EQ(renamed.code, kExitOk) << renamed.err;
  EXPECT_TRUE(has(renamed.out, "value: \"second name\"\n  before: \"first name\"")) << renamed.out;
  EXPECT_TRUE(has(renamed.out, "agent:main:notes")) << renamed.out;
  const Output never = blame("session", "third name", "label");
  EXPECT_TRUE(has(never.err, "nor was there before")) << never.err;
}

class BlameVerb : public ::testing::Test {
 protected:
  void SetUp() override {
    ::setenv("TZ", "UTC0", 1);
    ::tzset();
    Story story(dir_.path());
    story.created();
    story.configured();
    story.message("alice", "m1", "hello");
    story.doors();
  }
  void TearDown() override {
    ::unsetenv("TZ");
    ::tzset();
  }
  Output blame(std::vector<std::string> words) const {
    words.insert(words.begin(), {"replay", "blame"});
    return call(words, dir_.path());
  }

  TempDir dir_{};
};

TEST_F(BlameVerb, NamesTheEventAndWhatWasBefore) {
  const Output output = blame({"session", "agent:main:notes", "label"});
  EXPECT_EQ(output.code, kExitOk) << output.err;
  EXPECT_EQ(output.out,
            "sessions #9 (agent:main:notes), label, at #10, 2023-11-14 22:13:20.007Z\n"
            "  value: \"mine\"\n"
            "  before: \"\"\n"
            "\n"
            "Set by\n"
            "  #10 2023-11-14 22:13:20.007+00:00  SessionPatched\n"
            "      input from websocket, by the engine, session agent:main:notes (#9)\n"
            "      fields: label,pinned\n"
            "      label: \"mine\"\n"
            "      marks: pinned\n"
            "\n"
            "It is an input: nothing in the journal led to it.\n");
}

TEST_F(BlameVerb, WhyIsTheChainOfCausesUpToTheInput) {
  const Output output = blame({"run", "6", "status", "--why"});
  EXPECT_EQ(output.code, kExitOk) << output.err;
  const std::string by_alice = ", by sender \"alice\", session agent:main:telegram:direct:alice\n";
  EXPECT_NE(output.out.find("  value: running\n  before: queued\n\nSet by\n   #7 "),
            std::string::npos)
      << output.out;
  EXPECT_EQ(output.out.substr(output.out.find("\nBecause of")),
            "\nBecause of\n"
            "   #6 2023-11-14 22:13:20.004+00:00  RunQueued" +
                by_alice +
                "   #3 2023-11-14 22:13:20.004+00:00  MessageReceived, input from websocket" +
                by_alice);
  const auto json = nlohmann::json::parse(blame({"run", "6", "status", "--why", "--json"}).out);
  EXPECT_EQ(json.at("event").at("seq"), 7);
  EXPECT_EQ(json.at("before"), "queued");
  EXPECT_EQ(json.at("after"), "running");
  ASSERT_EQ(json.at("why").size(), 2U);
  EXPECT_EQ(json.at("why").at(1).at("kind"), "MessageReceived");
}

TEST_F(BlameVerb, AFieldThatNobodySetIsAsOldAsItsRow) {
  const std::string text = blame({"session", "mine", "model"}).out;
  EXPECT_NE(text.find("  value: \"\"\n  never set: it is as the row was made\n\nMade by\n   #9 "),
            std::string::npos)
      << text;
  const auto json = nlohmann::json::parse(blame({"session", "mine", "model", "--json"}).out);
  EXPECT_FALSE(json.at("everSet").get<bool>());
  EXPECT_EQ(json.at("event").at("seq"), 9);
  EXPECT_NE(blame({"engine", "zone"}).out.find("never set: no event in the journal changed it"),
            std::string::npos);
}

TEST_F(BlameVerb, AllIsEveryChangeInOrder) {
  const Output output = blame({"run", "6", "status", "--all"});
  EXPECT_NE(output.out.find("      no row -> queued\n"), std::string::npos) << output.out;
  EXPECT_NE(output.out.find("      queued -> running\n"), std::string::npos) << output.out;
  std::istringstream lines(blame({"engine", "applied", "--all", "--json"}).out);
  std::uint64_t seq = 0;
  for (std::string line; std::getline(lines, line);)
    EXPECT_EQ(nlohmann::json::parse(line).at("seq"), ++seq);
  EXPECT_EQ(seq, 10U);
}

TEST_F(BlameVerb, OfAnEarlierMomentItIsTheValueOfThen) {
  EXPECT_NE(blame({"run", "6", "status", "--at", "6"}).out.find("value: queued"),
            std::string::npos);
}

TEST_F(BlameVerb, DevicesPeopleAndTheConfigHaveFieldsToo) {
  EXPECT_NE(blame({"device", "d1", "scopes"}).out.find("DevicePaired"), std::string::npos);
  EXPECT_NE(blame({"principal", "telegram:default:alice", "name"}).out.find("PrincipalAdded"),
            std::string::npos);
  EXPECT_NE(blame({"engine", "policy"}).out.find("ConfigApplied"), std::string::npos);
}

TEST_F(BlameVerb, WhatIsNotThereIsNamedWithWhatIs) {
  const Output noun = blame({"sesion", "1", "label"});
  EXPECT_EQ(noun.code, kExitUsage);
  EXPECT_NE(noun.err.find("There are: session, run, principal, device, agent,"), std::string::npos);
  const Output field = blame({"session", "mine", "lable"});
  EXPECT_EQ(field.code, kExitUsage);
  EXPECT_NE(field.err.find("There are: id, key, agent_id,"), std::string::npos);
  EXPECT_EQ(blame({"session", "label"}).code, kExitUsage);
  EXPECT_EQ(blame({"engine", "1", "policy"}).code, kExitUsage);
  EXPECT_EQ(blame({"session", "mine", "label", "--all", "--why"}).code, kExitUsage);
  const Output agent = blame({"agent", "main", "agent_id"});
  EXPECT_EQ(agent.code, kExitFailure);
  EXPECT_NE(agent.err.find("only while it is quarantined"), std::string::npos);
  const Output nobody = blame({"session", "77", "label"});
  EXPECT_EQ(nobody.code, kExitFailure);
  EXPECT_NE(nobody.err.find("nor was there before"), std::string::npos);
  const Output message = blame({"run", "3", "status"});
  EXPECT_EQ(message.code, kExitFailure);
  EXPECT_NE(message.err.find("#3 is an event: MessageReceived."), std::string::npos);
}

TEST(BlameAgent, InQuarantineIsBlamedOnTheEventThatPutItThere) {
  const TempDir dir;
  core::World world;
  world.quarantine("main");
  const std::uint64_t put = world.last().seq.value;
  world.configure({});
  ASSERT_NO_FATAL_FAILURE(write_journal(world.journal, dir.path()));
  const Output output =
      call({"replay", "blame", "agent", "main", "agent_id", "--json"}, dir.path());
  ASSERT_EQ(output.code, kExitOk) << output.err;
  EXPECT_EQ(nlohmann::json::parse(output.out).at("event").at("seq"), put);
}

// A journal that breaks off in the future, or whose middle no version of today can read.
TEST(StateOfOddJournals, ReachesWhatItCanAndSaysWhatItCannot) {
  const TempDir dir;
  {
    Story story(dir.path());
    story.created();
    story.configured();
    story.sealed_message();
  }
  EXPECT_EQ(call({"replay", "state", "--at", "2"}, dir.path()).code, kExitOk);
  for (const std::vector<std::string>& words : {std::vector<std::string>{"replay", "state"},
                                                {"replay", "diff", "1", "3"},
                                                {"replay", "blame", "engine", "applied"}}) {
    const Output output = call(words, dir.path());
    EXPECT_EQ(output.code, kExitFailure);
    EXPECT_NE(output.err.find("The journal cannot be folded: event 3 (MessageReceived) is sealed"),
              std::string::npos)
        << output.err;
  }
}

TEST(StateOfOddJournals, WhatLiesBehindDamageIsRefusedAndWhatLiesBeforeIsNot) {
  const TempDir dir;
  tell_story(dir.path());
  std::size_t offset = 0;
  {
    auto reader = journal::Reader::open_read_only(dir.path() / "journal");
    ASSERT_TRUE(reader);
    const auto block = reader->block_of(Seq{8});
    ASSERT_TRUE(block);
    ASSERT_EQ(block->first(), Seq{8});
    offset = static_cast<std::size_t>(journal::file_offset(block->bytes()));
  }
  {
    constexpr std::size_t kIntoBlock = 300;
    std::fstream file(dir.path() / "journal" / "data.mdb",
                      std::ios::binary | std::ios::in | std::ios::out);
    file.seekg(static_cast<std::streamoff>(offset + kIntoBlock));
    const auto byte = static_cast<char>(file.get() ^ 0x10);
    file.seekp(static_cast<std::streamoff>(offset + kIntoBlock));
    file.put(byte);
  }
  EXPECT_EQ(call({"replay", "state", "--at", "7"}, dir.path()).code, kExitOk);
  EXPECT_EQ(call({"replay", "blame", "run", "6", "status", "--at", "7"}, dir.path()).code, kExitOk);
  for (const std::vector<std::string>& words : {std::vector<std::string>{"replay", "state"},
                                                {"replay", "diff", "7", "latest"},
                                                {"replay", "blame", "run", "6", "status"}}) {
    const Output output = call(words, dir.path());
    EXPECT_EQ(output.code, kExitFailure);
    EXPECT_NE(output.err.find("damaged"), std::string::npos) << output.err;
    EXPECT_EQ(output.out, "");
  }
}

TEST(StateOfOddJournals, WithoutAJournalThereIsNoState) {
  const TempDir nothing;
  EXPECT_EQ(call({"replay", "state"}, nothing.path()).code, kExitFailure);
  EXPECT_EQ(call({"replay", "diff", "1", "2"}, nothing.path()).code, kExitFailure);
  EXPECT_EQ(call({"replay", "blame", "engine", "zone"}, nothing.path()).code, kExitFailure);
}

}  // namespace
}  // namespace spine::replay
