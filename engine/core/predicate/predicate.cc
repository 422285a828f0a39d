// Predicate: asking the nodes.
#include "engine/core/predicate/predicate.h"

#include "engine/core/predicate/predicate_parser.h"

namespace spine::core {
// One question. `row`: the one that any(), all() or count() looks at; nullptr outside of these.
class Predicate::Asking {
 public:
  Asking(const Predicate& predicate, const Facts& facts) : predicate_(predicate), facts_(facts) {}

  bool holds(std::uint32_t at, const FactRow* row) {
    const Node& node = predicate_.nodes_[at];
    switch (node.op) {
      case Op::negation:
        return !holds(node.left, row);
      case Op::conjunction:
        return holds(node.left, row) && holds(node.right, row);
      case Op::disjunction:
        return holds(node.left, row) || holds(node.right, row);
      case Op::row_exists:
        return row_exists(node, row);
      case Op::any_of:
        return first_row(node, true);
      case Op::all_of:
        return !first_row(node, false);
      case Op::is_set: {
        const FactValue value = value_of(node.left, row);
        const auto* number = std::get_if<std::int64_t>(&value);
        return number != nullptr && *number != 0;
      }
      default:
        return compare(node, value_of(node.left, row), value_of(node.right, row));
    }
  }

 private:
  // Whether there is a row for which the inner predicate holds, or does not.
  bool first_row(const Node& node, bool wanted) {
    bool found = false;
    facts_.each(node.table, [&](const FactRow& row) {
      found = holds(node.left, &row) == wanted;
      return !found;
    });
    return found;
  }

  std::int64_t count_if(const Node& node) {
    std::int64_t count = 0;
    facts_.each(node.table, [&](const FactRow& row) {
      count += holds(node.left, &row) ? 1 : 0;
      return true;
    });
    return count;
  }

  bool row_exists(const Node& node, const FactRow* row) {
    bool found = false;
    facts_.find(node.table, value_of(node.left, row), [&](const FactRow&) { found = true; });
    return found;
  }

  FactValue field_of_root(const Node& node) {
    FactValue value;
    facts_.each(node.table, [&](const FactRow& root) {
      value = kept(node, root.at(node.field));
      return false;
    });
    return value;
  }

  FactValue row_field(const Node& node, const FactRow* row) {
    FactValue value;
    facts_.find(node.table, value_of(node.left, row),
                [&](const FactRow& found) { value = kept(node, found.at(node.field)); });
    return value;
  }

  // A text of a row is borrowed no longer than the row.
  FactValue kept(const Node& node, FactValue value) {
    const auto* text = std::get_if<std::string_view>(&value);
    if (text == nullptr) return value;
    std::string& held = predicate_.held_[node.held];
    held = *text;
    return std::string_view(held);
  }

  FactValue value_of(std::uint32_t at, const FactRow* row) {
    const Node& node = predicate_.nodes_[at];
    switch (node.op) {
      case Op::literal:
        if (!std::holds_alternative<std::string_view>(node.value)) return node.value;
        return std::string_view(predicate_.held_[node.held]);
      case Op::field:
        return node.of_root || row == nullptr ? field_of_root(node) : row->at(node.field);
      case Op::row_field:
        return row_field(node, row);
      case Op::table_count:
        return static_cast<std::int64_t>(facts_.count(node.table));
      case Op::count_if:
        return count_if(node);
      default:
        return {};  // of no other node is a value asked: the parser sees to it
    }
  }

  static bool compare(const Node& node, const FactValue& a, const FactValue& b) {
    if (a.index() != b.index() || std::holds_alternative<std::monostate>(a)) return false;
    const auto* text = std::get_if<std::string_view>(&a);
    switch (node.op) {
      case Op::equal:
        return a == b;
      case Op::not_equal:
        return a != b;
      case Op::less:
        return a < b;
      case Op::less_equal:
        return a <= b;
      case Op::greater:
        return a > b;
      case Op::greater_equal:
        return a >= b;
      case Op::contains:
        return text != nullptr && text->find(std::get<std::string_view>(b)) != text->npos;
      case Op::starts_with:
        return text != nullptr && text->starts_with(std::get<std::string_view>(b));
      case Op::ends_with:
        return text != nullptr && text->ends_with(std::get<std::string_view>(b));
      default:
        return false;
    }
  }

  const Predicate& predicate_;
  const Facts& facts_;
};

Result<Predicate> Predicate::parse(std::string_view text, const Vocabulary& vocabulary) {
  return PredicateParser(text, vocabulary).parse();
}

bool Predicate::holds(const Facts& facts) const {
  return Asking(*this, facts).holds(root_, nullptr);
}

std::string_view predicate_help() {
  return "A predicate compares values of the state and joins comparisons:\n"
         "  sessions.count > 3                               rows of a table\n"
         "  session[\"agent:main:main\"].label == \"work\"       a field of one row, by key or "
         "number\n"
         "  exists(session[\"agent:main:main\"])               whether the row is there\n"
         "  any(runs, status == failed and attempt > 2)      some row; all(...) every row\n"
         "  count(runs, status in (queued, running)) >= 10   how many rows\n"
         "  stopped                                          a field of meta that is not zero\n"
         "Comparisons: == != < <= > >= in (a, b) contains starts_with ends_with; join them with\n"
         "and, or, not and parentheses. Texts stand in \"\", 128 bits as UUID or hex in \"\", "
         "numbers\n"
         "are whole (times in ms, as the fields are); of named values write the name. A "
         "comparison\n"
         "with a field of a row that is not there is false.";
}

}  // namespace spine::core
