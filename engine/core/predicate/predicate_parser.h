// PredicateParser: from the text of a predicate to its nodes, with everything checked on the way.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/core/predicate/predicate.h"

namespace spine::core {

// Recursive descent, at most Predicate::kDepthMax deep. Used once.
class PredicateParser {
 public:
  // Both are borrowed until parse() returns.
  PredicateParser(std::string_view text, const Vocabulary& vocabulary)
      : text_(text), vocabulary_(vocabulary) {}

  Result<Predicate> parse();

 private:
  using Op = Predicate::Op;
  using Node = Predicate::Node;

  enum class TokenKind : std::uint8_t { end, name, number, text, sign };
  struct Token {
    TokenKind kind{};
    std::size_t at{};         // where it begins
    std::string_view word{};  // as it was written
    std::string text{};       // kind text: what stands between the quotes
    std::int64_t number{};
  };

  // A value or a yes or no. `word`: a bare name, which the other side of a comparison can give a
  // meaning.
  enum class Type : std::uint8_t { truth, number, bits, text, unknown };
  struct Term {
    Type type{};
    std::uint32_t node{};
    const Field* field{};
    std::string_view word{};
    std::size_t at{};
    bool literal{};
  };
  class Deeper;

  Status advance();
  Status read_text(char quote);
  Status read_number();
  void read_sign();
  bool is(std::string_view word) const {
    return token_.kind != TokenKind::text && token_.word == word;
  }
  Result<bool> take(std::string_view word);
  Status expect(std::string_view sign);

  Result<Term> disjunction();
  Result<Term> conjunction();
  Result<Term> negation();
  Result<Term> comparison();
  Result<Term> one_of(const Term& left);
  Result<Term> parenthesis();
  Result<Term> operand();
  Result<Term> named();
  Result<Term> call(std::string_view name, std::size_t at);
  Result<Term> rows_call(Op op, std::size_t at);
  Result<Term> exists_call(std::size_t at);
  Result<Term> text_call(Op op, std::size_t at);
  Result<Term> row(std::uint16_t table, std::size_t at);
  Result<std::uint32_t> row_key(std::uint16_t table);
  Result<Term> member(std::string_view name, std::size_t at);
  Result<Term> field(std::uint16_t table, Node node, std::string_view name, std::size_t at);
  Result<std::uint16_t> table(std::string_view name, std::size_t at) const;
  const RecordType& type(std::uint16_t table) const { return vocabulary_[table]; }

  Result<Term> compare(Op op, Term left, Term right, std::size_t at);
  // Gives a bare name or a literal the meaning that `other` asks for.
  Result<Term> settled(const Term& term, const Term& other);
  Result<Term> truth(const Term& term);

  Result<std::uint32_t> add(Node node);
  Result<Term> add_literal(FactValue value, Type type, std::size_t at);
  Result<Term> add_text(std::string_view text, std::size_t at);
  Result<Term> add_truth(Op op, std::uint32_t left, std::uint32_t right, std::size_t at);
  std::uint32_t add_held(std::string_view text);
  std::string shown(const Term& term) const;
  Error fault(std::size_t at, const std::string& what) const;
  Error no_name(std::size_t at, std::string_view name) const;

  static constexpr std::uint16_t kNoTable = 0xffff;

  std::string_view text_;
  const Vocabulary& vocabulary_;
  std::size_t next_{};
  Token token_{};
  Predicate made_{};
  std::size_t depth_{};
  std::uint16_t row_of_{kNoTable};  // whose rows any(), all() or count() look at
};

}  // namespace spine::core
