// channels.telegram: accounts, what they take from the channel, and what is refused.
#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "engine/config/config.h"
#include "tests/unit/config/support.h"

namespace spine::config {
namespace {

using ::testing::HasSubstr;

class TelegramConfig : public ConfigTest {
 protected:
  std::vector<TelegramAccount> accounts(const std::string& telegram) {
    return parsed("{channels: {telegram: " + telegram + "}}").channels.at(0).telegram;
  }
};

TEST_F(TelegramConfig, ATokenIsAnAccount) {
  const auto list = accounts("{botToken: '7:a', apiRoot: 'http://127.0.0.1:8081/', rich: 'off'}");
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list[0].name, "");
  EXPECT_EQ(list[0].token, "7:a");
  EXPECT_EQ(list[0].api_root, "http://127.0.0.1:8081");
  EXPECT_EQ(list[0].rich, TelegramRich::off);
  EXPECT_EQ(list[0].replies, TelegramReplies::off);
  EXPECT_EQ(list[0].chunk_units, 4'000U);
}

TEST_F(TelegramConfig, WithoutATokenItIsABridges) {
  EXPECT_TRUE(accounts("{dmPolicy: 'open'}").empty());
  EXPECT_TRUE(accounts("{accounts: {a: {enabled: false}}}").empty());
}

TEST_F(TelegramConfig, AccountsTakeFromTheChannelAllButItsToken) {
  const auto list = accounts(
      "{botToken: '7:a', replyToMode: 'first', textChunkLimit: 900, accounts: {"
      " work: {botToken: '8:b', replyToMode: 'all'}, off: {enabled: false, botToken: '9:c'},"
      " none: {}, default: {textChunkLimit: 800}}}");
  ASSERT_EQ(list.size(), 3U);
  EXPECT_EQ(list[0].name, "work");
  EXPECT_EQ(list[0].token, "8:b");
  EXPECT_EQ(list[0].replies, TelegramReplies::all);
  EXPECT_EQ(list[0].chunk_units, 900U);
  EXPECT_FALSE(list[1].enabled);
  // The account "default" is the one without a name, whose token stands on the outside.
  EXPECT_EQ(list[2].name, "");
  EXPECT_EQ(list[2].token, "7:a");
  EXPECT_EQ(list[2].chunk_units, 800U);
  EXPECT_EQ(list[2].replies, TelegramReplies::first);
}

TEST_F(TelegramConfig, AFileMayHoldTheToken) {
  const auto list = accounts("{tokenFile: '/run/secrets/bot'}");
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list[0].token_file, std::filesystem::path("/run/secrets/bot"));
}

TEST_F(TelegramConfig, TypingIsNotShownWhereItIsNever) {
  const auto typing = [&](const std::string& mode) {
    return parsed("{session: {typingMode: '" + mode +
                  "'}, channels: {telegram: {botToken: '7:a'}}}")
        .channels.at(0)
        .telegram.at(0)
        .typing;
  };
  EXPECT_FALSE(typing("never"));
  EXPECT_TRUE(typing("instant"));
  EXPECT_TRUE(accounts("{botToken: '7:a'}").at(0).typing);
}

TEST_F(TelegramConfig, StreamingIsSpelledInSeveralWays) {
  const auto streaming = [&](const std::string& said) {
    return accounts("{botToken: '7:a'" + said + "}").at(0).streaming;
  };
  EXPECT_EQ(streaming(""), TelegramStreaming::partial);
  EXPECT_EQ(streaming(", streaming: 'off'"), TelegramStreaming::off);
  EXPECT_EQ(streaming(", streaming: false"), TelegramStreaming::off);
  EXPECT_EQ(streaming(", streaming: true"), TelegramStreaming::partial);
  EXPECT_EQ(streaming(", streamMode: 'off'"), TelegramStreaming::off);
  EXPECT_EQ(streaming(", streaming: 'progress'"), TelegramStreaming::partial);
  EXPECT_EQ(streaming(", streaming: {mode: 'draft', chunkMode: 'length'}"),
            TelegramStreaming::draft);
  const auto list = accounts(
      "{botToken: '7:a', streaming: 'off', finalAs: 'fresh',"
      " accounts: {b: {botToken: '8:b', streaming: 'partial'}}}");
  EXPECT_EQ(list[0].streaming, TelegramStreaming::partial);
  EXPECT_EQ(list[1].streaming, TelegramStreaming::off);
  EXPECT_EQ(list[0].final_as, TelegramFinal::fresh);
}

TEST_F(TelegramConfig, WhatCannotBeDoneIsNamed) {
  EXPECT_THAT(refusal("{channels: {telegram: {botToken: '7:a', apiRoot: 'ftp://x'}}}"),
              HasSubstr("apiRoot must begin with https://"));
  EXPECT_THAT(refusal("{channels: {telegram: {botToken: '7:a', replyToMode: 'some'}}}"),
              HasSubstr("off, first or all"));
  EXPECT_THAT(warnings("{channels: {telegram: {botToken: '7:a', blockStreaming: true}}}"),
              HasSubstr("channels.telegram.blockStreaming has no effect in this version"));
  EXPECT_THAT(refusal("{channels: {telegram: {botToken: '7:a', streaming: 'much'}}}"),
              HasSubstr("streaming must be partial, off, block, progress or draft"));
  EXPECT_THAT(warnings("{channels: {telegram: {accounts: {a: {}}}}}"),
              HasSubstr("accounts.a has no botToken"));
}

TEST_F(TelegramConfig, AWebhookNeedsASecretAndOneListener) {
  const auto list = accounts(
      "{botToken: '7:a', webhookUrl: 'https://x/y', webhookSecret: 'S_e-1', webhookPort: 8787,"
      " webhookPath: '/y'}");
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list[0].webhook_url, "https://x/y");
  EXPECT_EQ(list[0].webhook_secret, "S_e-1");
  EXPECT_EQ(list[0].webhook_host, "127.0.0.1");
  EXPECT_EQ(list[0].webhook_port, 8787U);
  const auto refused = [&](const std::string& more) {
    return refusal("{channels: {telegram: {botToken: '7:a', " + more + "}}}");
  };
  EXPECT_THAT(refused("webhookUrl: 'https://x/y'"), HasSubstr("needs a webhookSecret"));
  EXPECT_THAT(refused("webhookUrl: 'https://x/y', webhookSecret: 'a b'"),
              HasSubstr("needs a webhookSecret"));
  EXPECT_THAT(refused("webhookUrl: 'http://x/y', webhookSecret: 'a'"), HasSubstr("https://"));
  EXPECT_THAT(refused("webhookPort: 1, webhookHost: 'localhost'"), HasSubstr("IP address"));
  EXPECT_THAT(refused("webhookPort: 1, webhookPath: 'x'"), HasSubstr("begin with"));
  EXPECT_THAT(refused("webhookPort: 1, accounts: {a: {botToken: '8:b', webhookPort: 2}}"),
              HasSubstr("one webhookPort"));
  EXPECT_THAT(
      refused("webhookUrl: 'https://x/y', webhookSecret: 'a', accounts: {a: {botToken: '8:b'}}"),
      HasSubstr("two accounts have one webhookUrl"));
  EXPECT_THAT(warnings("{channels: {telegram: {botToken: '7:a', webhookPath: '/x'}}}"),
              HasSubstr("served at webhookPort alone"));
}

TEST_F(TelegramConfig, TheListenerIsThatOfAnAccountThatIsEnabled) {
  const auto listener = [&](const std::string& telegram) {
    return webhook_listener(parsed("{channels: {telegram: " + telegram + "}}").channels);
  };
  EXPECT_FALSE(listener("{botToken: '7:a'}"));
  EXPECT_FALSE(listener("{enabled: false, botToken: '7:a', webhookPort: 1}"));
  const auto found = listener("{botToken: '7:a', webhookPort: 8787, webhookHost: '::1'}");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->address, "::1");
  EXPECT_EQ(found->port, 8787);
}

TEST_F(TelegramConfig, CommandsOfTheMenu) {
  const auto list = accounts(
      "{botToken: '7:a', timeoutSeconds: 30, topicFallback: 'general', commands: {native: false},"
      " customCommands: [{command: '/Backup', description: 'Save all'}, {command: 'a b',"
      " description: 'x'}], accounts: {b: {botToken: '8:b', commands: {native: 'auto'},"
      " customCommands: []}}}");
  ASSERT_EQ(list.size(), 2U);
  EXPECT_FALSE(list[1].shows_commands);
  EXPECT_EQ(list[1].commands, (std::vector<TelegramCommand>{{"backup", "Save all"}}));
  EXPECT_EQ(list[1].timeout_ms, 30'000U);
  EXPECT_TRUE(list[1].topic_fallback);
  EXPECT_TRUE(list[0].shows_commands);
  EXPECT_TRUE(list[0].commands.empty());
}

}  // namespace
}  // namespace spine::config
