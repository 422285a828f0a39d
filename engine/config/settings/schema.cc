// Walks a configuration against the tables of settings, and writes what they say. Near names are
// found by edit distance with swaps: F. J. Damerau, "A technique for computer detection and
// correction of spelling errors", 1964, in its restricted form (optimal string alignment).
#include "engine/config/settings/schema.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <fmt/format.h>
#include <vector>

#include "engine/config/config.h"
#include "engine/config/edit/changes.h"
#include "engine/config/edit/redact.h"
#include "engine/config/settings/channel_config.h"
#include "engine/config/settings/setting.h"
#include "schemas/vocab/json.h"
#include "schemas/vocab/show.h"

namespace spine::config {
namespace {

constexpr std::size_t kNameBytesMax = 40;  // longer names are not compared

// REQUIRES: both at most kNameBytesMax bytes.
std::size_t distance(std::string_view a, std::string_view b) {
  std::array<std::array<std::size_t, kNameBytesMax + 1>, kNameBytesMax + 1> d{};
  for (std::size_t i = 0; i <= a.size(); ++i)
    d[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j)
    d[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = a[i - 1] == b[j - 1] ? 0 : 1;
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + changed});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
      }
    }
  }
  return d[a.size()][b.size()];
}

class Checker {
 public:
  Checker(const Document& document, NodeId root, Findings& findings)
      : document_(document), root_(root), findings_(findings) {}

  void run(const KeyEntry& entry) { check(root_, entry); }

 private:
  void check(NodeId id, const KeyEntry& entry) {
    if (const Setting* setting = entry.setting) {
      const Accepts& accepts = setting->accepts;
      if (!fits(id, accepts)) return complain(id, accepted(accepts));
      if (setting->flag == Flag::unused && !asks_for_nothing(id)) {
        findings_.warn(fmt::format("{}: {} has no effect in this version.",
                                   document_.where(document_[id].key_place), path()));
      }
      if (setting->flag == Flag::adapter) note_channel(id);
      if (accepts.type == Type::any) return;
    }
    if (entry.children.empty()) return;
    switch (document_.kind(id)) {
      case Kind::object:
        return check_members(id, entry);
      case Kind::array:
        return check_elements(id, entry);
      default:
        if (entry.setting == nullptr) complain(id, "an object");
    }
  }

  void check_members(NodeId id, const KeyEntry& entry) {
    const KeyEntry* any_key = entry.find("*");
    for (NodeId m = document_.first_child(id); m != 0; m = document_.next(m)) {
      const std::string_view key = document_.key(m);
      const KeyEntry* child = key == "*" || key == "[]" ? nullptr : entry.find(key);
      // Where any key is accepted, one that differs from a strict key in case alone is a mistake.
      const auto is_meant = [&](const auto& other) {
        return other->strict && same_but_case(other->name, key);
      };
      if (child == nullptr && std::ranges::none_of(entry.children, is_meant)) child = any_key;
      path_.push_back(key);
      if (child != nullptr) {
        check(m, *child);
      } else {
        unknown(m, entry);
      }
      path_.pop_back();
    }
  }

  void check_elements(NodeId id, const KeyEntry& entry) {
    const KeyEntry* element = entry.find("[]");
    if (element == nullptr) {
      if (entry.setting == nullptr) complain(id, "an object");
      return;
    }
    std::size_t index = 0;
    for (NodeId e = document_.first_child(id); e != 0; e = document_.next(e)) {
      indexes_.push_back(fmt::format("[{}]", index++));
      path_.push_back(indexes_.back());
      check(e, *element);
      path_.pop_back();
      indexes_.pop_back();
    }
  }

  bool fits(NodeId id, const Accepts& accepts) const {
    const auto kind = static_cast<unsigned>(document_.kind(id));
    if ((type_row(accepts.type).kinds >> kind & 1U) == 0) return false;
    switch (accepts.type) {
      case Type::integer: {
        std::int64_t value{};
        return as_integer(document_, id, value) && value >= accepts.least && value <= accepts.most;
      }
      case Type::choice:
        return accepts.find(document_.text(id)) != nullptr;
      case Type::text_list:
      case Type::path_list:
        return all_elements(id, false);
      case Type::ids:
        return all_elements(id, true);
      case Type::days: {
        const auto days = parse_days(document_.text(id));
        return days && days->count >= accepts.least && days->count <= accepts.most;
      }
      default:
        return true;
    }
  }

  bool all_elements(NodeId id, bool numbers_too) const {
    for (NodeId e = document_.first_child(id); e != 0; e = document_.next(e)) {
      std::int64_t ignored{};
      if (document_.kind(e) == Kind::string) continue;
      if (!numbers_too || document_.kind(e) != Kind::number || !as_integer(document_, e, ignored)) {
        return false;
      }
    }
    return true;
  }

  void complain(NodeId id, std::string_view wanted) {
    const bool secret = !path_.empty() && is_secret(path_);
    findings_.error(fmt::format("{}: {} is {}; it must be {}.", document_.where(id), path(),
                                describe(document_, id, secret), wanted));
  }

  // Null, false or off: that it has no effect is what it asks for.
  bool asks_for_nothing(NodeId id) const {
    switch (document_.kind(id)) {
      case Kind::null:
        return true;
      case Kind::boolean:
        return !document_[id].boolean;
      case Kind::array:
        return document_.first_child(id) == 0;
      case Kind::object:
        return document_.first_child(id) == 0 || is_off(id);
      default:
        return false;
    }
  }

  bool is_off(NodeId object) const {
    const NodeId enabled = document_.find(object, "enabled");
    return enabled != 0 && document_.kind(enabled) == Kind::boolean && !document_[enabled].boolean;
  }

  // REQUIRES: path_ begins with "channels" and the channel's name.
  void note_channel(NodeId id) {
    const NodeId channel = document_.find(document_.find(root_, path_[0]), path_[1]);
    if (asks_for_nothing(id) || is_off(channel) || channel == last_channel_) return;
    last_channel_ = channel;
    if (lacks_adapter(lower_case(path_[1]))) return;  // said by read_channels()
    findings_.warn(
        fmt::format("{}: {}.{} has no effect in this version but for who may write: there is no "
                    "adapter for it.",
                    document_.where(document_[channel].key_place), path_[0], printable(path_[1])));
  }

  void unknown(NodeId id, const KeyEntry& parent) {
    std::vector<std::string_view> names;
    for (const auto& child : parent.children)
      names.push_back(child->name);
    const std::string_view near = nearest_name(path_.back(), names);
    const KeyEntry* meant = near.empty() ? nullptr : parent.find(near);
    const bool strict =
        parent.strict || (meant != nullptr && meant->strict) || path_.back().ends_with("Policy");
    std::string text =
        fmt::format("{}: unknown key {}", document_.where(document_[id].key_place), path());
    if (!near.empty()) text += fmt::format("; did you mean {}?", near);
    if (!strict)
      return findings_.warn(text + (near.empty() ? "; it is ignored." : " It is ignored."));
    text += near.empty() ? "; " : " ";
    findings_.error(
        text + "A setting that decides who may do what is not guessed: correct it or take it out.");
  }

  std::string path() const {
    if (path_.empty()) return "the configuration";
    std::string out;
    for (const std::string_view key : path_) {
      if (!out.empty() && !key.starts_with('[')) out.push_back('.');
      out += printable(key);
    }
    return out;
  }

  const Document& document_;
  NodeId root_;
  NodeId last_channel_{};  // that a warning was given for
  Findings& findings_;
  std::vector<std::string_view> path_{};
  std::vector<std::string> indexes_{};
};

// The defaults, with what repeats by name once under the name "*".
const Config& default_config() {
  static const Config config = [] {
    Config defaults;
    defaults.agents.push_back({.id = "*"});
    defaults.channels.push_back({.name = "*"});
    defaults.crons.push_back({.name = "*"});
    defaults.skills.entries.push_back({.name = "*"});
    return defaults;
  }();
  return config;
}

// As strict JSON; empty where there is none.
std::string default_of(const Setting& setting, const TablePlace& place) {
  const void* owner = place.owner == nullptr ? nullptr : place.owner(default_config(), "*");
  if (owner == nullptr || setting.member.get == nullptr) return {};
  return show_value(setting.accepts, setting.member.get(owner));
}

void write_entry(JsonWriter& json, const KeyEntry& entry);

// What the row says of the value itself.
void write_value(JsonWriter& json, const KeyEntry& entry) {
  const Setting& setting = *entry.setting;
  const Accepts& accepts = setting.accepts;
  if (accepts.type != Type::any) json.raw(type_row(accepts.type).schema);
  if (accepts.type == Type::integer) {
    json.member("minimum", accepts.least);
    json.member("maximum", accepts.most);
  }
  if (accepts.type == Type::choice) {
    json.array("enum", accepts.choices(), [&](const Choice& choice) { json.value(choice.word); });
  }
  const std::string otherwise = default_of(setting, *entry.place);
  if (!otherwise.empty()) json.member_raw("default", otherwise);
  json.member_if("description", setting.help);
}

// What stands under it.
void write_children(JsonWriter& json, const KeyEntry& entry) {
  json.object("properties", [&] {
    for (const auto& child : entry.children) {
      if (child->name == "*" || child->name == "[]") continue;
      json.key(child->name);
      write_entry(json, *child);
    }
  });
  if (const KeyEntry* others = entry.find("*")) {
    json.key("additionalProperties");
    write_entry(json, *others);
  } else if (entry.strict) {
    json.member("additionalProperties", false);
  }
  if (const KeyEntry* element = entry.find("[]")) {
    json.key("items");
    write_entry(json, *element);
  }
}

void write_entry(JsonWriter& json, const KeyEntry& entry) {
  json.object([&] {
    if (entry.setting != nullptr) {
      write_value(json, entry);
    } else {
      json.raw(type_row(Type::object).schema);
    }
    if (!entry.children.empty()) write_children(json, entry);
  });
}

std::string_view reload_kind(const Setting* setting) {
  if (setting == nullptr || setting->flag == Flag::unused || setting->flag == Flag::adapter) {
    return "none";
  }
  return setting->applies == Applies::live ? "hot" : "restart";
}

std::string in_table(std::string_view text) {
  std::string out;
  for (const char c : text)
    out += c == '|' ? "\\|" : std::string(1, c);
  return out;
}

std::string page_row(const Setting& setting, const TablePlace& place) {
  const std::string value = default_of(setting, place);
  return fmt::format("| `{}` | {} | {} | {} | {} | {} |\n", in_table(setting.path),
                     accepted(setting.accepts), value.empty() ? "" : "`" + value + "`",
                     reload_kind(&setting) == "hot" ? "a reload" : "the next start",
                     setting.settable == Settable::locally ? "" : "yes", in_table(setting.help));
}

}  // namespace

std::string_view nearest_name(std::string_view name, std::span<const std::string_view> known) {
  if (name.size() > kNameBytesMax) return {};
  const std::string wanted = lower_case(name);
  std::string_view best;
  std::size_t best_distance = name.size() >= 6 ? 3 : 2;  // must be below
  for (const std::string_view candidate : known) {
    if (candidate.size() > kNameBytesMax || candidate.size() < 3) continue;
    const std::size_t apart = distance(wanted, lower_case(candidate));
    if (apart < best_distance) {
      best = candidate;
      best_distance = apart;
    }
  }
  return best;
}

void check_schema(const Document& document, NodeId root, Findings& findings) {
  Checker(document, root, findings).run(key_tree());
}

std::string describe(const Document& document, NodeId id, bool secret) {
  const Kind kind = document.kind(id);
  if (kind == Kind::boolean) return document[id].boolean ? "true" : "false";
  if (secret || (kind != Kind::string && kind != Kind::number)) return std::string{kind_name(kind)};
  constexpr std::size_t kShown = 60;
  const std::string_view text = document.shown_text(id);
  if (kind == Kind::number) return fmt::format("the number {}", text.substr(0, kShown));
  if (text.size() > kShown) return fmt::format("a string of {} bytes", text.size());
  return fmt::format("the string \"{}\"", printable(text));
}

bool as_integer(const Document& document, NodeId id, std::int64_t& out) {
  const std::string_view text = document.text(id);
  const char* end = text.data() + text.size();
  const auto exact = std::from_chars(text.data(), end, out);
  if (exact.ec == std::errc{} && exact.ptr == end) return true;
  double value{};
  const auto read = std::from_chars(text.data(), end, value);
  // Beyond 2^53 a double no longer says which integer was meant.
  if (read.ec != std::errc{} || std::abs(value) > 9007199254740992.0) return false;
  out = static_cast<std::int64_t>(value);
  return std::trunc(value) == value;
}

std::string json_schema() {
  return json_object([](JsonWriter& json) {
    json.member("$schema", "https://json-schema.org/draft/2020-12/schema");
    json.member("type", "object");
    write_children(json, key_tree());
  });
}

Result<std::string> look_up_schema(std::string_view dotted_path) {
  SPINE_TRY(const std::vector<PathKey> path, parse_path(dotted_path));
  const KeyEntry* entry = &key_tree();
  for (std::size_t i = 0; entry != nullptr && i < path.size(); ++i)
    entry = entry->step(path[i].text);
  if (entry == nullptr) {
    return Error{Errc::not_found, fmt::format("there is no setting {}.", printable(dotted_path))};
  }
  return json_object([&](JsonWriter& json) {
    json.member("path", dotted_path);
    json.key("schema");
    write_entry(json, *entry);
    json.member("reloadKind", reload_kind(entry->setting));
    json.member("hint", entry->setting == nullptr ? "" : entry->setting->help);
    json.array("children", entry->children, [&](const auto& child) { json.value(child->name); });
  });
}

std::string settings_page() {
  std::string out =
      "# Settings of openclaw.json\n\nWritten from the tables in engine/config; `spine config get "
      "<path>` says what is in force.\nA change of the file takes effect at a reload or at the "
      "next start; admins may change from\nelsewhere what says so. `*` is any name.\n";
  for (const SettingTable* table : all_tables()) {
    std::string rows;
    for (const Setting& setting : table->rows) {
      if (!setting.help.empty()) rows += page_row(setting, table->places.back());
    }
    std::string places;
    for (const TablePlace& place : table->places)
      places += fmt::format("{}`{}`", places.empty() ? "Under " : ", ", place.prefix);
    const bool at_root = places == "Under ``";
    out += fmt::format(
        "\n{}{}| setting | value | default | applies at | from elsewhere | what it is "
        "|\n|---|---|---|---|---|---|\n{}",
        at_root ? "" : places, at_root ? "" : ":\n\n", rows);
  }
  return out;
}

}  // namespace spine::config
