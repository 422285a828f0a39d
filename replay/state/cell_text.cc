// How each cell looks follows from its column's name and from what it holds.
#include "replay/state/cell_text.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "replay/timeline/event_text.h"
#include "schemas/fields.h"
#include "schemas/vocab/bytes.h"
#include "schemas/vocab/json.h"
#include "schemas/vocab/show.h"
#include "schemas/vocab/uuid.h"

#include "event_generated.h"

namespace spine::replay {
namespace {

// What a cell is besides a number, 128 bits or a text.
enum class Look : std::uint8_t { plain, wall_ms, minutes, uuid, bytes, answers, body };

struct ColumnLook {
  std::string_view column{};
  Look look{};
  fb::EventBody kind{};  // of a recorded body
};
constexpr std::array kColumnLooks{ColumnLook{"uuid", Look::uuid},
                                  ColumnLook{"epoch", Look::uuid},
                                  ColumnLook{"boot_id", Look::uuid},
                                  ColumnLook{"loss", Look::uuid},
                                  ColumnLook{"public_key", Look::bytes},
                                  ColumnLook{"token_hash", Look::bytes},
                                  ColumnLook{"utc_offset_minutes", Look::minutes},
                                  ColumnLook{"options", Look::answers},
                                  ColumnLook{"policy", Look::body, fb::EventBody::ConfigApplied},
                                  ColumnLook{"zone_rules", Look::body, fb::EventBody::ZoneRules}};

ColumnLook look_of(std::string_view column) {
  for (const ColumnLook& known : kColumnLooks)
    if (known.column == column) return known;
  return {column, column.ends_with("wall_ms") ? Look::wall_ms : Look::plain};
}

// Of the answers that a question offers: bit n is answer n.
std::string answer_names(std::uint64_t bits) {
  std::string names;
  const auto add = [&](std::uint64_t bit, const char* name) {
    if ((bits & bit) == 0) return;
    bits &= ~bit;
    names += fmt::format("{}{}", names.empty() ? "" : ",", name);
  };
  for (const auto answer : fb::EnumValuesApprovalDecision())
    add(std::uint64_t{1} << static_cast<unsigned>(answer), fb::EnumNameApprovalDecision(answer));
  // Bits of a later version.
  if (bits != 0) names += fmt::format("{}{:#x}", names.empty() ? "" : ",", bits);
  return names;
}

std::string body_text(const ColumnLook& look, std::string_view recorded, bool json) {
  if (recorded.empty()) return json ? "null" : "";
  std::string out;
  EventView event{.body = as_bytes(recorded)};
  event.header.kind = kind_number(look.kind);
  append_body(event, json, out);
  return out;
}

std::string number_text(const core::Cell& cell, std::uint64_t number, bool json) {
  const Look look = look_of(cell.column).look;
  if (!cell.name.empty()) return json ? json_string(cell.name) : std::string(cell.name);
  const std::optional<std::string> flags =
      flag_names(cell.column, static_cast<std::uint32_t>(number));
  if (flags || look == Look::answers) {
    const std::string names = flags ? *flags : answer_names(number);
    return json ? json_string(names) : names.empty() ? "none" : names;
  }
  const auto wide = static_cast<std::int64_t>(number);
  if (look == Look::minutes) return fmt::format("{}", wide);
  if (look != Look::wall_ms) return fmt::format("{}", number);
  return json || wide == 0 ? fmt::format("{}", wide)
                           : fmt::format("{} ({})", wide, show_time(wide));
}

std::string bits_text(const core::Cell& cell, Bits128 bits, bool json) {
  if (json && !bits) return "null";
  const std::string text =
      look_of(cell.column).look == Look::uuid ? uuid_string(bits) : show_hex(bits);
  return json ? json_string(text) : text;
}

std::string text_text(const core::Cell& cell, std::string_view text, bool json) {
  const ColumnLook look = look_of(cell.column);
  if (look.look == Look::body) {
    std::string body = body_text(look, text, json);
    if (json) return body;
    while (body.ends_with('\n'))
      body.pop_back();
    return body.empty() ? "none" : '\n' + body;
  }
  if (look.look == Look::bytes) {
    const std::string hex = show_hex(as_bytes(text));
    return json ? json_string(hex) : fmt::format("\"{}\"", hex);
  }
  return json ? json_string(text) : fmt::format("\"{}\"", printable(text));
}

std::string shown(const core::Cell& cell, bool json) {
  if (const auto* number = std::get_if<std::uint64_t>(&cell.value)) {
    return number_text(cell, *number, json);
  }
  if (const auto* bits = std::get_if<Bits128>(&cell.value)) return bits_text(cell, *bits, json);
  return text_text(cell, std::get<std::string_view>(cell.value), json);
}

}  // namespace

std::string cell_text(const core::Cell& cell) {
  return shown(cell, false);
}

std::string cell_json(const core::Cell& cell) {
  return shown(cell, true);
}

std::map<std::string, std::string> body_fields(const core::Cell& cell) {
  std::map<std::string, std::string> fields;
  const ColumnLook look = look_of(cell.column);
  const auto* recorded = std::get_if<std::string_view>(&cell.value);
  if (look.look != Look::body || recorded == nullptr) return fields;
  for_each_field(
      body_text(look, *recorded, false),
      [&](std::string_view name, std::string_view value) { fields.emplace(name, value); });
  return fields;
}

Bits128 row_key(std::string_view table, std::span<const core::Cell> cells) {
  if (table == "meta") return {};
  if (const auto* number = std::get_if<std::uint64_t>(&cells.front().value)) return {0, *number};
  const auto* bits = std::get_if<Bits128>(&cells.front().value);
  return bits == nullptr ? Bits128{} : *bits;
}

std::string row_title(std::string_view table, std::span<const core::Cell> cells) {
  if (table == "meta") return std::string(table);
  const core::Cell& key = cells.front();
  const bool is_seq = std::holds_alternative<std::uint64_t>(key.value);
  std::string title = fmt::format("{} {}{}", table, is_seq ? "#" : "", cell_text(key));
  for (const std::string_view column : {"key", "device_id", "sender_id", "title", "agent_id"}) {
    const core::Cell* cell = find_cell(cells, column);
    if (cell == nullptr || cell->is_default) continue;
    return fmt::format("{} ({})", title, printable(std::get<std::string_view>(cell->value)));
  }
  return title;
}

std::string row_key_json(std::string_view table, std::span<const core::Cell> cells) {
  return table == "meta" ? "null" : cell_json(cells.front());
}

std::string row_text(std::span<const core::Cell> cells) {
  std::string out;
  for (const core::Cell& cell : cells) {
    if (cell.is_default && cell.name.empty()) continue;
    const std::string value = cell_text(cell);
    out += fmt::format("    {}:{}{}\n", cell.column, value.starts_with('\n') ? "" : " ", value);
  }
  return out;
}

std::string row_json(std::span<const core::Cell> cells) {
  return json_object([&](JsonWriter& json) {
    for (const core::Cell& cell : cells)
      json.member_raw(cell.column, cell_json(cell));
  });
}

const core::Cell* find_cell(std::span<const core::Cell> cells, std::string_view column) {
  const auto found = std::ranges::find(cells, column, &core::Cell::column);
  return found == cells.end() ? nullptr : &*found;
}

std::string row_shown(std::string_view table, std::span<const core::Cell> cells, bool json) {
  if (!json) return row_title(table, cells) + '\n' + row_text(cells);
  return fmt::format("{{\"table\":\"{}\",\"row\":{}}}\n", table, row_json(cells));
}

std::string place_json(const Place& place) {
  return fmt::format(R"({{"seq":{},"time":"{}","wallMs":{}}})", place.seq.value,
                     utc_text(place.wall_ms), place.wall_ms);
}

Status check_table(std::string_view table) {
  const auto names = core::table_names();
  if (std::ranges::find(names, table) != names.end()) return ok();
  return Error{Errc::invalid_argument, fmt::format("\"{}\" is no table. There are: {}.",
                                                   printable(table), fmt::join(names, ", "))};
}

Status check_column(std::string_view table, std::string_view column) {
  const auto names = core::column_names(table);
  if (std::ranges::find(names, column) != names.end()) return ok();
  return Error{Errc::invalid_argument,
               fmt::format("\"{}\" is no field of {}. There are: {}.", printable(column), table,
                           fmt::join(names, ", "))};
}

}  // namespace spine::replay
