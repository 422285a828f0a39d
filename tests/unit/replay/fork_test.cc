// Tests of replay/fork/redecision.h: what was recorded is decided the same again, and what is not
// is found at its very event.
#include <algorithm>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <span>

#include "engine/core/model/drafter.h"
#include "replay/fork/redecision.h"
#include "schemas/fields.h"
#include "schemas/vocab/limits.h"
#include "tests/unit/core/life.h"
#include "tests/unit/replay/support.h"

namespace spine::replay {
namespace {

using core::Life;
using core::Record;
using core::State;

// Decides again what is recorded behind `at`, by a process that had rules of that version.
ForkReport fork_records(const std::vector<Record>& records, std::uint64_t at,
                        const ForkOptions& options, std::uint32_t rules = core::kRulesVersion) {
  State state = core::fold(records, at);
  std::optional<State> own;
  if (options.decide) own = core::fold(records, at);
  Redecision fork(state, rules, std::move(own), options);
  for (std::uint64_t seq = at + 1; seq <= records.size(); ++seq) {
    const EventView event = records[seq - 1].view(Seq{seq});
    fork.before(event);
    core::evolve(state, event);
  }
  return fork.finish();
}

std::vector<Record> live(std::uint64_t seed, int inputs) {
  Life life(seed);
  for (int i = 0; i < inputs; ++i)
    life.step();
  return life.world.journal;
}

std::vector<Record> records_of(const std::filesystem::path& state_dir) {
  std::vector<Record> records;
  auto timeline = Timeline::open(state_dir);
  EXPECT_TRUE(timeline);
  EXPECT_TRUE(timeline->for_each_event(Seq{1}, timeline->last(), [&](const EventView& event) {
    Record& record = records.emplace_back();
    record.header = event.header;
    record.words.assign(align8(event.body.size()) / 8, 0);
    std::memcpy(record.words.data(), event.body.data(), event.body.size());
    return true;
  }));
  return records;
}

void write_journal(const std::filesystem::path& state_dir, const std::vector<Record>& records) {
  auto journal = journal::Journal::open(state_dir / "journal", Bits128{7, 9});
  ASSERT_TRUE(journal);
  journal::Batch batch;
  batch.begin(Seq{1});
  for (std::size_t i = 0; i < records.size(); ++i) {
    const EventView event = records[i].view(Seq{i + 1});
    batch.append(event.header, event.body);
  }
  ASSERT_TRUE((*journal)->ensure_space(batch.bytes(), journal::SpaceClass::intake));
  ASSERT_TRUE((*journal)->commit(batch));
}

void set_body(Record& record, const flatbuffers::FlatBufferBuilder& builder) {
  record.header.body_bytes = builder.GetSize();
  record.words.assign(align8(builder.GetSize()) / 8, 0);
  std::memcpy(record.words.data(), builder.GetBufferPointer(), builder.GetSize());
}

// Makes another agent answer the message of a RunQueued.
void alter_agent(Record& record, fb::Trust trust) {
  const auto& was = root_of<fb::RunQueued>(record.view(Seq{1}));
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(fb::CreateRunQueuedDirect(builder, was.run_key()->c_str(), "wrong", was.message(),
                                           was.not_before_ms(), trust, was.queue_mode()));
  set_body(record, builder);
}

// The events of that kind, by their place in the journal.
std::vector<std::size_t> places_of(const std::vector<Record>& records, fb::EventBody kind) {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < records.size(); ++i)
    if (records[i].header.kind == kind_number(kind)) places.push_back(i);
  EXPECT_FALSE(places.empty());
  return places;
}

// Makes another agent answer the first message that gets an answer. Returns the altered event.
std::uint64_t plant_fault(std::vector<Record>& records) {
  const std::size_t first = places_of(records, fb::EventBody::RunQueued).at(0);
  alter_agent(records[first], root_of<fb::RunQueued>(records[first].view(Seq{1})).trust());
  return first + 1;
}

// A policy under which strangers on channels are refused.
std::filesystem::path closed_policy(const std::filesystem::path& dir) {
  core::ConfigSpec config;
  config.agents = {"main"};
  config.default_dm_policy = fb::DmPolicy::disabled;
  const core::Body body = core::config_body(config);
  const auto path = dir / "policy";
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(body.data()),
             static_cast<std::streamsize>(body.size() * sizeof(std::uint64_t)));
  return path;
}

TEST(Fork, TheSameRulesDecideTheSameFromAnyMoment) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const std::vector<Record> records = live(seed, 200);
    for (const std::uint64_t at : {std::size_t{0}, records.size() / 3, records.size() - 1}) {
      for (const bool decide : {false, true}) {
        const ForkReport report = fork_records(records, at, {.decide = decide});
        EXPECT_EQ(report.differ + report.on_purpose, 0U) << report.kept.front().reason;
        EXPECT_EQ(report.events, records.size() - at);
        EXPECT_EQ(report.upto.value, records.size());
      }
    }
  }
}

// Too many for one event, so that the input is recorded as it came and the runs follow.
TEST(Fork, AnAbortOfManyRunsIsDecidedAgain) {
  core::World world;
  for (std::size_t i = 0; i < limits::kRunsPerSessionMax; ++i)
    world.message({.text = std::to_string(i)});
  const SessionId session = world.session("agent:main:telegram:direct:alice");
  ASSERT_GT(world.view(session).runs_waiting + 1, core::kRunsPerAbort);
  ASSERT_EQ(world.abort(session).code, core::ReplyCode::accepted);
  ASSERT_GT(world.decision.count(), 1U);
  for (const bool decide : {false, true})
    EXPECT_EQ(fork_records(world.journal, 0, {.decide = decide}).differ, 0U);
}

TEST(Fork, AnotherPolicyDecidesEveryRecordedInputOnce) {
  std::uint64_t differ = 0;
  for (std::uint64_t seed = 40; seed <= 45; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const std::vector<Record> records = live(seed, 300);
    core::Prng prng(seed);
    const core::Body policy = core::config_body(core::random_config(prng));
    const std::uint64_t inputs =
        static_cast<std::uint64_t>(std::ranges::count_if(records, [](const Record& record) {
          return (record.header.flags & record_flag::kInput) != 0;
        }));
    for (const bool decide : {false, true}) {
      const ForkReport report =
          fork_records(records, 0, {.decide = decide, .policy = std::as_bytes(std::span(policy))});
      EXPECT_EQ(report.inputs, inputs);
      EXPECT_EQ(report.facts, 0U);
      EXPECT_EQ(report.decided.accepted + report.decided.refused,
                report.recorded.accepted + report.recorded.refused);
      differ += report.differ;
    }
  }
  EXPECT_GT(differ, 50U);
}

// What a damaged or foreign journal may hold: well-formed events in an order without sense.
TEST(Fork, EventsWithoutSenseAreDecided) {
  for (std::uint64_t seed = 300; seed <= 308; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const std::vector<Record> records = live(seed, 200);
    core::Prng prng(seed);
    std::vector<Record> shuffled;
    for (int i = 0; i < 800; ++i) {
      Record record = records[prng.below(records.size())];
      if (prng.chance(30)) record.header.session = prng.below(1'000);
      if (prng.chance(30)) record.header.principal = prng.below(1'000);
      if (prng.chance(10)) record.header.flags ^= record_flag::kInput;
      if (prng.chance(5)) record.header.logical_ms = prng.next();
      shuffled.push_back(std::move(record));
    }
    for (const bool decide : {false, true}) {
      const ForkReport report = fork_records(shuffled, 0, {.decide = decide, .kept_max = 5});
      EXPECT_EQ(report.events, shuffled.size());
      EXPECT_GT(report.differ, 5U);
      const auto unexplained = std::ranges::count_if(
          report.kept, [](const Divergence& each) { return each.on_purpose == nullptr; });
      EXPECT_EQ(unexplained, 5);
      EXPECT_LE(report.kept.size(), 10U);
    }
  }
}

TEST(Fork, APlantedFaultIsFoundAtItsEvent) {
  const TempDir story;
  const TempDir altered;
  tell_story(story.path());
  std::vector<Record> records = records_of(story.path());
  const std::uint64_t fault = plant_fault(records);
  write_journal(altered.path(), records);
  EXPECT_EQ(call({"replay", "fork"}, story.path()).code, kExitOk);
  EXPECT_EQ(call({"replay", "fork", "--decide"}, story.path()).code, kExitOk);
  const Output output = call({"replay", "fork", "--at", "1", "--json"}, altered.path());
  EXPECT_EQ(output.code, kExitDiffers) << output.err;
  const auto report = nlohmann::json::parse(output.out);
  EXPECT_EQ(report.at("differ"), 1);
  const auto& found = report.at("divergences").at(0);
  EXPECT_EQ(found.at("seq"), fault);
  EXPECT_EQ(found.at("kind"), "RunQueued");
  EXPECT_EQ(found.at("input"), found.at("cause"));
  EXPECT_EQ(found.at("expected"), found.at("got"));
  EXPECT_EQ(found.at("fields").at(0).at("name"), "agent_id");
  EXPECT_EQ(found.at("reason"), R"(RunQueued: agent_id was "wrong", is "main" now)");
  // Before the fault, and from behind it on, all is as it was recorded.
  const std::string before = std::to_string(found.at("input").get<std::uint64_t>() - 1);
  EXPECT_EQ(call({"replay", "fork", "--to", before}, altered.path()).code, kExitOk);
  EXPECT_EQ(call({"replay", "fork", "--at", std::to_string(fault)}, altered.path()).code, kExitOk);
  // A decision is looked at as a whole.
  const std::string input = std::to_string(found.at("input").get<std::uint64_t>());
  EXPECT_EQ(call({"replay", "fork", "--to", input}, altered.path()).code, kExitDiffers);
}

TEST(Fork, AnEventThatIsMissingAndOneTooManyAreFound) {
  std::vector<Record> records = live(1, 60);
  const auto found = std::ranges::find_if(records, [](const Record& record) {
    return record.header.kind == kind_number(fb::EventBody::RunStarted);
  });
  ASSERT_NE(found, records.end());
  const auto at = static_cast<std::uint64_t>(found - records.begin());
  const Record started = *found;
  std::vector<Record> missing(records.begin(), found);
  const ForkReport less = fork_records(missing, 0, {});
  ASSERT_EQ(less.differ, 1U);
  EXPECT_EQ(less.kept.front().seq.value, at);
  EXPECT_EQ(less.kept.front().reason, "nothing then, RunStarted now");
  std::vector<Record> more(records.begin(), found + 1);
  more.push_back(started);
  const ForkReport twice = fork_records(more, 0, {});
  ASSERT_EQ(twice.differ, 1U);
  EXPECT_EQ(twice.kept.front().seq.value, at + 2);
  EXPECT_EQ(twice.kept.front().reason, "RunStarted then, nothing now");
}

TEST(Fork, AnotherPolicyShowsWhatItWouldHaveRefused) {
  const TempDir dir;
  tell_story(dir.path());
  const std::string policy = closed_policy(dir.path()).string();
  const Output output = call({"replay", "fork", "--policy", policy}, dir.path());
  EXPECT_EQ(output.code, kExitDiffers) << output.err;
  EXPECT_TRUE(output.out.starts_with("From #1, ")) << output.out;
  EXPECT_NE(output.out.find("DIFFERENT: 4 of "), std::string::npos) << output.out;
  EXPECT_NE(output.out.find("accepted then, refused now (disabled)"), std::string::npos)
      << output.out;
  const Output world =
      call({"replay", "fork", "--policy", policy, "--decide", "--json"}, dir.path());
  EXPECT_EQ(world.code, kExitDiffers) << world.err;
  const auto report = nlohmann::json::parse(world.out);
  EXPECT_EQ(report.at("recorded").at("messagesAccepted"), 4);
  EXPECT_EQ(report.at("decided").at("messagesAccepted"), 0);
  EXPECT_EQ(report.at("decided").at("messagesRefused"), 4);
  EXPECT_EQ(report.at("decided").at("sessionsAtEnd"), 0);
  EXPECT_EQ(report.at("divergences").at(0).at("seq"), 3);
}

TEST(Fork, OnlyWantedInputsCount) {
  const TempDir dir;
  tell_story(dir.path());
  const std::string policy = closed_policy(dir.path()).string();
  const auto differ = [&](const std::string& option, const std::string& value) {
    const Output output =
        call({"replay", "fork", "--policy", policy, "--json", option, value}, dir.path());
    return nlohmann::json::parse(output.out).at("differ").get<int>();
  };
  EXPECT_EQ(differ("--session", "agent:main:telegram:direct:bob"), 2);
  EXPECT_EQ(differ("--channel", "telegram"), 4);
  EXPECT_EQ(differ("--channel", "irc"), 0);
  EXPECT_EQ(differ("--kind", "StateDigested"), 0);
  EXPECT_EQ(call({"replay", "fork", "--kind", "Nothing"}, dir.path()).code, kExitUsage);
}

// The answer to a run that does not begin in the other course of events is about nothing there;
// where it begins under another number, the answer finds it.
TEST(Fork, InAnotherCourseOfEventsAnswersFindTheirRuns) {
  core::World world;
  world.message({.channel = "irc", .sender = "bob", .text = "first"});
  const core::Reply second = world.message({.sender = "alice", .text = "second"});
  const RunId irc = world.active("agent:main:irc:direct:bob");
  ASSERT_TRUE(irc);
  world.finish(irc);
  world.finish(second.run);
  core::ConfigSpec config;
  config.channels.push_back({.name = "irc", .dm = fb::DmPolicy::disabled});
  const core::Body policy = core::config_body(config);
  const ForkReport report =
      fork_records(world.journal, 3, {.decide = true, .policy = std::as_bytes(std::span(policy))});
  EXPECT_EQ(report.differ, 1U) << report.kept.back().reason;
  EXPECT_EQ(report.without_subject, 1U);
  EXPECT_EQ(report.recorded.finished, 2U);
  EXPECT_EQ(report.decided.finished, 1U);
  EXPECT_EQ(report.decided_end.runs_open, 0U);
  EXPECT_EQ(report.decided_end.sessions, 1U);
}

// The same of what channels say: of a delivery that is not asked for there nothing, of one that
// bears another number the outcome.
TEST(Fork, InAnotherCourseOfEventsOutcomesFindTheirDeliveries) {
  core::World world;
  const std::uint64_t parted = world.journal.size();
  world.channel_state(fb::ChannelState::connected);
  world.channel_state(fb::ChannelState::connected, "irc");
  const core::Reply lost = world.message({.channel = "irc", .sender = "bob", .text = "first"});
  const core::Reply kept = world.message({.sender = "alice", .text = "second"});
  world.finish(lost.run);
  const DeliveryId refused = world.attempted().front();
  world.finish(kept.run);
  const DeliveryId delivered = world.attempted().back();
  world.fail_delivery(refused, fb::DeliveryFailure::permanent);
  world.retry_delivery(refused);
  world.confirm(refused);
  world.fail_delivery(delivered, fb::DeliveryFailure::permanent);
  world.retry_delivery(delivered);
  world.confirm(delivered);
  core::ConfigSpec config;
  config.channels.push_back({.name = "irc", .dm = fb::DmPolicy::disabled});
  const core::Body policy = core::config_body(config);
  const ForkReport report = fork_records(
      world.journal, parted, {.decide = true, .policy = std::as_bytes(std::span(policy))});
  EXPECT_EQ(report.differ, 1U) << report.kept.back().reason;
  EXPECT_EQ(report.without_subject, 4U) << "a run, and three things said of its delivery";
  EXPECT_EQ(report.decided_end.deliveries_waiting, 0U);
  EXPECT_EQ(report.decided_end.dead_letters, 0U);
}

// Decided on the recorded state with another policy, what was said of a delivery stays so.
TEST(Fork, OutcomesOfDeliveriesAreDecidedAgain) {
  core::World world;
  const std::uint64_t from = world.journal.size();
  world.channel_state(fb::ChannelState::connected);
  for (const fb::DeliveryFailure kind : fb::EnumValuesDeliveryFailure()) {
    world.finish(world.message({.sender = fb::EnumNameDeliveryFailure(kind)}).run);
    world.fail_delivery(world.attempted().back(), kind);
  }
  EXPECT_EQ(fork_records(world.journal, from, {}).differ, 0U);
  core::ConfigSpec config;
  config.channels.push_back({.name = "telegram", .at_least_once = true});
  const core::Body policy = core::config_body(config);
  const ForkReport report =
      fork_records(world.journal, from, {.policy = std::as_bytes(std::span(policy))});
  ASSERT_GE(report.differ, 1U) << "what may have arrived is sent again there";
  EXPECT_NE(report.kept.front().reason.find("DeliveryDeadLettered"), std::string::npos)
      << report.kept.front().reason;
}

TEST(Fork, WhatAReleaseChangedIsNoDifference) {
  const TempDir dir;
  tell_story(dir.path());
  std::vector<Record> records = records_of(dir.path());
  const std::uint64_t fault = plant_fault(records);
  const core::RulesChange changes[]{{core::kRulesVersion + 1, fb::EventBody::MessageReceived,
                                     fb::EventBody::RunQueued, "agent_id",
                                     "agents are chosen anew"}};
  const ForkReport told = fork_records(records, 0, {.changes = changes});
  EXPECT_EQ(told.differ, 0U);
  ASSERT_EQ(told.on_purpose, 1U);
  EXPECT_EQ(told.kept.front().seq.value, fault);
  EXPECT_STREQ(told.kept.front().on_purpose, "agents are chosen anew");
  // Not in a journal that was written under the new rules, and not in another field.
  const core::RulesChange older[]{{core::kRulesVersion, fb::EventBody::MessageReceived,
                                   fb::EventBody::RunQueued, "agent_id", ""}};
  EXPECT_EQ(fork_records(records, 0, {.changes = older}).differ, 1U);
  const core::RulesChange other[]{{core::kRulesVersion + 1, fb::EventBody::MessageReceived,
                                   fb::EventBody::RunQueued, "trust", ""}};
  EXPECT_EQ(fork_records(records, 0, {.changes = other}).differ, 1U);
}

TEST(Fork, WhatAReleaseChangedDoesNotCrowdOutWhatItDidNot) {
  const TempDir dir;
  tell_story(dir.path());
  std::vector<Record> records = records_of(dir.path());
  const std::vector<std::size_t> queued = places_of(records, fb::EventBody::RunQueued);
  ASSERT_EQ(queued.size(), 4U);
  for (const std::size_t place : queued)
    alter_agent(records[place], place == queued[3] ? fb::Trust::untrusted : fb::Trust::trusted);
  const core::RulesChange changes[]{{core::kRulesVersion + 1, fb::EventBody::MessageReceived,
                                     fb::EventBody::RunQueued, "agent_id",
                                     "agents are chosen anew"}};
  const ForkReport report = fork_records(records, 0, {.changes = changes, .kept_max = 1});
  EXPECT_EQ(report.on_purpose, 3U);
  EXPECT_EQ(report.differ, 1U);
  ASSERT_EQ(report.kept.size(), 2U);
  EXPECT_EQ(report.kept[0].seq.value, queued[0] + 1);
  EXPECT_NE(report.kept[0].on_purpose, nullptr);
  EXPECT_EQ(report.kept[1].seq.value, queued[3] + 1);
  EXPECT_EQ(report.kept[1].on_purpose, nullptr);
  EXPECT_TRUE(has(report.kept[1].reason, "RunQueued: agent_id was \"wrong\""))
      << report.kept[1].reason;
  auto timeline = Timeline::open(dir.path());
  ASSERT_TRUE(timeline);
  Names names(*timeline);
  const std::string text = fork_text(report, names);
  EXPECT_TRUE(has(text, "DIFFERENT: 1 of ")) << text;
  EXPECT_TRUE(has(text, "Changed on purpose by a release: 3\n")) << text;
  EXPECT_TRUE(has(text, "... and 2 more, 2 of them on purpose (--limit 0 lists all)\n")) << text;
}

// A run that had collected a message is at work, and its message was tried beside it all the same.
TEST(Fork, AForcedTryBesideTheRunThatCollectedWasLeftToOlderRules) {
  core::World world;
  world.connect("token");
  const auto say = [&](const std::string& words) {
    return world.message({.text = words, .queue_mode = fb::QueueMode::collect});
  };
  const core::Reply one = say("one");
  say("two");
  const core::Reply three = say("three");
  world.finish(one.run);
  core::RunView merged{};
  ASSERT_TRUE(core::view_run(world.state, three.run, merged));
  ASSERT_EQ(merged.status, core::RunStatus::finished);
  Record& asked = world.journal.emplace_back();
  asked.header = {.kind = kind_number(fb::EventBody::RunRetryRequested),
                  .flags = record_flag::kInput,
                  .source = static_cast<std::uint16_t>(Source::websocket),
                  .session = three.session.value,
                  .cause = merged.ended.value,
                  .correlation = three.seq.value,
                  .wall_ms = world.now.wall_ms,
                  .logical_ms = world.now.logical_ms};
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(fb::CreateRunRetryRequestedDirect(builder, three.run.value, "again", true));
  set_body(asked, builder);
  const std::uint64_t before = world.journal.size() - 1;
  const ForkReport old = fork_records(world.journal, before, {}, 1);
  EXPECT_EQ(old.differ, 0U);
  ASSERT_EQ(old.on_purpose, 1U);
  EXPECT_TRUE(has(old.kept.front().reason, "being worked on")) << old.kept.front().reason;
  EXPECT_EQ(fork_records(world.journal, before, {}).differ, 1U);
}

TEST(Fork, WhatCannotBeReadIsSaid) {
  const TempDir dir;
  {
    Story story(dir.path());
    story.created();
    story.configured();
    story.message("alice", "m1", "hello");
    story.sealed_message();
  }
  const Output sealed = call({"replay", "fork"}, dir.path());
  EXPECT_EQ(sealed.code, kExitFailure);
  EXPECT_NE(sealed.err.find("is sealed with key 12"), std::string::npos) << sealed.err;
  EXPECT_EQ(call({"replay", "fork", "--to", "5"}, dir.path()).code, kExitOk);
  EXPECT_EQ(call({"replay", "fork", "--at", "900"}, dir.path()).code, kExitFailure);
  EXPECT_EQ(call({"replay", "fork", "--at", "5", "--to", "2"}, dir.path()).code, kExitUsage);
  EXPECT_EQ(call({"replay", "fork", "--policy", "/nowhere"}, dir.path()).code, kExitFailure);
  const auto no_policy = dir.path() / "no-policy";
  std::ofstream(no_policy) << "agents: {}";
  const Output refused = call({"replay", "fork", "--policy", no_policy.string()}, dir.path());
  EXPECT_EQ(refused.code, kExitUsage);
  EXPECT_NE(refused.err.find("is no policy"), std::string::npos) << refused.err;
}

}  // namespace
}  // namespace spine::replay
