// Tests of adapters/loop/loop.h: signals, deadlines, outbox items, the end.
#include "adapters/loop/loop.h"

#include <atomic>
#include <csignal>
#include <gtest/gtest.h>
#include <pthread.h>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "adapters/loop/supervisor.h"
#include "engine/pipeline/items/messages.h"

namespace spine::loop {
namespace {

struct Input {
  std::uint16_t kind{};
  std::string text{};
};

// Plays the engine thread for a loop. Signals are blocked before the loop's thread is made.
class LoopTest : public ::testing::Test {
 protected:
  void SetUp() override {
    block_signals();
    auto made = LoopThread::create(shared_, ingress_);
    ASSERT_TRUE(made) << made.error().message;
    loop_ = std::move(*made);
    engine_ = &loop_->outbox().add_producer();
  }
  void TearDown() override {
    if (loop_) loop_->stop();
  }
  void start() {
    loop_->start({.on_prompt = [this](const pipeline::PromptItem& item) { prompted(item); },
                  .on_cancel = [this](RunId run) { say("cancel " + std::to_string(run.value)); },
                  .on_steer =
                      [this](const pipeline::SteerItem& item) {
                        say("steer " + std::to_string(item.into.value) + " " +
                            std::string(item.text));
                      },
                  .on_answer =
                      [this](const pipeline::AnswerItem& item) {
                        say("answer " + std::to_string(item.ask));
                      },
                  .on_control =
                      [this](const pipeline::ControlItem& item) {
                        say("control " + std::string(item.agent_id));
                      },
                  .on_read =
                      [this](const pipeline::ReadUpToItem& item) {
                        say("read up to " + std::string(item.position));
                      },
                  .on_stopping = [this] { say("stopping"); },
                  .ended = [this] { return ++asked_ >= kAsksUntilEnded; },
                  .on_reload = [this] { say("reload"); }});
  }
  void prompted(const pipeline::PromptItem& item) {
    say("prompt " + std::string(item.agent_id) + " " + std::string(item.text));
  }
  // Thread: loop. Makes what happened there visible as an input.
  void say(const std::string& what) {
    loop_->producer().push({.kind = pipeline::input_kind::kRunDelta}, as_bytes(what));
  }
  // The next input; waits for it.
  Input next() {
    while (inputs_.empty()) {
      std::vector<pipeline::IngressBlock*> blocks;
      ingress_.wait(20'000);
      ingress_.drain(blocks, SIZE_MAX);
      for (pipeline::IngressBlock* block : blocks) {
        block->for_each([this](const pipeline::InputHeader& header, ByteSpan body) {
          inputs_.push_back({header.kind, std::string(as_text(body))});
        });
        ingress_.recycle(block);
      }
    }
    Input input = inputs_.front();
    inputs_.erase(inputs_.begin());
    return input;
  }

  pipeline::Shared shared_{};
  pipeline::Ingress ingress_{};
  std::unique_ptr<LoopThread> loop_{};
  pipeline::OutboxProducer* engine_{};
  std::vector<Input> inputs_{};
  static constexpr int kAsksUntilEnded = 3;
  int asked_{};  // whether everything has ended; by the loop's thread until it is joined
};

TEST_F(LoopTest, SteersAnswersAndControlsReachTheAgentsInOrder) {
  start();
  pipeline::write(*engine_, pipeline::SteerItem{.run = RunId{4}, .into = RunId{3}, .text = "left"});
  pipeline::write(*engine_, pipeline::AnswerItem{.run = RunId{3}, .ask = 7});
  pipeline::write(*engine_, pipeline::ControlItem{.agent_id = "main"});
  pipeline::write(*engine_, pipeline::ReadUpToItem{.channel = "telegram", .position = "8"});
  engine_->flush();
  EXPECT_EQ(next().text, "steer 3 left");
  EXPECT_EQ(next().text, "answer 7");
  EXPECT_EQ(next().text, "control main");
  EXPECT_EQ(next().text, "read up to 8");
}

TEST_F(LoopTest, AfterTheEngineHasStoppedTheLoopWaitsForWhatIsToEnd) {
  start();
  write(*engine_, pipeline::StoppingItem{"SIGTERM"});
  engine_->flush();
  EXPECT_EQ(next().text, "stopping");
  loop_->stop();
  EXPECT_EQ(asked_, kAsksUntilEnded);
}

TEST_F(LoopTest, PromptsAndCancelsReachTheAgentsInOrder) {
  start();
  pipeline::write(*engine_,
                  pipeline::PromptItem{.run = RunId{3}, .agent_id = "main", .text = "one"});
  pipeline::write(*engine_, pipeline::CancelItem{.run = RunId{3}});
  engine_->flush();
  EXPECT_EQ(next().text, "prompt main one");
  EXPECT_EQ(next().text, "cancel 3");
  pipeline::write(*engine_,
                  pipeline::PromptItem{.run = RunId{4}, .agent_id = "main", .text = "two"});
  engine_->flush();
  EXPECT_EQ(next().text, "prompt main two");
}

TEST_F(LoopTest, ADeadlineThatIsDueBecomesAnInput) {
  start();
  pipeline::write(*engine_, pipeline::ArmItem{.deadline_ms = 1'000'000, .now_ms = 1'000});
  pipeline::write(*engine_, pipeline::ArmItem{.deadline_ms = 900, .now_ms = 1'000});
  engine_->flush();
  EXPECT_EQ(next().kind, pipeline::input_kind::kDeadline);
  pipeline::write(*engine_, pipeline::ArmItem{.deadline_ms = 1'002, .now_ms = 1'000});
  engine_->flush();
  EXPECT_EQ(next().kind, pipeline::input_kind::kDeadline);
}

TEST_F(LoopTest, TheFirstSigtermAsksForAnOrderlyStopAndSighupForTheConfiguration) {
  start();
  ::kill(::getpid(), SIGHUP);
  EXPECT_EQ(next().text, "reload");
  ::kill(::getpid(), SIGTERM);
  const Input stop = next();
  EXPECT_EQ(stop.kind, pipeline::input_kind::kStop);
  EXPECT_EQ(stop.text, "SIGTERM");
}

TEST_F(LoopTest, AfterTheStoppingItemNoPromptIsTakenAndTheLoopStillEnds) {
  start();
  write(*engine_, pipeline::StoppingItem{"SIGTERM"});
  pipeline::write(*engine_,
                  pipeline::PromptItem{.run = RunId{3}, .agent_id = "main", .text = "late"});
  pipeline::write(*engine_, pipeline::CancelItem{.run = RunId{9}});
  engine_->flush();
  EXPECT_EQ(next().text, "stopping");
  EXPECT_EQ(next().text, "cancel 9");
}

TEST_F(LoopTest, TheClockIsMeasuredOnlyWhileReady) {
  shared_.phase = pipeline::Phase::ready;
  start();
  EXPECT_EQ(next().kind, pipeline::input_kind::kMeasureClock);
}

TEST_F(LoopTest, ASecondSignalEndsTheProcessAtOnceWithCodeOne) {
  const pid_t child = ::fork();
  if (child == 0) {
    pipeline::Shared shared;
    pipeline::Ingress ingress;
    block_signals();
    auto loop = LoopThread::create(shared, ingress);
    (*loop)->start({.on_prompt = [](const pipeline::PromptItem&) {}, .on_cancel = [](RunId) {}});
    ::kill(::getpid(), SIGTERM);
    std::vector<pipeline::IngressBlock*> blocks;
    while (blocks.empty()) {
      ingress.wait(20'000);
      ingress.drain(blocks, SIZE_MAX);
    }
    ::kill(::getpid(), SIGINT);
    for (;;)
      ::pause();
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 1);
}

}  // namespace
}  // namespace spine::loop
