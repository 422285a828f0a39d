// What the tables let be changed from elsewhere, and the words that are refused where they list
// nothing.
#include "engine/config/remote_edits.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "engine/config/key_tree.h"
#include "engine/config/reading.h"
#include "engine/config/redact.h"
#include "engine/config/schema.h"

namespace spine::config {
namespace {

// Keys, in lower case without _ and -, that are refused where no setting lists them; those of the
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

std::string folded_key(std::string_view key) {
  std::string out = lower_case(key);
  std::erase_if(out, [](char c) { return c == '_' || c == '-'; });
  return out;
}

bool is_refused_key(std::string_view key) {
  if (is_secret({&key, 1})) return true;
  const std::string name = folded_key(key);
  return std::ranges::find(kRefusedKeys, name) != kRefusedKeys.end() ||
         std::ranges::any_of(kRefusedEndings,
                             [&](std::string_view ending) { return name.ends_with(ending); });
}

// A value on the way down from the root. Below a setting of any type nothing is listed, and its
// keys, like those that people choose, are judged by their names.
class Spot {
 public:
  Spot below(std::string_view key) const {
    if (entry_ == nullptr) return *this;
    Spot spot = *this;
    const KeyEntry* next = entry_->step(key);
    if (next == nullptr && !entry_->is(Type::any)) {
      spot.entry_ = nullptr;
    } else {
      if (next != nullptr) spot.entry_ = next;
      const bool listed = next != nullptr && next->name == key;
      spot.refused_ = refused_ || (!listed && is_refused_key(key));
    }
    return spot;
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
  bool refused_{};
};

// Whether every setting inside may be what it is.
bool is_allowed_value(const Document& document, NodeId id, const Spot& spot, bool fresh) {
  const Kind kind = document.kind(id);
  if ((kind != Kind::object && kind != Kind::array) || document.first_child(id) == 0) {
    return spot.allows(document, id, fresh);
  }
  for (NodeId child = document.first_child(id); child != 0; child = document.next(child)) {
    const Spot inside = kind == Kind::object ? spot.below(document.key(child)) : spot;
    if (!is_allowed_value(document, child, inside, fresh)) return false;
  }
  return true;
}

bool is_allowed(Tree before, Tree after, const Change& change) {
  Spot spot;
  for (const Step& step : change.path) {
    if (!step.in_list) spot = spot.below(step.key);
  }
  return (change.before == 0 || is_allowed_value(before.document, change.before, spot, false)) &&
         (change.after == 0 || is_allowed_value(after.document, change.after, spot, true));
}

}  // namespace

std::vector<std::string> refused_remotely(Tree before, Tree after,
                                          const std::vector<Change>& changes) {
  std::vector<std::string> refused;
  for (const Change& change : changes) {
    if (!is_allowed(before, after, change)) refused.push_back(show_path(change.path));
  }
  return refused;
}

}  // namespace spine::config
