// Properties over random inputs: one state whatever the route, and rules that always hold.
#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <set>

#include "engine/core/base/key_buffer.h"
#include "engine/core/model/digest.h"
#include "engine/core/model/effects.h"
#include "engine/core/model/evolve.h"
#include "engine/core/model/snapshot.h"
#include "schemas/vocab/limits.h"
#include "tests/unit/core/life.h"

namespace spine::core {
namespace {

std::vector<std::uint64_t> saved(const State& state, std::size_t& bytes) {
  flatbuffers::FlatBufferBuilder builder;
  save_snapshot(state, builder);
  bytes = builder.GetSize();
  std::vector<std::uint64_t> words((bytes + 7) / 8);
  std::memcpy(words.data(), builder.GetBufferPointer(), bytes);
  return words;
}

State reloaded(const State& state) {
  std::size_t bytes = 0;
  const std::vector<std::uint64_t> words = saved(state, bytes);
  State copy;
  const Status status =
      load_snapshot({reinterpret_cast<const std::byte*>(words.data()), bytes}, copy);
  EXPECT_TRUE(status) << (status ? "" : status.error().message);
  return copy;
}

TEST(Properties, LiveStateIsTheFoldAndTheSnapshotWithItsTail) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Life life(seed);
    State follower;
    std::size_t followed = 0;
    for (int i = 0; i < 400; ++i) {
      life.step();
      if (!life.prng().chance(5)) continue;
      for (; followed < life.world.journal.size(); ++followed) {
        evolve(follower, life.world.journal[followed].view(Seq{followed + 1}));
      }
      const Bits128 live = digest(life.world.state).total;
      ASSERT_EQ(live, digest(follower).total);
      // The follower goes on from a snapshot of itself, as after a restart.
      follower = reloaded(follower);
      ASSERT_EQ(live, digest(follower).total);
      ASSERT_EQ(life.world.state.next_deadline_ms(), follower.next_deadline_ms());
    }
    const State folded = fold(life.world.journal, life.world.journal.size());
    ASSERT_EQ(digest(life.world.state).total, digest(folded).total);
  }
}

// A decision depends on the state alone, not on how the state came to be.
TEST(Properties, ARestoredStateDecidesTheSame) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Life life(seed);
    for (int i = 0; i < 200; ++i)
      life.step();
    const State copy = reloaded(life.world.state);
    for (int i = 0; i < 50; ++i) {
      State before = reloaded(life.world.state);
      const std::size_t first = life.world.journal.size();
      life.step();
      if (life.world.journal.size() == first) continue;
      Input input{};
      flatbuffers::FlatBufferBuilder scratch;
      ASSERT_TRUE(input_of(life.world.journal[first].view(Seq{first + 1}), input, scratch));
      Decision again;
      decide(before, input, again);
      ASSERT_EQ(again.count(), life.world.journal.size() - first);
      for (std::size_t k = 0; k < again.count(); ++k) {
        const EventView was = life.world.journal[first + k].view(Seq{first + k + 1});
        const Draft& draft = again.drafts()[k];
        EXPECT_EQ(std::memcmp(&draft.header.kind, &was.header.kind,
                              sizeof(RecordHeader) - sizeof(std::uint32_t)),
                  0);
        // A record's body may be padded behind the table.
        ASSERT_LE(draft.body.size(), was.body.size());
        EXPECT_EQ(std::memcmp(draft.body.data(), was.body.data(), draft.body.size()), 0);
      }
    }
  }
}

// Follows the events with the simplest model that could be right.
struct Model {
  std::map<std::uint64_t, std::uint64_t> running{};             // session -> run
  std::map<std::uint64_t, std::vector<std::uint64_t>> queue{};  // session -> runs
  std::set<std::string> seen{};                                 // external ids
  std::map<std::uint64_t, std::uint64_t> principal_of{};
  std::map<std::uint64_t, int> endings{};  // run -> how many: one, once it has ended

  void end(std::uint64_t session, std::uint64_t run) {
    EXPECT_EQ(++endings[run], 1) << "run " << run << " ended twice";
    if (running[session] == run) running[session] = 0;
    std::erase(queue[session], run);
  }

  static std::string name_of(const fb::MessageReceived& message, bool exact_ids) {
    std::string account = message.account()->str();
    if (!exact_ids) std::ranges::transform(account, account.begin(), lower);
    return message.channel()->str() + "/" + account + "/" + message.external_id()->str();
  }

  void apply(const EventView& event) {
    const std::uint64_t session = event.header.session;
    switch (static_cast<fb::EventBody>(event.header.kind)) {
      case fb::EventBody::MessageReceived: {
        const auto& message = *flatbuffers::GetRoot<fb::MessageReceived>(event.body.data());
        if (message.external_id() == nullptr) return;
        EXPECT_TRUE(seen.insert(name_of(message, message.exact_ids())).second)
            << "a duplicate was let in";
        return;
      }
      case fb::EventBody::MessageRejected: {
        const auto& body = *flatbuffers::GetRoot<fb::MessageRejected>(event.body.data());
        if (body.reason() != fb::RejectReason::duplicate) return;
        // What it repeats may be older than exact ids.
        EXPECT_TRUE(seen.contains(name_of(*body.message(), body.message()->exact_ids())) ||
                    seen.contains(name_of(*body.message(), false)));
        return;
      }
      case fb::EventBody::RunQueued:
        queue[session].push_back(event.seq.value);
        principal_of[event.seq.value] = event.header.principal;
        endings[event.seq.value] = 0;
        return;
      case fb::EventBody::RunStarted: {
        const auto& started = *flatbuffers::GetRoot<fb::RunStarted>(event.body.data());
        const std::uint64_t run = started.run();
        if (started.attempt() != 1) {
          EXPECT_EQ(running[session], run) << "tried again, and not at work";
          return;
        }
        EXPECT_EQ(running[session], 0U) << "two runs at a time";
        // In order for everybody: no earlier run of the same principal is left waiting.
        for (const std::uint64_t other : queue[session]) {
          if (other == run) break;
          EXPECT_NE(principal_of[other], principal_of[run]) << "out of order";
        }
        std::erase(queue[session], run);
        running[session] = run;
        return;
      }
      case fb::EventBody::RunFinished:
        return end(session, flatbuffers::GetRoot<fb::RunFinished>(event.body.data())->run());
      case fb::EventBody::RunFailed:
        return end(session, flatbuffers::GetRoot<fb::RunFailed>(event.body.data())->run());
      case fb::EventBody::RunAborted:
        for (const std::uint64_t run :
             *flatbuffers::GetRoot<fb::RunAborted>(event.body.data())->runs()) {
          end(session, run);
        }
        return;
      case fb::EventBody::RunsMerged:
        for (const std::uint64_t run :
             *flatbuffers::GetRoot<fb::RunsMerged>(event.body.data())->runs()) {
          end(session, run);
        }
        return;
      default:
        return;
    }
  }
};

TEST(Properties, RunsKeepTheirOrderAndDuplicatesAreFoundExactly) {
  for (std::uint64_t seed = 100; seed <= 140; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Life life(seed);
    Model model;
    std::size_t followed = 0;
    for (int i = 0; i < 400; ++i) {
      life.step();
      for (; followed < life.world.journal.size(); ++followed) {
        model.apply(life.world.journal[followed].view(Seq{followed + 1}));
      }
      std::uint32_t running = 0;
      for (const auto& [session, run] : model.running) {
        if (run != 0) ++running;
        SessionView view{};
        if (view_session(life.world.state, SessionId{session}, view)) {
          ASSERT_EQ(view.active_run.value, run);
          ASSERT_EQ(view.runs_waiting, model.queue[session].size());
          ASSERT_LE(view.runs_waiting, limits::kRunsPerSessionMax);
        }
      }
      ASSERT_EQ(count_state(life.world.state).runs_running, running);
    }
  }
}

// When time passes and every run ends, nothing stays open and nothing is due for ever.
TEST(Properties, WhenEverythingIsAnsweredNothingIsLeft) {
  for (std::uint64_t seed = 200; seed <= 230; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Life life(seed);
    for (int i = 0; i < 300; ++i)
      life.step();
    World& world = life.world;
    // Nothing is tried again for ever: here the last attempts crash.
    world.configure(ConfigSpec{.idle_days = 1, .policies = {{.agent = "main", .attempts_max = 2}}});
    for (int round = 0; round < 2'000; ++round) {
      std::vector<Effect> open;
      open_obligations(world.state, open);
      for (const Effect& effect : open) {
        if (life.prng().chance(30)) {
          world.interrupt(effect.run, fb::InterruptReason::agent_crash);
        } else {
          world.finish(effect.run);
        }
      }
      const std::uint64_t due = world.state.next_deadline_ms();
      if (due == 0 && open.empty()) break;
      if (due == 0) continue;
      if (due > world.now.logical_ms) world.advance_ms(due - world.now.logical_ms);
      ASSERT_EQ(world.deadline().code, ReplyCode::accepted) << "due, but nothing to do";
    }
    const StateCounts counts = count_state(world.state);
    EXPECT_EQ(counts.runs_open, 0U);
    EXPECT_EQ(counts.sessions, 0U);
    EXPECT_LE(counts.principals, 2 + Life::kDevices);  // the tokens and the devices
    std::vector<ApprovalView> asked;
    list_approvals(world.state, asked);
    EXPECT_TRUE(asked.empty());
    Model model;
    for (std::size_t i = 0; i < world.journal.size(); ++i)
      model.apply(world.journal[i].view(Seq{i + 1}));
    for (const auto& [run, endings] : model.endings)
      EXPECT_EQ(endings, 1) << "run " << run;
  }
}

// evolve takes any well-formed events, in any order, and a fold of them is still one state.
TEST(Properties, EventsWithoutSenseAreFoldedToOneState) {
  for (std::uint64_t seed = 300; seed <= 360; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Life life(seed);
    for (int i = 0; i < 300; ++i)
      life.step();
    Prng& prng = life.prng();
    std::vector<Record> shuffled;
    for (int i = 0; i < 1'500; ++i) {
      Record record = life.world.journal[prng.below(life.world.journal.size())];
      if (prng.chance(50)) record.header.session = prng.below(1'500);
      if (prng.chance(30)) record.header.principal = prng.below(1'500);
      if (prng.chance(30)) record.header.cause = prng.below(3'000);
      if (prng.chance(5)) record.header.logical_ms = prng.next();
      shuffled.push_back(std::move(record));
    }
    State a;
    State b;
    for (std::size_t i = 0; i < shuffled.size(); ++i) {
      evolve(a, shuffled[i].view(Seq{i + 1}));
      evolve(b, shuffled[i].view(Seq{i + 1}));
      if (i % 100 == 99) b = reloaded(b);
    }
    ASSERT_EQ(digest(a).total, digest(b).total);
    // Whatever they made of it, decisions can be taken on it.
    Decision decision;
    const Body body = message_body(MessageSpec{.external_id = "x"}, Bits128{.hi = 1, .lo = 1});
    decide(a,
           Input{.kind = static_cast<std::uint16_t>(fb::EventBody::MessageReceived),
                 .source = Source::websocket,
                 .now = a.now(),
                 .body = {reinterpret_cast<const std::byte*>(body.data()), body.size() * 8}},
           decision);
    EXPECT_LE(decision.count(), 9U + limits::kApprovalsMax);
  }
}

}  // namespace
}  // namespace spine::core
