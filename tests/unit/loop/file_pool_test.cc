// FilePool: order, fairness, and that nothing is told after an end. The jobs of these tests wait
// for one another, never for time.
#include "adapters/loop/file_pool.h"

#include <atomic>
#include <gtest/gtest.h>
#include <string>
#include <thread>
#include <vector>

namespace spine::loop {
namespace {

struct FreeBaseOfPool {
  void operator()(event_base* base) const { event_base_free(base); }
};

// A door that jobs wait at until the test opens it.
class Door {
 public:
  void open() {
    open_.store(true);
    open_.notify_all();
  }
  void pass() const { open_.wait(false); }

 private:
  std::atomic<bool> open_{};
};

class FilePools : public testing::Test {
 protected:
  FilePool::Asker asker(std::string_view agent) {
    return pool->open(agent, [this](std::string&& result) { told.push_back(std::move(result)); });
  }
  void submit(FilePool::Asker asker, std::string result) {
    pool->submit(
        asker, [result] { return result; }, 1);
  }
  // A job that begins, and ends when the door is open.
  void block(FilePool::Asker asker, Door& door) {
    pool->submit(
        asker,
        [&door] {
          door.pass();
          return std::string("blocked");
        },
        1);
  }
  void until(std::size_t count) {
    while (told.size() < count)
      event_base_loop(base.get(), EVLOOP_ONCE);
  }

  std::unique_ptr<event_base, FreeBaseOfPool> base{event_base_new()};
  std::vector<std::string> told{};
  std::unique_ptr<FilePool> pool{std::make_unique<FilePool>(base.get(), 1)};
};

TEST_F(FilePools, ResultsComeInTheOrderOfTheCallsOfEachAsker) {
  pool = std::make_unique<FilePool>(base.get(), 4);
  const FilePool::Asker one = asker("a");
  for (int i = 0; i < 100; ++i)
    submit(one, std::to_string(i));
  until(100);
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(told[static_cast<std::size_t>(i)], std::to_string(i));
}

TEST_F(FilePools, WhoAsksForMuchWaitsAndTheOthersDoNot) {
  const FilePool::Asker greedy = asker("greedy");
  const FilePool::Asker modest = asker("modest");
  Door door;
  block(greedy, door);
  for (int i = 0; i < 5; ++i)
    submit(greedy, "g" + std::to_string(i));
  submit(modest, "m0");
  submit(modest, "m1");
  door.open();
  until(8);
  EXPECT_EQ(told, (std::vector<std::string>{"blocked", "m0", "g0", "m1", "g1", "g2", "g3", "g4"}));
}

TEST_F(FilePools, ProcessesOfAnAgentShareItsTurn) {
  const FilePool::Asker first = asker("many");
  const FilePool::Asker second = asker("many");
  const FilePool::Asker other = asker("other");
  Door door;
  block(first, door);
  submit(first, "a0");
  submit(second, "b0");
  submit(other, "c0");
  submit(other, "c1");
  door.open();
  until(5);
  EXPECT_EQ(told, (std::vector<std::string>{"blocked", "c0", "b0", "c1", "a0"}));
}

TEST_F(FilePools, OneJobOfAnAgentIsDoneAtATime) {
  pool = std::make_unique<FilePool>(base.get(), 2);
  const FilePool::Asker first = asker("a");
  const FilePool::Asker second = asker("a");
  const FilePool::Asker other = asker("b");
  Door door;
  block(first, door);
  submit(second, "of the same agent");
  submit(other, "of another");  // the second thread is free for it
  until(1);
  EXPECT_EQ(told, std::vector<std::string>{"of another"});
  door.open();
  until(3);
  EXPECT_EQ(told.back(), "of the same agent");
}

TEST_F(FilePools, OneThatIsHeldWaitsAndHoldsUpNobody) {
  const FilePool::Asker held = asker("a");
  const FilePool::Asker other = asker("b");
  pool->hold(held, true);
  submit(held, "held");
  submit(other, "other");
  until(1);
  EXPECT_EQ(told, std::vector<std::string>{"other"});
  pool->hold(held, false);
  until(2);
  EXPECT_EQ(told.back(), "held");
}

TEST_F(FilePools, SaysWhenAsMuchWaitsAsMay) {
  const FilePool::Asker one = asker("a");
  Door door;
  block(one, door);
  for (std::size_t i = 0; i < limits::kFileJobsPerAgentMax; ++i) {
    EXPECT_FALSE(pool->is_full(one));
    submit(one, "x");
  }
  EXPECT_TRUE(pool->is_full(one));
  const FilePool::Asker large = asker("b");
  pool->submit(
      large, [] { return std::string(); }, limits::kAgentFileBytesMax);
  EXPECT_TRUE(pool->is_full(large));
  door.open();
  until(limits::kFileJobsPerAgentMax + 2);
  EXPECT_FALSE(pool->is_full(one));
  EXPECT_FALSE(pool->is_full(large));
}

TEST_F(FilePools, OneThatCannotReadWhileItWritesMayGoOnWriting) {
  const FilePool::Asker one = asker("a");
  pool->hold(one, true);
  for (std::size_t i = 0; i < 10 * limits::kFileJobsPerAgentMax; ++i)
    submit(one, "x");
  EXPECT_FALSE(pool->is_full(one));
  pool->submit(
      one, [] { return std::string(); }, limits::kAgentInputBytesMax);
  EXPECT_TRUE(pool->is_full(one));
}

TEST_F(FilePools, NothingIsToldToOneThatIsClosed) {
  const FilePool::Asker gone = asker("a");
  const FilePool::Asker stays = asker("a");
  Door door;
  block(gone, door);
  submit(gone, "never");
  submit(stays, "stays");
  pool->close(gone);
  pool->close(gone);
  submit(gone, "never");
  door.open();
  until(1);
  EXPECT_EQ(told, std::vector<std::string>{"stays"});
}

TEST_F(FilePools, AnAskerMayCloseFromWithinAResult) {
  FilePool::Asker self{};
  self = pool->open("a", [&](std::string&& result) {
    told.push_back(std::move(result));
    pool->close(self);
  });
  const FilePool::Asker other = asker("b");
  submit(self, "once");
  submit(self, "never");
  submit(other, "other");
  until(2);
  EXPECT_EQ(told, (std::vector<std::string>{"once", "other"}));
}

TEST_F(FilePools, TheEndWaitsForWhatIsBeingDoneAndDropsTheRest) {
  const FilePool::Asker one = asker("a");
  Door door;
  std::atomic<bool> begun{};
  std::atomic<bool> done{};
  pool->submit(
      one,
      [&] {
        begun.store(true);
        begun.notify_all();
        door.pass();
        done.store(true);
        return std::string("x");
      },
      1);
  pool->submit(
      one,
      [] {
        ADD_FAILURE() << "it begins nothing more";
        return std::string();
      },
      1);
  begun.wait(false);
  std::thread opener([&door] { door.open(); });
  pool.reset();
  EXPECT_TRUE(done.load());
  opener.join();
  EXPECT_TRUE(told.empty());
}

TEST_F(FilePools, OneThatWasNeverAskedHasNoThreads) {
  const FilePool::Asker one = asker("a");
  pool->close(one);
  pool.reset();
}

}  // namespace
}  // namespace spine::loop
