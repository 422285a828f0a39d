// SkillsWatcher: scans skills again when something in their folders has changed.
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

// Uses inotify on the roots, on every searched folder below, and on their parents, as roots may
// come and go. It also polls every kSkillPollMs, which notices newly installed programs, too. Rate
// limit: after a scan it rests ten times as long as the scan took, at most kSkillRestMsMax. Without
// inotify, or beyond kSkillWatchesMax, it only polls, with one warning. Thread: that of `base`, all
// calls.
class SkillsWatcher {
 public:
  // Called when anything that is reported has changed, and after the first apply(). The changes are
  // of eligible skills only, and may be empty; set.version() has counted up if any agent's skills
  // changed. Borrowed for the call; must not throw, nor call apply().
  using OnChange = std::function<void(const SkillSet&, std::vector<SkillChange>)>;

  // `base` outlives it.
  SkillsWatcher(event_base* base, OnChange on_change);
  SkillsWatcher(const SkillsWatcher&) = delete;
  SkillsWatcher& operator=(const SkillsWatcher&) = delete;

  // Scans now, and watches from now on, by `request`. on_change is called before this returns, if
  // something changed.
  void apply(SkillsRequest request);
  void apply(const config::Config& config, const std::filesystem::path& state_dir,
             config::GetEnv getenv_fn) {
    apply(skills_request(config, state_dir, getenv_fn));
  }

  // REQUIRES: apply() was called. Borrowed until the next change.
  const SkillSet& set() const { return *set_; }
  std::size_t watches() const { return watches_.size(); }

 private:
  // Which events of a folder matter: all, or those of entries with these names.
  struct Watch {
    bool all{};
    std::set<std::string, std::less<>> names{};
  };

  void open();
  void look();
  void scan_and_tell();
  bool watch_all();  // true if there are folders that were not watched before
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
  bool again_{};                    // the last scan was incomplete, or folders changed meanwhile
  std::map<int, Watch> watches_{};  // by watch descriptor
  loop::EventPtr readable_{};
  loop::Timer debounce_;
  loop::Timer poll_;
  std::uint64_t waiting_since_ms_{};  // start of the debounce; 0 = no event waits
  std::uint64_t rests_until_ms_{};    // no scan before then (rate limit)
};

}  // namespace spine::skills
