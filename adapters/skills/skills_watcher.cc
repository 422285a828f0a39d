// SkillsWatcher: every scan yields the full list of folders to watch, so none is kept up to date.
#include "adapters/skills/skills_watcher.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <sys/inotify.h>

#include "engine/log/log.h"
#include "engine/pipeline/clock.h"
#include "schemas/vocab/check.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"

namespace spine::skills {
namespace {

constexpr log::Logger kLog{"skills"};
// Masks of a parent of a root, and of a searched folder. One may be both: IN_MASK_ADD joins them.
constexpr std::uint32_t kWayMask = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |
                                   IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | IN_EXCL_UNLINK |
                                   IN_MASK_ADD;
constexpr std::uint32_t kFolderMask = kWayMask | IN_CLOSE_WRITE | IN_ATTRIB;
// A folder that is written to without a pause is scanned after this many debounce times.
constexpr std::uint64_t kDebouncesMax = 10;
constexpr int kScansMax = 2;  // in a row, while new folders keep appearing
// The rest after a scan, as a multiple of the time that the scan took.
constexpr std::uint64_t kRestFactor = 10;

}  // namespace

SkillsWatcher::SkillsWatcher(event_base* base, OnChange on_change)
    : base_(base),
      on_change_(std::move(on_change)),
      debounce_(base, [this] { look(); }),
      poll_(
          base, [this] { look(); }, loop::Timer::Again::yes) {}

void SkillsWatcher::apply(SkillsRequest request) {
  request_ = std::move(request);
  warned_ = false;
  watches_.clear();
  readable_.reset();
  inotify_ = UniqueFd();
  poll_.stop();
  if (request_.skills.watch) {
    open();
    poll_.start(loop::in_ms(limits::kSkillPollMs));
  }
  look();
}

void SkillsWatcher::open() {
  UniqueFd fd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!fd) return give_up(std::strerror(errno));
  inotify_ = std::move(fd);
  const auto on_readable = [](evutil_socket_t, short, void* self) {
    static_cast<SkillsWatcher*>(self)->read_events();
  };
  readable_.reset(event_new(base_, inotify_.get(), EV_READ | EV_PERSIST, on_readable, this));
  SPINE_CHECK(readable_ != nullptr && event_add(readable_.get(), nullptr) == 0);
}

void SkillsWatcher::give_up(std::string_view why) {
  if (warned_) return;
  warned_ = true;
  kLog.warn(
      "Not every folder of skills can be watched ({}); changes there are found within {}. "
      "Raise fs.inotify.max_user_watches or fs.inotify.max_user_instances, or use fewer "
      "folders.",
      why, show_duration_ms(limits::kSkillPollMs));
}

void SkillsWatcher::look() {
  const std::uint64_t began = pipeline::boottime_now_ms();
  scan_and_tell();
  const std::uint64_t now = pipeline::boottime_now_ms();
  rests_until_ms_ = now + std::min(kRestFactor * (now - began), limits::kSkillRestMsMax);
  if (again_) look_soon();
}

// A new folder may have been filled before it was watched, so it is scanned again once it is.
void SkillsWatcher::scan_and_tell() {
  debounce_.stop();
  waiting_since_ms_ = 0;
  SkillSet now = scanner_.scan(request_, set_ ? &*set_ : nullptr);
  std::optional<SkillSet> before = std::move(set_);
  set_.emplace(std::move(now));
  bool settled = !inotify_ || !watch_all();
  for (int i = 1; i < kScansMax && !settled; ++i) {
    set_.emplace(scanner_.scan(request_, before ? &*before : nullptr));
    settled = !watch_all();
  }
  again_ = !settled || set_->incomplete();
  if (before && before->shown_digest() == set_->shown_digest() &&
      before->version() == set_->version()) {
    return;
  }
  on_change_(*set_, differences(before ? &*before : nullptr, *set_));
}

// An empty `name` means all of the folder.
bool SkillsWatcher::watch(std::map<int, Watch>& now, const std::string& path,
                          std::string_view name) {
  if (now.size() >= limits::kSkillWatchesMax) {
    give_up("there are too many");
    return false;
  }
  const int descriptor =
      ::inotify_add_watch(inotify_.get(), path.c_str(), name.empty() ? kFolderMask : kWayMask);
  if (descriptor < 0) {
    if (errno != ENOENT && errno != ENOTDIR && errno != EACCES) give_up(std::strerror(errno));
    return false;
  }
  Watch& entry = now[descriptor];
  if (name.empty()) {
    entry.all = true;
  } else {
    entry.names.emplace(name);
  }
  return !watches_.contains(descriptor);
}

bool SkillsWatcher::watch_all() {
  std::map<int, Watch> now;
  bool fresh = false;
  // The parents of every root: each of them may appear, vanish or be replaced.
  for (const SkillRoot& root : set_->roots()) {
    for (std::size_t slash = root.path.find('/'); slash != std::string::npos;
         slash = root.path.find('/', slash + 1)) {
      const std::size_t end = root.path.find('/', slash + 1);
      const std::string name = root.path.substr(slash + 1, end - slash - 1);
      if (name.empty()) continue;
      fresh = watch(now, slash == 0 ? "/" : root.path.substr(0, slash), name) || fresh;
    }
  }
  for (const std::string& folder : set_->folders())
    fresh = watch(now, folder, {}) || fresh;
  for (const auto& [descriptor, entry] : watches_) {
    if (!now.contains(descriptor)) ::inotify_rm_watch(inotify_.get(), descriptor);
  }
  watches_ = std::move(now);
  return fresh;
}

bool SkillsWatcher::is_relevant(int descriptor, std::uint32_t mask, std::string_view name) {
  if ((mask & IN_Q_OVERFLOW) != 0) return true;
  const auto at = watches_.find(descriptor);
  if (at == watches_.end()) return false;
  if ((mask & IN_IGNORED) != 0) {
    watches_.erase(at);
    return false;
  }
  if ((mask & (IN_DELETE_SELF | IN_MOVE_SELF)) != 0) return true;
  if (at->second.names.contains(name)) return true;
  if (!at->second.all) return false;
  // Ignore writes to a skill's other files, which may be frequent.
  const bool only_touched = (mask & (IN_CLOSE_WRITE | IN_ATTRIB)) != 0;
  return !only_touched || (mask & IN_ISDIR) != 0 || name == "SKILL.md";
}

void SkillsWatcher::read_events() {
  alignas(inotify_event) std::array<char, 16 * 1024> buffer;
  bool relevant = false;
  for (;;) {
    const ssize_t n = ::read(inotify_.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    for (const char* at = buffer.data(); at < buffer.data() + n;) {
      inotify_event entry{};
      std::memcpy(&entry, at, sizeof entry);
      const char* name = at + sizeof entry;
      const std::string_view text(name, ::strnlen(name, entry.len));
      relevant = is_relevant(entry.wd, entry.mask, text) || relevant;
      at = name + entry.len;
    }
  }
  if (relevant) look_soon();
}

// Debounce: after the last event of a burst, but with an upper bound.
void SkillsWatcher::look_soon() {
  const std::uint64_t now = pipeline::boottime_now_ms();
  if (waiting_since_ms_ == 0) waiting_since_ms_ = now;
  const std::uint64_t debounce = request_.skills.debounce_ms;
  if (debounce_.runs() && now - waiting_since_ms_ > kDebouncesMax * debounce) return;
  debounce_.start(
      loop::in_ms(std::max(debounce, rests_until_ms_ > now ? rests_until_ms_ - now : 0)));
}

}  // namespace spine::skills
