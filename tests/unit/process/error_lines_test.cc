// ErrorLines: cut, rationed, and nothing left out in silence.
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "adapters/agents/process/child_streams.h"

namespace spine::agents {
namespace {

struct ErrorSink {
  std::vector<std::string> lines{};
  bool operator()(std::string_view line) {
    lines.emplace_back(line);
    return true;
  }
};

TEST(ErrorLines, CutsALongLineHoweverItArrives) {
  ErrorLines errors;
  ErrorSink sink;
  for (int i = 0; i < 1'000; ++i)
    errors.feed("0123456789", 1, sink);
  errors.feed("\nnext\n", 1, sink);
  ASSERT_EQ(sink.lines.size(), 2U);
  EXPECT_EQ(sink.lines[0].size(), limits::kAgentErrorLineBytesMax);
  EXPECT_EQ(sink.lines[1], "next");
}

TEST(ErrorLines, SaysHowManyLinesItLeftOut) {
  ErrorLines errors;
  ErrorSink sink;
  const std::uint32_t extra = 17;
  for (std::uint32_t i = 0; i < limits::kAgentErrorLinesPerSecond + extra; ++i) {
    errors.feed("x\n", 5'000, sink);
  }
  EXPECT_EQ(sink.lines.size(), limits::kAgentErrorLinesPerSecond);
  errors.feed("later\n", 6'000, sink);
  ASSERT_EQ(sink.lines.size(), limits::kAgentErrorLinesPerSecond + 2);
  EXPECT_EQ(sink.lines[limits::kAgentErrorLinesPerSecond],
            "(17 lines of its error output were left out)");
  EXPECT_EQ(sink.lines.back(), "later");
}

TEST(ErrorLines, SaysTheCountAtTheEndToo) {
  ErrorLines errors;
  ErrorSink sink;
  for (std::uint32_t i = 0; i < limits::kAgentErrorLinesPerSecond; ++i) {
    errors.feed("x\n", 5'000, sink);
  }
  errors.feed("unfinished", 5'000, sink);
  errors.finish(sink);
  EXPECT_EQ(sink.lines.back(), "(1 lines of its error output were left out)");
}

TEST(ErrorLines, KeepsTheLastBytes) {
  ErrorLines errors;
  ErrorSink sink;
  errors.feed(std::string(10'000, 'a') + "bc", 1, sink);
  errors.feed("d", 1, sink);
  EXPECT_EQ(errors.tail().size(), limits::kAgentErrorTailBytes);
  EXPECT_TRUE(errors.tail().ends_with("abcd"));
}

}  // namespace
}  // namespace spine::agents
