// Cells of the state as people and programs read them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "engine/core/model/cells.h"
#include "replay/timeline/moment.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/result.h"

namespace spine::replay {

// For people: texts in quotes, times as times, UUIDs, keys and hashes as hexadecimal, enums and
// bits by their names. Of a recorded body (policy, zone rules) a line for each of its fields, each
// with a newline before it. Safe on a terminal.
std::string cell_text(const core::Cell& cell);
// A JSON value: numbers, enums by their names, texts, UUIDs and hashes as strings, recorded bodies
// as objects; null for 128 bits that are zero and for a body that is not there.
std::string cell_json(const core::Cell& cell);

// Of a recorded body: its fields by name, as cell_text() shows them. Empty for every other cell.
std::map<std::string, std::string> body_fields(const core::Cell& cell);

// The key of a row: the seq of the event that made it, the fingerprint, or, in meta, nothing.
Bits128 row_key(std::string_view table, std::span<const core::Cell> cells);
// "sessions #5 (agent:main:main)": its table, its key and what it is called.
std::string row_title(std::string_view table, std::span<const core::Cell> cells);
// The key as a JSON value.
std::string row_key_json(std::string_view table, std::span<const core::Cell> cells);

// A line "    name: value" for each field that is not at its default; an enum always has a name.
std::string row_text(std::span<const core::Cell> cells);
// {"name":value,...}: every field.
std::string row_json(std::span<const core::Cell> cells);

// The row as a verb prints it: title and text, or {"table","row":{...}} on a line.
std::string row_shown(std::string_view table, std::span<const core::Cell> cells, bool json);

// The cell of that column; nullptr = there is none. Borrowed from `cells`.
const core::Cell* find_cell(std::span<const core::Cell> cells, std::string_view column);

// {"seq":12,"time":"2026-11-28 13:03:07.123Z","wallMs":...}.
std::string place_json(const Place& place);

// Errc::invalid_argument, with a list of the tables that there are, unless it is one of them.
Status check_table(std::string_view table);
// Likewise of a column of a table.
Status check_column(std::string_view table, std::string_view column);

}  // namespace spine::replay
