// Rows by what they are called, and those that are gone.
#include "replay/state/row_finder.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <vector>

#include "engine/core/model/cells.h"
#include "replay/state/cell_text.h"
#include "schemas/vocab/show.h"
#include "schemas/vocab/uuid.h"

namespace spine::replay {
namespace {

struct Noun {
  std::string_view noun{};
  std::string_view table{};
  std::array<std::string_view, 3> names{};  // columns that name a row
};
constexpr std::array kNouns{Noun{"session", "sessions", {"key", "uuid", "label"}},
                            Noun{"run", "runs", {"key"}},
                            Noun{"principal", "principals", {"key", "name"}},
                            Noun{"device", "devices", {"device_id", "label"}},
                            Noun{"agent", "quarantined", {"agent_id"}},
                            Noun{"approval", "approvals", {"uuid", "code"}},
                            Noun{"pairing", "pairing_requests", {"code", "sender_id"}},
                            Noun{"sender", "paired_senders", {"sender_id"}},
                            Noun{"tool", "allowed_tools", {"key"}},
                            Noun{"channel", "channels", {"name", "account", "identity"}},
                            Noun{"delivery", "deliveries", {}},
                            Noun{"engine", "meta", {}}};

// Whether one of the columns that name a row of that table says `name`.
bool is_called(std::string_view table, std::span<const core::Cell> cells, std::string_view name) {
  const auto noun = std::ranges::find(kNouns, table, &Noun::table);
  if (noun == kNouns.end() || name.empty()) return false;
  for (const std::string_view column : noun->names) {
    const core::Cell* cell = find_cell(cells, column);
    if (cell == nullptr) continue;
    const auto* text = std::get_if<std::string_view>(&cell->value);
    const auto* bits = std::get_if<Bits128>(&cell->value);
    if (text != nullptr && *text == name) return true;
    if (bits != nullptr && *bits && uuid_string(*bits) == name) return true;
  }
  return false;
}

std::vector<std::uint64_t> rows_called(const core::State& state, const std::string& table,
                                       std::string_view name) {
  std::vector<std::uint64_t> keys;
  core::visit_rows(state, table, [&](std::string_view, std::span<const core::Cell> cells) {
    if (is_called(table, cells, name)) keys.push_back(row_key(table, cells).lo);
  });
  return keys;
}

bool is_there(const core::State& state, const std::string& table, std::uint64_t key) {
  return core::visit_row(state, table, key, [](std::string_view, std::span<const core::Cell>) {});
}

// Whether a row of that key is there and called so.
bool is_there(const core::State& state, const std::string& table, std::uint64_t key,
              std::string_view name) {
  bool called = false;
  core::visit_row(state, table, key, [&](std::string_view, std::span<const core::Cell> cells) {
    called = is_called(table, cells, name);
  });
  return called;
}

// Snapshots before `at`, and in front of them what is before the journal's first event.
std::vector<Seq> starts_before(const Timeline& timeline, Seq at) {
  std::vector<Seq> starts{timeline.before_first()};
  for (const Seq seq : timeline.snapshots())
    if (seq < at && seq > starts.front()) starts.push_back(seq);
  return starts;
}

// The key of the last row of that name that was there before `at`; 0 = none was.
Result<std::uint64_t> last_called(Timeline& timeline, const std::string& table,
                                  std::string_view name, Seq at) {
  std::vector<Seq> starts = starts_before(timeline, at);
  for (Seq upto = at; !starts.empty(); starts.pop_back()) {
    core::State state;
    SPINE_TRY_STATUS(timeline.state_at(starts.back(), state));
    const auto at_start = rows_called(state, table, name);
    std::uint64_t found = at_start.empty() ? 0 : at_start.back();
    // A row that an event makes has that event's seq as its key.
    const auto look = [&] {
      const std::uint64_t made = state.applied().value;
      if (is_there(state, table, made, name)) found = made;
    };
    SPINE_TRY_STATUS(timeline.fold_to(upto, state, [&](const EventView&) { look(); }));
    look();
    if (found != 0) return found;
    upto = starts.back();
  }
  return std::uint64_t{0};
}

}  // namespace

std::optional<std::uint64_t> number_of_name(std::string_view name) {
  if (name.starts_with('#')) name.remove_prefix(1);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || end != name.data() + name.size() || number == 0) return {};
  return number;
}

Result<std::string> table_of_noun(std::string_view noun) {
  std::vector<std::string_view> nouns;
  for (const Noun& known : kNouns) {
    if (known.noun == noun || known.table == noun) return std::string(known.table);
    nouns.push_back(known.noun);
  }
  return Error{Errc::invalid_argument,
               fmt::format("\"{}\" is nothing that has fields to ask for. There are: {}.",
                           printable(noun), fmt::join(nouns, ", "))};
}

Result<std::uint64_t> find_row(const core::State& state, const std::string& table,
                               std::string_view name) {
  if (const auto number = number_of_name(name); number && is_there(state, table, *number)) {
    return *number;
  }
  const std::vector<std::uint64_t> keys = rows_called(state, table, name);
  if (keys.empty()) return std::uint64_t{0};
  if (keys.size() == 1) return keys.front();
  constexpr std::size_t kShown = 5;
  std::string list;
  for (std::size_t i = 0; i < std::min(keys.size(), kShown); ++i)
    list += fmt::format("{}#{}", i == 0 ? "" : ", ", keys[i]);
  return Error{
      Errc::invalid_argument,
      fmt::format("\"{}\" names {} rows of {}: {}{}. Name one by its number.", printable(name),
                  keys.size(), table, list, keys.size() > kShown ? ", ..." : "")};
}

Result<std::optional<RowLife>> find_gone(Timeline& timeline, const std::string& table,
                                         std::string_view name, Seq at) {
  std::uint64_t key = 0;
  core::State state;
  if (const auto number = number_of_name(name);
      number && *number < at.value && *number >= timeline.first().value) {
    SPINE_TRY_STATUS(timeline.state_at(Seq{*number}, state));
    if (is_there(state, table, *number)) key = *number;
  }
  if (key == 0) {
    SPINE_TRY(key, last_called(timeline, table, name, at));
  }
  if (key == 0) return std::optional<RowLife>{};
  Seq start{key};
  for (const Seq seq : starts_before(timeline, at)) {
    if (seq <= start) continue;
    core::State later;
    SPINE_TRY_STATUS(timeline.state_at(seq, later));
    if (!is_there(later, table, key)) break;
    start = seq;
  }
  state = core::State{};
  SPINE_TRY_STATUS(timeline.state_at(start, state));
  RowLife life{.key = key, .made = Seq{key}};
  const auto look = [&] {
    if (!life.removed && !is_there(state, table, key)) life.removed = state.applied();
  };
  SPINE_TRY_STATUS(timeline.fold_to(at, state, [&](const EventView&) { look(); }));
  look();
  return life.removed ? std::optional(life) : std::optional<RowLife>{};
}

}  // namespace spine::replay
