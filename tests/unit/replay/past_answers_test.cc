// Tests of replay/past_answers.h: the past is answered as it was when it was now.
#include "replay/past_answers.h"

#include <map>
#include <span>
#include <vector>

#include "engine/core/questions/answer_sink.h"
#include "tests/unit/replay/support.h"

namespace spine::replay {
namespace {

namespace question_kind = core::question_kind;

class SinkOfOne : public core::AnswerSink {
 public:
  std::string text() const { return std::string{as_text(std::as_bytes(std::span(words_)))}; }

 private:
  std::byte* add(core::ItemKind, std::size_t bytes) override {
    words_.assign(align8(bytes) / 8, 0);
    return std::as_writable_bytes(std::span(words_)).data();
  }
  std::vector<std::uint64_t> words_{};
};

// What came back for one question.
struct Told {
  std::uint64_t seq{};  // of the answer; 0 = there is none
  std::string bytes{};  // of the item in it
  Errc code{};          // why there is none
  std::string message{};
};

Told told(PastAnswers& answers, std::string_view moment, const core::Question& question) {
  const std::string line = answers.answer(core::line_of(core::PastQuestion{moment, question}));
  const auto bytes = core::bytes_of_line(line);
  core::PastAnswer answer{};
  EXPECT_TRUE(bytes && core::parse_answer(bytes->view(), question.kind, answer));
  if (answer.kind == core::ItemKind::past_failure) {
    core::PastFailureItem item{};
    EXPECT_TRUE(core::parse(answer.item, item));
    return {.code = item.code, .message = std::string{item.message}};
  }
  core::PastItem item{};
  EXPECT_TRUE(core::parse(answer.item, item));
  return {.seq = item.seq.value, .bytes = std::string{as_text(item.answer)}};
}

constexpr core::Question kAllSessions{.kind = question_kind::kQuerySessions, .b = 100};
constexpr core::Question kState{.kind = question_kind::kQueryDigest};

std::string live(const core::State& state, const core::Question& question) {
  SinkOfOne sink;
  EXPECT_FALSE(core::StateAnswers(state).answer(question, state.now(), sink));
  return sink.text();
}

// Answers of every state that the story went through, and the story's journal.
class PastOfAStory : public ::testing::Test {
 protected:
  PastOfAStory() {
    Story story(dir_.path());
    story.created();
    story.configured();
    for (int i = 0; i < 6; ++i) {
      const std::string sender = i % 2 == 0 ? "alice" : "bob";
      story.message(sender, "m" + std::to_string(i), "hello " + std::to_string(i));
      keep(story);
    }
    story.doors();
    keep(story);
  }
  void keep(Story& story) {
    const std::uint64_t seq = story.last().value;
    lists_[seq] = live(story.state(), kAllSessions);
    digests_[seq] = live(story.state(), kState);
  }
  PastAnswers open() {
    auto opened = PastAnswers::open(dir_.path());
    EXPECT_TRUE(opened) << (opened ? "" : opened.error().message);
    return std::move(*opened);
  }

  TempDir dir_{};
  std::map<std::uint64_t, std::string> lists_{};    // by seq
  std::map<std::uint64_t, std::string> digests_{};  // by seq
};

TEST_F(PastOfAStory, EveryMomentIsAnsweredAsItWasThenInAnyOrder) {
  PastAnswers answers = open();
  std::vector<std::uint64_t> seqs;
  for (const auto& [seq, list] : lists_)
    seqs.push_back(seq);
  std::vector<std::uint64_t> order = seqs;
  order.insert(order.end(), seqs.rbegin(), seqs.rend());
  order.insert(order.end(), {seqs[3], seqs[3], seqs.back(), seqs.front()});
  for (const std::uint64_t seq : order) {
    const Told list = told(answers, std::to_string(seq), kAllSessions);
    EXPECT_EQ(list.seq, seq);
    EXPECT_EQ(list.bytes, lists_[seq]) << seq;
    EXPECT_EQ(told(answers, std::to_string(seq), kState).bytes, digests_[seq]) << seq;
  }
  EXPECT_NE(lists_.begin()->second, lists_.rbegin()->second);
}

TEST_F(PastOfAStory, AHistoryEndsAtTheMoment) {
  PastAnswers answers = open();
  const core::Question question{question_kind::kQueryHistory, "agent:main:telegram:direct:alice",
                                100};
  std::size_t before = 0;
  for (const auto& [seq, list] : lists_) {
    const Told history = told(answers, std::to_string(seq), question);
    core::HistoryItem item{};
    const core::KeptBody bytes{as_bytes(history.bytes)};
    ASSERT_TRUE(core::parse(bytes.view(), item));
    EXPECT_TRUE(item.found);
    EXPECT_GE(item.events.size(), before);
    before = item.events.size();
    for (const EventView& event : item.events)
      EXPECT_LE(event.seq.value, seq);
  }
  EXPECT_EQ(before, 3U);
  const core::Question page{question_kind::kQueryMessages, "agent:main:telegram:direct:alice", 2};
  core::HistoryItem item{};
  const core::KeptBody bytes{as_bytes(told(answers, "latest", page).bytes)};
  ASSERT_TRUE(core::parse(bytes.view(), item));
  EXPECT_EQ(item.events.size(), 2U);
  EXPECT_TRUE(item.more);
}

TEST_F(PastOfAStory, MomentsThatAreNoneAreRefusedInWords) {
  PastAnswers answers = open();
  const Told beyond = told(answers, "100000", kAllSessions);
  EXPECT_EQ(beyond.code, Errc::not_found);
  EXPECT_NE(beyond.message.find("it holds #1"), std::string::npos) << beyond.message;
  EXPECT_EQ(told(answers, "1 fortnight hence", kAllSessions).code, Errc::invalid_argument);
  EXPECT_EQ(told(answers, "", kAllSessions).code, Errc::invalid_argument);
  // It goes on.
  EXPECT_EQ(told(answers, "latest", kAllSessions).bytes, lists_.rbegin()->second);
}

TEST_F(PastOfAStory, AnythingElseIsAnsweredWithAFailure) {
  PastAnswers answers = open();
  const std::string good = core::line_of(core::PastQuestion{"latest", kAllSessions});
  for (const std::string& line : {std::string{}, std::string{"hello"}, good.substr(0, 20),
                                  good + "A", std::string(5'000, 'A')}) {
    const auto bytes = core::bytes_of_line(answers.answer(line));
    core::PastAnswer answer{};
    ASSERT_TRUE(bytes && core::parse_answer(bytes->view(), kAllSessions.kind, answer));
    EXPECT_EQ(answer.kind, core::ItemKind::past_failure) << line;
  }
}

TEST_F(PastOfAStory, BeyondItsMemoryItEnds) {
  auto opened = PastAnswers::open(dir_.path(), 1);
  ASSERT_TRUE(opened);
  EXPECT_THROW(opened->answer(core::line_of(core::PastQuestion{"latest", kAllSessions})),
               std::bad_alloc);
}

TEST(PastAnswersOpen, WithoutAJournalThereIsAnError) {
  const TempDir dir;
  EXPECT_FALSE(PastAnswers::open(dir.path()));
}

}  // namespace
}  // namespace spine::replay
