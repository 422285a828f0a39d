// RowFilter: which rows of the state a verb is about, by --table and --session.
#pragma once

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/core/model/cells.h"
#include "replay/cell_text.h"
#include "replay/verb.h"

namespace spine::replay {

struct RowFilter {
  std::string table{};                    // empty = all
  std::vector<std::uint64_t> sessions{};  // the rows of these alone
  bool of_sessions{};                     // whether `sessions` counts

  bool wanted_table(std::string_view name) const { return table.empty() || table == name; }
  // A session's rows are its own, its runs and the questions of its agent: those that name it.
  bool wanted(std::string_view name, std::span<const core::Cell> cells) const {
    if (!wanted_table(name)) return false;
    if (!of_sessions) return true;
    const core::Cell* cell =
        name == "sessions" ? &cells.front() : find_cell(cells, std::string_view("session"));
    return cell != nullptr &&
           std::ranges::find(sessions, std::get<std::uint64_t>(cell->value)) != sessions.end();
  }
};

// --table and --session as they were typed.
struct RowOptions {
  std::string table{};
  std::string session{};
};

// Declares the options; the values are set when the action is called.
inline std::shared_ptr<RowOptions> row_options(CLI::App& verb) {
  auto options = std::make_shared<RowOptions>();
  verb.add_option("--table", options->table, "Only the rows of this table");
  verb.add_option("--session", options->session,
                  "Only the rows of this session: its key, label, UUID or number");
  return options;
}

}  // namespace spine::replay
