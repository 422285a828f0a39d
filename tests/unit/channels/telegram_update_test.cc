// Updates of the Bot API: what they become.
#include "adapters/channels/telegram/telegram_update.h"

#include <gtest/gtest.h>
#include <string>

#include "schemas/vocab/json_read.h"

namespace spine::channels {
namespace {

using Kind = TelegramUpdate::Kind;

class Updates : public ::testing::Test {
 protected:
  Kind read(const std::string& json) {
    text_.assign(json);
    simdjson::dom::element root;
    EXPECT_EQ(parser_.parse(text_, root), JsonParser::Fault::none) << json;
    return update_.read(JsonNode{root}, bot_, 1'700'000'000'000);
  }
  // A message of Ada's; `rest` are more members of it.
  Kind read_message(const std::string& chat, const std::string& rest) {
    return read(R"({"update_id":5,"message":{"message_id":17,"date":1764500000,
        "from":{"id":42,"is_bot":false,"first_name":"Ada","last_name":"Lovelace"},
        "chat":)" +
                chat + "," + rest + "}}");
  }
  const Message& message() const { return update_.message(); }

  static constexpr const char* kDirect = R"({"id":42,"type":"private","first_name":"Ada"})";
  static constexpr const char* kGroup = R"({"id":-1005,"type":"supergroup","title":"G"})";
  static constexpr const char* kForum =
      R"({"id":-1006,"type":"supergroup","title":"F","is_forum":true})";

  TelegramBot bot_{.id = "7", .username = "SpineBot"};
  TelegramUpdate update_{};

 private:
  JsonParser parser_{};
  PaddedText text_{};
};

TEST_F(Updates, ADirectMessage) {
  ASSERT_EQ(read_message(kDirect, R"("text":"hi")"), Kind::message);
  EXPECT_EQ(message().sender_id, "42");
  EXPECT_EQ(message().sender_name, "Ada Lovelace");
  EXPECT_EQ(message().conversation, fb::ConversationKind::direct);
  EXPECT_EQ(message().conversation_id, "42");
  EXPECT_EQ(message().external_id, "7:42:17");
  EXPECT_EQ(message().text, "hi");
  EXPECT_EQ(message().timestamp_ms, 1'764'500'000'000);
  EXPECT_EQ(message().thread, "");
  EXPECT_EQ(message().reply_to, "");
}

TEST_F(Updates, AGroupIsAddressedByNameReplyOrCommand) {
  const struct {
    const char* rest;
    fb::Mention mention;
    const char* text;
  } rows[] = {
      {R"("text":"hello all")", fb::Mention::not_mentioned, "hello all"},
      {R"("text":"hey @spinebot x","entities":[{"type":"mention","offset":4,"length":9}])",
       fb::Mention::mentioned, "hey @spinebot x"},
      {R"("text":"hey @other","entities":[{"type":"mention","offset":4,"length":6}])",
       fb::Mention::not_mentioned, "hey @other"},
      // Offsets count UTF-16 units: the first character takes two.
      {"\"text\":\"\xF0\x9F\x98\x80 @SpineBot\",\"entities\":[{\"type\":\"mention\",\"offset\":3,"
       "\"length\":9}]",
       fb::Mention::mentioned, "\xF0\x9F\x98\x80 @SpineBot"},
      {R"("text":"Spine do","entities":[{"type":"text_mention","offset":0,"length":5,"user":{"id":7}}])",
       fb::Mention::mentioned, "Spine do"},
      {R"("text":"/new@SpineBot now","entities":[{"type":"bot_command","offset":0,"length":13}])",
       fb::Mention::mentioned, "/new now"},
      {R"("text":"/new@OtherBot","entities":[{"type":"bot_command","offset":0,"length":13}])",
       fb::Mention::not_mentioned, "/new@OtherBot"},
      {R"("text":"/new","entities":[{"type":"bot_command","offset":0,"length":4}])",
       fb::Mention::mentioned, "/new"},
      {R"("text":"yes","reply_to_message":{"message_id":3,"from":{"id":7}})",
       fb::Mention::mentioned, "yes"},
      {R"("text":"yes","reply_to_message":{"message_id":3,"from":{"id":8}})",
       fb::Mention::not_mentioned, "yes"},
      // Far beyond the text.
      {R"("text":"x","entities":[{"type":"mention","offset":99999999999,"length":18446744073709551615}])",
       fb::Mention::not_mentioned, "x"},
  };
  for (const auto& row : rows) {
    ASSERT_EQ(read_message(kGroup, row.rest), Kind::message) << row.rest;
    EXPECT_EQ(message().mention, row.mention) << row.rest;
    EXPECT_EQ(message().text, row.text);
    EXPECT_EQ(message().conversation, fb::ConversationKind::group);
  }
}

TEST_F(Updates, TopicsAreThreadsAndChainsOfRepliesAreNot) {
  ASSERT_EQ(read_message(kForum, R"("text":"a","message_thread_id":9,"is_topic_message":true,
      "reply_to_message":{"message_id":9,"forum_topic_created":{"name":"T"},"from":{"id":7}})"),
            Kind::message);
  EXPECT_EQ(message().thread, "9");
  EXPECT_EQ(message().reply_to, "");
  EXPECT_EQ(message().mention, fb::Mention::not_mentioned);
  ASSERT_EQ(read_message(kForum, R"("text":"a")"), Kind::message);
  EXPECT_EQ(message().thread, "1");
  ASSERT_EQ(read_message(kGroup, R"("text":"a","message_thread_id":9)"), Kind::message);
  EXPECT_EQ(message().thread, "");
  ASSERT_EQ(read_message(kDirect, R"("text":"a","message_thread_id":4,"is_topic_message":true)"),
            Kind::message);
  EXPECT_EQ(message().thread, "4");
}

TEST_F(Updates, FilesComeWithTheCaption) {
  ASSERT_EQ(read_message(kDirect, R"("caption":"look","photo":[{"file_id":"small","file_size":9},
      {"file_id":"large","file_size":900}])"),
            Kind::message);
  EXPECT_EQ(message().text, "look");
  ASSERT_EQ(message().attachments.size(), 1U);
  EXPECT_EQ(message().attachments[0].url, "telegram:large");
  EXPECT_EQ(message().attachments[0].bytes, 900U);
  EXPECT_EQ(message().attachments[0].kind, fb::AttachmentKind::image);
  // An animation comes twice, and is one file.
  ASSERT_EQ(read_message(kDirect, R"("animation":{"file_id":"a","file_name":"a.mp4",
      "mime_type":"video/mp4"},"document":{"file_id":"a","file_name":"a.mp4"})"),
            Kind::message);
  ASSERT_EQ(message().attachments.size(), 1U);
  EXPECT_EQ(message().attachments[0].name, "a.mp4");
  EXPECT_EQ(message().attachments[0].kind, fb::AttachmentKind::video);
  EXPECT_EQ(message().text, "");
}

TEST_F(Updates, WhatIsNoTextIsSaidInWords) {
  ASSERT_EQ(read_message(kDirect, R"("location":{"latitude":52.5,"longitude":13.25})"),
            Kind::message);
  EXPECT_EQ(message().text, "[location: 52.5, 13.25]");
  ASSERT_EQ(read_message(kDirect, R"("poll":{"question":"Tea?","options":[{"text":"yes"},
      {"text":"no"}]})"),
            Kind::message);
  EXPECT_EQ(message().text, "[poll: Tea? / yes / no]");
}

TEST_F(Updates, AChannelsPostIsTheChannels) {
  ASSERT_EQ(read(R"({"update_id":1,"channel_post":{"message_id":3,"date":1,"text":"news",
      "author_signature":"Ed","sender_chat":{"id":-1009,"title":"C"},
      "chat":{"id":-1009,"type":"channel","title":"C"}}})"),
            Kind::message);
  EXPECT_EQ(message().conversation, fb::ConversationKind::channel);
  EXPECT_EQ(message().sender_id, "-1009");
  EXPECT_EQ(message().sender_name, "Ed");
}

TEST_F(Updates, APressIsAMessageOfItsData) {
  ASSERT_EQ(read(R"({"update_id":1,"callback_query":{"id":"4000","data":"yes","from":{"id":42,
      "first_name":"Ada"},"message":{"message_id":3,"date":5,"from":{"id":7,"is_bot":true},
      "chat":{"id":42,"type":"private"}}}})"),
            Kind::message);
  EXPECT_EQ(message().external_id, "callback:4000");
  EXPECT_EQ(message().text, "yes");
  EXPECT_EQ(message().sender_id, "42");
  EXPECT_EQ(message().reply_to, "7:42:3");
  EXPECT_EQ(message().timestamp_ms, 1'700'000'000'000);
  EXPECT_EQ(update_.press(), "4000");
}

TEST_F(Updates, AGroupThatMovesIsSaidOfBothIds) {
  ASSERT_EQ(read_message(R"({"id":-5,"type":"group"})", R"("migrate_to_chat_id":-1005)"),
            Kind::migrated);
  EXPECT_EQ(update_.moved_from(), "-5");
  EXPECT_EQ(update_.moved_to(), "-1005");
  ASSERT_EQ(read_message(kGroup, R"("migrate_from_chat_id":-5)"), Kind::migrated);
  EXPECT_EQ(update_.moved_from(), "-5");
  EXPECT_EQ(update_.moved_to(), "-1005");
}

TEST_F(Updates, OtherBotsAndWhatHasNoMeaningAreNoMessages) {
  EXPECT_EQ(read(R"({"update_id":1,"message":{"message_id":3,"date":5,"text":"beep",
      "from":{"id":8,"is_bot":true,"first_name":"B"},"chat":{"id":-5,"type":"group"}}})"),
            Kind::nothing);
  EXPECT_EQ(read(R"({"update_id":1,"poll_answer":{}})"), Kind::nothing);
  EXPECT_EQ(read_message(kGroup, R"("new_chat_members":[{"id":9}])"), Kind::nothing);
  EXPECT_EQ(read_message(kDirect, R"("pinned_message":{"message_id":1})"), Kind::nothing);
  for (const char* wrong : {"1", "[]", "{}", R"({"message":{}})", R"({"message":{"chat":[]}})",
                            R"({"message":{"message_id":{},"chat":{"id":[],"type":5}}})",
                            R"({"callback_query":{"id":"7"}})"})
    EXPECT_NE(read(wrong), Kind::message) << wrong;
}

TEST_F(Updates, WhatCannotBeReadIsAMessageThatSaysSo) {
  ASSERT_EQ(read_message(kDirect, R"("story":{"id":1})"), Kind::message);
  EXPECT_EQ(message().unsupported, "story");
  EXPECT_EQ(message().text, "");
  EXPECT_EQ(message().external_id, "7:42:17");
  ASSERT_EQ(read_message(kDirect, R"("something_new":{})"), Kind::message);
  EXPECT_EQ(message().unsupported, "unknown");
}

TEST_F(Updates, PartsOfAnAlbumNameIt) {
  ASSERT_EQ(read_message(kDirect, R"("media_group_id":"13","photo":[{"file_id":"p"}])"),
            Kind::message);
  EXPECT_EQ(message().group, "album:13");
}

TEST_F(Updates, NothingIsLeftOfTheOneBefore) {
  ASSERT_EQ(read_message(kForum, R"("text":"a","message_thread_id":9,"is_topic_message":true,
      "reply_to_message":{"message_id":2,"from":{"id":7}},"photo":[{"file_id":"p"}],
      "media_group_id":"13")"),
            Kind::message);
  ASSERT_EQ(read_message(kDirect, R"("text":"b")"), Kind::message);
  EXPECT_EQ(message().thread, "");
  EXPECT_EQ(message().reply_to, "");
  EXPECT_EQ(message().group, "");
  EXPECT_TRUE(message().attachments.empty());
  EXPECT_EQ(update_.press(), "");
}

TEST(TelegramMessageId, NamesTheMessageOfOneBotAndChatAlone) {
  const std::string id = telegram_message_id("7", "-1005", "9");
  EXPECT_EQ(telegram_message_in(id, "7", "-1005"), "9");
  EXPECT_EQ(telegram_message_in(id, "8", "-1005"), "");
  EXPECT_EQ(telegram_message_in(id, "7", "-100"), "");
  EXPECT_EQ(telegram_message_in("callback:9", "7", "-1005"), "");
  EXPECT_EQ(telegram_message_in("7:-1005:9,\"x\":1", "7", "-1005"), "");
  EXPECT_EQ(telegram_message_in("7:-1005:", "7", "-1005"), "");
}

}  // namespace
}  // namespace spine::channels
