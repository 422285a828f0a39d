// Tests of engine/core/questions: what travels, and what is refused of it.
#include <cstring>
#include <gtest/gtest.h>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "engine/core/questions/answer_sink.h"
#include "engine/core/questions/past.h"
#include "engine/core/questions/question.h"
#include "engine/core/questions/state_answers.h"
#include "schemas/vocab/base64.h"

namespace spine::core {
namespace {

// The bytes of one item.
class KeptItem : public AnswerSink {
 public:
  template <class Item>
  explicit KeptItem(const Item& item) {
    emit(item);
  }
  ItemKind kind() const { return kind_; }
  ByteSpan bytes() const { return std::as_bytes(std::span(words_)); }

 private:
  std::byte* add(ItemKind kind, std::size_t bytes) override {
    kind_ = kind;
    words_.assign(align8(bytes) / 8, 0);
    return std::as_writable_bytes(std::span(words_)).data();
  }
  ItemKind kind_{};
  std::vector<std::uint64_t> words_{};
};

SessionsItem two_sessions() {
  SessionsItem item{.total = 7, .as_of = Seq{40}, .key = "agent:main:main"};
  item.sessions.resize(2);
  item.sessions[0].key = "agent:main:main";
  item.sessions[0].active_run_key = "r-1";
  item.sessions[1].key = "agent:main:notes";
  item.sessions[1].runs_waiting = 3;
  return item;
}

std::string past_line(const KeptItem& item) {
  const KeptItem past(PastItem{
      .seq = Seq{9}, .wall_ms = 1'700'000'000'123, .kind = item.kind(), .answer = item.bytes()});
  return line_of(PastAnswer{.version = "1.2.3", .kind = past.kind(), .item = past.bytes()});
}

TEST(QuestionsCodec, AnAnswerComesOutAsItWentIn) {
  const KeptItem kept(two_sessions());
  EXPECT_EQ(kept.kind(), ItemKind::sessions);
  SessionsItem out{};
  ASSERT_TRUE(parse(kept.bytes(), out));
  EXPECT_EQ(out.total, 7U);
  EXPECT_EQ(out.as_of, Seq{40});
  ASSERT_EQ(out.sessions.size(), 2U);
  EXPECT_EQ(out.sessions[0].active_run_key, "r-1");
  EXPECT_EQ(out.sessions[1].key, "agent:main:notes");
  EXPECT_EQ(out.sessions[1].runs_waiting, 3U);
}

TEST(QuestionsCodec, WhatEndsTooEarlyIsNoItem) {
  const KeptItem kept(two_sessions());
  for (std::size_t bytes = 0; bytes < kept.bytes().size(); bytes += 8) {
    SessionsItem out{};
    EXPECT_FALSE(parse(kept.bytes().first(bytes), out)) << bytes;
  }
}

TEST(QuestionsCodec, NumbersThatLieAreFound) {
  const KeptItem kept(two_sessions());
  for (const std::uint64_t lie :
       {~std::uint64_t{0}, std::uint64_t{1} << 63U, std::uint64_t{4'000}, ~std::uint64_t{0} - 6}) {
    for (std::size_t at = 0; at < kept.bytes().size(); at += 8) {
      std::vector<std::uint64_t> words(kept.bytes().size() / 8);
      std::memcpy(words.data(), kept.bytes().data(), kept.bytes().size());
      words[at / 8] = lie;
      SessionsItem out{};
      // Some of them are plain numbers, so it may be an item; that it is read within bounds is what
      // sanitizers see.
      if (!parse(std::as_bytes(std::span(words)), out)) continue;
      for (const SessionView& session : out.sessions)
        EXPECT_LE(session.key.size(), kept.bytes().size());
    }
  }
}

TEST(QuestionsCodec, ADigestKeepsTheNamesOfItsTables) {
  State state;
  const StateDigest of_state = digest(state);
  const KeptItem kept(DigestItem{of_state});
  DigestItem out{};
  ASSERT_TRUE(parse(kept.bytes(), out));
  ASSERT_EQ(out.digest.table_count, of_state.table_count);
  ASSERT_GT(out.digest.table_count, 0U);
  for (std::size_t i = 0; i < of_state.table_count; ++i)
    EXPECT_EQ(out.digest.tables[i].table, of_state.tables[i].table);
  EXPECT_EQ(out.digest.total, of_state.total);
}

TEST(QuestionsPast, AQuestionComesOutAsItWentIn) {
  const std::string line = line_of(
      PastQuestion{"yesterday 14:03", {question_kind::kQueryHistory, "agent:main:main", 20, 7}});
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const auto bytes = bytes_of_line(line);
  ASSERT_TRUE(bytes);
  PastQuestion out{};
  ASSERT_TRUE(parse_question(bytes->view(), out));
  EXPECT_EQ(out.moment, "yesterday 14:03");
  EXPECT_EQ(out.question.kind, question_kind::kQueryHistory);
  EXPECT_EQ(out.question.text, "agent:main:main");
  EXPECT_EQ(out.question.a, 20U);
  EXPECT_EQ(out.question.b, 7U);
}

TEST(QuestionsPast, AQuestionOfAnotherKindIsNone) {
  const auto bytes = bytes_of_line(line_of(PastQuestion{"latest", {.kind = 0x300}}));
  ASSERT_TRUE(bytes);
  PastQuestion out{};
  EXPECT_FALSE(parse_question(bytes->view(), out));
  EXPECT_FALSE(bytes_of_line(""));
  EXPECT_FALSE(bytes_of_line("no base64!"));
}

TEST(QuestionsPast, OnlyTheAnswerToTheQuestionIsTaken) {
  const auto bytes = bytes_of_line(past_line(KeptItem(two_sessions())));
  ASSERT_TRUE(bytes);
  PastAnswer out{};
  ASSERT_TRUE(parse_answer(bytes->view(), question_kind::kQuerySessions, out));
  EXPECT_EQ(out.version, "1.2.3");
  PastItem past{};
  ASSERT_TRUE(parse(out.item, past));
  EXPECT_EQ(past.seq, Seq{9});
  EXPECT_FALSE(parse_answer(bytes->view(), question_kind::kQueryRun, out));
  EXPECT_FALSE(parse_answer(bytes->view(), 0x300, out));
}

TEST(QuestionsPast, AnEventThatCannotBeReadIsNoAnswer) {
  HistoryItem history{.found = true};
  const std::vector<std::uint64_t> body(4, ~std::uint64_t{0});
  history.events.push_back(
      {.seq = Seq{3},
       .header = {.kind = static_cast<std::uint16_t>(fb::EventBody::MessageReceived)},
       .body = std::as_bytes(std::span(body))});
  const auto bytes = bytes_of_line(past_line(KeptItem(history)));
  ASSERT_TRUE(bytes);
  PastAnswer out{};
  EXPECT_FALSE(parse_answer(bytes->view(), question_kind::kQueryHistory, out));
}

// Every byte of what another process sends may be wrong.
TEST(QuestionsPast, DamagedLinesAreReadWithinTheirBounds) {
  const auto whole = decode_base64url(past_line(KeptItem(two_sessions())));
  ASSERT_TRUE(whole);
  std::mt19937 random{7};
  std::size_t taken = 0;
  for (int round = 0; round < 3'000; ++round) {
    std::string damaged = *whole;
    for (int i = 0; i < 3; ++i)
      damaged[random() % damaged.size()] = static_cast<char>(random());
    damaged.resize(damaged.size() - random() % 40);
    const auto bytes = bytes_of_line(encode_base64url(as_bytes(damaged)));
    ASSERT_TRUE(bytes);
    PastAnswer out{};
    taken += parse_answer(bytes->view(), question_kind::kQuerySessions, out) ? 1 : 0;
    PastQuestion question{};
    parse_question(bytes->view(), question);
  }
  EXPECT_LT(taken, 3'000U);
}

TEST(QuestionsKeyList, GivesBackWhatWasAdded) {
  KeyList list;
  const std::vector<std::string> keys{"main", "", std::string("a\0b", 3)};
  for (const std::string& key : keys)
    list.add(key);
  std::vector<std::string> seen;
  KeyList::for_each(list.view(), [&](std::string_view key) { seen.emplace_back(key); });
  EXPECT_EQ(seen, keys);
  // A list that was cut off.
  for (std::size_t bytes = 0; bytes < list.view().size(); ++bytes)
    KeyList::for_each(list.view().substr(0, bytes),
                      [](std::string_view key) { EXPECT_LE(key.size(), 4U); });
}

TEST(QuestionsState, EveryQuestionIsAnsweredWithItsKind) {
  class Kinds : public AnswerSink {
   public:
    std::vector<ItemKind> seen{};

   private:
    std::byte* add(ItemKind kind, std::size_t bytes) override {
      seen.push_back(kind);
      words_.assign(align8(bytes) / 8, 0);
      return std::as_writable_bytes(std::span(words_)).data();
    }
    std::vector<std::uint64_t> words_{};
  };
  const State state;
  std::size_t known = 0;
  for (std::uint16_t kind = 0; kind < 0x400; ++kind) {
    const auto expected = StateAnswers::kind_of_answer(kind);
    if (!expected) continue;
    ++known;
    Kinds kinds;
    const auto read = StateAnswers(state).answer({.kind = kind, .text = "x"}, {}, kinds);
    EXPECT_EQ(kinds.seen, read ? std::vector<ItemKind>{} : std::vector{*expected}) << kind;
  }
  EXPECT_EQ(known, 20U);
}

}  // namespace
}  // namespace spine::core
