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

void append_entry(std::string& out, const KeyEntry& entry);

// What the row says of the value itself.
void append_value(std::string& out, const KeyEntry& entry) {
  const Setting& setting = *entry.setting;
  const Accepts& accepts = setting.accepts;
  out += type_row(accepts.type).schema;
  if (accepts.type == Type::integer) {
    out += fmt::format(R"(,"minimum":{},"maximum":{})", accepts.least, accepts.most);
  }
  if (accepts.type == Type::choice) {
    out += R"(,"enum":[)";
    for (const Choice& choice : accepts.choices())
      out += (out.ends_with('[') ? "" : ",") + json_string(choice.word);
    out += "]";
  }
  const auto add = [&out](std::string_view key, const std::string& json) {
    if (json.empty()) return;
    out += fmt::format(R"({}"{}":{})", out.ends_with('{') ? "" : ",", key, json);
  };
  add("default", default_of(setting, *entry.place));
  if (!setting.help.empty()) add("description", json_string(setting.help));
}

// What stands under it.
void append_children(std::string& out, const KeyEntry& entry) {
  const char* separator = "";
  out += R"("properties":{)";
  for (const auto& child : entry.children) {
    if (child->name == "*" || child->name == "[]") continue;
    out += separator + json_string(child->name) + ":";
    separator = ",";
    append_entry(out, *child);
  }
  out += "}";
  const KeyEntry* others = entry.find("*");
  if (others != nullptr || entry.strict) out += R"(,"additionalProperties":)";
  if (others != nullptr) {
    append_entry(out, *others);
  } else if (entry.strict) {
    out += "false";
  }
  if (const KeyEntry* element = entry.find("[]")) {
    out += R"(,"items":)";
    append_entry(out, *element);
  }
}

void append_entry(std::string& out, const KeyEntry& entry) {
  out += "{";
  if (entry.setting != nullptr) {
    append_value(out, entry);
  } else {
    out += type_row(Type::object).schema;
  }
  if (!entry.children.empty()) {
    if (!out.ends_with('{')) out += ",";
    append_children(out, entry);
  }
  out += "}";
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
  std::string out = R"({"$schema":"https://json-schema.org/draft/2020-12/schema",)";
  out += R"("type":"object",)";
  append_children(out, key_tree());
  return out + "}";
}

Result<std::string> look_up_schema(std::string_view dotted_path) {
  SPINE_TRY(const std::vector<PathKey> path, parse_path(dotted_path));
  const KeyEntry* entry = &key_tree();
  for (std::size_t i = 0; entry != nullptr && i < path.size(); ++i)
    entry = entry->step(path[i].text);
  if (entry == nullptr) {
    return Error{Errc::not_found, fmt::format("there is no setting {}.", printable(dotted_path))};
  }
  std::string schema;
  append_entry(schema, *entry);
  std::string children;
  for (const auto& child : entry->children)
    children += (children.empty() ? "" : ",") + json_string(child->name);
  return fmt::format(R"({{"path":{},"schema":{},"reloadKind":"{}","hint":{},"children":[{}]}})",
                     json_string(dotted_path), schema, reload_kind(entry->setting),
                     json_string(entry->setting == nullptr ? "" : entry->setting->help), children);
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
