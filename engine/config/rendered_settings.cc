// Walks the tables and writes what they say.
#include "engine/config/rendered_settings.h"

#include <algorithm>
#include <fmt/format.h>

#include "engine/config/changes.h"
#include "engine/config/config.h"
#include "engine/config/key_tree.h"
#include "schemas/vocab/json.h"
#include "schemas/vocab/show.h"

namespace spine::config {
namespace {

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
