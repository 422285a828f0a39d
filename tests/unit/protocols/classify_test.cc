// classify_error: words of providers.
#include <gtest/gtest.h>

#include "adapters/agents/protocols/protocol.h"

namespace spine::agents {
namespace {

TEST(ClassifyError, KnowsTheWordsOfProviders) {
  EXPECT_EQ(classify_error("429 Too Many Requests"), fb::RunErrorKind::rate_limit);
  EXPECT_EQ(classify_error("This model's maximum context length is 8192 tokens"),
            fb::RunErrorKind::context_length);
  EXPECT_EQ(classify_error("Request timed out."), fb::RunErrorKind::timeout);
  EXPECT_EQ(classify_error("stopReason refusal"), fb::RunErrorKind::refusal);
  EXPECT_EQ(classify_error("500 Internal Server Error"), fb::RunErrorKind::unknown);
}

}  // namespace
}  // namespace spine::agents
