// Rows by what they are called, and by what they were.
#include "replay/state/row_finder.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <iterator>
#include <vector>

#include "engine/core/model/cells.h"
#include "replay/state/cell_text.h"
#include "schemas/fields.h"
#include "schemas/vocab/show.h"
#include "schemas/vocab/uuid.h"

#include "event_generated.h"

namespace spine::replay {
namespace {

struct Noun {
  std::string_view noun{};
  std::string_view table{};
  std::array<std::string_view, 4> names{};  // columns that name a row
};
constexpr std::array kNouns{
    Noun{"session", "sessions", {"key", "uuid", "label", "display_name"}},
    Noun{"run", "runs", {"key"}},
    Noun{"principal", "principals", {"key", "name"}},
    Noun{"device", "devices", {"device_id", "label"}},
    Noun{"agent", "quarantined", {"agent_id"}},
    Noun{"approval", "approvals", {"uuid", "code"}},
    Noun{"pairing", "pairing_requests", {"code", "sender_id", "sender_name"}},
    Noun{"sender", "paired_senders", {"sender_id"}},
    Noun{"tool", "allowed_tools", {"key"}},
    Noun{"channel", "channels", {"name", "account", "identity"}},
    Noun{"delivery", "deliveries", {}},
    Noun{"migration", "migrations", {"from", "to"}},
    Noun{"burst", "bursts", {}},
    Noun{"preview", "previews", {}},
    Noun{"send", "sends", {}},
    Noun{"engine", "meta", {}}};

// The first of the columns that name a row of that table which says `name`, counted from 0.
std::optional<std::size_t> column_saying(std::string_view table, std::span<const core::Cell> cells,
                                         std::string_view name) {
  const auto noun = std::ranges::find(kNouns, table, &Noun::table);
  if (noun == kNouns.end() || name.empty()) return {};
  for (std::size_t i = 0; i < noun->names.size(); ++i) {
    const core::Cell* cell = find_cell(cells, noun->names[i]);
    if (cell == nullptr) continue;
    const auto* text = std::get_if<std::string_view>(&cell->value);
    const auto* bits = std::get_if<Bits128>(&cell->value);
    if (text != nullptr && *text == name) return i;
    if (bits != nullptr && *bits && uuid_string(*bits) == name) return i;
  }
  return {};
}

// Rows of that name by what names best: a key before a label.
std::vector<std::uint64_t> rows_called(const core::State& state, const std::string& table,
                                       std::string_view name) {
  std::vector<std::uint64_t> keys;
  std::size_t best = 0;
  core::visit_rows(state, table, [&](std::string_view, std::span<const core::Cell> cells) {
    const auto column = column_saying(table, cells, name);
    if (!column || (!keys.empty() && *column > best)) return;
    if (*column < best) keys.clear();
    best = *column;
    keys.push_back(row_key(table, cells).lo);
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
    called = column_saying(table, cells, name).has_value();
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

// The 16 bytes of a UUID as bodies hold it; empty for every other text.
std::string uuid_bytes(std::string_view text) {
  std::string digits;
  std::ranges::copy_if(text, std::back_inserter(digits), [](char c) { return c != '-'; });
  Bits128 bits{};
  constexpr std::size_t kHalf = 16;
  if (digits.size() != 2 * kHalf) return {};
  std::from_chars(digits.data(), digits.data() + kHalf, bits.hi, 16);
  std::from_chars(digits.data() + kHalf, digits.data() + digits.size(), bits.lo, 16);
  if (uuid_string(bits) != text) return {};
  std::string bytes(sizeof(bits), '\0');
  std::memcpy(bytes.data(), &bits.hi, sizeof(bits.hi));
  std::memcpy(bytes.data() + sizeof(bits.hi), &bits.lo, sizeof(bits.lo));
  return bytes;
}

// Which events can give a row its name. One that makes the row may do so in any way; a later one
// holds the name itself, or is a migration, which makes keys out of ids. So only few states need to
// be searched.
class NameGivers {
 public:
  explicit NameGivers(std::string_view name) : name_(name), uuid_(uuid_bytes(name)) {}
  bool has(const EventView& event) const {
    const std::string_view body = as_text(event.body);
    return holds(body, name_) || is_kind(event, fb::EventBody::ConversationMigrated) ||
           (!uuid_.empty() && holds(body, uuid_));
  }

 private:
  static bool holds(std::string_view body, std::string_view part) {
    return ::memmem(body.data(), body.size(), part.data(), part.size()) != nullptr;
  }

  std::string_view name_;
  std::string uuid_;
};

// Follows who has a name while a state is folded.
class NameHolder {
 public:
  NameHolder(const std::string& table, std::string_view name, const core::State& state)
      : table_(table), name_(name), state_(state), givers_(name) {
    search();
  }
  void before(const EventView& event) {
    look();
    given_ = givers_.has(event);
  }
  // Behind every event.
  void look() {
    // A row that an event makes has that event's seq as its key.
    const std::uint64_t made = state_.applied().value;
    const bool lost = holder_ != 0 && !is_there(state_, table_, holder_, name_);
    if (given_ || lost || is_there(state_, table_, made, name_)) search();
    given_ = false;
  }
  // The key of the last row that had it; of several at once, the youngest. 0 = none had.
  std::uint64_t last() const { return last_; }

 private:
  void search() {
    const auto keys = rows_called(state_, table_, name_);
    holder_ = keys.empty() ? 0 : keys.back();
    if (holder_ != 0) last_ = holder_;
  }

  const std::string& table_;
  std::string_view name_;
  const core::State& state_;
  NameGivers givers_;
  std::uint64_t holder_{};
  std::uint64_t last_{};
  bool given_{};
};

// The key of the row that was the last to have that name before `at`; 0 = none had.
Result<std::uint64_t> last_called(Timeline& timeline, const std::string& table,
                                  std::string_view name, Seq at) {
  std::vector<Seq> starts = starts_before(timeline, at);
  for (Seq upto = at; !starts.empty(); starts.pop_back()) {
    core::State state;
    SPINE_TRY_STATUS(timeline.state_at(starts.back(), state));
    NameHolder holder(table, name, state);
    SPINE_TRY_STATUS(
        timeline.fold_to(upto, state, [&](const EventView& event) { holder.before(event); }));
    holder.look();
    if (holder.last() != 0) return holder.last();
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

Result<std::optional<RowLife>> find_earlier(Timeline& timeline, const std::string& table,
                                            std::string_view name, Seq at) {
  std::uint64_t key = 0;
  core::State state;
  // Of a bundle, rows may be older than its first event.
  if (const auto number = number_of_name(name); number && *number < at.value) {
    SPINE_TRY_STATUS(timeline.state_at(std::max(Seq{*number}, timeline.before_first()), state));
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
  return std::optional(life);
}

}  // namespace spine::replay
