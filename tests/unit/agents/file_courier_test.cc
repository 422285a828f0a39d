// FileCourier: the files of prompts, beside what their agent asks for itself.
#include "adapters/agents/file_courier.h"

#include <atomic>
#include <event2/event.h>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

#include "engine/pipeline/clock.h"

namespace spine::agents {
namespace {

struct FreeBaseOfCourier {
  void operator()(event_base* base) const { event_base_free(base); }
};

std::shared_ptr<const PromptFiles> one_file() {
  const std::vector<pipeline::PromptFile> files{{.name = "cat.jpg"}};
  return std::make_shared<const PromptFiles>(pipeline::PromptItem{.files = files});
}

TEST(FileCourierTest, NeitherWaitsForTheAgentsOwnRequestsNorHoldsThemUp) {
  const std::unique_ptr<event_base, FreeBaseOfCourier> base{event_base_new()};
  loop::FilePool pool{base.get(), 2};
  std::atomic<bool> released{};
  const auto agent = pool.open("main", [](std::string&&) {});
  pool.submit(
      agent,
      [&released] {
        released.wait(false);
        return std::string{};
      },
      0);
  bool here = false;
  FileCourier courier{pool, "main", log::Logger("agent/main"), [&here] { here = true; }};
  const auto coming = courier.fetch(one_file(), {});
  const std::uint64_t deadline_us = pipeline::monotonic_now_us() + 20'000'000;
  const timeval look_again{.tv_sec = 0, .tv_usec = 50'000};
  while (!here && pipeline::monotonic_now_us() < deadline_us) {
    event_base_loopexit(base.get(), &look_again);
    event_base_dispatch(base.get());
  }
  released = true;
  released.notify_all();
  EXPECT_TRUE(here);
  EXPECT_TRUE(coming->here);
  EXPECT_EQ(coming->files.lines, "[file cat.jpg: not fetched]");
}

}  // namespace
}  // namespace spine::agents
