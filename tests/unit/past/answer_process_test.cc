// Tests of adapters/past/answer_process.h: how a process ends, and that nobody waits for it.
#include "adapters/past/answer_process.h"

#include <csignal>
#include <cstdint>
#include <functional>
#include <gtest/gtest.h>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/pipeline/clock.h"
#include "tests/unit/process/harness.h"

namespace spine::past {
namespace {

using agents::test::is_alive;
using agents::test::TestFolder;
using agents::test::text_of;

// Says why there is no answer, as spine-replay would.
std::string failure_line() {
  const core::PastFailureItem why{.code = Errc::not_found, .message = "not reached"};
  std::vector<std::uint64_t> words(core::size_of(why) / sizeof(std::uint64_t));
  const std::span bytes = std::as_writable_bytes(std::span(words));
  core::Writer writer{bytes.data()};
  core::PastFailureItem::list(why, writer);
  return core::line_of(core::PastAnswer{
      .version = SPINE_VERSION, .kind = core::ItemKind::past_failure, .item = bytes});
}

// A process that a script stands in for, on a loop of its own.
class AnswerProcessTest : public testing::Test {
 protected:
  // Asks the script.
  void ask(const std::string& script, std::uint64_t ms = 20'000) {
    const std::string program = folder_.write("answers", "#!/bin/sh\n" + script + "\n", 0755);
    folder_.write("answer", failure_line() + "\n");
    process_.ask({.request = 7,
                  .kind = core::question_kind::kQuerySessions,
                  .deadline_ms = pipeline::boottime_now_ms() + ms},
                 program, folder_.path());
    pid_ = std::stoi(text_of("/proc/thread-self/children"));  // it is the only one
  }
  bool is_there() const { return ::kill(pid_, 0) == 0; }  // if only until it is reaped
  std::string answer() const { return "cat " + folder_.at("answer"); }
  // Turns the loop until `done`; false when that takes more than 20 s.
  bool run_until(const std::function<bool()>& done) {
    const std::uint64_t deadline = pipeline::boottime_now_ms() + 20'000;
    while (!done()) {
      if (pipeline::boottime_now_ms() > deadline) return false;
      const timeval turn{0, 50'000};
      event_base_loopexit(base_.get(), &turn);
      event_base_loop(base_.get(), EVLOOP_ONCE);
    }
    return true;
  }

  TestFolder folder_{};
  std::unique_ptr<event_base, agents::test::FreeBase> base_{event_base_new()};
  int pid_{};
  int answers_{};
  int gone_{};
  std::vector<Errc> failures_{};
  bool there_at_failure_{};  // the process, when it was said why there is no answer
  AnswerProcess process_{base_.get(), [this](const Asked&, const core::PastAnswer&) { ++answers_; },
                         [this](const Asked&, const Error& error) {
                           failures_.push_back(error.code);
                           there_at_failure_ = is_there();
                         },
                         [this] { ++gone_; }};
};

// One that has said why there is no answer is to end, and the next one is started then.
TEST_F(AnswerProcessTest, OneWhoseInputIsClosedEndsByItself) {
  ask("read -r line; " + answer() + "; read -r line; echo ended > " + folder_.at("end"));
  ASSERT_TRUE(run_until([this] { return answers_ == 1; }));
  EXPECT_TRUE(process_.busy());
  ASSERT_TRUE(run_until([this] { return gone_ == 1; }));
  EXPECT_FALSE(process_.busy());
  EXPECT_FALSE(process_.runs());
  EXPECT_EQ(text_of(folder_.at("end")), "ended\n");
  EXPECT_TRUE(failures_.empty());
}

TEST_F(AnswerProcessTest, OneThatIgnoresItsEndIsKilledAndNobodyWaits) {
  ask("read -r line; " + answer() + "; while :; do sleep 1000; done");
  ASSERT_TRUE(run_until([this] { return answers_ == 1; }));
  EXPECT_TRUE(process_.busy());
  EXPECT_TRUE(is_alive(pid_));
  ASSERT_TRUE(run_until([this] { return gone_ == 1; }));
  EXPECT_FALSE(process_.busy());
  EXPECT_FALSE(is_there());
  EXPECT_TRUE(failures_.empty());
  ask("read -r line; " + answer());
  ASSERT_TRUE(run_until([this] { return answers_ == 2; }));
}

TEST_F(AnswerProcessTest, WhoAskedIsToldAtTheDeadlineBeforeTheProcessIsGone) {
  ask("while :; do sleep 1000; done", 300);
  ASSERT_TRUE(run_until([this] { return !failures_.empty(); }));
  EXPECT_EQ(failures_, std::vector{Errc::timed_out});
  EXPECT_TRUE(there_at_failure_);
  EXPECT_TRUE(process_.busy());
  ASSERT_TRUE(run_until([this] { return gone_ == 1; }));
  EXPECT_FALSE(process_.busy());
  EXPECT_FALSE(is_there());
  EXPECT_EQ(failures_.size(), 1U);
}

TEST_F(AnswerProcessTest, OneThatEndsUnaskedSaysSo) {
  ask("read -r line; echo 'it is broken' >&2; exit 4");
  ASSERT_TRUE(run_until([this] { return !failures_.empty(); }));
  EXPECT_EQ(failures_, std::vector{Errc::unavailable});
  EXPECT_FALSE(process_.busy());
  EXPECT_EQ(gone_, 0);
}

TEST_F(AnswerProcessTest, OneThatIsKilledAnswersNobody) {
  ask("while :; do sleep 1000; done");
  process_.kill();
  EXPECT_TRUE(process_.busy());
  EXPECT_TRUE(is_there());
  ASSERT_TRUE(run_until([this] { return gone_ == 1; }));
  EXPECT_FALSE(is_there());
  EXPECT_TRUE(failures_.empty());
  EXPECT_EQ(answers_, 0);
}

}  // namespace
}  // namespace spine::past
