// FoldedIds: which sessions and approvals of the past stood for several ids.
#include "adapters/cli/folded_ids.h"

#include <gtest/gtest.h>

#include "tests/unit/replay/story.h"

namespace spine::cli {
namespace {

using Names = std::vector<std::string>;

class Events {
 public:
  // Gives the event built by `build` to the finder; its seq.
  template <class Build>
  std::uint64_t give(fb::EventBody kind, std::uint64_t session, Build build) {
    flatbuffers::FlatBufferBuilder builder;
    builder.Finish(flatbuffers::Offset<flatbuffers::Table>(build(builder).o));
    std::vector<std::uint64_t> words(align8(builder.GetSize()) / 8);
    std::memcpy(words.data(), builder.GetBufferPointer(), builder.GetSize());
    EventView event{};
    event.seq = Seq{++seq_};
    event.header.kind = static_cast<std::uint16_t>(kind);
    event.header.session = session;
    event.body = {reinterpret_cast<const std::byte*>(words.data()), builder.GetSize()};
    finder.see(event);
    return seq_;
  }
  std::uint64_t open(const char* key) {
    return give(fb::EventBody::SessionOpened, seq_ + 1,
                [&](auto& b) { return fb::CreateSessionOpenedDirect(b, key, "main").Union(); });
  }
  void write(std::uint64_t session, const char* sender, bool exact = false) {
    give(fb::EventBody::MessageReceived, session, [&](auto& b) {
      const auto channel = b.CreateString("discord");
      const auto id = b.CreateString(sender);
      fb::MessageReceivedBuilder message(b);
      message.add_via(fb::MessageVia::channel);
      message.add_channel(channel);
      message.add_sender_id(id);
      message.add_exact_ids(exact);
      return message.Finish().Union();
    });
  }
  std::uint64_t ask(const char* sender, bool exact = false) {
    return give(fb::EventBody::ChannelPairingRequested, 0, [&](auto& b) {
      return fb::CreateChannelPairingRequestedDirect(b, "Discord", "", sender, "", "ABCD2345", 0, 0,
                                                     exact)
          .Union();
    });
  }
  void answer(std::uint64_t request, bool approved) {
    give(fb::EventBody::ChannelPairingResolved, 0,
         [&](auto& b) { return fb::CreateChannelPairingResolved(b, request, approved).Union(); });
  }

  FoldedIdsFinder finder{};

 private:
  std::uint64_t seq_{};
};

TEST(FoldedIdsTest, NamesSessionsInWhichIdsMetOrLostTheirCapitals) {
  Events events;
  const std::uint64_t met = events.open("agent:main:discord:direct:anna");
  const std::uint64_t lost = events.open("agent:main:discord:direct:bob");
  const std::uint64_t small = events.open("agent:main:discord:direct:cy");
  const std::uint64_t gone = events.open("agent:main:discord:direct:dan");
  const std::uint64_t shared = events.open("agent:main:main");
  const std::uint64_t today = events.open("agent:main:discord:direct:Eve");
  for (const char* sender : {"anna", "Anna", "anna"})
    events.write(met, sender);
  events.write(lost, "BOB");
  events.write(small, "cy");
  events.write(gone, "Dan");
  events.write(shared, "fay");
  events.write(shared, "gus");
  events.write(today, "Eve", true);
  events.give(fb::EventBody::SessionClosed, gone,
              [](auto& b) { return fb::CreateSessionClosed(b).Union(); });
  const FoldedIds found = events.finder.result();
  ASSERT_EQ(found.sessions.size(), 2U);
  EXPECT_EQ(found.sessions[0].name, "agent:main:discord:direct:anna");
  EXPECT_EQ(found.sessions[0].ids, (Names{"Anna", "anna"}));
  EXPECT_EQ(found.sessions[1].name, "agent:main:discord:direct:bob");
  EXPECT_EQ(found.sessions[1].ids, Names{"BOB"});
  EXPECT_TRUE(found.complete);
}

TEST(FoldedIdsTest, AnIdMayHoldWhatLooksLikeAnAccount) {
  Events events;
  const std::uint64_t session = events.open("agent:main:discord:direct:anna (account work)");
  events.write(session, "Anna (account work)");
  events.write(events.open("agent:main:discord:direct:anna"), "Anna (account work)");
  const FoldedIds found = events.finder.result();
  ASSERT_EQ(found.sessions.size(), 1U);
  EXPECT_EQ(found.sessions[0].name, "agent:main:discord:direct:anna (account work)");
  EXPECT_EQ(found.sessions[0].ids, Names{"Anna (account work)"});
}

TEST(FoldedIdsTest, NamesApprovalsThatLetOthersIn) {
  Events events;
  const std::uint64_t session = events.open("agent:main:discord:direct:anna");
  events.answer(events.ask("Anna"), true);
  events.answer(events.ask("bob"), false);
  events.answer(events.ask("Cy", true), true);
  for (const char* sender : {"Anna", "aNNa", "anna", "Bob", "cy"})
    events.write(session, sender);
  const FoldedIds found = events.finder.result();
  ASSERT_EQ(found.approvals.size(), 1U);
  EXPECT_EQ(found.approvals[0].name, "Anna on Discord");
  EXPECT_EQ(found.approvals[0].ids, (Names{"aNNa", "anna"}));
}

TEST(FoldedIdsTest, TellsWhomAnEntryOfAListNamesOtherwise) {
  Events events;
  const std::uint64_t session = events.open("agent:main:discord:direct:anna");
  for (const char* sender : {"Anna", "aNNa", "bob", "Cy"})
    events.write(session, sender);
  events.write(session, "dan", true);
  const FoldedIds found = events.finder.result();
  EXPECT_EQ(found.written_otherwise("Discord", "anna"), (Names{"Anna", "aNNa"}));
  EXPECT_EQ(found.written_otherwise("discord", "CY"), Names{"Cy"});
  EXPECT_TRUE(found.written_otherwise("discord", "Anna").empty()) << "written so, too";
  EXPECT_TRUE(found.written_otherwise("discord", "bob").empty());
  EXPECT_TRUE(found.written_otherwise("discord", "Dan").empty()) << "never let in by it";
  EXPECT_TRUE(found.written_otherwise("telegram", "anna").empty());
}

TEST(FoldedIdsTest, ReadsAJournal) {
  const replay::TempDir dir;
  {
    replay::Story story(dir.path());
    story.created();
    story.configured();
    story.message("Alice", "m1", "hello");
    story.message("alice", "m2", "hello");
    story.message("bob", "m3", "hello");
  }
  auto reader = journal::Reader::open_read_only(dir.path() / "journal");
  ASSERT_TRUE(reader);
  const auto found = find_folded_ids(*reader);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->sessions.size(), 1U);
  EXPECT_EQ(found->sessions[0].name, "agent:main:telegram:direct:alice");
  EXPECT_EQ(found->sessions[0].ids, (Names{"Alice (account default)", "alice (account default)"}));
  EXPECT_TRUE(found->complete);
}

}  // namespace
}  // namespace spine::cli
