// Environment variables in strings.
#include "engine/config/substitute.h"

#include <fmt/format.h>
#include <vector>

#include "engine/config/key_tree.h"
#include "engine/config/redact.h"
#include "schemas/vocab/utf8.h"

namespace spine::config {
namespace {

bool starts_variable(char c) {
  return (c >= 'A' && c <= 'Z') || c == '_';
}
bool continues_variable(char c) {
  return starts_variable(c) || (c >= '0' && c <= '9');
}

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = decode_utf8(text, at);
    if (point.bytes == 0) return false;
    at += point.bytes;
  }
  return true;
}

// The name in "${NAME}" at the start of `text`, or empty.
std::string_view variable_at(std::string_view text) {
  if (!text.starts_with("${") || text.size() < 4 || !starts_variable(text[2])) return {};
  std::size_t end = 3;
  while (end < text.size() && continues_variable(text[end]))
    ++end;
  if (end == text.size() || text[end] != '}') return {};
  return text.substr(2, end - 2);
}

class Substitution {
 public:
  Substitution(Document& document, const Environment& environment, Findings& findings)
      : document_(document), environment_(environment), findings_(findings) {}

  Status walk(NodeId id) {
    const Kind kind = document_.kind(id);
    if (kind == Kind::string) return fill(id);
    if (kind != Kind::object && kind != Kind::array) return ok();
    for (const NodeId child : document_.children(id)) {
      const bool member = kind == Kind::object;
      if (member) path_.emplace_back(document_.key(child));
      SPINE_TRY_STATUS(walk(child));
      if (member) path_.pop_back();
    }
    return ok();
  }

 private:
  Status fill(NodeId id) {
    const std::string text{document_.text(id)};
    if (text.find("${") == std::string::npos) return ok();
    const std::string filled = filled_in(id, text);
    Node& node = document_.mutable_node(id);
    if (filled != text) node.written = node.text;
    if (document_.add_text(filled, node.text)) return ok();
    return Error{Errc::invalid_argument,
                 fmt::format("{}: the configuration holds too much text once ${{...}} is filled "
                             "in; make it smaller.",
                             document_.where(node.place))};
  }

  std::string filled_in(NodeId id, std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
      const std::string_view rest = text.substr(at);
      if (rest.starts_with("$${") && !variable_at(rest.substr(1)).empty()) {
        const std::size_t bytes = variable_at(rest.substr(1)).size() + 3;
        out += rest.substr(1, bytes);
        at += bytes + 1;
        continue;
      }
      const std::string_view name = variable_at(rest);
      if (name.empty()) {
        out.push_back(text[at++]);
        continue;
      }
      const char* value = environment_.find(name);
      if (value == nullptr || *value == '\0' || !is_utf8(value)) {
        report(id, name);
        out += rest.substr(0, name.size() + 3);
      } else {
        out += value;
      }
      at += name.size() + 3;
    }
    return out;
  }

  // The literal text could be guessed where it is a secret, and would lead somewhere else where it
  // is a path of the gateway's own.
  bool decides(const std::vector<std::string_view>& path) const {
    if (path.size() < 2) return false;
    const bool of_auth = path.size() == 3 && path[0] == "gateway" && path[1] == "auth";
    if (of_auth && environment_.stands_in_for(path[2])) return false;
    if (path[0] == "hooks") return is_secret(path);
    if (path[0] != "gateway") return false;
    const KeyEntry* entry = find_entry(path);
    return is_secret(path) || (entry != nullptr && entry->is(Type::path));
  }

  void report(NodeId id, std::string_view name) {
    const std::string where = document_.where(document_[id].place);
    std::vector<std::string_view> path(path_.begin(), path_.end());
    if (decides(path)) {
      findings_.error(fmt::format(
          "{}: {}: the environment has no {}, and a {} cannot stay "
          "\"${{{}}}\"; set the variable.",
          where, fmt::join(path, "."), name, is_secret(path) ? "secret" : "path", name));
      return;
    }
    findings_.warn(fmt::format("{}: the environment has no {}; \"${{{}}}\" stays as it is.", where,
                               name, name));
  }

  Document& document_;
  const Environment& environment_;
  Findings& findings_;
  std::vector<std::string> path_{};  // copies: the pool of texts grows while walking
};

}  // namespace

Status substitute(Document& document, NodeId root, const Environment& environment,
                  Findings& findings) {
  return Substitution(document, environment, findings).walk(root);
}

}  // namespace spine::config
