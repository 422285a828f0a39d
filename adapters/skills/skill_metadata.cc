// read_metadata: what a skill needs of the machine, from metadata.openclaw.
#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "adapters/skills/skill_file.h"
#include "schemas/vocab/ascii.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"

namespace spine::skills {
namespace {

void note_fault(SkillFile& file, std::uint32_t line, std::string message, Weight weight) {
  if (file.faults.size() == limits::kSkillFaultsPerFileMax) return;
  file.faults.push_back({.line = line, .message = std::move(message), .weight = weight});
}

std::string text_of(SkillFile& file, const Value& block, std::string_view key) {
  const Value* value = block.find(key);
  if (value == nullptr || value->kind == ValueKind::null) return {};
  if (is_text(*value)) return value->text.substr(0, limits::kKeyBytesMax);
  note_fault(file, value->line, fmt::format("metadata.openclaw.{} must be text.", key),
             Weight::warning);
  return {};
}

// "a, b" as well as ["a", "b"]. False when it is neither.
bool list_of(const Value& value, std::vector<std::string>& out) {
  const auto add = [&out](std::string_view name) {
    name = trimmed(name, " \t");
    if (name.empty()) return;
    out.emplace_back(name.substr(0, limits::kNameBytesMax));
  };
  if (value.kind == ValueKind::null) return true;
  if (value.kind == ValueKind::scalar) {
    std::string_view rest = value.text;
    for (std::size_t comma = 0;
         comma != std::string_view::npos && out.size() < limits::kSkillListMax;
         rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1)) {
      comma = rest.find(',');
      add(rest.substr(0, comma));
    }
    return true;
  }
  if (value.kind != ValueKind::list || value.items.size() > limits::kSkillListMax) return false;
  for (const Value& item : value.items) {
    if (item.kind != ValueKind::scalar) return false;
    add(item.text);
  }
  return true;
}

// What cannot be read cannot be met: the skill is not used.
void read_list(SkillFile& file, const Value& block, std::string_view key, std::string_view path,
               std::vector<std::string>& out) {
  const Value* value = block.find(key);
  if (value == nullptr || list_of(*value, out)) return;
  out.clear();
  note_fault(
      file, value->line,
      fmt::format("{}.{} must be a list of at most {} names.", path, key, limits::kSkillListMax),
      Weight::error);
}

void read_requires(SkillFile& file, const Value& block) {
  constexpr std::string_view kPath = "metadata.openclaw.requires";
  const Value* needs = block.find("requires");
  if (needs == nullptr || needs->kind == ValueKind::null) return;
  if (needs->kind != ValueKind::map) {
    note_fault(file, needs->line,
               fmt::format("{} must be a map of bins, anyBins, env and config.", kPath),
               Weight::error);
    return;
  }
  read_list(file, *needs, "bins", kPath, file.bins);
  read_list(file, *needs, "anyBins", kPath, file.any_bins);
  read_list(file, *needs, "env", kPath, file.env);
  read_list(file, *needs, "config", kPath, file.config);
  constexpr std::array<std::string_view, 4> kKnown{"bins", "anyBins", "env", "config"};
  for (const Value& need : needs->items) {
    if (std::ranges::find(kKnown, need.key) != kKnown.end()) continue;
    note_fault(file, need.line,
               fmt::format("{}.{} is not known and not checked; use bins, anyBins, env or config.",
                           kPath, printable(need.key.substr(0, 80))),
               Weight::warning);
  }
}

std::string label_of(const Value& spec, const pipeline::SkillInstall& install) {
  constexpr std::array<std::string_view, 6> kWhat{"label",  "formula", "package",
                                                  "module", "cask",    "url"};
  for (const std::string_view key : kWhat) {
    const Value* value = spec.find(key);
    if (value == nullptr || value->kind != ValueKind::scalar || value->text.empty()) continue;
    const std::string text = value->text.substr(0, limits::kNameBytesMax);
    return key == "label" ? text : fmt::format("Install {} ({})", text, install.kind);
  }
  return "Run installer";
}

void read_install(SkillFile& file, const Value& block) {
  const Value* specs = block.find("install");
  if (specs == nullptr || specs->kind == ValueKind::null) return;
  if (specs->kind != ValueKind::list) {
    return note_fault(file, specs->line, "metadata.openclaw.install must be a list.",
                      Weight::warning);
  }
  constexpr std::array<std::string_view, 6> kKinds{"brew", "node", "go", "uv", "download", "apt"};
  for (const Value& spec : specs->items) {
    if (file.install.size() == limits::kSkillListMax) return;
    const Value* kind = spec.find("kind");
    if (kind == nullptr || std::ranges::find(kKinds, kind->text) == kKinds.end()) {
      note_fault(file, spec.line,
                 "an entry of metadata.openclaw.install needs a kind: brew, node, go, uv, download "
                 "or apt.",
                 Weight::warning);
      continue;
    }
    pipeline::SkillInstall& install = file.install.emplace_back();
    install.kind = kind->text;
    const Value* id = spec.find("id");
    install.id = id != nullptr && !id->text.empty()
                     ? id->text.substr(0, limits::kNameBytesMax)
                     : fmt::format("{}-{}", install.kind, file.install.size() - 1);
    install.label = label_of(spec, install);
    if (const Value* bins = spec.find("bins")) list_of(*bins, install.bins);
  }
}

void read_block(SkillFile& file, const Value& block) {
  if (block.kind != ValueKind::map) {
    return note_fault(file, block.line,
                      "metadata.openclaw must be a map, such as {\"requires\": {\"bins\": "
                      "[\"jq\"]}}.",
                      Weight::error);
  }
  file.emoji = text_of(file, block, "emoji");
  file.primary_env = text_of(file, block, "primaryEnv");
  if (std::string page = text_of(file, block, "homepage"); !page.empty()) file.homepage = page;
  if (std::string key = text_of(file, block, "skillKey"); !key.empty()) file.key = key;
  const Value* always = block.find("always");
  file.always = always != nullptr && always->text == "true";
  if (always != nullptr && always->text != "true" && always->text != "false") {
    note_fault(file, always->line, "metadata.openclaw.always must be true or false.",
               Weight::warning);
  }
  read_list(file, block, "os", "metadata.openclaw", file.os);
  read_requires(file, block);
  read_install(file, block);
}

}  // namespace

void read_metadata(const Value& metadata, SkillFile& file) {
  Value parsed;
  const Value* map = &metadata;
  // Some write the JSON in quotes.
  if (metadata.kind == ValueKind::scalar && metadata.text.starts_with('{') &&
      read_value(metadata.text, metadata.line, parsed)) {
    map = &parsed;
  }
  if (metadata.kind == ValueKind::null) return;
  if (map->kind != ValueKind::map) {
    return note_fault(file, metadata.line, "metadata must be a map: block YAML, or JSON in braces.",
                      Weight::error);
  }
  for (const std::string_view name : {"openclaw", "clawdbot"}) {
    if (const Value* block = map->find(name)) return read_block(file, *block);
  }
}

}  // namespace spine::skills
