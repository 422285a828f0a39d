// Recursive descent; every name and every type is checked against the vocabulary.
#include "engine/core/predicate/predicate_parser.h"

#include <array>
#include <charconv>
#include <optional>

#include "schemas/vocab/ascii.h"
#include "schemas/vocab/show.h"

namespace spine::core {
namespace {

constexpr std::array<std::string_view, 2> kTrueFalse{"false", "true"};

bool begins_name(char c) {
  return is_letter(c) || c == '_';
}
bool in_name(char c) {
  return is_letter_or_digit(c) || c == '_';
}

std::optional<unsigned> hex_value(char c) {
  if (is_digit(c)) return static_cast<unsigned>(c - '0');
  const char small = lower(c);
  if (small >= 'a' && small <= 'f') return static_cast<unsigned>(small - 'a' + 10);
  return {};
}

// 32 hexadecimal digits, with or without dashes.
std::optional<Bits128> read_bits(std::string_view text) {
  Bits128 bits;
  std::size_t digits = 0;
  for (const char c : text) {
    if (c == '-') continue;
    const auto digit = hex_value(c);
    if (!digit || digits++ == 32) return {};
    bits.hi = bits.hi << 4 | bits.lo >> 60;
    bits.lo = bits.lo << 4 | *digit;
  }
  return digits == 32 ? std::optional(bits) : std::nullopt;
}

std::string quoted(std::string_view text) {
  return "\"" + printable(text) + "\"";
}

// "a, b, c"; empty names are left out.
template <class Items, class NameOf>
std::string joined(const Items& items, NameOf name_of) {
  std::string out;
  for (const auto& item : items) {
    const std::string_view name = name_of(item);
    if (name.empty()) continue;
    if (!out.empty()) out += ", ";
    out += name;
  }
  return out;
}

std::string fields_of(const RecordType& type) {
  return joined(type.fields, [](const Field& field) { return field.name; });
}

}  // namespace

// Counts the depth while it lives.
class PredicateParser::Deeper {
 public:
  explicit Deeper(PredicateParser& parser) : depth_(parser.depth_) { ++depth_; }
  ~Deeper() { --depth_; }
  Deeper(const Deeper&) = delete;
  Deeper& operator=(const Deeper&) = delete;
  bool too_deep() const { return depth_ > Predicate::kDepthMax; }

 private:
  std::size_t& depth_;
};

Result<Predicate> PredicateParser::parse() {
  if (text_.size() > Predicate::kBytesMax) {
    return fault(0, "it is longer than " + std::to_string(Predicate::kBytesMax) + " bytes");
  }
  made_.text_ = text_;
  SPINE_TRY_STATUS(advance());
  SPINE_TRY(const Term whole, disjunction());
  if (token_.kind != TokenKind::end) {
    return fault(token_.at,
                 "nothing was expected behind this, and there is " + quoted(token_.word));
  }
  SPINE_TRY(const Term root, truth(whole));
  made_.root_ = root.node;
  return std::move(made_);
}

// ---- Tokens

Status PredicateParser::advance() {
  while (next_ < text_.size() && kBlanks.find(text_[next_]) != kBlanks.npos)
    ++next_;
  token_ = Token{.at = next_};
  if (next_ == text_.size()) return ok();
  const char c = text_[next_];
  if (c == '"' || c == '\'') return read_text(c);
  const bool minus = c == '-' && next_ + 1 < text_.size() && is_digit(text_[next_ + 1]);
  if (is_digit(c) || minus) return read_number();
  if (begins_name(c)) {
    while (next_ < text_.size() && in_name(text_[next_]))
      ++next_;
    token_.kind = TokenKind::name;
  } else {
    read_sign();
  }
  token_.word = text_.substr(token_.at, next_ - token_.at);
  return ok();
}

void PredicateParser::read_sign() {
  constexpr std::array<std::string_view, 6> kPairs{"==", "!=", "<=", ">=", "&&", "||"};
  const std::string_view rest = text_.substr(next_);
  token_.kind = TokenKind::sign;
  for (const std::string_view pair : kPairs)
    if (rest.starts_with(pair)) next_ += 1;
  next_ += 1;
}

Status PredicateParser::read_number() {
  const char* end = text_.data() + text_.size();
  const auto [behind, error] = std::from_chars(text_.data() + next_, end, token_.number);
  if (error != std::errc() || (behind != end && in_name(*behind))) {
    return fault(next_, "a whole number of at most 19 digits was expected; write texts in quotes");
  }
  next_ = static_cast<std::size_t>(behind - text_.data());
  token_.kind = TokenKind::number;
  token_.word = text_.substr(token_.at, next_ - token_.at);
  return ok();
}

Status PredicateParser::read_text(char quote) {
  token_.kind = TokenKind::text;
  while (++next_ < text_.size() && text_[next_] != quote) {
    char c = text_[next_];
    if (c == '\\') {
      if (++next_ == text_.size()) break;
      c = text_[next_];
      if (c == 'n') c = '\n';
      if (c == 't') c = '\t';
    }
    token_.text += c;
  }
  if (next_ >= text_.size()) return fault(token_.at, "this text has no end: a quote is missing");
  ++next_;
  token_.word = text_.substr(token_.at, next_ - token_.at);
  return ok();
}

Result<bool> PredicateParser::take(std::string_view word) {
  if (!is(word)) return false;
  SPINE_TRY_STATUS(advance());
  return true;
}

Status PredicateParser::expect(std::string_view sign) {
  SPINE_TRY(const bool there, take(sign));
  if (there) return ok();
  return fault(token_.at, quoted(sign) + " was expected, and there is " +
                              (token_.kind == TokenKind::end ? "the end" : quoted(token_.word)));
}

// ---- Truths

Result<PredicateParser::Term> PredicateParser::disjunction() {
  const Deeper deeper(*this);
  if (deeper.too_deep()) return fault(token_.at, "this is nested too deep");
  SPINE_TRY(Term left, conjunction());
  while (is("or") || is("||")) {
    const std::size_t at = token_.at;
    SPINE_TRY_STATUS(advance());
    SPINE_TRY(const Term right, conjunction());
    SPINE_TRY(const Term a, truth(left));
    SPINE_TRY(const Term b, truth(right));
    SPINE_TRY(left, add_truth(Op::disjunction, a.node, b.node, at));
  }
  return left;
}

Result<PredicateParser::Term> PredicateParser::conjunction() {
  SPINE_TRY(Term left, negation());
  while (is("and") || is("&&")) {
    const std::size_t at = token_.at;
    SPINE_TRY_STATUS(advance());
    SPINE_TRY(const Term right, negation());
    SPINE_TRY(const Term a, truth(left));
    SPINE_TRY(const Term b, truth(right));
    SPINE_TRY(left, add_truth(Op::conjunction, a.node, b.node, at));
  }
  return left;
}

Result<PredicateParser::Term> PredicateParser::negation() {
  if (!is("not") && !is("!")) return comparison();
  const Deeper deeper(*this);
  if (deeper.too_deep()) return fault(token_.at, "this is nested too deep");
  const std::size_t at = token_.at;
  SPINE_TRY_STATUS(advance());
  SPINE_TRY(const Term inner, negation());
  SPINE_TRY(const Term yes, truth(inner));
  return add_truth(Op::negation, yes.node, 0, at);
}

Result<PredicateParser::Term> PredicateParser::comparison() {
  struct Sign {
    std::string_view word;
    Op op;
  };
  constexpr std::array kSigns{Sign{"==", Op::equal},
                              Sign{"=", Op::equal},
                              Sign{"!=", Op::not_equal},
                              Sign{"<", Op::less},
                              Sign{"<=", Op::less_equal},
                              Sign{">", Op::greater},
                              Sign{">=", Op::greater_equal},
                              Sign{"contains", Op::contains},
                              Sign{"ends_with", Op::ends_with},
                              Sign{"starts_with", Op::starts_with}};
  SPINE_TRY(const Term left, operand());
  if (is("in")) return one_of(left);
  for (const Sign& sign : kSigns) {
    if (!is(sign.word)) continue;
    const std::size_t at = token_.at;
    SPINE_TRY_STATUS(advance());
    SPINE_TRY(const Term right, operand());
    return compare(sign.op, left, right, at);
  }
  return left;
}

// left in (a, b, c)
Result<PredicateParser::Term> PredicateParser::one_of(const Term& left) {
  const std::size_t at = token_.at;
  SPINE_TRY_STATUS(advance());
  SPINE_TRY_STATUS(expect("("));
  std::optional<Term> any;
  do {
    SPINE_TRY(const Term item, operand());
    SPINE_TRY(const Term same, compare(Op::equal, left, item, item.at));
    if (!any) {
      any = same;
    } else {
      SPINE_TRY(any, add_truth(Op::disjunction, any->node, same.node, at));
    }
    SPINE_TRY(const bool more, take(","));
    if (!more) break;
  } while (true);
  SPINE_TRY_STATUS(expect(")"));
  return *any;
}

// ---- Values

Result<PredicateParser::Term> PredicateParser::parenthesis() {
  SPINE_TRY_STATUS(advance());
  SPINE_TRY(const Term inner, disjunction());
  SPINE_TRY_STATUS(expect(")"));
  return inner;
}

Result<PredicateParser::Term> PredicateParser::operand() {
  const Token token = token_;
  switch (token.kind) {
    case TokenKind::number: {
      SPINE_TRY_STATUS(advance());
      return add_literal(token.number, Type::number, token.at);
    }
    case TokenKind::text: {
      SPINE_TRY_STATUS(advance());
      return add_text(token.text, token.at);
    }
    case TokenKind::name:
      return named();
    default:
      break;
  }
  if (is("(")) return parenthesis();
  const std::string there = token.kind == TokenKind::end ? "the end" : quoted(token.word);
  return fault(token.at,
               "a name, a number, a text or a parenthesis was expected, and there is " + there);
}

Result<PredicateParser::Term> PredicateParser::named() {
  const std::size_t at = token_.at;
  const std::string_view name = token_.word;
  SPINE_TRY_STATUS(advance());
  for (std::size_t i = 0; i < kTrueFalse.size(); ++i)
    if (name == kTrueFalse[i]) {
      return add_literal(static_cast<std::int64_t>(i), Type::number, at);
    }
  if (is("(")) return call(name, at);
  if (is("[")) {
    SPINE_TRY(const std::uint16_t of, table(name, at));
    return row(of, at);
  }
  if (is(".")) return member(name, at);
  const std::uint16_t of = row_of_ == kNoTable ? std::uint16_t{0} : row_of_;
  Term term{.type = Type::unknown, .at = at};
  for (const Field& known : type(of).fields)
    if (known.name == name) {
      SPINE_TRY(term, field(of, {.op = Op::field}, name, at));
    }
  term.word = name;
  return term;
}

// table.count, meta.field, and inside of any() the table's own fields.
Result<PredicateParser::Term> PredicateParser::member(std::string_view name, std::size_t at) {
  SPINE_TRY(const std::uint16_t of, table(name, at));
  SPINE_TRY_STATUS(advance());
  const std::string_view inner = token_.word;
  const std::size_t inner_at = token_.at;
  if (token_.kind != TokenKind::name) return fault(inner_at, "the name of a field was expected");
  SPINE_TRY_STATUS(advance());
  if (of == 0) return field(0, {.op = Op::field, .of_root = true}, inner, inner_at);
  if (of == row_of_) return field(of, {.op = Op::field}, inner, inner_at);
  if (inner == "count") {
    SPINE_TRY(const std::uint32_t node, add({.op = Op::table_count, .table = of}));
    return Term{.type = Type::number, .node = node, .at = at};
  }
  return fault(inner_at, "of all " + std::string(type(of).name) + " there is only .count; write " +
                             std::string(type(of).name) + "[\"key\"]." + std::string(inner) +
                             " or any(" + std::string(type(of).name) + ", " + std::string(inner) +
                             " ...)");
}

Result<std::uint32_t> PredicateParser::row_key(std::uint16_t of) {
  if (of == 0)
    return fault(token_.at, std::string(type(0).name) + " has one row; write meta.field");
  SPINE_TRY_STATUS(expect("["));
  SPINE_TRY(const Term key, operand());
  const bool number = key.type == Type::number;
  const bool text = key.type == Type::text && type(of).keyed_by_text;
  if (!number && !text) {
    return fault(key.at,
                 std::string("a row of ") + std::string(type(of).name) + " is named by " +
                     (type(of).keyed_by_text ? "its key in quotes or its number" : "its number"));
  }
  SPINE_TRY_STATUS(expect("]"));
  return key.node;
}

// table[key].field
Result<PredicateParser::Term> PredicateParser::row(std::uint16_t of, std::size_t at) {
  const Deeper deeper(*this);
  if (deeper.too_deep()) return fault(at, "this is nested too deep");
  SPINE_TRY(const std::uint32_t key, row_key(of));
  SPINE_TRY_STATUS(expect("."));
  if (token_.kind != TokenKind::name) return fault(token_.at, "the name of a field was expected");
  const Token inner = token_;
  SPINE_TRY_STATUS(advance());
  return field(of, {.op = Op::row_field, .left = key}, inner.word, inner.at);
}

Result<PredicateParser::Term> PredicateParser::field(std::uint16_t of, Node node,
                                                     std::string_view name, std::size_t at) {
  const std::vector<Field>& fields = type(of).fields;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].name != name) continue;
    node.table = of;
    node.field = static_cast<std::uint16_t>(i);
    node.of_root = of == 0;
    if (fields[i].type == FieldType::text) node.held = add_held({});
    SPINE_TRY(const std::uint32_t at_node, add(node));
    const Type types[]{Type::number, Type::bits, Type::text};
    return Term{.type = types[static_cast<std::size_t>(fields[i].type)],
                .node = at_node,
                .field = &fields[i],
                .at = at};
  }
  return fault(at, std::string(type(of).name) + " has no field " + quoted(name) +
                       ". It has: " + fields_of(type(of)));
}

// ---- Calls

Result<PredicateParser::Term> PredicateParser::call(std::string_view name, std::size_t at) {
  const Deeper deeper(*this);
  if (deeper.too_deep()) return fault(at, "this is nested too deep");
  if (name == "exists") return exists_call(at);
  if (name == "any") return rows_call(Op::any_of, at);
  if (name == "all") return rows_call(Op::all_of, at);
  if (name == "count") return rows_call(Op::count_if, at);
  if (name == "contains") return text_call(Op::contains, at);
  if (name == "starts_with") return text_call(Op::starts_with, at);
  if (name == "ends_with") return text_call(Op::ends_with, at);
  return fault(at, "there is no " + quoted(name) +
                       "(). There are: any, all, count, exists, contains, starts_with, ends_with");
}

// any(table, truth), all(table, truth), count(table), count(table, truth).
Result<PredicateParser::Term> PredicateParser::rows_call(Op op, std::size_t at) {
  SPINE_TRY_STATUS(expect("("));
  const Token name = token_;
  SPINE_TRY(const std::uint16_t of, table(name.word, name.at));
  SPINE_TRY_STATUS(advance());
  Node node{.op = op, .table = of};
  if (op == Op::count_if && is(")")) {
    node.op = Op::table_count;
  } else {
    if (row_of_ != kNoTable) {
      return fault(at, "any(), all() and count() with a test cannot stand inside of one another");
    }
    SPINE_TRY_STATUS(expect(","));
    row_of_ = of;
    SPINE_TRY(const Term inner, disjunction());
    SPINE_TRY(const Term yes, truth(inner));
    row_of_ = kNoTable;
    node.left = yes.node;
  }
  SPINE_TRY_STATUS(expect(")"));
  SPINE_TRY(const std::uint32_t made, add(node));
  const bool counts = op == Op::count_if;
  return Term{.type = counts ? Type::number : Type::truth, .node = made, .at = at};
}

// exists(table[key]), or as any(table, truth).
Result<PredicateParser::Term> PredicateParser::exists_call(std::size_t at) {
  const std::size_t before = next_;
  const Token parenthesis = token_;
  SPINE_TRY_STATUS(expect("("));
  const Token name = token_;
  SPINE_TRY(const std::uint16_t of, table(name.word, name.at));
  SPINE_TRY_STATUS(advance());
  if (!is("[")) {
    next_ = before;
    token_ = parenthesis;
    return rows_call(Op::any_of, at);
  }
  SPINE_TRY(const std::uint32_t key, row_key(of));
  SPINE_TRY_STATUS(expect(")"));
  SPINE_TRY(const std::uint32_t node, add({.op = Op::row_exists, .table = of, .left = key}));
  return Term{.type = Type::truth, .node = node, .at = at};
}

Result<PredicateParser::Term> PredicateParser::text_call(Op op, std::size_t at) {
  SPINE_TRY_STATUS(expect("("));
  SPINE_TRY(const Term left, operand());
  SPINE_TRY_STATUS(expect(","));
  SPINE_TRY(const Term right, operand());
  SPINE_TRY_STATUS(expect(")"));
  return compare(op, left, right, at);
}

// ---- Types

Result<std::uint16_t> PredicateParser::table(std::string_view name, std::size_t at) const {
  for (std::size_t i = 0; i < vocabulary_.size(); ++i) {
    const RecordType& known = vocabulary_[i];
    if (!name.empty() && (known.name == name || known.one == name)) {
      return static_cast<std::uint16_t>(i);
    }
  }
  return fault(at, "there is no table " + quoted(name) + ". There are: " +
                       joined(vocabulary_, [](const RecordType& known) { return known.name; }));
}

Result<PredicateParser::Term> PredicateParser::settled(const Term& term, const Term& other) {
  const bool named_values = other.field != nullptr && !other.field->names.empty();
  const bool a_word = !term.word.empty();
  const bool a_text = term.literal && term.type == Type::text;
  const std::string_view text =
      a_text ? made_.held_[made_.nodes_[term.node].held] : std::string_view(term.word);
  if (named_values && (a_word || a_text)) {
    const std::vector<std::string_view>& names = other.field->names;
    for (std::size_t i = 0; i < names.size(); ++i)
      if (!text.empty() && names[i] == text) {
        return add_literal(static_cast<std::int64_t>(i), Type::number, term.at);
      }
    if (a_text || term.type == Type::unknown) {
      return fault(term.at, quoted(text) + " is no " + std::string(other.field->name) +
                                ". There are: " + joined(names, [](auto name) { return name; }));
    }
  }
  if (term.type == Type::unknown) return no_name(term.at, term.word);
  if (a_text && other.type == Type::bits) {
    const auto bits = read_bits(text);
    if (bits) return add_literal(*bits, Type::bits, term.at);
    return fault(term.at, quoted(text) + " is no UUID and not 32 hexadecimal digits, as " +
                              shown(other) + " is");
  }
  return term;
}

Result<PredicateParser::Term> PredicateParser::compare(Op op, Term left, Term right,
                                                       std::size_t at) {
  const Term as_written = left;
  SPINE_TRY(left, settled(left, right));
  SPINE_TRY(right, settled(right, as_written));
  const bool text_only = op == Op::contains || op == Op::starts_with || op == Op::ends_with;
  const bool ordering =
      op == Op::less || op == Op::less_equal || op == Op::greater || op == Op::greater_equal;
  if (left.type == Type::truth || right.type == Type::truth) {
    return fault(at, "a yes or no cannot be compared; join them with and, or, not");
  }
  if (left.type != right.type) {
    return fault(at, shown(left) + " cannot be compared with " + shown(right));
  }
  if (text_only && left.type != Type::text) {
    return fault(at, "this is for texts, and " + shown(left) + " is none");
  }
  if (ordering && left.type == Type::bits) {
    return fault(at, "128 bits have no order: only == and != can be asked");
  }
  return add_truth(op, left.node, right.node, at);
}

Result<PredicateParser::Term> PredicateParser::truth(const Term& term) {
  if (term.type == Type::truth) return term;
  if (term.type == Type::unknown) return no_name(term.at, term.word);
  if (term.type == Type::number) return add_truth(Op::is_set, term.node, 0, term.at);
  return fault(term.at, shown(term) + " is no yes or no: compare it with something");
}

// ---- Nodes

Result<std::uint32_t> PredicateParser::add(Node node) {
  if (made_.nodes_.size() >= Predicate::kNodesMax) {
    return fault(token_.at, "it has more than " + std::to_string(Predicate::kNodesMax) + " parts");
  }
  made_.nodes_.push_back(node);
  return static_cast<std::uint32_t>(made_.nodes_.size() - 1);
}

Result<PredicateParser::Term> PredicateParser::add_literal(FactValue value, Type type,
                                                           std::size_t at) {
  SPINE_TRY(const std::uint32_t node, add({.op = Op::literal, .value = value}));
  return Term{.type = type, .node = node, .at = at, .literal = true};
}

Result<PredicateParser::Term> PredicateParser::add_text(std::string_view text, std::size_t at) {
  const std::uint32_t held = add_held(text);
  SPINE_TRY(const std::uint32_t node,
            add({.op = Op::literal, .held = held, .value = std::string_view{}}));
  return Term{.type = Type::text, .node = node, .at = at, .literal = true};
}

Result<PredicateParser::Term> PredicateParser::add_truth(Op op, std::uint32_t left,
                                                         std::uint32_t right, std::size_t at) {
  SPINE_TRY(const std::uint32_t node, add({.op = op, .left = left, .right = right}));
  return Term{.type = Type::truth, .node = node, .at = at};
}

std::uint32_t PredicateParser::add_held(std::string_view text) {
  made_.held_.emplace_back(text);
  return static_cast<std::uint32_t>(made_.held_.size() - 1);
}

// ---- Words for errors

std::string PredicateParser::shown(const Term& term) const {
  constexpr std::array<std::string_view, 5> kTypes{"a yes or no", "a number", "128 bits", "a text",
                                                   "a name"};
  const std::string type(kTypes[static_cast<std::size_t>(term.type)]);
  return term.field == nullptr ? type : std::string(term.field->name) + " (" + type + ")";
}

Error PredicateParser::fault(std::size_t at, const std::string& what) const {
  const std::string_view before = text_.substr(0, at);
  return {Errc::invalid_argument, "The predicate is not understood at character " +
                                      std::to_string(before.size() + 1) + ": " + what + "."};
}

Error PredicateParser::no_name(std::size_t at, std::string_view name) const {
  const RecordType& near = type(row_of_ == kNoTable ? std::uint16_t{0} : row_of_);
  return fault(at,
               "there is no " + quoted(name) + " in " + std::string(near.name) +
                   ", which has: " + fields_of(near) +
                   ". Write texts in quotes, and fields of a table's row as table[\"key\"].field");
}

}  // namespace spine::core
