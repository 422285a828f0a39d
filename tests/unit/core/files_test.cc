// Files of messages and answers: who is told of those that are missing, which lines of an answer
// name one, and which are kept.
#include <gtest/gtest.h>

#include "engine/core/messages/file_references.h"
#include "engine/core/messages/media_lines.h"
#include "engine/core/questions/delivery_content.h"
#include "schemas/fields.h"
#include "tests/unit/core/world.h"

namespace spine::core {
namespace {

using fb::AttachmentProblem;

class FilesTest : public ::testing::Test {
 protected:
  FilesTest() { world.channel_state(fb::ChannelState::connected); }
  std::vector<Digest256> kept() {
    FileReferences references;
    for (std::size_t i = 0; i < world.journal.size(); ++i)
      references.add(world.journal[i].view(Seq{i + 1}));
    EXPECT_TRUE(references.complete());
    return references.kept(world.state);
  }
  static Digest256 sum(std::uint8_t byte) {
    Digest256 out;
    out.fill(std::byte{byte});
    return out;
  }
  World world;
};

TEST_F(FilesTest, ASenderIsToldOfMissingFilesInOneNoticeBeforeTheAnswer) {
  world.message(
      {.text = "look",
       .files = {
           {.name = "big.mp4", .problem = AttachmentProblem::too_large, .bytes_max = 20'971'520},
           {.name = "here.jpg", .sum = 1},
           {.name = "gone.jpg", .problem = AttachmentProblem::unavailable}}});
  EXPECT_EQ(world.kinds(),
            "MessageReceived PrincipalAdded SessionOpened DeliveryRequested DeliveryAttempted "
            "RunQueued RunStarted");
  const auto& request = root_of<fb::DeliveryRequested>(world.last(3));
  EXPECT_EQ(request.purpose(), fb::DeliveryPurpose::notice);
  EXPECT_EQ(text_of(request.text()),
            "The file big.mp4 is too large: at most 20.0 MiB are fetched. The rest of your message "
            "was taken.\nThe file gone.jpg could not be fetched. The rest of your message was "
            "taken.");
}

TEST_F(FilesTest, NobodyIsToldWhereEverythingIsThereOrTheGroupIsNotMeant) {
  world.message({.files = {{.sum = 1}}});
  EXPECT_EQ(world.kinds().find("DeliveryRequested"), std::string::npos);
  world.message({.conversation = fb::ConversationKind::group,
                 .conversation_id = "g",
                 .mention = fb::Mention::not_mentioned,
                 .files = {{.problem = AttachmentProblem::unavailable}}});
  EXPECT_EQ(world.kinds().find("DeliveryRequested"), std::string::npos);
}

TEST(MediaLines, NameFilesAtTheBeginningOfALine) {
  EXPECT_EQ(media_line_path("MEDIA:out/cat.jpg"), "out/cat.jpg");
  EXPECT_EQ(media_line_path("MEDIA: `my cat.jpg` "), "my cat.jpg");
  EXPECT_EQ(media_line_path("see MEDIA:cat.jpg"), "");
  EXPECT_EQ(media_line_path("MEDIA:"), "");
  const std::vector<std::string_view> paths{"a.png", "b.png"};
  EXPECT_EQ(media_paths("hi\nMEDIA:a.png\n  MEDIA:\"b.png\"\r\nMEDIA:a.png"), paths);
  EXPECT_TRUE(media_paths("").empty());
  std::string many;
  for (std::size_t i = 0; i <= limits::kAttachmentsMax; ++i)
    many += "MEDIA:" + std::to_string(i) + "\n";
  EXPECT_EQ(media_paths(many).size(), limits::kAttachmentsMax);
}

TEST_F(FilesTest, AnAnswerOfAFileAloneIsDeliveredAndItsLineIsNot) {
  const RunId run = world.message({.text = "draw"}).run;
  world.finish(run, "MEDIA:a.png", {{.name = "a.png", .path = "a.png", .sum = 3}});
  EXPECT_EQ(world.kinds(), "RunFinished DeliveryRequested DeliveryAttempted");
  const auto* files = root_of<fb::RunFinished>(world.last(2)).files();
  EXPECT_EQ(without_media_lines("here:\nMEDIA:a.png\nMEDIA:b.png\nbye", files),
            "here:\nMEDIA:b.png\nbye");
  EXPECT_EQ(without_media_lines("MEDIA:a.png", nullptr), "MEDIA:a.png");
  std::string text = "here:";
  add_file_line(text, "a\n.png", 2'048);
  EXPECT_EQ(text, "here:\n[file a\\n.png, 2.0 KiB]");
}

TEST_F(FilesTest, WhatASessionThatIsThereRefersToIsKept) {
  const Reply one = world.message({.sender = "alice", .files = {{.sum = 2}, {.sum = 1}}});
  const Reply other = world.message({.sender = "bob", .files = {{.sum = 1}}});
  world.finish(other.run, "MEDIA:x", {{.path = "x", .sum = 9}});
  EXPECT_EQ(kept(), (std::vector<Digest256>{sum(1), sum(2), sum(9)}));
  const SessionId fork = world.fork_session(one.session).session;
  world.close(one.session);
  EXPECT_EQ(kept(), (std::vector<Digest256>{sum(1), sum(2), sum(9)})) << "the fork shows it";
  world.close(fork);
  EXPECT_EQ(kept(), (std::vector<Digest256>{sum(1), sum(9)}));
}

}  // namespace
}  // namespace spine::core
