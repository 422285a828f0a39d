// Changes between two states as people and programs read them.
#pragma once

#include <cstdio>

#include "replay/state/state_diff.h"

namespace spine::replay {

// A few lines a change: "+ ", "- " or "~ " and the row, then its fields; safe on a terminal.
void print_change_text(const RowChange& change, std::FILE* out);
// One JSON object a line.
void print_change_json(const RowChange& change, std::FILE* out);

// What all of them come to, and the bookkeeping that was not compared.
void print_report_text(const DiffReport& report, std::FILE* out);
void print_report_json(const DiffReport& report, std::FILE* out);

}  // namespace spine::replay
