// Predicate: a yes or no about named values, written as people write it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "schemas/vocab/ids.h"
#include "schemas/vocab/result.h"

namespace spine::core {

// ---- What a predicate may speak of

enum class FieldType : std::uint8_t { number, bits, text };

struct Field {
  std::string_view name{};  // static storage
  FieldType type{};
  // Of a number that stands for one of a few things: their names, by number; "" = none has it.
  std::vector<std::string_view> names{};
};

struct RecordType {
  std::string_view name{};  // of the table; static storage
  std::string_view one{};   // as people name one of its rows: "session"; may be empty
  bool keyed_by_text{};     // rows have a text as key, too
  std::vector<Field> fields{};
};

// The first is the record whose fields are meant by a bare name: there is one row of it. The others
// are tables, whose rows have a number as key (their first field), and perhaps a text.
using Vocabulary = std::vector<RecordType>;

// ---- What it is asked of

// monostate: there is no such row. Texts are any bytes.
using FactValue = std::variant<std::monostate, std::int64_t, Bits128, std::string_view>;

class FactRow {
 public:
  // `field`: its place in RecordType::fields. Texts are borrowed as long as the row.
  virtual FactValue at(std::size_t field) const = 0;

 protected:
  ~FactRow() = default;
};

// Rows of the tables of one vocabulary; `table`: its place there.
class Facts {
 public:
  virtual std::uint64_t count(std::size_t table) const = 0;
  // Shows the rows until visit(row) returns false.
  virtual void each(std::size_t table, const std::function<bool(const FactRow&)>& visit) const = 0;
  // Shows the row of that key, a number or a text; nothing when there is none.
  virtual void find(std::size_t table, const FactValue& key,
                    const std::function<void(const FactRow&)>& visit) const = 0;

 protected:
  ~Facts() = default;
};

// ---- The predicate

// A text is parsed once against a vocabulary and asked as often as one likes. There are no loops,
// no regular expressions and no calls, and any(), all() and count() do not nest: the time an answer
// takes is bounded by the nodes times the rows. Thread: one at a time (it keeps texts while asked).
class Predicate {
 public:
  static constexpr std::size_t kBytesMax = 4096;
  static constexpr std::size_t kNodesMax = 256;
  static constexpr std::size_t kDepthMax = 32;  // of parentheses, calls and `not`

  // Errc::invalid_argument: names the place in the text, and what would be understood there.
  // `vocabulary` outlives the call only by what is static in it.
  static Result<Predicate> parse(std::string_view text, const Vocabulary& vocabulary);

  // REQUIRES: the facts are of the vocabulary it was parsed against.
  bool holds(const Facts& facts) const;

  // As it was written.
  const std::string& text() const { return text_; }

 private:
  friend class PredicateParser;

  enum class Op : std::uint8_t {
    literal,      // value, or the text at `held`
    field,        // `field` of the row that is looked at, or of the first record
    row_field,    // `field` of the row of `table` whose key is `left`
    row_exists,   // whether that row is there
    table_count,  // rows of `table`
    count_if,     // those for which `left` holds
    any_of,
    all_of,
    negation,
    conjunction,
    disjunction,
    is_set,  // whether the number `left` is not zero
    equal,
    not_equal,
    less,
    less_equal,
    greater,
    greater_equal,
    contains,
    starts_with,
    ends_with,
  };
  struct Node {
    Op op{};
    bool of_root{};  // field: of the first record, also where rows of a table are looked at
    std::uint16_t table{};
    std::uint16_t field{};
    std::uint32_t left{};
    std::uint32_t right{};
    std::uint32_t held{};  // where its text is kept
    FactValue value{};
  };
  class Asking;

  std::string text_{};
  std::vector<Node> nodes_{};
  std::uint32_t root_{};
  // Texts of literals; and of rows, from the look at the row to the comparison.
  mutable std::vector<std::string> held_{};
};

// A short description of the language for help texts, several lines, without names of tables.
std::string_view predicate_help();

}  // namespace spine::core
