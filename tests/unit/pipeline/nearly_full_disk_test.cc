// A disk that is nearly full: what agents did waits for room, in the order in which they did it.
#include <flatbuffers/flatbuffers.h>
#include <gtest/gtest.h>
#include <string>

#include "engine/pipeline/items/messages.h"
#include "journal/journal.h"
#include "schemas/vocab/limits.h"
#include "tests/unit/pipeline/gateway.h"
#include "tests/unit/pipeline/small_disk.h"

#include "event_generated.h"

namespace spine::pipeline {
namespace {

using Kinds = std::vector<std::string>;
using FlatBuffer = flatbuffers::FlatBufferBuilder;

// Less than what is kept for closing, and more than a start needs.
constexpr std::uint64_t kRoomToClose = 8 * limits::kMiB;
constexpr std::uint64_t kRoomToStart = limits::kMiB;
constexpr std::uint64_t kRoom = 512 * limits::kMiB;

class NearlyFull : public EngineTest {
 protected:
  // A run that was begun while there was room, tried again by a gateway on a disk of that size.
  void start(std::uint64_t disk_bytes) {
    {
      Gateway before{dir_};
      before.message(1, "ann", "m1", "one");
      before.flush();
      run_ = before.reply().run;
      before.prompt();
      before.stop();
      journal::Reader reader = *journal::Reader::open_read_only(dir_ / "journal");
      ASSERT_TRUE(reader.renew());
      from_ = reader.last().value + 1;
    }
    disk_.set_bytes(disk_bytes);
    gateway_.emplace(dir_);
    EXPECT_EQ(gateway_->prompt().attempt, 2);
  }

  void as_agent(fb::EventBody kind, FlatBuffer& builder) {
    gateway_->push_from(Source::agent, kind_of(kind), finished(builder));
  }
  void call_tool(const std::string& call) {
    FlatBuffer builder;
    builder.Finish(fb::CreateToolCalledDirect(builder, run_.value, call.c_str(), "bash"));
    as_agent(fb::EventBody::ToolCalled, builder);
  }
  void tool_returned(const std::string& call) {
    FlatBuffer builder;
    builder.Finish(fb::CreateToolReturnedDirect(builder, run_.value, call.c_str()));
    as_agent(fb::EventBody::ToolReturned, builder);
  }
  void finish_run(std::size_t bytes = 4) {
    FlatBuffer builder;
    const std::string text(bytes, 'x');
    builder.Finish(fb::CreateRunFinishedDirect(builder, run_.value, text.c_str(), "stop"));
    as_agent(fb::EventBody::RunFinished, builder);
  }
  // Whether new messages are refused; also a turn of the engine.
  bool refuses() {
    gateway_->message(7, "bob", "again", "hello");
    gateway_->flush();
    return gateway_->reply().code == core::ReplyCode::no_space;
  }
  // Of the session's run; also a turn of the engine.
  core::RunStatus status() {
    gateway_->push(input_kind::kQueryHistory, as_bytes("agent:main:test:direct:ann"), 6, 0, 10);
    gateway_->flush();
    auto status = core::RunStatus::unknown;
    gateway_->expect(gateway_->net, ItemKind::history, [&](const OutHeader&, ByteSpan payload) {
      HistoryItem item{};
      read(payload, item);
      ASSERT_TRUE(item.found);
      status = item.session.active_run ? core::RunStatus::running : core::RunStatus::finished;
    });
    return status;
  }
  // What the gateway wrote since its start.
  Kinds kinds() {
    gateway_->stop();
    journal::Reader reader = *journal::Reader::open_read_only(dir_ / "journal");
    EXPECT_TRUE(reader.renew());
    Kinds kinds;
    for (std::uint64_t seq = from_; seq <= reader.last().value; ++seq) {
      const journal::BlockView block = *reader.block_of(Seq{seq});
      const auto at = static_cast<std::uint32_t>(seq - block.first().value);
      kinds.emplace_back(
          fb::EnumNameEventBody(static_cast<fb::EventBody>(block.event(at).header.kind)));
    }
    return kinds;
  }

  SmallDisk disk_{kRoom};
  std::optional<Gateway> gateway_{};
  RunId run_{};
  std::uint64_t from_{};
};

TEST_F(NearlyFull, WhatAnAgentDidIsRecordedBeforeTheEndOfItsRunWhenThereIsRoom) {
  start(kRoomToClose);
  call_tool("a");
  tool_returned("a");
  EXPECT_TRUE(refuses());
  call_tool("b");
  EXPECT_TRUE(refuses());
  tool_returned("b");
  finish_run();
  FlatBuffer gone;
  gone.Finish(fb::CreateClientDisconnectedDirect(gone));
  gateway_->push_from(Source::websocket, kind_of(fb::EventBody::ClientDisconnected),
                      finished(gone));
  EXPECT_TRUE(refuses());
  EXPECT_EQ(status(), core::RunStatus::running) << "it ended before what was done in it";
  disk_.set_bytes(kRoom);
  EXPECT_EQ(status(), core::RunStatus::finished);
  EXPECT_EQ(kinds(), (Kinds{"EngineStarted", "RunInterrupted", "RunStarted", "ClientDisconnected",
                            "ToolCalled", "ToolReturned", "ToolCalled", "ToolReturned",
                            "RunFinished", "StateDigested", "EngineStopped"}));
}

TEST_F(NearlyFull, EndsNeedOnlyTheSpaceThatIsKeptForThem) {
  start(kRoomToStart);
  tool_returned("a");
  finish_run(limits::kMiB);
  EXPECT_EQ(status(), core::RunStatus::running) << "not even for that is there space";
  EXPECT_EQ(status(), core::RunStatus::running);
  disk_.set_bytes(kRoomToClose);
  EXPECT_EQ(status(), core::RunStatus::finished);
  EXPECT_TRUE(refuses());
  EXPECT_EQ(kinds(), (Kinds{"EngineStarted", "RunInterrupted", "RunStarted", "ToolReturned",
                            "RunFinished", "EngineStopped"}));
}

TEST_F(NearlyFull, AStopRecordsEndsThoughWhatWasDoneBeforeThemFindsNoRoom) {
  start(kRoomToClose);
  call_tool("a");
  finish_run();
  EXPECT_EQ(status(), core::RunStatus::running);
  EXPECT_EQ(kinds(), (Kinds{"EngineStarted", "RunInterrupted", "RunStarted", "RunFinished",
                            "EngineStopped"}));
}

}  // namespace
}  // namespace spine::pipeline
