// Tests of ProgramLines: what a program may write, what it may not, and what it reads.
#include "adapters/channels/program/program_lines.h"

#include <gtest/gtest.h>
#include <string>
#include <variant>

#include "schemas/vocab/limits.h"

namespace spine::channels {
namespace {

// REQUIRES: the line is such a thing.
template <class What>
What read_as(ProgramReader& reader, std::string_view line) {
  Said said = reader.read(line);
  const auto* wrong = std::get_if<SaidWrong>(&said);
  EXPECT_TRUE(std::holds_alternative<What>(said)) << line << (wrong ? wrong->why : "");
  return std::holds_alternative<What>(said) ? std::get<What>(std::move(said)) : What{};
}

std::string why_wrong(std::string_view line) {
  ProgramReader reader;
  return read_as<SaidWrong>(reader, line).why;
}

TEST(ProgramLines, AMessageHasEverythingOfTheOneFormat) {
  ProgramReader reader;
  const auto said = read_as<SaidMessage>(reader, R"({"type":"message","id":17,
      "sender":{"id":"ada","name":"Ada"},"conversation":{"kind":"group","id":"-5"},"thread":"t",
      "text":"h\u00e4","replyTo":"16","timestamp":1764500000000,"mention":true,"untrusted":true,
      "position":9,"later":{},"group":"g","attachments":[{"name":"n","mimeType":"image/png","url":"u","bytes":3}]})");
  const Message& message = said.message;
  EXPECT_EQ(message.external_id, "17");
  EXPECT_EQ(message.sender_id, "ada");
  EXPECT_EQ(message.sender_name, "Ada");
  EXPECT_EQ(message.conversation, fb::ConversationKind::group);
  EXPECT_EQ(message.conversation_id, "-5");
  EXPECT_EQ(message.thread, "t");
  EXPECT_EQ(message.text, "h\xc3\xa4");
  EXPECT_EQ(message.reply_to, "16");
  EXPECT_EQ(message.timestamp_ms, 1'764'500'000'000);
  EXPECT_EQ(message.mention, fb::Mention::mentioned);
  EXPECT_TRUE(message.untrusted);
  ASSERT_EQ(message.attachments.size(), 1U);
  EXPECT_EQ(message.attachments[0].mime_type, "image/png");
  EXPECT_EQ(message.attachments[0].bytes, 3U);
  EXPECT_EQ(said.position, "9");
  EXPECT_EQ(message.group, "g");
}

TEST(ProgramLines, AMessageThatCannotBeReadSaysWhatItIs) {
  ProgramReader reader;
  const auto said = read_as<SaidMessage>(reader, R"({"type":"message","id":"1","text":"",
      "sender":{"id":"a"},"conversation":{"kind":"direct","id":"a"},"unsupported":"poll"})");
  EXPECT_EQ(said.message.unsupported, "poll");
}

TEST(ProgramLines, StatesAndOutcomesAreRead) {
  ProgramReader reader;
  const auto state = read_as<SaidState>(
      reader, R"({"type":"state","state":"logged_out","problem":"log in","identity":"@me"})");
  EXPECT_EQ(state.state, fb::ChannelState::logged_out);
  EXPECT_EQ(state.problem, "log in");
  EXPECT_EQ(state.identity, "@me");
  const auto delivered =
      read_as<SaidDelivered>(reader, R"({"type":"delivered","delivery":"42","ids":["a",7,null]})");
  EXPECT_EQ(delivered.delivery, DeliveryId{42});
  EXPECT_EQ(delivered.ids, (std::vector<std::string>{"a", "7"}));
  const auto failed = read_as<SaidFailed>(
      reader,
      R"({"type":"failed","delivery":42,"kind":"rate_limited","reason":"slow","retryAfterMs":5})");
  EXPECT_EQ(failed.delivery, DeliveryId{42});
  EXPECT_EQ(failed.kind, fb::DeliveryFailure::rate_limited);
  EXPECT_EQ(failed.retry_after_ms, 5U);
  EXPECT_EQ(read_as<SaidOther>(reader, R"({"type":"typing"})").type, "typing");
  read_as<SaidNothing>(reader, " \r");
}

TEST(ProgramLines, WhatIsWrongIsNamed) {
  EXPECT_EQ(why_wrong("hello"), "it is not JSON");
  EXPECT_EQ(why_wrong("[]"), "it is no JSON object");
  EXPECT_EQ(why_wrong("{}"), "it has no type");
  EXPECT_EQ(why_wrong("{\"type\":\"state\"} x"), "it is not JSON");
  EXPECT_EQ(why_wrong("{\"type\":\"\xff\"}"), "it is not JSON");
  EXPECT_NE(why_wrong(R"({"type":"state","state":"stopped"})").find("none of starting"),
            std::string::npos);
  EXPECT_NE(why_wrong(R"({"type":"delivered","delivery":"x"})").find("delivery"),
            std::string::npos);
  EXPECT_NE(why_wrong(R"({"type":"failed","delivery":"1","kind":"not_ready"})").find("kind"),
            std::string::npos);
}

std::string message_with(std::string_view from, std::string_view to) {
  std::string line =
      R"({"type":"message","id":"1","sender":{"id":"a"},"conversation":{"kind":"direct","id":"c"},"text":"x"})";
  const std::size_t at = line.find(from);
  return line.replace(at, from.size(), to);
}

TEST(ProgramLines, AMessageWithoutWhatItNeedsIsWrong) {
  ProgramReader reader;
  read_as<SaidMessage>(reader, message_with("", ""));
  EXPECT_NE(why_wrong(message_with(R"("id":"1")", R"("id":"")")), "");
  EXPECT_NE(why_wrong(message_with(R"({"id":"a"})", "7")), "");
  EXPECT_NE(why_wrong(message_with("direct", "broadcast")), "");
  EXPECT_NE(why_wrong(message_with(R"("text":"x")", R"("text":7)")), "");
  EXPECT_NE(why_wrong(message_with(R"("text":"x")", R"("text":"x","attachments":[7])")), "");
  EXPECT_NE(why_wrong(message_with(R"("text":"x")", R"("text":"x","attachments":{})")), "");
  EXPECT_NE(
      why_wrong(message_with(R"("text":"x")", R"("text":"x","timestamp":18446744073709551615)")),
      "");
  EXPECT_NE(why_wrong(message_with(
                R"("id":"a")", "\"id\":\"" + std::string(limits::kNameBytesMax + 1, 'a') + "\"")),
            "");
}

TEST(ProgramLines, WhatAProgramReadsIsOneLineEach) {
  EXPECT_EQ(start_line("shell", "", "", ""), R"({"type":"start","channel":"shell"})");
  EXPECT_EQ(start_line("shell", "x", "9", "@me"),
            R"({"type":"start","channel":"shell","account":"x","position":"9","identity":"@me"})");
  EXPECT_EQ(acknowledged_line("17\""), R"({"type":"acknowledged","position":"17\""})");
  EXPECT_EQ(stop_line(), R"({"type":"stop"})");
  const Delivery delivery{.delivery = DeliveryId{42},
                          .attempt = 2,
                          .purpose = fb::DeliveryPurpose::answer,
                          .conversation = fb::ConversationKind::direct,
                          .conversation_id = "ada",
                          .reply_to = "17",
                          .text = "a\nb"};
  EXPECT_EQ(deliver_line(delivery),
            R"({"type":"deliver","delivery":"42","attempt":2,"conversation":{"kind":"direct",)"
            R"("id":"ada"},"replyTo":"17","text":"a\nb","purpose":"answer"})");
  const Work work{
      .conversation = fb::ConversationKind::group, .conversation_id = "g", .thread = "9"};
  EXPECT_EQ(working_line(work, true), R"({"type":"working","conversation":{"kind":"group",)"
                                      R"("id":"g"},"thread":"9","working":true})");
}

TEST(ProgramLines, FilesOfADeliveryAreNamedInItsText) {
  const Delivery delivery{
      .text = "here",
      .files = {{.name = "cat.jpg", .bytes = 2'048}, {.name = "b.txt", .bytes = 5}}};
  EXPECT_NE(
      deliver_line(delivery).find(R"("text":"here\n[file cat.jpg, 2.0 KiB]\n[file b.txt, 5 B]")"),
      std::string::npos);
}

}  // namespace
}  // namespace spine::channels
