// What rows accept and how their values are shown; all tables, as a list and as a tree.
#include "engine/config/settings/setting.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <limits>

#include "engine/config/config.h"
#include "engine/config/json5/json5.h"
#include "engine/config/settings/telegram_config.h"
#include "engine/config/settings/tool_policy.h"
#include "schemas/vocab/json.h"

namespace spine::config {
namespace {

constexpr std::uint8_t mask(std::initializer_list<Kind> kinds) {
  unsigned bits = 0;
  for (const Kind kind : kinds)
    bits |= 1U << static_cast<unsigned>(kind);
  return static_cast<std::uint8_t>(bits);
}

constexpr std::uint8_t kAnyKind = 0xff;
constexpr std::uint8_t kString = mask({Kind::string});
constexpr std::uint8_t kNumber = mask({Kind::number});
constexpr std::uint8_t kArray = mask({Kind::array});
constexpr std::uint8_t kObject = mask({Kind::object});

// In the order of Type.
constexpr std::array kTypes{
    TypeRow{kAnyKind, "anything", ""},
    TypeRow{mask({Kind::boolean}), "true or false", R"("type":"boolean")"},
    TypeRow{kString, "a string", R"("type":"string")"},
    TypeRow{kString, "a string", R"("type":"string","writeOnly":true)"},
    TypeRow{kString, "a string", R"("type":"string")"},
    TypeRow{kNumber, "a whole number from {} to {}", R"("type":"integer")"},
    TypeRow{kNumber, "a number", R"("type":"number")"},
    TypeRow{kString, "a word", R"("type":"string")"},
    TypeRow{kObject, "an object", R"("type":"object")"},
    TypeRow{kArray, "a list", R"("type":"array")"},
    TypeRow{kObject | kArray, "an object or a list", R"("type":["object","array"])"},
    TypeRow{kArray, "a list of strings", R"("type":"array","items":{"type":"string"})"},
    TypeRow{kArray, "a list of strings", R"("type":"array","items":{"type":"string"})"},
    TypeRow{kArray, "a list of ids (strings or whole numbers)",
            R"("type":"array","items":{"type":["string","integer"]})"},
    TypeRow{kString | kNumber, "a time such as \"30d\", \"12h\" or \"90m\", from {} to {} days",
            R"("type":["string","integer"])"},
    TypeRow{kString | kObject, "\"provider/model\", or an object with primary",
            R"("type":["string","object"])"},
    TypeRow{kString | kNumber | mask({Kind::boolean}), "a string, a number, true or false",
            R"("type":["string","number","boolean"])"},
};
static_assert(kTypes.size() == static_cast<std::size_t>(Type::scalar) + 1);

constexpr std::uint64_t kDayMs = 24ULL * 3600 * 1000;

struct Unit {
  std::string_view name{};
  std::uint64_t ms{};
};
constexpr std::array kUnits{Unit{"ms", 1},        Unit{"s", 1'000},  Unit{"m", 60'000},
                            Unit{"h", 3'600'000}, Unit{"d", kDayMs}, Unit{"w", 7 * kDayMs}};

// Takes a unit off the front of `rest`; 0 = there is none.
std::uint64_t take_unit(std::string_view& rest) {
  for (const Unit& unit : kUnits) {
    if (!rest.starts_with(unit.name)) continue;
    rest.remove_prefix(unit.name.size());
    return unit.ms;
  }
  return 0;
}

KeyEntry& child_of(KeyEntry& parent, std::string_view name) {
  for (const auto& child : parent.children) {
    if (child->name == name) return *child;
  }
  parent.children.push_back(std::make_unique<KeyEntry>());
  parent.children.back()->name = name;
  parent.children.back()->strict = parent.strict;
  return *parent.children.back();
}

KeyEntry& descend(KeyEntry& from, std::string_view path) {
  KeyEntry* at = &from;
  while (!path.empty())
    at = &child_of(*at, take_part(path, '.'));
  return *at;
}

void add(KeyEntry& root, const TablePlace& place, const Setting& setting) {
  const std::size_t last = setting.path.rfind('.') + 1;  // 0 when there is no dot
  KeyEntry& parent =
      descend(descend(root, place.prefix), setting.path.substr(0, last == 0 ? 0 : last - 1));
  std::string_view names = setting.path.substr(last);
  while (!names.empty()) {
    KeyEntry& entry = child_of(parent, take_part(names, '|'));
    entry.setting = &setting;
    entry.place = &place;
    entry.strict = entry.strict || setting.flag == Flag::strict;
  }
}

}  // namespace

const TypeRow& type_row(Type type) {
  return kTypes[static_cast<std::size_t>(type)];
}

const Choice* Accepts::find(std::string_view word) const {
  const auto all = choices();
  const auto found = std::ranges::find(all, word, &Choice::word);
  return found == all.end() ? nullptr : &*found;
}

std::string accepted(const Accepts& accepts) {
  if (accepts.type == Type::choice) {
    std::string words;
    for (const Choice& choice : accepts.choices()) {
      if (!words.empty()) words += &choice == &accepts.choices().back() ? " or " : ", ";
      words += choice.word;
    }
    return words;
  }
  const std::string_view wanted = type_row(accepts.type).wanted;
  const bool bounded = accepts.type == Type::integer || accepts.type == Type::days;
  return bounded ? fmt::format(fmt::runtime(wanted), accepts.least, accepts.most)
                 : std::string{wanted};
}

std::string show_value(const Accepts& accepts, const Value& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) {
    if (accepts.type == Type::boolean) return *number != 0 ? "true" : "false";
    if (accepts.type == Type::days) return fmt::format("\"{}d\"", *number);
    if (accepts.type != Type::choice) return fmt::format("{}", *number / accepts.unit);
    const auto choices = accepts.choices();
    const auto choice = std::ranges::find(choices, *number, &Choice::value);
    return choice == choices.end() ? std::string{} : json_string(choice->word);
  }
  if (const auto* texts = std::get_if<std::vector<std::string>>(&value)) {
    std::string out;
    for (const std::string& text : *texts)
      out += (out.empty() ? "" : ",") + json_string(text);
    return "[" + out + "]";
  }
  const auto* text = std::get_if<std::string>(&value);
  if (text == nullptr || (text->empty() && accepts.type == Type::secret)) return {};
  return json_string(accepts.type == Type::secret ? kRedacted : *text);
}

std::span<const SettingTable* const> all_tables() {
  static constexpr std::array kTables{&kGatewayTable,     &kSessionTable,  &kResetTable,
                                      &kBindingListTable, &kBindingTable,  &kSkillsTable,
                                      &kSkillEntryTable,  &kToolTable,     &kOtherTable,
                                      &kPhrasesTable,     &kCronTable,     &kChannelDefaultsTable,
                                      &kChannelTable,     &kTelegramTable, &kGroupTable,
                                      &kAgentListTable,   &kAgentTable};
  return kTables;
}

std::optional<Days> parse_days(std::string_view text) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  std::uint64_t ms = 0;
  if (text.empty()) return std::nullopt;
  std::string_view rest = text;
  while (!rest.empty()) {
    std::uint64_t count{};
    const auto read = std::from_chars(rest.data(), rest.data() + rest.size(), count);
    if (read.ec != std::errc{}) return std::nullopt;
    const bool first = rest.size() == text.size();
    rest.remove_prefix(static_cast<std::size_t>(read.ptr - rest.data()));
    const bool bare = first && rest.empty();
    const std::uint64_t unit = bare ? kDayMs : take_unit(rest);
    if (unit == 0 || count > (kMost - ms) / unit) return std::nullopt;
    ms += count * unit;
  }
  return Days{static_cast<std::int64_t>((ms + kDayMs - 1) / kDayMs), ms % kDayMs == 0};
}

const KeyEntry* KeyEntry::find(std::string_view key) const {
  for (const auto& child : children) {
    if (child->name == key) return child.get();
  }
  return nullptr;
}

const KeyEntry* KeyEntry::step(std::string_view key) const {
  const bool special = key == "*" || key == "[]";
  if (const KeyEntry* named = special ? nullptr : find(key)) return named;
  if (const KeyEntry* any = find("*")) return any;
  const KeyEntry* element = find("[]");
  return element == nullptr ? nullptr : element->step(key);
}

const KeyEntry& key_tree() {
  static const KeyEntry root = [] {
    KeyEntry made;
    for (const SettingTable* table : all_tables()) {
      for (const TablePlace& place : table->places) {
        for (const Setting& setting : table->rows)
          add(made, place, setting);
      }
    }
    return made;
  }();
  return root;
}

const KeyEntry* find_entry(std::span<const std::string_view> keys) {
  const KeyEntry* at = &key_tree();
  for (std::size_t i = 0; at != nullptr && i < keys.size(); ++i)
    at = at->step(keys[i]);
  return at;
}

}  // namespace spine::config
