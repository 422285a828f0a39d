// Tests of engine/state_dir/token.h: how the shared token is made and kept.
#include "engine/state_dir/token.h"

#include <array>
#include <atomic>
#include <gmock/gmock.h>
#include <set>
#include <thread>
#include <vector>

#include "tests/unit/config/support.h"

namespace spine::state_dir {
namespace {

using namespace config;

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

class Token : public ConfigTest {};

TEST_F(Token, IsThirtyTwoRandomBytesAsBase64url) {
  const Result<std::string> a = make_token();
  const Result<std::string> b = make_token();
  ASSERT_TRUE(a);
  ASSERT_TRUE(b);
  EXPECT_THAT(*a, MatchesRegex("[A-Za-z0-9_-]{43}"));
  EXPECT_NE(*a, *b);
}

TEST_F(Token, IsMadeOnceAndPrivate) {
  const Result<std::string> made = load_or_create_token(dir_);
  ASSERT_TRUE(made);
  EXPECT_EQ(mode_of(dir_ / "token"), 0600U);
  const Result<std::string> again = load_or_create_token(dir_);
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, *made);
  const auto files = std::filesystem::directory_iterator(dir_);
  EXPECT_EQ(std::distance(begin(files), end(files)), 1);
}

TEST_F(Token, FileOthersCanReadIsRefused) {
  const std::filesystem::path file = write("token", "abcdefgh\n");
  for (const mode_t mode : {0640U, 0604U, 0620U, 0602U}) {
    ::chmod(file.c_str(), mode);
    const Result<std::string> token = load_or_create_token(dir_);
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().code, Errc::refused);
    EXPECT_THAT(token.error().message, HasSubstr("can be read or changed by others"));
    EXPECT_THAT(token.error().message, HasSubstr("chmod 600 " + file.string()));
  }
  ::chmod(file.c_str(), 0600);
  EXPECT_EQ(load_or_create_token(dir_).value(), "abcdefgh");
}

TEST_F(Token, FileThatHoldsNoTokenIsRefused) {
  for (const std::string_view text : {"", "\n", "two words\n", "one\ntwo\n", "a\x01z\n"}) {
    const std::filesystem::path file = write("token", text);
    ::chmod(file.c_str(), 0600);
    const Result<std::string> token = load_or_create_token(dir_);
    ASSERT_FALSE(token) << text;
    EXPECT_EQ(token.error().code, Errc::corrupt);
    EXPECT_THAT(token.error().message, HasSubstr(file.string()));
  }
}

TEST_F(Token, DirectoryInItsPlaceIsRefused) {
  std::filesystem::create_directory(dir_ / "token");
  EXPECT_EQ(load_or_create_token(dir_).error().code, Errc::refused);
}

TEST_F(Token, MissingTokenFileIsNotFound) {
  EXPECT_EQ(read_token_file(dir_ / "none").error().code, Errc::not_found);
}

TEST_F(Token, AllWhoStartAtOnceGetTheSameToken) {
  std::array<std::string, 8> tokens;
  std::vector<std::thread> threads;
  std::atomic<bool> go{false};
  for (std::string& token : tokens) {
    threads.emplace_back([&] {
      go.wait(false);
      const Result<std::string> made = load_or_create_token(dir_);
      token = made ? *made : made.error().message;
    });
  }
  go = true;
  go.notify_all();
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_EQ(std::set<std::string>(tokens.begin(), tokens.end()).size(), 1U) << tokens[0];
  EXPECT_EQ(tokens[0].size(), 43U);
}

}  // namespace
}  // namespace spine::state_dir
