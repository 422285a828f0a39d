// Setting: one row of the tables of settings, and all of them as a tree of keys. Everything that
// knows a setting follows from its row: how it is checked and read, `config get`, what may be
// edited from elsewhere, what a reload can change, the list for people and the JSON Schema.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "schemas/vocab/ascii.h"

namespace spine::config {

struct Config;

// Sorted, each once.
void sort_unique(std::vector<std::string>& texts);

enum class Type : std::uint8_t {
  any,  // known, and nothing inside is looked at
  boolean,
  text,
  secret,   // a text that is never shown
  path,     // a text: a file or folder, relative to the configuration file's folder or to "~/"
  integer,  // accepts: bounds
  number,
  choice,  // accepts: words
  object,
  list,
  object_or_list,
  text_list,
  path_list,
  ids,     // a list of strings and whole numbers
  days,    // "30d", "12h", ... or a number of days; whole days are kept, rounded up
  model,   // a string, or an object with `primary`
  scalar,  // a string, a number, true or false
};

enum class Flag : std::uint8_t {
  plain,
  strict,   // here and below, what is unknown is an error
  unused,   // known, but this version does nothing with it: a warning, where it asks for something
  adapter,  // the same, for settings of a channel's adapter: one warning for the channel
};

// When a change of the file takes effect: at a reload, or at the next start.
enum class Applies : std::uint8_t { live, restart };

// Who may change it: clients on the machine itself, or remote admins, too. What is in no row is
// changed on the machine itself only.
enum class Settable : std::uint8_t {
  locally,
  remotely,
  remotely_above_zero,  // remotely all but 0, which would remove a limit
};

// A word of a choice and what it stands for; several words may stand for one thing, the first of
// them is shown.
struct Choice {
  std::string_view word{};
  std::int64_t value{kWordItself};

  static constexpr std::int64_t kWordItself = -1;

  constexpr Choice() = default;
  template <std::size_t n>
  constexpr explicit Choice(const char (&text)[n]) : word(text) {}
  template <class Enum>
  constexpr Choice(std::string_view text, Enum meaning)
      : word(text), value(static_cast<std::int64_t>(meaning)) {}
};

// What values are taken: a type; whole numbers from `least` to `most`, each counting `unit` of what
// is kept; or words.
struct Accepts {
  Type type{};
  std::int64_t least{};
  std::int64_t most{};
  std::int64_t unit{1};
  std::array<Choice, 8> words{};
  std::size_t count{};

  constexpr Accepts(Type of = Type::any) : type(of) {}  // NOLINT(google-explicit-constructor)

  constexpr std::span<const Choice> choices() const { return {words.data(), count}; }
  // Null when it is no word of it.
  const Choice* find(std::string_view word) const;
};

constexpr Accepts whole(std::int64_t least, std::int64_t most, std::int64_t unit = 1) {
  Accepts accepts{Type::integer};
  accepts.least = least;
  accepts.most = most;
  accepts.unit = unit;
  return accepts;
}

// Days, whole ones.
constexpr Accepts within_days(std::int64_t least, std::int64_t most) {
  Accepts accepts = whole(least, most);
  accepts.type = Type::days;
  return accepts;
}

constexpr Accepts one_of(std::initializer_list<Choice> choices) {
  Accepts accepts{Type::choice};
  for (const Choice& choice : choices)
    accepts.words[accepts.count++] = choice;
  return accepts;
}
template <std::size_t... n>
constexpr Accepts words(const char (&... texts)[n]) {
  return one_of({Choice{texts}...});
}

// What a member holds: false and true as 0 and 1, a choice as its number, paths as texts. Nothing:
// an optional member without a value.
using Value = std::variant<std::monostate, std::int64_t, std::string, std::vector<std::string>>;

// The member that keeps a setting, of a struct that the place of its table names. Its default is
// the member's own. `put` is null where rules for several keys decide what is kept; both are where
// nothing is.
struct Member {
  Value (*get)(const void* owner){};
  void (*put)(void* owner, Value value){};
  Value (*spelling_of)(const void* owner){};  // the `get` of an earlier row about the same value
};

template <class T>
Value value_of(const T& member) {
  if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T>) {
    return static_cast<std::int64_t>(member);
  } else if constexpr (std::is_same_v<T, std::filesystem::path>) {
    return member.string();
  } else {
    return member;
  }
}
template <class T>
Value value_of(const std::optional<T>& member) {
  return member ? value_of(*member) : Value{};
}

// REQUIRES: the kind of value that value_of() gives.
template <class T>
void put_value(T& member, Value value) {
  if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T>) {
    member = static_cast<T>(std::get<std::int64_t>(value));
  } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
    member = std::get<T>(std::move(value));
  } else {
    member = std::get<std::string>(std::move(value));
  }
}
template <class T>
void put_value(std::optional<T>& member, Value value) {
  put_value(member.emplace(), std::move(value));
}

template <class Member>
struct OwnerOf;
template <class Owner, class T>
struct OwnerOf<T Owner::*> {
  using type = Owner;
};

// in<&Config::tls, &TlsConfig::enabled>: that member of that member.
template <auto first, auto... rest>
inline constexpr Member in{
    .get = [](const void* owner) -> Value {
      const auto& object = *static_cast<const typename OwnerOf<decltype(first)>::type*>(owner);
      return value_of(((object.*first).*....*rest));
    },
    .put =
        [](void* owner, Value value) {
          auto& object = *static_cast<typename OwnerOf<decltype(first)>::type*>(owner);
          put_value(((object.*first).*....*rest), std::move(value));
        },
};

inline constexpr Member not_kept{};  // rules read it, or nothing is done with it

// One row. Its path has keys joined with dots; `*` is any key of an object, `[]` any element of a
// list, and the last part may name several keys, "a|b". An inner part without a row of its own is
// an object.
struct Setting {
  std::string_view path{};
  Accepts accepts{};
  Member member{};
  std::string_view help{};
  Applies applies{};
  Settable settable{};
  Flag flag{};
};

// One that decides who may do what: what is unknown beside it is an error, and it is changed on the
// machine itself.
constexpr Setting decides(std::string_view path, Accepts accepts, Member member,
                          std::string_view help) {
  return {path, accepts, member, help, Applies::live, Settable::locally, Flag::strict};
}

// One that admins may change remotely, too.
constexpr Setting remote(std::string_view path, Accepts accepts, Member member,
                         std::string_view help = {}) {
  return {path, accepts, member, help, Applies::live, Settable::remotely};
}

// Known to OpenClaw and without effect here.
constexpr Setting unused(std::string_view path, Accepts accepts = {}, Settable settable = {}) {
  return {path, accepts, {}, {}, {}, settable, Flag::unused};
}

// For the adapters of channels, which are yet to come.
constexpr Setting for_adapter(std::string_view path, Accepts accepts = {}) {
  return {path, accepts, {}, {}, {}, {}, Flag::adapter};
}

// Where the rows of a table stand, and which struct of a Config they are about there.
struct TablePlace {
  std::string_view prefix{};  // "agents.entries.*."; empty = the root
  // Of what `*` stands for; null where there is none of that name. Null: a Config keeps no such
  // struct.
  const void* (*owner)(const Config& config, std::string_view name){};
};

// An owner: the element of the list config.list... whose member `name` is what `*` stands for.
template <auto name, auto... list>
const void* named(const Config& config, std::string_view wanted) {
  for (const auto& element : (config.*....*list)) {
    if (element.*name == wanted || element.*name == lower_case(wanted)) return &element;
  }
  return nullptr;
}

struct SettingTable {
  std::span<const TablePlace> places{};
  std::span<const Setting> rows{};
};

// The one place of tables about the Config itself.
inline constexpr std::array kAtRoot{TablePlace{
    .owner = [](const Config& config, std::string_view) -> const void* { return &config; }}};

// Every table. Static storage.
std::span<const SettingTable* const> all_tables();

// What is known of a type.
struct TypeRow {
  std::uint8_t kinds{};       // bits by Kind
  std::string_view wanted{};  // in a sentence, with {} for the bounds
  std::string_view schema{};  // members of its JSON Schema
};
const TypeRow& type_row(Type type);

// Whole days, rounded up.
struct Days {
  std::int64_t count{};
  bool exact{};  // nothing was rounded
};
// One or more of <number><unit>, units ms s m h d w ("30d", "1h30m"); a bare number counts days.
// Nothing when it is not one, or too large.
std::optional<Days> parse_days(std::string_view text);

// What is accepted, in a sentence: "a whole number from 0 to 65535".
std::string accepted(const Accepts& accepts);

// The value as strict JSON, as people would write it in the file; a secret as kRedacted. Empty when
// there is none.
std::string show_value(const Accepts& accepts, const Value& value);

// What is known of one key. `*` is any key of an object, `[]` any element of a list.
struct KeyEntry {
  std::string_view name{};
  const Setting* setting{};   // null for an object without a row of its own
  const TablePlace* place{};  // of its table
  bool strict{};              // what is unknown here is an error
  std::vector<std::unique_ptr<KeyEntry>> children{};

  bool is(Type type) const { return setting != nullptr && setting->accepts.type == type; }
  // The child of exactly that name, or null.
  const KeyEntry* find(std::string_view key) const;
  // What stands under the key of an object, also of one in a list; or null.
  const KeyEntry* step(std::string_view key) const;
};

// The root: every setting by the keys of its path. Static storage.
const KeyEntry& key_tree();

// The entry of keys from the root, without places of lists; null for what is not known.
const KeyEntry* find_entry(std::span<const std::string_view> keys);

}  // namespace spine::config
