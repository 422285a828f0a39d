// read_skill_file: the rules of the AgentSkills format, and of metadata.openclaw.
#include "adapters/skills/skill_file.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "schemas/vocab/ascii.h"
#include "schemas/vocab/show.h"
#include "schemas/vocab/utf8.h"

namespace spine::skills {
namespace {

constexpr std::size_t kNameCharactersMax = 64;
constexpr std::size_t kDescriptionCharactersMax = 1'024;
constexpr std::size_t kCompatibilityCharactersMax = 500;
constexpr std::size_t kShownMax = 80;  // bytes of a quoted text in a fault's message

void fault(SkillFile& file, std::uint32_t line, std::string message,
           Weight weight = Weight::error) {
  if (file.faults.size() == limits::kSkillFaultsPerFileMax) return;
  file.faults.push_back({.line = line, .message = std::move(message), .weight = weight});
}

// The line of the first invalid UTF-8 byte; 0 = there is none.
std::uint32_t line_of_bad_byte(std::string_view text) {
  std::uint32_t line = 1;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '\n') ++line;
    const std::size_t bytes =
        static_cast<unsigned char>(text[at]) < 0x80 ? 1 : decode_utf8(text, at).bytes;
    if (bytes == 0) return line;
    at += bytes;
  }
  return 0;
}

std::string_view kind_of(const Value& value) {
  switch (value.kind) {
    case ValueKind::null:
      return "empty";
    case ValueKind::list:
      return "a list";
    case ValueKind::map:
      return "a map";
    case ValueKind::scalar:
      break;
  }
  return value.text == "true" || value.text == "false" ? "true or false" : "a number";
}

// The member, if it is text; anything else is a fault, and counts as absent.
const Value* text_member(SkillFile& file, const Value& root, std::string_view key, Weight weight) {
  const Value* value = root.find(key);
  if (value == nullptr || is_text(*value)) return value;
  if (value->kind != ValueKind::null || weight == Weight::warning) {
    fault(file, value->line,
          fmt::format("{} must be text, and is {}; {}.", key, kind_of(*value),
                      value->kind == ValueKind::scalar ? "put it in quotes" : "write one line"),
          weight);
  } else {
    fault(file, value->line, fmt::format("{} is empty; write one.", key), weight);
  }
  return nullptr;
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

void check_name(SkillFile& file, const Value& value) {
  const std::string_view name = value.text;
  const auto refuse = [&](std::string message) { fault(file, value.line, std::move(message)); };
  if (name.empty()) return refuse("name is empty; write one.");
  const std::string shown = printable(name.substr(0, kShownMax));
  if (count_characters(name) > kNameCharactersMax) {
    refuse(fmt::format("name has {} characters, {} at most are allowed; shorten it.",
                       count_characters(name), kNameCharactersMax));
  }
  if (!std::ranges::all_of(name, is_name_character)) {
    refuse(
        fmt::format("name \"{}\" may only have lower-case letters a-z, digits and hyphens; "
                    "rename it.",
                    shown));
  }
  if (name.starts_with('-') || name.ends_with('-')) {
    refuse(fmt::format("name \"{}\" may not begin or end with a hyphen; remove it.", shown));
  }
  if (name.find("--") != std::string_view::npos) {
    refuse(fmt::format("name \"{}\" may not have two hyphens in a row; remove one.", shown));
  }
}

void read_name(SkillFile& file, const Value& root) {
  const Value* value = text_member(file, root, "name", Weight::error);
  if (value == nullptr) {
    if (root.find("name") == nullptr)
      fault(file, 1, "name is missing; add name: to the front matter.");
    return;
  }
  file.name = value->text;
  file.name_line = value->line;
  check_name(file, *value);
}

void read_description(SkillFile& file, const Value& root) {
  const Value* value = text_member(file, root, "description", Weight::error);
  if (value == nullptr) {
    if (root.find("description") == nullptr) {
      fault(file, 1, "description is missing; say what the skill does and when to use it.");
    }
    return;
  }
  file.description = value->text;
  if (value->text.find_first_not_of(" \t\r\n") == std::string::npos) {
    fault(file, value->line, "description is empty; say what the skill does and when to use it.");
  }
  const std::size_t count = count_characters(value->text);
  if (count > kDescriptionCharactersMax) {
    fault(file, value->line,
          fmt::format("description has {} characters, {} at most are allowed; shorten it.", count,
                      kDescriptionCharactersMax));
  }
}

void check_optional(SkillFile& file, const Value& root) {
  text_member(file, root, "license", Weight::warning);
  const Value* compatibility = text_member(file, root, "compatibility", Weight::warning);
  if (compatibility != nullptr &&
      count_characters(compatibility->text) > kCompatibilityCharactersMax) {
    fault(file, compatibility->line,
          fmt::format("compatibility has {} characters, {} at most are allowed; shorten it.",
                      count_characters(compatibility->text), kCompatibilityCharactersMax),
          Weight::warning);
  }
  const Value* tools = root.find("allowed-tools");
  if (tools == nullptr || is_text(*tools)) return;
  if (tools->kind != ValueKind::list || !std::ranges::all_of(tools->items, is_text)) {
    fault(file, tools->line,
          "allowed-tools must be names of tools, in one line with spaces between or as a list.",
          Weight::warning);
  }
}

// What OpenClaw takes for true and false.
bool read_flag(SkillFile& file, const Value& root, std::string_view key, bool otherwise) {
  const Value* value = root.find(key);
  if (value == nullptr) return otherwise;
  const std::string word = lower_case(value->text);
  constexpr std::array<std::string_view, 4> kYes{"true", "yes", "on", "1"};
  constexpr std::array<std::string_view, 4> kNo{"false", "no", "off", "0"};
  if (std::ranges::find(kYes, word) != kYes.end()) return true;
  if (std::ranges::find(kNo, word) != kNo.end()) return false;
  fault(file, value->line, fmt::format("{} must be true or false.", key), Weight::warning);
  return otherwise;
}

std::string text_of(SkillFile& file, const Value& block, std::string_view key) {
  const Value* value = block.find(key);
  if (value == nullptr || value->kind == ValueKind::null) return {};
  if (is_text(*value)) return value->text.substr(0, limits::kKeyBytesMax);
  fault(file, value->line, fmt::format("metadata.openclaw.{} must be text.", key), Weight::warning);
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

// A requirement that cannot be read is an error: the skill is not used.
void read_list(SkillFile& file, const Value& block, std::string_view key, std::string_view path,
               std::vector<std::string>& out) {
  const Value* value = block.find(key);
  if (value == nullptr || list_of(*value, out)) return;
  out.clear();
  fault(file, value->line,
        fmt::format("{}.{} must be a list of at most {} names.", path, key, limits::kSkillListMax),
        Weight::error);
}

void read_requires(SkillFile& file, const Value& block) {
  constexpr std::string_view kPath = "metadata.openclaw.requires";
  const Value* needs = block.find("requires");
  if (needs == nullptr || needs->kind == ValueKind::null) return;
  if (needs->kind != ValueKind::map) {
    fault(file, needs->line,
          fmt::format("{} must be a map of bins, anyBins, env and config.", kPath), Weight::error);
    return;
  }
  read_list(file, *needs, "bins", kPath, file.bins);
  read_list(file, *needs, "anyBins", kPath, file.any_bins);
  read_list(file, *needs, "env", kPath, file.env);
  read_list(file, *needs, "config", kPath, file.config);
  constexpr std::array<std::string_view, 4> kKnown{"bins", "anyBins", "env", "config"};
  for (const Value& need : needs->items) {
    if (std::ranges::find(kKnown, need.key) != kKnown.end()) continue;
    fault(file, need.line,
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
    return fault(file, specs->line, "metadata.openclaw.install must be a list.", Weight::warning);
  }
  constexpr std::array<std::string_view, 6> kKinds{"brew", "node", "go", "uv", "download", "apt"};
  for (const Value& spec : specs->items) {
    if (file.install.size() == limits::kSkillListMax) return;
    const Value* kind = spec.find("kind");
    if (kind == nullptr || std::ranges::find(kKinds, kind->text) == kKinds.end()) {
      fault(file, spec.line,
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
    return fault(file, block.line,
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
    fault(file, always->line, "metadata.openclaw.always must be true or false.", Weight::warning);
  }
  read_list(file, block, "os", "metadata.openclaw", file.os);
  read_requires(file, block);
  read_install(file, block);
}

// metadata.openclaw (older: clawdbot) into `file`.
void read_metadata(const Value& metadata, SkillFile& file) {
  Value parsed;
  const Value* map = &metadata;
  // Some skills have it as JSON in a quoted string.
  if (metadata.kind == ValueKind::scalar && metadata.text.starts_with('{') &&
      read_value(metadata.text, metadata.line, parsed)) {
    map = &parsed;
  }
  if (metadata.kind == ValueKind::null) return;
  if (map->kind != ValueKind::map) {
    return fault(file, metadata.line, "metadata must be a map: block YAML, or JSON in braces.",
                 Weight::error);
  }
  for (const std::string_view name : {"openclaw", "clawdbot"}) {
    if (const Value* block = map->find(name)) return read_block(file, *block);
  }
}

}  // namespace

bool SkillFile::usable() const {
  return std::ranges::find(faults, Weight::error, &Fault::weight) == faults.end();
}

std::size_t SkillFile::bytes() const {
  std::size_t sum = 1'024 + name.size() + description.size() + homepage.size();
  const auto add = [&sum](const std::vector<std::string>& list) {
    for (const std::string& text : list)
      sum += 64 + 3 * text.size();  // kept three times: required, missing, in a reason
  };
  for (const Fault& fault : faults)
    sum += sizeof fault + fault.message.size();
  for (const auto* list : {&os, &bins, &any_bins, &env, &config})
    add(*list);
  for (const pipeline::SkillInstall& way : install) {
    sum += 128 + way.id.size() + way.label.size();
    add(way.bins);
  }
  return sum;
}

SkillFile read_skill_file(std::string_view text) {
  SkillFile file;
  if (text.size() > limits::kSkillFileBytesMax) {
    fault(file, 0,
          fmt::format("the file is larger than {}; move parts of it into files beside it.",
                      show_bytes(limits::kSkillFileBytesMax)));
    return file;
  }
  if (const std::uint32_t line = line_of_bad_byte(text); line != 0) {
    fault(file, line, "the file is not UTF-8 here; save it as UTF-8.");
    return file;
  }
  FrontMatter front = read_front_matter(text);
  for (Fault& found : front.faults)
    fault(file, found.line, std::move(found.message), found.weight);
  if (!front.readable) return file;
  read_name(file, front.root);
  read_description(file, front.root);
  check_optional(file, front.root);
  file.user_invocable = read_flag(file, front.root, "user-invocable", true);
  file.model_invocable = !read_flag(file, front.root, "disable-model-invocation", false);
  if (const Value* page = text_member(file, front.root, "homepage", Weight::warning)) {
    file.homepage = page->text.substr(0, limits::kKeyBytesMax);
  }
  file.key = file.name;
  if (const Value* metadata = front.root.find("metadata")) read_metadata(*metadata, file);
  std::ranges::stable_sort(file.faults, {}, &Fault::line);
  return file;
}

void check_folder_name(const SkillFile& file, std::string_view folder, std::vector<Fault>& faults) {
  if (file.name_line == 0 || file.name == folder) return;
  faults.push_back({.line = file.name_line,
                    .message = fmt::format("name \"{}\" is not the name of its folder, \"{}\"; "
                                           "rename one of them.",
                                           printable(file.name.substr(0, kShownMax)),
                                           printable(folder.substr(0, kShownMax)))});
}

// An upper bound, without parsing.
std::size_t read_cost_of(std::string_view text) {
  constexpr std::string_view kMark = "\n---";
  std::size_t at = text.find(kMark);
  while (at != std::string_view::npos) {
    const std::size_t after = at + kMark.size();
    const std::string_view rest = text.substr(after, text.find('\n', after) - after);
    if (rest.find_first_not_of(" \t\r") == std::string_view::npos) break;
    at = text.find(kMark, after);
  }
  if (at == std::string_view::npos) return kFileCost;
  return kFileCost + std::min(at, limits::kSkillFrontMatterBytesMax);
}

}  // namespace spine::skills
