// Tests of adapters/skills/skills_watcher.h: on a real event loop and a real file system.
#include "adapters/skills/skills_watcher.h"

#include <event2/event.h>
#include <fcntl.h>
#include <fstream>
#include <memory>

#include "tests/unit/skills/support.h"

namespace spine::skills {
namespace {

namespace fs = std::filesystem;

struct FreeLoop {
  void operator()(event_base* base) const { event_base_free(base); }
};

class Watching : public SkillsTest {
 protected:
  void start() {
    base_.reset(event_base_new());
    watcher_ = std::make_unique<SkillsWatcher>(
        base_.get(), [this](const SkillSet& set, std::vector<SkillChange> changes) {
          ++calls_;
          changes_ = std::move(changes);
          given_ = names(set.for_agent("main"));
        });
    SkillsRequest asked = request();
    asked.skills.debounce_ms = 10;
    watcher_->apply(std::move(asked));
    ASSERT_EQ(calls_, 1);
  }

  // Turns the loop until the agent is given exactly these.
  void expect_given(const std::string& wanted) {
    const timeval deadline{20, 0};
    bool late = false;
    event* timer = event_new(
        base_.get(), -1, 0,
        [](evutil_socket_t, short, void* flag) { *static_cast<bool*>(flag) = true; }, &late);
    event_add(timer, &deadline);
    while (given_ != wanted && !late)
      event_base_loop(base_.get(), EVLOOP_ONCE);
    event_free(timer);
    EXPECT_EQ(given_, wanted);
  }

  std::unique_ptr<event_base, FreeLoop> base_{};
  std::unique_ptr<SkillsWatcher> watcher_{};
  int calls_{};
  std::vector<SkillChange> changes_{};
  std::string given_{};
};

TEST_F(Watching, TheFirstScanIsReportedEvenWhenThereIsNothing) {
  start();
  EXPECT_TRUE(changes_.empty());
  EXPECT_EQ(watcher_->set().version(), 1U);
}

TEST_F(Watching, ASkillThatIsAddedChangedAndRemovedIsSeen) {
  add("managed/one");
  start();
  EXPECT_EQ(given_, "one");
  add("managed/two");
  expect_given("one two");
  EXPECT_EQ(watcher_->set().version(), 2U);
  write("managed/two/SKILL.md", "broken");
  expect_given("one");
  add("managed/two");
  expect_given("one two");
  fs::remove_all(dir_ / "managed/one");
  expect_given("two");
  ASSERT_EQ(changes_.size(), 1U);
  EXPECT_EQ(changes_[0].kind, SkillChangeKind::removed);
}

TEST_F(Watching, AnEditorThatReplacesTheFileIsSeen) {
  add("managed/one");
  start();
  write("managed/one/.SKILL.md.swp", skill_text("two"));
  fs::rename(dir_ / "managed/one/.SKILL.md.swp", dir_ / "managed/one/SKILL.md");
  expect_given("");  // the name is no longer that of the folder
  write("managed/one/4913", skill_text("one"));
  fs::rename(dir_ / "managed/one/SKILL.md", dir_ / "managed/one/SKILL.md~");
  fs::rename(dir_ / "managed/one/4913", dir_ / "managed/one/SKILL.md");
  expect_given("one");
}

TEST_F(Watching, RootsThatAppearGoAndAreReplacedAreSeen) {
  start();
  add("home/.agents/skills/deep/new");
  expect_given("new");
  fs::rename(dir_ / "home/.agents", dir_ / "home/.agents.off");
  expect_given("");
  fs::rename(dir_ / "home/.agents.off", dir_ / "home/.agents");
  expect_given("new");
  fs::remove_all(dir_ / "home");
  expect_given("");
  add("home/.agents/skills/again");
  expect_given("again");
}

TEST_F(Watching, FoldersThatAreMovedInAreWatchedToo) {
  start();
  add("outside/group/one");
  fs::create_directories(dir_ / "managed");
  fs::rename(dir_ / "outside/group", dir_ / "managed/group");
  expect_given("one");
  add("managed/group/two");
  expect_given("one two");
}

TEST_F(Watching, WhatALinkLeadsToIsWatched) {
  add("elsewhere/repo/one");
  fs::create_directories(dir_ / "managed");
  base_.reset(event_base_new());
  start();
  SkillsRequest asked = request();
  asked.skills.debounce_ms = 10;
  asked.skills.allow_symlinks = {at("elsewhere")};
  fs::create_symlink(dir_ / "elsewhere/repo", dir_ / "managed/repo");
  watcher_->apply(std::move(asked));
  EXPECT_EQ(given_, "one");
  add("elsewhere/repo/two");
  expect_given("one two");
}

TEST_F(Watching, WhatIsLeftByALookIsLookedAtSoon) {
  std::string list;
  for (int i = 0; i < 2'000; ++i)
    list += "abcd, ";
  std::string wanted;
  for (int i = 100; i < 160; ++i) {
    const std::string name = "s" + std::to_string(i);
    add("main/skills/" + name, "list: [" + list + "]\n");
    wanted += (wanted.empty() ? "" : " ") + name;
  }
  start();
  EXPECT_NE(given_, wanted);
  expect_given(wanted);
  EXPECT_FALSE(watcher_->set().incomplete());
}

TEST_F(Watching, OtherFilesOfASkillAreNoReasonToLook) {
  add("managed/one");
  start();
  write("managed/one/notes.txt", "a");
  write("managed/one/scripts/run.sh", "b");
  add("managed/two");
  expect_given("one two");
  EXPECT_EQ(calls_, 2);
  EXPECT_EQ(watcher_->set().version(), 2U);
}

TEST_F(Watching, WithoutWatchingNothingIsWatched) {
  add("managed/one");
  start();
  EXPECT_GT(watcher_->watches(), 2U);
  SkillsRequest asked = request();
  asked.skills.watch = false;
  watcher_->apply(std::move(asked));
  EXPECT_EQ(watcher_->watches(), 0U);
  EXPECT_EQ(calls_, 1) << "nothing is another";
}

TEST_F(Watching, EventsTheKernelDropsAreMadeGood) {
  add("managed/one");
  start();
  std::ifstream limit("/proc/sys/fs/inotify/max_queued_events");
  int queued = 0;
  ASSERT_TRUE(limit >> queued);
  // Of no interest, and no two alike in a row, which the kernel would merge.
  const std::string names[] = {at("managed/one/a"), at("managed/one/b")};
  for (int i = 0; i < queued + 10; ++i) {
    const UniqueFd file(::open(names[i % 2].c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    ASSERT_TRUE(file);
  }
  add("managed/two");
  expect_given("one two");
}

}  // namespace
}  // namespace spine::skills
