// ${VAR}, $include and deep merging.
#include "engine/config/source/source.h"

#include <algorithm>
#include <fmt/format.h>
#include <system_error>
#include <vector>

#include "engine/config/edit/redact.h"
#include "engine/config/settings/setting.h"
#include "engine/config/source/deciding_file.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"
#include "schemas/vocab/utf8.h"

namespace spine::config {
namespace {

bool starts_variable(char c) {
  return (c >= 'A' && c <= 'Z') || c == '_';
}
bool continues_variable(char c) {
  return starts_variable(c) || (c >= '0' && c <= '9');
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
    return Error{Errc::invalid_argument, fmt::format("{}: the configuration holds too much text "
                                                     "once ${{...}} is filled in; make it smaller.",
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

  // Whether an unset variable is an error here: the literal text of a secret could be guessed, and
  // that of a path of the gateway's would lead somewhere else.
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
    const std::string where = document_.where(id);
    std::vector<std::string_view> path(path_.begin(), path_.end());
    if (decides(path)) {
      findings_.error(fmt::format(
          "{}: {}: the environment has no {}, and a {} cannot stay \"${{{}}}\"; set the variable.",
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

namespace fs = std::filesystem;

constexpr std::string_view kInclude = "$include";
// Far more than anybody splits a configuration into.
constexpr std::size_t kFilesMax = 1'000;

class Includer {
 public:
  // `file` is the first file's real path.
  Includer(Document& document, const fs::path& file, std::size_t bytes_used)
      : document_(document), root_(file.parent_path()), chain_{file}, bytes_(bytes_used) {}

  // The value with every `$include` inside it replaced. `file` is the one `id` stands in.
  Result<NodeId> resolve(NodeId id, const fs::path& file, std::uint32_t depth) {
    if (depth > limits::kConfigDepthMax) {
      return error(id,
                   "with what is included, values are nested deeper than {} levels; flatten them.",
                   limits::kConfigDepthMax);
    }
    const Kind kind = document_.kind(id);
    if (kind != Kind::object && kind != Kind::array) return id;
    std::vector<NodeId> kept;
    NodeId include = 0;
    for (const NodeId child : document_.children(id)) {
      if (kind == Kind::object && document_.key(child) == kInclude) {
        include = child;
        continue;
      }
      SPINE_TRY(NodeId resolved, resolve(child, file, depth + 1));
      kept.push_back(resolved);
    }
    document_.set_children(id, kept);
    if (include == 0) return id;
    SPINE_TRY(NodeId base, included(include, file, depth));
    if (!kept.empty() && document_.kind(base) != Kind::object) {
      return error(include,
                   "other keys stand beside this $include, so what it names must hold an object.");
    }
    // The keys beside `$include` win over what was included.
    const Node over = document_[id];
    const NodeId merged = kept.empty() ? base : merge(base, id);
    document_.mutable_node(merged).key = over.key;
    document_.mutable_node(merged).key_place = over.key_place;
    return merged;
  }

 private:
  template <class... Args>
  Error error(NodeId id, fmt::format_string<Args...> text, Args&&... args) const {
    return {Errc::invalid_argument,
            document_.where(id) + ": " + fmt::format(text, std::forward<Args>(args)...)};
  }

  // What `$include` names, merged in order.
  Result<NodeId> included(NodeId include, const fs::path& file, std::uint32_t depth) {
    if (document_.kind(include) == Kind::string) return included_file(include, file, depth);
    if (document_.kind(include) != Kind::array || document_.first_child(include) == 0) {
      return error(include, "$include must be a file name or a list of file names.");
    }
    NodeId merged = 0;
    for (const NodeId name : document_.children(include)) {
      if (document_.kind(name) != Kind::string) {
        return error(name, "$include must be a file name or a list of file names.");
      }
      SPINE_TRY(NodeId value, included_file(name, file, depth));
      merged = merged == 0 ? value : merge(merged, value);
    }
    return merged;
  }

  Result<NodeId> included_file(NodeId name, const fs::path& file, std::uint32_t depth) {
    SPINE_TRY(fs::path path, locate(name, file));
    if (chain_.size() > limits::kConfigIncludeDepthMax) {
      return error(name, "files include each other more than {} deep; flatten them.",
                   limits::kConfigIncludeDepthMax);
    }
    if (++files_ > kFilesMax) {
      return error(name, "more than {} files are included.", kFilesMax);
    }
    Result<std::string> text = read_text_file(path);
    if (!text) return error(name, "{}", text.error().message);
    bytes_ += text->size();
    if (bytes_ > limits::kConfigBytesMax) {
      return error(name, "with {} the configuration has more than {} bytes.",
                   printable(path.string()), limits::kConfigBytesMax);
    }
    SPINE_TRY(NodeId value, parse_json5(document_, *text, path.string()));
    chain_.push_back(path);
    SPINE_TRY(NodeId resolved, resolve(value, path, depth));
    chain_.pop_back();
    return resolved;
  }

  // The real path, which must be inside the configuration's own directory and not be open already.
  Result<fs::path> locate(NodeId name, const fs::path& file) const {
    const fs::path wanted{std::string{document_.text(name)}};
    std::error_code code;
    const fs::path path = fs::canonical(file.parent_path() / wanted, code);
    if (code || !fs::is_regular_file(path, code)) {
      return error(name, "the included file {} does not exist or is not a file.",
                   printable((file.parent_path() / wanted).string()));
    }
    const fs::path inside = path.lexically_relative(root_);
    if (inside.empty() || *inside.begin() == "..") {
      return error(name, "{} is outside of {}; included files must be inside it.",
                   printable(path.string()), printable(root_.string()));
    }
    if (std::ranges::find(chain_, path) != chain_.end()) {
      return error(name, "{} includes itself, directly or through others; take one $include out.",
                   printable(path.string()));
    }
    return path;
  }

  // Merges `over` into `base`: objects member by member, lists joined, else `over`.
  NodeId merge(NodeId base, NodeId over) {
    if (document_.kind(base) == Kind::array && document_.kind(over) == Kind::array) {
      std::vector<NodeId> all = document_.children(base);
      const std::vector<NodeId> more = document_.children(over);
      all.insert(all.end(), more.begin(), more.end());
      document_.set_children(over, all);
      return over;
    }
    if (document_.kind(base) != Kind::object || document_.kind(over) != Kind::object) return over;
    const Members below(document_, base);
    const Members above(document_, over);
    std::vector<NodeId> members;
    for (const NodeId member : document_.children(base)) {
      const NodeId winner = above.find(document_.key(member));
      members.push_back(winner == 0 ? member : merge(member, winner));
    }
    for (const auto& [key, id] : above.sorted()) {
      if (below.find(key) == 0) members.push_back(id);
    }
    document_.set_children(over, members);
    return over;
  }

  Document& document_;
  fs::path root_;
  std::vector<fs::path> chain_;  // real paths of the files being read
  std::size_t files_{};
  std::size_t bytes_;
};

}  // namespace

Result<Source> read_source(std::string_view text, const fs::path& path,
                           const Environment& environment, Findings& findings) {
  Source source;
  SPINE_TRY(source.root, parse_json5(source.document, text, path.string()));
  source.redacted_text = to_pretty_json(source.document, source.root, hidden_part);
  const fs::path file = real_path(path);
  Includer includer(source.document, file, text.size());
  SPINE_TRY(source.root, includer.resolve(source.root, file, 1));
  SPINE_TRY_STATUS(Substitution(source.document, environment, findings).walk(source.root));
  return source;
}

}  // namespace spine::config
