// SkillsWatcher: looks at skills anew when something in their folders has changed.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/loop/timer.h"
#include "adapters/skills/skill_set.h"
#include "schemas/vocab/unique_fd.h"

namespace spine::skills {

// By inotify on the roots, on every folder below that was looked into, and on the folders above,
// for roots that come and go; besides every kSkillPollMs, which also finds programs that were
// installed. However much happens in the folders, it looks for at most a tenth of the time (or
// rests kSkillRestMsMax). Without inotify, or beyond kSkillWatchesMax, there is only that, and one
// warning. Thread: that of `base`, all calls.
class SkillsWatcher {
 public:
  // Called when anything that is reported is another, and after the first apply(). `changes`, of
  // what is eligible, may be empty: set.version() has counted up if agents are given something
  // else. Borrowed for the call; must not throw, nor call apply().
  using OnChange = std::function<void(const SkillSet&, std::vector<SkillChange>)>;

  // `base` outlives it.
  SkillsWatcher(event_base* base, OnChange on_change);
  SkillsWatcher(const SkillsWatcher&) = delete;
  SkillsWatcher& operator=(const SkillsWatcher&) = delete;

  // Scans and watches from now on as `request` says; on_change is called before this returns, if
  // there is a reason.
  void apply(SkillsRequest request);
  void apply(const config::Config& config, const std::filesystem::path& state_dir,
             config::GetEnv getenv_fn) {
    apply(skills_request(config, state_dir, getenv_fn));
  }

  // REQUIRES: apply() was called. Borrowed until the next change.
  const SkillSet& set() const { return *set_; }
  std::size_t watches() const { return watches_.size(); }

 private:
  // What is of interest in a folder: all of it, or entries of these names.
  struct Watch {
    bool all{};
    std::set<std::string, std::less<>> names{};
  };

  void open();
  void look();
  void scan_and_tell();
  bool watch_all();  // whether there are folders that were not watched before
  bool watch(std::map<int, Watch>& now, const std::string& path, std::string_view name);
  void give_up(std::string_view why);
  void read_events();
  bool is_relevant(int descriptor, std::uint32_t mask, std::string_view name);
  void look_soon();

  event_base* base_;
  OnChange on_change_;
  SkillsRequest request_{};
  SkillScanner scanner_{SkillScanner::Pace::bounded};
  std::optional<SkillSet> set_{};
  UniqueFd inotify_{};
  bool warned_{};
  bool again_{};                    // the last look has left something
  std::map<int, Watch> watches_{};  // by watch descriptor
  loop::EventPtr readable_{};
  loop::Timer debounce_;
  loop::Timer poll_;
  std::uint64_t waiting_since_ms_{};  // for the debounce; 0 = nothing has happened
  std::uint64_t rests_until_ms_{};    // not before then, however much happens
};

}  // namespace spine::skills
