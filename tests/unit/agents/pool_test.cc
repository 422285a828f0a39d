// AgentPool: prompts to real processes of a small program of lines, and what becomes of them.
#include <algorithm>
#include <event2/event.h>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <sys/stat.h>
#include <vector>

#include "adapters/agents/registry.h"
#include "adapters/media/media_store.h"
#include "engine/pipeline/clock.h"
#include "schemas/event_verify.h"
#include "schemas/vocab/limits.h"

namespace spine::agents {
namespace {

namespace fs = std::filesystem;

struct FreeEvents {
  void operator()(event_base* base) const { event_base_free(base); }
};

// An agent of lines, one process a prompt: answers with what was asked.
constexpr const char* kScript = R"sh(#!/bin/sh
read -r prompt
text=$(printf '%s' "$prompt" | sed 's/.*"text":"\([^"]*\)".*/\1/')
if [ "$text" = crash ]; then kill -9 $$; fi
if [ "$text" = refuse ]; then echo 'Unknown provider "x"' >&2; exit 3; fi
if [ "$text" = break ]; then printf '{"type":"delta","text":"a"}\n'; echo 'Error: boom' >&2; exit 3; fi
if [ "$text" = stay ]; then printf '{"type":"final","text":"stay"}\n'; exec sleep 60; fi
if [ "$text" = hang ]; then sleep 60; fi
if [ "$text" = mutter ]; then while echo still here >&2; do sleep 0.05; done; fi
if [ "$text" = think ]; then
  for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do echo '{"type":"thought"}'; sleep 0.1; done
fi
printf '{"type":"final","text":"%s"}\n' "$text"
)sh";

class PoolTest : public ::testing::Test {
 protected:
  PoolTest() : producer_(ingress_.add_producer(nullptr, nullptr)) {
    std::string name = (fs::temp_directory_path() / "spine-pool-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    fs::create_directories(folder_ / "state");
    fs::create_directories(folder_ / "work");
    ::chmod(folder_.c_str(), 0755);
    ::chmod((folder_ / "work").c_str(), 0777);
    std::ofstream(folder_ / "work/agent.sh") << kScript;
    ::chmod((folder_ / "work/agent.sh").c_str(), 0755);
    config_.id = "main";
    config_.workspace = (folder_ / "work").string();
    config_.process = {.driver = config::Driver::jsonl,
                       .command = (folder_ / "work/agent.sh").string(),
                       .instances_max = 2,
                       .stop_ms = 200,
                       .crashes_max = 2,
                       .back_off_ms = 1};
  }
  ~PoolTest() override {
    registry_.reset();
    fs::remove_all(folder_);
  }

  void start() {
    registry_ = std::make_unique<AgentRegistry>(
        base_.get(), producer_, shared_, GatewayPlaces{.state_dir = (folder_ / "state").string()});
    registry_->apply({config_});
  }
  void prompt(std::uint64_t run, std::uint64_t session, std::string_view text) {
    registry_->prompt({.run = RunId{run},
                       .session = SessionId{session},
                       .attempt = 1,
                       .agent_id = "main",
                       .text = text});
  }
  // Names of the journalled inputs that have come, in order.
  void collect() {
    producer_.flush();
    std::vector<pipeline::IngressBlock*> blocks;
    ingress_.drain(blocks, SIZE_MAX);
    for (pipeline::IngressBlock* block : blocks) {
      block->for_each([&](const pipeline::InputHeader& header, ByteSpan body) {
        if (!pipeline::input_kind::journalled(header.kind)) return;
        EXPECT_TRUE(verify_event_body(header.kind, body));
        kinds_.emplace_back(event_kind_name(header.kind));
        if (kinds_.back() == "RunFinished") {
          texts_.push_back(flatbuffers::GetRoot<fb::RunFinished>(body.data())->text()->str());
        }
        if (kinds_.back() == "RunFailed") {
          texts_.push_back(flatbuffers::GetRoot<fb::RunFailed>(body.data())->message()->str());
        }
      });
      ingress_.recycle(block);
    }
  }
  std::size_t count(std::string_view kind) const {
    return static_cast<std::size_t>(std::count(kinds_.begin(), kinds_.end(), kind));
  }
  // Lets the loop work until `kind` has come `times` times.
  ::testing::AssertionResult until(std::string_view kind, std::size_t times) {
    const std::uint64_t deadline_us = pipeline::monotonic_now_us() + 20'000'000;
    while (count(kind) < times) {
      if (pipeline::monotonic_now_us() > deadline_us) {
        return ::testing::AssertionFailure() << kind << " came " << count(kind) << " times";
      }
      event_base_loop(base_.get(), EVLOOP_ONCE);
      collect();
    }
    return ::testing::AssertionSuccess();
  }

  fs::path folder_{};
  config::AgentConfig config_{};
  std::unique_ptr<event_base, FreeEvents> base_{event_base_new()};
  pipeline::Ingress ingress_{};
  pipeline::IngressProducer& producer_;
  pipeline::Shared shared_{};
  std::unique_ptr<AgentRegistry> registry_{};
  std::vector<std::string> kinds_{};
  std::vector<std::string> texts_{};
};

TEST_F(PoolTest, AnswersAndTellsOfItsProcess) {
  start();
  prompt(1, 1, "hello");
  ASSERT_TRUE(until("AgentExited", 1));
  EXPECT_EQ(texts_, std::vector<std::string>{"hello"});
  EXPECT_EQ(kinds_, (std::vector<std::string>{"AgentStarted", "RunFinished", "AgentExited"}));
}

TEST_F(PoolTest, FilesLieInTheWorkspaceWhenTheAgentIsToldOfThem) {
  auto store = media::MediaStore::open(folder_ / "state/media");
  ASSERT_TRUE(store) << store.error().message;
  const Digest256 sha256 = store->put(as_bytes("a letter")).value().sha256;
  const std::vector<pipeline::PromptFile> files{{.name = "../a letter.txt",
                                                 .mime_type = "text/plain",
                                                 .sha256 = sha256,
                                                 .bytes = 8,
                                                 .kind = fb::AttachmentKind::document},
                                                {.name = "film.mp4",
                                                 .bytes = 31 * limits::kMiB,
                                                 .problem = fb::AttachmentProblem::too_large}};
  start();
  registry_->prompt({.run = RunId{1},
                     .session = SessionId{1},
                     .attempt = 1,
                     .agent_id = "main",
                     .text = "read it",
                     .files = files});
  prompt(2, 2, "another one");
  ASSERT_TRUE(until("RunFinished", 2));
  const std::string name = media::media_name(sha256).substr(0, 12) + "-a_letter.txt";
  const fs::path file = folder_ / "work/attachments" / name;
  EXPECT_TRUE(fs::exists(file));
  std::ranges::sort(texts_);
  ASSERT_EQ(texts_.size(), 2U);
  EXPECT_EQ(texts_[0], "another one");
  EXPECT_EQ(texts_[1], "read it\n\n[document ../a letter.txt, 8 B: " + file.string() +
                           "]\n[file film.mp4, 31.0 MiB: too large to fetch]");
}

TEST_F(PoolTest, ARunThatIsCancelledWhileItsFilesComeIsForgotten) {
  auto store = media::MediaStore::open(folder_ / "state/media");
  const Digest256 sha256 = store->put(as_bytes("a letter")).value().sha256;
  const std::vector<pipeline::PromptFile> files{{.name = "letter", .sha256 = sha256}};
  start();
  for (std::uint64_t run = 1; run <= 4; ++run) {
    registry_->prompt({.run = RunId{run},
                       .session = SessionId{run},
                       .attempt = 1,
                       .agent_id = "main",
                       .text = "with a letter",
                       .files = files});
  }
  for (std::uint64_t run = 1; run <= 3; ++run)
    registry_->cancel(RunId{run});
  ASSERT_TRUE(until("RunFinished", 1));
  EXPECT_EQ(count("RunFinished"), 1U);
  EXPECT_EQ(count("RunFailed"), 0U);
}

TEST_F(PoolTest, OneSessionIsInOrderAndOthersDoNotWait) {
  start();
  prompt(1, 1, "hang");
  prompt(2, 1, "second of the first session");
  prompt(3, 2, "other session");
  ASSERT_TRUE(until("RunFinished", 1));
  EXPECT_EQ(texts_, std::vector<std::string>{"other session"});
  registry_->cancel(RunId{1});
  ASSERT_TRUE(until("RunFinished", 2));
  EXPECT_EQ(texts_.back(), "second of the first session");
}

TEST_F(PoolTest, ACrashIsAnInterruptionAndTwoAreAQuarantine) {
  start();
  prompt(1, 1, "crash");
  ASSERT_TRUE(until("RunInterrupted", 1));
  prompt(1, 1, "crash");
  ASSERT_TRUE(until("AgentQuarantined", 1));
  prompt(2, 2, "hello");
  ASSERT_TRUE(until("RunFailed", 1));
  EXPECT_NE(texts_.back().find("spine agents reset main"), std::string::npos);
  registry_->control({.what = pipeline::ControlKind::reset, .agent_id = "main"});
  prompt(3, 2, "hello again");
  ASSERT_TRUE(until("RunFinished", 1));
  EXPECT_EQ(texts_.back(), "hello again");
}

TEST_F(PoolTest, OneThatExitsOtherwiseThanWellHasCrashed) {
  start();
  // Nothing was told of the run: the reason is told at once.
  prompt(1, 1, "refuse");
  ASSERT_TRUE(until("AgentExited", 1));
  EXPECT_EQ(kinds_, (std::vector<std::string>{"AgentStarted", "RunFailed", "AgentExited"}));
  EXPECT_NE(texts_.back().find("exit code 3: Unknown provider \"x\""), std::string::npos);
  // It broke off: whether it is tried again is not decided here. Two in a row are a quarantine.
  prompt(2, 1, "break");
  ASSERT_TRUE(until("AgentQuarantined", 1));
  EXPECT_EQ(count("RunInterrupted"), 1U);
  EXPECT_EQ(count("RunFailed"), 1U);
}

TEST_F(PoolTest, OneThatEndsBeforeItIsReadyFailsWhatWaitsAtOnce) {
  config_.process.driver = config::Driver::acp;
  config_.process.crashes_max = 5;
  config_.process.command = (folder_ / "work/refuse.sh").string();
  std::ofstream(folder_ / "work/refuse.sh") << "#!/bin/sh\necho 'Error: no model' >&2\nexit 1\n";
  ::chmod((folder_ / "work/refuse.sh").c_str(), 0755);
  start();
  prompt(1, 1, "hello");
  prompt(2, 2, "hello");
  ASSERT_TRUE(until("RunFailed", 2));
  EXPECT_EQ(count("AgentExited"), 1U);
  EXPECT_NE(texts_.back().find("could not be started: it ended with exit code 1: Error: no model"),
            std::string::npos);
}

TEST_F(PoolTest, AReasonThatIsNoMessageIsToldWhereThereIsNoOther) {
  config_.process.driver = config::Driver::pi;
  config_.process.command = (folder_ / "work/refuse.sh").string();
  std::ofstream(folder_ / "work/refuse.sh") << "#!/bin/sh\necho 'Please log in first'\nexit 1\n";
  ::chmod((folder_ / "work/refuse.sh").c_str(), 0755);
  start();
  prompt(1, 1, "hello");
  ASSERT_TRUE(until("RunFailed", 1));
  EXPECT_NE(texts_.back().find("exit code 1: no message of Pi: Please log in first"),
            std::string::npos);
}

TEST_F(PoolTest, AProgramThatIsNotThereFailsWithItsName) {
  config_.process.command = "no-such-program-here";
  start();
  prompt(1, 1, "hello");
  ASSERT_TRUE(until("RunFailed", 1));
  EXPECT_NE(texts_.back().find("no-such-program-here"), std::string::npos);
  EXPECT_EQ(count("AgentExited"), 1U);
}

TEST_F(PoolTest, AConfigurationThatChangesCountsFromTheNextPrompt) {
  start();
  prompt(1, 1, "before");
  ASSERT_TRUE(until("RunFinished", 1));
  config_.process.command = "/bin/false";
  registry_->apply({config_});
  prompt(2, 1, "after");
  ASSERT_TRUE(until("RunFailed", 1));
}

TEST_F(PoolTest, AProcessThatAnswersAndStaysGivesItsPlaceBack) {
  config_.process.instances_max = 1;
  start();
  prompt(1, 1, "stay");
  prompt(2, 2, "next");
  ASSERT_TRUE(until("RunFinished", 2));
  EXPECT_EQ(texts_, (std::vector<std::string>{"stay", "next"}));
}

TEST_F(PoolTest, AQuarantineOutlivesAnotherDriver) {
  start();
  prompt(1, 1, "crash");
  ASSERT_TRUE(until("RunInterrupted", 1));
  prompt(1, 1, "crash");
  ASSERT_TRUE(until("AgentQuarantined", 1));
  config::AgentConfig echo{.id = "main"};
  registry_->apply({echo});
  registry_->apply({config_});
  prompt(2, 2, "hello");
  ASSERT_TRUE(until("RunFailed", 1));
  EXPECT_NE(texts_.back().find("quarantine"), std::string::npos);
  registry_->control({.what = pipeline::ControlKind::restart, .agent_id = "main"});
  prompt(3, 2, "hello");
  ASSERT_TRUE(until("RunFailed", 2));
}

// What it writes to stderr is no sign of work.
TEST_F(PoolTest, ARunOfWhichNothingIsHeardIsEnded) {
  config_.process.silence_ms = 200;
  start();
  prompt(1, 1, "hang");
  prompt(2, 2, "mutter");
  ASSERT_TRUE(until("RunFailed", 2));
  for (const std::string& text : texts_)
    EXPECT_EQ(text, "The agent said nothing for 200 ms and was stopped (spine.silenceMs).");
  prompt(3, 1, "next");
  ASSERT_TRUE(until("RunFinished", 1));
  EXPECT_EQ(texts_.back(), "next");
}

// A line that says nothing of the answer is one all the same.
TEST_F(PoolTest, ARunOfWhichSomethingIsHeardMayTakeLonger) {
  config_.process.silence_ms = 1'000;
  start();
  prompt(1, 1, "think");
  ASSERT_TRUE(until("RunFinished", 1));
  EXPECT_EQ(texts_, std::vector<std::string>{"think"});
}

TEST_F(PoolTest, SilenceWithoutABoundIsBorne) {
  config_.process.silence_ms = 0;
  config_.process.run_ms = 600;
  start();
  prompt(1, 1, "hang");
  ASSERT_TRUE(until("RunFailed", 1));
  EXPECT_NE(texts_.back().find("did not finish within"), std::string::npos);
}

TEST_F(PoolTest, NothingIsLeftAfterAStop) {
  start();
  prompt(1, 1, "hang");
  ASSERT_TRUE(until("AgentStarted", 1));
  registry_->begin_stop();
  const std::uint64_t deadline_us = pipeline::monotonic_now_us() + 20'000'000;
  while (!registry_->ended() && pipeline::monotonic_now_us() < deadline_us)
    event_base_loop(base_.get(), EVLOOP_ONCE);
  EXPECT_TRUE(registry_->ended());
}

}  // namespace
}  // namespace spine::agents
