// LineFramer: the same lines however the bytes are cut.
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "adapters/agents/process/child_streams.h"

namespace spine::agents {
namespace {

using Lines = std::vector<std::string>;

TEST(LineFramer, GivesTheSameLinesForEverySplitInThree) {
  const std::string bytes = "{\"a\":1}\n\n\xE2\x80\xA8 x\r\nlast one\nrest";
  const Lines wanted{"{\"a\":1}", "", "\xE2\x80\xA8 x\r", "last one"};
  for (std::size_t first = 0; first <= bytes.size(); ++first) {
    for (std::size_t second = first; second <= bytes.size(); ++second) {
      LineFramer framer(100);
      Lines lines;
      const auto keep = [&lines](std::string_view line) {
        lines.emplace_back(line);
        return true;
      };
      const std::string_view whole(bytes);
      for (const std::string_view piece :
           {whole.substr(0, first), whole.substr(first, second - first), whole.substr(second)}) {
        ASSERT_EQ(framer.feed(piece, keep), LineFramer::Fed::all);
      }
      ASSERT_EQ(lines, wanted) << first << " " << second;
      ASSERT_EQ(framer.partial(), "rest");
    }
  }
}

TEST(LineFramer, RefusesALineOfOneByteTooMuchInOnePieceAndInMany) {
  const auto ignore = [](std::string_view) { return true; };
  LineFramer exact(5);
  EXPECT_EQ(exact.feed("12345\n12345", ignore), LineFramer::Fed::all);
  EXPECT_EQ(exact.feed("6", ignore), LineFramer::Fed::too_long);
  LineFramer whole(5);
  EXPECT_EQ(whole.feed("123456\n", ignore), LineFramer::Fed::too_long);
}

TEST(LineFramer, StopsWithinAPieceWhenTold) {
  LineFramer framer(100);
  int seen = 0;
  EXPECT_EQ(framer.feed("a\nb\nc\n", [&seen](std::string_view) { return ++seen < 2; }),
            LineFramer::Fed::stopped);
  EXPECT_EQ(seen, 2);
}

TEST(LineFramer, KeepsNulAndCarriageReturn) {
  LineFramer framer(100);
  std::string line;
  framer.feed(std::string_view("a\0b\r\n", 5), [&line](std::string_view text) {
    line = text;
    return true;
  });
  EXPECT_EQ(line, std::string("a\0b\r", 4));
}

}  // namespace
}  // namespace spine::agents
