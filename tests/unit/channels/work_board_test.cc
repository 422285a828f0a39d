// WorkBoard: what is worked on, in whatever order it is told, within its bounds.
#include "adapters/channels/host/work_board.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "schemas/vocab/limits.h"

namespace spine::channels {
namespace {

pipeline::WorkItem work(std::uint64_t run, std::uint16_t attempt = 1) {
  return {.run = RunId{run},
          .attempt = attempt,
          .working = true,
          .channel = "telegram",
          .account = "bot",
          .conversation_id = "7"};
}
pipeline::DeltaItem piece(std::uint64_t run, std::string_view text, std::uint16_t attempt = 1) {
  return {.run = RunId{run}, .attempt = attempt, .piece = text};
}

TEST(WorkBoard, PiecesAddUpUntilTheNextAttempt) {
  WorkBoard board;
  ASSERT_NE(board.begin(work(1)), nullptr);
  EXPECT_EQ(board.add(piece(1, "one "))->text, "one ");
  EXPECT_EQ(board.add(piece(1, "two"))->text, "one two");
  EXPECT_EQ(board.add(piece(2, "nobody's")), nullptr);
  board.begin(work(1, 2));
  EXPECT_EQ(board.add(piece(1, "late")), nullptr) << "of the attempt before";
  EXPECT_EQ(board.add(piece(1, "anew", 2))->text, "anew");
  EXPECT_TRUE(board.end(RunId{1}));
  EXPECT_EQ(board.add(piece(1, "later", 2)), nullptr);
}

TEST(WorkBoard, AnEndThatComesFirstCounts) {
  WorkBoard board;
  EXPECT_FALSE(board.end(RunId{1}));
  EXPECT_EQ(board.begin(work(1)), nullptr);
  EXPECT_EQ(board.begin(work(1, 2)), nullptr);
  EXPECT_NE(board.begin(work(2)), nullptr);
}

TEST(WorkBoard, AnAccountIsShownWhatIsItsOwn) {
  WorkBoard board;
  board.begin(work(3));
  board.begin(work(2));
  std::vector<std::uint64_t> seen;
  const auto note = [&](RunId run, const BoardEntry& entry) {
    EXPECT_EQ(entry.item(run).conversation_id, "7");
    seen.push_back(run.value);
  };
  board.for_each("telegram", "other", note);
  EXPECT_TRUE(seen.empty());
  board.for_each("telegram", "bot", note);
  EXPECT_EQ(seen, (std::vector<std::uint64_t>{2, 3}));
}

TEST(WorkBoard, OfALongTextTheBeginningIsKept) {
  WorkBoard board;
  board.begin(work(1));
  const std::string most(limits::kPreviewTextBytesMax - 2, 'x');
  board.add(piece(1, most));
  // Two characters of three bytes: none of them fits, and what follows is not what was said.
  EXPECT_EQ(board.add(piece(1, "\xE2\x82\xAC\xE2\x82\xAC")), nullptr);
  EXPECT_EQ(board.add(piece(1, "y")), nullptr);
  std::size_t kept = 0;
  for (std::uint64_t run = 2; run < 400; ++run) {
    board.begin(work(run));
    const BoardEntry* entry = board.add(piece(run, most));
    kept += entry == nullptr ? 0 : entry->text.size();
  }
  EXPECT_LE(kept + most.size(), limits::kPreviewTextsBytesMax);
  EXPECT_GT(kept, limits::kPreviewTextsBytesMax / 2);
  for (std::uint64_t run = 1; run < 400; ++run)
    EXPECT_TRUE(board.end(RunId{run}));
  board.begin(work(500));
  EXPECT_NE(board.add(piece(500, most)), nullptr) << "there is room again";
}

}  // namespace
}  // namespace spine::channels
