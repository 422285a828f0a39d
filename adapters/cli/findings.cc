// Findings: lines for people, or one JSON object.
#include "adapters/cli/findings.h"

#include <cstdio>
#include <fmt/format.h>
#include <utility>

#include "adapters/cli/output.h"
#include "schemas/vocab/show.h"

namespace spine::cli {
namespace {

const char* grade_name(Grade grade) {
  return grade == Grade::ok ? "ok" : grade == Grade::warn ? "warn" : "fail";
}

}  // namespace

void Findings::add(Grade grade, std::string subject, std::string what, std::string remedy) {
  failed_ = failed_ || grade == Grade::fail;
  list_.push_back({grade, std::move(subject), std::move(what), std::move(remedy)});
}

void Findings::print(bool json) const {
  std::vector<std::string> rows;
  for (const Finding& f : list_) {
    if (json) {
      rows.push_back(json_object({{"grade", grade_name(f.grade)},
                                  {"subject", f.subject},
                                  {"what", f.what},
                                  {"remedy", f.remedy}}));
      continue;
    }
    fmt::print("{:<5} {:<16} {}\n", grade_name(f.grade), f.subject, printable(f.what));
    if (!f.remedy.empty()) fmt::print("{:<22} -> {}\n", "", printable(f.remedy));
  }
  if (json) print_json(json_object({{"findings", json_array(rows)}}));
}

}  // namespace spine::cli
