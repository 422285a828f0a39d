// Judging an edit, and putting the new text in the file's place so that a crash leaves the old or
// the new one.
#include "engine/config/edit/edit.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <optional>
#include <poll.h>
#include <sys/file.h>
#include <unistd.h>

#include "engine/config/edit/redact.h"
#include "engine/config/json5/json5.h"
#include "engine/config/settings/schema.h"
#include "engine/config/settings/setting.h"
#include "engine/config/source/deciding_file.h"
#include "schemas/vocab/files.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"
#include "schemas/vocab/unique_fd.h"

namespace spine::config {
namespace {

// Keys, as folded_key() has them, that are refused where no setting lists them; those of the
// second list also at the end of a longer key.
constexpr std::array<std::string_view, 23> kRefusedKeys{
    "$include", "args",   "argv",  "env",    "cwd",   "bin",      "binary",  "exec",
    "store",    "root",   "host",  "port",   "proxy", "endpoint", "address", "headers",
    "sandbox",  "avatar", "tools", "admins", "owner", "owners",   "program",
};
constexpr std::array<std::string_view, 15> kRefusedEndings{
    "dir",    "command", "commands", "path",      "file",      "directory", "url",      "uri",
    "script", "policy",  "origin",   "allowfrom", "allowlist", "workspace", "hostname",
};

bool is_refused_key(std::string_view key) {
  if (is_secret({&key, 1})) return true;
  const std::string name = folded_key(key);
  return std::ranges::find(kRefusedKeys, name) != kRefusedKeys.end() ||
         std::ranges::any_of(kRefusedEndings,
                             [&](std::string_view ending) { return name.ends_with(ending); });
}

// A value on the path down from the root. Below a setting of type `any` no keys are listed: they,
// and the keys that people choose, are judged by their names.
class Spot {
 public:
  Spot below(std::string_view key) const {
    if (entry_ == nullptr) return *this;
    Spot spot = *this;
    spot.unchecked_ = unchecked_ || entry_->is(Type::any);
    const KeyEntry* next = inside_ ? nullptr : entry_->step(key);
    if (next == nullptr && !entry_->is(Type::any)) {
      spot.entry_ = nullptr;
    } else {
      spot.inside_ = next == nullptr;
      if (next != nullptr) spot.entry_ = next;
      const bool listed = next != nullptr && next->name == key;
      spot.refused_ = refused_ || (!listed && is_refused_key(key));
    }
    return spot;
  }

  // Whether its setting takes values of that kind. Checked here only below a setting of type `any`,
  // where check_schema() does not look; elsewhere that has the better message.
  bool takes(Kind kind) const {
    if (!unchecked_ || entry_ == nullptr || entry_->setting == nullptr || inside_) return true;
    return (type_row(entry_->setting->accepts.type).kinds >> static_cast<unsigned>(kind) & 1U) != 0;
  }

  // Whether it may be what it is. `fresh`: this is what would be written.
  bool allows(const Document& document, NodeId id, bool fresh) const {
    const Setting* setting = entry_ == nullptr || refused_ ? nullptr : entry_->setting;
    if (setting == nullptr || setting->settable == Settable::locally) return false;
    if (!fresh) return true;
    const Kind kind = document.kind(id);
    // A variable's value would be shown to whoever may read the setting.
    if (kind == Kind::string) return document.text(id).find("${") == std::string_view::npos;
    std::int64_t value{};
    return setting->settable != Settable::remotely_above_zero || kind != Kind::number ||
           !as_integer(document, id, value) || value != 0;
  }

 private:
  const KeyEntry* entry_{&key_tree()};
  bool unchecked_{};  // below a setting of any type, listed or not
  bool inside_{};     // below a setting of any type: nothing of it is listed
  bool refused_{};
};

// Whether every setting inside may be what it is; `element`: of a list, whose setting is `spot`.
bool is_allowed_value(const Document& document, NodeId id, const Spot& spot, bool fresh,
                      bool element) {
  const Kind kind = document.kind(id);
  if (fresh && !element && !spot.takes(kind)) return false;
  if ((kind != Kind::object && kind != Kind::array) || document.first_child(id) == 0) {
    return spot.allows(document, id, fresh);
  }
  for (NodeId child = document.first_child(id); child != 0; child = document.next(child)) {
    const bool in_list = kind == Kind::array;
    const Spot inside = in_list ? spot : spot.below(document.key(child));
    if (!is_allowed_value(document, child, inside, fresh, in_list)) return false;
  }
  return true;
}

struct Replaced {
  std::uint32_t begin{};
  std::uint32_t end{};
  std::string json{};
};

bool has_mark(std::string_view text) {
  return text.find(kRedacted) != std::string_view::npos;
}

// Depth is bounded by the parser, so recursion is.
class PutBackWalk {
 public:
  PutBackWalk(const Document& now, const Document& old) : now_(now), old_(old) {}

  // `was` is what stood at the same path, or 0.
  Status walk(NodeId id, NodeId was) {
    switch (now_.kind(id)) {
      case Kind::string:
        return has_mark(now_.text(id)) ? put_back(id, was) : ok();
      case Kind::object:
        return members(id, was);
      case Kind::array:
        return elements(id, was);
      default:
        return ok();
    }
  }

  const std::vector<Replaced>& replaced() const { return replaced_; }

 private:
  template <class... Args>
  Error refuse(fmt::format_string<Args...> why, Args&&... args) const {
    return {Errc::invalid_argument,
            show_path(path_) + ": " + fmt::format(why, std::forward<Args>(args)...)};
  }

  Status put_back(NodeId id, NodeId was) {
    const Kind kind = was == 0 ? Kind::null : old_.kind(was);
    const bool scalar = kind == Kind::string || kind == Kind::number || kind == Kind::boolean;
    const bool whole = now_.text(id) == kRedacted;
    const bool same_url =
        kind == Kind::string && without_url_secrets(old_.text(was)) == now_.text(id);
    if (!scalar || (!whole && !same_url)) {
      return refuse(
          "{} stands for a value that the file does not have here; write the value "
          "itself, or take the setting out.",
          kRedacted);
    }
    if (kind == Kind::string && has_mark(old_.text(was))) {
      return refuse("the file itself has {} here; write the value.", kRedacted);
    }
    replaced_.push_back({now_[id].source_begin, now_[id].source_end, to_json(old_, was)});
    return ok();
  }

  Status members(NodeId id, NodeId was) {
    const Members before(old_, was);
    for (NodeId m = now_.first_child(id); m != 0; m = now_.next(m)) {
      path_.push_back({.key = now_.key(m)});
      if (has_mark(now_.key(m))) return refuse("a key cannot be {}.", kRedacted);
      SPINE_TRY_STATUS(walk(m, before.find(now_.key(m))));
      path_.pop_back();
    }
    return ok();
  }

  Status elements(NodeId id, NodeId was) {
    const bool paired = was != 0 && old_.kind(was) == Kind::array &&
                        old_.children(was).size() == now_.children(id).size();
    NodeId other = paired ? old_.first_child(was) : 0;
    std::uint32_t index = 0;
    for (NodeId e = now_.first_child(id); e != 0; e = now_.next(e)) {
      path_.push_back({.index = index++, .in_list = true});
      const Status walked = walk(e, other);
      if (!walked && !paired && was != 0) {
        return Error{Errc::invalid_argument, walked.error().message +
                                                 " (The list has another length than the file's, "
                                                 "so it is not known which element is meant.)"};
      }
      SPINE_TRY_STATUS(walked);
      path_.pop_back();
      if (other != 0) other = old_.next(other);
    }
    return ok();
  }

  const Document& now_;
  const Document& old_;
  std::vector<Step> path_{};
  std::vector<Replaced> replaced_{};  // in the order of the text
};

namespace fs = std::filesystem;
using Why = EditRefusal::Why;

// More of them are only counted.
constexpr std::size_t kRefusedPathsNamed = 10;

template <class... Args>
EditRefusal refusal(Why why, fmt::format_string<Args...> message, Args&&... args) {
  return {why, fmt::format(message, std::forward<Args>(args)...)};
}

class Preparation {
 public:
  Preparation(const fs::path& path, const Edit& edit, GetEnv getenv_fn)
      : path_(path), edit_(edit), getenv_(getenv_fn) {}

  EditOutcome run() {
    for (const auto step :
         {&Preparation::read_file, &Preparation::check_base, &Preparation::make_text,
          &Preparation::compare, &Preparation::check_remote, &Preparation::check_result}) {
      if (auto refused = (this->*step)()) return std::move(*refused);
    }
    return std::move(prepared_);
  }

 private:
  using Refused = std::optional<EditRefusal>;

  Refused read_file() {
    Result<std::string> text = read_text_file(path_);
    if (!text && text.error().code != Errc::not_found) {
      return refusal(Why::io, "{}", text.error().message);
    }
    if (!text) return std::nullopt;
    prepared_.existed = true;
    prepared_.before = text_hash(*text);
    old_text_ = std::move(*text);
    // A file that is no JSON5 has no values: it can be replaced, not patched.
    const Result<NodeId> root = parse_json5(old_, old_text_, path_.string());
    if (root) old_root_ = *root;
    if (!root && edit_.kind == EditKind::patch)
      return refusal(Why::invalid, "{}", root.error().message);
    return std::nullopt;
  }

  Refused check_base() {
    if (edit_.raw.size() > limits::kConfigBytesMax) return too_large(edit_.raw.size());
    if (prepared_.existed && edit_.base_hash.empty()) {
      return refusal(Why::base_hash_required, "{}", kBaseHashRequired);
    }
    const std::string now = prepared_.existed ? show_hex(prepared_.before) : std::string{};
    if (edit_.base_hash != now) return refusal(Why::base_hash_stale, "{}", kBaseHashStale);
    return std::nullopt;
  }

  static EditRefusal too_large(std::size_t bytes) {
    return refusal(Why::too_large, "the configuration would have {} bytes; it may have {}.", bytes,
                   limits::kConfigBytesMax);
  }

  Refused make_text() {
    SPINE_CHECK(prepared_.text.empty());
    Result<std::string> wanted = edit_.kind == EditKind::patch
                                     ? patched_text()
                                     : Result<std::string>{std::string{edit_.raw}};
    if (!wanted) return refusal(Why::invalid, "{}", wanted.error().message);
    if (wanted->size() > limits::kConfigBytesMax) return too_large(wanted->size());
    Document document;
    const Result<NodeId> root = parse_json5(document, *wanted, path_.string());
    if (!root) return refusal(Why::invalid, "{}", root.error().message);
    Result<std::string> text = put_secrets_back(*wanted, {document, *root}, {old_, old_root_});
    if (!text) return refusal(Why::invalid, "{}", text.error().message);
    if (text->size() > limits::kConfigBytesMax) return too_large(text->size());
    prepared_.text = std::move(*text);
    return std::nullopt;
  }

  Result<std::string> patched_text() const {
    Document document;
    NodeId target = 0;
    if (prepared_.existed) {
      SPINE_TRY(target, parse_json5(document, old_text_, path_.string()));
    }
    SPINE_TRY(NodeId patch, parse_json5(document, edit_.raw, "patch"));
    if (document.kind(patch) != Kind::object) {
      return Error{Errc::invalid_argument, "the patch must be an object."};
    }
    return to_pretty_json(document, merge_patch(document, target, patch));
  }

  Refused compare() {
    const Result<NodeId> root = parse_json5(new_, prepared_.text, path_.string());
    if (!root) return refusal(Why::invalid, "{}", root.error().message);
    new_root_ = *root;
    changes_ = find_changes({old_, old_root_}, {new_, new_root_});
    // A patch that changes nothing leaves the text, with its comments, alone.
    if (changes_.empty() && edit_.kind == EditKind::patch && prepared_.existed) {
      prepared_.text = old_text_;
    }
    prepared_.noop = prepared_.existed && prepared_.text == old_text_;
    prepared_.after = text_hash(prepared_.text);
    prepared_.paths = changed_paths(changes_);
    prepared_.diff = show_changes({old_, old_root_}, {new_, new_root_}, changes_);
    return std::nullopt;
  }

  Refused check_remote() {
    if (edit_.local) return std::nullopt;
    std::vector<std::string> paths =
        refused_remotely({old_, old_root_}, {new_, new_root_}, changes_);
    if (paths.empty()) return std::nullopt;
    const std::size_t more = paths.size() - std::min(paths.size(), kRefusedPathsNamed);
    paths.resize(paths.size() - more);
    return refusal(Why::not_allowed,
                   "this cannot be changed from elsewhere: {}{}. Change it on the "
                   "machine itself: `spine config set <path> <value>`.",
                   fmt::join(paths, ", "), more == 0 ? "" : fmt::format(" and {} more", more));
  }

  Refused check_result() {
    Result<Config> config = parse(prepared_.text, path_, getenv_, edit_.given);
    if (!config) return refusal(Why::invalid, "{}", config.error().message);
    prepared_.redacted_json = std::move(config->redacted_json);
    prepared_.warnings = std::move(config->warnings);
    return std::nullopt;
  }

  const fs::path& path_;
  const Edit& edit_;
  GetEnv getenv_;
  std::string old_text_{};
  Document old_{};
  NodeId old_root_{};
  Document new_{};
  NodeId new_root_{};
  std::vector<Change> changes_{};  // borrows from both documents
  PreparedEdit prepared_{};
};

// Another edit holds the folder for a few milliseconds.
constexpr int kLockTries = 50;
constexpr int kLockPauseMs = 20;

Result<UniqueFd> lock_folder(const fs::path& folder) {
  UniqueFd dir(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!dir) return io_error("open", folder);
  for (int i = 0; ::flock(dir.get(), LOCK_EX | LOCK_NB) != 0; ++i) {
    if (errno != EWOULDBLOCK && errno != EINTR) return io_error("lock", folder);
    if (i == kLockTries) {
      return Error{Errc::in_use, fmt::format("Somebody else is changing files in {}; try again.",
                                             printable(folder.string()))};
    }
    ::poll(nullptr, 0, kLockPauseMs);
  }
  return dir;
}

// A whole file under that name, or what was there.
Status put_file(const fs::path& path, const fs::path& draft, std::string_view text) {
  SPINE_TRY_STATUS(write_draft(draft, text));
  if (::rename(draft.c_str(), path.c_str()) != 0) return io_error("replace", path);
  return ok();
}

}  // namespace

std::vector<std::string> refused_remotely(Tree before, Tree after,
                                          const std::vector<Change>& changes) {
  std::vector<std::string> refused;
  for (const Change& change : changes) {
    Spot spot;
    bool element = false;
    for (const Step& step : change.path) {
      element = step.in_list;
      if (!element) spot = spot.below(step.key);
    }
    const auto allowed = [&](Tree tree, NodeId id, bool fresh) {
      return id == 0 || is_allowed_value(tree.document, id, spot, fresh, element);
    };
    if (!allowed(before, change.before, false) || !allowed(after, change.after, true)) {
      refused.push_back(show_path(change.path));
    }
  }
  return refused;
}

Result<std::string> put_secrets_back(std::string_view text, Tree now, Tree old) {
  PutBackWalk walk(now.document, old.document);
  SPINE_TRY_STATUS(walk.walk(now.root, old.root));
  std::string out;
  std::size_t at = 0;
  for (const Replaced& part : walk.replaced()) {
    out += text.substr(at, part.begin - at);
    out += part.json;
    at = part.end;
  }
  out += text.substr(at);
  if (has_mark(out)) {
    return Error{
        Errc::invalid_argument,
        fmt::format("{} stands in a comment; take it out: it is never written to the file.",
                    kRedacted)};
  }
  return out;
}

EditOutcome prepare_edit(const fs::path& path, const Edit& edit, GetEnv getenv_fn) {
  return Preparation(path, edit, getenv_fn).run();
}

Status write_edit(const fs::path& path, const PreparedEdit& edit) {
  if (edit.noop) return ok();
  const fs::path real = real_path(path);
  SPINE_TRY_STATUS(make_private_directories(real.parent_path()));
  SPINE_TRY(UniqueFd folder, lock_folder(real.parent_path()));
  const Result<std::string> now = read_text_file(real);
  if (!now && now.error().code != Errc::not_found) return now.error();
  const bool same = now ? edit.existed && text_hash(*now) == edit.before : !edit.existed;
  if (!same) return Error{Errc::refused, std::string{kBaseHashStale}};
  // One name for all: the folder is locked, and what a crash left is written over.
  const fs::path draft = real.string() + ".new";
  // The old text goes to its second name; there is no moment without a .bak.
  Status replaced = now ? put_file(real.string() + ".bak", draft, *now) : ok();
  if (replaced) replaced = put_file(real, draft, edit.text);
  if (!replaced) {
    ::unlink(draft.c_str());
    return replaced.error();
  }
  return sync_dir(real.parent_path());
}

}  // namespace spine::config
