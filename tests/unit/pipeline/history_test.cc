// Pages of histories: which events are lines, and what belongs to them.
#include <string>
#include <vector>

#include "schemas/event_verify.h"
#include "schemas/fields.h"
#include "schemas/vocab/limits.h"
#include "tests/unit/pipeline/gateway.h"

namespace spine::pipeline {
namespace {

using enum fb::EventBody;

// A session of one run at a time, whose agent is the test.
class HistoryTest : public EngineTest {
 protected:
  void give(fb::EventBody kind) {
    gateway_.push_from(Source::agent, kind_of(kind), finished(builder_));
    gateway_.flush();
  }
  RunId ask(const std::string& id) {
    gateway_.message(++requests_, "ann", id, "question " + id);
    gateway_.flush();
    EXPECT_EQ(gateway_.reply().code, core::ReplyCode::accepted);
    return gateway_.prompt().run;
  }
  void partial(RunId run, const std::string& text, std::uint16_t attempt = 1) {
    builder_.Clear();
    builder_.Finish(
        fb::CreatePartialAnswerRecordedDirect(builder_, run.value, attempt, text.c_str()));
    give(PartialAnswerRecorded);
  }
  void fail(RunId run) {
    builder_.Clear();
    builder_.Finish(
        fb::CreateRunFailedDirect(builder_, run.value, fb::RunErrorKind::unknown, "no luck"));
    give(RunFailed);
  }
  void interrupt(RunId run) {
    builder_.Clear();
    builder_.Finish(fb::CreateRunInterruptedDirect(builder_, run.value,
                                                   fb::InterruptReason::agent_crash, "crashed"));
    give(RunInterrupted);
  }
  void abort(RunId run) {
    builder_.Clear();
    const std::vector<std::uint64_t> runs{run.value};
    builder_.Finish(fb::CreateRunAbortedDirect(builder_, &runs, fb::AbortReason::rpc));
    give(RunAborted);
  }
  // A tool that is given and returns so many bytes; large ones stand apart, as the agents' adapter
  // has it.
  void tool(RunId run, const std::string& call, std::size_t bytes) {
    const std::string text(bytes, call.front());
    std::vector<std::uint8_t> sha256(32, static_cast<std::uint8_t>(call.front()));
    const bool apart = bytes > limits::kToolInlineBytesMax;
    if (apart) {
      builder_.Clear();
      builder_.Finish(
          fb::CreateBodyRecordedDirect(builder_, run.value, &sha256, bytes, text.c_str()));
      give(BodyRecorded);
    }
    builder_.Clear();
    builder_.Finish(fb::CreateToolCalledDirect(builder_, run.value, call.c_str(), "hammer", "",
                                               "{}", 2, nullptr));
    give(ToolCalled);
    builder_.Clear();
    builder_.Finish(fb::CreateToolReturnedDirect(builder_, run.value, call.c_str(), false,
                                                 apart ? "" : text.c_str(), bytes, &sha256, 3,
                                                 "hammer"));
    give(ToolReturned);
  }

  // "MessageReceived", "ToolReturned+c 20000", "RunAborted+half", ... of a page.
  std::vector<std::string> history(std::uint64_t limit, std::uint64_t before = 0,
                                   std::uint16_t kind = input_kind::kQueryHistory) {
    gateway_.push(kind, as_bytes("agent:main:test:direct:ann"), 10, 0, limit, before);
    gateway_.flush();
    std::vector<std::string> lines;
    gateway_.expect(gateway_.net, ItemKind::history, [&](const OutHeader&, ByteSpan payload) {
      HistoryItem item{};
      read(payload, item);
      more_ = item.more;
      seqs_.clear();
      std::string belonging;
      for (const EventView& event : item.events) {
        const std::string_view name = event_kind_name(event.header.kind);
        if (event.header.kind == kind_of(PartialAnswerRecorded)) {
          belonging +=
              text_of(flatbuffers::GetRoot<fb::PartialAnswerRecorded>(event.body.data())->text());
        } else if (event.header.kind == kind_of(BodyRecorded)) {
          const auto& body = *flatbuffers::GetRoot<fb::BodyRecorded>(event.body.data());
          belonging += body.text()->str().substr(0, 1) + " " + std::to_string(body.text()->size());
        } else {
          lines.push_back(std::string(name) + (belonging.empty() ? "" : "+" + belonging));
          seqs_.push_back(event.seq.value);
          belonging.clear();
        }
      }
      EXPECT_EQ(belonging, "") << "it belongs to nothing";
    });
    return lines;
  }

  Gateway gateway_{dir_};
  flatbuffers::FlatBufferBuilder builder_{};
  std::uint64_t requests_{};
  bool more_{};
  std::vector<std::uint64_t> seqs_{};  // of the page's rows
};

using Lines = std::vector<std::string>;

TEST_F(HistoryTest, AnAnswerThatFailedStandsWithWhatThereWasOfIt) {
  const RunId run = ask("one");
  partial(run, "half an answer");
  fail(run);
  EXPECT_EQ(history(10), (Lines{"MessageReceived", "RunFailed+half an answer"}));
  EXPECT_EQ(history(1), (Lines{"RunFailed+half an answer"})) << "it lies behind the page's end";
  EXPECT_TRUE(more_);
}

TEST_F(HistoryTest, OneThatWasStoppedIsToldAfterwards) {
  const RunId run = ask("one");
  abort(run);
  const RunId second = ask("two");
  partial(run, "as far as it came");
  gateway_.finish_run(second, "done");
  EXPECT_EQ(history(10), (Lines{"MessageReceived", "RunAborted+as far as it came",
                                "MessageReceived", "RunFinished"}));
  // Also on a page that ends before that was said.
  const std::uint64_t second_message = seqs_[2];
  EXPECT_EQ(history(10, second_message),
            (Lines{"MessageReceived", "RunAborted+as far as it came"}));
}

TEST_F(HistoryTest, ACursorBeyondTheJournalIsItsEnd) {
  const RunId run = ask("one");
  abort(run);
  for (const std::uint64_t before : {std::uint64_t{1} << 40, UINT64_MAX})
    EXPECT_EQ(history(10, before), (Lines{"MessageReceived", "RunAborted"}));
}

TEST_F(HistoryTest, HowFarItCameIsFoundBehindAPageThoughMuchMoreFollows) {
  const RunId run = ask("one");
  abort(run);
  const RunId second = ask("two");
  partial(run, "as far as it came");
  gateway_.finish_run(second, "done");
  history(10);
  const std::uint64_t second_message = seqs_[2];
  for (int i = 0; i < 70; ++i)
    gateway_.finish_run(ask("more " + std::to_string(i)), "done");
  EXPECT_EQ(history(10, second_message),
            (Lines{"MessageReceived", "RunAborted+as far as it came"}));
}

TEST_F(HistoryTest, WhatAResetEndsIsNoLineOfTheConversationThatItBegins) {
  ask("one");
  gateway_.message(++requests_, "ann", "two", "/new question two");
  gateway_.flush();
  EXPECT_EQ(gateway_.reply().code, core::ReplyCode::accepted);
  EXPECT_EQ(history(10), (Lines{"MessageReceived"}));
}

TEST_F(HistoryTest, OfSeveralAttemptsTheLastOneIsShown) {
  const RunId run = ask("one");
  partial(run, "first");
  interrupt(run);
  EXPECT_EQ(gateway_.prompt().attempt, 2);
  partial(run, "second", 2);
  fail(run);
  EXPECT_EQ(history(10), (Lines{"MessageReceived", "RunFailed+second"}));
  const RunId other = ask("two");
  partial(other, "in vain");
  interrupt(other);
  EXPECT_EQ(gateway_.prompt().attempt, 2);
  gateway_.finish_run(other, "done");
  EXPECT_EQ(history(2), (Lines{"MessageReceived", "RunFinished"})) << "it was answered after all";
}

TEST_F(HistoryTest, ToolsAreLinesWithTheBeginningOfWhatIsLarge) {
  const RunId run = ask("one");
  tool(run, "a", 10);
  tool(run, "b", 200'000);
  gateway_.finish_run(run, "done");
  EXPECT_EQ(history(10), (Lines{"MessageReceived", "ToolCalled", "ToolReturned", "ToolCalled",
                                "ToolReturned+b 16384", "RunFinished"}));
  EXPECT_EQ(history(2), (Lines{"ToolReturned+b 16384", "RunFinished"}));
  EXPECT_EQ(history(10, 0, input_kind::kQueryMessages), (Lines{"MessageReceived", "RunFinished"}));
}

TEST_F(HistoryTest, PagesAreBoundedWithWhatBelongsToThem) {
  constexpr std::size_t kLarge = 4 << 20;
  for (const char* id : {"one", "two", "three"}) {
    const RunId run = ask(id);
    partial(run, std::string(kLarge, 'x'));
    fail(run);
  }
  Lines seen;
  std::uint64_t before = 0;
  for (int page = 0; page < 3; ++page) {
    const Lines lines = history(10, before);
    ASSERT_FALSE(lines.empty());
    EXPECT_EQ(more_, page < 2);
    seen.insert(seen.begin(), lines.begin(), lines.end());
    before = seqs_.front();
  }
  ASSERT_EQ(seen.size(), 6U);
  for (std::size_t i = 0; i < seen.size(); i += 2) {
    EXPECT_EQ(seen[i], "MessageReceived");
    EXPECT_EQ(seen[i + 1].size(), std::string("RunFailed+").size() + kLarge);
  }
}

}  // namespace
}  // namespace spine::pipeline
