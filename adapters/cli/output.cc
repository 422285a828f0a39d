// Output: text for people, made safe for a terminal, and JSON for programs.
#include "adapters/cli/output.h"

#include <algorithm>
#include <cstdio>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <optional>

#include "schemas/vocab/ascii.h"
#include "schemas/vocab/check.h"
#include "schemas/vocab/show.h"
#include "schemas/vocab/utf8.h"

namespace spine::cli {
int fail(const Error& error) {
  std::fflush(stdout);
  spine::fail(stderr, error);
  return kExitFailure;
}

void print_json(std::string_view json) {
  fmt::print("{}\n", json_for_terminal(json));
}

int show(const Common& common, const std::string& json, std::string_view said) {
  if (common.json) {
    print_json(json);
  } else {
    fmt::print("{}\n", said);
  }
  return kExitOk;
}

int show(const Common& common, const Json& answer, std::string_view said) {
  return show(common, answer.dump(), said);
}

Member::Member(std::string_view named, std::string_view text)
    : name(named), json(json_string(text)) {}

std::string json_object(std::initializer_list<Member> members) {
  std::string out;
  for (const Member& member : members) {
    if (member.name.empty()) continue;
    out += fmt::format("{}\"{}\":{}", out.empty() ? "" : ",", member.name, member.json);
  }
  return "{" + out + "}";
}

Raw json_array(const std::vector<std::string>& values) {
  return {fmt::format("[{}]", fmt::join(values, ","))};
}

Raw json_texts(const std::vector<std::string>& texts) {
  return json_rows(texts, [](const std::string& text) { return json_string(text); });
}

std::string text_or_dash(const Json& row, std::string_view key) {
  std::string text = row.text(key);
  return text.empty() ? "-" : text;
}

std::string number_text(const Json& row, std::string_view key) {
  return std::to_string(row.number(key));
}

std::string time_text(const Json& row, std::string_view key) {
  return show_time(row.number(key));
}

std::string time_or_dash(const Json& row, std::string_view key) {
  return row.number(key) == 0 ? "-" : time_text(row, key);
}

Table::Table(std::vector<std::string> header) {
  rows_.push_back(std::move(header));
}

Table::Table(std::span<const Column> columns, const std::vector<Json>& rows) : rows_(1) {
  for (const Column& column : columns)
    rows_[0].emplace_back(column.title);
  for (const Json& row : rows) {
    std::vector<std::string> cells;
    for (const Column& column : columns)
      cells.push_back(column.show ? column.show(row, column.key) : row.text(column.key));
    add(std::move(cells));
  }
}

void Table::add(std::vector<std::string> cells) {
  SPINE_CHECK(cells.size() == rows_[0].size());
  for (std::string& cell : cells)
    cell = printable(cell);
  rows_.push_back(std::move(cells));
}

std::string Table::text() const {
  std::vector<std::size_t> widths(rows_[0].size());
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], count_characters(row[i]));
  }
  std::string out;
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      out += row[i];
      if (i + 1 < row.size()) out.append(widths[i] - count_characters(row[i]) + 2, ' ');
    }
    out += '\n';
  }
  return out;
}

void print_rows(const std::vector<Json>& rows, const Listing& listing) {
  if (rows.empty()) {
    fmt::print("{}\n", listing.none);
  } else {
    fmt::print("{}{}", Table(listing.columns, rows).text(), listing.hint);
  }
}

void print_list(const Json& answer, const Listing& listing) {
  const std::vector<Json> rows = answer.array(listing.rows);
  print_rows(rows, listing);
  const auto total = static_cast<std::size_t>(answer.number("totalCount"));
  if (total > rows.size() && !rows.empty()) {
    fmt::print("({} of {}: --limit shows more)\n", rows.size(), total);
  }
}

void Facts::add(std::string name, std::string value) {
  facts_.emplace_back(std::move(name), printable(value));
}

std::string Facts::text() const {
  std::size_t widest = 0;
  for (const auto& [name, value] : facts_)
    widest = std::max(widest, count_characters(name));
  std::string out;
  for (const auto& [name, value] : facts_) {
    out += "  " + name + std::string(widest - count_characters(name) + 2, ' ') + value + "\n";
  }
  return out;
}

void Findings::add(Grade grade, std::string subject, std::string what, std::string remedy) {
  constexpr const char* kNames[]{"ok", "warn", "fail"};
  failed_ = failed_ || grade == Grade::fail;
  list_.push_back({kNames[static_cast<std::size_t>(grade)], std::move(subject), std::move(what),
                   std::move(remedy)});
}

void Findings::print(bool json) const {
  if (json) {
    const Raw rows = json_rows(list_, [](const Finding& f) {
      return json_object(
          {{"grade", f.grade}, {"subject", f.subject}, {"what", f.what}, {"remedy", f.remedy}});
    });
    return print_json(json_object({{"findings", rows}}));
  }
  for (const Finding& f : list_) {
    fmt::print("{:<5} {:<16} {}\n", f.grade, f.subject, printable(f.what));
    if (!f.remedy.empty()) fmt::print("{:<22} -> {}\n", "", printable(f.remedy));
  }
}

Result<std::size_t> pick(const std::vector<Named>& all, const std::string& which,
                         const std::string& none) {
  std::optional<std::size_t> begun;
  std::size_t count = 0;
  for (std::size_t i = 0; i < all.size() && !which.empty(); ++i) {
    const auto same = [&](const std::string& name) { return same_but_case(name, which); };
    if (all[i].id == which || std::ranges::any_of(all[i].whole, same)) return i;
    if (!all[i].id.starts_with(which)) continue;
    begun = i;
    ++count;
  }
  if (count == 1) return *begun;
  if (count == 0) return Error{Errc::not_found, none};
  return Error{
      Errc::invalid_argument,
      fmt::format("\"{}\" is the beginning of more than one; give more of it.", printable(which))};
}

}  // namespace spine::cli
