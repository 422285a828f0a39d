// Workload: the room that the images of waiting prompts take.
#include "adapters/agents/workload.h"

#include <event2/event.h>
#include <gtest/gtest.h>
#include <memory>
#include <vector>

#include "engine/pipeline/queues/ingress.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/sha256.h"

namespace spine::agents {
namespace {

struct FreeBaseOfWork {
  void operator()(event_base* base) const { event_base_free(base); }
};

class WorkloadTest : public ::testing::Test, public WorkloadOwner {
 protected:
  void on_handed_in() override {}
  void on_over(Shown) override {}

  Work& add(std::uint64_t run, std::uint64_t image_bytes) {
    const Digest256 sha256 = sha256_of("an image");
    const std::vector<pipeline::PromptFile> files{
        {.mime_type = "image/jpeg", .sha256 = sha256, .bytes = image_bytes}};
    EXPECT_TRUE(runs_.add({.run = RunId{run}, .session = SessionId{run}, .files = files}));
    return *runs_.find(RunId{run});
  }

  std::unique_ptr<event_base, FreeBaseOfWork> base_{event_base_new()};
  pipeline::Ingress ingress_{};
  Answers answers_{ingress_.add_producer(nullptr, nullptr)};
  DeltaMerger deltas_{base_.get(), answers_};
  std::size_t waiting_bytes_{};
  std::shared_ptr<const config::AgentConfig> agent_{std::make_shared<config::AgentConfig>()};
  Workload runs_{answers_, deltas_, waiting_bytes_, agent_, log::Logger("agent/main"), *this};
};

TEST_F(WorkloadTest, ManyPhotosWaitAtOnceAndEachTakesTheRoomThatItNeeds) {
  constexpr std::uint64_t kPhoto = 300 * limits::kKiB;
  std::uint64_t run = 0;
  while (++run < 1'000) {
    Work& work = add(run, kPhoto);
    runs_.reserve_images(work);
    if (work.image_bytes == 0) break;
    EXPECT_EQ(work.image_bytes, kPhoto);
  }
  EXPECT_EQ(run, 41U) << "16 MiB, as base64";
  EXPECT_LE(waiting_bytes_, limits::kPromptsWaitingBytesMax);
  for (; run != 0; --run)
    runs_.close(RunId{run});
  EXPECT_EQ(waiting_bytes_, 0U);
}

TEST_F(WorkloadTest, RoomIsTakenOnceHoweverOftenFilesAreBrought) {
  Work& work = add(1, limits::kMiB);
  runs_.reserve_images(work);
  const std::size_t taken = waiting_bytes_;
  EXPECT_GE(taken, limits::kMiB / 3 * 4);
  runs_.reserve_images(work);
  EXPECT_EQ(work.image_bytes, limits::kMiB);
  EXPECT_EQ(waiting_bytes_, taken);
  runs_.close(RunId{1});
  EXPECT_EQ(waiting_bytes_, 0U);
}

}  // namespace
}  // namespace spine::agents
