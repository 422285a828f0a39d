// Output: printing of errors, JSON, tables, facts and findings; and the selection of a list's entry
// by its name.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "adapters/cli/common.h"
#include "adapters/client/json.h"
#include "schemas/vocab/result.h"

namespace spine::cli {

using client::Json;

// Prints "Error: ..."; kExitFailure.
int fail(const Error& error);

// Prints foreign JSON on one line, made safe for a terminal.
void print_json(std::string_view json);

// Prints the JSON with --json, else `said`. Returns kExitOk.
int show(const Common& common, const std::string& json, std::string_view said = {});
int show(const Common& common, const Json& answer, std::string_view said = {});

// JSON text.
struct Raw {
  std::string json{};
};
// [value,...] of JSON values, and of texts.
Raw json_array(const std::vector<std::string>& values);
Raw json_texts(const std::vector<std::string>& texts);
// A member of a JSON object, or nothing.
struct Member {
  Member() = default;
  Member(std::string_view named, std::string_view text);
  Member(std::string_view named, const char* text) : Member(named, std::string_view{text}) {}
  Member(std::string_view named, const std::string& text) : Member(named, std::string_view{text}) {}
  Member(std::string_view named, bool flag) : name(named), json(flag ? "true" : "false") {}
  Member(std::string_view named, std::integral auto number)
      : name(named), json(std::to_string(number)) {}
  Member(std::string_view named, const Json& value) : name(named), json(value.dump()) {}
  Member(std::string_view named, Raw raw) : name(named), json(std::move(raw.json)) {}

  static Member unless_empty(std::string_view name, const std::string& text) {
    return text.empty() ? Member{} : Member{name, text};
  }

  std::string_view name{};
  std::string json{};
};
// {"name":value,...}: parameters of a call, or what a verb prints. Names are literals of ours.
std::string json_object(std::initializer_list<Member> members);
// [{...},...]: the members of one row each.
template <class Rows, class MembersOf>
Raw json_rows(const Rows& rows, MembersOf members_of) {
  std::vector<std::string> values;
  for (const auto& row : rows)
    values.push_back(members_of(row));
  return json_array(values);
}

// A column of a table: its title, where its value stands in a row, and how it is shown.
struct Column {
  const char* title{};
  const char* key{};
  std::function<std::string(const Json& row, std::string_view key)> show{};  // empty: as text
};
std::string text_or_dash(const Json& row, std::string_view key);
std::string number_text(const Json& row, std::string_view key);
// Wall milliseconds as a time.
std::string time_text(const Json& row, std::string_view key);
// The same; 0 is a dash.
std::string time_or_dash(const Json& row, std::string_view key);

// Columns that line up. Cells are printabled when added; widths count code points.
class Table {
 public:
  explicit Table(std::vector<std::string> header);
  // One row each.
  Table(std::span<const Column> columns, const std::vector<Json>& rows);
  // REQUIRES: as many cells as the header has.
  void add(std::vector<std::string> cells);
  std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_{};
};

// How a list is printed.
struct Listing {
  const char* rows{""};  // the member of an answer that holds them
  std::span<const Column> columns{};
  const char* none{};    // instead of an empty table
  const char* hint{""};  // below the table
};
// For people.
void print_rows(const std::vector<Json>& rows, const Listing& listing);
// The rows of an answer; says how many there are when not all were given (totalCount).
void print_list(const Json& answer, const Listing& listing);

// The names of one entry of a list.
struct Named {
  std::string id{};                  // matches whole, or by a prefix
  std::vector<std::string> whole{};  // match only whole, without case: a code
};
// The index in `all` of the entry that `which` names. Errors: Errc::invalid_argument if it is a
// prefix of more than one id, Errc::not_found with the text `none` if nothing matches.
Result<std::size_t> pick(const std::vector<Named>& all, const std::string& which,
                         const std::string& none);

// The row that `which` names; `named` returns the names of a row.
template <class NamedBy>
Result<Json> pick_row(const std::vector<Json>& rows, NamedBy named, const std::string& which,
                      const std::string& none) {
  std::vector<Named> names;
  for (const Json& row : rows)
    names.push_back(named(row));
  SPINE_TRY(const std::size_t at, pick(names, which, none));
  return rows[at];
}

// "  Name        value" lines under one another; values are printabled.
class Facts {
 public:
  void add(std::string name, std::string value);
  std::string text() const;

 private:
  std::vector<std::pair<std::string, std::string>> facts_{};
};

// Results of doctor, each with its remedy.
enum class Grade : std::uint8_t { ok, warn, fail };
class Findings {
 public:
  // `remedy` is empty when there is nothing to do.
  void add(Grade grade, std::string subject, std::string what, std::string remedy = {});
  void ok(std::string subject, std::string what, std::string remedy = {}) {
    add(Grade::ok, std::move(subject), std::move(what), std::move(remedy));
  }
  void warn(std::string subject, std::string what, std::string remedy = {}) {
    add(Grade::warn, std::move(subject), std::move(what), std::move(remedy));
  }
  void fail(std::string subject, std::string what, std::string remedy = {}) {
    add(Grade::fail, std::move(subject), std::move(what), std::move(remedy));
  }

  // Whether one failed.
  bool failed() const { return failed_; }
  void print(bool json) const;

 private:
  struct Finding {
    const char* grade{};
    std::string subject{};
    std::string what{};
    std::string remedy{};
  };
  std::vector<Finding> list_{};
  bool failed_{};
};

}  // namespace spine::cli
