// Tests of replay/bundle/redaction.h: every field that is marked `people` is replaced, nothing else
// is.
#include "replay/bundle/redaction.h"

#include <algorithm>
#include <cstring>

#include "journal/batch.h"
#include "schemas/event_verify.h"
#include "schemas/fields.h"
#include "tests/unit/replay/support.h"

namespace spine::replay {
namespace {

using flatbuffers::FlatBufferBuilder;

// Events of one block, in memory.
class Block {
 public:
  Block() { batch_.begin(Seq{1}); }
  template <class Body>
  void add(FlatBufferBuilder& builder, flatbuffers::Offset<Body> body) {
    builder.Finish(body);
    const std::uint64_t seq = batch_.count() + 1;
    batch_.append({.kind = kind_number(fb::EventBodyTraits<Body>::enum_value),
                   .flags = record_flag::kInput,
                   .cause = seq,
                   .correlation = seq},
                  finished(builder));
  }
  journal::BlockView view() {
    batch_.finish();
    journal::chain_block(batch_.block(0), {1, 2}, {});
    auto verified = journal::BlockView::verify(batch_.block(0), Seq{1});
    EXPECT_TRUE(verified);
    return *verified;
  }

 private:
  journal::Batch batch_{};
};

journal::BlockView redacted(const journal::BlockView& block, Redaction& redaction) {
  core::State state;
  EXPECT_TRUE(redaction.begin(state));
  auto copy = redaction.redact(block, state);
  EXPECT_TRUE(copy) << (copy ? "" : copy.error().message);
  EXPECT_EQ(state.applied(), block.last());
  journal::chain_block(*copy, {3, 4}, {});
  auto verified = journal::BlockView::verify(*copy, Seq{1});
  EXPECT_TRUE(verified) << (verified ? "" : verified.error().message);
  return *verified;
}

TEST(Redaction, ReachesIntoTablesWithinTables) {
  FlatBufferBuilder b;
  const std::vector<std::uint8_t> sha256(32, 0xab);
  const std::vector attachments{
      fb::CreateAttachmentDirect(b, "holiday.jpg", "image/jpeg", "https://example.org/holiday", 7,
                                 &sha256, fb::AttachmentProblem::none, fb::AttachmentKind::image)};
  const auto files = b.CreateVector(attachments);
  const auto channel = b.CreateString("telegram");
  const auto id = b.CreateString("12345");
  const auto name = b.CreateString("Alice Example");
  const auto text = b.CreateString("look at this, all of you");
  fb::MessageReceivedBuilder message(b);
  message.add_channel(channel);
  message.add_sender_id(id);
  message.add_sender_name(name);
  message.add_text(text);
  message.add_attachments(files);
  const auto whole = message.Finish();
  Block block;
  block.add(b, fb::CreateMessageRejected(b, fb::RejectReason::unpaired, 0, whole));
  Redaction redaction({5, 6});
  const journal::BlockView copy = redacted(block.view(), redaction);
  ASSERT_TRUE(event_is_readable(copy.event(0)));
  const auto& rejected = root_of<fb::MessageRejected>(copy.event(0));
  EXPECT_EQ(rejected.reason(), fb::RejectReason::unpaired);
  const fb::MessageReceived& inner = *rejected.message();
  EXPECT_EQ(text_of(inner.channel()), "telegram");
  EXPECT_EQ(text_of(inner.sender_id()), "12345");
  EXPECT_TRUE(text_of(inner.sender_name()).starts_with("<name:"));
  EXPECT_EQ(inner.sender_name()->size(), 13U);
  EXPECT_TRUE(text_of(inner.text()).starts_with("<text:"));
  const fb::Attachment& file = *inner.attachments()->Get(0);
  EXPECT_TRUE(text_of(file.name()).starts_with("<name:"));
  EXPECT_EQ(text_of(file.url()).find("holiday"), std::string_view::npos);
  EXPECT_EQ(file.bytes(), 7U);
  EXPECT_EQ(file.kind(), fb::AttachmentKind::image);
  // A hash says which of the files that somebody knows it is.
  ASSERT_EQ(file.sha256()->size(), 32U);
  EXPECT_FALSE(std::ranges::equal(*file.sha256(), sha256));
}

TEST(Redaction, HashesOfWhatIsReplacedAreReplacedAndStayEqual) {
  const std::vector<std::uint8_t> sha256(32, 0xab);
  FlatBufferBuilder b;
  Block block;
  block.add(b, fb::CreateBodyRecordedDirect(b, 1, &sha256, 19, "the whole arguments"));
  b.Clear();
  block.add(b,
            fb::CreateToolCalledDirect(b, 1, "call-1", "bash", "List my files", "", 19, &sha256));
  Redaction redaction({5, 6});
  const journal::BlockView copy = redacted(block.view(), redaction);
  const auto& body = root_of<fb::BodyRecorded>(copy.event(0));
  const auto& call = root_of<fb::ToolCalled>(copy.event(1));
  EXPECT_TRUE(text_of(body.text()).starts_with("<text:"));
  EXPECT_TRUE(text_of(call.title()).starts_with("<name:"));
  EXPECT_EQ(text_of(call.call_id()), "call-1");
  EXPECT_EQ(text_of(call.name()), "bash");
  ASSERT_EQ(body.sha256()->size(), 32U);
  EXPECT_TRUE(std::ranges::equal(*body.sha256(), *call.arguments_sha256()));
  EXPECT_FALSE(std::ranges::equal(*body.sha256(), sha256));
}

TEST(StandIns, AreOfTheSameLengthAndTellTextsApart) {
  StandIns stand_ins({7, 8});
  const auto replaced = [&](std::string text) {
    stand_ins.replace("text", text);
    return text;
  };
  std::set<std::string> made;
  for (std::size_t length = 1; length < 200; ++length) {
    const std::string text(length, 'x');
    EXPECT_EQ(replaced(text).size(), length);
    EXPECT_EQ(replaced(text), replaced(text));
    EXPECT_NE(replaced(text), text);
    EXPECT_TRUE(made.insert(replaced(text)).second) << length;
  }
  for (char c = 'a'; c <= 'z'; ++c)
    made.insert(replaced(std::string("y") + c));
  EXPECT_EQ(made.size(), 199U + 26U) << "short ones differ, too";
  StandIns others({7, 9});
  std::string text(40, 'x');
  others.replace("text", text);
  EXPECT_NE(text, replaced(std::string(40, 'x'))) << "another key";
}

TEST(Redaction, AnEventThatCannotBeReadEndsIt) {
  journal::Batch batch;
  batch.begin(Seq{1});
  batch.append({.kind = 0xFFFE, .cause = 1, .correlation = 1}, {});
  batch.finish();
  journal::chain_block(batch.block(0), {1, 2}, {});
  const auto block = journal::BlockView::verify(batch.block(0), Seq{1});
  ASSERT_TRUE(block);
  Redaction redaction({5, 6});
  core::State state;
  const auto copy = redaction.redact(*block, state);
  ASSERT_FALSE(copy);
  EXPECT_EQ(copy.error().code, Errc::newer_format);
}

}  // namespace
}  // namespace spine::replay
